"""From values to HTML: templates that escape every text, numbers as people read them, whiskers and heat."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from leaderbench.boards import export
from leaderbench.boards.export import shown
from leaderbench.boards.spec import said
from leaderbench.explain.report import cells
from leaderbench.explain.report.html import as_json, grid, kind_of
from leaderbench.models.search import unreadable
from leaderbench.models.spelling import characters
from leaderbench.results.names import short_names
from leaderbench.text.visible import visible
from leaderbench.web import files, notation, words
from leaderbench.web.conditional import program
from leaderbench.web.live import LiveStore
from leaderbench.web.values.basics import Number
from leaderbench.web.values.runs import ShownScore

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

Scale = tuple[float, float]

shades = 10
"""Of a heat strip."""

coldest = -40.0
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
                "looking": live.reading,
                "remarks": live.index.remarks,
                "program": program(),
                "own": live.site(),
                "site_title": said(live.site().site.title, language),
                "site_description": said(live.site().site.description, language),
                "site_footer": said(live.site().site.footer, language),
                "updated": _updated(live),
                "here": path,
                "request_query": query,
                "api": f"/api/v1{rest}",
            }
            | dict(values)
        )
    )
    return HTMLResponse(text.encode("utf-8", "replace"), status)


def _updated(live: LiveStore) -> str:
    """When the latest score of the store was made or published; empty where there is none."""
    return live.keep("updated", live.version(), lambda: max((item.last for item in live.index.models()), default=""))


def part(language: str, template: str, values: Mapping[str, Any]) -> "Markup":
    """A part of a page that is drawn by itself."""
    from markupsafe import Markup

    return Markup(templates(language).get_template(template).render(values))  # noqa: S704 - the template escapes


@cache
def templates(language: str) -> "Environment":
    """The templates in a language, with what they call. A `Sentence` among the values is said in that language."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def printable(value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        return visible(words.told(language, value))

    made = Environment(
        loader=PackageLoader("leaderbench.web", "templates"),
        autoescape=True,
        auto_reload=False,  # else every page asks for the state of every file
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "as_json": as_json,
        "grid": grid,
        "kind_of": kind_of,
        "heat": heat,
        "interval": interval,
        "linked": linked,
        "moment": partial(notation.moment, language),
        "number": number,
        "pairs": lambda names: [(name, name) for name in names],
        "once": once,
        "percent": partial(notation.percent, language),
        "prose": lambda text: prose(words.told(language, text)),
        "pretty": pretty,
        "probability": probability,
        "scale": scale,
        "short": short_names,
        "short_number": notation.short_number,
        "signed": signed,
        "spaces": spaces,
        "t": partial(words.translated, language),
        "tn": partial(words.numbered, language),
        "to": partial(address, language),
        "token_text": token_text,
        "unreadable": unreadable,
        "together": together,
        "whisker": whisker,
        "whole": partial(notation.whole, language),
    }
    return made


def address(language: str, kind: str, *parts: object, **query: object) -> str:
    """The address of a page: its kind, what stands behind it, and words after `?`."""
    path = "/".join([f"/{language}", kind, *(quote(str(part), safe="") for part in parts)])
    return f"{path}?{urlencode(query)}" if query else path


def linked(source: str) -> "str | Markup":
    """Where something comes from: a link where it is an address of the web, else the text, which may be a file's name.

    The page behind it is a stranger's: it learns nothing of this one, and gains nothing.
    """
    from markupsafe import Markup

    if not (source.isprintable() and re.fullmatch(r"https?://[^\s/?#\\@]+([/?#]\S*)?", source)):
        return source
    return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(source, visible(source))


def on_the_hub(name: str) -> str:
    """The address of a model's repository on the Hugging Face Hub; empty where its name can be none, as of a folder.

    A name of the form owner/name may be of a folder, or of nothing that is there still: nobody asks before readers do.
    """
    is_one = re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", name, re.ASCII)
    return f"https://huggingface.co/{name}" if is_one and ".." not in name else ""


def number(value: Number, *, share: bool | None = None) -> str:
    """A score as people read it, a share in percent; a dash where there is none.

    Not through Babel, since a board has thousands: all languages of the site write such numbers alike, as a test shows.
    """
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


def figure(value: float, digits: int = 1, *, share: bool | None = None) -> str:
    """A number with so many decimals, a share of one in percent; empty where there is none."""
    if not math.isfinite(value):
        return ""
    text = export.figure(value, digits, share=share)
    return cells.minus(text) if value < 0 else text


def whisker(low: Number, value: Number, high: Number, ends: Scale | None) -> "Markup":
    """An interval with its estimate as a drawing; nothing where one of them is not known."""
    from markupsafe import Markup

    if ends is None or low is None or value is None or high is None or not math.isfinite(low + value + high):
        return Markup("")
    left, middle, right = place(low, ends), place(value, ends), place(high, ends)
    return Markup(  # noqa: S704 - numbers only
        '<svg class="whisker" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="M{left} 5H{right}"/><path d="M{middle} 1V9"/></svg>'
    )


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
    surprise = max(0.0, -log_probability)  # in steps that grow with it: between 1 and 2 nats lies more than at 20
    return min(shades - 1, int(shades * math.log1p(surprise) / math.log1p(-coldest)))


def pretty(value: Any) -> str:
    """A JSON value on a few lines; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False)


def spaces(text: str) -> str:
    """A continuation with its outer spaces and line breaks visible."""
    inner = text.strip(" ")
    start = len(text) - len(text.lstrip(" "))
    return ("␣" * start + inner + "␣" * (len(text) - start - len(inner))).replace("\n", "⏎")


def together(tokens: Sequence[Any]) -> list[tuple[str, Sequence[Any]]]:
    """Tokens (`text`, and `special` where they have it) in a row, those that hold parts of one character together."""
    texts = ["" if token.text is None or getattr(token, "special", False) else token.text for token in tokens]
    found = []
    place = 0
    for text, count in characters(texts):
        found.append((text, tokens[place : place + count]))
        place += count
    return found


def token_text(text: str) -> Any:
    """A token's text, with spaces at its ends and line breaks that can be seen; what is copied is the text itself."""
    from markupsafe import Markup, escape

    inner = text.strip(" ")
    start = len(text) - len(text.lstrip(" "))
    before, behind = (Markup('<span class="space"> </span>') * n for n in (start, len(text) - start - len(inner)))
    lines = [escape(visible(line)) for line in inner.split("\n")]
    return before + Markup('<span class="break">\n</span>').join(lines) + behind


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

    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    joined = (
        escape(part) if place % 2 == 0 else Markup("<code>{}</code>").format(part) for place, part in enumerate(parts)
    )
    return Markup("").join(joined)


def probability(value: Number) -> str:
    """A p value: `0.032`, `2.4·10⁻²⁰`."""
    return "–" if value is None else cells.number(value)
