"""`leaderbench run`: ask models one or more benchmarks and keep every answer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, progress, separation, tables, terminal
from leaderbench.cli.exits import Exit
from leaderbench.cli.foretold import Foretold
from leaderbench.errors import LeaderbenchError

if TYPE_CHECKING:
    from leaderbench.benchmarks.base import Benchmark
    from leaderbench.models.base import Model
    from leaderbench.results.runs import Run


def run(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Hub id, local folder, bundled:NAME, or baseline:random; several are asked in turn.", metavar="MODEL"
        ),
    ],
    benchmark: Annotated[
        list[str],
        typer.Option(
            "--benchmark", "-b", metavar="NAME", help="mmlu/helm, or mmlu for every implementation; may be repeated."
        ),
    ],
    limit: options.Limit = None,
    questions: options.Questions = None,
    until_separated: Annotated[
        bool,
        typer.Option(
            "--until-separated",
            help="Ask two models the same questions in a random order, and stop as soon as one is known to be better.",
        ),
    ] = False,
    seed: options.Seed = None,
    subset: options.Subsets = None,
    shots: options.Shots = None,
    store: options.Store = options.DEFAULT_STORE,
    datasets: options.Datasets = None,
    revision: options.Revision = None,
    dtype: options.Dtype = "auto",
    device: options.Device = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress; print run ids only.")] = False,
    json: options.Json = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No live progress on stderr.")] = False,
) -> None:
    """Ask models one or more benchmarks and keep every answer.

    Stop it at any moment; the same command goes on where it was. With --until-separated the chance of a wrong verdict
    on two models that do not differ is 5 % at most, however early it stops.
    """
    check(models, limit, questions, seed, until_separated=until_separated)
    chosen = choose(benchmark, shots)
    shown = not (quiet or no_progress)
    if until_separated:
        separation.check(models, chosen)
    from leaderbench.models.load import load_model

    if until_separated:
        pair = [load_model(name, revision=revision, dtype=dtype, device=device) for name in models]
        found = separation.run(pair[0], pair[1], chosen[0], store, datasets, subset, seed or 0, show_progress=shown)
        runs = list(found.runs)
    else:
        runs = []
        for name in dict.fromkeys(models):
            if shown and len(models) > 1:
                terminal.stderr().print(terminal.label(name), style="bold")
            loaded = load_model(name, revision=revision, dtype=dtype, device=device)
            if shown and not json:
                loaded = Foretold(loaded, lambda text: terminal.stderr().print(terminal.label(text)))
            asked = (chosen, store, datasets, subset, limit)
            runs += evaluate_all(loaded, *asked, questions=questions, seed=seed or 0, show_progress=shown)
            del loaded  # before the next one takes its place in memory
    if json:
        verdict = separation.as_json(found) if until_separated else {}
        terminal.print_json(verdict | {"runs": [tables.run_as_json(item) for item in runs]})
    elif quiet:
        typer.echo("\n".join(item.id for item in runs))
    else:
        tables.print_runs(runs)
        if until_separated:
            separation.print_verdict(found)
    if any(item.score().errors for item in runs):
        raise typer.Exit(Exit.QUESTIONS)


def check(
    models: list[str], limit: int | None, questions: int | None, seed: int | None, *, until_separated: bool
) -> None:
    """Raise LeaderbenchError for options that contradict each other."""
    if limit is not None and questions is not None:
        raise LeaderbenchError(
            "Give either --limit, the first questions of each subset, or --questions, drawn at random; not both."
        )
    if until_separated and (limit is not None or questions is not None):
        raise LeaderbenchError(
            "--until-separated itself decides how many questions are asked: leave out --limit and --questions."
        )
    if seed is not None and questions is None and not until_separated:
        raise LeaderbenchError("--seed draws nothing here: it goes with --questions or --until-separated.")


def choose(patterns: list[str], shots: int | None) -> "list[Benchmark]":
    """The benchmarks that the patterns name, each once, in the order given."""
    from leaderbench.benchmarks import registry

    names = dict.fromkeys(found.name for pattern in patterns for found in registry.find(pattern))
    return [registry.get(name, shots=shots) for name in names]


def evaluate_all(
    model: "Model",
    benchmarks: "list[Benchmark]",
    store: Path,
    datasets: Path | None,
    subsets: list[str] | None,
    limit: int | None,
    *,
    questions: int | None = None,
    seed: int = 0,
    show_progress: bool,
) -> "list[Run]":
    """One run a benchmark, with live progress on stderr."""
    from leaderbench.evaluation.run import evaluate

    with progress.shown(show_progress) as report:
        return [
            evaluate(
                model,
                item,
                store=store,
                datasets=datasets,
                subsets=tuple(subsets or ()),
                limit=limit,
                questions=questions,
                seed=seed,
                progress=report,
            )
            for item in benchmarks
        ]
