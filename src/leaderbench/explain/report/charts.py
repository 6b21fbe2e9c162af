"""Charts of a report as Vega-Lite, made with altair, each with its data inside.

No chart tells by colour alone. All differences are in percentage points, scores in percent. Each function raises
LeaderbenchError where there is nothing to draw.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderbench.explain.report.chart_basics import (
    any_known,
    data,
    down,
    grey,
    plain,
    rows_axis,
    rows_scale,
    signed,
    some,
    specification,
    up,
    within,
)
from leaderbench.explain.report.charts_of_models import Rank, ShiftAndReordering, ranks, shift_or_reorder
from leaderbench.explain.report.charts_of_pairs import Interaction, churn, interactions
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import joined
from leaderbench.sentences import Sentence, counted

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "Contribution",
    "Interaction",
    "Rank",
    "ShiftAndReordering",
    "SubsetDifference",
    "churn",
    "contributions",
    "interactions",
    "margins",
    "ranks",
    "shift_or_reorder",
    "subsets",
]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one cause adds to the difference of two scores, in percentage points."""

    cause: str
    value: float
    low: float
    high: float
    """Ends of the 95 % interval; NaN where there is none."""

    minimum: float
    maximum: float
    """The least and the most that the cause adds over all orders of the causes; NaN where unknown."""


@dataclass(frozen=True, slots=True)
class SubsetDifference:
    """The net difference in one part of a benchmark, in percentage points."""

    subset: str
    value: float
    low: float
    high: float
    """Ends of the 95 % interval; NaN where there is none."""

    n: int
    """Questions."""


def contributions(
    start: tuple[str, float],
    causes: Sequence[Contribution],
    end: tuple[str, float],
    remainder: float | None = None,
    *,
    title: str = Sentence("From one score to the other"),
) -> Chart:
    """From A's score to B's, one bar a cause.

    `start` and `end` are names and scores in percent. Each bar begins where the one before ended, with its 95 %
    interval as a whisker at its end and the range over all orders of the causes as a thinner line below. `remainder` is
    what the measured causes leave of a published difference; it gets a bar of its own.
    """
    some(causes, "cause")
    rows = _steps(start[1], causes, remainder)
    notes: list[str] = [Sentence("Each bar begins where the one above ended. Whisker: 95 % interval.")]
    if any(math.isfinite(item.minimum) for item in causes):
        notes.append(
            Sentence(
                "Thin line below a bar: the least and the most that the cause adds, over all orders of the causes."
            )
        )
    if remainder is not None:
        notes.append(Sentence("Grey bar: what these causes leave of the published difference."))
    said = [
        Sentence("{cause} {points} ({interval})", cause=row["cause"], points=row["text"], interval=row["interval"])
        for row in rows
    ]
    return Chart(
        title=title,
        spec=specification(_staircase(start, rows, end), height=34 * (len(rows) + 2)),
        description=Sentence(
            "From {a} with {score_a} percent to {b} with {score_b} percent, in percentage points: {causes}.",
            a=start[0],
            score_a=plain(start[1]),
            b=end[0],
            score_b=plain(end[1]),
            causes=joined("; ", said),
        ),
        note=joined(" ", notes),
    )


