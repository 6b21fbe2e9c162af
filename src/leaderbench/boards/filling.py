"""From the entries of a store to the numbers of a board: which score stands in which cell."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

import numpy as np

from leaderbench.benchmarks import registry
from leaderbench.boards.published import Whole, implied, is_unsure, is_whole, whole_of
from leaderbench.boards.row import Row, row_of, subject, without_all_parts
from leaderbench.boards.rules import Floats
from leaderbench.boards.spec import BoardSpec, Filters, Part
from leaderbench.boards.table import Dispute, Lacking
from leaderbench.models.baselines import is_baseline
from leaderbench.records import Aggregation, Score, View, largest
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.imports.scores import binomial_error, is_share
from leaderbench.results.subjects import COMMIT, REVISION, Subject, precision_of, shots_of
from leaderbench.statistics.intervals import normal_quantile, wilson

computed_from = "baseline:random"
"""The model whose scores are the baselines that a board wants computed."""

trust = {Provenance.MADE_HERE: 2, Provenance.IMPORTED_RUN: 1, Provenance.IMPORTED_SCORE: 0}


@dataclass(frozen=True, slots=True)
class Piece:
    """One number of each model that a board reads: a column, or a part of one."""

    column: int
    part: Part
    metric: str | None
    """The metric's name; None takes the one that most entries have."""

    aggregation: Aggregation | None
    sources: tuple[str, ...] = ()
    """Every name under which entries are values of it, or of the whole column that it is a part of."""

    def takes(self, entry: Entry) -> bool:
        """Whether this entry is a value of the piece; its benchmark is known to be the right one."""
        score = entry.score
        if entry.benchmark in self.part.published:
            return entry.provenance is Provenance.IMPORTED_SCORE and score.metric.name in ("score", self.metric)
        if score.subset != self.part.subset or (self.metric is not None and score.metric.name != self.metric):
            return False
        if self.aggregation is None or score.metric.aggregation is self.aggregation or score.subset is not None:
            return True  # of one subset, micro and macro mean the same
        # Published numbers seldom say how they were averaged; unless the board insists on it, that is let pass.
        return entry.provenance is Provenance.IMPORTED_SCORE and self.part.aggregation is None


@dataclass(slots=True)
class Filled:
    """The chosen entries and their numbers; arrays have shape (models, pieces)."""

    pieces: tuple[Piece, ...]
    models: list[Subject]
    """Who each row is about, in order."""

    entries: list[list[Entry | None]]
    others: list[list[int]]
    """How many further entries each cell had."""

    disputes: list[list[Dispute | None]]
    """Where other values than the one that is shown were published for the same thing."""

    damaged: list[int]
    """How many runs of each row could not be used because they are damaged."""

    lacking: list[list[Lacking | None]]
    """Where a mean is over other parts than those of its column: it is shown, and takes no part in the order."""

    problems: list[tuple[str, str]] = field(default_factory=list)
    """For each damaged run its model and what is wrong with it."""

    wholes: Mapping[tuple[int, int], Whole] = field(default_factory=dict)
    """Numbers of whole columns, by row and column, that stand in the place of those of their parts."""

    implied: frozenset[tuple[int, int]] = frozenset()
    """Rows and pieces of which nothing but the number of questions says how sure they are."""

    elsewhere: int = 0
    """How many rows are not shown, since they are of another table that has some columns of the same names."""

    raw: Floats = field(init=False)
    errors: Floats = field(init=False)
    """Standard errors; NaN where nobody knows them."""

    from_intervals: bool = field(init=False)
    """Whether a standard error of a model is worked out from the interval that was published."""

    baseline_rows: list[bool] = field(init=False)
    """Which rows are models that know nothing."""

    def __post_init__(self) -> None:
        shape = len(self.models), len(self.pieces)
        self.baseline_rows = [is_baseline(model.name) for model in self.models]
        counting = [
            [None if lacking else entry for entry, lacking in zip(*row, strict=True)]
            for row in zip(self.entries, self.lacking, strict=True)
        ]
        scores = [[math.nan if e is None else _number(e.score) for e in row] for row in counting]
        errors = [[math.nan if e is None else standard_error(e.score) for e in row] for row in counting]
        found = (entry.score for row in self.entries for entry in row if entry is not None)
        self.from_intervals = any(map(has_published_interval, found))
        self.raw = np.array(scores, dtype=np.float64).reshape(shape)
        self.errors = np.array(errors, dtype=np.float64).reshape(shape)

    def pieces_of(self, column: int) -> list[int]:
        """The pieces of a column."""
        return [place for place, piece in enumerate(self.pieces) if piece.column == column]

    def baselines(self) -> Floats:
        """The baseline of each piece; NaN where it is to be computed and nothing is there to compute it from."""
        row = next((place for place, model in enumerate(self.models) if model.name == computed_from), None)
        found = []
        for place, piece in enumerate(self.pieces):
            value = piece.part.lower
            if value is None:
                value = math.nan if row is None else float(self.raw[row, place])
            found.append(value if value < 1 else math.nan)
        return np.array(found, dtype=np.float64)


