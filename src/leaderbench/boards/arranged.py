"""A board as a reader wants it: filtered, in another order, and only some columns of it.

```python
arranged = Arranged(table, catalogue.record)
places = arranged.chosen(Choice(Query("qwen; llama"), sort="-mmlu/harness"))
arranged.only(places.tolist(), [0])
```

Everything that an order or a filter needs is laid out by column once, so that thousands of rows are arranged in a
millisecond.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leaderbench.boards.rules import Floats, Integers
from leaderbench.boards.table import BoardTable, Cell, Standing
from leaderbench.models.catalogue import ModelRecord
from leaderbench.models.columns import Booleans, Columns
from leaderbench.models.facts import Commercial, Fact, ModelType, Source
from leaderbench.models.search import Query
from leaderbench.results.entries import Provenance
from leaderbench.results.names import short_names
from leaderbench.results.subjects import COMMIT, REVISION, precision_of

everything = Query()
"""Every model."""


model_columns = ("parameters", "type", "licence", "precision", "context", "date")
"""Facts of a model that people choose by, and that a board may show beside its scores."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows of a board, in which order; what is left empty changes nothing."""

    query: Query = everything
    """What is known of the models. Baselines stay, unless a search is among it that does not find them."""

    provenance: frozenset[Provenance] = frozenset()
    """Only rows of which every score comes from one of these."""

    hide_flagged: bool = False
    """Hide rows of which a reader must know something, as that they are imported or answered in part."""

    sort: str = ""
    """`score`, `model`, the name of a column or one of `model_columns`; with `-` in front the other way round. Empty
    for the board's order."""

    normalised: bool = False
    """Whether a column's values are those after normalisation."""

    @property
    def rows(self) -> "Choice":
        """The same rows in the board's order."""
        return replace(self, sort="", normalised=False)

    @property
    def narrows(self) -> bool:
        """Whether any row may be left out."""
        return self.query != everything or bool(self.provenance) or self.hide_flagged


