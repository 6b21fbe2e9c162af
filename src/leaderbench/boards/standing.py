"""A board worked out: from its spec and the entries of a store to ranks with their intervals."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leaderbench import sentences
from leaderbench.boards import rules
from leaderbench.boards.cells import cell_of, span
from leaderbench.boards.certainty import Booleans, Certainty, certainty, replicate_count
from leaderbench.boards.filling import Filled, column_values, counted, fill
from leaderbench.boards.missing import missing
from leaderbench.boards.notes import flags_of, notes_of
from leaderbench.boards.outcomes import Reader
from leaderbench.boards.ranks import Errors, Mode, rank_intervals
from leaderbench.boards.rules import Floats, Integers, Rule, formulas
from leaderbench.boards.spec import BoardSpec, Direction, Over
from leaderbench.boards.table import Basis, BoardTable, Cell, Place, Standing
from leaderbench.collecting import paused
from leaderbench.results.entries import Entry
from leaderbench.results.subjects import told_apart
from leaderbench.sentences import Sentence
from leaderbench.statistics.intervals import Interval, level


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a board before anything is ranked."""

    spec: BoardSpec
    filled: Filled
    certainty: Certainty
    lower: Floats
    """The baseline of each piece."""

    normalised: Floats
    """Pieces after normalisation, shape (models, pieces)."""

    columns: Floats
    """What the rule reads, shape (models, columns that count), higher is better."""

    silent: tuple[int, ...] = ()
    """Optional columns that no model has: they are shown and do not count."""

    missing: tuple[str, ...] = ()
    """What the board asks for and nothing has, a sentence each."""


@dataclass(frozen=True, slots=True)
class Order:
    """Some rows in order."""

    rows: Integers
    """Which ones, by their place in `Numbers`: those that have a score."""

    scores: Floats
    errors: Errors
    places: tuple[Place, ...]