def _number(score: Score) -> float:
    return score.estimate if abs(score.estimate) <= largest else math.nan


def standard_error(score: Score) -> float:
    """How sure a score is, as a standard error; NaN where nothing says so.

    Of a run that stopped early it is what its interval is worth, and so it is of a number of which the interval was
    published and no standard error: (high - low) / (2 * 1.96). Where all answers were alike, or only the number of
    questions is known, it is that of a share (`binomial_error`), where the metric is known to be one.
    """
    if score.view is View.STOPPED:
        half = (score.high - score.low) / 2
        return half / normal_quantile() if half <= largest else math.nan
    known = 0 <= score.standard_error <= largest
    if known and (score.standard_error > 0 or score.view is View.BANK):
        return score.standard_error
    if has_published_interval(score):
        return (score.high - score.low) / 2 / normal_quantile()
    if score.n > 0 and is_share(score.metric.name, score.estimate):
        return binomial_error(score.estimate, score.n)
    return math.nan


def has_published_interval(score: Score) -> bool:
    """Whether only a 95 % interval says how sure a score is: one that was published, and not one that n gives."""
    if score.standard_error >= 0 or not 0 < score.high - score.low <= largest:
        return False
    return score.n == 0 or not is_share(score.metric.name, score.estimate) or not _is_wilson(score)


def _is_wilson(score: Score) -> bool:
    made = wilson(score.estimate * score.n, score.n)
    return math.isclose(made.low, score.low, abs_tol=1e-9) and math.isclose(made.high, score.high, abs_tol=1e-9)


def pieces_of(spec: BoardSpec) -> tuple[Piece, ...]:
    """Every number that the board reads, in the order of its columns; a metric that it leaves open is the benchmark's
    own.
    """
    found = []
    for place, column in enumerate(spec.columns):
        for part in column.pieces:
            metric, aggregation = part.metric, part.aggregation
            if part.benchmark is not None:
                metrics = registry.get(part.benchmark).metrics
                metric = metric or metrics[0].name
                aggregation = aggregation or next(item.aggregation for item in metrics if item.name == metric)
            names = tuple(dict.fromkeys((*part.sources, *column.published)))
            found.append(Piece(place, part, metric, aggregation, names))
    return tuple(found)


def fill(spec: BoardSpec, entries: Iterable[Entry]) -> Filled:
    """Choose the entry of each cell. Rows are in the order of their names, whatever the order of the entries.

    A row is a model of one name and one identity: other weights or another dtype under the same name are another row.
    So are results with another number of shots than those that stand in the same cell.
    """
    pieces = pieces_of(spec)
    every = _gathered(spec, pieces, entries)
    gathered = {key: cells for key, cells in every.items() if not _is_of_another_table(spec, pieces, cells)}
    elsewhere = len(every) - len(gathered)
    rows = {key: found[: len(pieces)] for key, found in gathered.items()}
    told = {key: found[len(pieces) :] for key, found in gathered.items()}
    for place, piece in enumerate(pieces):
        if piece.metric is None:
            keep_usual_metric([cells[place] for cells in rows.values()])
    rows |= _other_shots(rows)
    keys = sorted(rows)
    models = [subject(key, [*rows[key], *told.get(key, ())]) for key in keys]
    chosen: list[list[Entry | None]] = [[choice(cell) for cell in rows[key]] for key in keys]
    others = [[max(len(cell) - 1, 0) for cell in rows[key]] for key in keys]
    disputes = [
        [dispute(entry, cell) for entry, cell in zip(row, rows[key], strict=True)]
        for key, row in zip(keys, chosen, strict=True)
    ]
    damaged = [len({entry.run for cell in rows[key] for entry in cell if entry.problem}) for key in keys]
    wrong = {entry.run: (entry.model, entry.problem) for key in keys for c in rows[key] for entry in c if entry.problem}
    wholes = _place_wholes(spec, pieces, chosen, [told.get(key, ()) for key in keys])
    implied = _imply(pieces, chosen, wholes)
    lacking = without_all_parts(chosen)
    problems = list(wrong.values())
    return Filled(pieces, models, chosen, others, disputes, damaged, lacking, problems, wholes, implied, elsewhere)


