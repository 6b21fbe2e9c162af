"""Differences between two models, or two implementations, on the same questions; paired by example.

Pairing is a free cut in variance: questions that both get right, or both get wrong, say nothing about the difference.
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from leaderbench.errors import LeaderbenchError
from leaderbench.statistics.intervals import Interval, level, normal_quantile, standard_error, t_quantile

power = 0.8
"""The chance of finding a gap that `minimum_detectable_effect` promises."""

enough_discordant = 50
"""From here on the sign-flip test of a macro difference takes the normal distribution instead of simulating."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What two sets of values on the same questions say about their difference, a minus b."""

    n: int
    """Questions that both answered."""

    unpaired: int
    """Questions that only one of them answered; they are left out."""

    mean_a: float
    mean_b: float
    b: int
    """Questions on which a did better (a right, b wrong)."""

    c: int
    """Questions on which b did better."""

    net: float
    """The difference of the means; for plain means of zeros and ones (b - c)/n."""

    churn: float
    """Share of questions on which the two differ, (b + c)/n, or its macro mean."""

    standard_error: float
    interval: Interval
    """95 % interval of `net`."""

    p: float
    """Two-sided, for no difference: exact McNemar for zeros and ones, else paired t; sign flips for macro means."""

    correlation: float
    """Pearson's r between the two on the questions; NaN where one never varies."""

    minimum_detectable_effect: float
    """The smallest true difference that this many questions show with 80 % power at the 5 % level."""

    @property
    def turned(self) -> "Difference":
        """The same the other way round, b minus a."""
        interval = Interval(-self.interval.high, -self.interval.low)
        return replace(
            self, mean_a=self.mean_b, mean_b=self.mean_a, b=self.c, c=self.b, net=-self.net, interval=interval
        )


def paired_difference(
    a: Mapping[str, float],
    b: Mapping[str, float],
    *,
    subsets: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
    clusters: Mapping[str, Hashable] | None = None,
) -> Difference:
    """Compare values by example id, on the ids that both have.

    With `subsets` (example id to subset) the difference of macro means: every subset weighs the same. With `sizes`
    besides (subset to its questions in the bank that these were drawn from) the difference of means over the bank:
    every subset weighs as much as it is large. With `clusters` (example id to cluster) errors that go together inside
    a cluster are allowed for; then the test is a clustered t. Raises `LeaderbenchError` where no question is shared.
    """
    shared = sorted(a.keys() & b.keys())
    if not shared:
        raise LeaderbenchError("The two share no answered question: run both on the same questions to compare them.")
    if subsets is not None and clusters is not None:
        raise ValueError("clusters inside macro means are not supported")
    first, second = [a[name] for name in shared], [b[name] for name in shared]
    weights = [1 / len(shared)] * len(shared)
    if subsets is not None:
        weights = _weights([subsets[name] for name in shared], sizes)
        if sizes is not None and max(weights) - min(weights) < 1e-12:  # drawn in proportion: a plain mean
            subsets = None
    differences = [x - y for x, y in zip(first, second, strict=True)]
    groups = None if clusters is None else [clusters[name] for name in shared]
    if subsets is not None:
        error, interval, p = _macro(differences, [subsets[name] for name in shared], weights)
    else:
        error, interval, p = _plain(differences, groups)
    squares = [item * item for item in differences]
    plain = standard_error(differences)
    effect = max((error / plain) ** 2, 1.0) if groups is not None and plain > 0 else 1.0
    effective = 1 / _dot(weights, weights) / effect
    return Difference(
        n=len(shared),
        unpaired=len(a.keys() ^ b.keys()),
        mean_a=_dot(weights, first),
        mean_b=_dot(weights, second),
        b=sum(item > 0 for item in differences),
        c=sum(item < 0 for item in differences),
        net=_dot(weights, differences),
        churn=_dot(weights, [float(item != 0) for item in differences]),
        standard_error=error,
        interval=interval,
        p=p,
        correlation=_correlation(first, second),
        minimum_detectable_effect=minimum_detectable_effect(effective, _dot(weights, squares)),
    )


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))


def _weights(subsets: Sequence[str], sizes: Mapping[str, int] | None) -> list[float]:
    """The weight of each question: that of its subset (all the same, or its share of the bank) over its questions."""
    counts = Counter(subsets)
    if sizes is None:
        return [1 / (len(counts) * counts[subset]) for subset in subsets]
    whole = sum(sizes[subset] for subset in counts)
    return [sizes[subset] / (whole * counts[subset]) for subset in subsets]


def _correlation(first: Sequence[float], second: Sequence[float]) -> float:
    n = len(first)
    centre_a, centre_b = math.fsum(first) / n, math.fsum(second) / n
    a, b = [x - centre_a for x in first], [y - centre_b for y in second]
    spread = math.sqrt(_dot(a, a) * _dot(b, b))
    return max(-1.0, min(1.0, _dot(a, b) / spread)) if spread > 0 else math.nan