def stand(
    spec: BoardSpec,
    entries: Iterable[Entry],
    outcomes: Reader | None = None,
    filters: Callable[[Standing], bool] | None = None,
    *,
    name: str = "",
    mode: Mode = Mode.SIMULTANEOUS,
    known: Callable[[], Iterable[str]] = tuple,
) -> BoardTable:
    """A board filled in from the entries of a store.

    Args:
        spec: The board.
        entries: Scores, in any order; those that the board doesn't name are passed over.
        outcomes: Answers by run and metric, see `outcomes.reader`; without them only standard errors are used.
        filters: Which rows are shown. They then have two ranks: the static one, on the whole board, and the one among
            the rows that are shown, to which the rule is applied alone.
        name: What the board is called.
        mode: What the rank intervals are about.
        known: Gives the names of all that the store has scores of, to tell which of them a board may have meant.

    Baselines (`baseline:random`, `baseline:always-a`) are shown where their score lies and take no place: no rank
    counts them, and Borda points and win rates know nothing of them.
    """
    ranked = rank(spec, entries, outcomes, name=name, mode=mode, known=known)
    return ranked.table if filters is None else ranked.among(filters)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A board worked out once, of which any part may be ranked again by itself."""

    table: BoardTable
    numbers: Numbers
    rows: list[Standing]
    """As `numbers` has them."""

    def among(self, filters: Callable[[Standing], bool]) -> BoardTable:
        """The table of some rows, with their places among themselves; see `stand`."""
        numbers, table = self.numbers, self.table
        kept = [place for place, row in enumerate(self.rows) if filters(row)]
        models = [place for place in kept if not self.rows[place].baseline]
        order = ordered(numbers, np.array(models, dtype=np.int64), table.mode)
        places = dict(zip(order.rows.tolist(), order.places, strict=True))
        rows = [replace(self.rows[place], filtered=places.get(place)) for place in kept]
        return replace(
            table,
            rows=tuple(sorted(rows, key=lambda row: _sort_key(row, numbers.spec))),
            notes=_notes(numbers, rows, table.mode),
            is_filtered=True,
        )


def rank(
    spec: BoardSpec,
    entries: Iterable[Entry],
    outcomes: Reader | None = None,
    *,
    name: str = "",
    mode: Mode = Mode.SIMULTANEOUS,
    known: Callable[[], Iterable[str]] = tuple,
) -> Ranked:
    """A board filled in and ranked as a whole; see `stand`."""
    with paused():
        numbers = _numbers(spec, list(entries), outcomes, known)
        filled = numbers.filled
        models = np.array([place for place, known in enumerate(filled.baseline_rows) if not known], dtype=np.int64)
        rows = standings(numbers, ordered(numbers, models, mode))
        filled.entries.clear()  # the rows have all that is shown of them
        table = BoardTable(
            name=name,
            spec=numbers.spec,
            rows=tuple(sorted(rows, key=lambda row: _sort_key(row, numbers.spec))),
            formula=formulas[spec.rule],
            mode=mode,
            level=level,
            baselines=tuple(
                tuple(float(numbers.lower[i]) for i, piece in enumerate(filled.pieces) if piece.column == place)
                for place in range(len(numbers.spec.columns))
            ),
            notes=_notes(numbers, rows, mode),
        )
    return Ranked(table, numbers, rows)


def _numbers(
    spec: BoardSpec, entries: Sequence[Entry], outcomes: Reader | None, known: Callable[[], Iterable[str]]
) -> Numbers:
    spec = spec.with_extras(entry.benchmark for entry in entries)
    filled = fill(spec, entries)
    absent = missing(filled.pieces, [column.optional for column in spec.columns], entries, known)
    silent = unfilled_options(spec, filled)
    spec = spec.without(silent)
    lower = filled.baselines()
    normalised = rules.normalise(filled.raw, lower)
    use = normalised if spec.rule is Rule.NORMALISED_MEAN else filled.raw
    signs = np.array([-1.0 if column.direction is Direction.LOWER else 1.0 for column in spec.columns])
    columns = column_values(use, filled.pieces, len(spec.columns)) * signs
    for place, column in enumerate(spec.columns):
        if column.parts:  # means of parts tie where their sums do, however they were rounded
            columns[:, place] = rules.settled(columns[:, place])
    counts = columns[:, counted(spec)]
    return Numbers(spec, filled, certainty(filled, outcomes), lower, normalised, counts, tuple(silent), absent)


def _notes(numbers: Numbers, rows: Sequence[Standing], mode: Mode) -> tuple[str, ...]:
    spec = numbers.spec
    return (
        *numbers.missing,
        *notes_of(spec, numbers.filled, rows, numbers.lower, mode),
        *(
            Sentence("No model has {column} here, so it does not count.", column=spec.columns[place].name)
            for place in numbers.silent
            if rows
        ),
        *([_about_elsewhere(numbers.filled.elsewhere)] if numbers.filled.elsewhere else []),
    )


def _about_elsewhere(number: int) -> str:
    """What to say of rows of published tables that lack columns which every model of the board has."""
    return sentences.counted(
        "Not shown: {n} row of a published table, which lacks a column that this board needs.",
        "Not shown: {n} rows of published tables, which lack a column that this board needs.",
        n=number,
    )


def unfilled_options(spec: BoardSpec, filled: Filled) -> list[int]:
    """The optional columns that no model has, baselines apart."""
    models = [place for place, known in enumerate(filled.baseline_rows) if not known]
    values = column_values(filled.raw[models], filled.pieces, len(spec.columns))
    return [place for place in counted(spec) if spec.columns[place].optional and np.isnan(values[:, place]).all()]


def _sort_key(row: Standing, spec: BoardSpec) -> tuple[bool, float, int, str, str]:
    """Rows with a score first, best first; a baseline behind models of the same score; then most columns first."""
    down = spec.rule.linear and spec.columns[counted(spec)[0]].direction is Direction.LOWER
    score = math.inf if math.isnan(row.score) else row.score if down else -row.score
    return math.isnan(row.score), score, -row.columns, "~" * row.baseline, row.name


def ordered(numbers: Numbers, models: Integers, mode: Mode) -> Order:
    """The rule applied to these rows, and the places of those that get a score."""
    scores = apply(numbers.spec, numbers.columns[models])
    present = ~np.isnan(scores)
    rows, scores = models[present], scores[present]
    errors = _linear_errors(numbers, rows) if numbers.spec.rule.linear else _simulated_errors(numbers, models, present)
    ranks = rules.places(scores)
    found = rank_intervals(scores, errors, mode)
    places = tuple(
        Place(rank, low or None, high or None, len(rows))
        for rank, low, high in zip(ranks.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    )
    return Order(rows, scores, errors, places)


def apply(spec: BoardSpec, columns: Floats) -> Floats:
    """The score that the board's rule gives to each row of a table of the columns that count."""
    if spec.rule is Rule.BORDA:
        return rules.borda(columns)
    if spec.rule is Rule.MEAN_WIN_RATE:
        return rules.mean_win_rate(columns)
    if spec.rule is Rule.LANGUAGE_WIN_RATE:
        return rules.language_win_rate(columns, [spec.columns[place].languages for place in counted(spec)])
    return rules.mean(columns, _column_weights(spec))


