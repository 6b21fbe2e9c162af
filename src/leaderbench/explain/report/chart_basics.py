"""What the charts of a report have in common: colours, axes, texts, and Vega-Lite without configuration.

Colours of marks are in the middle between black and white, and differ in lightness and hue as those of Okabe and Ito
do, so that they work on light and dark pages and for colour-blind readers; text and lines take the page's colours.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report import cells
from leaderbench.sentences import Sentence
from leaderbench.text.visible import one_line

if TYPE_CHECKING:
    import altair as alt

up = "#3b82c4"
"""More, better, above zero."""

down = "#d1752b"
"""Less, worse, below zero."""

grey = "#878f99"

many = ("#2f77bb", "#bf6320", "#1f8a68", "#a85798", "#7c8122", "#7062c8", "#bd4a5f", "#2f8ba0")
"""For lines that must be told apart; dark enough for white numbers on them."""

LINE_HEIGHT = 14
"""Of the labels of an axis, in pixels."""


def signed(value: float, digits: int = 1) -> str:
    """A difference as text: `+1.2`, `−0.4`; a dash for NaN."""
    return cells.number(float(value), digits, signed=True).replace("-", "−")


def plain(value: float, digits: int = 1) -> str:
    """A level as text."""
    return cells.number(float(value), digits).replace("-", "−")


def within(low: float, high: float, digits: int = 1) -> str:
    """A 95 % interval of a difference as text; a dash where there is none."""
    if math.isnan(low) or math.isnan(high):
        return cells.nothing
    return Sentence("{low} to {high}", low=signed(low, digits), high=signed(high, digits))


def some(rows: Sequence[Any], what: str) -> None:
    """LeaderbenchError where there is nothing to draw."""
    if not rows:
        raise LeaderbenchError(f"There is nothing to draw: give at least one {what}.")


def any_known(rows: Sequence[dict[str, Any]], name: str) -> bool:
    """Whether any row has a number there; Vega complains of a scale without any."""
    return any(math.isfinite(row[name]) for row in rows)


def wrapped(name: str, width: int, most: int) -> list[str]:
    """A name in at most `most` lines of about `width` characters, broken at spaces and hyphens."""
    lines = [""]
    for word in re.findall(r"[^\s/-]*[\s/-]?", one_line(name)):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width and len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += word
    return [line.rstrip() for line in lines]


class Labels(str):
    """A Vega expression that names the ticks 0, 1, … of an axis, each with one line or several."""

    names: Sequence[str]
    width: int
    most: int

    def __new__(cls, names: Sequence[str], width: int, most: int) -> "Labels":
        """Names broken into at most `most` lines of about `width` characters."""
        broken = [wrapped(name, width, most) for name in names]
        written = json.dumps([lines if len(lines) > 1 else lines[0] for lines in broken])
        made = super().__new__(cls, f"{written}[datum.value]")
        made.names, made.width, made.most = names, width, most
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:  # altair copies what it is given
        return self.names, self.width, self.most

    def told(self, translated: Callable[[str], str]) -> "Labels":
        """The same with those names translated that are sentences."""
        names = [translated(name) if isinstance(name, Sentence) else name for name in self.names]
        return Labels(names, self.width, self.most)


def columns_axis(names: Sequence[str], **settings: Any) -> "alt.Axis":
    """A horizontal axis above a chart with one name a column; columns are 0, 1, … from the left."""
    import altair as alt

    width = 11 if len(names) < 5 else 8
    broken = [wrapped(name, width, 3) for name in names]
    return alt.Axis(
        values=list(range(len(names))),
        labelExpr=Labels(names, width, 3),
        labelAngle=0,
        labelOverlap=False,
        labelPadding=6 + LINE_HEIGHT * (max(map(len, broken)) - 1),  # lines run down from where the first one stands
        title=None,
        ticks=False,
        domain=False,
        orient="top",
        **settings,
    )


def rows_axis(names: Sequence[str], *, lines: int = 2, **settings: Any) -> "alt.Axis":
    """A vertical axis with one name a row, in up to two lines; rows are at 0, 1, … from the top."""
    import altair as alt

    broken = [wrapped(name, 18, lines) for name in names]
    double = [row for row, parts in enumerate(broken) if len(parts) > 1]
    is_double = {"test": f"indexof({double}, datum.value) >= 0", "value": "bottom"}
    return alt.Axis(
        values=list(range(len(names))),
        labelExpr=Labels(names, 18, lines),
        # The first of two lines stands above the middle of its row.
        labelBaseline={"condition": is_double, "value": "middle"},
        title=None,
        grid=False,
        ticks=False,
        domain=False,
        **settings,
    )


def rows_scale(count: int) -> "alt.Scale":
    """Rows 0, 1, … from the top, half a row free on both sides."""
    import altair as alt

    return alt.Scale(domain=[-0.6, count - 0.4], reverse=True, nice=False, zero=False)


def data(rows: Sequence[dict[str, Any]]) -> "alt.InlineData":
    """Rows as they stand; NaN and infinities become null."""
    import altair as alt

    return alt.InlineData(values=[{name: _known(value) for name, value in row.items()} for row in rows])


def _known(value: Any) -> Any:
    if isinstance(value, Sentence):
        return value.mapped(one_line)
    if isinstance(value, str):
        return one_line(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def specification(chart: "alt.LayerChart | alt.FacetChart | alt.Chart", *, height: float) -> dict[str, Any]:
    """The chart as Vega-Lite, as wide as the page; it carries no configuration, so that the page can give its own."""
    import altair as alt

    with alt.theme.enable("none"):
        sized = chart.properties(width="container", height=height, autosize=alt.AutoSizeParams(type="fit-x"))
        spec: dict[str, Any] = sized.to_dict()
    spec.pop("config", None)
    return spec
