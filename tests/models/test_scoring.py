"""Logits become log-probabilities, and each finds the request that asked for it."""

import math
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models.base import Encoded
from leaderbench.models.scoring import CANDIDATES, Job, Scores, lay, token_log_probabilities

VOCABULARY = 11


def logits(
    rows: int, *, scale: float = 3.0, dtype: torch.dtype = torch.float32, vocabulary: int = VOCABULARY
) -> torch.Tensor:
    return (torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(0)) * scale).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("scale", [0.01, 3.0, 300.0])
@pytest.mark.parametrize("vocabulary", [2, VOCABULARY, 70_001])
def test_log_probabilities_are_those_of_torch_in_float32(dtype: torch.dtype, scale: float, vocabulary: int) -> None:
    given_ = logits(20, scale=scale, dtype=dtype, vocabulary=vocabulary)
    rows, targets = torch.tensor([0, 0, 7, 19, 3]), torch.tensor([1, 0, 1, vocabulary - 1, 0])
    values, greedy = token_log_probabilities(given_, rows, targets)
    expected = given_.float().log_softmax(dim=-1)[rows, targets]
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, expected, rtol=1e-6, atol=1e-6)
    assert greedy.tolist() == (given_.argmax(dim=-1)[rows] == targets).tolist()


def test_huge_logits_do_not_overflow() -> None:
    values, greedy = token_log_probabilities(torch.tensor([[1e30, 1e30, -1e30]]), torch.tensor([0]), torch.tensor([0]))
    assert values.item() == pytest.approx(-math.log(2))
    assert greedy.item()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_row_without_a_distribution_is_not_a_number_and_spoils_no_other(bad: float) -> None:
    given_ = logits(3)
    given_[1, 4] = bad
    values, _ = token_log_probabilities(given_, torch.tensor([0, 1, 1, 2]), torch.tensor([4, 4, 5, 4]))
    assert values.isnan().tolist() == [False, True, True, False]


def test_a_row_of_nothing_but_minus_infinity_is_not_a_number() -> None:
    values, _ = token_log_probabilities(torch.full((1, 3), -math.inf), torch.tensor([0]), torch.tensor([0]))
    assert math.isnan(values.item())


def test_a_token_that_the_model_rules_out_has_a_likelihood_of_nought() -> None:
    given_ = torch.tensor([[0.0, 0.0, -math.inf]])
    values, greedy = token_log_probabilities(given_, torch.tensor([0, 0]), torch.tensor([0, 2]))
    assert values.tolist() == [pytest.approx(-math.log(2)), -math.inf]
    assert greedy.tolist() == [True, False]


token_lists = st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=6).map(tuple)
cases = st.builds(
    lambda context, continuations, cut: Encoded(
        context, tuple(continuations), tuple(max(1, len(context) - cut) for _ in continuations or [0]), len(context)
    ),
    token_lists,
    st.lists(token_lists, max_size=4),
    st.integers(0, 3),
)


def answer_naively(encoded: Encoded, table: torch.Tensor) -> list[list[float]]:
    """Log-probabilities of each continuation where a token's successor depends on that token and its place only."""
    result = []
    for kept, continuation in zip(encoded.kept, encoded.continuations, strict=True):
        read = encoded.context[len(encoded.context) - kept :] + continuation
        begin = kept
        result.append([float(table[place - 1, read[place - 1], read[place]]) for place in range(begin, len(read))])
    return result


def tables() -> torch.Tensor:
    """Log-probabilities by place, token and next token."""
    return logits(12 * VOCABULARY).reshape(12, VOCABULARY, VOCABULARY).log_softmax(dim=-1)


def rows(job: Job, nodes: np.ndarray, table: torch.Tensor) -> torch.Tensor:
    return table[torch.from_numpy(job.trie.depths[nodes]), torch.from_numpy(job.trie.tokens[nodes])]


@given(st.lists(cases, min_size=1, max_size=5), st.integers(1, 7), st.randoms(use_true_random=False))
def test_every_answer_reaches_its_request_whatever_the_pieces_and_their_order(
    asked: list[Encoded], size: int, random: Random
) -> None:
    job, table = lay(asked), tables()
    scores = Scores(job)
    pieces = [job.wanted[begin : begin + size] for begin in range(0, len(job.wanted), size)]
    random.shuffle(pieces)
    done: list[int] = []
    for nodes in pieces:
        done += scores.read(nodes, rows(job, nodes, table))
    assert sorted(done) == list(range(len(asked)))
    for number, encoded in enumerate(asked):
        begin, end = job.spans[number]
        if encoded.continuations:
            expected = [value for values in answer_naively(encoded, table) for value in values]
            np.testing.assert_allclose(scores.log_probabilities[begin:end], expected, atol=1e-6)
        else:
            ranked = scores.candidates[begin]
            best = table[encoded.kept[0] - 1, encoded.context[-1]].topk(CANDIDATES)
            assert [token for token, _ in ranked] == best.indices.tolist()
            np.testing.assert_allclose([value for _, value in ranked], best.values, atol=1e-6)


def test_a_request_is_complete_only_with_its_last_logits() -> None:
    job = lay([Encoded((1, 2), ((3, 4), (5,)), (2, 2), 2), Encoded((1, 2), (), (2,), 2)])
    scores, table = Scores(job), tables()
    assert [scores.read(job.wanted[i : i + 1], rows(job, job.wanted[i : i + 1], table)) for i in range(2)] == [[1], [0]]


def test_only_rows_that_predict_something_asked_are_wanted() -> None:
    # Five tokens of context and the first of the two continuation tokens: seven nodes would be too many.
    job = lay([Encoded((1, 2, 3, 4, 5), ((6, 7), (8,)), (5, 5), 5)])
    assert len(job.trie) == 6
    assert job.wanted.tolist() == [4, 5]


def test_equally_likely_first_tokens_rank_by_number() -> None:
    job = lay([Encoded((1,), (), (1,), 1)])
    scores = Scores(job)
    scores.read(job.wanted, torch.zeros(1, 3))
    assert [token for token, _ in scores.candidates[0]] == [0, 1, 2]
