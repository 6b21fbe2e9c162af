"""How much of a score difference each cause contributes: Shapley values of a full factorial, question by question.

Two implementations A and B differ in k factors. A configuration is a bit mask S from 0 to 2^k - 1: bit j set puts
factor j at B's level, so that 0 is A and 2^k - 1 is B. All configurations are asked on the same questions; `values`
are their scores, float64 of shape (questions, 2^k). `weights`, of shape (questions, 2^k) or (questions,), say what
a question counts for: score(S) = sum over i of weights[i, S] · values[i, S]. None means 1 / questions.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from leaderbench.statistics.comparison import holm
from leaderbench.statistics.intervals import Estimate, Interval, level, normal_quantile, t_quantile

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

rounding = 1e-12
"""A question whose score moves by less than this did not move: weights and sums are rounded."""

significant = 0.05
"""An interaction of three or more factors is shown where its p after Holm's correction stays below."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one factor contributes to the difference B minus A: its Shapley value."""

    factor: str
    estimate: float
    standard_error: float
    interval: Interval
    """95 % interval of `estimate`."""

    p: float
    """Two-sided, for no contribution; not corrected for the number of factors."""

    smallest: float
    """The least that switching this factor changes the score by, over all orders of switching."""

    largest: float
    """The most."""

    moved: int
    """Questions whose weighted score the factor changes in at least one configuration; 0 means that it did nothing."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """What several factors do together beyond what they do alone: their Harsanyi dividend."""

    factors: tuple[str, ...]
    estimate: float
    standard_error: float
    interval: Interval
    """95 % interval of `estimate`."""

    p: float
    """Two-sided, for no interaction; of three or more factors it is corrected by Holm, else not corrected."""


@dataclass(frozen=True, slots=True)
class Split:
    """A score difference split by cause; the contributions sum to the difference."""

    score_a: float
    score_b: float
    difference: Estimate
    """B minus A, paired by question."""

    contributions: tuple[Contribution, ...]
    """One a factor, in the order of the factors."""

    interactions: tuple[Interaction, ...]
    """One a pair of factors."""

    higher_orders: tuple[Interaction, ...]
    """Interactions of three and more factors that are significant after Holm's correction; the others are not shown."""

    scores: tuple[float, ...]
    """The score of every configuration, by bit mask."""


def shapley(values: Floats) -> Floats:
    """Contributions of shape (questions, k), which sum to values[:, -1] - values[:, 0] in every row.

    phi_ij = sum over S without j of |S|! (k - |S| - 1)! / k! · (v_i(S + j) - v_i(S)) (Shapley 1953). Exactly 0 where
    switching j changes nothing. Raises `ValueError` for NaN and for a number of columns that is no power of two.
    """
    values, k = _checked(values)
    result = np.empty((len(values), k))
    orders = _orders(k)
    for j in range(k):
        result[:, j] = _switched(values, j) @ orders
    return result


def _orders(k: int) -> Floats:
    """The share of all orders in which exactly the factors of S come before the last one, for S in 0..2^(k-1) - 1."""
    sizes = [mask.bit_count() for mask in range(1 << max(k - 1, 0))]
    return np.array([math.factorial(s) * math.factorial(k - s - 1) / math.factorial(k) for s in sizes if k])


