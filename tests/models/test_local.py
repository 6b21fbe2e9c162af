"""A local model answers the same whatever is asked with what, in whichever order and in packs of any size."""

import inspect
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from transformers import PreTrainedModel

from leaderbench.errors import LeaderbenchError
from leaderbench.models import local, selfcheck
from leaderbench.models.load import load_configuration, load_local, load_network
from leaderbench.models.local import LocalModel
from leaderbench.models.memory import Budget
from leaderbench.models.paths import PlainPath
from leaderbench.records import Failure, GenerateResponse, LogLikelihoodResponse, Response
from leaderbench.requests import Encoding, Generate, LogLikelihood, Prompt, Request, Truncation
from tests.models import tiny

TOLERANCE = 1e-5
PATHS = ("tree", "plain")


def load(folder: Path, path: str = "tree") -> LocalModel:
    """A model on the path wanted."""
    model = load_local(str(folder))
    assert model.path.name == "tree"
    if path == "plain":
        model.path = PlainPath(model.network, model.path.budget, "sdpa")
    return model


def fresh(folder: Path) -> PreTrainedModel:
    """Its network, as transformers has it."""
    return load_network(folder, "m", load_configuration(folder, "m"), "float32", "cpu")


def questions(count: int = 6) -> list[Request]:
    """Requests as several benchmarks would ask them: shared beginnings, some too long, several kinds of answers."""
    requests: list[Request] = []
    for number in range(count):
        head = f"The following are questions about {('cities', 'numbers')[number % 2]}.\n\n"
        shots = tuple(f"Question: what is {i}?\nAnswer: it is {i}\n\n" for i in range(3 + 9 * (number % 3 == 0)))
        prompt = Prompt(head, shots, f"Question: what is {number * 7}?\nAnswer:")
        texts = (" A", " B", f" it is {number * 7}", " not that, of course")
        requests.append(LogLikelihood(prompt, texts))
        requests.append(LogLikelihood(prompt, ("A", "B", "C", "D"), Encoding.LAST_TOKEN))
        requests.append(Generate(prompt, truncation=Truncation.DROP_SHOTS_THEN_CUT))
    return requests


def answers(model: LocalModel, requests: Sequence[Request]) -> dict[Request, Response]:
    """Every answer; each request gets one."""
    pairs = list(model.answer(requests))
    assert len(pairs) == len(requests)
    return dict(pairs)


def scores(response: Response) -> list[float]:
    """What a benchmark would compare."""
    if isinstance(response, GenerateResponse):
        return [candidate.log_probability for candidate in response.candidates]
    assert isinstance(response, LogLikelihoodResponse)
    return [scored.log_likelihood for scored in response.continuations]


def assert_same(ours: dict[Request, Response], theirs: dict[Request, Response]) -> None:
    """No token and count differs, no log-probability by more than the tolerance, no prediction of a larger margin."""
    assert ours.keys() == theirs.keys()
    for request, one in ours.items():
        other = theirs[request]
        assert shape(one) == shape(other)
        values, others = scores(one), scores(other)
        assert max(abs(a - b) for a, b in zip(values, others, strict=True)) < TOLERANCE
        best, runner_up = sorted(values, reverse=True)[:2]
        if best - runner_up > TOLERANCE:
            assert values.index(best) == others.index(max(others))
            if isinstance(one, GenerateResponse) and isinstance(other, GenerateResponse):
                assert (one.text, one.tokens) == (other.text, other.tokens)


def shape(response: Response) -> object:
    """What must be equal exactly."""
    assert not isinstance(response, Failure), response.message
    counts = (response.context_tokens, response.truncated, response.shots_dropped)
    if isinstance(response, GenerateResponse):
        return counts
    return counts, [(scored.tokens, len(scored.log_probabilities)) for scored in response.continuations]


@contextmanager
def memory_of(network: torch.nn.Module, tokens: int, error: Callable[[], Exception]) -> Iterator[list[int]]:
    """A device that holds so many tokens of a batch and no more; notes the sizes asked of it."""
    whole, sizes = type(network).forward, []

    def forward(self: Any, input_ids: torch.Tensor, *rest: Any, **named: Any) -> Any:
        sizes.append(input_ids.numel())
        if input_ids.numel() > tokens:
            raise error()
        return whole(self, input_ids, *rest, **named)

    forward.__signature__ = inspect.signature(whole)  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(network), "forward", forward)
        yield sizes


