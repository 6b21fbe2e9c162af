"""What a board shows: its rows for one view, the same for a page, the API and a file."""

import math
from collections.abc import Sequence
from dataclasses import replace

from leaderbench.boards.filling import pieces_of
from leaderbench.boards.outcomes import reader
from leaderbench.boards.ranks import Mode
from leaderbench.boards.reading import Board, boards
from leaderbench.boards.spec import BoardSpec, Column, said
from leaderbench.boards.standing import stand
from leaderbench.boards.table import BoardTable, Cell, Place, Standing
from leaderbench.errors import LeaderbenchError
from leaderbench.models.search import matches
from leaderbench.sentences import Sentence
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown.models import Records, named, query_of, records
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.boards import ListedBoard, ShownBoard, ShownCell, ShownColumn, ShownPlace, ShownRow
from leaderbench.web.views import Average, BoardView, ModelFilters, Ranks, Values


def listed_boards(live: LiveStore, language: str = "en") -> tuple[ListedBoard, ...]:
    """Every board; one whose file is wrong says so."""
    return tuple(_listed(live, item, language) for item in boards(live.store.path))


def _listed(live: LiveStore, item: Board, language: str) -> ListedBoard:
    spec = item.spec
    return ListedBoard(
        name=item.name,
        title=said(spec.title, language) if spec else item.name,
        about=said(spec.about, language) if spec else "",
        rule=Sentence(spec.rule.value) if spec else "",
        columns=tuple(column.name for column in spec.columns) if spec else (),
        own=item.own,
        problem=live.said(item.problem),
    )


def find_board(live: LiveStore, name: str) -> Board:
    """The board of this name, also one with a problem. Raises `AbsentError`."""
    for item in boards(live.store.path):
        if item.name == name:
            return item
    raise AbsentError(Sentence("There is no board '{name}' here.", name=name[:100]))


def shown_board(live: LiveStore, name: str, view: BoardView, language: str = "en") -> ShownBoard:
    """One page of a board. Raises `AbsentError` for an unknown board or column, `LeaderbenchError` for a wrong file."""
    whole, table, models = _arranged(live, name, view)
    pinned = set(view.pin)
    first = [row for row in whole.rows if row.name in pinned]
    rest = [row for row in table.rows if row.name not in pinned]
    start = (view.page - 1) * view.rows
    names = [column.name for column in table.spec.columns]
    places = [place for place, column in enumerate(whole.spec.columns) if column.name in names]
    first = [replace(row, cells=tuple(row.cells[place] for place in places)) for row in first]
    baselines = {c.name: known_ones for c, known_ones in zip(whole.spec.columns, whole.baselines, strict=True)}
    every = tuple(_column(column, baselines.get(column.name, ()), language) for column in _spec(live, name).columns)
    found = find_board(live, name)
    instead = Sentence("This is the store's own board {name}; it stands in the place of the shipped one.", name=name)
    notes = (*([instead] if found.overrides else []), *map(live.said, table.notes))
    return ShownBoard(
        name=name,
        title=said(table.spec.title, language),
        about=said(table.spec.about, language),
        rule=Sentence(table.spec.rule.value),
        formula=table.formula.text,
        formula_version=table.formula.version,
        rank_intervals=table.mode.value,
        score_is_share=whole.share,
        columns=tuple(column for column in every if column.key in names),
        all_columns=every,
        models=models,
        rows=Paged[ShownRow](
            items=tuple(_row(live, row, row.name in pinned) for row in [*first, *rest[start : start + view.rows]]),
            page=view.page,
            size=view.rows,
            total=len(rest),
        ),
        command=_command(name, table.spec),
        notes=notes,
    )


def _command(name: str, spec: BoardSpec) -> str:
    """What to run where a board has no rows."""
    asked = next((part.benchmark for column in spec.columns for part in column.pieces if part.benchmark), None)
    if name == "demo" and asked is not None and asked.startswith("exam/"):
        return "leaderbench demo"
    return f"leaderbench run MODEL --benchmark {asked}" if asked else "leaderbench import csv FILE"


def board_file(live: LiveStore, name: str, view: BoardView) -> BoardTable:
    """Every row that a view shows, of all its pages, with the columns that it shows, in its order."""
    _, table, _ = _arranged(live, name, view)
    return table


def _arranged(live: LiveStore, name: str, view: BoardView) -> tuple[BoardTable, BoardTable, int]:
    """A board with all its columns and rows, the same as the view wants it, and how many rows there are in all."""
    version = live.version()
    spec = _spec(live, name)
    keys = [column.name for column in spec.columns]
    for key in (*view.columns, view.sort.removeprefix("-")):
        if key not in (*keys, "", "score", "model"):
            raise AbsentError(
                Sentence(
                    "The board {name} has no column '{column}'; it has {columns}.",
                    name=name,
                    column=key[:100],
                    columns=", ".join(keys)[:500],
                )
            )
    shown = [key for key in keys if not view.columns or key in view.columns]
    used = tuple(shown) if view.average is Average.VISIBLE else tuple(keys)
    known_models = records(live)
    kept_as = ("board", name, used, view.intervals.value)
    whole = live.keep(kept_as, version, lambda: _worked_out(live, spec, name, view, used, None))
    ranked = whole
    if view.ranks is Ranks.FILTERED and view.narrows:
        words = tuple(str(getattr(view, field)) for field in ModelFilters.model_fields)
        ranked = live.keep((*kept_as, words), version, lambda: _worked_out(live, spec, name, view, used, known_models))
    rows = _sorted(_matching(ranked.rows, view, known_models), whole, view)
    return whole, _trimmed(ranked, shown, rows), len(whole.rows)