def _column_weights(spec: BoardSpec) -> Floats:
    kept = counted(spec)
    if spec.over is Over.TYPES:
        return rules.type_weights([spec.columns[place].type for place in kept])
    return np.full(len(kept), 1 / len(kept))


def _piece_weights(numbers: Numbers, rows: Integers, column: int, weight: float) -> Floats:
    """The weight of each piece in a column, for these rows, shape (rows, pieces). Where normalisation is what the rule
    reads, a piece weighs 1/(1 - b).
    """
    own = numbers.filled.pieces_of(column)
    result = np.zeros((len(rows), len(numbers.lower)))
    stretch = 1 / (1 - numbers.lower) if numbers.spec.rule is Rule.NORMALISED_MEAN else np.ones(len(numbers.lower))
    for place in own:
        result[:, place] = weight / len(own) * stretch[place]
    return result


def _linear_errors(numbers: Numbers, rows: Integers) -> Errors:
    """The errors of means. A value that normalisation made 0 counts with the whole error of its raw value, and as
    independent of the others: how much of it is cut off differs between models, so nothing cancels for certain.
    """
    kept = counted(numbers.spec)
    parts = [
        _piece_weights(numbers, rows, column, weight)
        for column, weight in zip(kept, _column_weights(numbers.spec), strict=True)
    ]
    joint = np.ones((len(rows), len(numbers.filled.pieces)), dtype=bool)
    if numbers.spec.rule is Rule.NORMALISED_MEAN:
        joint = numbers.filled.raw[rows] >= numbers.lower
    return numbers.certainty.combined(rows, np.sum(parts, axis=0), joint)


def _simulated_errors(numbers: Numbers, models: Integers, present: Booleans) -> Errors:
    """The errors of a rule that ranks inside columns: how its scores move together when every value is drawn anew."""
    kept = counted(numbers.spec)
    parts = [_piece_weights(numbers, models, column, 1.0) for column in kept]
    for part, column in zip(parts, numbers.columns[models].T, strict=True):
        part[np.isnan(column)] = 0.0
    count = replicate_count(len(models))
    unknown = np.isnan(
        [np.where(part != 0, numbers.certainty.errors[models], 0.0).sum(axis=1) for part in parts]
    ).any(axis=0)  # fmt: skip
    found = numbers.certainty.redrawn(numbers.columns[models], models, parts, count)
    scores = np.array([apply(numbers.spec, columns) for columns in found]).reshape(count, len(models))[:, present]
    shared = (scores - scores.mean(axis=0)).T / math.sqrt(count - 1)
    degrees = np.minimum(numbers.certainty.freedom(models, np.sum(parts, axis=0))[present], count - 1)
    return Errors(np.where(unknown, np.nan, 0.0)[present], shared, degrees)


