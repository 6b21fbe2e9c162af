"""Cells of a report's tables as text: the same numbers on a page and in a terminal."""

import math
import re
from collections.abc import Iterable, Sequence

from leaderbench.explain.report.values import Bar, Cell, Table
from leaderbench.sentences import Sentence

nothing = "–"
"""What stands where nothing was measured."""

_figure = r"[-+−]?\d[\d,.]*(?:e[-+−]?\d+)?\s*[%=]?"
_numeric = re.compile(rf"[<≤≥>~±]?\s*{_figure}(?:\s*(?:to|至|–|±|/|of)\s*{_figure})?|[-–—]")


def number(value: float, digits: int | None = None, *, signed: bool = False) -> str:
    """A number as people read it, with a true minus; a dash for NaN.

    Without `digits`: whole numbers in full; others with three decimals or two digits below 1, two decimals below 100
    and one above; below 1e-4 in powers of ten. `signed` puts a plus before what is above zero.
    """
    if not math.isfinite(value):
        return nothing if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if digits is None:
        text = _chosen(value)
    else:
        text = f"{value:,.{digits}f}"
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]  # no minus before a zero
    return f"+{text}" if signed and value > 0 and text.strip("0.,") else minus(text)


def minus(text: str) -> str:
    """A true minus sign, as wide as the plus, in place of hyphens before numbers."""
    return re.sub(r"-(?=[\d∞])", "−", text)


def _chosen(value: float) -> str:
    size = abs(value)
    if isinstance(value, int) or size == 0:
        return f"{value:,.0f}"
    if size < 0.0001:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    if size < 1:
        return f"{value:.{max(3, 1 - math.floor(math.log10(size)))}f}"
    return f"{value:.2f}" if size < 100 else f"{value:,.1f}"


def is_signed(bars: Iterable[Bar]) -> bool:
    """Whether a column of bars has any below zero, so that those above it show a plus."""
    return any(bar.signed or end < 0 for bar in bars for end in (bar.value, bar.low, bar.high))


def interval(bar: Bar, *, signed: bool = False) -> str:
    """The 95 % interval of a bar, `−2.1 to +0.4`; empty where there is none."""
    if math.isnan(bar.low) or math.isnan(bar.high):
        return ""
    low, high = (number(end, bar.digits, signed=signed) for end in (bar.low, bar.high))
    return Sentence("{low} to {high}", low=low, high=high)


def text(cell: Cell, *, signed: bool = False) -> str:
    """A cell without its bar."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case Bar():
            return number(cell.value, cell.digits, signed=signed)
        case bool():
            return "yes" if cell else "no"
        case _:
            return number(cell)


def is_numeric(cells: Sequence[Cell]) -> bool:
    """Whether a column holds numbers, so that it is set flush right."""
    filled = [cell for cell in cells if cell is not None and cell != ""]
    return bool(filled) and all(
        _numeric.fullmatch(cell) is not None if isinstance(cell, str) else not isinstance(cell, bool) for cell in filled
    )


def column(table: Table, place: int) -> tuple[Cell, ...]:
    """The cells under one column name; rows that end early have nothing there."""
    return tuple(row[place] if place < len(row) else None for row in table.rows)


def bars(cells: Iterable[Cell]) -> tuple[Bar, ...]:
    """The bars of a column."""
    return tuple(cell for cell in cells if isinstance(cell, Bar))


def scale(column: Iterable[Bar]) -> tuple[float, float]:
    """The lowest and highest place that a column's bars reach, zero among them; (0, 1) where nothing reaches out."""
    ends = [end for bar in column for end in (bar.value, bar.low, bar.high) if math.isfinite(end)]
    low, high = min(ends, default=0.0), max(ends, default=0.0)
    return (min(low, 0.0), max(high, 0.0)) if low < 0 or high > 0 else (0.0, 1.0)