def _spec(live: LiveStore, name: str) -> BoardSpec:
    found = find_board(live, name)
    if found.spec is None:
        raise LeaderbenchError(live.said(found.problem))
    return found.spec


def _worked_out(
    live: LiveStore, spec: BoardSpec, name: str, view: BoardView, used: Sequence[str], known_models: Records | None
) -> BoardTable:
    if len(used) < len(spec.columns):
        try:
            spec = spec.only(used)
        except ValueError as error:
            raise AbsentError(Sentence("These columns make no order: {why}.", why=str(error))) from error
    pieces = pieces_of(spec)
    overall = all(piece.part.subset is None for piece in pieces)
    sources = {source for piece in pieces for source in piece.part.sources}
    entries = live.index.entries(sources, overall_only=overall)
    query = query_of(view)
    keep = None if known_models is None else (lambda row: row.baseline or matches(known_models(row.model), query))
    return stand(spec, entries, reader(live.store), keep, name=name, mode=Mode(view.intervals.value))


def _matching(rows: Sequence[Standing], view: BoardView, known_models: Records) -> list[Standing]:
    """The rows that the filters leave; baselines stay while nothing is searched."""
    if not view.narrows:
        return list(rows)
    query = query_of(view)
    return [row for row in rows if (row.baseline and not view.q) or matches(known_models(row.model), query)]


def _sorted(rows: list[Standing], table: BoardTable, view: BoardView) -> list[Standing]:
    """In the order of the view; what has no value is last, whichever way."""
    key, down = view.sort.removeprefix("-"), view.sort.startswith("-")
    if not key:
        return rows
    if key == "model":
        return sorted(rows, key=lambda row: (row.name.casefold(), row.name), reverse=down)
    names = [column.name for column in table.spec.columns]
    if key not in names and key != "score":
        raise AbsentError(Sentence("The column '{column}' is not shown, so it gives no order.", column=key))

    def value(row: Standing) -> float:
        if key == "score":
            return row.score
        cell = row.cells[names.index(key)]
        if cell is None:
            return math.nan
        return cell.normalised if view.values is Values.NORMALISED else cell.estimate

    there = [row for row in rows if not math.isnan(value(row))]
    return sorted(there, key=value, reverse=down) + [row for row in rows if math.isnan(value(row))]


def _trimmed(table: BoardTable, keys: Sequence[str], rows: Sequence[Standing]) -> BoardTable:
    """The table with these columns only and these rows; nothing is worked out anew."""
    places = [place for place, column in enumerate(table.spec.columns) if column.name in keys]
    spec = table.spec.model_copy(update={"columns": tuple(table.spec.columns[place] for place in places)})
    if len(places) < len(table.spec.columns):
        rows = [replace(row, cells=tuple(row.cells[place] for place in places)) for row in rows]
    return replace(table, spec=spec, rows=tuple(rows), baselines=tuple(table.baselines[place] for place in places))


def _column(column: Column, baselines: Sequence[float], language: str) -> ShownColumn:
    return ShownColumn(
        key=column.name,
        title=said(column.title, language) or column.name,
        sources=tuple(source for part in column.pieces for source in part.sources),
        direction=column.direction.value,
        type=column.type,
        languages=column.languages,
        baselines=tuple(known(value) for value in baselines),
    )


def shown_place(place: Place | None) -> ShownPlace | None:
    """A place as a value of the site."""
    return None if place is None else ShownPlace(rank=place.rank, low=place.low, high=place.high, of=place.of)


def _row(live: LiveStore, row: Standing, pinned: bool) -> ShownRow:
    return ShownRow(
        name=row.name,
        model=row.model,
        identity=row.identity,
        rank=shown_place(row.static),
        filtered_rank=shown_place(row.filtered),
        score=known(row.score),
        low=known(row.low),
        high=known(row.high),
        rank_interval_from=Sentence(row.basis.value),
        cells=tuple(None if cell is None else _cell(live, cell) for cell in row.cells),
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
        n=cell.n,
        errors=cell.errors,
        metric=named(cell.metric),
        provenance=Sentence(cell.provenance.value),
        run=cell.run,
        settings=cell.settings,
        source=live.said(cell.source) if cell.source else "",
    )


def prepare(live: LiveStore) -> None:
    """Work out every board and what is known of its models, so that the next reader need not wait."""
    known_models = records(live)
    for item in boards(live.store.path):
        if item.spec is not None:
            for row in board_file(live, item.name, BoardView()).rows:
                known_models(row.model)
