"""Scores from a random part of a bank of questions: how many to draw from each subset, and what the whole bank's score
may be.

The claim is about the bank, not about new questions of its kind: where every question was asked nothing is left open.
Each subset is a stratum of known size, its questions drawn without replacement, all equally likely. Formulas: Cochran,
Sampling Techniques (1977), chapter 5; Wilson's interval with the sample size that a design is worth: Franco, Little,
Louis and Slud (2019), Journal of Survey Statistics and Methodology 7, 334.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from leaderbench.records import Aggregation, Metric, Sample, Score, View
from leaderbench.statistics.aggregate import by_subset
from leaderbench.statistics.intervals import Estimate, Interval, level, logit_interval, t_quantile, unknown, wilson

Values = Mapping[str, Sequence[float | None]]
"""A metric's values by subset; None for a question without one."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One subset of a bank, of which some questions were drawn."""

    values: Sequence[float]
    """A value for each question drawn and answered."""

    size: int
    """Questions of the subset in the bank."""

    @property
    def rest(self) -> float:
        """The share of the subset that was not asked."""
        return 1 - len(self.values) / self.size

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return math.fsum(self.values) / len(self.values)


def allocate(sizes: Sequence[int], n: int) -> list[int]:
    """How many of `n` questions each subset gets: one each, then in proportion to the sizes.

    The next question always goes to the subset with the largest size / (2 · given + 1) that has any left (Webster's
    method), so a larger `n` never takes a question away from a subset, as the largest remainder can. Raises
    `ValueError` where `n` is less than one a subset.
    """
    if n < len(sizes):
        raise ValueError(f"{n} questions for {len(sizes)} subsets")
    given = [1] * len(sizes)
    waiting = [(-size / 3, place) for place, size in enumerate(sizes) if size > 1]
    heapq.heapify(waiting)
    for _ in range(min(n, sum(sizes)) - len(sizes)):
        _, place = heapq.heappop(waiting)
        given[place] += 1
        if given[place] < sizes[place]:
            heapq.heappush(waiting, (-sizes[place] / (2 * given[place] + 1), place))
    return given


def bank_mean(strata: Sequence[Stratum], aggregation: Aggregation, level: float = level) -> Estimate:
    """The mean over the whole bank (micro) or over its subsets' means (macro), from the questions drawn.

    Standard error sqrt(sum W_h² (1 - n_h/N_h) s_h² / n_h); a subset with one value takes s² of all values. The interval
    is Wilson's with the n that this is worth, for values other than 0 and 1 a t interval on the logit scale; it never
    goes beyond what the questions not asked leave possible. Subsets without values are left out, of the bank too.
    """
    drawn = [stratum for stratum in strata if stratum.values]
    n = sum(len(stratum.values) for stratum in drawn)
    if not drawn:
        return unknown
    sizes = sum(stratum.size for stratum in drawn)
    macro = aggregation is Aggregation.MACRO
    weights = [1 / len(drawn) if macro else stratum.size / sizes for stratum in drawn]
    estimate = math.fsum(weight * stratum.mean for weight, stratum in zip(weights, drawn, strict=True))
    error = math.sqrt(_variance(drawn, weights, borrowed=0))
    return Estimate(estimate, error, _interval(drawn, weights, estimate, error, level), n)


def _interval(
    drawn: Sequence[Stratum], weights: Sequence[float], estimate: float, error: float, level: float
) -> Interval:
    room = math.fsum(w * w * stratum.rest / len(stratum.values) for w, stratum in zip(weights, drawn, strict=True))
    if room == 0:
        return Interval(estimate, estimate)
    values = [value for stratum in drawn for value in stratum.values]
    degrees = max(len(values) - len(drawn), 1)
    if min(values) < 0 or max(values) > 1:
        half = t_quantile(degrees, level) * error
        return Interval(estimate - half, estimate + half)
    variance = _variance(drawn, weights, borrowed=1)
    open_ = 0 < estimate < 1 and variance > 0
    if open_ and not all(value in (0, 1) for value in values):
        found = logit_interval(estimate, math.sqrt(variance), t_quantile(degrees, level))
    else:
        worth = estimate * (1 - estimate) / variance if open_ else 1 / room
        found = wilson(estimate * worth, worth, level)
    certain = math.fsum(w * math.fsum(item.values) / item.size for w, item in zip(weights, drawn, strict=True))
    possible = certain + math.fsum(w * stratum.rest for w, stratum in zip(weights, drawn, strict=True))
    return Interval(max(found.low, min(certain, estimate)), min(found.high, max(possible, estimate)))


def _variance(drawn: Sequence[Stratum], weights: Sequence[float], *, borrowed: int) -> float:
    """The variance of the estimate; NaN where one value is all there is.

    `borrowed` degrees of freedom of the variance of all values are added to each subset's own. One of them keeps a
    subset whose two or three values are all alike from counting as known; the variance of all values holds the
    differences between subsets as well, so it errs on the wide side.
    """
    whole = _spread([value for stratum in drawn for value in stratum.values])
    parts = []
    for weight, stratum in zip(weights, drawn, strict=True):
        n = len(stratum.values)
        if stratum.rest > 0:
            taken = borrowed if n > 1 else 1
            own = (n - 1) * _spread(stratum.values) if n > 1 else 0.0
            parts.append(
                weight * weight * stratum.rest / n * (own + (taken * whole if taken else 0.0)) / (n - 1 + taken)
            )
    return math.fsum(parts)


def _spread(values: Sequence[float]) -> float:
    """The sample variance; NaN for one value."""
    if len(values) < 2:
        return math.nan
    if min(values) == max(values):
        return 0.0
    centre = math.fsum(values) / len(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)


def drawn_scores(samples: Iterable[Sample], metrics: Sequence[Metric], bank: Mapping[str, int]) -> tuple[Score, ...]:
    """The scores of a run on questions drawn at random: as `aggregate` gives them, each an estimate for the whole bank.

    `bank` is the number of questions of each subset. A question without an answer counts as an error, and as not drawn.
    """

    def score(metric: Metric, subset: str | None, values: Values) -> Score:
        strata = [Stratum([v for v in part if v is not None], bank[name]) for name, part in values.items()]
        found = bank_mean(strata, metric.aggregation)
        ends = found.interval.low, found.interval.high
        size, errors = sum(bank[name] for name in values), unanswered(values)
        return Score(
            metric, subset, found.estimate, found.standard_error, *ends, found.n, errors, view=View.BANK, bank=size
        )

    return each_score(samples, metrics, score)


def each_score(
    samples: Iterable[Sample], metrics: Sequence[Metric], score: Callable[[Metric, str | None, Values], Score]
) -> tuple[Score, ...]:
    """Each metric overall, in the order given, then each metric of each subset, from the values by subset."""
    kept = list(samples)
    values = {metric.name: by_subset(kept, metric.name) for metric in metrics}
    subsets = dict.fromkeys(sample.subset for sample in kept)
    return (
        *(score(metric, None, values[metric.name]) for metric in metrics),
        *(score(metric, name, {name: values[metric.name][name]}) for name in subsets for metric in metrics),
    )


def unanswered(values: Values) -> int:
    """Questions without a value."""
    return sum(item is None for part in values.values() for item in part)
