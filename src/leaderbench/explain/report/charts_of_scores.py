"""Charts of scores: by subset, over models, against their size, over time.

Values are as they were measured; with `percent` they are shares, and drawn in percent. A mark with a `link` leads there
when it is clicked.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leaderbench.explain.report.chart_basics import (
    any_known,
    data,
    down,
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

day = 86_400_000
"""Milliseconds."""

intervals_up_to = 300
"""Points with whiskers; more of them would hide each other."""


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


@dataclass(frozen=True, slots=True)
class ModelPoint:
    """One model in a plot of many."""

    model: str
    at: float
    """Across: parameters, or milliseconds since 1970 (UTC)."""

    said: str
    """The same in words."""

    value: float
    low: float
    high: float
    """Ends of the 95 % interval; NaN where there is none."""

    solid: bool = True
    """Whether its place across is known and not only stood in for."""

    link: str = ""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many models lie in a rectangle of a plot."""

    left: float
    right: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Plot:
    """What a plot of many models shows."""

    points: Sequence[ModelPoint]
    frontier: Sequence[ModelPoint]
    """The best so far, from left to right."""

    crowd: Sequence[Crowd] = ()
    """Models that are counted instead of drawn."""

    levels: Sequence[Level] = ()


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
    whole = levels[0].value if levels else math.nan
    rows = [
        {
            "row": row,
            "subset": item.subset,
            "value": times * item.value,
            "low": times * item.low,
            "high": times * item.high,
            "apart": item.low > whole or item.high < whole,
            "interval": _range(item, times),
            "n": item.n,
            "link": item.link,
        }
        for row, item in enumerate(order)
    ]
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
        alt.X(f"{name}:Q", scale=across, title=_unit(percent), axis=alt.Axis(tickCount=7)) for name in ("value", "low")
    )
    filled = alt.condition("datum.apart", alt.value(1), alt.value(0))
    point = base.mark_point(size=55, opacity=1, cursor="pointer" if any(item.link for item in found) else alt.Undefined)
    layers = alt.layer(
        *_rules(levels, times, y, top),
        *([base.mark_rule(strokeWidth=1.5, opacity=0.6, color=up).encode(x=low, x2="high:Q")] if _any(rows) else []),
        point.encode(x=x, stroke=alt.value(up), fill=alt.value(up), fillOpacity=filled),
    )
    best, worst = order[0], order[-1]
    described = counted(
        "The score in {n} subset: {best} {high}.",
        "Scores in {n} subsets, from {worst} with {low} to {best} with {high}.",
        n=len(rows),
        best=best.subset,
        worst=worst.subset,
        high=plain(times * best.value),
        low=plain(times * worst.value),
    )
    return Chart(
        title=title,
        spec=specification(layers, height=(18 if len(rows) > 12 else 26) * (len(rows) + len(levels)) + 20),
        description=joined(" ", [described, *(_level_said(item, times) for item in levels)]),
        note=Sentence("Lines: 95 % intervals. Filled: the interval does not hold the score of the whole.")
        if levels
        else Sentence("Lines: 95 % intervals."),
    )


def _any(rows: Sequence[dict[str, Any]]) -> bool:
    return any_known(rows, "low")


def _unit(percent: bool) -> str:
    return Sentence("score, percent") if percent else Sentence("score")


def _range(item: SubsetScore | ModelPoint, times: float) -> str:
    if math.isnan(item.low) or math.isnan(item.high):
        return "–"
    return f"{plain(times * item.low)}–{plain(times * item.high)}"


def _level_said(level: Level, times: float) -> str:
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
    digits = max(0, -math.floor(math.log10(step)))
    counts = Counter(math.floor(times * value / step + 1e-9) for value in known)
    rows = [
        {
            "from": round(place * step, 9),
            "to": round((place + 1) * step, 9),
            "count": count,
            "zero": 0,
            "range": f"{plain(place * step, digits)}–{plain((place + 1) * step, digits)}",
        }
        for place, count in sorted(counts.items())
    ]
    tips = [
        alt.Tooltip("range:N", title=Sentence("score")),
        alt.Tooltip("count:Q", title=Sentence("number of models"), format=","),
    ]
    most = max(counts.values())
    upward = alt.Scale(domain=[0, most * (1 + 0.12 * len(levels))], nice=False)
    across = alt.Scale(zero=False, nice=False, padding=14)
    bars = (
        alt.Chart(data(rows))
        .mark_rect(color=up, xOffset=0.5, x2Offset=-0.5)
        .encode(
            x=alt.X("from:Q", scale=across, title=_unit(percent), axis=alt.Axis(tickCount=7, grid=False)),
            x2="to:Q",
            y=alt.Y("zero:Q", scale=upward, title=Sentence("number of models"), axis=alt.Axis(tickMinStep=1, tickCount=5)),
            y2="count:Q",
            tooltip=tips,
        )
    )
    middle = (max(ends) + min(ends)) / 2
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
    described = counted(
        "The score of {n} model: {low}.",
        "A histogram of the scores of {n} models, from {low} to {high}.",
        n=len(known),
        low=plain(times * min(known)),
        high=plain(times * max(known)),
    )
    return Chart(
        title=title,
        spec=specification(alt.layer(bars, *lines), height=220),
        description=joined(" ", [described, *(_level_said(level, times) for level in levels)]),
        note=Sentence("Dashed: what guessing scores.") if levels else "",
    )


