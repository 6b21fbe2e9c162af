"""Means with standard errors and intervals that hold their level, also for few questions and near 0 and 1.

Questions are draws from a larger pool of their kind (Miller 2024, arXiv 2411.00640): an interval says where the score
on new questions would lie. Sums are exact (`math.fsum`), so the order of the questions changes nothing.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

level = 0.95
"""The level of every interval that a `Score` carries."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its uncertainty; `estimate` and `standard_error` are NaN where nothing was measured."""

    estimate: float
    standard_error: float
    interval: Interval
    n: int
    """Values in it."""


unknown = Estimate(math.nan, math.nan, Interval(0.0, 1.0), 0)
"""The mean of nothing: anything is possible."""


def normal_quantile(level: float = level) -> float:
    """The z with `level` of a standard normal distribution between -z and z."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def t_quantile(degrees: float, level: float = level) -> float:
    """The t with `level` of Student's distribution between -t and t."""
    from scipy.special import stdtrit

    if math.isinf(degrees):
        return normal_quantile(level)
    return float(stdtrit(degrees, 0.5 + level / 2))


def wilson(successes: float, n: float, level: float = level, *, quantile: float | None = None) -> Interval:
    """Wilson's score interval for a proportion (Wilson 1927); for `n` = 0 everything from 0 to 1.

    Neither count need be whole: with an effective `n` it serves clustered questions. `quantile`
    replaces the normal one.
    """
    if n <= 0:
        return Interval(0.0, 1.0)
    z = normal_quantile(level) if quantile is None else quantile
    p, square = successes / n, z * z / n
    centre = p + square / 2
    half = z * math.sqrt(max(p * (1 - p), 0.0) / n + square / (4 * n))
    low = 0.0 if successes <= 0 else (centre - half) / (1 + square)
    high = 1.0 if successes >= n else (centre + half) / (1 + square)
    return Interval(max(low, 0.0), min(high, 1.0))


def standard_error(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> float:
    """The standard error of a mean, robust to dependence inside clusters (Miller 2024, section 2.2, with the factor
    G/(G-1) for G clusters); without clusters it is sd/sqrt(n). NaN for fewer than two clusters.
    """
    n = len(values)
    centre = math.fsum(values) / n if n else math.nan
    deviations: dict[Hashable, list[float]] = {}
    for place, value in enumerate(values):
        deviations.setdefault(place if clusters is None else clusters[place], []).append(value - centre)
    groups = len(deviations)
    if groups < 2:
        return math.nan
    if min(values) == max(values):  # the mean is rounded, so deviations need not vanish
        return 0.0
    squares = math.fsum(math.fsum(group) ** 2 for group in deviations.values())
    return math.sqrt(groups / (groups - 1) * squares) / n


def logit_interval(estimate: float, error: float, quantile: float) -> Interval:
    """Estimate ± quantile · error, drawn on the logit scale so that it stays between 0 and 1 (both excluded)."""
    centre = math.log(estimate / (1 - estimate))
    half = quantile * error / (estimate * (1 - estimate))
    return Interval(_expit(centre - half), _expit(centre + half))


def _expit(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x)) if x > -700 else 0.0


def mean(values: Sequence[float], clusters: Sequence[Hashable] | None = None, level: float = level) -> Estimate:
    """The mean of one value a question, with its interval.

    Zeros and ones get Wilson's interval with the effective n that clusters leave; other values between 0 and 1 a t
    interval on the logit scale; values beyond that a plain t interval. `clusters` names each value's cluster.
    """
    n = len(values)
    if n == 0:
        return unknown
    estimate = math.fsum(values) / n
    error = standard_error(values, clusters)
    groups = n if clusters is None else len(set(clusters))
    if min(values) < 0 or max(values) > 1:
        half = t_quantile(groups - 1, level) * error if groups > 1 else math.nan
        return Estimate(estimate, error, Interval(estimate - half, estimate + half), n)
    if all(value in (0, 1) for value in values) or not error > 0 or not 0 < estimate < 1:
        return Estimate(estimate, error, _proportion(values, error, groups, level), n)
    return Estimate(estimate, error, logit_interval(estimate, error, t_quantile(groups - 1, level)), n)


def _proportion(values: Sequence[float], error: float, groups: int, level: float) -> Interval:
    """Wilson's interval with n / design effect. It also serves values whose spread cannot be estimated (one value, or
    all alike): no values between 0 and 1 spread more than zeros and ones of the same mean (Bhatia and Davis 2000).
    """
    n = len(values)
    estimate = math.fsum(values) / n
    if groups == n:
        return wilson(math.fsum(values), n, level)
    plain = standard_error(values)
    effect = (error / plain) ** 2 if plain > 0 and error > 0 else n / groups
    effective = n / max(effect, 1.0)
    return wilson(estimate * effective, effective, quantile=t_quantile(groups - 1, level) if groups > 1 else None)
