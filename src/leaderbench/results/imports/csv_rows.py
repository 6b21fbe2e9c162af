"""A table of published numbers while it is read: its rows, and what is noted on the way."""

from dataclasses import dataclass, field

from leaderbench.results.entries import Entry
from leaderbench.results.imports.csv_columns import Column, Scale
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

    shortened: dict[str, None] = field(default_factory=dict)
    """Names of models that look like folders, of which tables show the last part."""

    unsure: int = 0
    """Scores of which only n is known, and that are not known to be shares."""

    def cell(self, row: Row, meaning: str) -> str:
        """The cell of this meaning; empty where the table has no such column."""
        place = self.columns.facts.get(meaning)
        return "" if place is None else row.cells[place].strip()

    def trouble(self, row: Row, reason: str) -> None:
        """Note a row, or a part of it, that cannot be used."""
        self.troubles.setdefault(reason, []).append(row.line)
