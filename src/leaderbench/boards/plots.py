"""The models of a board beside each other: how large, how old, how good, and what each column makes of their order."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from leaderbench.boards.spec import Column, Direction
from leaderbench.boards.table import BoardTable, Standing
from leaderbench.models.catalogue import ModelRecord

most_points = 1000
"""Models drawn one by one; more are counted in rectangles."""

most_ranked = 8
"""Lines that can be told apart where columns give models other ranks."""

cells_across, cells_up = 40, 30
"""Rectangles of a plot in which models are counted."""

first_year, last_year = 1950, 2100
"""A date outside of them is no date of a language model."""


@dataclass(frozen=True, slots=True)
class Point:
    """A model with its score and what it is plotted against."""

    name: str
    """Of its row on the board."""

    model: str
    score: float
    low: float
    high: float
    """Ends of the 95 % interval; NaN where there is none."""

    parameters: int | None
    date: str
    """When the model was published, else when it was last run, ISO 8601; empty where neither is known."""

    published: bool
    """Whether `date` is when it was published."""

    size_guessed: bool = False
    """Whether `parameters` is no more than a guess from the name."""

    type: str = ""
    """The `ModelType`; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class CountedCell:
    """A rectangle of a plot and how many models lie in it."""

    left: float
    right: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Scatter:
    """Models against one of their properties."""

    points: tuple[Point, ...]
    """Those that are drawn one by one, from left to right: all, or the frontier alone where they are too many."""

    frontier: tuple[Point, ...]
    """Those that are better than all to their left."""

    cells: tuple[CountedCell, ...]
    """All models, counted; empty where each is drawn."""

    placed: int
    """Models whose property is known."""

    missing: int
    """Models that have a score and whose property is not known."""

    guessed: int = 0
    """Models whose property is a guess: they are not on the frontier."""


@dataclass(frozen=True, slots=True)
class ColumnRank:
    """The place that one column gives a model among those compared."""

    column: str
    name: str
    rank: int
    """1 is best; ties share the better place."""

    score: float
    low: float
    high: float


def points(table: BoardTable, column: str, record: Callable[[str], ModelRecord]) -> tuple[Point, ...]:
    """The models of a board with their score, or with what they have in a column; baselines are left out.

    `record` gives what is known of a model. Raises `ValueError` for a column that the table has not.
    """
    place = [item.name for item in table.spec.columns].index(column) if column else None
    found = []
    for row in table.rows:
        score, low, high = _value(row, place)
        if row.baseline or math.isnan(score):
            continue
        known = record(row.model)
        date = known.date.value if known.date and milliseconds(known.date.value) is not None else ""
        parameters = known.parameters.value if known.parameters and known.parameters.value > 0 else None
        cells = [cell for cell in (row.cells if place is None else (row.cells[place],)) if cell is not None]
        when = date or max((cell.created for cell in cells), default="")
        guessed = known.parameters is not None and known.parameters.guessed
        kind = known.type.value if known.type else ""
        found.append(Point(row.name, row.model, score, low, high, parameters, when, bool(date), guessed, kind))
    return tuple(found)


def _value(row: Standing, place: int | None) -> tuple[float, float, float]:
    if place is None:
        return row.score, row.low, row.high
    cell = row.cells[place]
    return (math.nan, math.nan, math.nan) if cell is None or cell.lacking else (cell.estimate, cell.low, cell.high)


def milliseconds(date: str) -> float | None:
    """Milliseconds from 1970 to an ISO 8601 year, month, day or moment (UTC); None for anything else."""
    text = date.strip()
    try:
        if len(text) in (4, 7):
            text = f"{text}-01-01"[:10]
        moment = datetime.fromisoformat(text)
        if not first_year <= moment.year <= last_year:
            return None
        return 1000 * (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def by_size(found: Sequence[Point], *, lower: bool = False) -> Scatter:
    """Models by their number of parameters; `lower` where lower scores are better. No guess is on the frontier."""

    def at(item: Point) -> float | None:
        return None if item.parameters is None else float(item.parameters)

    return _scatter(found, at, lower, log=True, guessed=lambda item: item.size_guessed)


def by_date(found: Sequence[Point], *, lower: bool = False) -> Scatter:
    """Models by their date."""
    return _scatter(found, lambda item: milliseconds(item.date), lower, log=False)


def _scatter(
    found: Sequence[Point],
    at: Callable[[Point], float | None],
    lower: bool,
    *,
    log: bool,
    guessed: Callable[[Point], bool] = lambda _: False,
) -> Scatter:
    placed = [(where, item) for item in found if (where := at(item)) is not None]
    placed.sort(key=lambda pair: (pair[0], pair[1].score if lower else -pair[1].score, pair[1].name))
    best = _frontier([item for _, item in placed if not guessed(item)], lower)
    many = len(placed) > most_points
    return Scatter(
        points=best if many else tuple(item for _, item in placed),
        frontier=best,
        cells=_cells([(where, item.score) for where, item in placed], log) if many else (),
        placed=len(placed),
        missing=len(found) - len(placed),
        guessed=sum(guessed(item) for _, item in placed),
    )


def _frontier(ordered: Sequence[Point], lower: bool) -> tuple[Point, ...]:
    best: list[Point] = []
    for item in ordered:
        if not best or (item.score < best[-1].score if lower else item.score > best[-1].score):
            best.append(item)
    return tuple(best)


def _cells(places: Sequence[tuple[float, float]], log: bool) -> tuple[CountedCell, ...]:
    """Rectangles of one size, those without a model left out."""
    left = _edges([where for where, _ in places], cells_across, log)
    up = _edges([score for _, score in places], cells_up, log=False)

    def cell(edges: Sequence[float], value: float) -> int:
        return min(max(bisect_right(edges, value) - 1, 0), len(edges) - 2)

    counts = Counter((cell(left, where), cell(up, score)) for where, score in places)
    return tuple(
        CountedCell(left[column], left[column + 1], up[row], up[row + 1], count)
        for (column, row), count in sorted(counts.items())
    )


def _edges(values: Sequence[float], count: int, log: bool) -> list[float]:
    low, high = min(values), max(values)
    if low == high:
        low, high = (low / 1.1, high * 1.1) if log else (low - 0.5, high + 0.5)
    if log:
        return [low * (high / low) ** (place / count) for place in range(count + 1)]
    return [low + (high - low) * place / count for place in range(count + 1)]


def implementations(columns: Sequence[Column]) -> str:
    """The family whose implementations a board's columns are, two at least; empty where they are anything else."""
    names = [part.benchmark or "" for column in columns for part in column.pieces]
    families = {name.partition("/")[0] for name in names}
    whole = all(len(column.pieces) == 1 and column.subset is None for column in columns)
    return families.pop() if len(set(names)) == len(names) > 1 and len(families) == 1 and whole else ""


def ranks(table: BoardTable, most: int = most_ranked) -> tuple[tuple[ColumnRank, ...], int]:
    """The places that each column gives to the first models of a board among themselves, and how many models have all
    columns.
    """
    whole = [row for row in table.rows if not row.baseline and all(cell and not cell.lacking for cell in row.cells)]
    shown = whole[:most]
    found = []
    for place, column in enumerate(table.spec.columns):
        sign = -1 if column.direction is Direction.LOWER else 1
        scores = [sign * cell.estimate for row in shown if (cell := row.cells[place])]
        for row, score in zip(shown, scores, strict=True):
            cell = row.cells[place]
            assert cell is not None
            rank = 1 + sum(other > score for other in scores)
            found.append(ColumnRank(column.name, row.name, rank, cell.estimate, cell.low, cell.high))
    return tuple(found), len(whole)
