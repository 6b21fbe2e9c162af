"""Where the choice of implementation decides which model is ahead, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaderbench.results.runs import Run
    from leaderbench.statistics import Comparison


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said about the models of one benchmark."""

    benchmark: str
    order: tuple[str, ...]
    """Models by score, best first."""

    sentences: tuple[str, ...]
    """Which differences are real and which are noise."""

    comparisons: "tuple[Comparison, ...]"


def verdicts(runs: "Sequence[Run]") -> list[Verdict]:
    """One verdict a benchmark, from the runs of several models."""
    from leaderbench.results.names import short_names
    from leaderbench.statistics import compare, sentences

    models = short_names(dict.fromkeys(str(run.manifest.model["name"]) for run in runs))
    found = []
    for name in dict.fromkeys(str(run.manifest.benchmark["name"]) for run in runs):
        group = [run for run in runs if run.manifest.benchmark["name"] == name]
        group.sort(key=lambda run: -run.score().estimate)
        samples = {models[str(run.manifest.model["name"])]: run.samples for run in group}
        metric = group[0].score().metric
        found.append(Verdict(name, tuple(samples), sentences(samples, metric), compare(samples, metric)))
    return found


def reversals(found: Sequence[Verdict]) -> list[str]:
    """Pairs of models of which really either is ahead, depending on the implementation; a sentence each.

    Real means below the level after Holm's correction over all pairs of all benchmarks, since all are looked at.
    """
    from leaderbench.statistics import holm
    from leaderbench.statistics.ranking import alpha

    every = [(verdict.benchmark.rpartition("/")[2], item) for verdict in found for item in verdict.comparisons]
    adjusted = holm([item.difference.p for _, item in every])
    real: dict[tuple[str, str], list[str]] = {}
    for (implementation, item), p in zip(every, adjusted, strict=True):
        if p < alpha:
            real.setdefault((item.ahead, item.behind), []).append(implementation)
    return [
        f"{first} is really ahead of {second} under {spoken(names)}, and really behind under {spoken(back)}."
        for (first, second), names in real.items()
        if first < second and (back := real.get((second, first)))
    ]


def spoken(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
