"""A sample is a function of stored responses: scoring again asks nobody."""

import shutil
from collections.abc import Iterator, Sequence

import pytest

from leaderbench.benchmarks.mmlu import implementations
from leaderbench.evaluation.ask import ask
from leaderbench.evaluation.run import evaluate, select
from leaderbench.evaluation.samples import sample_of
from leaderbench.models.fake import FakeModel
from leaderbench.records import Flag, LogLikelihoodResponse, Response, ScoredContinuation
from leaderbench.requests import LogLikelihood, Request, digest
from leaderbench.results.store import Store
from tests.evaluation.conftest import Exam, benchmark


class Mute(FakeModel):
    """Must not be asked."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        raise AssertionError("the model was asked")


@pytest.mark.parametrize("implementation", list(implementations))
def test_samples_and_scores_are_made_from_the_log_alone(implementation: str, exam: Exam, store: Store) -> None:
    asked = benchmark(implementation)
    run = evaluate(FakeModel(), asked, store=store, datasets=exam)
    questions = select(asked, exam, (), None)
    responses = ask(Mute(), (request for question in questions for request in question.requests), store)
    assert tuple(sample_of(asked, question, responses) for question in questions) == run.samples
    shutil.rmtree(store.path / "runs")
    again = evaluate(Mute(), asked, store=store, datasets=exam)
    assert (again.id, again.scores, again.samples) == (run.id, run.scores, run.samples)
    assert list(store.run(run.id).samples) == list(run.samples)


def answer(values: Sequence[float], **counts: int) -> LogLikelihoodResponse:
    scored = tuple(ScoredContinuation((7,), (value,), greedy=False) for value in values)
    return LogLikelihoodResponse(scored, context_tokens=10, **counts)


@pytest.mark.parametrize(
    ("response", "flags"),
    [
        (answer([-1, -2, -3, -4]), ()),
        (answer([-1, -1, -3, -4]), (Flag.TIE,)),
        (answer([-1, -2, -3, -4], truncated=3), (Flag.TRUNCATED,)),
        (answer([-1, -2, -3, -4], shots_dropped=2), (Flag.SHOTS_DROPPED,)),
        (answer([-1, -1, -1, -1], truncated=3, shots_dropped=2), (Flag.TRUNCATED, Flag.SHOTS_DROPPED, Flag.TIE)),
    ],
)
def test_what_a_reader_must_know_is_flagged(
    response: LogLikelihoodResponse, flags: tuple[Flag, ...], exam: Exam
) -> None:
    (question, *_) = select(benchmark("harness"), exam, (), 1)
    sample = sample_of(benchmark("harness"), question, {digest(question.requests[0]): response})
    assert sample.flags == flags
    assert (sample.truncated_tokens, sample.shots_dropped) == (response.truncated, response.shots_dropped)
    assert sample.context_tokens == 10


@pytest.mark.parametrize(
    ("context", "counts", "beyond"),
    [
        (None, {}, False),
        (10, {}, False),
        (9, {}, True),
        (9, {"truncated": 1}, False),
        (4, {"truncated": 1}, True),
        # Without its shots the prompt is less than half as long.
        (9, {"shots_dropped": 5}, False),
        (1, {"shots_dropped": 5}, True),
    ],
)
def test_a_prompt_that_was_asked_beyond_the_context_is_flagged(
    context: int | None, counts: dict[str, int], beyond: bool, exam: Exam
) -> None:
    (question, *_) = select(benchmark("harness"), exam, (), 1)
    response = answer([-1, -2, -3, -4], **counts)
    sample = sample_of(benchmark("harness"), question, {digest(question.requests[0]): response}, context)
    assert (Flag.BEYOND_CONTEXT in sample.flags) == beyond


def test_lengths_leave_out_the_leading_space(exam: Exam) -> None:
    (question, *_) = select(benchmark("harness-2023"), exam, (), 1)
    (request,) = question.requests
    assert isinstance(request, LogLikelihood)
    sample = sample_of(benchmark("harness-2023"), question, {digest(request): answer([-1, -2, -3, -4])})
    assert sample.continuations[0].startswith(" ")
    assert sample.characters == tuple(len(text) - 1 for text in request.continuations)
    assert sample.bytes == tuple(len(text.encode()) - 1 for text in request.continuations)
