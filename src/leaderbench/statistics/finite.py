"""Scores from a random part of a bank of questions: how many to draw from each subset, and what the whole bank's score
may be.

The claim is about the bank, not about new questions of its kind: where every question was asked nothing is left open.
Each subset is a stratum of known size, its questions drawn without replacement, all equally likely.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from leaderbench.records import Aggregation, Metric, Sample, Score, View
from leaderbench.statistics.aggregate import by_subset
from leaderbench.statistics.intervals import Estimate, Interval, level, unknown
from leaderbench.statistics.stratified import stratified_mean

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

    See `stratified_mean`; the interval never goes beyond what the questions not asked leave possible. Subsets without
    values are left out, of the bank too.
    """
    drawn = [stratum for stratum in strata if stratum.values]
    if not drawn:
        return unknown
    sizes = sum(stratum.size for stratum in drawn)
    macro = aggregation is Aggregation.MACRO
    weights = [1 / len(drawn) if macro else stratum.size / sizes for stratum in drawn]
    values, rest = [stratum.values for stratum in drawn], [stratum.rest for stratum in drawn]
    found = stratified_mean(values, weights, rest, level)
    if min(map(min, values)) < 0 or max(map(max, values)) > 1:
        return found
    certain = math.fsum(w * math.fsum(item.values) / item.size for w, item in zip(weights, drawn, strict=True))
    possible = certain + math.fsum(w * share for w, share in zip(weights, rest, strict=True))
    low, high = max(found.interval.low, min(certain, found.estimate)), found.interval.high
    return replace(found, interval=Interval(low, min(high, max(possible, found.estimate))))


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
