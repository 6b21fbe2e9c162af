"""From samples to scores: every metric overall, then by subset."""

import math
from collections.abc import Iterable, Sequence

from leaderbench.records import Aggregation, Metric, Sample, Score, largest
from leaderbench.statistics.intervals import Estimate, mean
from leaderbench.statistics.stratified import macro

formula_version = 2
"""Grows when standard errors or intervals of scores are computed otherwise. Those of macro means and of questions drawn
at random were others in 1.
"""


def value(sample: Sample, metric: str) -> float | None:
    """A sample's value of a metric; None for an error, and for a value that is missing, NaN or beyond `largest`: none
    says that the answer was wrong.
    """
    found = sample.metrics.get(metric, math.nan)
    return float(found) if sample.error is None and abs(found) <= largest else None


def by_subset(samples: Iterable[Sample], metric: str) -> dict[str, list[float | None]]:
    """The values of a metric by subset, subsets in order of appearance; see `value`."""
    values: dict[str, list[float | None]] = {}
    for sample in samples:
        values.setdefault(sample.subset, []).append(value(sample, metric))
    return values


def aggregate(samples: Iterable[Sample], metrics: Sequence[Metric]) -> tuple[Score, ...]:
    """The scores of a run: each metric overall, in the order given, then each metric of each subset.

    Questions without an answer count as errors and are in no mean. A subset without any answer is left out
    of a macro mean.
    """
    kept = list(samples)
    values = {metric.name: by_subset(kept, metric.name) for metric in metrics}
    overall = [_overall(metric, values[metric.name]) for metric in metrics]
    subsets = dict.fromkeys(sample.subset for sample in kept)
    return (
        *overall,
        *(_score(metric, subset, [values[metric.name][subset]]) for subset in subsets for metric in metrics),
    )


def _overall(metric: Metric, values: dict[str, list[float | None]]) -> Score:
    return _score(metric, None, list(values.values()))


def _score(metric: Metric, subset: str | None, parts: Sequence[Sequence[float | None]]) -> Score:
    answered = [[item for item in part if item is not None] for part in parts]
    if metric.aggregation is Aggregation.MACRO:
        found: Estimate = macro(answered)
    else:
        found = mean([item for part in answered for item in part])
    errors = sum(item is None for part in parts for item in part)
    return Score(
        metric, subset, found.estimate, found.standard_error, found.interval.low, found.interval.high, found.n, errors
    )
