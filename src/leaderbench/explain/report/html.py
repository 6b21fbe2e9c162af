"""A report as one page that needs nothing else: no network, no other file.

Every string of a report is hostile: names of models and questions may hold markup, scripts or control characters.
Jinja2 escapes each, charts come as JSON without `<`, and the page's own policy lets run only the scripts that it was
made with, and lets none of them, nor any style, ask for anything.
"""

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from leaderbench.explain.report import cells, prompt_differences
from leaderbench.explain.report.prompt_differences import Changed, Piece, Same
from leaderbench.explain.report.values import Bar, Chart, Flip, Flips, Report, Section, Table, Version
from leaderbench.records import Json, finite
from leaderbench.text.visible import one_line, visible

if TYPE_CHECKING:
    from jinja2 import Template

PROMPT_BYTES = 2_600_000
"""How much of a page may be prompts, so that it stays below 5 MB; the space is shared evenly among the questions."""

MAX_PROMPT = 12_000
"""Characters of one prompt that are shown at most."""

MIN_PROMPT = 200
"""Characters of one prompt that are shown in any case."""

ENDS_SHOWN = {"first": (0, 8), "between": (2, 2), "last": (2, 10), "only": (0, 12)}
"""Lines at the start and at the end of a shared passage that stay in sight, by where it stands in the prompt."""

BAR_WIDTH = 120
"""Of a bar in a table, in CSS pixels."""

MARGIN = 4
"""Free space at both ends of it."""


def to_html(report: Report) -> str:
    """The report as one self-contained page, in HTML.

    It can be encoded as UTF-8 whatever the report holds. Longer prompts are shown in part, and say so.
    """
    from markupsafe import Markup

    style = resource("report.css") + resource("charts.css")
    scripts = [resource("charts.js"), resource("report.js")]
    if any(isinstance(section, Chart) for section in report.sections):
        scripts.insert(0, vega())
    allowance = prompt_allowance([flip for flips in _flips(report) for flip in flips.flips])
    page: str = _template().render(
        report=report,
        policy=content_policy(scripts, style),
        style=Markup(style),  # noqa: S704
        scripts=[Markup(script) for script in scripts],  # noqa: S704
        passages=partial(passages, allowance=allowance),
    )
    return page + "\n"


def _flips(report: Report) -> list[Flips]:
    return [section for section in report.sections if isinstance(section, Flips)]


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def printable(value: Any) -> Any:
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    made = Environment(autoescape=True, undefined=StrictUndefined, finalize=printable, keep_trailing_newline=False)
    made.globals |= {
        "as_json": as_json,
        "causes": lambda section: list(dict.fromkeys(flip.cause for flip in section.flips)),
        "change": change,
        "changes": lambda section: list(dict.fromkeys(map(change, section.flips))),
        "grid": grid,
        "kind_of": kind_of,
        "listed": listed,
        "margin": margin,
        "marked": marked,
        "short": short,
    }
    return made.from_string(resource("report.html.j2"))


def resource(name: str) -> str:
    """A file of this folder, such as `charts.js`, which draws the charts of a page that has them."""
    return resources.files("leaderbench.explain.report").joinpath(name).read_text(encoding="utf-8")


