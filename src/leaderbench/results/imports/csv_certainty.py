"""How sure each score of a table is: by what its own cell says, by a column beside it, or by those of its row."""

import math
import re
from dataclasses import dataclass, replace

from leaderbench.records import Metric, Score
from leaderbench.results.imports.csv_cells import parts_of
from leaderbench.results.imports.csv_columns import Column, written_number
from leaderbench.results.imports.csv_rows import Row, Table
from leaderbench.results.imports.scores import binomial_error, published
from leaderbench.results.imports.values import count, name

_figure = r"(\d+(?:[.,]\d+)?)"
_above_below = re.compile(rf"\+\s*{_figure}\s*/\s*[-−]\s*{_figure}|[-−]\s*{_figure}\s*/\s*\+\s*{_figure}")
_around = re.compile(rf"(?:±|\+/?[-−])\s*{_figure}")
_from_to = re.compile(rf"[(\[]?\s*(-?{_figure[1:-1]})\s*(?:,\s|;|–|—|-|to|\.\.)\s*(-?{_figure[1:-1]})\s*[)\]]?")
_thousands = re.compile(r"(.+?)\s*([km])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Certainty:
    """What a table says beside a number, on the number's own scale; None where it says nothing."""

    error: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


def certainty_of(table: Table, row: Row, place: int, column: Column, *, alone: bool) -> Certainty:
    """How sure the number in this place is. Columns without a number of their own are about the score of a row only
    where it is `alone` there.
    """
    value = written_number(row.cells[place], column.notation)
    beside = table.columns.beside.get(place, {})
    places = {**(table.columns.facts if alone else {}), **beside}
    number = {key: table.number_in(row, places[key]) for key in ("error", "low", "high") if key in places}
    error, low, high = number.get("error"), number.get("low"), number.get("high")
    if value is not None and (low is None or high is None):
        low, high = _ends(row.cells[places["interval"]].strip() if "interval" in places else "", value)
    parts = parts_of(row.cells[place])
    if parts.around:
        error = written_number(parts.around, column.notation)
        table.with_errors.setdefault(table.header[place])
    elif parts.low:
        low, high = written_number(parts.low, column.notation), written_number(parts.high, column.notation)
    elif parts.above and value is not None:
        low, high = value - _decimal(parts.below), value + _decimal(parts.above)
    elif parts.note:
        table.marked.setdefault(table.header[place])
    return Certainty(None if error is None or error <= 0 else error, low, high, _n(table, row, places.get("n")))


def _n(table: Table, row: Row, place: int | None) -> int | None:
    """How many questions or votes: `14042`, `12.3k`."""
    if place is None:
        return None
    match = _thousands.fullmatch(row.cells[place].strip())
    if match is None:
        return count(table.number_in(row, place))
    number = written_number(match[1])
    return None if number is None else count(round(number * (1000 if match[2].lower() == "k" else 10**6)))


def score_of(
    table: Table, row: Row, place: int, column: Column, value: float, metric: Metric, *, alone: bool = True
) -> Score:
    """The score in this place of a row, with the interval that the table gives, or else that its error or n gives."""
    certainty = certainty_of(table, row, place, column, alone=alone)
    subset = name(table.cell(row, "subset")) or None
    known = None if certainty.error is None else column.shared(certainty.error)
    score = _published(metric, subset, column, value, known, certainty.n)
    low, high = certainty.low, certainty.high
    if low is not None and high is not None and low <= value <= high and low < high:
        # How sure it is, its source says better than n alone.
        error = score.standard_error if known else math.nan
        return replace(score, standard_error=error, low=column.shared(low), high=column.shared(high))
    table.unsure += bool(certainty.n and not known and not column.is_share)
    return score


def _ends(cell: str, value: float) -> tuple[float | None, float | None]:
    """The ends of an interval around a value: `+5/-4`, `±5`, `[1290, 1302]`; None where it says none."""
    if match := _above_below.fullmatch(cell):
        above, below = (match[1], match[2]) if match[1] else (match[4], match[3])
        return value - _decimal(below), value + _decimal(above)
    if match := _around.fullmatch(cell):
        return value - _decimal(match[1]), value + _decimal(match[1])
    if match := _from_to.fullmatch(cell):
        return _decimal(match[1]), _decimal(match[2])
    return None, None


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def _published(
    metric: Metric, subset: str | None, column: Column, value: float, error: float | None = None, n: int | None = None
) -> Score:
    asked = n if column.is_share else None  # of anything but a share, n does not say how sure it is
    share = column.is_percent_or_share
    made = published(metric, subset, column.shared(value), error, asked, share=share)
    if asked and error is None and 0 <= made.estimate <= 1:
        return replace(made, standard_error=binomial_error(made.estimate, asked))
    return replace(made, n=n or 0)
