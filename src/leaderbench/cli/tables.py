"""Scores as tables and as JSON."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from leaderbench.cli import terminal
from leaderbench.records import Json, Score, View

if TYPE_CHECKING:
    from rich.table import Table

    from leaderbench.results.runs import Run


unbroken = {"score", "95 %", "n", "run"}
"""Columns that are useless in pieces."""


def table(*columns: str, title: str | None = None, right: Iterable[str] = ()) -> "Table":
    """A plain table; the columns named in `right` hold numbers."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    numbers = set(right)
    for column in columns:
        made.add_column(
            column, justify="right" if column in numbers else "left", overflow="fold", no_wrap=column in unbroken
        )
    return made


def score_as_json(score: Score) -> dict[str, Json]:
    """A score as plain values."""
    return {
        "metric": score.metric.name,
        "aggregation": score.metric.aggregation.value,
        "subset": score.subset,
        "estimate": score.estimate,
        "standard_error": score.standard_error,
        "low": score.low,
        "high": score.high,
        "n": score.n,
        "errors": score.errors,
        "interval_is_about": score.view.value,
        "bank": score.bank,
    }


def overall(scores: Sequence[Score]) -> tuple[Score, ...]:
    """The scores of the whole run, the reported one first."""
    return tuple(score for score in scores if score.subset is None)


def run_as_json(run: "Run", *, by_subset: bool = False) -> dict[str, Json]:
    """A run as plain values: who, what, and its scores."""
    scores = run.scores if by_subset else overall(run.scores)
    return {
        "run": run.id,
        "model": run.manifest.model["name"],
        "benchmark": run.manifest.benchmark["name"],
        "limits": run.manifest.limits,
        "selection": run.manifest.selection,
        "notes": [str(note.sentence) for note in run.manifest.notes],
        "scores": [score_as_json(score) for score in scores],
    }


def estimate(score: Score) -> str:
    """A score in percent; with ≈ before it where it was estimated from a part that chance chose."""
    mark = "" if score.view is View.NEW_QUESTIONS else "≈ "
    return mark + terminal.percent(score.estimate)


marks = {
    View.BANK: "≈ Estimated from questions drawn at random. The interval is about the score on all questions of the "
    "benchmark; without ≈ it is about new questions of the kind.",
    View.STOPPED: "≈ Estimated from questions in random order, until two models were told apart. Such a score leans "
    "towards that verdict; its interval is about all questions of the benchmark and allows for that.",
}
"""What ≈ says."""


def print_marks(scores: Iterable[Score]) -> None:
    """What ≈ says, where it was printed."""
    seen = {score.view for score in scores}
    for view, sentence in marks.items():
        if view in seen:
            terminal.stdout().print(f"[dim]{sentence}[/dim]")


def cell(score: Score) -> str:
    """A score for a narrow column: estimate, interval and n, one under the other; errors where there are any."""
    lines = [
        f"[bold]{estimate(score)}[/bold]",
        terminal.label(terminal.interval(score.low, score.high)),
        f"[dim]n {score.n:,}[/dim]",
    ]
    if score.errors:
        lines.append(f"[red]{score.errors:,} error{'s' if score.errors > 1 else ''}[/red]")
    return "\n".join(lines)


def print_runs(runs: "Sequence[Run]") -> None:
    """What `run` says when it is done: a table a model, then which questions chance chose and what ≈ says."""
    models = dict.fromkeys(str(run.manifest.model["name"]) for run in runs)
    for name in models:
        print_scores([run for run in runs if run.manifest.model["name"] == name], name if len(models) > 1 else None)
    selections: dict[str, list[str]] = {}
    for run in runs:
        if run.manifest.selection:
            selections.setdefault(run.manifest.selection, []).append(str(run.manifest.benchmark["name"]))
    for selection, names in selections.items():
        terminal.stdout().print(terminal.label(f"≈ {', '.join(dict.fromkeys(names))}: {selection}."))
    print_marks(score for run in runs for score in overall(run.scores))


def print_scores(runs: "Sequence[Run]", model: str | None) -> None:
    """A line a metric, with its interval; a column of errors where there are any."""
    failed = any(score.errors for run in runs for score in run.scores)
    errors = ("errors",) if failed else ()
    columns = ("benchmark", "metric", "score", "95 %", "n", *errors, "run")
    made = table(*columns, title=model and f"\n{terminal.label(model)}", right=("score", "n", "errors"))
    for run in runs:
        for place, score in enumerate(overall(run.scores)):
            name, number = (str(run.manifest.benchmark["name"]), run.id) if not place else ("", "")
            numbers = [estimate(score), terminal.interval(score.low, score.high), f"{score.n:,}"]
            numbers += [f"[red]{score.errors:,}[/red]" if score.errors else "0"] if failed else []
            made.add_row(terminal.label(name), terminal.label(str(score.metric)), *numbers, number)
    terminal.stdout().print(made)
