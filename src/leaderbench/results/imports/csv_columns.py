"""Numbers in the columns of a published table: which cells hold one, and on what scale."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leaderbench.results.imports.values import number

nothing = frozenset({"", "-", "–", "—", "n/a", "na", "nan", "none", "null", "inf", "-inf", "+inf", "infinity", "?"})
"""Cells that say that there is no value."""

_written = re.compile(r"[-+−]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_thousands = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)


class Scale(StrEnum):
    """How a column's numbers are to be read."""

    SHARE = "shares between 0 and 1"
    PERCENT = "percent"
    OTHER = "numbers on a scale of their own"


@dataclass(frozen=True, slots=True)
class Column:
    """The numbers of a column."""

    values: tuple[float | None, ...]
    """Of each row, as written; None where there is none."""

    scale: Scale
    unreadable: tuple[int, ...]
    """Places of cells that hold something else than a number or nothing."""

    missing: int
    """Cells of -1, which stands for no value."""

    def shared(self, value: float) -> float:
        """A number of this column on the scale on which it is kept: percent become shares."""
        return value / 100 if self.scale is Scale.PERCENT else value


def written_number(cell: str) -> float | None:
    """The number in a cell, a percent sign and thousands' commas left out; None where it is none, or not finite."""
    text = cell.strip().removesuffix("%").strip().replace("−", "-")
    if not _written.fullmatch(text):
        return None
    if "," in text:
        if not _thousands.fullmatch(text):
            return None
        text = text.replace(",", "")
    return number(text, written=True)


def column_of(cells: Sequence[str]) -> Column:
    """What a column's cells say."""
    values = [written_number(cell) for cell in cells]
    empty = [cell.strip().lower() in nothing for cell in cells]
    unreadable = tuple(place for place, value in enumerate(values) if value is None and not empty[place])
    known = [value for value in values if value is not None]
    missing = known.count(-1.0) if all(value >= 0 or value == -1 for value in known) else 0
    if missing:
        values = [None if value == -1 else value for value in values]
        known = [value for value in known if value != -1]
    percent = any(cell.rstrip().endswith("%") for cell, value in zip(cells, values, strict=True) if value is not None)
    return Column(tuple(values), _scale(known, percent), unreadable, missing)


def _scale(values: Sequence[float], percent: bool) -> Scale:
    if not values or min(values) < 0 or max(values) > 100:
        return Scale.OTHER
    return Scale.PERCENT if percent or max(values) > 1 else Scale.SHARE
