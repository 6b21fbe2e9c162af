"""Differences in rank in words: which are real, which are noise, and where the implementation decides who is ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaderbench.results.runs import Run

LEVEL = 0.05
"""Chance, over all comparisons shown together, of calling a difference real where there is none."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same questions of one benchmark, the one with the higher score first."""

    benchmark: str
    ahead: str
    behind: str
    gap: float
    """Difference of the shares of questions right."""

    p: float
    """Exact McNemar p-value, Holm-corrected over all comparisons made together."""

    @property
    def real(self) -> bool:
        """Whether the difference is more than noise."""
        return self.p < LEVEL


def compare(runs: "Sequence[Run]") -> list[Comparison]:
    """Every pair of models on every benchmark, paired by question; p-values corrected over all of them."""
    from leaderbench.statistics import holm, paired_difference

    pairs = []
    for name in dict.fromkeys(benchmark(run) for run in runs):
        ranked = sorted((run for run in runs if benchmark(run) == name), key=lambda run: -run.score().estimate)
        pairs += [(name, first, second) for first, second in combinations(ranked, 2)]
    differences = [paired_difference(*shared(first, second)) for _, first, second in pairs]
    corrected = holm([difference.p for difference in differences])
    return [
        Comparison(name, model(first), model(second), difference.net, p)
        for (name, first, second), difference, p in zip(pairs, differences, corrected, strict=True)
    ]


def shared(first: "Run", second: "Run") -> tuple[list[float], list[float]]:
    """The reported metric of both runs on the questions that both answered, in the same order."""
    metric = first.score().metric.name
    theirs = {item.example_id: item.metrics[metric] for item in second.samples if item.error is None}
    mine = [(item.example_id, item.metrics[metric]) for item in first.samples if item.error is None]
    both = [(value, theirs[name]) for name, value in mine if name in theirs]
    return [a for a, _ in both], [b for _, b in both]


def benchmark(run: "Run") -> str:
    """The benchmark's name."""
    return str(run.manifest.benchmark["name"])


def model(run: "Run") -> str:
    """The model's name."""
    return str(run.manifest.model["name"])


def probability(p: float) -> str:
    """A p-value as people read it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def sentence(item: Comparison) -> str:
    """One comparison in words."""
    points = f"{100 * item.gap:.1f} points"
    if item.real:
        return f"{item.ahead} is ahead of {item.behind} by {points}: real ({probability(item.p)})."
    return f"{item.ahead} and {item.behind}, {points} apart: noise ({probability(item.p)})."


def reversals(comparisons: Sequence[Comparison]) -> list[str]:
    """Pairs of models of which really either is ahead, depending on the implementation; a sentence each."""
    sentences = []
    for pair in dict.fromkeys(tuple(sorted((item.ahead, item.behind))) for item in comparisons):
        first, second = pair
        wins = [short(item) for item in comparisons if item.real and (item.ahead, item.behind) == (first, second)]
        losses = [short(item) for item in comparisons if item.real and (item.ahead, item.behind) == (second, first)]
        if wins and losses:
            sentences.append(
                f"{first} is really ahead of {second} under {spoken(wins)}, and really behind under {spoken(losses)}."
            )
    return sentences


def orders(comparisons: Sequence[Comparison]) -> dict[str, list[str]]:
    """The models of each benchmark, best first."""
    found: dict[str, dict[str, int]] = {}
    for item in comparisons:
        wins = found.setdefault(item.benchmark, {})
        wins[item.ahead] = wins.get(item.ahead, 0) + 1
        wins.setdefault(item.behind, 0)
    return {name: sorted(wins, key=lambda key: -wins[key]) for name, wins in found.items()}


def short(item: Comparison) -> str:
    """The implementation's name without its family."""
    return item.benchmark.rpartition("/")[2]


def spoken(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
