"""One cell of a published table: its number, what dresses it, and how sure it says that it is.

Tables mark their best numbers (`**66.1**`, `\\textbf{66.1}`, `63.9*`, `🥇 66.1`), and write an error or an interval
behind a number: `65.2 ± 0.3`, `64.2 [63.1, 65.3]`, `1287 +5/-4`.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from leaderbench.results.imports.values import without_html

LONGEST_NUMBER = 100
"""Letters of a cell that is looked at as a number."""

_dress = re.compile(
    r"\\(?:text|math)(?:bf|it|rm|tt)|\\(?:underline|emph|mathbf)|\*+|^_+|_+$|^[\"']|[\"']$|`|[†‡§¶✝^↑↓→▲▼]+"
)
_plus_minus = re.compile(r"\\pm|\+\s?/\s?[-−–]|\+[-−–](?=\s*[\d.])")
_figure = r"[-+−]?\d[\d.,'’]*(?:\s?%)?"
_inside = rf"[\[(]\s*({_figure})\s*(?:,\s|;|[–—~-]|,|\bto\b|\.\.)\s*({_figure})\s*[\])]"
_whole = re.compile(
    rf"(?P<number>[-+−]?[\d.,'’\s]*\d[.,]?(?:[eE][-+]?\d{{1,3}})?(?:\s?%)?)\s*"
    rf"(?:[(\[]?\s*±\s*(?P<around>{_figure})\s*[)\]]?"
    rf"|{_inside}"
    rf"|\(?\s*\+\s*(?P<above>[\d.,]+)\s*[/,]\s*[-−]\s*(?P<below>[\d.,]+)\s*\)?"
    r"|(?P<note>\([^()]{1,40}\)))?\s*"
    r"(?P<unit>%)?"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A cell taken apart; texts are as they stand, and empty where there is nothing."""

    number: str
    around: str = ""
    """What stands behind `±`."""

    low: str = ""
    high: str = ""
    """The ends of an interval."""

    above: str = ""
    below: str = ""
    """How far an interval goes beyond the number: `+5/-4`."""

    note: str = ""
    """What else stands there: a mark, or words in brackets."""


@lru_cache(maxsize=65536)
def parts_of(cell: str) -> Parts:
    """The number of a cell and what belongs to it; a cell of another form is all `number`, without its dress."""
    text = cell.strip()
    if text.isascii() and text.replace(".", "", 1).isdecimal():
        return Parts(text)
    if len(text) > LONGEST_NUMBER * 10:
        return Parts(text[:LONGEST_NUMBER])
    plain = _undressed(text)
    if match := _whole.fullmatch(plain):
        number = match["number"].strip() + ("%" if match["unit"] else "")
        marked = plain.replace(" ", "") != _usual(text).replace(" ", "")
        low, high = match[3] or "", match[4] or ""
        around, above, below = match["around"] or "", match["above"] or "", match["below"] or ""
        return Parts(number, around, low, high, above, below, match["note"] or ("*" if marked else ""))
    return Parts(plain)


def _usual(text: str) -> str:
    """Full-width letters and digits as usual ones, and one sign for `±`."""
    if not text.isascii():
        text = "".join(
            unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" or sign == "\u3000" else sign
            for sign in text
        ).replace("−", "-")
    return _plus_minus.sub("±", text)


def _undressed(text: str) -> str:
    """A cell without emphasis, footnotes' marks and symbols."""
    text = _usual(without_html(text))
    if not text.isascii():
        text = "".join(sign for sign in text if unicodedata.category(sign) not in {"So", "No", "Mn", "Cf", "Sk"})
    text = _dress.sub("", text)
    if "$" in text[1:] or "{" in text:
        text = re.sub(r"_?\{|\}|_(?=±)", "", text).strip()
        text = text[1:-1] if len(text) > 2 and text[0] == text[-1] == "$" else text
    return " ".join(text.split()) if "\n" in text or "  " in text else text.strip()
