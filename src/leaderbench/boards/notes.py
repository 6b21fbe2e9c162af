"""What a reader must know before trusting a board: flags of its rows, and sentences under its table."""

import math
from collections.abc import Sequence

from leaderbench.boards.filling import Filled, computed_from
from leaderbench.boards.outcomes import most_models
from leaderbench.boards.ranks import Mode
from leaderbench.boards.rules import Floats, Rule
from leaderbench.boards.spec import BoardSpec, Direction
from leaderbench.boards.table import Basis, Cell, Standing
from leaderbench.records import View
from leaderbench.results.entries import Provenance


def flags_of(cells: Sequence[Cell | None], damaged: int) -> tuple[str, ...]:
    """What a reader must know of a row, a few words each."""
    known = [cell for cell in cells if cell is not None]
    found = []
    if damaged:
        found.append(f"{damaged} damaged run{'s' if damaged > 1 else ''}")
    if errors := sum(cell.errors for cell in known):
        found.append(f"{errors:,} unanswered")
    settings = dict.fromkeys(cell.settings for cell in known if cell.settings)
    if settings:
        found.append("; ".join(settings))
    elif any(cell.view is not View.NEW_QUESTIONS for cell in known):
        found.append("part of the questions")
    for provenance in (Provenance.IMPORTED_RUN, Provenance.IMPORTED_SCORE):
        count = sum(cell.provenance is provenance for cell in known)
        if count:
            found.append(provenance.value if count == len(known) else f"{provenance.value} in {count} columns")
    return tuple(found)


def notes_of(spec: BoardSpec, filled: Filled, rows: Sequence[Standing], lower: Floats, mode: Mode) -> tuple[str, ...]:
    """What a reader must know of the whole table, a sentence each."""
    ranked = [row for row in rows if row.ranked]
    found = []
    if ranked:
        found.append(_about_intervals(ranked, mode))
    unsure = sum(row.basis is Basis.NONE for row in ranked)
    if unsure:
        found.append(
            f"{_models(unsure)} of {len(ranked):,} {'has' if unsure == 1 else 'have'} no rank interval, because it is "
            "not known how sure a score is; they may stand anywhere in the intervals of the others."
        )
    without = sum(not row.ranked and not row.baseline for row in rows)
    if without:
        found.append(f"{_models(without)} without a rank: {_why(spec)}.")
    if any(row.baseline for row in rows):
        found.append("Baselines know nothing; they show where chance lies and take no place.")
    found += [
        f"Column {column.name} needs a run that shows what guessing scores: leaderbench run {computed_from} "
        f"--benchmark {piece.part.source}"
        for place, piece in enumerate(filled.pieces)
        for column in [spec.columns[piece.column]]
        if math.isnan(lower[place]) and column.direction is not Direction.NONE and spec.rule is Rule.NORMALISED_MEAN
    ]
    if any("damaged" in flag for row in rows for flag in row.flags):
        found.append("Damaged runs are in no cell: leaderbench list runs says what is wrong with each.")
    return tuple(found)


def _about_intervals(ranked: Sequence[Standing], mode: Mode) -> str:
    """What the rank intervals are, in one sentence."""
    about = (
        "all ranks of the table lie in them at once" if mode is Mode.SIMULTANEOUS else "each model's for itself alone"
    )
    bases = [basis for basis in Basis if basis is not Basis.NONE and any(row.basis is basis for row in ranked)]
    if not bases:
        return "There are no rank intervals: nobody knows how sure any of these scores is."
    how = " or ".join(basis.value for basis in bases)
    text = f"Rank intervals: 95 %, {about}; {how}."
    if Basis.STANDARD_ERRORS in bases and len(ranked) > most_models:
        text += f" Beyond {most_models} models answers are not compared question by question."
    return text


def _why(spec: BoardSpec) -> str:
    """Why a row may have no score."""
    if spec.rule.linear:
        return "a column is missing, and a mean needs all of them"
    return "no column that counts"


def _models(count: int) -> str:
    return f"{count:,} model{'' if count == 1 else 's'}"
