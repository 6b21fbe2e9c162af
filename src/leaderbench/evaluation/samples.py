"""From a question and its responses to the sample that is recorded."""

from collections.abc import Mapping, Sequence

from leaderbench.benchmarks.base import Benchmark
from leaderbench.records import (
    Answer,
    Failure,
    Flag,
    GenerateResponse,
    LogLikelihoodResponse,
    Outcome,
    Question,
    Response,
    Sample,
)
from leaderbench.requests import Generate, LogLikelihood, Request, digest


def sample_of(
    benchmark: Benchmark, question: Question, responses: Mapping[str, Response], context: int | None = None
) -> Sample:
    """The sample of one question, from the responses by request digest. Pure: the same answers give the same sample.

    `context` is the model's context length in tokens, where it has one.
    """
    digests = tuple(digest(request) for request in question.requests)
    given = [responses[name] for name in digests]
    answers: list[Answer] = [response for response in given if not isinstance(response, Failure)]
    problem = next((response.message for response in given if isinstance(response, Failure)), None)
    outcome = None if problem is not None else benchmark.score(question.example, answers)
    rows = _rows(question.requests, given)
    texts = [text for text, _, _ in rows]
    pairs = zip(question.requests, given, strict=True)
    beyond = context is not None and any(_length(request, response) > context for request, response in pairs)
    return Sample(
        example_id=question.example.id,
        subset=question.example.subset,
        prompt=question.requests[0].context.text,
        request_digests=digests,
        continuations=tuple(texts),
        continuation_tokens=tuple(tokens for _, tokens, _ in rows),
        token_log_probabilities=tuple(values for _, _, values in rows),
        log_likelihoods=tuple(sum(values) for _, _, values in rows),
        characters=tuple(len(text.removeprefix(" ")) for text in texts),
        bytes=tuple(len(text.removeprefix(" ").encode()) for text in texts),
        context_tokens=max((answer.context_tokens for answer in answers), default=0),
        truncated_tokens=max((answer.truncated for answer in answers), default=0),
        shots_dropped=max((answer.shots_dropped for answer in answers), default=0),
        prediction=outcome.prediction if outcome else None,
        predictions=dict(outcome.predictions) if outcome else {},
        target=benchmark.target(question.example),
        correct=outcome.correct if outcome else False,
        margin=outcome.margin if outcome else float("nan"),
        metrics=dict(outcome.metrics) if outcome else {},
        flags=_flags(answers, outcome, problem, beyond=beyond),
        error=problem,
    )


def _rows(
    requests: Sequence[Request], responses: Sequence[Response]
) -> list[tuple[str, tuple[int, ...], tuple[float, ...]]]:
    """Text, tokens and token log-probabilities of everything that was asked about."""
    rows = []
    for request, response in zip(requests, responses, strict=True):
        if isinstance(request, LogLikelihood) and isinstance(response, LogLikelihoodResponse):
            for text, scored in zip(request.continuations, response.continuations, strict=True):
                rows.append((text, scored.tokens, scored.log_probabilities))
        elif isinstance(request, Generate) and isinstance(response, GenerateResponse):
            rows.append((response.text, response.tokens, response.log_probabilities))
    return rows


def _length(request: Request, response: Response) -> float:
    """Tokens of the longest sequence that the model was given; where shots were dropped, an estimate by characters."""
    if isinstance(response, Failure):
        return 0
    continuations = response.continuations if isinstance(response, LogLikelihoodResponse) else ()
    answer = max((len(scored.tokens) for scored in continuations), default=1)
    prompt = request.context
    left = len(prompt.with_shots(len(prompt.shots) - response.shots_dropped)) / max(1, len(prompt.text))
    return response.context_tokens * left - response.truncated + answer - 1


def _flags(
    answers: Sequence[Answer], outcome: Outcome | None, problem: str | None, *, beyond: bool
) -> tuple[Flag, ...]:
    flags = {
        Flag.TRUNCATED: any(answer.truncated for answer in answers),
        Flag.SHOTS_DROPPED: any(answer.shots_dropped for answer in answers),
        Flag.BEYOND_CONTEXT: beyond,
        Flag.TIE: outcome is not None and outcome.margin == 0,
        Flag.ERROR: problem is not None,
    }
    return tuple(flag for flag, raised in flags.items() if raised)
