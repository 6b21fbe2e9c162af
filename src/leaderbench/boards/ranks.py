"""Rank intervals: which ranks a model may have, given how sure its score is.

Two models are told apart where their scores differ by more than c standard errors of the difference. The best rank a
model may have is 1 + the number significantly better, the worst the number of models minus those significantly worse
(Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for Ranks, Review of Economic Studies 91, 476). What c is:

- simultaneous, errors independent: the studentised range's quantile over sqrt(2), by quadrature. It is exact for
  equal standard errors and errs on the wide side for others (Hayter 1984, Annals of Statistics 12, 61), at any size.
- otherwise, up to `most_drawn` models: the quantile of max |t| over the pairs (simultaneous) or over a model's own
  pairs (marginal), in draws from the joint normal distribution of the scores: what a Gaussian multiplier
  bootstrap gives.
- beyond that: Šidák's bound for so many pairs, which holds whatever the dependence (Šidák 1967, JASA 62, 626). At
  10,000 models it is 6.11, where independent scores need 5.99.

So 10,000 models need one pass over their pairs and no draws. Standard errors that rest on few questions are widened as
Student's distribution wants it.
"""

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np

from leaderbench.boards.rules import Floats, Integers
from leaderbench.statistics.intervals import level

most_drawn = 256
"""Models up to which the critical value is drawn; more need a bound that is a formula."""

draws = 2000
"""Draws from the joint distribution; the 95 % point of max |t| is then known to about 1 %."""

block = 64
"""Models that are compared with all others at once: small enough for the processor's cache."""


class Mode(StrEnum):
    """What the 95 % of a rank interval are about."""

    SIMULTANEOUS = "simultaneous"
    """All ranks of the table lie in their intervals at once."""

    MARGINAL = "marginal"
    """The rank of one model, chosen beforehand, lies in its interval; narrower."""


@dataclass(frozen=True, slots=True)
class Errors:
    """How the errors of the models' scores vary together: covariance diag(own) + shared · sharedᵀ."""

    own: Floats
    """Variance of each score that no other shares, shape (models,); NaN where it is not known how sure a score is."""

    shared: Floats | None = None
    """What each shared source of error, such as a question that several answered, does to each score, shape
    (models, sources)."""

    degrees: Floats | float = math.inf
    """Degrees of freedom behind the variance of each score, shape (models,) or one for all: few questions, or few
    simulations, know it less well."""

    def variance(self) -> Floats:
        """The variance of each score."""
        return self.own if self.shared is None else self.own + (self.shared**2).sum(axis=1)

    def only(self, rows: Any) -> "Errors":
        """The errors of some models: a slice, numbers, or true and false for each."""
        degrees = self.degrees if isinstance(self.degrees, float) else self.degrees[rows]
        return Errors(self.own[rows], None if self.shared is None else self.shared[rows], degrees)

    def scaled(self, factors: Floats) -> "Errors":
        """The errors with each score's multiplied by its factor."""
        shared = None if self.shared is None else self.shared * factors[:, None]
        return Errors(self.own * factors**2, shared, self.degrees)


@dataclass(frozen=True, slots=True)
class RankIntervals:
    """The ranks that models may have; both 0 where the model has no interval."""

    low: Integers
    """Best rank."""

    high: Integers
    """Worst rank."""

    critical: Floats
    """Standard errors that each model must be apart from another to be told from it; NaN where there is none, 0 where
    there is no other."""


def rank_intervals(
    scores: Floats, errors: Errors, mode: Mode = Mode.SIMULTANEOUS, level: float = level
) -> RankIntervals:
    """The rank interval of each model; `scores` has shape (models,), higher is better, and no NaN.

    A model of which nobody knows how sure its score is has no interval, and may stand anywhere in those of the others.
    Kept for the last few tables, so that the same one is worked out once.
    """
    key = _key(scores, errors, mode, level)
    if key not in _known:
        _known[key] = _rank_intervals(scores, errors, mode, level)
        while len(_known) > 64:
            _known.popitem(last=False)
    _known.move_to_end(key)
    return _known[key]


_known: "OrderedDict[bytes, RankIntervals]" = OrderedDict()


def _key(scores: Floats, errors: Errors, mode: Mode, level: float) -> bytes:
    total = hashlib.sha256(f"{mode} {level} {len(scores)}".encode())
    for array in (scores, errors.own, errors.shared, errors.degrees):
        if array is not None:
            total.update(np.asarray(array).tobytes())
    return total.digest()


def _rank_intervals(scores: Floats, errors: Errors, mode: Mode, level: float) -> RankIntervals:
    known = ~np.isnan(errors.own)
    size = len(scores)
    low, high, critical = np.zeros(size, np.int64), np.zeros(size, np.int64), np.full(size, np.nan)
    if not known.any():
        return RankIntervals(low, high, critical)
    kept = errors.only(known)
    critical[known] = critical_values(kept, mode, level)
    widened = kept.scaled(inflation(critical[known], kept.degrees))
    better, worse = significant(scores[known], widened, critical[known])
    low[known], high[known] = 1 + better, size - worse
    return RankIntervals(low, high, critical)