class Arranged:
    """A board's rows by column. Several threads may ask it."""

    def __init__(self, table: BoardTable, record: Callable[[str], ModelRecord]) -> None:
        """`record` says what is known of a model by its name."""
        self.table = table
        self.models = Columns([of_row(row, record(row.model)) for row in table.rows])
        self.places = {row.name: place for place, row in enumerate(table.rows)}
        """Where a row is, by its name."""

        self._orders: dict[tuple[str, bool, bool], Integers] = {}

    def chosen(self, choice: Choice) -> Integers:
        """The places of the rows in the table, in the order wanted. Raises `LookupError` for an unknown column."""
        order = self._order(choice.sort, choice.normalised)
        return order[self.fits(choice)[order]] if choice.narrows else order

    def fits(self, choice: Choice) -> Booleans:
        """Which rows a choice leaves, shape (rows,)."""
        found = self.models.chosen(choice.query)
        if not choice.query.search:
            found = found | self._baselines
        if choice.provenance:
            foreign = [self._has[kind] for kind in Provenance if kind not in choice.provenance]
            found = found & ~np.logical_or.reduce([np.zeros(len(found), dtype=bool), *foreign])
        return found & ~self._flagged if choice.hide_flagged else found

    def only(self, places: Iterable[int], columns: Sequence[int]) -> BoardTable:
        """The table with the rows and columns at these places only; nothing is worked out anew."""
        table, rows = self.table, [self.table.rows[place] for place in places]
        spec = table.spec.model_copy(update={"columns": tuple(table.spec.columns[place] for place in columns)})
        if len(columns) < len(table.spec.columns):
            rows = [replace(row, cells=tuple(row.cells[place] for place in columns)) for row in rows]
        return replace(table, spec=spec, rows=tuple(rows), baselines=tuple(table.baselines[i] for i in columns))

    def lay_out(self) -> None:
        """Work out now what would be on first use."""
        for sort in ("", "model", "score", *(column.name for column in self.table.spec.columns)):
            self._order(sort, False)
            self._order(f"-{sort}", False)
        for name in ("counts", "ends", "share", "shared_flags", "shares", "short_names", "with_runs"):
            getattr(self, name)
        for name in ("_baselines", "_flagged", "_has"):
            getattr(self, name)
        for query in (
            *(Query(types=frozenset({kind})) for kind in ModelType),
            *(Query(commercial=frozenset({kind})) for kind in Commercial),
            *(Query(languages=frozenset({name})) for name in list(self.counts["languages"])[:20]),
            *(Query(precisions=frozenset({name})) for name in list(self.counts["precision"])[:20]),
            Query(hide_merges=True, hide_mixtures=True),
        ):
            self.models.chosen(query)

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many models there are of each kind; see `Columns.counts`."""
        return self.models.counts()

    @cached_property
    def share(self) -> bool:
        """See `BoardTable.share`."""
        return self.table.share

    @cached_property
    def shares(self) -> tuple[bool, ...]:
        """See `BoardTable.shares`."""
        return self.table.shares

    @cached_property
    def scored(self) -> int:
        """How many rows are models; baselines are none."""
        return int((~self._baselines).sum())

    @cached_property
    def imported(self) -> bool:
        """Whether every score of every model was published elsewhere."""
        made_here = self._has[Provenance.MADE_HERE] | self._has[Provenance.IMPORTED_RUN]
        return self.scored > 0 and not bool((made_here & ~self._baselines).any())

    @cached_property
    def shared_flags(self) -> tuple[str, ...]:
        """What is to be known of every model alike."""
        models = [row.flags for row in self.table.rows if not row.baseline]
        return tuple(flag for flag in (models[0] if models else ()) if all(flag in flags for flags in models))

    def models_among(self, places: Integers) -> int:
        """How many of the rows at these places are models."""
        return int((~self._baselines)[places].sum())

    @cached_property
    def short_names(self) -> dict[str, str]:
        """See `names.short_names`."""
        return short_names(dict.fromkeys(row.model for row in self.table.rows))

    @cached_property
    def with_runs(self) -> tuple[int, ...]:
        """The places of the columns in which two models at least have runs, so that these can be compared."""
        found = []
        for place in range(len(self.table.spec.columns)):
            cells = (row.cells[place] for row in self.table.rows)
            if sum(1 for cell in cells if cell is not None and cell.run) > 1:
                found.append(place)
        return tuple(found)

    @cached_property
    def ends(self) -> dict[str, tuple[float, float]]:
        """For each column, and for the `score`, the range of its intervals; nothing where there is none to show."""
        found = {}
        for place, column in enumerate(self.table.spec.columns):
            cells = [cell for row in self.table.rows if (cell := row.cells[place]) is not None]
            found[column.name] = _range(cells)
        found["score"] = _range(self.table.rows)
        return {name: ends for name, ends in found.items() if ends[0] < ends[1]}

    @cached_property
    def _baselines(self) -> Booleans:
        return np.array([row.baseline for row in self.table.rows], dtype=bool)

    @cached_property
    def _flagged(self) -> Booleans:
        return np.array([bool(row.flags) for row in self.table.rows], dtype=bool)

    @cached_property
    def _has(self) -> dict[Provenance, Booleans]:
        """Which rows have a score from there."""
        sources = [{cell.provenance for cell in row.cells if cell is not None} for row in self.table.rows]
        return {kind: np.array([kind in found for found in sources], dtype=bool) for kind in Provenance}

    def _order(self, sort: str, normalised: bool) -> Integers:
        """All rows in an order; what has no value is last, whichever way."""
        key, down = sort.removeprefix("-"), sort.startswith("-")
        known = self._orders.get((key, down, normalised))
        if known is None:
            known = self._orders[key, down, normalised] = self._ordered(key, down, normalised)
        return known

    def _ordered(self, key: str, down: bool, normalised: bool) -> Integers:
        rows = self.table.rows
        if not key:
            return np.arange(len(rows))
        if key == "model":
            names = [(row.name.casefold(), row.name) for row in rows]
            return np.array(sorted(range(len(rows)), key=names.__getitem__, reverse=down), dtype=np.int64)
        if key in model_columns:
            values = self._facts(key)
        else:
            values = np.array([row.score for row in rows]) if key == "score" else self._values(key, normalised)
        return np.argsort(-values if down else values, kind="stable")

    def _facts(self, name: str) -> Floats:
        """A fact of each row's model, or its place in alphabetical order where it is a text; NaN where unknown."""
        facts = [getattr(record, name) for record in self.models.records]
        texts = sorted({str(fact.value).casefold() for fact in facts if fact is not None})
        places = {text: float(place) for place, text in enumerate(texts)}
        return np.array(
            [
                np.nan
                if fact is None
                else float(fact.value)
                if isinstance(fact.value, int)
                else places[str(fact.value).casefold()]
                for fact in facts
            ],
            dtype=np.float64,
        )

    def _values(self, key: str, normalised: bool) -> Floats:
        names = [column.name for column in self.table.spec.columns]
        if key not in names:
            raise LookupError(key)
        cells = (row.cells[names.index(key)] for row in self.table.rows)
        return np.array(
            [
                np.nan if cell is None or cell.lacking else cell.normalised if normalised else cell.estimate
                for cell in cells
            ],
            dtype=np.float64,
        )


floating = frozenset({"float64", "float32", "float16", "bfloat16"})
"""Precisions that are no quantisation."""


def of_row(row: Standing, record: ModelRecord) -> ModelRecord:
    """What is known of the model of a row; who was asked says its precision and revision better than the name does.

    Weights that are quantised stay so, whatever type the numbers between them have; what a table says of a model is of
    any of its rows.
    """
    precision, revision = precision_of(row.facts), row.facts.get(COMMIT) or row.facts.get(REVISION)
    known = record.precision
    quantised = known is not None and known.source is not Source.PUBLISHED and known.value not in floating
    if quantised and precision in floating:
        precision = ""
    return replace(
        record,
        precision=Fact(precision, Source.RUN) if precision else record.precision,
        revision=Fact(revision, Source.RUN) if revision else record.revision,
    )


def _range(items: Sequence[Cell] | Sequence[Standing]) -> tuple[float, float]:
    ends = np.array([(item.low, item.high) for item in items], dtype=np.float64).reshape(-1, 2)
    ends = ends[np.isfinite(ends).all(axis=1)]
    return (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 0.0)
