"""What a board shows: its rows for one view, the same for a page, the API and a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from leaderbench.benchmarks import registry
from leaderbench.boards.arranged import Arranged, Choice, model_columns
from leaderbench.boards.filling import pieces_of
from leaderbench.boards.notes import about_unplaced
from leaderbench.boards.outcomes import reader
from leaderbench.boards.ranks import Mode
from leaderbench.boards.reading import Board, boards
from leaderbench.boards.spec import BoardSpec, Column, said
from leaderbench.boards.standing import Ranked, rank
from leaderbench.boards.stored import command
from leaderbench.boards.table import BoardTable, Cell, Place, Standing
from leaderbench.errors import LeaderbenchError
from leaderbench.sentences import Sentence
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown.models import query_of, records, shown_facts
from leaderbench.web.shown.scores import named
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.boards import ShownBoard, ShownCell, ShownColumn, ShownPlace, ShownRow
from leaderbench.web.values.facts import ShownFact
from leaderbench.web.views import Average, BoardView, Intervals, ModelColumn, Ranks, Values

no_column = "-"
"""What stands in `columns` of a view that shows none."""


@dataclass(frozen=True, slots=True)
class Standings:
    """A board worked out, and its rows laid out for any view."""

    ranked: Ranked
    arranged: Arranged


@dataclass(frozen=True, slots=True)
class Selection:
    """What a view selects of a board."""

    key: tuple[object, ...]
    """What tells it from others as far as the looks of a row go."""

    arranged: Arranged
    table: BoardTable
    """All rows and columns, in the board's order."""

    columns: tuple[int, ...]
    """The places of the columns that are shown."""

    pinned: tuple[int, ...]
    """The places of the rows that stay on top."""

    rest: tuple[int, ...]
    """The places of the rows that the page shows below."""

    models: int
    """Models of all pages, those pinned included."""

    facts: tuple[str, ...]
    """Names of the facts of models that are shown."""

    total: int
    """Rows of all pages, without those pinned."""

    among: Mapping[str, Place | None] | None
    """The places of rows among those that a filter left, by name; None where they are not asked for."""

    notes: tuple[str, ...]

    def row(self, place: int) -> Standing:
        """A row with the columns that are shown."""
        row = self.table.rows[place]
        if len(self.columns) < len(row.cells):
            row = replace(row, cells=tuple(row.cells[column] for column in self.columns))
        return row if self.among is None else replace(row, filtered=self.among.get(row.name))


def known_boards(live: LiveStore) -> Mapping[str, Board]:
    """Every board by its name."""
    return live.keep("boards", live.version(), lambda: {item.name: item for item in boards(live.store.path)})


def find_board(live: LiveStore, name: str) -> Board:
    """The board of this name, also one with a problem. Raises `AbsentError`."""
    found = known_boards(live).get(name)
    if found is None:
        raise AbsentError(Sentence("There is no board '{name}' here.", name=name[:100]))
    return found


def shown_board(live: LiveStore, name: str, view: BoardView, language: str = "en") -> ShownBoard:
    """One page of a board. Raises `AbsentError` for an unknown board or column, `LeaderbenchError` for a wrong file."""
    selection = select(live, name, view)
    items = tuple(
        selected_row(live, selection, place, pinned=place in selection.pinned)
        for place in (*selection.pinned, *selection.rest)
    )
    board = without_rows(live, name, view, selection, language)
    return board.model_copy(update={"rows": board.rows.model_copy(update={"items": items})})


def rows_named(live: LiveStore, name: str, names: Sequence[str], language: str = "en") -> ShownBoard:
    """A board with these rows alone and all that is known of their models. Raises as `shown_board` does."""
    view = BoardView(pin=list(names), facts=list(get_args(ModelColumn)), rows=1)
    selection = select(live, name, view)
    items = tuple(selected_row(live, selection, place) for place in selection.pinned)
    board = without_rows(live, name, view, selection, language)
    return board.model_copy(update={"rows": board.rows.model_copy(update={"items": items})})


def without_rows(live: LiveStore, name: str, view: BoardView, selection: Selection, language: str = "en") -> ShownBoard:
    """All that a page of a board says but its rows."""
    table, item = selection.table, find_board(live, name)
    every = live.keep(
        ("columns", name, language, selection.key[2]), live.version(), lambda: _columns(live, name, table, language)
    )
    shown = {table.spec.columns[place].name for place in selection.columns}
    unplaced = live.keep("unplaced", live.version(), live.index.unplaced)
    instead = Sentence("This is the store's own board {name}; it stands in the place of the shipped one.", name=name)
    return ShownBoard(
        name=name,
        title=said(table.spec.title, language),
        about=said(table.spec.about, language),
        rule=Sentence(table.spec.rule.value),
        formula=table.formula.text,
        formula_version=table.formula.version,
        rank_intervals=table.mode.value,
        score_is_share=selection.arranged.share,
        columns=tuple(column for column in every if column.key in shown),
        all_columns=every,
        models=selection.arranged.scored,
        models_shown=selection.models,
        all_imported=selection.arranged.imported,
        shared_flags=tuple(map(live.said, selection.arranged.shared_flags)),
        rows=Paged[ShownRow](items=(), page=view.page, size=view.rows, total=selection.total),
        command=command(name, table.spec),
        notes=(*([instead] if item.overrides else []), *map(live.said, (*about_unplaced(unplaced), *selection.notes))),
    )