def _step(least: float) -> float:
    """The width of a bar: 1, 2 or 5 times a power of ten, not less than this; 1 for a single score."""
    if not (math.isfinite(least) and least > 0):
        return 1.0
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * part for part in (1.0, 2.0, 5.0, 10.0) if size * part >= least * (1 - 1e-9))


def size_against_score(found: Plot, *, score: str, percent: bool = True) -> Chart:
    """Parameters across, on a logarithmic scale, and the score up; a step line leads along the best of each size."""
    import altair as alt

    low, high = _reach(found)
    ends = [low / 1.6, high * 1.6]  # room on both sides, also where all models have one size
    axis = alt.Axis(labelExpr="replace(format(datum.value, '~s'), 'G', 'B')", grid=False, values=_sizes(*ends))
    scale = alt.Scale(type="log", domain=ends, nice=False)
    across = alt.X("at:Q", scale=scale, title=Sentence("parameters"), axis=axis)
    return _plot(
        found,
        across,
        Sentence("parameters"),
        score,
        percent,
        title=Sentence("Size against score"),
        note=Sentence("Line: the best score of any model up to that size. Whiskers: 95 % intervals."),
        described=counted(
            "The score of {n} model against its number of parameters.",
            "Scores of {n} models against their numbers of parameters.",
            n=len(found.points) + sum(item.count for item in found.crowd),
        ),
    )


def _reach(found: Plot) -> tuple[float, float]:
    """The outermost places across; 0 and 0 where there is none."""
    ends = [item.at for item in found.points] + [end for item in found.crowd for end in (item.left, item.right)]
    return min(ends, default=0.0), max(ends, default=0.0)


