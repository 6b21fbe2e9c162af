"""`leaderbench requests`: exactly what a benchmark asks, as JSON lines, asking nothing."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, terminal
from leaderbench.records import Flag, Json, Question
from leaderbench.requests import LogLikelihood, Request, digest, type_names

if TYPE_CHECKING:
    from leaderbench.benchmarks.base import Benchmark
    from leaderbench.models.base import Encoded, Model


def requests(
    benchmark: Annotated[str, typer.Argument(help="One implementation, such as mmlu/helm.", metavar="BENCHMARK")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="Also show token ids and truncation as this model's tokenizer and context give them.",
        ),
    ] = None,
    subset: options.Subsets = None,
    limit: options.Limit = None,
    shots: options.Shots = None,
    datasets: options.Datasets = None,
    revision: options.Revision = None,
) -> None:
    """Print the exact requests as JSON lines, asking nothing.

    One line a request, in dataset order. Without --model the text is untruncated. With --model, `context` has only the
    shots that fit, and `context_token_ids` and `continuation_token_ids` are exactly what the model would see.
    """
    from leaderbench.benchmarks import registry
    from leaderbench.evaluation.run import dataset_source, select

    recipe = registry.get(benchmark, shots=shots)
    questions = select(recipe, dataset_source(datasets), tuple(subset or ()), limit)
    loaded = None
    if model is not None:
        from leaderbench.models.load import load_model

        loaded = load_model(model, revision=revision)
    for row in request_rows(recipe, questions, loaded):
        terminal.print_json(row, indent=None)


def request_rows(
    benchmark: "Benchmark", questions: Sequence[Question], model: "Model | None" = None
) -> Iterator[dict[str, Json]]:
    """One row a request, in order; with a model also its token ids and what truncation does."""
    every = (request for question in questions for request in question.requests)
    encoded = model.encode(every) if model else None
    for question in questions:
        target = benchmark.target(question.example)
        for place, request in enumerate(question.requests):
            row = request_row(question, request, target)
            if len(question.requests) > 1:
                row["request"] = place
            if encoded is not None:
                row |= encoding_columns(request, next(encoded))
            yield row


def request_row(question: Question, request: Request, target: str) -> dict[str, Json]:
    """What is asked, as text and untruncated, with everything that decides how it becomes tokens."""
    row: dict[str, Json] = {
        "example_id": question.example.id,
        "subset": question.example.subset,
        "type": type_names[type(request)],
        "context": request.context.text,
        "continuations": list(request.continuations) if isinstance(request, LogLikelihood) else [],
        "target": target,
        "shots": len(request.context.shots),
        "special_tokens": request.special_tokens,
        "truncation": request.truncation.value,
        "digest": digest(request),
    }
    if isinstance(request, LogLikelihood):
        row["encoding"] = request.encoding.value
    else:
        row["max_tokens"] = request.max_tokens
    return row


def encoding_columns(request: Request, encoded: "Encoded") -> dict[str, Json]:
    """What the model would see of a request; `context` keeps only the shots that fit.

    For continuation i the model sees the last `context_tokens_kept[i]` of `context_token_ids`; a generation has one
    entry.
    """
    flags: list[Json] = []
    if encoded.truncated:
        flags.append(Flag.TRUNCATED.value)
    if encoded.shots_dropped:
        flags.append(Flag.SHOTS_DROPPED.value)
    return {
        "context": request.context.with_shots(len(request.context.shots) - encoded.shots_dropped),
        "context_token_ids": list(encoded.context[len(encoded.context) - max(encoded.kept) :]),
        "context_tokens_kept": list(encoded.kept),
        "continuation_token_ids": [list(tokens) for tokens in encoded.continuations],
        "context_tokens": encoded.context_tokens,
        "truncated_tokens": encoded.truncated,
        "shots_dropped": encoded.shots_dropped,
        "flags": flags,
        "problem": encoded.problem,
    }
