"""What makes a row of a board: who was asked, and which means are over the same parts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from leaderbench.boards.spec import BoardSpec, Revisions
from leaderbench.boards.table import Lacking
from leaderbench.results.entries import Entry
from leaderbench.results.subjects import COMMIT, REVISION, SHOTS, STEP, WEIGHTS, Subject

Row = tuple[str, str, str]
"""A model's name, its identity, and the number of shots where another row has the usual ones."""

_revision = frozenset({REVISION, COMMIT, STEP, WEIGHTS})
"""Facts in which revisions of one model differ."""


def row_of(spec: BoardSpec, entry: Entry) -> Row:
    """The row of an entry: who was asked, whichever its revision where the board takes revisions together."""
    if spec.revisions is Revisions.APART or not entry.facts.keys() & {REVISION, COMMIT}:
        return entry.model, entry.identity, ""
    same = sorted((key, value) for key, value in entry.facts.items() if key not in _revision)
    return entry.model, f"revisions {same}", ""


def subject(row: Row, cells: Iterable[Iterable[Entry]]) -> Subject:
    """Who a row is about; of revisions that were taken together the newest."""
    model, _, shots = row
    entries = [entry for cell in cells for entry in cell]
    newest = max(entries, key=lambda entry: (entry.created, entry.identity))
    facts = next((entry.facts for entry in entries if entry.facts), {})
    if len({entry.identity for entry in entries}) > 1:
        facts = {key: value for key, value in facts.items() if key not in _revision}
    created = min((time for entry in entries if (time := entry.first or entry.created)), default="")
    return Subject(model, newest.identity, {**facts, SHOTS: shots} if shots else facts, created)


def without_all_parts(rows: Sequence[Sequence[Entry | None]]) -> list[list[Lacking | None]]:
    """Where an entry is a mean over other parts than those of its column, for rows of entries.

    The parts of a column are the most that a score in it is over, those of most scores where several are as many.
    """
    wholes = []
    for column in zip(*rows, strict=True):
        counts = Counter(entry.parts for entry in column if entry is not None and entry.score.subset is None)
        del counts[()]
        wholes.append(max(counts, key=lambda parts: (len(parts), counts[parts], parts), default=()))
    return [[_lacking(entry, parts) for entry, parts in zip(row, wholes, strict=True)] for row in rows]


def _lacking(entry: Entry | None, parts: tuple[str, ...]) -> Lacking | None:
    if entry is None or not entry.parts or entry.score.subset is not None or entry.parts == parts:
        return None
    return Lacking(tuple(sorted({*parts} - {*entry.parts})), len(parts))
