"""A table of published numbers while it is read: its rows, and what is noted on the way."""

from dataclasses import dataclass, field

from leaderbench.results.entries import Entry
from leaderbench.results.imports.csv_columns import Column, Notation, Scale, notation_of, written_number
from leaderbench.results.imports.csv_headers import Columns


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    line: int
    """Line of the file on which it ends."""

    cells: tuple[str, ...]
    """As many as the header has."""


@dataclass
class Table:
    """A table being read: what it holds, and what is noted on the way."""

    file: str
    header: tuple[str, ...]
    columns: Columns
    rows: list[Row]
    usual: Notation = Notation.POINT
    """How numbers are written that could be read in two ways."""

    names: dict[int, str] = field(default_factory=dict)
    """The model of each row, by its line; empty where there is none."""

    links: dict[int, str] = field(default_factory=dict)
    """An address that is about the model of a row, by its line."""

    entries: list[Entry] = field(default_factory=list)
    troubles: dict[str, list[int]] = field(default_factory=dict)
    """Lines that cannot be used, by reason."""

    remarks: list[str] = field(default_factory=list)
    scale: Scale | None = None
    """What the numbers are by the word of whoever imports them."""

    read: list[tuple[str, str, Column]] = field(default_factory=list)
    """What was read of score columns: the header, what the numbers are of, and the numbers."""

    renamed: dict[str, str] = field(default_factory=dict)
    """Names of models that were not kept as they stand, and what became of them."""

    told_apart: tuple[str, ...] = ()
    """Names that several models of the table have, which their links tell apart."""

    shortened: dict[str, None] = field(default_factory=dict)
    """Names of models that look like folders, of which tables show the last part."""

    unkept: list[int] = field(default_factory=list)
    """Places of columns of which nothing came in, beside those that nothing is made of anyway."""

    _notations: dict[int, Notation] = field(default_factory=dict)

    with_errors: dict[str, None] = field(default_factory=dict)
    """Headers of columns whose cells say an error themselves, as in `65.2 ± 0.3`."""

    marked: dict[str, None] = field(default_factory=dict)
    """Headers of columns with marks or words beside their numbers."""

    unsure: int = 0
    """Scores of which only n is known, and that are not known to be shares."""

    def cell(self, row: Row, meaning: str) -> str:
        """The cell of this meaning; empty where the table has no such column."""
        place = self.columns.facts.get(meaning)
        return "" if place is None else row.cells[place].strip()

    def number(self, row: Row, meaning: str) -> float | None:
        """The number in the cell of this meaning; None where there is none."""
        place = self.columns.facts.get(meaning)
        return None if place is None else self.number_in(row, place)

    def number_in(self, row: Row, place: int) -> float | None:
        """The number in this place of a row; None where there is none."""
        if place not in self._notations:
            cells = [other.cells[place] for other in self.rows]
            self._notations[place] = notation_of(cells, self.usual) or self.usual
        return written_number(row.cells[place], self._notations[place])

    def trouble(self, row: Row, reason: str) -> None:
        """Note a row, or a part of it, that cannot be used."""
        self.troubles.setdefault(reason, []).append(row.line)