def critical_values(errors: Errors, mode: Mode, level: float = level) -> Floats:
    """How many standard errors two models must be apart to be told apart, one value a model, shape (models,); with
    standard errors that are known for certain, see `inflation` for others.
    """
    size = len(errors.own)
    if size < 2:
        return np.zeros(size)
    simultaneous = mode is Mode.SIMULTANEOUS
    if simultaneous and errors.shared is None:
        return np.full(size, range_quantile(size, level) / math.sqrt(2))
    if size <= most_drawn:
        return _drawn(errors, level, simultaneous=simultaneous)
    return np.full(size, bound(size * (size - 1) / 2 if simultaneous else size - 1, level))


def bound(pairs: float, level: float = level) -> float:
    """Šidák's critical value for so many pairs of normal scores, whatever their dependence."""
    from scipy.special import ndtri

    return float(-ndtri(-math.expm1(math.log(level) / pairs) / 2))


def inflation(critical: Floats, degrees: Floats | float) -> Floats:
    """The factor by which a standard error must count for more because it is estimated itself: where the normal
    distribution asks for c of them, Student's asks for the one that is exceeded as rarely.
    """
    from scipy.special import ndtr, stdtrit

    sure = np.isinf(degrees) | ~(critical > 0)
    finite = np.where(sure, 1.0, critical)
    student = -stdtrit(np.where(sure, 1e9, np.maximum(degrees, 1.0)), ndtr(-finite))
    result: Floats = np.where(sure, 1.0, student / finite)
    return result


@lru_cache(maxsize=256)
def range_quantile(size: int, level: float = level) -> float:
    """The `level` quantile of the range of `size` independent standard normal values.

    P(range <= q) = size ∫ φ(z) (Φ(z) - Φ(z - q))^(size - 1) dz, by the trapezoid rule, which is exact to rounding for
    such integrands; solved by bisection.
    """
    from scipy.special import ndtr

    z = np.linspace(-12, 12, 4801)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])

    def probability(q: float) -> float:
        with np.errstate(divide="ignore"):
            inside = np.log1p(-np.minimum(ndtr(-z) + ndtr(z - q), 1.0))
        return float(size * (density * np.exp((size - 1) * inside)).sum())

    low, high = 0.0, 40.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        low, high = (middle, high) if probability(middle) < level else (low, middle)
    return high


def _drawn(errors: Errors, level: float, *, simultaneous: bool) -> Floats:
    """Quantiles of max |t| over pairs, from draws of the scores' joint distribution; one stream for every board."""
    size = len(errors.own)
    covariance = np.diag(errors.own)
    if errors.shared is not None:
        covariance = covariance + errors.shared @ errors.shared.T
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = root @ np.random.default_rng(0).standard_normal((size, draws))
    variances = pair_variances(errors, slice(0, size))
    alike = variances <= 1e-12 * variances.max()  # the same answers, or itself: never told apart
    scale = 1 / np.sqrt(np.where(alike, np.inf, variances))
    largest = np.zeros((size, draws))
    for place in range(size - 1):
        t = np.abs(drawn[place + 1 :] - drawn[place]) * scale[place, place + 1 :, None]
        largest[place] = np.maximum(largest[place], t.max(axis=0))
        if not simultaneous:
            np.maximum(largest[place + 1 :], t, out=largest[place + 1 :])
    if simultaneous:
        return np.full(size, np.quantile(largest.max(axis=0), level))
    result: Floats = np.quantile(largest, level, axis=1)
    return result


def pair_variances(errors: Errors, rows: slice) -> Floats:
    """The variance of the difference of each model in `rows` from every model, shape (rows, models)."""
    own = errors.own[rows, None] + errors.own[None, :]
    if errors.shared is None:
        return own
    squares = (errors.shared**2).sum(axis=1)
    shared = squares[rows, None] + squares[None, :] - 2 * (errors.shared[rows] @ errors.shared.T)
    result: Floats = own + np.maximum(shared, 0.0)
    return result


def significant(scores: Floats, errors: Errors, critical: Floats) -> tuple[Integers, Integers]:
    """How many models are significantly better, and how many significantly worse, than each.

    Every pair is looked at once, in blocks, the models in order of their scores.
    """
    size, order = len(scores), np.argsort(-scores, kind="stable")
    ordered, own, squared = scores[order], errors.own[order], critical[order] ** 2 * (1 + 1e-9)
    shared: Any = None
    squares = np.zeros(size)
    if errors.shared is not None:
        shared = errors.shared[order].astype(np.float32 if size > most_drawn else np.float64)
        squares = (shared**2).sum(axis=1).astype(np.float64)
    better, worse = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for start in range(0, size, block):
        rows, rest = slice(start, start + block), slice(start, None)
        variance = (own + squares)[rows, None] + (own + squares)[None, rest]
        if shared is not None:
            variance -= 2 * (shared[rows] @ shared[rest].T)
            np.maximum(variance, own[rows, None] + own[None, rest], out=variance)
        gaps = ordered[rows, None] - ordered[None, rest]
        np.maximum(gaps, 0.0, out=gaps)  # what is ahead of a row inside its block was looked at from there
        gaps *= gaps
        worse[rows] += (gaps > squared[rows, None] * variance).sum(axis=1)
        better[rest] += (gaps > squared[None, rest] * variance).sum(axis=0)
    found = np.empty((2, size), np.int64)
    found[:, order] = better, worse
    return found[0], found[1]
