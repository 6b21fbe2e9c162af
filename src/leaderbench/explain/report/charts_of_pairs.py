"""Charts about pairs: causes that act together, implementations that disagree."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderbench.explain.report.chart_basics import (
    columns_axis,
    data,
    down,
    grey,
    plain,
    rows_axis,
    signed,
    some,
    specification,
    up,
    within,
)
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import joined, spoken
from leaderbench.sentences import Sentence

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, slots=True)
class Interaction:
    """What two causes add together beyond what each adds alone, in percentage points."""

    first: str
    second: str
    value: float
    low: float
    high: float
    """Ends of the 95 % interval; NaN where there is none."""


def _matrix(
    rows: Sequence[dict[str, Any]], down_names: Sequence[str], across: Sequence[str], tips: "Sequence[alt.Tooltip]"
) -> dict[str, Any]:
    """Squares with numbers: `row`, `column`, `value` (signed), `strength` (0 to 1), `text`, `sure` (outlined)."""
    import altair as alt

    base = alt.Chart(data(rows)).encode(
        x=alt.X("column:O", scale=alt.Scale(domain=list(range(len(across)))), axis=columns_axis(across)),
        y=alt.Y("row:O", scale=alt.Scale(domain=list(range(len(down_names)))), axis=rows_axis(down_names)),
    )
    squares = base.mark_rect(stroke=grey).encode(
        color=alt.condition("datum.value >= 0", alt.value(up), alt.value(down)),
        fillOpacity=alt.FillOpacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.6]), legend=None),
        strokeWidth=alt.condition("datum.sure", alt.value(2), alt.value(0)),
        tooltip=list(tips),
    )
    return specification(
        alt.layer(squares, base.mark_text(fontSize=13).encode(text="text:N")), height=48 * len(down_names)
    )


def interactions(found: Sequence[Interaction], *, title: str = Sentence("Causes that act together")) -> Chart:
    """A heat map of what each pair of causes adds beyond the two alone; outlined where the interval excludes zero."""
    some(found, "pair of causes")
    import altair as alt

    causes = list(dict.fromkeys(name for item in found for name in (item.first, item.second)))
    place = {name: number for number, name in enumerate(causes)}
    largest = max((abs(item.value) for item in found if math.isfinite(item.value)), default=0.0) or 1.0
    rows = []
    for item in found:
        first, second = sorted((place[item.first], place[item.second]))
        rows.append(
            {
                "row": second - 1,
                "column": first,
                "value": item.value,
                "strength": abs(item.value) / largest,
                "text": signed(item.value),
                "sure": item.low > 0 or item.high < 0,
                "pair": joined(" × ", (item.first, item.second)),
                "interval": within(item.low, item.high),
            }
        )
    tips = [
        alt.Tooltip("pair:N", title=Sentence("causes")),
        alt.Tooltip("text:N", title=Sentence("points")),
        alt.Tooltip("interval:N", title=Sentence("95 % interval")),
    ]
    said = [
        Sentence("{cause} {points} ({interval})", cause=row["pair"], points=row["text"], interval=row["interval"])
        for row in rows
    ]
    return Chart(
        title=title,
        spec=_matrix(rows, causes[1:], causes[:-1], tips),
        description=Sentence("Interactions of two causes, in percentage points: {list}.", list=joined("; ", said)),
        note=Sentence(
            "Percentage points that two causes add together beyond what each adds alone. "
            "Outlined: the 95 % interval excludes zero."
        ),
    )


def churn(
    names: Sequence[str],
    shares: Sequence[Sequence[float]],
    *,
    title: str = Sentence("Questions that get another outcome"),
) -> Chart:
    """A matrix of the share of questions on which two implementations (or configurations) differ.

    `shares` has a row and a column for each name, shares between 0 and 1; its diagonal is not read.
    """
    some(names[1:], "pair of implementations")
    import altair as alt

    pairs = [(row, column) for row in range(len(names)) for column in range(len(names)) if row != column]
    known = [shares[row][column] for row, column in pairs if math.isfinite(shares[row][column])]
    largest = max(known, default=0.0) or 1.0
    rows: list[dict[str, Any]] = [
        {
            "row": row,
            "column": column,
            "value": shares[row][column],
            "strength": shares[row][column] / largest,
            "text": plain(100 * shares[row][column]),
            "sure": False,
            "pair": spoken((names[row], names[column])),
        }
        for row, column in pairs
    ]
    tips = [alt.Tooltip("pair:N", title=Sentence("between")), alt.Tooltip("text:N", title=Sentence("percent"))]
    said = [
        Sentence("{what} {figure}", what=row["pair"], figure=row["text"]) for row in rows if row["row"] < row["column"]
    ]
    return Chart(
        title=title,
        spec=_matrix(rows, names, names, tips),
        description=Sentence(
            "Share of questions that get another outcome, in percent: {list}.", list=joined("; ", said)
        ),
        note=Sentence("Percent of questions that one gets right and the other wrong, in either direction."),
    )