def _columns(live: LiveStore, name: str, table: BoardTable, language: str) -> tuple[ShownColumn, ...]:
    """Every column of a board, with the baselines of those that are in the table."""
    names = [column.name for column in table.spec.columns]
    baselines = dict(zip(names, table.baselines, strict=True))
    shares = dict(zip(names, table.shares, strict=True))
    return tuple(
        _column(column, baselines.get(column.name, ()), language, share=shares.get(column.name, False))
        for column in _spec(live, name).columns
    )


def board_file(live: LiveStore, name: str, view: BoardView) -> BoardTable:
    """Every row that a view shows, of all its pages and the pinned ones first, with the columns that it shows."""
    whole = select(live, name, view.model_copy(update={"page": 1}), paged=False)
    table = whole.arranged.only((*whole.pinned, *whole.rest), whole.columns)
    if whole.among is None:
        return table
    rows = tuple(replace(row, filtered=whole.among.get(row.name)) for row in table.rows)
    return replace(table, rows=rows, notes=whole.notes, is_filtered=True)


def fact_columns(live: LiveStore, name: str, view: BoardView) -> dict[str, Callable[[Standing], object]]:
    """What a view shows of the models, each as a function of a row: a value, or nothing where it is not known."""
    arranged = select(live, name, view).arranged

    def column(fact: str) -> Callable[[Standing], object]:
        def value(row: Standing) -> object:
            known = getattr(arranged.models.records[arranged.places[row.name]], fact)
            return known and (known.value if isinstance(known.value, int) else str(known.value))

        return value

    return {fact: column(fact) for fact in model_columns if fact in view.facts}


def select(live: LiveStore, name: str, view: BoardView, *, paged: bool = True) -> Selection:
    """What a view selects: a page of the rows, or all of them. Raises as `shown_board` does."""
    used = used_columns(live, name, view)
    key = ("board", name, used, view.intervals)
    standings: Standings = live.keep(key, live.version(), lambda: worked_out(live, name, used, view.intervals.value))
    arranged, table = standings.arranged, standings.arranged.table
    choice = choice_of(view)
    try:
        chosen = arranged.chosen(choice)
    except LookupError as error:
        column = view.sort.removeprefix("-")
        raise AbsentError(
            Sentence("The column '{column}' is not shown, so it gives no order.", column=column)
        ) from error
    among, notes = None, table.notes
    if view.ranks is Ranks.FILTERED and choice.narrows:
        among, notes = live.keep((*key, choice.rows), live.version(), lambda: _among(standings, choice))
    pinned = tuple(dict.fromkeys(arranged.places[row] for row in view.pin if row in arranged.places))
    places = chosen.tolist()
    if pinned:
        places = [place for place in places if place not in pinned]
    start = (view.page - 1) * view.rows if paged else 0
    wanted = [column for column in used if not view.columns or column in view.columns]
    columns = tuple(place for place, column in enumerate(table.spec.columns) if column.name in wanted)
    return Selection(
        key=(*key, columns),
        arranged=arranged,
        table=table,
        columns=columns,
        pinned=pinned,
        models=arranged.models_among(np.union1d(chosen, pinned).astype(np.int64) if pinned else chosen),
        facts=tuple(name for name in model_columns if name in view.facts),
        rest=tuple(places[start : start + view.rows] if paged else places),
        total=len(places),
        among=among,
        notes=notes,
    )


def used_columns(live: LiveStore, name: str, view: BoardView) -> tuple[str, ...]:
    """The columns that make the score. Raises `AbsentError` for a column that the board lacks."""
    keys = tuple(column.name for column in _spec(live, name).columns)
    for key in (*view.columns, view.sort.removeprefix("-")):
        if key not in (*keys, "", "score", "model", no_column, *model_columns):
            raise AbsentError(
                Sentence(
                    "The board {name} has no column '{column}'; it has {columns}.",
                    name=name,
                    column=key[:100],
                    columns=", ".join(keys)[:500],
                )
            )
    if view.average is Average.ALL or not view.columns:
        return keys
    return tuple(key for key in keys if key in view.columns)