@cache
def vega() -> str:
    """The JavaScript that draws charts: Vega, Vega-Lite and vega-embed, from the wheel of vl-convert."""
    import vl_convert

    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def content_policy(scripts: Sequence[str], style: str) -> str:
    """What a browser may do with the page: run these scripts and this style, and fetch nothing."""
    allowed = " ".join(map(_digest, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def as_json(value: Json) -> str:
    """JSON that can stand in a script element: without `<`, `>` and `&`; numbers that JSON has no word for are null."""
    from markupsafe import Markup

    text = json.dumps(finite(value), allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704


def kind_of(section: Section) -> str:
    """The name of a section's type, for the template."""
    return type(section).__name__


@dataclass(frozen=True, slots=True)
class Drawing:
    """A bar with its whisker, in CSS pixels from the left."""

    start: float
    width: float
    zero: float
    below: bool
    """Whether the value is below zero."""

    whisker: tuple[float, float] | None
    """Where the 95 % interval begins and ends."""


@dataclass(frozen=True, slots=True)
class PageCell:
    """A table cell as the template writes it."""

    text: str
    value: float | None = None
    """What the column is sorted by, where it is a number."""

    numeric: bool = False
    heads_row: bool = False
    span: int = 1
    """3 in a column with bars: number, interval, drawing."""

    ends: str = ""
    drawing: Drawing | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A column's name as the template writes it."""

    name: str
    span: int
    numeric: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as the template writes it."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[PageCell, ...], ...]


def grid(table: Table) -> Grid:
    """A table with its bars laid out, those of a column on one scale."""
    heads, columns = [], []
    for place, name in enumerate(table.columns):
        column = cells.column(table, place)
        bars, numeric = cells.bars(column), cells.is_numeric(column)
        heads.append(Head(name, 3 if bars else 1, numeric))
        scale, signed = cells.scale(bars), cells.is_signed(bars)
        columns.append(
            [
                PageCell(
                    text=cells.minus(cells.text(cell, signed=signed)) if numeric else cells.text(cell),
                    value=_sorted_by(cell),
                    numeric=numeric,
                    heads_row=place == 0 and not numeric,
                    span=3 if bars else 1,
                    ends=cells.interval(cell, signed=signed) if isinstance(cell, Bar) else "",
                    drawing=drawing(cell, scale) if isinstance(cell, Bar) and math.isfinite(cell.value) else None,
                )
                for cell in column
            ]
        )
    return Grid(tuple(heads), tuple(zip(*columns, strict=True)))


def _sorted_by(cell: object) -> float | None:
    value = cell.value if isinstance(cell, Bar) else cell
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def drawing(bar: Bar, scale: tuple[float, float]) -> Drawing:
    """Where a bar and its whisker lie on a scale that has zero within."""
    low, high = scale

    def place(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(MARGIN + share * (BAR_WIDTH - 2 * MARGIN), 1)

    zero, end = place(0.0), place(bar.value)
    known = math.isfinite(bar.low) and math.isfinite(bar.high)
    return Drawing(
        start=min(zero, end),
        width=round(abs(end - zero), 1),
        zero=zero,
        below=bar.value < 0,
        whisker=(place(bar.low), place(bar.high)) if known else None,
    )


def change(flip: Flip) -> str:
    """What the flip did to the score: `right → wrong`, `wrong → right` or `wrong → wrong`."""
    first, second = ("right" if version.right else "wrong" for version in (flip.a, flip.b))
    return f"{first} → {second}"


def margin(version: Version) -> str:
    """How far ahead the answer was, as a sentence fragment."""
    if math.isnan(version.margin):
        return "margin unknown"
    return f"{cells.number(float(version.margin))} ahead of the runner-up"


def short(answer: str) -> str:
    """An answer for a line of a list."""
    line = one_line(answer)
    return line if len(line) <= 60 else line[:59] + "…"


def listed(section: Flips) -> str:
    """How many questions flipped, how many of them are listed, and how to read them."""
    shown = len(section.flips)
    many = f"{section.total:,} question{'' if section.total == 1 else 's'}"
    if section.total > shown:
        count = f"{shown:,} of {many} are listed."
    else:
        count = f"{many}, all listed." if shown else f"{many}."
    legend = (
        "What only one prompt has is underlined; there · is a space that is easily overlooked, ⏎ a line break, → a tab "
        "and ⍽ another kind of space."
    )
    return " ".join(part for part in (count, section.note, legend if shown else "") if part)


def marked(text: str) -> str:
    """Changed text with the spaces visible that a reader would overlook."""
    if not text.strip():
        text = text.replace("\n", "⏎\n")
    text = re.sub(r"^ +| +$|  +", lambda spaces: "·" * len(spaces[0]), text, flags=re.MULTILINE)
    return re.sub(r"[^\S \n\t\x00-\x1f]", "⍽", text).replace("\t", "→\t")


@dataclass(frozen=True, slots=True)
class PagePassage:
    """A passage of two prompts as the template writes it."""

    text: str = ""
    folded: bool = False
    summary: str = ""
    differs: bool = False
    a: tuple[Piece, ...] = ()
    b: tuple[Piece, ...] = ()


def prompt_allowance(flips: Sequence[Flip]) -> int:
    """How many characters of each prompt are shown, so that all of them together keep within `PROMPT_BYTES`."""
    prompts = [prompt for flip in flips for prompt in (flip.a.prompt, flip.b.prompt)]
    characters = sum(map(len, prompts))
    if not characters:
        return MAX_PROMPT
    size = sum(len(html.escape(visible(prompt)).encode()) for prompt in prompts)
    share = PROMPT_BYTES * characters / size / len(prompts)
    return max(MIN_PROMPT, min(MAX_PROMPT, int(share)))


def passages(flip: Flip, allowance: int = MAX_PROMPT) -> list[PagePassage]:
    """Both prompts of a flip: what differs side by side, what both share once, and most of that folded."""
    found = prompt_differences.shortened(prompt_differences.compare(flip.a.prompt, flip.b.prompt), allowance)
    made: list[PagePassage] = []
    for place, passage in enumerate(found):
        match passage:
            case Changed(a, b):
                made.append(PagePassage(differs=True, a=a, b=b))
            case Same(text):
                made += _folded(text, _position(place, len(found)))
    return made


def _position(place: int, count: int) -> str:
    if count == 1:
        return "only"
    return "first" if place == 0 else "last" if place == count - 1 else "between"


def _folded(text: str, position: str) -> Iterator[PagePassage]:
    """A shared passage in up to three parts, the middle one folded."""
    lines = prompt_differences.lines(text)
    start, end = ENDS_SHOWN[position]
    hidden = len(lines) - start - end
    if hidden < 4:
        yield PagePassage(text)
        return
    if start:
        yield PagePassage("".join(lines[:start]))
    summary = f"{hidden:,} lines that both prompts share"
    yield PagePassage("".join(lines[start : start + hidden]), folded=True, summary=summary)
    yield PagePassage("".join(lines[start + hidden :]))
