"""`leaderbench run`: ask a model one or more benchmarks and keep every answer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, progress, tables, terminal
from leaderbench.cli.exits import Exit

if TYPE_CHECKING:
    from leaderbench.benchmarks.base import Benchmark
    from leaderbench.models.base import Model
    from leaderbench.results.runs import Run


def run(
    model: Annotated[str, typer.Argument(help="Hub id, local folder, or bundled:NAME.", metavar="MODEL")],
    benchmark: Annotated[
        list[str],
        typer.Option(
            "--benchmark", "-b", metavar="NAME", help="mmlu/helm, or mmlu for every implementation; may be repeated."
        ),
    ],
    limit: options.Limit = None,
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
    """Ask a model one or more benchmarks and keep every answer.

    Stop it at any moment; the same command goes on where it was.
    """
    chosen = choose(benchmark, shots)
    from leaderbench.models.load import load_model

    loaded = load_model(model, revision=revision, dtype=dtype, device=device)
    runs = evaluate_all(loaded, chosen, store, datasets, subset, limit, show_progress=not (quiet or no_progress))
    if json:
        terminal.print_json({"runs": [tables.run_as_json(item) for item in runs]})
    elif quiet:
        typer.echo("\n".join(item.id for item in runs))
    else:
        tables.print_runs(runs)
    if any(item.score().errors for item in runs):
        raise typer.Exit(Exit.QUESTIONS)


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
    show_progress: bool,
) -> "list[Run]":
    """One run a benchmark, with live progress on stderr."""
    from leaderbench.evaluation.run import evaluate

    with progress.shown(show_progress) as report:
        return [
            evaluate(
                model, item, store=store, datasets=datasets, subsets=tuple(subsets or ()), limit=limit, progress=report
            )
            for item in benchmarks
        ]
