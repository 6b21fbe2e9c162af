"""What all sections of an explanation's report share: numbers as text, and what counts as more than noise."""

from collections.abc import Sequence

from leaderbench.explain.report.values import Bar
from leaderbench.explain.report.wording import joined
from leaderbench.sentences import Sentence
from leaderbench.statistics.comparison import holm
from leaderbench.statistics.decomposition import Contribution, Interaction
from leaderbench.statistics.intervals import Interval
from leaderbench.statistics.reordering import Reordering

ALPHA = 0.05
"""A cause is more than noise where its p after Holm's correction stays below."""


def signed(share: float, digits: int = 1) -> str:
    """A difference in percentage points with its sign."""
    text = f"{100 * share:+.{digits}f}".replace("-", "−")
    return text if text.strip("+−0.") else text.lstrip("+−")


def percent(share: float, *, estimated: bool = False) -> str:
    """A score in percent, marked where it is estimated from a part of the questions."""
    return Sentence("{n} %", n=f"{'≈ ' if estimated else ''}{100 * share:.1f}")


def bar(estimate: float, interval: Interval) -> Bar:
    """A difference in points, which always carries its sign."""
    return Bar(100 * estimate, 100 * interval.low, 100 * interval.high, signed=True)


def spread(interval: Interval) -> str:
    """An interval of a difference, in points."""
    return Sentence("{low} to {high}", low=signed(interval.low), high=signed(interval.high))


def real(item: Contribution | Interaction) -> bool:
    """Whether its own interval excludes zero."""
    return item.interval.low > 0 or item.interval.high < 0


def sure(items: Sequence[Contribution | Interaction]) -> list[bool]:
    """Which of several are more than noise, by Holm's correction over all of them."""
    return [p < ALPHA for p in holm([item.p for item in items])]


def shifts(item: Reordering) -> bool:
    """Whether it surely moves everybody one way."""
    return item.shift_interval.low > 0 or item.shift_interval.high < 0


def titled(pair: str, title: str) -> str:
    """A title that names its pair of implementations where there are several."""
    return joined(": ", [pair, title])