def _staircase(
    start: tuple[str, float], rows: Sequence[dict[str, Any]], end: tuple[str, float]
) -> "alt.LayerChart | alt.FacetChart":
    """Bars, whiskers and the lines that lead from one to the next."""
    import altair as alt

    count = len(rows) + 2
    left = rows_axis([start[0], *(row["cause"] for row in rows), end[0]])
    right = rows_axis([plain(start[1]), *(row["text"] for row in rows), plain(end[1])], orient="right")
    ends = [
        {"row": 0, "at": start[1], "name": start[0], "score": plain(start[1])},
        {"row": count - 1, "at": end[1], "name": end[0], "score": plain(end[1])},
    ]
    links = [{"row": row["row"] - 0.72, "to": row["row"] + 0.28, "at": row["from"]} for row in rows]
    links.append({"row": count - 1.72, "to": count - 0.75, "at": rows[-1]["end"]})
    scale = rows_scale(count)
    across = alt.Scale(zero=False, nice=True, padding=8)
    x = alt.X("at:Q", scale=across, title=Sentence("score, percent"), axis=alt.Axis(tickCount=7))
    color = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=["up", "down", "rest"], range=[up, down, grey]))
    tips = [
        alt.Tooltip("cause:N", title=Sentence("cause")),
        alt.Tooltip("text:N", title=Sentence("points")),
        alt.Tooltip("interval:N", title=Sentence("95 % interval")),
        alt.Tooltip("orders:N", title=Sentence("over all orders")),
    ]
    steps = alt.Chart(data(rows)).encode(tooltip=tips)
    link, rect = alt.Chart(data(links)).mark_rule(color=grey, strokeDash=[2, 2]), steps.mark_rect(cornerRadius=1)
    whisker, orders = steps.mark_rule(strokeWidth=2), steps.mark_rule(strokeWidth=1, color=grey)
    point = alt.Chart(data(ends)).mark_point(filled=True, size=90, color=grey, opacity=1)
    drawn = [
        link.encode(x=x, y=alt.Y("row:Q", scale=scale, axis=left), y2="to:Q"),
        rect.encode(x="from:Q", x2="end:Q", y=alt.Y("top:Q", scale=scale, axis=right), y2="bottom:Q", color=color),
    ]
    if any_known(rows, "minimum"):
        drawn.append(orders.encode(x="minimum:Q", x2="maximum:Q", y=alt.Y("under:Q", axis=None)))
    if any_known(rows, "low"):
        drawn.append(whisker.encode(x="low:Q", x2="high:Q", y=alt.Y("row:Q", axis=None)))
    names = [
        alt.Tooltip("name:N", title=Sentence("configuration")),
        alt.Tooltip("score:N", title=Sentence("score, percent")),
    ]
    drawn.append(point.encode(x="at:Q", y=alt.Y("row:Q", axis=None), tooltip=names))
    made: alt.LayerChart | alt.FacetChart = alt.layer(*drawn).resolve_axis(y="independent")
    return made