@pytest.fixture(scope="module", params=["llama_folder", "gpt2_folder", "metaspace_folder"])
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[Request, Response]:
    """Each request asked alone, on the plain path."""
    model = load(folder, "plain")
    return {request: answers(model, [request])[request] for request in questions()}


@pytest.mark.parametrize("path", PATHS)
def test_asked_together_requests_get_the_answers_that_each_gets_alone(
    folder: Path, expected: dict[Request, Response], path: str
) -> None:
    assert_same(answers(load(folder, path), questions()), expected)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_requests_changes_no_answer(
    folder: Path, expected: dict[Request, Response], path: str, seed: int
) -> None:
    shuffled = questions()
    random.Random(seed).shuffle(shuffled)
    assert_same(answers(load(folder, path), shuffled), expected)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("tokens", [17, 100, 5000])
def test_the_size_of_packs_changes_no_answer(
    folder: Path, expected: dict[Request, Response], path: str, tokens: int
) -> None:
    model = load(folder, path)
    model.path.budget.tokens = tokens
    assert_same(answers(model, questions()), expected)


def test_packs_of_one_token_change_no_answer(llama_folder: Path) -> None:
    model, requests = load(llama_folder), questions(2)[1:3]
    expected = answers(model, requests)
    model.path.budget.tokens = 1
    assert_same(answers(model, requests), expected)


@pytest.mark.parametrize("path", PATHS)
def test_the_number_of_threads_changes_no_answer(folder: Path, expected: dict[Request, Response], path: str) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3 - min(2, before))
        assert_same(answers(load(folder, path), questions()), expected)
    finally:
        torch.set_num_threads(before)


