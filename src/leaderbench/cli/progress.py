"""Live progress of a run on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from leaderbench.cli import terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from leaderbench.evaluation.progress import Progress

Report = Callable[["Progress"], None]


def rate(progress: "Progress") -> float:
    """Questions answered per second in this session; stored answers don't count."""
    asked = progress.done - progress.stored
    return asked / progress.seconds if progress.seconds > 0 and asked > 0 else 0.0


def saved(progress: "Progress") -> float:
    """Share of the tokens asked about that never had to be computed, because questions share their beginnings."""
    return 1 - progress.tokens_computed / progress.tokens_asked if progress.tokens_asked else 0.0


def time_left(progress: "Progress") -> str:
    """`1:05`, or `-:--` while unknown."""
    speed = rate(progress)
    if not speed:
        return "-:--" if progress.done < progress.total else "0:00"
    seconds = round((progress.total - progress.done) / speed)
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def describe(progress: "Progress") -> str:
    """What stands behind the bar: `38/s, 81 % of tokens saved, 0:12 left, 3 errors, resumed from 120`."""
    if progress.stored == progress.total:
        return "all answered before; nothing to ask"
    speed = rate(progress)
    if not speed:  # a rate of 0 and no time left would look hung
        resumed = f", resumed from {progress.stored:,}" if progress.stored else ""
        return f"working on the first questions, which say how long it takes{resumed}"
    parts = [f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s"]
    parts += [f"{100 * saved(progress):.0f} % of tokens saved", f"{time_left(progress)} left"]
    if progress.errors:
        parts.append(f"{progress.errors} error{'s' if progress.errors > 1 else ''}")
    if progress.stored:
        parts.append(f"resumed from {progress.stored:,}")
    return ", ".join(parts)


def bars() -> "Bars":
    """Progress bars on stderr; each has `facts` behind it."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        console=terminal.stderr(),
        refresh_per_second=5,
    )


@contextmanager
def shown(enabled: bool) -> Iterator[Report | None]:
    """A progress callback that draws one bar a benchmark, or None where progress is not wanted."""
    if not enabled:
        yield None
        return
    with bars() as drawn:
        tasks: dict[str, TaskID] = {}

        def report(progress: "Progress") -> None:
            if progress.benchmark not in tasks:
                tasks[progress.benchmark] = drawn.add_task(progress.benchmark, total=progress.total, facts="")
            drawn.update(
                tasks[progress.benchmark], completed=progress.done, total=progress.total, facts=describe(progress)
            )

        yield report
