"""The ranking rules, exactly: pure functions from a table of values to one score a model.

A table has shape (models, columns); higher is better in every column, and NaN stands for what was not measured. Each
rule says what it makes of that. Nothing here knows how sure a value is; `ranks` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderbench.sentences import Sentence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Rule(StrEnum):
    """How the columns of a board become one order."""

    MEAN = "mean"
    NORMALISED_MEAN = "normalised-mean"
    BORDA = "borda"
    MEAN_WIN_RATE = "mean-win-rate"
    LANGUAGE_WIN_RATE = "language-win-rate"

    @property
    def linear(self) -> bool:
        """Whether the score is a weighted sum of the model's own values, whoever else is on the board."""
        return self in (Rule.MEAN, Rule.NORMALISED_MEAN)


@dataclass(frozen=True, slots=True)
class Formula:
    """What stands under a table, so that a reader can work out every number."""

    text: str
    """The rule in words and symbols."""

    version: int
    """Grows when the same scores would give another number."""


formulas = {
    Rule.MEAN: Formula(
        Sentence("Score = unweighted mean of the columns; a model that lacks a column has no score."),
        1,
    ),
    Rule.NORMALISED_MEAN: Formula(
        Sentence(
            "Score = unweighted mean of the columns after normalising each part: 0 if raw < b, else "
            "(raw - b)/(1 - b), where b is what guessing scores; parts of a column are averaged first; a model that "
            "lacks one has no score."
        ),
        1,
    ),
    Rule.BORDA: Formula(
        Sentence(
            "Score = sum over the columns of (models on the board - rank in the column), ties taking their average "
            "rank; a column that a model lacks adds nothing."
        ),
        1,
    ),
    Rule.MEAN_WIN_RATE: Formula(
        Sentence(
            "Score = mean over the columns that a model has of (models strictly worse + (ties - 1)/2)/(models - 1), "
            "models being those with a value in the column; columns with fewer than two values don't count. Missing "
            "columns can lift a model: see how many it has."
        ),
        1,
    ),
    Rule.LANGUAGE_WIN_RATE: Formula(
        Sentence(
            "Score = mean over the languages that a model has of models on the board - (rank in the language - 1), "
            "ties taking their average rank; its value in a language is the mean of that language's columns."
        ),
        1,
    ),
}


def settled(values: Any) -> Floats:
    """Values to compare: rounded to 44 bits, so that sums of the same terms in another order are equal again."""
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    result: Floats = np.ldexp(np.round(mantissa * 2.0**44) / 2.0**44, exponent)
    return result


def normalise(raw: Any, baseline: Any) -> Floats:
    """0 if raw < b, else (raw - b)/(1 - b): what guessing scores becomes 0, a perfect score stays 1 (Open LLM
    Leaderboard v2). Any shapes that numpy broadcasts; NaN stays NaN.
    """
    values, lower = np.asarray(raw, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    result: Floats = np.where(values < lower, 0.0, (values - lower) / (1 - lower))
    return result


def mean(values: Floats, weights: Floats | None = None) -> Floats:
    """The weighted mean of each row, plain where no weights are given; NaN where a column is missing."""
    count = values.shape[1]
    if count == 0:
        return np.full(len(values), np.nan)
    shares = np.full(count, 1 / count) if weights is None else weights
    result: Floats = (values * shares).sum(axis=1)
    return result


def type_weights(types: Sequence[str]) -> Floats:
    """The weight of each column in the mean over types of each type's mean, given the columns' types."""
    names = list(types)
    return np.array([1 / (len(set(names)) * names.count(name)) for name in names])


def standing_in(column: Floats) -> tuple[Floats, Floats, int]:
    """For each model the number strictly worse and the number equal to it, itself included, and how many have a value;
    NaN where it has none.
    """
    order = np.argsort(column)  # NaN goes last
    count = int(len(column) - np.isnan(column).sum())
    ordered = column[order[:count]]
    new = np.ones(count, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    sizes = np.diff(starts, append=count)
    worse, ties = np.full(len(column), np.nan), np.full(len(column), np.nan)
    worse[order[:count]] = np.repeat(starts, sizes)
    ties[order[:count]] = np.repeat(sizes, sizes)
    return worse, ties, count


def average_ranks(column: Floats) -> Floats:
    """The rank of each model in a column, 1 for the highest, ties taking their average rank; NaN where it has none."""
    worse, ties, count = standing_in(column)
    result: Floats = count - worse - (ties - 1) / 2
    return result


def places(scores: Floats) -> Integers:
    """Places of scores, 1 for the highest; ties share the better place; 0 for NaN. See `settled` for what is a tie."""
    worse, ties, count = standing_in(settled(scores))
    return np.where(np.isnan(worse), 0, count - worse - ties + 1).astype(np.int64)


def borda(values: Floats) -> Floats:
    """Borda points: over the columns, models on the board minus the average rank in the column. A model on the board
    has a value somewhere; one without any has NaN.
    """
    on_board = ~np.isnan(values).all(axis=1)
    models = int(on_board.sum())
    points = np.zeros(len(values))
    for column in values.T:
        points += np.nan_to_num(models - average_ranks(column))
    return np.where(on_board, points, np.nan)


def mean_win_rate(values: Floats) -> Floats:
    """The mean over a row's columns of (strictly worse + (ties - 1)/2)/(n - 1), n models having a value in the column
    (HELM). Columns with fewer than two values don't count; NaN for a model without a column that counts.
    """
    rates = np.full(values.shape, np.nan)
    for place, column in enumerate(values.T):
        worse, ties, count = standing_in(column)
        if count >= 2:
            rates[:, place] = (worse + (ties - 1) / 2) / (count - 1)
    return _mean_of_known(rates)


def language_values(values: Floats, languages: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], Floats]:
    """The languages of a board, and each model's mean over a language's columns; NaN where one of these is missing."""
    names = tuple(dict.fromkeys(name for column in languages for name in column))
    found = [mean(values[:, [name in column for column in languages]]) for name in names]
    return names, np.stack(found, axis=1) if found else np.empty((len(values), 0))


def language_win_rate(values: Floats, languages: Sequence[Sequence[str]]) -> Floats:
    """The mean over languages of models - (rank - 1) (BigCode). `languages` are those of each column; a model that
    lacks a language is left out of its ranks, and the language out of its mean.
    """
    _, by_language = language_values(values, languages)
    models = int((~np.isnan(values).all(axis=1)).sum())
    wins = np.full(by_language.shape, np.nan)
    for place, column in enumerate(settled(by_language).T):
        wins[:, place] = models - (average_ranks(column) - 1)
    return _mean_of_known(wins)


def _mean_of_known(values: Floats) -> Floats:
    """The mean of each row over what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    result: Floats = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return result