def _plain(differences: Sequence[float], clusters: Sequence[Hashable] | None) -> tuple[float, Interval, float]:
    """Standard error, interval and p of a plain mean of differences."""
    n = len(differences)
    net = math.fsum(differences) / n
    error = standard_error(differences, clusters)
    if clusters is None and all(item in (-1, 0, 1) for item in differences):
        better, worse = sum(item > 0 for item in differences), sum(item < 0 for item in differences)
        return error, tango(better, worse, n), mcnemar(better, worse)
    groups = n if clusters is None else len(set(clusters))
    if groups < 2:
        return error, Interval(-1.0, 1.0), 1.0
    half = t_quantile(groups - 1) * error
    if error == 0:  # all alike: the sign test, and the room that Tango's interval leaves
        half = normal_quantile() ** 2 * (abs(net) or 1.0) / groups
        return error, _around(net, half), 2.0 ** (1 - groups) if net else 1.0
    return error, _around(net, half), _t_test(net, error, groups - 1)


def _around(net: float, half: float) -> Interval:
    return Interval(net - half, net + half)


def _t_test(net: float, error: float, degrees: int) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(net / error)))


def mcnemar(b: int, c: int) -> float:
    """Exact McNemar p, two-sided: the binomial test of b among the b + c questions on which the two differ."""
    from scipy.stats import binomtest

    return float(binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0


def tango(b: int, c: int, n: int, level: float = level) -> Interval:
    """Tango's score interval for a paired difference of proportions (Tango 1998, Statistics in Medicine 17, 891).

    It holds its level also for few questions and for b = c = 0, where the plain interval has no width.
    """
    z = normal_quantile(level)
    net = (b - c) / n
    return Interval(_root(-1.0, net, b, c, n, z), _root(net, 1.0, b, c, n, -z))


def _root(low: float, high: float, b: int, c: int, n: int, z: float) -> float:
    """Where the score statistic, which falls from `low` to `high`, equals z; by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        if _tango_statistic(middle, b, c, n) > z:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _tango_statistic(delta: float, b: int, c: int, n: int) -> float:
    linear = (2 * n - b + c) * delta - b - c
    product = -c * delta * (1 - delta)
    restricted = (math.sqrt(max(linear * linear - 8 * n * product, 0.0)) - linear) / (4 * n)
    variance = n * (2 * restricted + delta * (1 - delta))
    distance = b - c - n * delta
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _macro(
    differences: Sequence[float], subsets: Sequence[str], weights: Sequence[float]
) -> tuple[float, Interval, float]:
    """Standard error, interval and p of a difference of means weighted by subset, the subsets being fixed.

    A subset of one question has no spread to estimate: its squared difference from zero stands in, an upper bound.
    The interval is never narrower than Tango's would be if no question differed, z² on the heaviest one.
    """
    parts: dict[str, list[float]] = {}
    shares: dict[str, float] = {}
    for subset, item, weight in zip(subsets, differences, weights, strict=True):
        parts.setdefault(subset, []).append(item)
        shares[subset] = shares.get(subset, 0.0) + weight
    net = _dot(weights, differences)
    errors = {name: standard_error(part) if len(part) > 1 else abs(part[0]) for name, part in parts.items()}
    error = math.sqrt(math.fsum((shares[name] * one) ** 2 for name, one in errors.items()))
    z = normal_quantile()
    half = z * max(error, z * max(weights))
    return error, Interval(max(net - half, -1.0), min(net + half, 1.0)), _sign_flips(differences, weights)


def _sign_flips(differences: Sequence[float], weights: Sequence[float]) -> float:
    """Two-sided p of a weighted mean of differences when each sign is a fair coin (exact in the limit of draws).

    With equal weights and differences of -1, 0 and 1 this is McNemar's test.
    """
    import numpy as np

    terms = np.array(sorted(abs(w * d) for w, d in zip(weights, differences, strict=True) if d))
    observed = abs(_dot(weights, differences))
    if len(terms) == 0:
        return 1.0
    if len(terms) >= enough_discordant:
        z = observed / math.sqrt(float(np.sum(terms**2)))
        return math.erfc(z / math.sqrt(2))
    draws = 20_000
    signs = np.random.default_rng(0).integers(0, 2, size=(draws, len(terms)), dtype=np.int8) * 2 - 1
    reached = int(np.sum(np.abs(signs @ terms) >= observed * (1 - 1e-9)))
    return (reached + 1) / (draws + 1)


def minimum_detectable_effect(n: float, churn: float, level: float = level, power: float = power) -> float:
    """The smallest true difference that n shared questions show with this power, where the two differ on a share
    `churn` of them: n = (z + z')² (churn - gap²) / gap², solved for the gap (Miller 2024, equation 9).
    """
    square = _noncentrality(level, power)
    return math.sqrt(square * churn / (n + square))


def questions_needed(gap: float, churn: float, level: float = level, power: float = power) -> int:
    """How many shared questions show a true difference `gap` with this power; see `minimum_detectable_effect`."""
    return math.ceil(_noncentrality(level, power) * (churn - gap * gap) / (gap * gap))


def _noncentrality(level: float, power: float) -> float:
    return (normal_quantile(level) + normal_quantile(2 * power - 1)) ** 2


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p-values, in the order given: those below 0.05 are all real, with 95 % confidence."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)
