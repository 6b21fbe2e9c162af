"""What is worked out before anybody asks for it: the boards of a state, and each of them at a glance."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from leaderbench.boards.arranged import Arranged
from leaderbench.boards.table import Standing
from leaderbench.errors import LeaderbenchError
from leaderbench.web.live import LiveStore, kept
from leaderbench.web.shown.boards import Standings, known_boards, select, standings_key, worked_out
from leaderbench.web.views import BoardView, Intervals

most_leaders = 3
"""Models that may be the best, of which a glance tells the names."""

preparing = 3.0
"""Seconds after which a state is shown although not all of its boards are worked out; readers wait for theirs only."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A board without its cells: small enough to be kept of every board there is."""

    models: int
    leaders: tuple[str, ...]
    last: str
    """When its latest score was made or published, ISO 8601; empty where it has none."""

    share: bool
    """Whether its scores lie between 0 and 1 and are read in percent."""

    rows: Mapping[str, tuple[Standing, ...]]
    """By model."""


def glance(live: LiveStore, name: str) -> Glance:
    """A board at a glance, worked out where it was not yet. Raises as `shown_board` does."""

    def made() -> Glance:
        key = standings_key(live, name, BoardView())
        if live.has(key):
            return _glance_at(select(live, name, BoardView()).arranged)
        return _glance_at(_making(live, key)().arranged)  # not kept: it has room for a few boards only

    return live.keep(("glance", name), live.version(), made)


def has_glance(live: LiveStore, name: str) -> bool:
    """Whether a glance at a board takes no time."""
    return live.has(("glance", name)) or live.has(standings_key(live, name, BoardView()))


def _glance_at(arranged: Arranged) -> Glance:
    rows = arranged.table.rows
    by_model: dict[str, list[Standing]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(replace(row, cells=()))
    first = [row.name for row in rows if row.static is not None and row.static.low == 1]
    first = first or [row.name for row in rows if row.static is not None and row.static.rank == 1]
    return Glance(
        models=arranged.scored,
        leaders=tuple(first[:most_leaders]),
        last=max((cell.created for row in rows for cell in row.cells if cell is not None), default=""),
        share=arranged.share,
        rows={model: tuple(several) for model, several in by_model.items()},
    )


def prepare(live: LiveStore) -> bool:
    """Work out what was wanted of the state before, then other boards, so that the next reader need not wait, then what
    each of the rest is at a glance. Returns whether time ended before that did; what is worked out is kept, so that
    another call goes on.
    """
    asked = {key for key in live.held("board") if isinstance(key, tuple) and len(key) == 4}
    names = [item.name for item in known_boards(live).values() if item.spec is not None]
    others = {standings_key(live, name, BoardView()) for name in names} - asked
    wanted = [key for key in (*sorted(asked, key=repr), *sorted(others, key=repr)) if key[1] in names]
    until = time.monotonic() + preparing
    for key in wanted[: kept["board"]]:  # more are not kept for the next reader
        if time.monotonic() > until:
            return True
        with suppress(LeaderbenchError):  # of a board that has changed meanwhile
            live.keep(key, live.version(), _making(live, key)).arranged.lay_out()
    for name in names:
        if time.monotonic() > until:
            return True
        with suppress(LeaderbenchError):
            glance(live, name)
    return False


def _making(live: LiveStore, key: tuple[str, str, tuple[str, ...], Intervals]) -> Callable[[], Standings]:
    _, name, used, intervals = key
    return lambda: worked_out(live, name, used, intervals)
