"""A board filled in: the rows and cells that tables, pages and files show."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from leaderbench.boards.ranks import Mode
from leaderbench.boards.rules import Formula, Rule
from leaderbench.boards.spec import BoardSpec, Direction, said
from leaderbench.records import Metric, View
from leaderbench.results.entries import Provenance
from leaderbench.results.notebook import SHOWN, frame, html_table, percent
from leaderbench.results.run_notes import Note


class Basis(StrEnum):
    """What a rank interval is worked out from."""

    PAIRED = "paired by question"
    """Every score has its answers: models are compared on the questions that both answered."""

    MIXED = "paired where answers are known, else from standard errors"
    STANDARD_ERRORS = "from standard errors"
    """Only scores and their standard errors are known; errors of different models count as independent."""

    NONE = "none"
    """Nobody knows how sure a score of this row is."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """Several different values that were published for one model and one thing."""

    values: int
    latest: bool
    """Whether the one that is shown is known to be the latest: by its date, or as the last one of its table."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """How a published mean differs from the others of its column in what it is over."""

    parts: tuple[str, ...]
    """Parts of the others that it lacks; none where it has further ones."""

    of: int
    """How many parts the others are over."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One model's score in one column."""

    estimate: float
    """As scored; the mean of the parts where the column has several."""

    low: float
    """Lower end of the 95 % interval; NaN where there is none."""

    high: float
    standard_error: float
    """NaN where it is not known."""

    n: int
    """Questions answered; 0 where that is not known."""

    errors: int
    """Questions that the model could not answer."""

    normalised: float
    """After normalisation by the column's baseline; the estimate itself where the column has none."""

    metric: Metric
    provenance: Provenance
    run: str
    """Id of the run; of several parts the first one's; empty where only the score is known."""

    source: str
    created: str
    settings: str
    """What narrows or changes the plain benchmark."""

    view: View
    """What the interval is about."""

    others: int
    """Further scores that the store has for this cell; see `choice` in `filling` for which one is shown."""

    dispute: Dispute | None = None
    """Where different values were published for it."""

    implied: bool = False
    """Whether nothing but the number of questions that the board knows says how sure it is."""

    lacking: Lacking | None = None
    """Where it is a mean over other parts than the others of its column, so that it takes no part in the order."""

    notes: tuple[Note, ...] = ()
    """What to know of all samples of its runs together."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an order, and how sure it is."""

    rank: int
    """1 for the best; ties share the better place."""

    low: int | None
    """Best rank that the model may have; None where nobody knows how sure its score is."""

    high: int | None
    """Worst rank that the model may have."""

    of: int
    """Models in the order."""

    def __str__(self) -> str:
        if self.low is None:
            return "–"
        return f"{self.low}" if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of a board."""

    name: str
    """The model's name, and where two rows share it what tells them apart; see `subjects.told_apart`."""

    model: str
    identity: str
    facts: Mapping[str, str]
    """What is known of who was asked, such as revision and precision; see `subjects`."""

    cells: tuple[Cell | None, ...]
    """One a column of the board; None where the model has no score there."""

    columns: int
    """How many of the columns that count it has."""

    score: float
    """What the rule makes of the row; NaN where it makes nothing."""

    low: float
    """Lower end of the score's 95 % interval; NaN where there is none."""

    high: float
    mean: float
    """Plain mean of the columns that count, whatever the rule; NaN where one is missing."""

    type_mean: float
    """Mean over types of columns of each type's mean; NaN where a column is missing or columns have no types."""

    types: Mapping[str, float]
    """The mean of each type's columns, where none of them is missing."""

    static: Place | None
    """Place on the whole board; None for a baseline, and where the rule gives no score."""

    filtered: Place | None
    """Place among the rows that a filter left, the rule applied to them alone; None where nothing was filtered."""

    basis: Basis
    """What the rank interval is worked out from."""

    baseline: bool
    """Whether it is a model that knows nothing: it shows where chance lies, and takes no place in the order."""

    flags: tuple[str, ...]
    """What a reader must know, a few words each: part of the questions only, errors, imported, …"""

    @property
    def ranked(self) -> bool:
        """Whether it has a place."""
        return self.static is not None


@dataclass(frozen=True, slots=True, repr=False)
class BoardTable:
    """A board filled in."""

    name: str
    spec: BoardSpec
    rows: tuple[Standing, ...]
    """In order of the score, best first, baselines between; then the rows without a score, most columns first."""

    formula: Formula
    mode: Mode
    level: float
    """Of all intervals."""

    baselines: tuple[tuple[float, ...], ...]
    """For each column the baseline of each part; NaN where it is to be computed and no run of a baseline is there."""

    notes: tuple[str, ...]
    """What a reader must know of the whole table, a sentence each."""

    is_filtered: bool = False
    """Whether the rows are only those that a filter left; then their `filtered` places are set."""

    def __repr__(self) -> str:
        return f"<Board {self.name}: {len(self.rows):,} rows, {len(self.spec.columns):,} columns>"

    def _repr_html_(self) -> str:
        """The first rows, for notebooks."""
        return html_table(repr(self), [self._line(row) for row in self.rows[:SHOWN]], len(self.rows))

    def to_pandas(self) -> Any:
        """Ranks, names, scores and cells as a pandas frame, numbers as they are; `LeaderbenchError` where pandas is not
        installed.
        """
        names = [column.name for column in self.spec.columns]
        return frame(
            {
                "rank": row.static.rank if row.static else None,
                "model": row.name,
                "score": row.score,
                "low": row.low,
                "high": row.high,
                **{name: cell.estimate if cell else math.nan for name, cell in zip(names, row.cells, strict=True)},
            }
            for row in self.rows
        )

    def _line(self, row: Standing) -> dict[str, object]:
        """A row as a notebook shows it."""
        cells = zip(self.spec.columns, row.cells, self.shares, strict=True)

        def number(value: float, *, share: bool) -> str:
            return "" if math.isnan(value) else percent(value) if share else f"{value:.4g}"

        return {
            "rank": row.static.rank if row.static else "",
            "interval": row.static or "",
            "model": row.name,
            "score": number(row.score, share=self.share),
            "95 %": ""
            if math.isnan(row.low)
            else "–".join(number(end, share=self.share) for end in (row.low, row.high)),
            **{
                said(column.title) or column.name: number(cell.estimate, share=share) if cell else ""
                for column, cell, share in cells
            },
        }

    @property
    def share(self) -> bool:
        """Whether the rule's score is a share between 0 and 1, to be shown in percent."""
        if self.spec.rule in (Rule.BORDA, Rule.LANGUAGE_WIN_RATE):
            return False
        if self.spec.rule.linear and any(c.ranked and c.direction is Direction.LOWER for c in self.spec.columns):
            return False
        return all(0 <= row.score <= 1 for row in self.rows if not math.isnan(row.score))

    @property
    def shares(self) -> tuple[bool, ...]:
        """For each column whether its values are shares, to be shown in percent: all between 0 and 1, more is better.
        A loss of 0.8 is none, and neither is one number of a column that goes beyond 1.
        """
        return tuple(
            column.direction is not Direction.LOWER
            and all(0 <= cell.estimate <= 1 for row in self.rows if (cell := row.cells[place]) is not None)
            for place, column in enumerate(self.spec.columns)
        )
