"""A run's tokens can be read: every one of its continuations, and one question as the model saw it."""

import dataclasses
from collections.abc import Iterable, Iterator

import pytest

from leaderbench.benchmarks.mmlu import implementations
from leaderbench.evaluation.run import evaluate, select
from leaderbench.evaluation.tokens import question_tokens, tokens_of
from leaderbench.models.base import Encoded
from leaderbench.models.fake import FakeModel
from leaderbench.records import TokenText
from leaderbench.requests import Encoding, LogLikelihood, Prompt, Request
from leaderbench.results.store import Store
from tests.evaluation.conftest import Exam, benchmark


class Silent(FakeModel):
    """Does not know what its tokens say."""

    def token_texts(self, tokens: Iterable[int]) -> dict[int, TokenText]:
        return {}


@pytest.mark.parametrize("implementation", list(implementations))
def test_a_run_keeps_the_text_of_every_token_of_its_continuations(
    implementation: str, exam: Exam, store: Store
) -> None:
    run = evaluate(FakeModel(), benchmark(implementation), store=store, datasets=exam)
    tokens = store.tokens(run.id)
    assert tokens
    for sample in run.samples:
        spelt = ["".join(tokens.texts[token].text for token in ids) for ids in sample.continuation_tokens]
        assert spelt == list(sample.continuations)


@pytest.mark.parametrize("implementation", list(implementations))
def test_the_example_is_the_first_question_as_the_model_saw_it(implementation: str, exam: Exam, store: Store) -> None:
    run = evaluate(FakeModel(), benchmark(implementation), store=store, datasets=exam)
    tokens, first = store.tokens(run.id), run.samples[0]
    assert tokens
    (asked,) = tokens.requests
    assert tokens.example == first.example_id
    assert "".join(tokens.texts[token].text for token in asked.context) == first.prompt
    assert asked.continuations == first.continuation_tokens
    question = select(benchmark(implementation), exam, (), 1)[0].requests[0].context.question
    assert "".join(tokens.texts[token].text for token in asked.context[asked.opening :]) == question


def test_where_the_context_is_cut_the_example_is_what_is_left_of_it(exam: Exam, store: Store) -> None:
    class Short(FakeModel):
        def encode(self, requests: Iterable[Request]) -> Iterator[Encoded]:
            for whole in FakeModel.encode(self, requests):
                yield dataclasses.replace(whole, kept=tuple(9 for _ in whole.kept))

    asked = benchmark("original")
    run = evaluate(FakeModel(), asked, store=store, datasets=exam)
    tokens = tokens_of(Short(), select(asked, exam, (), None), run.samples)
    assert tokens
    assert bytes(tokens.requests[0].context).decode() == run.samples[0].prompt[-9:]
    assert tokens.requests[0].opening == 0


def test_a_question_that_cannot_be_asked_is_no_example(exam: Exam, store: Store) -> None:
    class Unable(FakeModel):
        def encode(self, requests: Iterable[Request]) -> Iterator[Encoded]:
            for _ in requests:
                yield Encoded((), (), (0,), 0, problem="too long")

    asked = benchmark("original")
    run = evaluate(FakeModel(), asked, store=store, datasets=exam)
    tokens = tokens_of(Unable(), select(asked, exam, (), None), run.samples)
    assert tokens
    assert tokens.requests == ()
    assert tokens.texts


def test_a_model_that_knows_no_texts_leaves_a_run_without(exam: Exam, store: Store) -> None:
    run = evaluate(Silent(), benchmark("original"), store=store, datasets=exam)
    assert store.tokens(run.id) is None


def test_neither_the_id_of_a_run_nor_its_samples_depend_on_the_texts(exam: Exam, store: Store) -> None:
    spoken = evaluate(FakeModel(), benchmark("original"), store=store, datasets=exam)
    silent = evaluate(Silent(), benchmark("original"), store=store.path / "other", datasets=exam)
    assert (spoken.id, spoken.samples, spoken.scores) == (silent.id, silent.samples, silent.scores)


def test_a_resumed_run_keeps_the_same_texts_as_one_in_one_go(exam: Exam, store: Store) -> None:
    other = Store(store.path / "other")
    whole = evaluate(FakeModel(), benchmark("helm"), store=store, datasets=exam)
    evaluate(FakeModel(), benchmark("helm"), store=other, datasets=exam, limit=1)
    resumed = evaluate(FakeModel(), benchmark("helm"), store=other, datasets=exam)
    assert store.tokens(whole.id) == other.tokens(resumed.id)


def test_where_the_question_begins_is_counted_in_bytes_from_the_end() -> None:
    texts = {
        1: TokenText("<s>", special=True),
        2: TokenText("Shot\n\n"),
        3: TokenText("<0xC3>"),
        4: TokenText("<0xA9>?"),
    }
    request = LogLikelihood(Prompt("", ("Shot\n\n",), "é?"), (" A",), Encoding.SEPARATE)
    assert question_tokens(request, (1, 2, 3, 4), texts) == 2
    assert question_tokens(request, (3, 4), texts) == 2
    assert question_tokens(request, (4,), texts) == 1  # the rest of it was cut off
    spaced = dataclasses.replace(request, context=Prompt("", ("Shot\n\n",), "é? \n"), encoding=Encoding.JOINT)
    assert question_tokens(spaced, (1, 2, 3, 4), texts) == 2
