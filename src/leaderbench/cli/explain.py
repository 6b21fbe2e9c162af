"""`leaderbench explain`: what each cause contributes to the difference between implementations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, progress, terminal
from leaderbench.cli.exits import Exit
from leaderbench.cli.foretold import duration
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from leaderbench.explain.split.explanation import Explanation, ModelSplit
    from leaderbench.explain.split.fill import Forecast


def explain(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL... [IMPLEMENTATION...]",
            help="Models (Hub id, local folder, bundled:NAME), then two or more implementations such as mmlu/helm;"
            " the first is compared with each other.",
        ),
    ],
    benchmark: Annotated[
        str | None, typer.Option("--benchmark", "-b", metavar="NAME", help="Every implementation of this one instead.")
    ] = None,
    factor: Annotated[
        list[str] | None,
        typer.Option(
            "--factor",
            "-f",
            metavar="NAME",
            help="Only this cause, or several joined by +; may be repeated. What is left is one cause more.",
        ),
    ] = None,
    published: Annotated[
        list[str] | None,
        typer.Option(
            "--published",
            metavar="NAME=SCORE",
            help="A score that somebody published for an implementation, between 0 and 1; give one for both.",
        ),
    ] = None,
    limit: options.Limit = None,
    questions: options.Questions = None,
    seed: options.Seed = None,
    subset: options.Subsets = None,
    store: options.Store = options.DEFAULT_STORE,
    datasets: options.Datasets = None,
    revision: options.Revision = None,
    dtype: options.Dtype = "auto",
    device: options.Device = "auto",
    json: options.Json = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a self-contained page with every chart.")
    ] = None,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No live progress on stderr.")] = False,
) -> None:
    """Split the difference between implementations into its causes.

    Every recipe between two implementations is asked on the same questions. For several models it also says which
    causes move everybody and which change the order. Stop it at any moment; the same command goes on where it was.
    """
    models, implementations = sort_out(names, benchmark)
    given = scores(published or [])
    if seed is not None and questions is None:
        raise LeaderbenchError("--seed draws nothing here: give --questions as well, or leave it out.")
    from leaderbench.cli import reports

    if html is not None:
        reports.check_target(html)
    from leaderbench.explain.split.explanation import Listener, explanation
    from leaderbench.explain.split.explanation_report import report
    from leaderbench.text.visible import one_line

    remarks = terminal.stderr()
    with progress.shown(not no_progress) as bars:
        found = explanation(
            models,
            implementations,
            factors=factor or (),
            published=given,
            store=store,
            datasets=datasets,
            subsets=tuple(subset or ()),
            limit=limit,
            questions=questions,
            seed=seed or 0,
            revision=revision,
            dtype=dtype,
            device=device,
            listener=Listener(
                lambda name: remarks.print(one_line(name), style="bold", markup=False),
                lambda pair, forecast: remarks.print(one_line(foretold(pair, forecast)), markup=False),
                bars,
            ),
        )
    told = report(found)
    if html is not None:
        reports.write_html(told, html)
    if json:
        terminal.print_json(as_json(found))
    else:
        reports.print_report(told)
    if any(item.grid.cause.errors for pair in found.pairs for item in pair.splits):
        raise typer.Exit(Exit.QUESTIONS)


def sort_out(names: list[str], benchmark: str | None) -> tuple[list[str], str | list[str]]:
    """Models, and the family or the implementations to compare.

    Raises:
        LeaderbenchError: no model, or not what to compare.
    """
    from leaderbench.benchmarks import registry

    known = set(registry.names())
    families = {name.split("/")[0] for name in known}
    implementations = [name for name in names if name in known]
    models = [name for name in names if name not in known]
    for name in models:
        if name.split("/")[0] in families and not Path(name).exists():
            registry.find(name)  # says which name is nearest
            raise LeaderbenchError(f"{name!r} is a whole benchmark: give it as --benchmark {name}.")
    if not models:
        raise LeaderbenchError("Name a model before the implementations: a Hub id, a folder or bundled:NAME.")
    if benchmark is not None and implementations:
        raise LeaderbenchError("Give either implementations or --benchmark, not both.")
    if benchmark is None and len(implementations) < 2:
        taken = f"; {' and '.join(models)} {'is' if len(models) == 1 else 'are'} taken for models" if models else ""
        raise LeaderbenchError(
            "Name two implementations to compare, such as mmlu/original mmlu/harness-2023, or a whole "
            f"--benchmark{taken}."
        )
    return models, benchmark if benchmark is not None else implementations


def scores(given: list[str]) -> dict[str, float]:
    """`mmlu/helm=0.637` as a score by implementation. Raises `LeaderbenchError` for anything else."""
    found = {}
    for item in given:
        name, _, number = item.rpartition("=")
        if name in found:
            raise LeaderbenchError(f"--published gives two scores for {name}: give one.")
        try:
            found[name] = float(number)
        except ValueError as error:
            raise LeaderbenchError(
                f"--published {item} is not an implementation with its score, such as mmlu/helm=0.637."
            ) from error
    return found


def foretold(pair: str, forecast: "Forecast") -> str:
    """What an explanation will cost, in a line."""
    seconds = forecast.seconds
    left = f"about {duration(seconds)} left" if seconds >= 1 else "nearly done"
    return (
        f"{pair}: {forecast.configurations} configurations of {forecast.questions:,} "
        f"question{'' if forecast.questions == 1 else 's'} in {forecast.passes} passes of the model; {left}"
    )


def as_json(found: "Explanation") -> dict[str, Json]:
    """An explanation as plain values, every flipped question included."""
    pairs: list[Json] = [
        {
            "a": pair.a,
            "b": pair.b,
            "models": [model_as_json(item) for item in pair.splits],
            "reorderings": [plain(item) for item in pair.reorderings],
            "whole": plain(pair.whole) if pair.whole else None,
        }
        for pair in found.pairs
    ]
    return {"models": list(found.models), "questions": found.limits or "all", "pairs": pairs}


def model_as_json(item: "ModelSplit") -> dict[str, Json]:
    """One model's split as plain values."""
    from leaderbench.explain.split.flips import flipped

    factors = item.grid.cause.factors
    return {
        "model": item.model,
        "questions": len(item.grid.example_ids),
        "errors": item.grid.cause.errors,
        "factors": list(factors),
        "fixed": list(item.grid.cause.fixed),
        "a": plain(item.a),
        "b": plain(item.b),
        "split": plain(item.split),
        "remainder": item.remainder,
        "flips": [plain(flips) for flips in item.flips],
        "flipped": [plain(one) for bit in range(len(factors)) for one in flipped(item.grid, bit)],
    }


def plain(value: "DataclassInstance") -> dict[str, Json]:
    """A value of ours as plain values."""
    from dataclasses import asdict

    return asdict(value)