def _gathered(spec: BoardSpec, pieces: Sequence[Piece], entries: Iterable[Entry]) -> dict[Row, list[list[Entry]]]:
    """The entries of each row: those of each piece, and behind them those of each column as a whole."""
    takers = [*(piece.takes for piece in pieces), *[is_whole] * len(spec.columns)]
    places: dict[str, list[int]] = {}
    for place, piece in enumerate(pieces):
        for source in piece.part.sources:
            places.setdefault(source, []).append(place)
    for place, column in enumerate(spec.columns, len(pieces)):
        for source in column.published if column.parts else ():
            places.setdefault(source, []).append(place)
    rows: dict[Row, list[list[Entry]]] = {}
    allowed: dict[str, bool] = {}
    for entry in entries:
        if entry.benchmark not in places:
            continue
        if entry.model not in allowed:
            allowed[entry.model] = takes_model(spec.filters, entry.model)
        if not allowed[entry.model] or not takes(spec.filters, entry):
            continue
        for place in places[entry.benchmark]:
            if takers[place](entry):
                key = row_of(spec, entry)
                if key not in rows:
                    rows[key] = [[] for _ in takers]
                rows[key][place].append(entry)
    return rows


def _is_of_another_table(spec: BoardSpec, pieces: Sequence[Piece], cells: Sequence[Sequence[Entry]]) -> bool:
    """Whether a row has only numbers of published tables, and not those of every column: other tables have columns of
    the same names.
    """
    names = {name for column in spec.columns for part in (column, *column.parts) for name in part.published}
    if not names.issuperset(entry.benchmark for cell in cells for entry in cell):
        return False
    has = {piece.column for place, piece in enumerate(pieces) if cells[place]}
    has |= {column for column, whole in enumerate(cells[len(pieces) :]) if whole}
    return any(
        column.ranked and not column.optional and column.published and place not in has
        for place, column in enumerate(spec.columns)
    )


def _place_wholes(
    spec: BoardSpec,
    pieces: Sequence[Piece],
    chosen: Sequence[list[Entry | None]],
    told: Sequence[Sequence[Sequence[Entry]]],
) -> dict[tuple[int, int], Whole]:
    """Put published numbers of whole columns in the place of parts that are not all there; by row and column."""
    own = [[place for place, piece in enumerate(pieces) if piece.column == i] for i in range(len(spec.columns))]
    wholes: dict[tuple[int, int], Whole] = {}
    for row, (cells, columns) in enumerate(zip(chosen, told, strict=True)):
        for place, found in enumerate(columns):
            if not found or all(cells[piece] is not None for piece in own[place]):
                continue
            if whole := whole_of(spec.columns[place], spec.rule, found, choice):
                wholes[row, place] = whole
                for piece, part in zip(own[place], whole.parts, strict=True):
                    cells[piece] = part
    return wholes


def _imply(
    pieces: Sequence[Piece], chosen: Sequence[list[Entry | None]], wholes: Mapping[tuple[int, int], Whole]
) -> frozenset[tuple[int, int]]:
    """Say of published shares how sure they are where only the board knows how many questions there are; the rows and
    pieces of these.
    """
    found = set()
    for row, entries in enumerate(chosen):
        for place, (piece, entry) in enumerate(zip(pieces, entries, strict=True)):
            if (row, piece.column) in wholes:
                if wholes[row, piece.column].implied:
                    found.add((row, place))
            elif entry is not None and piece.part.questions and is_unsure(entry):
                entries[place] = replace(entry, score=implied(entry.score, piece.part.questions))
                found.add((row, place))
    return frozenset(found)


