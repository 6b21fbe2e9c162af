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

Where c is drawn, pairs told apart are set aside and the others tested again with the smaller c of fewer pairs. 10,000
models need one pass over their pairs and no draws. Standard errors that rest on few questions are widened as Student's
distribution wants it.
"""

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderbench.boards.rules import Floats, Integers
from leaderbench.statistics.intervals import level

Booleans = NDArray[np.bool_]

most_drawn = 256
"""Models up to which the critical value is drawn; more need a bound that is a formula."""

draws = 2000
"""Draws from the joint distribution; the 95 % point of max |t| is then known to about 1 %."""

most_steps = 4
"""Times that pairs are tested at most, each time without those told apart before."""

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
    better, worse, critical[known] = _stepped_down(scores[known], errors.only(known), mode, level)
    low[known], high[known] = 1 + better, size - worse
    return RankIntervals(low, high, critical)


def _stepped_down(scores: Floats, errors: Errors, mode: Mode, level: float) -> tuple[Integers, Integers, Floats]:
    """How many models are significantly better, and how many worse, than each; and the last critical values.

    On boards of up to `most_drawn` models, pairs that are told apart are set aside, and the others tested again with
    the critical value of what is left, until nothing more is told apart (Romano and Wolf 2005, Econometrica 73, 1237).
    """
    critical = critical_values(errors, mode, level)
    better, worse, apart = significant(scores, errors, critical)
    for _ in range(most_steps - 1):
        if apart is None or not apart.any():
            break
        left = _drawn(errors, level, simultaneous=mode is Mode.SIMULTANEOUS, closed=apart)
        critical = np.minimum(critical, left)
        before = int(apart.sum())
        better, worse, apart = significant(scores, errors, critical)
        if apart is not None and int(apart.sum()) == before:
            break
    return better, worse, critical


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


def _drawn(errors: Errors, level: float, *, simultaneous: bool, closed: Booleans | None = None) -> Floats:
    """Quantiles of max |t| over pairs, from draws of the scores' joint distribution; one stream for every board.

    `closed`, of shape (models, models), leaves pairs out: of a row the pairs that the model in it is not tested in.
    """
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
    tested = ~alike if closed is None else ~(alike | closed)
    largest = np.zeros((size, draws))
    for row in range(size - 1):
        either = np.flatnonzero(tested[row, row + 1 :] | tested[row + 1 :, row]) + row + 1
        if len(either) == 0:
            continue
        t = np.abs(drawn[either] - drawn[row]) * scale[row, either, None]
        own = tested[row, either]
        largest[row] = np.maximum(largest[row], t[own].max(axis=0, initial=0.0))
        if not simultaneous:
            back = tested[either, row]
            largest[either[back]] = np.maximum(largest[either[back]], t[back])
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


def significant(scores: Floats, errors: Errors, critical: Floats) -> tuple[Integers, Integers, Booleans | None]:
    """How many models are significantly better, and how many significantly worse, than each; and which, of shape
    (models, models), on boards of up to `most_drawn`.

    The variance of a difference is the one that it has if there is none: gap²/n more than around the observed gap, as
    in McNemar's test, n being the questions that the degrees of freedom stand for. Standard errors are widened by
    `inflation`. Pairs are looked at in blocks.
    """
    size = len(scores)
    widened = errors.scaled(inflation(critical, errors.degrees))
    worth = np.broadcast_to(np.asarray(errors.degrees, dtype=np.float64) + 1, (size,))
    better, worse = np.zeros(size, np.int64), np.zeros(size, np.int64)
    blocks = []
    for start in range(0, size, block):
        rows = slice(start, start + block)
        gaps = scores[rows, None] - scores[None, :]
        variance = pair_variances(widened, rows)
        if np.isfinite(worth).any():
            variance = variance + gaps**2 / np.minimum(worth[rows, None], worth[None, :])
        apart = gaps**2 > (critical[rows, None] ** 2 * (1 + 1e-9)) * variance
        ahead = apart & (gaps > 0)
        worse[rows] = ahead.sum(axis=1)
        better[rows] = apart.sum(axis=1) - worse[rows]
        if size <= most_drawn:
            blocks.append(apart)
    return better, worse, np.concatenate(blocks) if blocks else None
