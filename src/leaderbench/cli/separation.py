"""`leaderbench run --until-separated`: two models, as few questions as it takes, and the verdict."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from leaderbench.cli import progress, terminal
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Json
from leaderbench.text.visible import one_line

if TYPE_CHECKING:
    from rich.progress import TaskID

    from leaderbench.benchmarks.base import Benchmark
    from leaderbench.evaluation.separate import Look, Separation
    from leaderbench.models.base import Model


def check(models: Sequence[str], benchmarks: "Sequence[Benchmark]") -> None:
    """Raise LeaderbenchError unless there are two models and one benchmark."""
    count = len(set(models))
    if count != 2:
        raise LeaderbenchError(f"--until-separated compares two models, not {count}: name exactly two different ones.")
    if len(benchmarks) != 1:
        names = ", ".join(item.name for item in benchmarks)
        raise LeaderbenchError(f"--until-separated takes one benchmark, not {len(benchmarks)}: choose one of {names}.")


def run(
    first: "Model",
    second: "Model",
    benchmark: "Benchmark",
    store: Path,
    datasets: Path | None,
    subsets: list[str] | None,
    seed: int,
    *,
    show_progress: bool,
) -> "Separation":
    """Ask both until they are told apart, with live progress on stderr."""
    from leaderbench.evaluation.separate import separate

    with shown(show_progress) as report:
        return separate(
            first,
            second,
            benchmark,
            store=store,
            datasets=datasets,
            subsets=tuple(subsets or ()),
            seed=seed,
            progress=report,
        )


def describe(look: "Look") -> str:
    """What stands behind the bar: `38/s, e-value 3.21 of 20`, with errors and what was resumed."""
    speed, seen = progress.rate(look.progress), look.evidence
    parts = [f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s"] if speed else []
    parts.append(f"e-value {seen.e_value:.3g} of {1 / seen.alpha:.0f}")
    if look.progress.errors:
        parts.append(f"{look.progress.errors} error{'s' if look.progress.errors > 1 else ''}")
    if look.progress.stored:
        parts.append(f"resumed from {look.progress.stored:,}")
    return ", ".join(parts)


@contextmanager
def shown(enabled: bool) -> Iterator[Callable[["Look"], None] | None]:
    """A callback that draws one bar for both models, or None where progress is not wanted."""
    if not enabled:
        yield None
        return
    with progress.bars() as bars:
        tasks: list[TaskID] = []

        def report(look: "Look") -> None:
            now = look.progress
            if not tasks:
                tasks.append(bars.add_task(now.benchmark, total=now.total, facts=""))
            bars.update(tasks[0], completed=now.done, facts=describe(look))

        yield report


def names(found: "Separation") -> tuple[str, str]:
    """The two models as people call them."""
    from leaderbench.results.names import short_names

    short = short_names(dict.fromkeys(found.models))
    return short[found.models[0]], short[found.models[1]]


def print_verdict(found: "Separation") -> None:
    """Who is ahead, in a sentence, and what to know about it."""
    from rich.text import Text

    console = terminal.stdout()
    console.print()
    console.print(Text(one_line(found.sentence(*names(found))), style="bold"))
    for note in found.notes:
        console.print(Text(one_line(note), style="yellow"))


def as_json(found: "Separation") -> dict[str, Json]:
    """The verdict as plain values; the runs are not in it."""
    seen = found.evidence
    return {
        "verdict": found.sentence(*names(found)),
        "notes": list(found.notes),
        "benchmark": found.benchmark,
        "metric": found.metric.name,
        "models": list(found.models),
        "decided": seen.decided,
        "ahead": found.ahead,
        "questions": found.asked,
        "bank": found.bank,
        "wins": seen.wins,
        "losses": seen.losses,
        "e_value": seen.e_value,
        "p": seen.p,
        "alpha": seen.alpha,
        "seed": found.seed,
    }