def _switched(values: Floats, j: int) -> Floats:
    """What switching factor j to B's level changes, of shape (rows, 2^(k-1)): one column a subset of the others."""
    rows, columns = values.shape
    cube = values.reshape(rows, columns >> (j + 1), 2, 1 << j)
    return (cube[:, :, 1] - cube[:, :, 0]).reshape(rows, columns // 2)


def dividends(values: Floats) -> Floats:
    """Harsanyi dividends of shape (questions, 2^k): column T is sum over S in T of (-1)^(|T| - |S|) v(S).

    phi_j is the sum of D(T) / |T| over all T that contain j (Harsanyi 1963). By the fast Möbius transform. Raises
    `ValueError` as `shapley` does.
    """
    values, k = _checked(values)
    result = values.copy()
    for j in range(k):
        cube = result.reshape(len(result), result.shape[1] >> (j + 1), 2, 1 << j)
        cube[:, :, 1] -= cube[:, :, 0]
    return result


def order_range(scores: Floats) -> Floats:
    """The smallest and the largest that each factor changes the score by, over all orders: shape (k, 2).

    `scores` are the scores of the 2^k configurations. Between first and last place in an order every subset of the
    other factors can be switched before, so this is the range over those subsets.
    """
    row, k = _checked(np.asarray(scores, dtype=np.float64)[None])
    changes = [_switched(row, j) for j in range(k)]
    return np.array([[change.min(), change.max()] for change in changes]).reshape(k, 2)


def weighted(values: Floats, weights: Floats | None = None) -> Floats:
    """Values times weights times questions, of the shape of `values`: their plain mean over questions is the score.

    Raises `ValueError` for weights of another shape, and for NaN in either.
    """
    values, _ = _checked(values)
    if weights is None:
        return values
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape not in (values.shape, values.shape[:1]):
        raise ValueError(f"weights have shape {weights.shape}, values {values.shape}")
    if not np.isfinite(weights).all():
        raise ValueError("a weight is NaN or infinite")
    return len(values) * (weights if weights.ndim == 2 else weights[:, None]) * values


def split(
    values: Floats,
    factors: Sequence[str],
    weights: Floats | None = None,
    strata: Sequence[Hashable] | None = None,
    clusters: Sequence[Hashable] | None = None,
) -> Split:
    """Split score(B) - score(A) over the named factors, with 95 % intervals for new questions of the same kind.

    `strata` name the subset of each question where subsets are fixed, as for macro scores; `clusters` name what each
    question was drawn together with, inside its stratum; see `Sampling`. A contribution is a mean of one number
    a question, so its interval is a t interval, but never narrower than z² · (largest cluster) / questions: a few
    questions, or questions that all move alike, are no proof that there is no spread (Tango's interval leaves
    that room where nothing differs). A factor that changes no question in any configuration contributes 0 on
    these questions, and may still change others: its interval is what n questions without one leave open, ± 3/n
    (1 - 0.05^(1/n), exactly), and p is 1. Leave out factors that cannot change anything. With fewer than two clusters
    the standard error is NaN and the interval all that values between 0 and 1 allow.

    Raises `ValueError` for NaN (leave out questions without an answer before), for no question at all, and where shapes
    or numbers of names do not fit.
    """
    values = weighted(values, weights)
    n, k = len(values), len(factors)
    if values.shape[1] != 1 << k:
        raise ValueError(f"{k} factors need {1 << k} configurations, not {values.shape[1]}")
    sampling = Sampling.of(n, strata, clusters, weights)
    scores = [math.fsum(column) / n for column in values.T]
    ranges = order_range(np.array(scores))
    moves = [np.abs(_switched(values, j)).max(axis=1) for j in range(k)]
    furthest = [float(move.max()) for move in moves]
    found = [sampling.mean(column, room) for column, room in zip(shapley(values).T, furthest, strict=True)]
    contributions = tuple(
        Contribution(
            factors[j], item.estimate, item.error, item.interval, item.p,
            smallest=float(ranges[j, 0]), largest=float(ranges[j, 1]), moved=int(np.sum(moves[j] > rounding)),
        )
        for j, item in enumerate(found)
    )  # fmt: skip
    total = sampling.mean(values[:, -1] - values[:, 0], max(furthest, default=0.0), bound=float(k > 0))
    parts = dividends(values)
    return Split(
        score_a=scores[0],
        score_b=scores[-1],
        difference=Estimate(total.estimate, total.error, total.interval, n),
        contributions=contributions,
        interactions=tuple(
            _interaction(parts, pair, factors, furthest, sampling) for pair in combinations(range(k), 2)
        ),
        higher_orders=_higher_orders(parts, factors, furthest, sampling),
        scores=tuple(scores),
    )


def _interaction(
    parts: Floats, members: tuple[int, ...], factors: Sequence[str], furthest: Sequence[float], sampling: "Sampling"
) -> Interaction:
    room = min(furthest[j] for j in members)  # an interaction takes all of them
    found = sampling.mean(parts[:, sum(1 << j for j in members)], room, bound=2.0 ** (len(members) - 1))
    return Interaction(tuple(factors[j] for j in members), found.estimate, found.error, found.interval, found.p)


def _higher_orders(
    parts: Floats, factors: Sequence[str], furthest: Sequence[float], sampling: "Sampling"
) -> tuple[Interaction, ...]:
    """The dividends of three and more factors that are significant by Holm over all of them, lower orders first."""
    k = len(factors)
    every = [members for order in range(3, k + 1) for members in combinations(range(k), order)]
    found = [_interaction(parts, members, factors, furthest, sampling) for members in every]
    adjusted = holm([item.p for item in found])
    return tuple(
        Interaction(item.factors, item.estimate, item.standard_error, item.interval, p)
        for item, p in zip(found, adjusted, strict=True)
        if p < significant
    )


def remainder(published_a: float, published_b: float, score_a: float, score_b: float) -> float:
    """The part of a published difference B minus A that rebuilding A and B does not show; add it as its own cause."""
    return (published_b - published_a) - (score_b - score_a)


@dataclass(frozen=True, slots=True)
class _Mean:
    """A mean of one number a question, as `Sampling.mean` finds it."""

    estimate: float
    error: float
    interval: Interval
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """How questions were drawn: one by one or in clusters, from one pool or from strata that are fixed.

    The variance of a mean is sum over strata h of G_h / (G_h - 1) · sum over clusters c of (sum over i in c of
    (x_i - mean_h))² / n², for G_h clusters in stratum h. With one stratum this is the clustered formula of
    `intervals.standard_error`; with clusters of one question it is sqrt(sum n_h s_h²) / n, the standard error of a mean
    whose strata are fixed. A stratum with a single cluster has no spread to estimate: its squared distance from zero
    stands in, an upper bound.
    """

    stratum: Places
    """Of each question, from 0."""

    cluster: Places
    """Of each question, from 0, in order of appearance."""

    home: Places
    """The stratum of each cluster."""

    heaviest: float = 1.0
    """The largest weight in the mean that a cluster has, in questions of average weight."""

    @classmethod
    def of(
        cls,
        n: int,
        strata: Sequence[Hashable] | None = None,
        clusters: Sequence[Hashable] | None = None,
        weights: Floats | None = None,
    ) -> "Sampling":
        """From the names of each question's stratum and cluster, and weights as `split` has them. Raises `ValueError`
        for no question, for another number of names, and for a cluster that lies in two strata.
        """
        if n == 0:
            raise ValueError("no question to take a mean of")
        stratum = np.zeros(n, dtype=np.intp) if strata is None else _places(strata, n)
        cluster = np.arange(n) if clusters is None else _places(clusters, n)
        home = np.empty(cluster.max() + 1, dtype=np.intp)
        home[cluster] = stratum
        if (home[cluster] != stratum).any():
            raise ValueError("a cluster lies in two strata")
        each = np.full(n, 1 / n) if weights is None else np.reshape(weights, (n, -1)).max(axis=1)
        return cls(stratum, cluster, home, n * float(np.bincount(cluster, each).max()))

    def variance(self, column: Floats) -> tuple[float, float]:
        """The variance of the mean of one number a question, and its degrees of freedom (Satterthwaite 1946).

        Without strata these are G - 1. Strata that are known by an upper bound only take none away.
        """
        counts = np.bincount(self.home)
        lonely = counts == 1
        centres = np.bincount(self.stratum, column) / np.bincount(self.stratum)
        centred = column - np.where(lonely, 0.0, centres)[self.stratum]
        totals = np.bincount(self.cluster, centred)
        others = np.maximum(counts - 1, 1)
        factor = np.where(lonely, 1.0, counts / others)
        parts = factor * np.bincount(self.home, totals**2) / len(column) ** 2
        whole = float(parts.sum())
        uncertain = float(np.sum((parts**2 / others)[~lonely]))
        return whole, whole**2 / uncertain if uncertain > 0 else math.inf

    def mean(self, column: Floats, room: float, bound: float = 1.0) -> _Mean:
        """The mean of one number a question, with the interval that `split` describes.

        `room` is how far a question moved at most, or could have where this mean does not show it; `bound` the
        largest mean of values between 0 and 1, for when there is a single cluster. Where nothing moved, more than
        1 - 0.05^(1/clusters) of all clusters would have shown in 95 % of draws.
        """
        column = np.where(np.abs(column) <= rounding, 0.0, column)
        n = len(column)
        estimate = math.fsum(column) / n
        if room <= rounding:
            unseen = 1 - (1 - level) ** (1 / len(self.home))
            half = bound * min(unseen * self.heaviest * len(self.home) / n, 1.0)
            return _Mean(0.0, 0.0, Interval(-half, half), 1.0)
        if len(self.home) < 2:
            return _Mean(estimate, math.nan, Interval(-bound, bound), 1.0)
        variance, degrees = self.variance(column)
        error = math.sqrt(variance)
        z = normal_quantile()
        half = error * t_quantile(degrees)
        heaviest = float(np.abs(np.bincount(self.cluster, column)).max()) or room
        least = z * heaviest / n
        if half < z * least:
            half, p = z * least, _p(estimate / least, math.inf)
        else:
            p = _p(estimate / error, degrees)
        return _Mean(estimate, error, Interval(estimate - half, estimate + half), p)


def _p(statistic: float, degrees: float) -> float:
    """Two-sided p of a t statistic."""
    from scipy.special import stdtr

    if math.isinf(degrees):
        return math.erfc(abs(statistic) / math.sqrt(2))
    return float(2 * stdtr(degrees, -abs(statistic)))


def _places(names: Sequence[Hashable], n: int) -> Places:
    """Names as numbers from 0, in order of appearance."""
    if len(names) != n:
        raise ValueError(f"{len(names)} names for {n} questions")
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.intp)


def _checked(values: Floats) -> tuple[Floats, int]:
    """The values as float64, and the number of factors."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or values.shape[1].bit_count() != 1:
        raise ValueError(f"values need the shape (questions, 2^k), not {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("a value is NaN or infinite: leave out questions without an answer")
    return values, values.shape[1].bit_length() - 1
