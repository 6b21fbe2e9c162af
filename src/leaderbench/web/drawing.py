"""From values to HTML: templates that escape every text, numbers as people read them, whiskers and heat."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from leaderbench.boards.export import shown
from leaderbench.explain.report import cells
from leaderbench.explain.report.html import as_json
from leaderbench.results.names import short_names
from leaderbench.web import files, words
from leaderbench.web.conditional import program
from leaderbench.web.live import LiveStore
from leaderbench.web.values.basics import Number
from leaderbench.web.values.boards import ShownBoard, ShownRow
from leaderbench.web.values.runs import ShownScore
from leaderbench.web.views import BoardView, Values

if TYPE_CHECKING:
    from jinja2 import Environment

Scale = tuple[float, float]

shades = 10
"""Of a heat strip."""

coldest = -12.0
"""Nats: a token less likely than this is as dark as one that is as likely as this."""


def page(
    live: LiveStore, request: Request, language: str, template: str, values: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """A page as an answer."""
    path = request.url.path
    rest = path.removeprefix(f"/{language}") if path.startswith(f"/{language}/") else "/"
    query = f"?{request.url.query}" if request.url.query else ""
    text = (
        templates(language)
        .get_template(template)
        .render(
            {
                "language": language,
                "tag": words.tags[language],
                "languages": [(code, name, f"/{code}{rest}{query}") for code, name in words.languages.items()],
                "static": files.addresses(),
                "trouble": live.trouble,
                "looking": not live.looked.is_set(),
                "remarks": live.index.remarks,
                "program": program(),
                "request_query": query,
                "api": f"/api/v1{rest}",
            }
            | dict(values)
        )
    )
    return HTMLResponse(text.encode("utf-8", "replace"), status)


@cache
def templates(language: str) -> "Environment":
    """The templates in a language, with what they call. A `Sentence` among the values is said in that language."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def printable(value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        return cells.visible(words.told(language, value))

    made = Environment(
        loader=PackageLoader("leaderbench.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "as_json": as_json,
        "drawn_cells": drawn_cells,
        "heat": heat,
        "interval": interval,
        "number": number,
        "pairs": lambda names: [(name, name) for name in names],
        "once": once,
        "prose": lambda text: prose(words.told(language, text)),
        "pretty": pretty,
        "probability": probability,
        "scale": scale,
        "scales": scales,
        "short": short_names,
        "signed": signed,
        "spaces": spaces,
        "t": partial(words.translated, language),
        "tn": partial(words.numbered, language),
        "to": partial(address, language),
        "when": when,
        "whisker": whisker,
    }
    return made


def address(language: str, kind: str, *parts: object, **query: object) -> str:
    """The address of a page: its kind, what stands behind it, and words after `?`."""
    path = "/".join([f"/{language}", kind, *(quote(str(part), safe="") for part in parts)])
    return f"{path}?{urlencode(query)}" if query else path


def number(value: Number, *, share: bool | None = None) -> str:
    """A score as people read it, a share in percent; a dash where there is none."""
    return shown(math.nan if value is None else value, share=share)


def interval(low: Number, high: Number, *, share: bool | None = None) -> str:
    """Both ends of an interval; empty where there is none."""
    if low is None or high is None:
        return ""
    if share is None:
        share = 0 <= low <= 1 and 0 <= high <= 1
    return f"{_percent(low, share)}–{_percent(high, share)}"


def _percent(value: float, share: bool) -> str:
    return cells.minus(f"{100 * value if share else value:,.1f}")


def signed(value: Number, *, share: bool = True) -> str:
    """A difference, in points where it is one of shares."""
    return "–" if value is None else cells.minus(f"{100 * value if share else value:+,.1f}")


def drawn_cells(board: ShownBoard, row: ShownRow, view: BoardView, ends: Sequence[Scale | None], to: Any) -> Any:
    """The cells of a row of a board. Written here and not in the template, since a page has thousands of them."""
    from markupsafe import Markup, escape

    label = escape(cells.visible(row.name))
    normalised = view.values is Values.NORMALISED
    found = []
    for cell, column, reach in zip(row.cells, board.columns, ends, strict=True):
        if cell is None:
            found.append('<td class="number"><span class="soft">–</span></td>')
            continue
        text = number(cell.normalised if normalised else cell.estimate)
        if cell.run:
            title = escape(cells.visible(column.title))
            shown_value = f'<a href="{escape(to("runs", cell.run))}" aria-label="{label}, {title}: {text}">{text}</a>'
        else:
            source = escape(cells.visible(f"{cell.provenance} {cell.source}"))
            shown_value = f'<span title="{source}">{text}</span>'
        below = ""
        if cell.low is not None and not normalised:
            drawn = whisker(cell.low, cell.estimate, cell.high, reach)
            below = f'<span class="ends block">{interval(cell.low, cell.high)}</span>{drawn}'
        found.append(f'<td class="number">{shown_value}{below}</td>')
    return Markup("\n".join(found))  # noqa: S704 - every text in it is escaped above


def whisker(low: Number, value: Number, high: Number, ends: Scale | None) -> str:
    """An interval with its estimate as a drawing; nothing where one of them is not known."""
    from markupsafe import Markup

    if ends is None or low is None or value is None or high is None:
        return ""
    left, middle, right = place(low, ends), place(value, ends), place(high, ends)
    return Markup(  # noqa: S704 - numbers only
        '<svg class="whisker" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="rail" x1="2" x2="98" y1="5" y2="5"/>'
        f'<line class="span" x1="{left}" x2="{right}" y1="5" y2="5"/>'
        f'<line class="point" x1="{middle}" x2="{middle}" y1="1" y2="9"/></svg>'
    )


def scales(board: ShownBoard) -> list[Scale | None]:
    """For each column the range of its intervals on this page, which its whiskers share."""
    columns = range(len(board.columns))
    found = ([row.cells[place] for row in board.rows.items] for place in columns)
    return [scale([cell for cell in column if cell is not None]) for column in found]


def scale(items: Sequence[Any]) -> Scale | None:
    """The range of some intervals (`low`, `high`); None where there is none to show."""
    ends = [end for item in items for end in (item.low, item.high) if end is not None]
    return (min(ends), max(ends)) if ends and min(ends) < max(ends) else None


def place(value: float, ends: Scale) -> float:
    """Where a value lies on a scale, 2 to 98 from left to right."""
    share = (min(max(value, ends[0]), ends[1]) - ends[0]) / (ends[1] - ends[0])
    return round(2 + 96 * share, 1)


def heat(log_probability: Number) -> int:
    """The shade of a token: 0 where the model was sure of it, 9 where it hardly thought of it."""
    if log_probability is None:
        return 0
    return min(shades - 1, int(shades * min(1.0, max(0.0, log_probability / coldest))))


def pretty(value: Any) -> str:
    """A JSON value on a few lines; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False)


def spaces(text: str) -> str:
    """A continuation with its outer spaces and line breaks visible."""
    inner = text.strip(" ")
    start = len(text) - len(text.lstrip(" "))
    return ("␣" * start + inner + "␣" * (len(text) - start - len(inner))).replace("\n", "⏎")


def when(moment: str) -> str:
    """An ISO 8601 time to the minute."""
    return moment[:16].replace("T", " ")


def once(scores: Sequence[ShownScore]) -> list[ShownScore]:
    """Scores without those of subsets that say the same again: inside a subset micro and macro means are one."""
    seen: dict[tuple[str, str | None], ShownScore] = {}
    for score in scores:
        name = score.metric if score.subset is None else score.metric.partition(" (")[0]
        seen.setdefault((name, score.subset), score)
    return list(seen.values())


def prose(text: str) -> str:
    """A text whose `words in backticks` are set as code."""
    from markupsafe import Markup, escape

    parts = cells.visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    joined = (
        escape(part) if place % 2 == 0 else Markup("<code>{}</code>").format(part) for place, part in enumerate(parts)
    )
    return Markup("").join(joined)


def probability(value: Number) -> str:
    """A p value: `0.032`, `2.4·10⁻²⁰`."""
    return "–" if value is None else cells.number(value)
