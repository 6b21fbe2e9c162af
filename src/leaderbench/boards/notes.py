"""What a reader must know before trusting a board: flags of its rows, and sentences under its table."""

import math
from collections.abc import Sequence
from functools import reduce

from leaderbench.boards.filling import Filled, computed_from
from leaderbench.boards.outcomes import most_models
from leaderbench.boards.ranks import Mode
from leaderbench.boards.rules import Floats, Rule
from leaderbench.boards.spec import BoardSpec, Direction, Revisions
from leaderbench.boards.table import Basis, Cell, Dispute, Lacking, Standing
from leaderbench.records import Flag, View
from leaderbench.results.entries import Provenance
from leaderbench.results.problems import problem_sentence
from leaderbench.results.settings import settings_sentence
from leaderbench.results.subjects import COMMIT, REVISION
from leaderbench.sentences import Sentence, counted

most_told = 5
"""Damaged runs of which the cause stands under the table."""


most_parts = 3
"""Parts that a mean lacks which are named."""


def about_unplaced(problems: Sequence[str]) -> tuple[str, ...]:
    """What a reader must know of files that cannot be read and may belong to this board: other ranks move with them."""
    told: list[str] = [
        Sentence(
            "A row may be missing here, and others rank higher for it: {problem}", problem=problem_sentence(problem)
        )
        for problem in problems[:most_told]
    ]
    if more := len(problems) - len(told):
        told.append(counted("So may {n} more.", "So may {n} more.", n=more))
    return tuple(told)


def flags_of(cells: Sequence[Cell | None], columns: Sequence[str], damaged: int) -> tuple[str, ...]:
    """What a reader must know of a row, a few words each; `columns` are the names of the cells' columns."""
    known = [cell for cell in cells if cell is not None]
    found: list[str] = []
    if damaged:
        found.append(counted("{n} damaged run", "{n} damaged runs", n=damaged))
    if errors := sum(cell.errors for cell in known):
        found.append(Sentence("{n} unanswered", n=errors))
    settings = dict.fromkeys(cell.settings for cell in known if cell.settings)
    if settings:
        told = map(settings_sentence, settings)
        found.append(reduce(lambda one, other: Sentence("{one}; {other}", one=one, other=other), told))
    elif any(cell.view is not View.NEW_QUESTIONS for cell in known):
        found.append(Sentence("part of the questions"))
    found += [_about_parts(c, cell.lacking) for c, cell in zip(columns, cells, strict=True) if cell and cell.lacking]
    found += dict.fromkeys(note.brief for cell in known for note in cell.notes if note.about is not Flag.ERROR)
    found += dict.fromkeys(_about_a_dispute(cell.dispute) for cell in known if cell.dispute)
    if any(cell.implied for cell in known):
        found.append(Sentence("intervals implied by n"))
    for provenance in (Provenance.IMPORTED_RUN, Provenance.IMPORTED_SCORE):
        count = sum(cell.provenance is provenance for cell in known)
        if count:
            what = Sentence(provenance.value)
            parts = counted("{what} in {n} column", "{what} in {n} columns", n=count, what=what)
            found.append(what if count == len(known) else parts)
    return tuple(found)


def _about_parts(column: str, lacking: Lacking) -> str:
    """That a mean is over other parts than the others of its column."""
    if not lacking.parts:
        return Sentence("{column}* is a mean over other parts and does not count", column=column)
    shown, more = ", ".join(lacking.parts[:most_parts]), len(lacking.parts) - most_parts
    if more > 0:
        return Sentence(
            "{column}* lacks {parts} and {n} more of {all} parts and does not count",
            column=column,
            parts=shown,
            n=more,
            all=lacking.of,
        )
    return Sentence(
        "{column}* lacks {parts} of {all} parts and does not count", column=column, parts=shown, all=lacking.of
    )


def _about_a_dispute(dispute: Dispute) -> str:
    if dispute.latest:
        return Sentence("{n} different scores published; the later one is shown", n=dispute.values)
    return Sentence("{n} different scores published; it is not known which is the latest", n=dispute.values)