def _steps(at: float, causes: Sequence[Contribution], remainder: float | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    parts = [*causes]
    if remainder is not None:
        parts.append(Contribution(Sentence("not reproduced"), remainder, math.nan, math.nan, math.nan, math.nan))
    for row, part in enumerate(parts, 1):
        rest = remainder is not None and row == len(parts)
        rows.append(
            {
                "row": row,
                "top": row - 0.28,
                "bottom": row + 0.28,
                "under": row + 0.4,
                "from": at,
                "end": at + part.value,
                "low": at + part.low,
                "high": at + part.high,
                "minimum": at + part.minimum,
                "maximum": at + part.maximum,
                "kind": "rest" if rest else "up" if part.value >= 0 else "down",
                "cause": part.cause,
                "text": signed(part.value),
                "interval": within(part.low, part.high),
                "orders": within(part.minimum, part.maximum),
            }
        )
        at += part.value
    return rows


def subsets(found: Sequence[SubsetDifference], *, title: str = Sentence("Difference by subset")) -> Chart:
    """The net difference in each subset, largest first, with its 95 % interval."""
    some(found, "subset")
    import altair as alt

    order = sorted(found, key=lambda item: (math.isnan(item.value), -item.value, item.subset))
    rows = [
        {
            "row": row,
            "subset": item.subset,
            "value": item.value,
            "low": item.low,
            "high": item.high,
            "sure": item.low > 0 or item.high < 0,
            "text": signed(item.value),
            "interval": within(item.low, item.high),
            "n": item.n,
        }
        for row, item in enumerate(order)
    ]
    tips = [
        alt.Tooltip("subset:N", title=Sentence("subset")),
        alt.Tooltip("text:N", title=Sentence("points")),
        alt.Tooltip("interval:N", title=Sentence("95 % interval")),
        alt.Tooltip("n:Q", title=Sentence("questions"), format=","),
    ]
    colour = alt.condition("datum.value >= 0", alt.value(up), alt.value(down))
    names = rows_axis([item.subset for item in order], lines=1)
    base = alt.Chart(data(rows)).encode(y=alt.Y("row:Q", scale=rows_scale(len(rows)), axis=names), tooltip=tips)
    points = alt.Axis(tickCount=7)
    x, low = (alt.X(f"{name}:Q", title=Sentence("percentage points"), axis=points) for name in ("value", "low"))
    zero = alt.Chart(data([{"zero": 0}])).mark_rule(color=grey, strokeWidth=1).encode(x="zero:Q")
    whisker = base.mark_rule(strokeWidth=1.5, opacity=0.75).encode(x=low, x2="high:Q", color=colour)
    filled = alt.condition("datum.sure", alt.value(1), alt.value(0))
    point = base.mark_point(size=60, opacity=1).encode(x=x, stroke=colour, fill=colour, fillOpacity=filled)
    layers = alt.layer(zero, *([whisker] if any_known(rows, "low") else []), point)
    sure = [row for row in rows if row["sure"]]
    said = [
        Sentence("{cause} {points} ({interval})", cause=row["subset"], points=row["text"], interval=row["interval"])
        for row in sure
    ]
    described = (
        Sentence("the interval excludes zero in: {list}.", list=joined("; ", said))
        if said
        else Sentence("no interval excludes zero.")
    )
    return Chart(
        title=title,
        spec=specification(layers, height=max(80, (18 if len(rows) > 12 else 26) * len(rows))),
        description=counted(
            "Net difference in {n} subset, in percentage points; {said}",
            "Net difference in {n} subsets, in percentage points; {said}",
            n=len(rows),
            said=described,
        ),
        note=Sentence("Filled: the 95 % interval excludes zero. With many subsets, one in twenty does so by chance."),
    )


def margins(
    found: Sequence[float],
    near_tie: float,
    *,
    title: str = Sentence("How close the flipped questions were"),
    bins: int = 4,
) -> Chart:
    """A histogram of the margins of flipped questions, on a logarithmic scale.

    `near_tie` is the margin, above zero, below which float noise can turn an answer; a line marks it. `bins` is the
    number of bars for each power of ten. Exact ties stand in the lowest bar; margins that are not known are counted in
    the note.
    """
    known = [abs(value) for value in found if math.isfinite(value)]
    some(known, "known margin")
    import altair as alt

    positive = [value for value in known if value > 0] or [near_tie]
    lowest = math.floor(bins * math.log10(min(*positive, near_tie))) - (1 if len(positive) < len(known) else 0)
    counts = Counter(max(lowest, math.floor(bins * math.log10(value))) if value > 0 else lowest for value in known)
    rows = [
        {
            "from": 10 ** (place / bins),
            "to": 10 ** ((place + 1) / bins),
            "count": count,
            "below": 10 ** ((place + 0.5) / bins) < near_tie,
            "zero": 0,
            "range": Sentence(
                "{low} to {high}", low=f"{10 ** (place / bins):.2g}", high=f"{10 ** ((place + 1) / bins):.2g}"
            ),
        }
        for place, count in sorted(counts.items())
    ]
    tips = [
        alt.Tooltip("range:N", title=Sentence("margin")),
        alt.Tooltip("count:Q", title=Sentence("questions"), format=","),
    ]
    bars = (
        alt.Chart(data(rows))
        .mark_rect(xOffset=0.5, x2Offset=-0.5)
        .encode(
            x=alt.X(
                "from:Q",
                scale=alt.Scale(type="log", nice=False),
                title=Sentence("margin"),
                axis=alt.Axis(labelExpr="format(datum.value, datum.value < 0.001 ? '.0e' : '~g')", tickCount=6),
            ),
            x2="to:Q",
            y=alt.Y("zero:Q", title=Sentence("flipped questions"), axis=alt.Axis(tickMinStep=1)),
            y2="count:Q",
            color=alt.condition("datum.below", alt.value(grey), alt.value(up)),
            tooltip=tips,
        )
    )
    line = alt.Chart(data([{"at": near_tie, "text": Sentence("near tie")}]))
    layers = alt.layer(
        bars,
        line.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(x="at:Q"),
        line.mark_text(align="left", baseline="top", dx=5).encode(x="at:Q", y=alt.value(0), text="text:N"),
    )
    near = sum(value < near_tie for value in known)
    unknown = len(found) - len(known)
    notes: list[str] = [
        Sentence(
            "{near} of {all} flipped questions are near ties, left of the line at {limit}: float noise can turn them.",
            near=near,
            all=len(known),
            limit=f"{near_tie:.1g}",
        )
    ]
    if unknown:
        notes.append(Sentence("The margins of {unknown} more are not known.", unknown=unknown))
    note = joined(" ", notes)
    return Chart(
        title=title,
        spec=specification(layers, height=220),
        description=Sentence(
            "Histogram of the margins of {all} flipped questions, {low} to {high}. {note}",
            all=len(known),
            low=f"{min(known):.1g}",
            high=f"{max(known):.1g}",
            note=note,
        ),
        note=note,
    )
