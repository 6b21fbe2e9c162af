"""How sure the scores of a board are, and how their errors go together.

Benchmarks are fixed, not a sample of more, and their questions are independent unless two columns ask the same ones, as
five implementations of one exam do: then errors are added up question by question. Where only scores are known, the
errors of different models, and of different columns, count as independent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderbench.boards.filling import Filled
from leaderbench.boards.outcomes import Influence, Reader, influence, most_files, most_models
from leaderbench.boards.ranks import Errors, most_drawn
from leaderbench.boards.rules import Floats, Integers
from leaderbench.boards.table import Basis
from leaderbench.records import View

Booleans = NDArray[np.bool_]

replicates = 1000
"""Draws of all scores behind the errors of a rule that ranks within columns; fewer on boards of thousands of models."""

fewest_replicates = 128

near = 2.0
"""Standard errors of a difference within which two values count as one while errors are simulated."""


@dataclass(slots=True)
class Certainty:
    """What is known of the errors of a table of pieces; arrays have shape (models, pieces)."""

    errors: Floats
    """Standard errors; NaN where nobody knows them."""

    influences: list[list[Influence | None]]
    """What each question does to each number, where its answers are known and not all alike."""

    degrees: Floats
    """Degrees of freedom of each standard error: questions less one; infinite where their number is not known."""

    answers: Booleans
    """Where answers are known."""

    unread: Booleans
    """Where there is a run whose answers were looked for and cannot be read."""

    any_paired: bool
    """Whether any are."""

    def basis(self, row: int, pieces: Sequence[int]) -> Basis:
        """What the errors of a row are worked out from, in these pieces, in which the row has values."""
        if np.isnan(self.errors[row, list(pieces)]).any():
            return Basis.NONE
        paired = self.answers[row, list(pieces)]
        return Basis.PAIRED if paired.all() else Basis.MIXED if paired.any() else Basis.STANDARD_ERRORS

    def combined(self, rows: Integers, weights: Floats, joint: Booleans) -> Errors:
        """The errors of weighted sums of the pieces, of these rows.

        `weights` has shape (rows, pieces). Where `joint`, of that shape, is false the piece's error counts as
        independent of all others.
        """
        own, banks = self._gathered(rows, weights, joint)
        shared = []
        for bank in banks.values():
            present, matrix = bank.present()
            whole = np.zeros((len(rows), matrix.shape[1]))
            whole[present] = matrix
            shared.append(whole)
        return Errors(own, np.concatenate(shared, axis=1) if shared else None, self.freedom(rows, weights))

    def freedom(self, rows: Integers, weights: Floats) -> Floats:
        """The degrees of freedom of weighted sums of the pieces (Satterthwaite 1946, Biometrics Bulletin 2, 110)."""
        variances = np.where(weights == 0, 0.0, np.nan_to_num(weights * self.errors[rows]) ** 2)
        total, spread = variances.sum(axis=1), (variances**2 / self.degrees[rows]).sum(axis=1)
        result: Floats = np.divide(total**2, spread, out=np.full(len(rows), np.inf), where=spread > 0)
        return result

    def redrawn(self, columns: Floats, rows: Integers, weights: Sequence[Floats], count: int) -> Floats:
        """The columns of these rows drawn anew, each value with its error, shape (count, rows, columns).

        `weights` are those of the pieces in each column. Columns that ask the same questions err together. A value of
        unknown error stays as it is. Observed values are spread by noise already, and draws by noise again, so that
        near ties would look settled: they are first drawn together, see `drawn_together`. One stream of draws serves
        every board.
        """
        rng = np.random.default_rng(0)
        size, width = columns.shape
        stacked = np.concatenate(weights, axis=0)
        own, banks = self._gathered(np.tile(rows, width), stacked, np.ones(stacked.shape, dtype=bool))
        noise = rng.standard_normal((len(own), count))
        noise *= np.sqrt(np.nan_to_num(own))[:, None]
        for bank in banks.values():
            present, matrix = bank.present()
            noise[present] += matrix @ rng.standard_normal((matrix.shape[1], count))
        drawn: Floats = np.ascontiguousarray(noise.T).reshape(count, width, size)
        drawn += np.stack([drawn_together(*pair) for pair in zip(columns.T, drawn.transpose(1, 0, 2), strict=True)])
        return drawn.transpose(0, 2, 1)  # the values of a column lie together: ranking reads column after column

    def _gathered(self, rows: Integers, weights: Floats, joint: Booleans) -> "tuple[Floats, dict[str, Questions]]":
        """The variances that no other score shares, and what the questions of each bank do."""
        paired = np.zeros(weights.shape, dtype=bool)
        unseen = np.zeros(weights.shape)
        banks: dict[str, Questions] = {}
        for place, row in enumerate(rows) if self.any_paired else ():
            for piece in np.flatnonzero(weights[place]):
                found = self.influences[row][piece]
                if found is not None and joint[place, piece]:
                    paired[place, piece], unseen[place, piece] = True, found.own
                    banks.setdefault(found.bank, Questions()).add(place, found, weights[place, piece])
        alone = (weights != 0) & ~paired
        own: Floats = np.where(alone, (weights * self.errors[rows]) ** 2, weights**2 * unseen).sum(axis=1)
        return own, banks


class Questions:
    """What the questions of one bank do to several scores."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.known: dict[tuple[str, ...], Integers] = {}
        self.added: list[tuple[int, Integers, Floats]] = []

    def add(self, row: int, found: Influence, weight: float) -> None:
        """One number, of this weight in the score in `row`."""
        if found.ids not in self.known:
            self.known[found.ids] = np.array([self.places.setdefault(name, len(self.places)) for name in found.ids])
        self.added.append((row, self.known[found.ids], weight * found.values))

    def present(self) -> tuple[Integers, Floats]:
        """The rows that have any influence, and their influences, shape (those rows, questions)."""
        rows = np.unique([row for row, _, _ in self.added])
        result = np.zeros((len(rows), len(self.places)))
        for row, places, values in self.added:
            np.add.at(result[np.searchsorted(rows, row)], places, values)
        return rows, result


