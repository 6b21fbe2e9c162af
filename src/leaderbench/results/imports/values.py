"""Values out of foreign files: what may be believed, as numbers and texts that can be stored and shown anywhere."""

import hashlib
import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from leaderbench.records import Json, largest
from leaderbench.results.secrets import without_tokens

LONGEST_NAME = 200
LONGEST_TEXT = 20_000
DEEPEST = 6
"""Levels of a foreign JSON value that are kept."""

MOST_ITEMS = 200
"""Items of each list or object of a foreign JSON value that are kept."""

_code = re.compile(r"<(script|style)\b[^<]*</\1\s*>", re.IGNORECASE)
_tag = re.compile(r"</?[a-zA-Z!][^<>]*>")
_not_in_names = re.compile(r"[^\w.+:,=-]+")
_time = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d)[-:](\d\d)[-:](\d\d)")


def number(value: Any, *, written: bool = False) -> float | None:
    """A number that a result can be; None for anything else. Texts count as numbers only where `written`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or (isinstance(value, str) and not written):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) <= largest else None


def count(value: Any) -> int | None:
    """A number of things, 1 or more; None for -1 and 0, which stand for "not known" in real files, and for the rest."""
    found = number(value)
    return int(found) if found is not None and 1 <= found < 2**31 and found == int(found) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """An object of JSON; an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def unbroken(text: str) -> str:
    """A text that UTF-8 can hold: lone halves of surrogate pairs, which JSON can spell, become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def without_html(text: str) -> str:
    """The text that a browser would show: tags, scripts and styles go, entities become characters."""
    if "<" in text:
        text = _code.sub("", text[:LONGEST_TEXT])
        for _ in range(4):  # tags inside tags come to light one layer at a time
            text = _tag.sub("", text)
    return html.unescape(text)


def name(value: Any) -> str:
    """A model's name on one line, as a person reads it; empty where there is none.

    HTML is taken out, and so are control characters and those that turn the direction of writing. A name that is too
    long ends in a digest of the whole, so that two that differ at their ends stay two.
    """
    if not isinstance(value, str):
        return ""
    text = without_tokens(without_html(unbroken(value[:LONGEST_TEXT])))
    if text.isascii() and text.isprintable():
        return _cut(" ".join(text.split()), value)
    kept = "".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in text)
    kept = "".join(sign for sign in kept if unicodedata.bidirectional(sign) not in _turning)
    return _cut(" ".join(unbroken(kept).split()), value)


def _cut(text: str, whole: str) -> str:
    if len(text) <= LONGEST_NAME:
        return text
    return f"{text[: LONGEST_NAME - 11]}…{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


_turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def slug(value: Any) -> str:
    """A name that can be part of a benchmark's name and be typed: no space, slash or symbol; empty for nothing."""
    return _slug(value[:LONGEST_TEXT]) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)
def _slug(text: str) -> str:
    """Thousands of files name the same tasks."""
    return _not_in_names.sub("-", name(text)).strip("-.,:=+")


def kept(value: Any, depth: int = DEEPEST) -> Json:
    """A foreign JSON value as a manifest can hold it: no endless text or nesting, null for what is not finite."""
    if isinstance(value, str):
        return unbroken(value[:LONGEST_TEXT])
    if isinstance(value, dict | list) and depth == 0:
        return "…"
    if isinstance(value, dict):
        items = list(value.items())[:MOST_ITEMS]
        return {unbroken(str(key)[:LONGEST_NAME]): kept(item, depth - 1) for key, item in items}
    if isinstance(value, list):
        return [kept(item, depth - 1) for item in value[:MOST_ITEMS]]
    if isinstance(value, bool) or value is None:
        return value
    found = number(value)
    return value if isinstance(value, int) and found is not None else found


def moment(seconds: Any) -> str:
    """Seconds since 1970 as UTC, ISO 8601; empty where that is no time that a result can have."""
    found = number(seconds)
    if found is None or not 946_684_800 <= found < 4_102_444_800:  # 2000 to 2100
        return ""
    return datetime.fromtimestamp(found, UTC).isoformat(timespec="seconds")


def moment_in(text: str) -> str:
    """The time in a file's name, such as `results_2023-09-14T02-19-19.412895.json`, taken for UTC; empty for none."""
    found = _time.search(text)
    if found is None:
        return ""
    try:
        when = datetime.fromisoformat(f"{found[1]}T{found[2]}:{found[3]}:{found[4]}+00:00")
    except ValueError:
        return ""
    return when.isoformat(timespec="seconds")


_year_first = re.compile(r"((?:19|20)\d\d)(?:[-/.年]\s?(\d\d?)(?:[-/.月]\s?(\d\d?)日?|月)?)?(?:[T ].*)?", re.DOTALL)
_joined_up = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_year_last = re.compile(r"(\d\d?)([-/.])(\d\d?)\2((?:19|20)\d\d)")
_with_month = re.compile(
    r"(?:(\d\d?)(?:st|nd|rd|th)?[ .-]+)?([a-z]{3,9})\.?[ -]+(?:(\d\d?)(?:st|nd|rd|th)?,?[ -]+)?((?:19|20)\d\d)"
)
_months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def day(text: str) -> str:
    """A day, month or year as people write it, ISO 8601: `20240601`, `1 June 2024`, `2024年6月`, `31/12/2023`.

    Empty for none, and for a day that may be another one: `01/02/2024`.
    """
    text = text.strip()[:40]
    if match := _joined_up.fullmatch(text) or _year_first.fullmatch(text):
        return _date(*match.groups())
    if match := _year_last.fullmatch(text):
        first, second = int(match[1]), int(match[3])
        if match[2] == "." or first > 12 or first == second:
            return _date(match[4], match[3], match[1])
        return _date(match[4], match[1], match[3]) if second > 12 else ""
    if (match := _with_month.fullmatch(text.lower())) and match[2][:3] in _months:
        return _date(match[4], str(_months.index(match[2][:3]) + 1), match[1] or match[3])
    return ""


def _date(year: str, month: str | None = None, day: str | None = None) -> str:
    try:
        whole = date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError:
        return ""
    return whole if day else whole[:7] if month else whole[:4]


def quoted(value: Any) -> str:
    """Anything from a file inside a sentence: short, on one line."""
    text = " ".join(unbroken(str(value)[:200]).split())
    return repr(text if len(text) <= 60 else text[:59] + "…")
