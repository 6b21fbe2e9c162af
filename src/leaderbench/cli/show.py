"""`leaderbench show`: the scores of a store, models by benchmarks."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, tables, terminal
from leaderbench.records import Json, Metric, Score

if TYPE_CHECKING:
    from rich.table import Table

    from leaderbench.results.runs import RunSummary


def show(
    store: options.StoreToRead = options.DEFAULT_STORE,
    by_subset: Annotated[bool, typer.Option("--by-subset", help="A line a subset too.")] = False,
    json: options.Json = False,
) -> None:
    """Show scores with 95 % intervals, by model and benchmark."""
    from leaderbench.results.store import Store

    summaries = Store(store).runs()
    good = newest(item for item in summaries if item.manifest is not None)
    if json:
        terminal.print_json({"runs": [summary_as_json(item, by_subset=by_subset) for item in good]})
    elif by_subset:
        print_subsets(good)
    else:
        print_boards(good)
    if not json:
        print_notes(good)
    report_damage(summaries)
    if not good and not json:
        terminal.stderr().print(f"No runs in {store} yet. Make one: leaderbench run MODEL --benchmark mmlu/harness")


def print_notes(summaries: "Sequence[RunSummary]") -> None:
    """What to know of all answers of a run together, a line each."""
    from rich.text import Text

    names = row_names(summaries)
    for item in summaries:
        name = " ".join(names[item.id].split())
        for note in item.manifest.notes if item.manifest else ():
            terminal.stdout().print(Text(f"{name}, {item.benchmark}: {note.sentence}", style="yellow"))


def report_damage(summaries: "Iterable[RunSummary]") -> None:
    """Say on stderr what could not be read."""
    for item in summaries:
        if item.problem:
            terminal.warn(item.problem)


def settings(summary: "RunSummary") -> str:
    """How a run differs from the whole plain benchmark, e.g. `limit 100, 0 shots`; empty where it does not."""
    return summary.manifest.settings if summary.manifest else ""


def newest(summaries: "Iterable[RunSummary]") -> "list[RunSummary]":
    """The last run of each model (by identity), benchmark and settings; benchmarks in their own order."""
    from leaderbench.benchmarks import registry

    place = {name: number for number, name in enumerate(registry.names())}
    last = {(item.model, item.identity, settings(item), item.benchmark): item for item in summaries}
    return sorted(last.values(), key=lambda item: (item.model, settings(item), place.get(item.benchmark, len(place))))


def summary_as_json(summary: "RunSummary", *, by_subset: bool) -> dict[str, Json]:
    """A run as plain values."""
    manifest = summary.manifest
    scores = summary.scores if by_subset else tables.overall(summary.scores)
    return {
        "run": summary.id,
        "model": summary.model,
        "model_identity": summary.identity,
        "benchmark": summary.benchmark,
        "created": summary.created,
        "limits": manifest.limits if manifest else {},
        "settings": settings(summary),
        "notes": [str(note.sentence) for note in manifest.notes] if manifest else [],
        "scores": [tables.score_as_json(score) for score in scores],
    }


def row_names(summaries: "Sequence[RunSummary]") -> dict[str, str]:
    """What stands in the table row of each run: the model, told apart from others of its name, and its settings."""
    from leaderbench.results.subjects import names_of_models

    names = names_of_models(summaries)
    return {
        item.id: terminal.label(names[item.id]) + (f"\n({terminal.label(extra)})" if (extra := settings(item)) else "")
        for item in summaries
    }


def print_boards(summaries: "Sequence[RunSummary]") -> None:
    """One table a benchmark family: models by implementations."""
    names = row_names(summaries)
    for family in dict.fromkeys(item.benchmark.split("/")[0] for item in summaries):
        print_board(family, [item for item in summaries if item.benchmark.split("/")[0] == family], names)
    tables.print_marks(score for item in summaries for score in item.scores[:1])


def print_board(family: str, summaries: "Sequence[RunSummary]", names: dict[str, str]) -> None:
    """Models by implementations of one family; one line a run where the terminal is too narrow for that."""
    from rich.measure import Measurement

    console = terminal.stdout()
    made = board(family, summaries, names)
    wide = Measurement.get(console, console.options.update(max_width=10_000), made).maximum
    console.print(made if wide <= console.width else lines(family, summaries, names))


def board(family: str, summaries: "Sequence[RunSummary]", names: dict[str, str]) -> "Table":
    """Models by implementations; each cell an estimate, its 95 % interval, n, and errors where there are any."""
    columns = dict.fromkeys((short(item), reported(item)) for item in summaries if item.scores)
    made = tables.table("model", title=f"\n{terminal.label(family)}")
    for name, metric in columns:
        made.add_column(
            f"{terminal.label(name)}\n[dim]{terminal.label(metric.name)}\n{metric.aggregation}[/dim]", justify="right"
        )
    cells: dict[str, dict[tuple[str, Metric], Score]] = {}
    for item in summaries:
        if item.scores:
            cells.setdefault(names[item.id], {})[short(item), reported(item)] = item.scores[0]
    for row, scores in cells.items():
        made.add_row(row, *(tables.cell(scores[key]) if key in scores else "" for key in columns))
    return made


def lines(family: str, summaries: "Sequence[RunSummary]", names: dict[str, str]) -> "Table":
    """The same, one line a run under the name of its model."""
    made = tables.table(
        terminal.label(family), "score", "95 %\ninterval", "n", "errors", right=("score", "n", "errors")
    )
    model = ""
    for item in summaries:
        if item.scores:
            if names[item.id] != model:
                model = names[item.id]
                made.add_row(f"[bold]{model}[/bold]")
            score = item.scores[0]
            shares = (tables.estimate(score), terminal.interval(score.low, score.high))
            made.add_row(f"  {terminal.label(short(item))}", *shares, f"{score.n:,}", f"{score.errors:,}")
    return made


def short(summary: "RunSummary") -> str:
    """The implementation without its family."""
    return summary.benchmark.partition("/")[2] or summary.benchmark


def reported(summary: "RunSummary") -> Metric:
    """The metric that the benchmark reports; the run has scores."""
    return summary.scores[0].metric


def print_subsets(summaries: "Sequence[RunSummary]") -> None:
    """One line a run, metric and subset."""
    right = ("score", "n", "errors")
    made = tables.table("model", "benchmark", "metric", "subset", "score", "95 % interval", "n", "errors", right=right)
    names = row_names(summaries)
    for item in summaries:
        told = set()  # of one subset micro and macro are one number
        for score in item.scores:
            metric = score.metric.name if score.subset else str(score.metric)
            if (metric, score.subset) in told:
                continue
            told.add((metric, score.subset))
            made.add_row(
                names[item.id],
                terminal.label(item.benchmark),
                terminal.label(metric),
                terminal.label(score.subset) if score.subset else "[bold]all[/bold]",
                tables.estimate(score),
                terminal.interval(score.low, score.high),
                f"{score.n:,}",
                f"{score.errors:,}",
            )
    terminal.stdout().print(made)
    tables.print_marks(score for item in summaries for score in item.scores)