def notes_of(spec: BoardSpec, filled: Filled, rows: Sequence[Standing], lower: Floats, mode: Mode) -> tuple[str, ...]:
    """What a reader must know of the whole table, a sentence each."""
    ranked = [row for row in rows if row.ranked]
    found = _about_intervals(ranked, mode) if ranked else []
    found += _about_certainty(filled, rows, ranked)
    without = sum(not row.ranked and not row.baseline for row in rows)
    if without:
        found.append(_about_the_unranked(spec, without))
    if spec.revisions is Revisions.APART and (several := models_of_several_revisions(rows)):
        found.append(
            counted(
                '{n} model has several revisions, each a row; revisions = "together" in the board makes them one.',
                '{n} models have several revisions, each a row; revisions = "together" in the board makes them one.',
                n=several,
            )
        )
    if any(row.baseline for row in rows):
        found.append(Sentence("Baselines know nothing; they show where chance lies and take no place."))
    found += [
        Sentence(
            "Column {column} needs a run that shows what guessing scores: `{command}`.",
            column=column.name,
            command=f"leaderbench run {computed_from} --benchmark {piece.part.source}",
        )
        for place, piece in enumerate(filled.pieces)
        for column in [spec.columns[piece.column]]
        if math.isnan(lower[place]) and column.direction is not Direction.NONE and spec.rule is Rule.NORMALISED_MEAN
    ]
    if filled.problems:
        found.append(Sentence("Damaged runs are in no cell: `leaderbench list runs` says what is wrong with each."))
        found += [
            Sentence("{model}: {problem}", model=model, problem=why) for model, why in filled.problems[:most_told]
        ]
    return tuple(found)


def models_of_several_revisions(rows: Sequence[Standing]) -> int:
    """How many models have rows that differ in their revision."""
    revisions: dict[str, set[str]] = {}
    for row in rows:
        if told := row.facts.get(COMMIT) or row.facts.get(REVISION):
            revisions.setdefault(row.model, set()).add(told)
    return sum(len(found) > 1 for found in revisions.values())


def _about_certainty(filled: Filled, rows: Sequence[Standing], ranked: Sequence[Standing]) -> list[str]:
    """Where intervals come from, and which rows have none."""
    found: list[str] = []
    if filled.from_intervals:
        found.append(
            Sentence(
                "Of scores published with an interval and without a standard error, the standard error is taken from "
                "the published interval: (high − low) / (2 × 1.96)."
            )
        )
    if implied := sum(any(cell is not None and cell.implied for cell in row.cells) for row in rows):
        found.append(
            counted(
                "The scores of {n} model were published without saying how sure they are: its intervals are those that "
                "the number of questions of each benchmark implies.",
                "The scores of {n} models were published without saying how sure they are: their intervals are those "
                "that the number of questions of each benchmark implies.",
                n=implied,
            )
        )
    unsure = sum(row.basis is Basis.NONE for row in ranked)
    if 0 < unsure < len(ranked):
        found.append(
            counted(
                "{n} model of {all} has no rank interval, because it is not known how sure a score is; it may stand "
                "anywhere in the intervals of the others.",
                "{n} models of {all} have no rank interval, because it is not known how sure a score is; they may "
                "stand anywhere in the intervals of the others.",
                n=unsure,
                all=len(ranked),
            )
        )
    return found


def _about_intervals(ranked: Sequence[Standing], mode: Mode) -> list[str]:
    """What the rank intervals are."""
    bases = [basis for basis in Basis if basis is not Basis.NONE and any(row.basis is basis for row in ranked)]
    if not bases:
        if any(cell is not None and cell.standard_error >= 0 for row in ranked for cell in row.cells):
            return [
                Sentence("There are no rank intervals: every model has a score of which nobody knows how sure it is.")
            ]
        return [Sentence("There are no rank intervals: nobody knows how sure any of these scores is.")]
    how = Sentence(bases[0].value)
    for basis in bases[1:]:
        how = Sentence("{one} or {other}", one=how, other=Sentence(basis.value))
    text = (
        Sentence("Rank intervals: 95 %, all ranks of the table lie in them at once; {how}.", how=how)
        if mode is Mode.SIMULTANEOUS
        else Sentence("Rank intervals: 95 %, each model's for itself alone; {how}.", how=how)
    )
    if Basis.STANDARD_ERRORS in bases and len(ranked) > most_models:
        return [text, Sentence("Beyond {n} models answers are not compared question by question.", n=most_models)]
    return [text]


def _about_the_unranked(spec: BoardSpec, count: int) -> str:
    """How many rows have no score, and why."""
    if spec.rule.linear:
        return counted(
            "{n} model without a rank: a column is missing, and a mean needs all of them.",
            "{n} models without a rank: a column is missing, and a mean needs all of them.",
            n=count,
        )
    return counted(
        "{n} model without a rank: no column that counts.", "{n} models without a rank: no column that counts.", n=count
    )
