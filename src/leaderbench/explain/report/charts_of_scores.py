"""Charts of scores: by subset, and how those of many models are distributed.

Values are as they were measured; with `percent` they are shares, and drawn in percent. A mark with a `link` leads there
when it is clicked.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderbench.explain.report.chart_basics import (
    any_known,
    data,
    grey,
    plain,
    rows_axis,
    some,
    specification,
    up,
)
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import joined
from leaderbench.sentences import Sentence, counted

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, slots=True)
class Level:
    """A score that others are seen against, such as chance; a line with its name."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class SubsetScore:
    """The score in one part of a benchmark."""

    subset: str
    value: float
    low: float
    high: float
    """Ends of the 95 % interval; NaN where there is none."""

    n: int
    """Questions."""

    link: str = ""


def by_subset(
    found: Sequence[SubsetScore],
    levels: Sequence[Level] = (),
    *,
    percent: bool = True,
    title: str = Sentence("Scores by subset"),
) -> Chart:
    """The score in each subset with its interval, best first. `levels` begin with the score of the whole, if any."""
    some(found, "subset")
    import altair as alt

    times = 100 if percent else 1
    order = sorted(found, key=lambda item: (math.isnan(item.value), -item.value, item.subset))
    rows = _subset_rows(order, times, levels[0].value if levels else math.nan)
    tips = [
        alt.Tooltip("subset:N", title=Sentence("subset")),
        alt.Tooltip("value:Q", title=Sentence("score"), format=",.1f"),
        alt.Tooltip("interval:N", title=Sentence("95 % interval")),
        alt.Tooltip("n:Q", title=Sentence("questions"), format=","),
    ]
    top = -0.7 - 0.95 * len(levels)
    scale = alt.Scale(domain=[top, len(rows) - 0.4], reverse=True, nice=False, zero=False)
    names = rows_axis([item.subset for item in order], lines=1, labelOverlap=False)
    y = alt.Y("row:Q", scale=scale, axis=names)
    base = alt.Chart(data(rows)).encode(y=y, tooltip=tips, href="link:N")
    across = alt.Scale(zero=False, nice=True, padding=6)
    x, low = (
        alt.X(f"{name}:Q", scale=across, title=unit(percent), axis=alt.Axis(tickCount=7)) for name in ("value", "low")
    )
    filled = alt.condition("datum.apart", alt.value(1), alt.value(0))
    point = base.mark_point(size=55, opacity=1, cursor="pointer" if any(item.link for item in found) else alt.Undefined)
    layers = alt.layer(
        *_rules(levels, times, y, top),
        *([base.mark_rule(strokeWidth=1.5, opacity=0.6, color=up).encode(x=low, x2="high:Q")] if any_low(rows) else []),
        point.encode(x=x, stroke=alt.value(up), fill=alt.value(up), fillOpacity=filled),
    )
    return Chart(
        title=title,
        spec=specification(layers, height=(18 if len(rows) > 12 else 26) * (len(rows) + len(levels)) + 20),
        description=joined(" ", [_subsets_said(order, times), *(level_said(item, times) for item in levels)]),
        note=Sentence("Lines: 95 % intervals. Filled: the score of the whole lies outside the interval.")
        if levels
        else Sentence("Lines: 95 % intervals."),
    )


def _subset_rows(order: Sequence[SubsetScore], times: float, whole: float) -> list[dict[str, Any]]:
    """What is drawn of each subset; `apart` are those whose interval does not hold the score of the whole."""
    return [
        {
            "row": row,
            "subset": item.subset,
            "value": times * item.value,
            "low": times * item.low,
            "high": times * item.high,
            "apart": item.low > whole or item.high < whole,
            "interval": written_interval(item.low, item.high, times),
            "n": item.n,
            "link": item.link,
        }
        for row, item in enumerate(order)
    ]


def _subsets_said(order: Sequence[SubsetScore], times: float) -> str:
    """The chart in words, for those who do not see it."""
    best, worst = order[0], order[-1]
    return counted(
        "The score in {n} subset: {best} {high}.",
        "Scores in {n} subsets, from {worst} with {low} to {best} with {high}.",
        n=len(order),
        best=best.subset,
        worst=worst.subset,
        high=plain(times * best.value),
        low=plain(times * worst.value),
    )