def test_where_requests_are_planned_in_several_rounds_no_answer_changes(
    folder: Path, expected: dict[Request, Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "CHUNK", 5)
    assert_same(answers(load(folder), questions()), expected)


def test_a_request_given_twice_is_answered_twice_and_alike(folder: Path) -> None:
    requests = questions(2)
    pairs = list(load(folder).answer(requests + requests))
    assert len(pairs) == 2 * len(requests)
    found: dict[Request, Response] = {}
    for request, response in pairs:
        assert found.setdefault(request, response) == response


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("error", [torch.OutOfMemoryError, lambda: RuntimeError("DefaultCPUAllocator: can't allocate")])
@pytest.mark.parametrize("tokens", [200, 140])
def test_where_memory_runs_out_packs_are_halved_and_answers_stay(
    folder: Path, expected: dict[Request, Response], path: str, error: Callable[[], Exception], tokens: int
) -> None:
    model, requests = load(folder, path), questions()
    # Each sequence must fit by itself; no path can do with less.
    requests = [request for request in requests if len(next(model.encode([request])).context) < 130]
    with memory_of(model.network, tokens, error) as sizes:
        found = answers(model, requests)
    assert max(sizes) > tokens
    assert_same(found, {request: expected[request] for request in requests})
    assert model.path.budget.tokens < 1024
    assert model.describe()["pack_tokens"] == model.path.budget.tokens


def test_memory_that_shrinks_in_mid_run_changes_no_answer(folder: Path, expected: dict[Request, Response]) -> None:
    model, requests = load(folder), questions()
    model.path.budget.tokens = 200
    found: dict[Request, Response] = {}
    asking = model.answer(requests)
    for _ in range(4):
        request, response = next(asking)
        found[request] = response
    with memory_of(model.network, 60, torch.OutOfMemoryError):
        found |= dict(asking)
    assert_same(found, expected)


@pytest.mark.parametrize("path", PATHS)
def test_memory_that_does_not_hold_the_shortest_step_is_said_in_one_sentence(folder: Path, path: str) -> None:
    model = load(folder, path)
    with (
        memory_of(model.network, 4, torch.OutOfMemoryError),
        pytest.raises(LeaderbenchError, match="too little memory"),
    ):
        answers(model, questions(1))


@pytest.mark.parametrize("path", PATHS)
def test_an_error_that_is_not_about_memory_ends_in_a_sentence_at_once(folder: Path, path: str) -> None:
    model = load(folder, path)
    wrong = pytest.raises(LeaderbenchError, match=r"cannot compute an answer \(RuntimeError: size mismatch\)")
    with memory_of(model.network, 0, lambda: RuntimeError("size mismatch")) as sizes, wrong:
        answers(model, questions(1))
    assert len(sizes) == 1
    assert model.path.budget.halved == 0


@pytest.mark.parametrize("path", PATHS)
def test_logits_that_are_not_numbers_are_failures(folder: Path, path: str) -> None:
    model = load(folder, path)
    with torch.no_grad():
        model.network.get_output_embeddings().weight[:, 0] = torch.nan
    for response in answers(model, questions(1)).values():
        assert response == Failure("the model's logits are not numbers (NaN or infinite)")


def test_only_the_requests_that_cannot_be_asked_fail(folder: Path, expected: dict[Request, Response]) -> None:
    good, empty = questions(2), LogLikelihood(Prompt("", (), "What?"), (" A", ""))
    longer = Generate(Prompt("", (), "What?"), max_tokens=5)
    found = answers(load(folder), [empty, *good, longer])
    assert isinstance(found.pop(empty), Failure)
    refused = found.pop(longer)
    assert isinstance(refused, Failure)
    assert "one token" in refused.message
    assert_same(found, {request: expected[request] for request in good})


def test_nothing_asked_is_nothing_answered(folder: Path) -> None:
    assert list(load(folder).answer([])) == []


def test_tokens_outside_the_embedding_are_failures(tmp_path: Path) -> None:
    tokenizer = tiny.wrap(tiny.added(tiny.byte_level(), "<turn>", special=True))
    model = load(tiny.save(tmp_path / "m", tiny.llama(420), tokenizer))
    good, bad = LogLikelihood(Prompt("", (), "What?"), (" A",)), LogLikelihood(Prompt("", (), "<turn>What?"), (" A",))
    found = answers(model, [good, bad])
    assert isinstance(found[good], LogLikelihoodResponse)
    failure = found[bad]
    assert isinstance(failure, Failure)
    assert "token 420 is outside the model's vocabulary of 420" in failure.message
    assert model.estimate([bad] * 5) is None
    assert model.estimate([bad, good]) is not None


def test_a_network_that_fails_has_no_estimate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(folder)

    def broken(trie: object, wanted: object) -> object:
        raise IndexError("index out of range in self")

    monkeypatch.setattr(model.path, "logits", broken)
    assert model.estimate([LogLikelihood(Prompt("", (), "What?"), (" A",))]) is None


def test_encoding_asks_the_network_nothing(folder: Path) -> None:
    model, requests = load(folder), questions()
    with memory_of(model.network, 0, AssertionError) as sizes:
        encoded = list(model.encode(iter(requests)))
    assert not sizes
    assert len(encoded) == len(requests)


def test_shared_beginnings_are_counted_as_saved_on_the_tree_path(folder: Path) -> None:
    model = load(folder)
    answers(model, questions())
    assert 0 < model.effort.computed < model.effort.asked / 3


def test_the_plain_path_counts_every_token_that_went_through_the_model(folder: Path) -> None:
    model = load(folder, "plain")
    model.path.budget.tokens = 1
    with memory_of(model.network, 10**9, AssertionError) as sizes:
        answers(model, questions(3))
    # One sequence at a time, so that nothing is padding.
    assert model.effort.computed == sum(sizes)


@pytest.mark.parametrize("path", PATHS)
def test_the_path_taken_gives_the_log_probabilities_of_torch(folder: Path, path: str) -> None:
    model = load(folder, path)
    network = fresh(folder)
    request = LogLikelihood(Prompt("", (), "Question: what is 12?\nAnswer:"), (" it is 12", " A"))
    (encoded,), response = list(model.encode([request])), answers(model, [request])[request]
    assert isinstance(response, LogLikelihoodResponse)
    for tokens, scored in zip(encoded.continuations, response.continuations, strict=True):
        with torch.inference_mode():
            logits = network(torch.tensor([encoded.context + tokens])).logits[0].log_softmax(-1)
        rows = logits[len(encoded.context) - 1 : -1]
        values = rows[range(len(tokens)), list(tokens)]
        assert scored.tokens == tokens
        assert max(abs(a - b) for a, b in zip(scored.log_probabilities, values.tolist(), strict=True)) < TOLERANCE
        assert scored.greedy == bool((rows.argmax(-1) == torch.tensor(tokens)).all())


def test_the_paths_compared_at_load_agree(folder: Path) -> None:
    _, report = selfcheck.choose(fresh(folder), Budget(64))
    assert cast("float", report["difference"]) < TOLERANCE
