"""What a board asks for and a store does not have: names that nothing has, and metrics that no score has."""

from collections.abc import Callable, Iterable, Sequence

from leaderbench.benchmarks.nearest import ALIKE, likeness
from leaderbench.boards.filling import Piece
from leaderbench.results.entries import Entry
from leaderbench.sentences import Sentence, counted

most_told = 5
"""Names that are said one by one."""

longest = 200
"""Letters of a name that are compared and said."""


def missing(
    pieces: Sequence[Piece], optional: Sequence[bool], entries: Iterable[Entry], known: Callable[[], Iterable[str]]
) -> tuple[Sentence, ...]:
    """Sentences for the sources of a board that give nothing because of how the board names them.

    Args:
        pieces: All numbers that the board reads.
        optional: Of each column, whether the board does without it.
        entries: The scores of the pieces' sources, of all metrics.
        known: Gives the names of everything that the store has scores of; asked only where a name has none.
    """
    metrics: dict[str, set[str]] = {}
    for entry in entries:
        metrics.setdefault(entry.benchmark, set()).add(entry.score.metric.name)
    wrong = {
        (source, piece.metric): metrics[source]
        for piece in pieces
        for source in piece.part.sources
        if piece.metric is not None and source in metrics and piece.metric not in metrics[source]
        if source not in piece.part.published
    }
    found = [
        Sentence(
            "'{name}' has no scores under the metric '{metric}'; it has {metrics}.",
            name=n,
            metric=m,
            metrics=_few(there),
        )
        for (n, m), there in wrong.items()
    ]
    absent = dict.fromkeys(
        piece.part.imported[:longest]
        for piece in pieces
        if piece.part.imported and not optional[piece.column] and metrics.keys().isdisjoint(piece.sources)
    )
    names, hidden = sorted(known()) if absent else [], 0
    if names:
        found += [_absent(name, names) for name in list(absent)[: most_told + 1]]
        hidden = max(0, len(absent) - most_told - 1)
    if len(found) > most_told:
        more = counted("{n} more such name.", "{n} more such names.", n=len(found) - most_told + hidden)
        return (*found[:most_told], more)
    return tuple(found)


def _few(names: Iterable[str]) -> str:
    """Some names in a row, the first ones where they are many."""
    found = sorted(names)
    return ", ".join(found[:most_told]) + (", …" if len(found) > most_told else "")


def _absent(name: str, known: Sequence[str]) -> Sentence:
    ratio, other = max((likeness(name, other), other) for other in known)
    if ratio >= ALIKE:
        return Sentence("Nothing in this store is called '{name}'; did you mean '{other}'?", name=name, other=other)
    return Sentence("Nothing in this store is called '{name}'.", name=name)