def standings(numbers: Numbers, order: Order) -> list[Standing]:
    """Every row of the board, as `Numbers` has them."""
    spec, filled, kept = numbers.spec, numbers.filled, counted(numbers.spec)
    names = told_apart(filled.models)
    raw = column_values(filled.raw, filled.pieces, len(spec.columns))
    normalised = column_values(numbers.normalised, filled.pieces, len(spec.columns))
    for (row, column), whole in filled.wholes.items():
        raw[row, column] = whole.estimate
    means = rules.mean(raw[:, kept])
    types = [spec.columns[place].type for place in kept]
    typed = rules.mean(raw[:, kept], rules.type_weights(types)) if all(types) else np.full(len(raw), np.nan)
    by_type = {
        name: rules.mean(raw[:, [p for p in kept if spec.columns[p].type == name]]) for name in set(types) - {""}
    }
    scores, spans = _scores(numbers, order)
    places = dict(zip(order.rows.tolist(), order.places, strict=True))
    own = [filled.pieces_of(place) for place in range(len(spec.columns))]
    counting = [piece for place in kept for piece in own[place]]
    absent = np.isnan(filled.raw).tolist()
    has_columns = (~np.isnan(raw[:, kept])).sum(axis=1).tolist()
    shown, scaled = raw.tolist(), normalised.tolist()
    sign = -1.0 if spec.rule.linear and spec.columns[kept[0]].direction is Direction.LOWER else 1.0
    unread = Sentence("answers cannot be read")
    result: list[Standing] = []
    for row, subject in enumerate(filled.models):
        cells = tuple(
            cell_of(filled, row, pieces, value, other, filled.wholes.get((row, column)))
            for column, (pieces, value, other) in enumerate(zip(own, shown[row], scaled[row], strict=True))
        )
        has = [piece for piece in counting if not absent[row][piece]]
        span_of_row = _only_span(numbers, kept, row, cells) or spans[row]
        ends = sorted((sign * span_of_row.low, sign * span_of_row.high))
        result.append(
            Standing(
                name=names[row],
                model=subject.name,
                identity=subject.identity,
                facts=subject.facts,
                cells=cells,
                columns=has_columns[row],
                score=sign * float(scores[row]) if sign < 0 else float(scores[row]),
                low=ends[0],
                high=ends[1],
                mean=float(means[row]),
                type_mean=float(typed[row]),
                types={name: float(values[row]) for name, values in by_type.items()},
                static=places.get(row),
                filtered=None,
                basis=numbers.certainty.basis(row, has) if row in places else Basis.NONE,
                baseline=filled.baseline_rows[row],
                flags=(
                    *flags_of(cells, [column.name for column in spec.columns], filled.damaged[row]),
                    *([unread] if numbers.certainty.unread[row].any() else []),
                ),
            )
        )
    return result


def _scores(numbers: Numbers, order: Order) -> tuple[Floats, list[Interval]]:
    """The score and its interval for every row, baselines included where the rule looks at one row at a time."""
    size = len(numbers.filled.models)
    scores, variances = np.full(size, np.nan), np.full(size, np.nan)
    scores[order.rows], variances[order.rows] = order.scores, order.errors.variance()
    if numbers.spec.rule.linear:
        apart = np.array([row for row, known in enumerate(numbers.filled.baseline_rows) if known], dtype=np.int64)
        if len(apart):
            scores[apart] = apply(numbers.spec, numbers.columns[apart])
            variances[apart] = _linear_errors(numbers, apart).variance()
    bounded = numbers.spec.rule.linear or numbers.spec.rule is Rule.MEAN_WIN_RATE
    errors = np.sqrt(variances).tolist()
    return scores, [span(score, error, bounded=bounded) for score, error in zip(scores.tolist(), errors, strict=True)]


def _only_span(numbers: Numbers, kept: Sequence[int], row: int, cells: Sequence[Cell | None]) -> Interval | None:
    """The interval of the score where it is the number of a single column: that of its cell, in the sense of `_scores`.
    None where there are more, or the cell has none.
    """
    cell = cells[kept[0]]
    pieces = numbers.filled.pieces_of(kept[0])
    normalised = numbers.spec.rule is Rule.NORMALISED_MEAN
    if len(kept) > 1 or not numbers.spec.rule.linear or cell is None or math.isnan(cell.low):
        return None
    if normalised and len(pieces) > 1:
        return None
    ends = np.array([cell.low, cell.high])
    if normalised:
        ends = rules.normalise(ends, numbers.lower[pieces[0]])
    sign = -1.0 if numbers.spec.columns[kept[0]].direction is Direction.LOWER else 1.0
    low, high = (sign * ends).tolist()
    return Interval(low, high)