def standings_key(live: LiveStore, name: str, view: BoardView) -> tuple[str, str, tuple[str, ...], Intervals]:
    """What a board that was worked out for a view is kept under. Raises as `shown_board` does."""
    return "board", name, used_columns(live, name, view), view.intervals


def is_ready(live: LiveStore, name: str, view: BoardView) -> bool:
    """Whether a page of a board takes milliseconds, since its ranks are worked out."""
    try:
        key = standings_key(live, name, view)
    except LeaderbenchError:
        return True
    choice = choice_of(view)
    return live.has(key) and (view.ranks is Ranks.STATIC or not choice.narrows or live.has((*key, choice.rows)))


def choice_of(view: BoardView) -> Choice:
    """The rows that a view's words choose, and their order."""
    return Choice(
        query=query_of(view),
        provenance=frozenset(view.provenance),
        hide_flagged=not view.flagged,
        sort=view.sort,
        normalised=view.values is Values.NORMALISED,
    )


def _spec(live: LiveStore, name: str) -> BoardSpec:
    found = find_board(live, name)
    if found.spec is None:
        raise LeaderbenchError(live.said(found.problem))
    return found.spec


def worked_out(live: LiveStore, name: str, used: Sequence[str], intervals: str) -> Standings:
    """The standings of a board by these columns. Raises as `shown_board` does."""
    spec = _spec(live, name)
    if len(used) < len(spec.columns):
        try:
            spec = spec.only(used)
        except ValueError as error:
            raise AbsentError(Sentence("These columns make no order: {why}.", why=str(error))) from error
    pieces = pieces_of(spec)
    overall = all(piece.part.subset is None for piece in pieces)
    entries = live.index.entries(spec.names, overall_only=overall)
    ranked = rank(
        spec,
        entries,
        reader(live.store),
        name=name,
        mode=Mode(intervals),
        known=lambda: [item.name for item in live.index.benchmarks()],
    )
    return Standings(ranked, Arranged(ranked.table, records(live)))


def _among(standings: Standings, choice: Choice) -> tuple[dict[str, Place | None], tuple[str, ...]]:
    """The places of the rows that a choice leaves among themselves, and what to know of them."""
    arranged = standings.arranged
    fits = arranged.fits(choice).tolist()
    table = standings.ranked.among(lambda row: row.baseline or fits[arranged.places[row.name]])
    return {row.name: row.filtered for row in table.rows}, table.notes


def _column(column: Column, baselines: Sequence[float], language: str, *, share: bool) -> ShownColumn:
    return ShownColumn(
        key=column.name,
        title=said(column.title, language) or column.name,
        sources=column.names,
        direction=column.direction.value,
        is_share=share,
        about=Sentence(registry.get(column.benchmark).summary) if column.benchmark else "",
        type=column.type,
        languages=column.languages,
        baselines=tuple(known(value) for value in baselines),
    )


def shown_place(place: Place | None) -> ShownPlace | None:
    """A place as a value of the site."""
    return None if place is None else ShownPlace(rank=place.rank, low=place.low, high=place.high, of=place.of)


def selected_row(live: LiveStore, selection: Selection, place: int, *, pinned: bool = False) -> ShownRow:
    """The row at a place of a selection as a value of the site, with what is known of its model."""
    facts = shown_facts(selection.arranged.models.records[place], selection.facts)
    return shown_row(live, selection.row(place), facts, pinned=pinned)


def shown_row(live: LiveStore, row: Standing, facts: tuple[ShownFact, ...], *, pinned: bool = False) -> ShownRow:
    """A row as a value of the site."""
    return ShownRow(
        name=row.name,
        model=row.model,
        identity=row.identity,
        facts=dict(row.facts),
        rank=shown_place(row.static),
        filtered_rank=shown_place(row.filtered),
        score=known(row.score),
        low=known(row.low),
        high=known(row.high),
        rank_interval_from=Sentence(row.basis.value),
        cells=tuple(None if cell is None else _cell(live, cell) for cell in row.cells),
        known=facts,
        baseline=row.baseline,
        pinned=pinned,
        flags=tuple(map(live.said, row.flags)),
    )


def _cell(live: LiveStore, cell: Cell) -> ShownCell:
    return ShownCell(
        estimate=known(cell.estimate),
        low=known(cell.low),
        high=known(cell.high),
        normalised=known(cell.normalised),
        n=cell.n or None,
        errors=cell.errors,
        metric=named(cell.metric),
        provenance=Sentence(cell.provenance.value),
        run=cell.run,
        settings=cell.settings,
        counts=cell.lacking is None,
        source=live.said(cell.source) if cell.source else "",
    )
