"""Charts about many models: what moves everybody, what changes who wins, and the ranks themselves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderbench.explain.report.chart_basics import (
    columns_axis,
    data,
    grey,
    many,
    plain,
    rows_axis,
    rows_scale,
    signed,
    some,
    specification,
    up,
    within,
)
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import joined
from leaderbench.sentences import Sentence

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, slots=True)
class ShiftAndReordering:
    """What one cause does to many models, in percentage points."""

    cause: str
    shift: float
    """The mean contribution over models, mu."""

    shift_low: float
    shift_high: float
    reordering: float
    """The standard deviation of the contribution between models, beyond noise, tau."""

    reordering_low: float
    reordering_high: float


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of one model in one implementation."""

    model: str
    implementation: str
    rank: float
    """1 is best; models that tie have the same."""

    score: float
    """In percent."""

    standard_error: float
    """In percentage points; NaN where unknown."""


def shift_or_reorder(found: Sequence[ShiftAndReordering], *, title: str = Sentence("Shift or reorder?")) -> Chart:
    """What each cause does to all models: how far it moves everybody (across), and how much it reorders them (up)."""
    some(found, "cause")
    import altair as alt

    rows: list[dict[str, Any]] = [
        {
            "cause": item.cause,
            "x": item.shift,
            "x_low": item.shift_low,
            "x_high": item.shift_high,
            "y": item.reordering,
            "y_low": item.reordering_low,
            "y_high": item.reordering_high,
            "shift": Sentence(
                "{value} ({interval})", value=signed(item.shift), interval=within(item.shift_low, item.shift_high)
            ),
            "reordering": Sentence(
                "{value} ({low} to {high})",
                value=plain(item.reordering),
                low=plain(item.reordering_low),
                high=plain(item.reordering_high),
            ),
        }
        for item in found
    ]
    reach = largest([abs(row[name]) for row in rows for name in ("x", "x_low", "x_high")])
    top = largest([row[name] for row in rows for name in ("y", "y_high")])
    x_scale = alt.Scale(domain=[-1.1 * reach, 1.1 * reach], nice=False)
    y_scale = alt.Scale(domain=[-0.24 * top, 1.24 * top], nice=False)
    tips = [
        alt.Tooltip("cause:N", title=Sentence("cause")),
        alt.Tooltip("shift:N", title=Sentence("shift, points")),
        alt.Tooltip("reordering:N", title=Sentence("reordering, points")),
    ]
    base = alt.Chart(data(rows)).encode(tooltip=tips)
    x_axis = alt.Axis(grid=False, tickCount=7)
    x = alt.X("x:Q", scale=x_scale, title=Sentence("shift of all models, percentage points"), axis=x_axis)
    y_axis = alt.Axis(values=ticks(top), grid=True)
    y = alt.Y("y:Q", scale=y_scale, title=Sentence("reordering, percentage points"), axis=y_axis)
    layers = alt.layer(
        alt.Chart(data([{"zero": 0}])).mark_rule(color=grey, strokeWidth=1).encode(x=alt.X("zero:Q", scale=x_scale)),
        base.mark_rule(strokeWidth=1.5, color=grey).encode(x=alt.X("x_low:Q", scale=x_scale), x2="x_high:Q", y=y),
        base.mark_rule(strokeWidth=1.5, color=grey).encode(
            x=x, y=alt.Y("y_low:Q", scale=y_scale, axis=y_axis), y2="y_high:Q"
        ),
        base.mark_point(filled=True, size=110, color=up, opacity=1).encode(x=x, y=y),
        *_point_labels(rows, x, y, reach, top),
        *_captions(),
    )
    said = [
        Sentence(
            "{cause}: shift {shift}, reordering {reordering}",
            cause=row["cause"],
            shift=row["shift"],
            reordering=row["reordering"],
        )
        for row in rows
    ]
    return Chart(
        title=title,
        spec=specification(layers, height=340),
        description=Sentence(
            "What each cause does to all models, in percentage points: {list}.", list=joined("; ", said)
        ),
        note=Sentence(
            "Across: the mean effect on all models. Up: how much the effect differs between models, beyond noise. "
            "Lines: 95 % intervals."
        ),
    )


def largest(values: Sequence[float]) -> float:
    """The largest finite value above zero; 1 where there is none."""
    return max((value for value in values if math.isfinite(value) and value > 0), default=1.0)


def ticks(top: float) -> list[float]:
    """Round places from 0 to `top`, three to six of them."""
    size = 10.0 ** math.floor(math.log10(top))
    step = next(size * part for part in (0.2, 0.5, 1.0, 2.0) if top / (size * part) <= 5)
    return [round(step * place, 12) for place in range(math.floor(top / step + 1e-9) + 1)]