def certainty(filled: Filled, outcomes: Reader | None) -> Certainty:
    """What is known of a board's errors. Answers are read where there are few enough rows to compare them pair by pair.

    Scores estimated from a random part of the questions keep to their standard errors: these are about all questions of
    the benchmark, which an error by question is not.
    """
    influences: list[list[Influence | None]] = [[None] * len(filled.pieces) for _ in filled.models]
    counts = [[0 if entry is None else entry.score.n for entry in row] for row in filled.entries]
    questions = np.array(counts, dtype=np.float64).reshape(filled.raw.shape)
    degrees = np.where(questions > 0, np.maximum(questions - 1, 1.0), np.inf)
    answers, unread = (np.zeros(filled.raw.shape, dtype=bool) for _ in range(2))
    files = sum(entry is not None and bool(entry.run) for row in filled.entries for entry in row)
    if outcomes is None or len(filled.models) > most_models or files > most_files:
        return Certainty(filled.errors, influences, degrees, answers, unread, False)
    for row, entries in enumerate(filled.entries):
        for place, entry in enumerate(entries):
            if entry is not None and entry.run and entry.score.view is View.NEW_QUESTIONS:
                found = outcomes(entry.run, entry.score.metric.name)
                unread[row, place] = found is None
                if found is not None:
                    answers[row, place] = True
                    known = influence(found, entry.score.metric.aggregation, entry.score.subset)
                    influences[row][place] = known
                    degrees[row, place] = degrees[row, place] if known is None else known.degrees
    return Certainty(filled.errors, influences, degrees, answers, unread, bool(answers.any()))


def drawn_together(values: Floats, noise: Floats) -> Floats:
    """The values of a column, of shape (models,), each replaced by the mean of those that it can't be told from.

    `noise` are draws of their errors, shape (draws, models). NaN stays NaN.
    """
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < 2:
        return values
    order = known[np.argsort(values[known], kind="stable")]
    errors = noise[:, order]
    reach = near * math.sqrt(2) * (errors - errors.mean(axis=1, keepdims=True)).std(axis=0)
    ordered = values[order]
    first, last = np.searchsorted(ordered, ordered - reach), np.searchsorted(ordered, ordered + reach, side="right")
    sums = np.concatenate(([0.0], np.cumsum(ordered)))
    result = values.copy()
    result[order] = (sums[last] - sums[first]) / (last - first)
    return result


def replicate_count(models: int) -> int:
    """How many draws a board of this size gets."""
    return replicates if models <= most_drawn else max(fewest_replicates, min(replicates, 1_280_000 // models))
