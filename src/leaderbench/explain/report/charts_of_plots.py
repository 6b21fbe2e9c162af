"""Plots of many models: their scores against their size, and over time.

Values are as they were measured; with `percent` they are shares, and drawn in percent. A mark with a `link` leads there
when it is clicked.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leaderbench.explain.report.chart_basics import data, down, grey, many, plain, some, specification, up
from leaderbench.explain.report.charts_of_scores import Level, any_low, level_said, written_interval
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import joined
from leaderbench.models.facts import ModelType
from leaderbench.sentences import Sentence, counted

if TYPE_CHECKING:
    import altair as alt

day = 86_400_000
"""Milliseconds."""


narrow, tall, letter, row = 560, 300, 6.2, 15
"""In pixels: the width below which a plot has no names in it, its height without margins, a letter and a line."""

intervals_up_to = 300
"""Points with whiskers; more of them would hide each other."""


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
    short: str = ""
    """A name to be written beside it; empty for none."""

    kind: str = ""
    """What its colour tells; all are of one colour where there is one kind only."""


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
        ends=[math.log(end) if end > 0 else 0.0 for end in ends],
        place=lambda at: math.log(at) if at > 0 else 0.0,
        title=Sentence("Size against score"),
        line=low < high and bool(found.frontier),
        note=_noted(found, low < high, _LARGEST, _ONE_SIZE, Sentence("Hollow: the size is guessed from the name.")),
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
    spread = high - low >= day
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
        ends=ends,
        place=float,
        title=Sentence("Score over time"),
        line=spread,
        note=_noted(found, spread, Sentence("Line: the best score so far."), _ONE_DAY, _DATE_OF_RUN),
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


_LARGEST = Sentence("Line: the best score of any model of a known size up to that one.")
_ONE_SIZE = Sentence("All of these models have one size, so no line leads from one to a larger one.")
_ONE_DAY = Sentence("All of these dates lie within one day, so no line leads from one to a later one.")
_DATE_OF_RUN = Sentence("Hollow: the date of the run, since that of the model is not known.")


def _noted(found: Plot, spread: bool, line: str, alike: str, hollow: str) -> str:
    """What the line is, or why there is none, and what hollow points are."""
    notes = [alike] if not spread else [line] if found.frontier else []
    notes += [hollow] if not all(item.solid for item in found.points) else []
    return joined(" ", notes)


def _plot(
    found: Plot,
    across: "alt.X",
    at_said: str,
    score: str,
    percent: bool,
    *,
    ends: Sequence[float],
    place: Callable[[float], float],
    title: str,
    line: bool,
    note: str,
    described: str,
) -> Chart:
    """Points with whiskers, rectangles that count, with `line` the frontier, and levels."""
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
    if len({item.kind for item in found.points}) > 1:
        tips.append(alt.Tooltip("kind:N", title=Sentence("type")))
    layers: list[alt.Chart] = []
    if found.crowd:
        layers.append(_crowd(found.crowd, times, across, y))
    base = alt.Chart(data(rows)).encode(x=across)
    notes = [note]
    if any_low(rows) and len(rows) <= intervals_up_to:
        notes.append(Sentence("Whiskers: 95 % intervals."))
        faint = 0.5 if len(rows) <= 60 else 0.2
        layers.append(base.mark_rule(color=up, opacity=faint).encode(y=low, y2="high:Q"))
    if line:
        layers.append(_frontier(found, times, across, y))
    layers.append(_dots(base, [item.kind for item in found.points], len(rows)).encode(y=y, tooltip=tips, href="link:N"))
    if named := _with_room(found, ends, place):
        names = alt.Chart(data([{**_point(item, times), "short": item.short} for item in named])).encode(x=across, y=y)
        room = alt.ExprRef(f"width < {narrow} ? 0 : 1")
        layers.append(
            names.mark_text(align="right", baseline="bottom", dx=-5, dy=-4, fontSize=11, opacity=room).encode(
                text="short:N", tooltip=tips, href="link:N"
            )
        )
    for level in found.levels:
        if math.isfinite(level.value):
            layers += _level(level, times, y)
    said = [
        Sentence("The best is {model} with {score}.", model=item.model, score=plain(times * item.value))
        for item in found.frontier[-1:]
    ]
    return Chart(
        title=title,
        spec=specification(alt.layer(*layers), height=340),
        description=joined(" ", [described, *said, *(level_said(item, times) for item in found.levels)]),
        note=joined(" ", notes),
    )


def _dots(base: "alt.Chart", kinds: Sequence[str], count: int) -> "alt.Chart":
    """A dot a model, hollow where its place across is not known, in the colour of its kind."""
    import altair as alt

    order = [kind for kind in (*ModelType, "unknown") if kind in kinds]
    fills: Any = alt.value(up)
    strokes: Any = alt.value(up)
    if len(order) > 1:
        colours = [grey if name == "unknown" else many[list(ModelType).index(ModelType(name))] for name in order]
        scale = alt.Scale(domain=[Sentence(name) for name in order], range=colours)
        legend = alt.Legend(orient="top", title=None, symbolType="circle", symbolOpacity=1)
        fills = alt.Fill("kind:N", scale=scale, legend=legend)
        strokes = alt.Stroke("kind:N", scale=scale, legend=legend)
    solid = alt.condition("datum.solid", alt.value(0.85), alt.value(0))
    size = 60 if count <= intervals_up_to else 25
    dots: alt.Chart = base.mark_point(size=size, opacity=1, cursor="pointer")
    return dots.encode(stroke=strokes, fill=fills, fillOpacity=solid)


def _with_room(found: Plot, ends: Sequence[float], place: Callable[[float], float]) -> list[ModelPoint]:
    """Those of the best so far whose names have room up and to the left of them, where nobody is; the best come first.

    Rooms are reckoned for a plot of `narrow` by `tall` pixels.
    """
    values = [item.value for item in found.points] + [end for item in found.crowd for end in (item.low, item.high)]
    low, high = min(values), max(values)
    named: list[ModelPoint] = []
    taken: list[tuple[float, float, float]] = []
    for item in reversed(found.frontier):
        right = narrow * (place(item.at) - ends[0]) / ((ends[1] - ends[0]) or 1.0)
        left, up_there = right - letter * len(item.short), tall * (item.value - low) / ((high - low) or 1.0)
        is_free = all(right < other[0] or left > other[1] or abs(up_there - other[2]) > row for other in taken)
        if item.short and left > 0 and is_free:
            named.append(item)
            taken.append((left, right, up_there))
    return named


def _level(level: Level, times: float, y: "alt.Y") -> "list[alt.Chart]":
    """A dashed line across, with its name on it."""
    import altair as alt

    flat = alt.Chart(data([{"value": times * level.value, "name": level.name}])).encode(y=y)
    name = flat.mark_text(align="left", baseline="bottom", dy=-3, fontSize=11).encode(x=alt.value(4), text="name:N")
    return [flat.mark_rule(strokeDash=[4, 3], color=grey, strokeWidth=1.5), name]


def _frontier(found: Plot, times: int, across: "alt.X", y: "alt.Y") -> "alt.Chart":
    """A step line along the best so far; the last one's goes on to the last model."""
    import altair as alt

    led = [*found.frontier, *(replace(item, at=_reach(found)[1]) for item in found.frontier[-1:])]
    base = alt.Chart(data([{"at": item.at, "value": times * item.value} for item in led])).encode(x=across, y=y)
    line: alt.Chart = base.mark_line(interpolate="step-after", color=down, strokeWidth=2)
    return line


def _point(item: ModelPoint, times: float) -> dict[str, Any]:
    return {
        "model": item.model,
        "at": item.at,
        "said": item.said,
        "value": times * item.value,
        "low": times * item.low,
        "high": times * item.high,
        "interval": written_interval(item.low, item.high, times),
        "solid": item.solid,
        "link": item.link,
        "kind": item.kind,
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
