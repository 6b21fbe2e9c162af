"""Which differences in rank are real and which are noise, as values and in plain English."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from leaderbench.records import Aggregation, Metric, Sample
from leaderbench.statistics.aggregate import value
from leaderbench.statistics.comparison import Difference, holm, paired_difference

alpha = 0.05
"""A difference is real where its p after Holm's correction stays below."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of the same benchmark; `ahead` has the higher score on the questions that both answered."""

    ahead: str
    behind: str
    difference: Difference
    """`ahead` minus `behind`."""

    adjusted: float
    """p after Holm's correction for all pairs compared."""

    @property
    def real(self) -> bool:
        """Whether the difference is more than noise."""
        return self.adjusted < alpha

    def __str__(self) -> str:
        found = self.difference
        gap = f"difference {_points(found.net)} ± {_points(_half(found))} points"
        means = f"{_points(found.mean_a)} against {_points(found.mean_b)} %"
        if self.real:
            return f"{self.ahead} is ahead of {self.behind}: {means}, {gap} ({_p(self.adjusted)} after Holm)."
        return f"{self.ahead} and {self.behind} cannot be told apart on {_questions(found.n)}: {means}, {gap}."


def values_by_example(samples: Iterable[Sample], metric: str) -> dict[str, float]:
    """A metric's value by example id; questions without an answer, or without a value, are left out."""
    found = {sample.example_id: value(sample, metric) for sample in samples}
    return {name: item for name, item in found.items() if item is not None}


def compare(runs: Mapping[str, Sequence[Sample]], metric: Metric) -> tuple[Comparison, ...]:
    """Every pair of runs (name to samples) of one benchmark, paired by question, best first, with Holm's correction.

    Raises `LeaderbenchError` where two runs share no answered question.
    """
    values = {name: values_by_example(samples, metric.name) for name, samples in runs.items()}
    subsets = None
    if metric.aggregation is Aggregation.MACRO:
        subsets = {sample.example_id: sample.subset for samples in runs.values() for sample in samples}
    pairs = [_ordered(a, b, values, subsets) for a, b in combinations(runs, 2)]
    adjusted = holm([difference.p for _, _, difference in pairs])
    comparisons = [
        Comparison(ahead, behind, difference, p) for (ahead, behind, difference), p in zip(pairs, adjusted, strict=True)
    ]
    return tuple(sorted(comparisons, key=lambda item: (-item.difference.mean_a, -item.difference.mean_b)))


def _ordered(
    a: str, b: str, values: Mapping[str, Mapping[str, float]], subsets: Mapping[str, str] | None
) -> tuple[str, str, Difference]:
    difference = paired_difference(values[a], values[b], subsets=subsets)
    if difference.net >= 0:
        return a, b, difference
    return b, a, paired_difference(values[b], values[a], subsets=subsets)


def sentences(runs: Mapping[str, Sequence[Sample]], metric: Metric) -> tuple[str, ...]:
    """What may be said about the order of these runs (name to samples), best first.

    First the groups that cannot be told apart, then whom each run is really ahead of, the nearest one with numbers.
    Empty for fewer than two runs. Raises `LeaderbenchError` where two runs share no answered question.
    """
    comparisons = compare(runs, metric)
    order = _order(runs, comparisons)
    found = {frozenset((item.ahead, item.behind)): item for item in comparisons}
    said: list[str] = []
    for place, name in enumerate(order[:-1]):
        group = _group(order, place, found)
        if len(group) > 1 and not (place and order[place - 1 : place + len(group)] == _group(order, place - 1, found)):
            said.append(_tie(group, found))
        below = [other for other in order[place + 1 :] if found[frozenset((name, other))].real]
        if below:
            said.append(str(found[frozenset((name, below[0]))]) + _also(name, below[1:]))
    return tuple(said)


def _order(runs: Mapping[str, Sequence[Sample]], comparisons: Sequence[Comparison]) -> list[str]:
    """Names by how many others they are ahead of, best first; names as given break a tie."""
    wins = dict.fromkeys(runs, 0)
    for item in comparisons:
        wins[item.ahead] += 1
    return sorted(runs, key=lambda name: -wins[name])


def _group(order: Sequence[str], place: int, found: Mapping[frozenset[str], Comparison]) -> list[str]:
    """The longest stretch of the order from `place` on in which no two can be told apart."""
    group = [order[place]]
    for name in order[place + 1 :]:
        if any(found[frozenset((name, other))].real for other in group):
            break
        group.append(name)
    return group


def _tie(group: Sequence[str], found: Mapping[frozenset[str], Comparison]) -> str:
    if len(group) == 2:
        return str(found[frozenset(group)])
    widest = max((found[frozenset(pair)] for pair in combinations(group, 2)), key=lambda item: item.difference.net)
    gap = f"{_points(widest.difference.net)} ± {_points(_half(widest.difference))} points"
    names = f"{', '.join(group[:-1])} and {group[-1]}"
    return (
        f"{names} cannot be told apart on {_questions(widest.difference.n)}: "
        f"the widest difference, {widest.ahead} against {widest.behind}, is {gap}."
    )


def _also(name: str, others: Sequence[str]) -> str:
    """Whom else a run is really ahead of, as a second sentence."""
    if not others:
        return ""
    names = " and ".join([", ".join(others[:-1]), others[-1]] if len(others) > 1 else others)
    return f" {name} is ahead of {names if len(others) <= 3 else f'{len(others)} more below'} as well."


def _half(difference: Difference) -> float:
    return (difference.interval.high - difference.interval.low) / 2


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _questions(n: int) -> str:
    return f"{n:,} question{'' if n == 1 else 's'}"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"
