"""The boards of a store: from its name to a table, with what its index and its runs say."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.nearest import suggestion
from leaderbench.boards.filling import pieces_of
from leaderbench.boards.notes import about_unplaced
from leaderbench.boards.outcomes import reader
from leaderbench.boards.ranks import Mode
from leaderbench.boards.reading import Board, board
from leaderbench.boards.spec import BoardSpec, Column, said
from leaderbench.boards.standing import stand
from leaderbench.boards.table import BoardTable, Standing
from leaderbench.errors import LeaderbenchError
from leaderbench.results.entries import Entry
from leaderbench.results.index import Index
from leaderbench.results.store import Store, store_at


def board_table(
    name: str,
    store: str | Path | Store | None = None,
    *,
    mode: Mode = Mode.SIMULTANEOUS,
    filters: Callable[[Standing], bool] | None = None,
    columns: Sequence[str] = (),
) -> BoardTable:
    """The board of this name, filled in from a store, that of `evaluate` where none is named. The store's own board of
    a name goes before the shipped one.

    Every `family/implementation` that can be asked, or that the store has scores of, is a board of one column. With
    `columns`, named as `column_place` says, the board is made of these alone.

    Raises `LeaderbenchError` where there is no such board or column, its file has a problem, or the store cannot be
    listed.
    """
    place = store_at(store)
    found = _of_benchmark(name, place) if "/" in name else board(name, place.path)
    assert found.spec is not None
    spec = _of_columns(found, columns)
    scores, unplaced = entries(place, spec)
    table = stand(spec, scores, reader(place), filters, name=name, mode=mode, known=lambda: benchmark_names(place))
    table = replace(table, notes=(*about_unplaced(unplaced), *table.notes))
    if found.overrides:
        note = f"This is the store's own board {name}, {found.path}; it stands in the place of the shipped one."
        table = replace(table, notes=(note, *table.notes))
    return table


def _of_benchmark(name: str, store: Store) -> Board:
    """The board of one benchmark."""
    made, known = registry.names(), benchmark_names(store)
    if name not in {*made, *known}:
        raise LeaderbenchError(f"There is no board {name[:100]!r}{suggestion(name[:100], [*made, *known])}")
    column = Column(benchmark=name) if name in made else Column(imported=name)
    return Board(name, "", BoardSpec(title={"en": name}, columns=(column,)))


def _of_columns(found: Board, keys: Sequence[str]) -> BoardSpec:
    """The spec of a board, of some of its columns alone where they are named."""
    assert found.spec is not None
    if not keys:
        return found.spec
    places = dict.fromkeys(column_place(found.name, found.spec, key) for key in keys)
    return found.spec.model_copy(update={"columns": tuple(found.spec.columns[place] for place in places)})


def column_place(board_name: str, spec: BoardSpec, word: str) -> int:
    """Which column of a board a word means: its key, its title in any language, or its implementation, as `harness` for
    `mmlu/harness`. Raises `LeaderbenchError` where it means none or several.
    """
    ways = [{column.name} for column in spec.columns]
    titles = [{title.lower() for title in column.title.values()} for column in spec.columns]
    implementations = [{column.name.rpartition("/")[2].lower()} for column in spec.columns]
    for names, asked in ((ways, word), (titles, word.lower()), (implementations, word.lower())):
        places = [place for place, own in enumerate(names) if asked in own]
        if len(places) == 1:
            return places[0]
        if places:
            several = ", ".join(spec.columns[place].name for place in places)
            raise LeaderbenchError(
                f"{word[:100]!r} is several columns of the board {board_name}: name one of {several}."
            )
    shown = [said(column.title) or column.name for column in spec.columns]
    near = suggestion(word[:100], [*shown, *(column.name for column in spec.columns if column.name not in shown)])
    which = f"{', '.join(shown[:30])}{', …' if len(shown) > 30 else ''}."
    ending = f"{near} It has {which}" if near.startswith("; did") else f"; it has {which}"
    raise LeaderbenchError(f"The board {board_name} has no column {word[:100]!r}{ending}")


def entries(store: Store, spec: BoardSpec) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries of a store that a board may show, and what cannot be read and may belong to it."""
    pieces = pieces_of(spec)
    overall = all(piece.part.subset is None for piece in pieces)
    with Index(store) as index:
        index.catch_up()
        return index.entries(spec.names, overall_only=overall), index.unplaced()


def benchmark_names(store: Store) -> list[str]:
    """The names of all that a store has scores of."""
    with Index(store) as index:
        index.catch_up()
        return [item.name for item in index.benchmarks()]


def command(name: str, spec: BoardSpec, store: str = "") -> str:
    """What gives a board its first scores: a command, for the store in this folder or for the usual one."""
    asked = [part.benchmark for column in spec.columns for part in column.pieces if part.benchmark]
    families = {benchmark.partition("/")[0] for benchmark in asked}
    if name == "demo" and families == {"exam"}:
        words = ["leaderbench", "demo"]
    elif asked:
        words = [
            "leaderbench",
            "run",
            "MODEL",
            "--benchmark",
            families.pop() if len(families) == 1 < len(asked) else asked[0],
        ]
    else:
        words = ["leaderbench", "import", "csv", "FILE"]
    return shlex.join([*words, *(["--store", store] if store else [])])