def _sizes(low: float, high: float) -> list[float]:
    """Round numbers of parameters for an axis: powers of ten, with their double and fivefold where there are few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) if low > 0 else range(0)
    parts = (1, 2, 5) if len(decades) < 4 else (1, 3) if len(decades) < 6 else (1,)
    return [size for place in decades for part in parts if low <= (size := part * 10.0**place) <= high]


def score_over_time(found: Plot, *, score: str, percent: bool = True) -> Chart:
    """Dates across and the score up; a step line leads along the best so far."""
    import altair as alt

    low, high = _reach(found)
    room = max(2 * day, 0.04 * (high - low))  # also where all models have one date
    ends = [low - room, high + room]
    # A scale of numbers: one of dates cannot have its ends given where rectangles are drawn.
    written = "%Y-%m-%d" if high - low < 60 * day else "%Y-%m"
    axis = alt.Axis(
        labelExpr=f"utcFormat(datum.value, '{written}')", values=_dates(*ends), grid=False, labelOverlap=True
    )
    scale = alt.Scale(domain=ends, nice=False, zero=False)
    across = alt.X("at:Q", scale=scale, title=Sentence("date (UTC)"), axis=axis)
    return _plot(
        found,
        across,
        Sentence("date"),
        score,
        percent,
        title=Sentence("Score over time"),
        note=Sentence(
            "Line: the best score so far. Hollow: the date of the run, since that of the model is not known. Whiskers: "
            "95 % intervals."
        ),
        described=counted(
            "The score of {n} model at its date.",
            "Scores of {n} models over time.",
            n=len(found.points) + sum(item.count for item in found.crowd),
        ),
    )


def _dates(low: float, high: float) -> list[float]:
    """Up to seven dates for an axis, in milliseconds: days, or first days of months."""
    if high - low < 60 * day:
        step = next((step for step in (1, 2, 7) if (high - low) / day <= 6 * step), 14)
        return [place * day for place in range(math.ceil(low / day), math.floor(high / day) + 1) if place % step == 0]
    start, end = (datetime.fromtimestamp(at / 1000, UTC) for at in (low, high))
    first, last = (at.year * 12 + at.month - 1 for at in (start, end))
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if last - first <= 6 * step), 120)
    months = [
        datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        for month in range(first + 1, last + 1)
        if month % step == 0
    ]
    return [1000 * month.timestamp() for month in months]


def _plot(
    found: Plot, across: "alt.X", at_said: str, score: str, percent: bool, *, title: str, note: str, described: str
) -> Chart:
    """Points with whiskers, rectangles that count, the frontier and levels."""
    some([*found.points, *found.crowd], "model")
    import altair as alt

    times = 100 if percent else 1
    rows = [_point(item, times) for item in found.points]
    name = Sentence("{score}, percent", score=score) if percent else score
    upward = alt.Scale(zero=False, nice=True, padding=8)
    y, low = (alt.Y(f"{field}:Q", scale=upward, title=name, axis=alt.Axis(tickCount=6)) for field in ("value", "low"))
    tips = [
        alt.Tooltip("model:N", title=Sentence("model")),
        alt.Tooltip("said:N", title=at_said),
        alt.Tooltip("value:Q", title=score, format=",.1f"),
        alt.Tooltip("interval:N", title=Sentence("95 % interval")),
    ]
    layers: list[alt.Chart] = []
    if found.crowd:
        layers.append(_crowd(found.crowd, times, across, y))
    base = alt.Chart(data(rows)).encode(x=across)
    if _any(rows) and len(rows) <= intervals_up_to:
        faint = 0.5 if len(rows) <= 60 else 0.2
        layers.append(base.mark_rule(color=up, opacity=faint).encode(y=low, y2="high:Q"))
    best = found.frontier[-1:]  # its line goes on to the last model
    led = [
        *found.frontier,
        *(replace(item, at=_reach(found)[1]) for item in best),
    ]
    line = alt.Chart(data([{"at": item.at, "value": times * item.value} for item in led])).encode(x=across, y=y)
    layers.append(line.mark_line(interpolate="step-after", color=down, strokeWidth=2))
    solid = alt.condition("datum.solid", alt.value(0.85), alt.value(0))
    layers.append(
        base.mark_point(size=60 if len(rows) <= intervals_up_to else 25, color=up, opacity=1, cursor="pointer").encode(
            y=y, stroke=alt.value(up), fill=alt.value(up), fillOpacity=solid, tooltip=tips, href="link:N"
        )
    )
    for level in found.levels:
        if math.isfinite(level.value):
            flat = alt.Chart(data([{"value": times * level.value, "name": level.name}])).encode(y=y)
            layers.append(flat.mark_rule(strokeDash=[4, 3], color=grey, strokeWidth=1.5))
            layers.append(
                flat.mark_text(align="left", baseline="bottom", dy=-3, fontSize=11).encode(
                    x=alt.value(4), text="name:N"
                )
            )
    said = [
        Sentence("The best is {model} with {score}.", model=item.model, score=plain(times * item.value))
        for item in best
    ]
    return Chart(
        title=title,
        spec=specification(alt.layer(*layers), height=340),
        description=joined(" ", [described, *said, *(_level_said(item, times) for item in found.levels)]),
        note=note,
    )


def _point(item: ModelPoint, times: float) -> dict[str, Any]:
    return {
        "model": item.model,
        "at": item.at,
        "said": item.said,
        "value": times * item.value,
        "low": times * item.low,
        "high": times * item.high,
        "interval": _range(item, times),
        "solid": item.solid,
        "link": item.link,
    }


def _crowd(found: Sequence[Crowd], times: float, across: "alt.X", y: "alt.Y") -> "alt.Chart":
    """Rectangles, the darker the more models lie in them."""
    import altair as alt

    most = max(item.count for item in found)
    rows = [
        {
            "at": item.left,
            "to": item.right,
            "value": times * item.low,
            "top": times * item.high,
            "count": item.count,
            "strength": math.log1p(item.count) / math.log1p(most),
        }
        for item in found
    ]
    shade = alt.FillOpacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.7]), legend=None)
    made: alt.Chart = (
        alt.Chart(data(rows))
        .mark_rect(color=grey)
        .encode(
            x=across,
            x2="to:Q",
            y=y,
            y2="top:Q",
            fillOpacity=shade,
            tooltip=[alt.Tooltip("count:Q", title=Sentence("number of models"), format=",")],
        )
    )
    return made