def _point_labels(
    rows: Sequence[dict[str, Any]], x: "alt.X", y: "alt.Y", reach: float, top: float
) -> "list[alt.Chart]":
    """A name beside each point, toward the middle; names of near points keep to different heights."""
    import altair as alt

    heights = (-10, 13, -24, 27)
    made: list[alt.Chart] = []
    before: list[tuple[float, float, int]] = []
    for row in sorted(rows, key=lambda row: (-row["y"], row["x"])):
        left = row["x"] > 0.2 * reach
        taken = {
            level
            for at_x, at_y, level in before
            if abs(at_x - row["x"]) < 0.8 * reach and abs(at_y - row["y"]) < 0.1 * top
        }
        level = next(level for level in range(len(taken) + 1) if level not in taken)
        before.append((row["x"], row["y"], level))
        made.append(
            alt.Chart(data([row]))
            .mark_text(align="right" if left else "left", dx=-9 if left else 9, dy=heights[min(level, 3)])
            .encode(x=x, y=y, text="cause:N")
        )
    return made


def _captions() -> "list[alt.Chart]":
    """What the two directions mean, in the free strips above and below."""
    import altair as alt

    above = alt.Chart(data([{"text": Sentence("↑ changes who wins")}]))
    below = alt.Chart(data([{"text": Sentence("↔ everybody moves: scores not comparable, ranks are")}]))
    return [
        above.mark_text(align="left", baseline="top", dy=4, fontSize=10.5, fontStyle="italic").encode(
            x=alt.value(5), y=alt.value(0), text="text:N"
        ),
        below.mark_text(align="left", baseline="bottom", dy=-5, fontSize=10.5, fontStyle="italic").encode(
            x=alt.value(5), y=alt.value("height"), text="text:N"
        ),
    ]


def ranks(found: Sequence[Rank], *, title: str = Sentence("Ranks")) -> Chart:
    """A bump chart: a line a model over the implementations, names at both ends; ties carry `=` and lie side by side.

    Implementations and models stand in the order of `found`. A model that lacks an implementation has a gap there.
    """
    some(found, "rank")
    import altair as alt

    implementations = list(dict.fromkeys(item.implementation for item in found))
    models = list(dict.fromkeys(item.model for item in found))
    rows = _slots(found, implementations, models)
    height = max(row["slot"] for row in rows) + 1
    first, last = (_names(rows, place, height) for place in (0, len(implementations) - 1))
    x = alt.X(
        "place:Q",
        scale=alt.Scale(domain=[-0.12, max(len(implementations) - 1, 0) + 0.12], nice=False, zero=False),
        axis=columns_axis(implementations, grid=True),
    )
    scale = rows_scale(height)
    hover = alt.selection_point(fields=["model"], on="pointerover", clear="pointerout", empty=True)
    tips = [
        alt.Tooltip("name:N", title=Sentence("model")),
        alt.Tooltip("implementation:N", title=Sentence("implementation")),
        alt.Tooltip("label:N", title=Sentence("rank")),
        alt.Tooltip("score:N", title=Sentence("score, percent")),
    ]
    base = alt.Chart(data(rows)).encode(
        x=x,
        color=alt.Color(
            "model:N", legend=None, scale=alt.Scale(domain=list(range(len(models))), range=_colours(len(models)))
        ),
        opacity=alt.condition(hover, alt.value(1), alt.value(0.2)),
    )
    layers = alt.layer(
        base.mark_line(strokeWidth=2.5).encode(y=alt.Y("slot:Q", scale=scale, axis=rows_axis(first)), detail="model:N"),
        base.mark_point(filled=True, size=420)
        .encode(y=alt.Y("slot:Q", scale=scale, axis=rows_axis(last, orient="right")), tooltip=tips)
        .add_params(hover),
        base.mark_text(fontSize=11, fontWeight=600).encode(
            y=alt.Y("slot:Q", axis=None), text="label:N", color=alt.value("white")
        ),
    ).resolve_axis(y="independent")
    return Chart(
        title=title,
        spec=specification(layers, height=38 * height + 20),
        description=Sentence(
            "Ranks of models: {list}.",
            list="; ".join(_said(rows, implementation) for implementation in implementations),
        ),
        note=Sentence("Best at the top. Models that tie carry “=”. Pointing at one shows its score ± standard error."),
    )


def _slots(found: Sequence[Rank], implementations: Sequence[str], models: Sequence[str]) -> list[dict[str, Any]]:
    """Each rank with its height: ties take heights side by side, in the order of their names."""
    rows = []
    for place, implementation in enumerate(implementations):
        here = sorted(
            (item for item in found if item.implementation == implementation), key=lambda item: (item.rank, item.model)
        )
        for slot, item in enumerate(here):
            tied = sum(other.rank == item.rank for other in here) > 1
            error = "" if math.isnan(item.standard_error) else f" ± {plain(item.standard_error)}"
            rows.append(
                {
                    "place": place,
                    "slot": slot,
                    "model": models.index(item.model),
                    "name": item.model,
                    "implementation": implementation,
                    "label": f"{item.rank:g}{'=' if tied else ''}",
                    "score": plain(item.score) + error,
                }
            )
    return rows


def _names(rows: Sequence[dict[str, Any]], place: int, height: int) -> list[str]:
    names = [""] * height
    for row in rows:
        if row["place"] == place:
            names[row["slot"]] = row["name"]
    return names


def _colours(count: int) -> list[str]:
    return [many[place % len(many)] for place in range(count)]


def _said(rows: Sequence[dict[str, Any]], implementation: str) -> str:
    order = ", ".join(
        f"{row['label']} {row['name']} ({row['score']})" for row in rows if row["implementation"] == implementation
    )
    return f"{implementation}: {order}"