def any_low(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether any row has an interval."""
    return any_known(rows, "low")


def unit(percent: bool) -> str:
    return Sentence("score, percent") if percent else Sentence("score")


def written_interval(low: float, high: float, times: float) -> str:
    """An interval as text, its ends multiplied; a dash where there is none."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{plain(times * low)}–{plain(times * high)}"


def level_said(level: Level, times: float) -> str:
    """A level in words."""
    return Sentence("{name}: {score}.", name=level.name, score=plain(times * level.value))


def _rules(levels: Sequence[Level], times: float, y: "alt.Y", top: float) -> "list[alt.Chart]":
    """A vertical line a level, each with its name in a row of its own above the others."""
    import altair as alt

    made: list[alt.Chart] = []
    ends = [level.value for level in levels if math.isfinite(level.value)]
    for place, level in enumerate(levels):
        if not math.isfinite(level.value):
            continue
        row = top + 0.6 + 0.95 * place
        base = alt.Chart(
            data([{"at": times * level.value, "row": row, "name": level.name, "score": plain(times * level.value)}])
        )
        dash = [] if place == 0 else [4, 3]
        left = level.value == max(ends) and len(ends) > 1
        made += [
            base.mark_rule(color=grey, strokeWidth=1.5, strokeDash=dash).encode(x="at:Q"),
            base.mark_text(align="right" if left else "left", dx=-5 if left else 5, fontSize=11).encode(
                x="at:Q", y=y, text="name:N"
            ),
        ]
    return made


def distribution(
    scores: Sequence[float],
    levels: Sequence[Level] = (),
    *,
    percent: bool = True,
    title: str = Sentence("Distribution of scores"),
) -> Chart:
    """A histogram of the scores of many models, with lines where chance lies. NaN is left out."""
    known = [value for value in scores if math.isfinite(value)]
    some(known, "score")
    import altair as alt

    times = 100 if percent else 1
    levels = [level for level in levels if math.isfinite(level.value)]
    ends = [times * value for value in (*known, *(level.value for level in levels))]
    step = _step((max(ends) - min(ends)) / 20)
    rows = _bins(known, times, step)
    tips = [
        alt.Tooltip("range:N", title=Sentence("score")),
        alt.Tooltip("count:Q", title=Sentence("number of models"), format=","),
    ]
    most = max(row["count"] for row in rows)
    upward = alt.Scale(domain=[0, most * (1 + 0.12 * len(levels))], nice=False)
    across = alt.Scale(zero=False, nice=False, padding=14)
    bars = (
        alt.Chart(data(rows))
        .mark_rect(color=up, xOffset=0.5, x2Offset=-0.5)
        .encode(
            x=alt.X("from:Q", scale=across, title=unit(percent), axis=alt.Axis(tickCount=7, grid=False)),
            x2="to:Q",
            y=alt.Y(
                "zero:Q", scale=upward, title=Sentence("number of models"), axis=alt.Axis(tickMinStep=1, tickCount=5)
            ),
            y2="count:Q",
            tooltip=tips,
        )
    )
    described = counted(
        "The score of {n} model: {low}.",
        "A histogram of the scores of {n} models, from {low} to {high}.",
        n=len(known),
        low=plain(times * min(known)),
        high=plain(times * max(known)),
    )
    return Chart(
        title=title,
        spec=specification(alt.layer(bars, *_chance(levels, times, (max(ends) + min(ends)) / 2)), height=220),
        description=joined(" ", [described, *(level_said(level, times) for level in levels)]),
        note=Sentence("Dashed: what guessing scores.") if levels else "",
    )


def _bins(values: Sequence[float], times: float, step: float) -> list[dict[str, Any]]:
    """How many values lie in each stretch of this width that holds some."""
    digits = max(0, -math.floor(math.log10(step)))
    counts = Counter(math.floor(times * value / step + 1e-9) for value in values)
    return [
        {
            "from": round(place * step, 9),
            "to": round((place + 1) * step, 9),
            "count": count,
            "zero": 0,
            "range": f"{plain(place * step, digits)}–{plain((place + 1) * step, digits)}",
        }
        for place, count in sorted(counts.items())
    ]


def _chance(levels: Sequence[Level], times: float, middle: float) -> "list[alt.Chart]":
    """A dashed line a level, its name on the side towards the `middle`."""
    import altair as alt

    lines: list[alt.Chart] = []
    for place, level in enumerate(levels):
        base = alt.Chart(data([{"at": times * level.value, "name": level.name}]))
        right = times * level.value > middle
        lines += [
            base.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(x="at:Q"),
            base.mark_text(align="right" if right else "left", baseline="top", dx=-5 if right else 5).encode(
                x="at:Q", y=alt.value(2 + 15 * place), text="name:N"
            ),
        ]
    return lines


def _step(least: float) -> float:
    """The width of a bar: 1, 2 or 5 times a power of ten, not less than this; 1 for a single score."""
    if not (math.isfinite(least) and least > 0):
        return 1.0
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * part for part in (1.0, 2.0, 5.0, 10.0) if size * part >= least * (1 - 1e-9))