def _other_shots(rows: Mapping[Row, list[list[Entry]]]) -> dict[Row, list[list[Entry]]]:
    """Take out of each cell what was asked with another number of shots than what is shown there, into further rows."""
    found: dict[Row, list[list[Entry]]] = {}
    for (model, identity, _), cells in rows.items():
        for place, cell in enumerate(cells):
            shots = {shots_of(entry.settings) for entry in cell} if len(cell) > 1 else set()
            shown = choice(cell) if len(shots) > 1 else None
            for other in sorted(shots - {shots_of(shown.settings)}) if shown else ():
                row = found.setdefault((model, identity, other), [[] for _ in cells])
                row[place] = [entry for entry in cell if shots_of(entry.settings) == other]
            if shown:
                cell[:] = [entry for entry in cell if shots_of(entry.settings) == shots_of(shown.settings)]
    return found


def keep_usual_metric(cells: Sequence[list[Entry]]) -> None:
    """Leave only the entries of the metric that most have, the first by name where several are as frequent."""
    counts = Counter(str(entry.score.metric) for cell in cells for entry in cell)
    if len(counts) > 1:
        usual = min(counts, key=lambda name: (-counts[name], name))
        for cell in cells:
            cell[:] = [entry for entry in cell if str(entry.score.metric) == usual]


def takes_model(filters: Filters, model: str) -> bool:
    """Whether a board takes in models of this name."""
    wanted = not filters.models or any(fnmatchcase(model, pattern) for pattern in filters.models)
    return wanted and not any(fnmatchcase(model, pattern) for pattern in filters.exclude)


def takes(filters: Filters, entry: Entry) -> bool:
    """Whether a board takes in this entry, as far as its model's name goes unasked."""
    if filters.provenance and entry.provenance not in filters.provenance:
        return False
    if filters.precision and precision_of(entry.facts) not in filters.precision:
        return False
    revisions = [entry.facts.get(name, "") for name in (REVISION, COMMIT)]
    if filters.revision and not any(r.startswith(wanted) for wanted in filters.revision for r in revisions):
        return False
    return not (filters.plain and entry.settings)


def choice(entries: Sequence[Entry]) -> Entry | None:
    """The entry that stands in a cell: of all questions rather than some, made here rather than imported, then the
    newest, then the last one of its table, whatever its value. A damaged run stands in none.
    """
    good = [entry for entry in entries if not entry.problem]
    if len(good) < 2:
        return good[0] if good else None
    return max(
        good,
        key=lambda entry: (
            not entry.settings,
            trust[entry.provenance],
            len(entry.parts),
            entry.created,
            entry.run,
            entry.stated,
            str(entry.score.metric),
            entry.source,
            repr(entry.score),
        ),
    )


def dispute(chosen: Entry | None, entries: Sequence[Entry]) -> Dispute | None:
    """What else was published in place of a published score: other values under the same settings."""
    if len(entries) < 2 or chosen is None or chosen.provenance is not Provenance.IMPORTED_SCORE:
        return None
    rivals = [
        entry
        for entry in entries
        if (entry.provenance, entry.settings, entry.parts) == (chosen.provenance, chosen.settings, chosen.parts)
        and entry.identity == chosen.identity
        and entry.score.estimate != chosen.score.estimate
    ]
    if not rivals:
        return None
    latest = all(
        (bool(entry.created) and entry.created < chosen.created)
        or (entry.created == chosen.created and entry.stated[0] == chosen.stated[0])
        for entry in rivals
    )
    return Dispute(1 + len({entry.score.estimate for entry in rivals}), latest)


def column_values(values: Floats, pieces: Sequence[Piece], columns: int) -> Floats:
    """The mean of each column's pieces, shape (models, columns); NaN where one of them is missing."""
    found = np.empty((len(values), columns))
    for column in range(columns):
        own = [place for place, piece in enumerate(pieces) if piece.column == column]
        found[:, column] = values[:, own[0]] if len(own) == 1 else values[:, own].mean(axis=1)
    return found


def counted(spec: BoardSpec) -> list[int]:
    """The columns that take part in the order."""
    return [place for place, column in enumerate(spec.columns) if column.ranked]
