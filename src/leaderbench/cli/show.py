"""`leaderbench show`: the scores of a store, models by benchmarks."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, tables, terminal
from leaderbench.records import Json, Score

if TYPE_CHECKING:
    from leaderbench.results.runs import RunSummary


def show(
    store: options.Store = options.DEFAULT_STORE,
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
    report_damage(summaries)
    if not good and not json:
        terminal.stderr().print(f"No runs in {store} yet. Make one: leaderbench run MODEL --benchmark mmlu/harness")


def report_damage(summaries: "Iterable[RunSummary]") -> None:
    """Say on stderr what could not be read."""
    for item in summaries:
        if item.problem:
            terminal.stderr().print(item.problem, style="yellow", markup=False)


def settings(summary: "RunSummary") -> str:
    """How a run differs from the whole plain benchmark, e.g. `limit 100, shots 0`; empty where it does not."""
    limits = summary.manifest.limits if summary.manifest else {}
    recipe = summary.manifest.benchmark if summary.manifest else {}
    parts = []
    if limits.get("limit") is not None:
        parts.append(f"limit {limits['limit']}")
    subsets = limits.get("subsets")
    if isinstance(subsets, list) and subsets:
        parts.append(f"{len(subsets)} subsets" if len(subsets) > 2 else "only " + ", ".join(map(str, subsets)))
    if recipe.get("shots_asked") is not None:
        parts.append(f"shots {recipe['shots_asked']}")
    return ", ".join(parts)


def newest(summaries: "Iterable[RunSummary]") -> "list[RunSummary]":
    """The last run of each model (by identity), benchmark and settings, in the order of model and benchmark."""
    last = {(item.model, identity(item), settings(item), item.benchmark): item for item in summaries}
    return [last[key] for key in sorted(last)]


def identity(summary: "RunSummary") -> str:
    """The digest of everything about the model that can change an answer."""
    return str(summary.manifest.model.get("identity", "")) if summary.manifest else ""


def summary_as_json(summary: "RunSummary", *, by_subset: bool) -> dict[str, Json]:
    """A run as plain values."""
    manifest = summary.manifest
    scores = summary.scores if by_subset else tables.overall(summary.scores)
    return {
        "run": summary.id,
        "model": summary.model,
        "model_identity": identity(summary),
        "benchmark": summary.benchmark,
        "created": summary.created,
        "limits": manifest.limits if manifest else {},
        "scores": [tables.score_as_json(score) for score in scores],
    }


def row_names(summaries: "Sequence[RunSummary]") -> dict[str, str]:
    """A name for the table row of each run: the model, its settings, and its digest where two models share a name."""
    identities: dict[str, set[str]] = {}
    for item in summaries:
        identities.setdefault(item.model, set()).add(identity(item))
    names = {}
    for item in summaries:
        twin = f" [{identity(item)[:8]}]" if len(identities[item.model]) > 1 else ""
        extra = settings(item)
        names[item.id] = item.model + twin + (f"\n({extra})" if extra else "")
    return names


def print_boards(summaries: "Sequence[RunSummary]") -> None:
    """One table a benchmark family: models by implementations."""
    names = row_names(summaries)
    for family in dict.fromkeys(item.benchmark.split("/")[0] for item in summaries):
        print_board(family, [item for item in summaries if item.benchmark.split("/")[0] == family], names)


def print_board(family: str, summaries: "Sequence[RunSummary]", names: dict[str, str]) -> None:
    """Models by implementations of one family; each cell an estimate, its 95 % interval, n and errors."""
    from rich.markup import escape

    columns = dict.fromkeys((item.benchmark.partition("/")[2], reported(item)) for item in summaries)
    made = tables.table("model", title=f"\n{family}")
    for name, metric in columns:
        made.add_column(f"{name}\n[dim]{metric}[/dim]", justify="right")
    cells: dict[str, dict[tuple[str, str], Score]] = {}
    for item in summaries:
        if item.scores:
            key = (item.benchmark.partition("/")[2], reported(item))
            cells.setdefault(names[item.id], {})[key] = item.scores[0]
    for row, scores in cells.items():
        made.add_row(escape(row), *(tables.cell(scores[key]) if key in scores else "" for key in columns))
    terminal.stdout().print(made)


def reported(summary: "RunSummary") -> str:
    """The metric that the benchmark reports."""
    return str(summary.scores[0].metric) if summary.scores else ""


def print_subsets(summaries: "Sequence[RunSummary]") -> None:
    """One line a run, metric and subset."""
    from rich.markup import escape

    right = ("score", "n", "errors")
    made = tables.table("model", "benchmark", "metric", "subset", "score", "95 % interval", "n", "errors", right=right)
    names = row_names(summaries)
    for item in summaries:
        for score in item.scores:
            made.add_row(
                escape(names[item.id]),
                item.benchmark,
                str(score.metric),
                score.subset or "[bold]all[/bold]",
                terminal.percent(score.estimate),
                terminal.interval(score.low, score.high),
                f"{score.n:,}",
                f"{score.errors:,}",
            )
    terminal.stdout().print(made)
