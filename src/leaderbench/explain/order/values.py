"""What the reported metric says of each question that all runs answered, by implementation and model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, largest
from leaderbench.results.runs import Run
from leaderbench.results.samples import StoredSamples
from leaderbench.statistics import macro, mean, values_by_example

if TYPE_CHECKING:
    from leaderbench.statistics.agreement import Array


@dataclass(frozen=True)
class Values:
    """One number for each implementation, model and question."""

    ids: tuple[str, ...]
    """The questions that all runs answered, sorted, so that their order in a file changes nothing."""

    subsets: tuple[str, ...]
    """The subset of each."""

    values: "Array"
    """Implementations × models × questions."""

    macro: tuple[bool, ...]
    """Whether each implementation reports a mean over subsets."""

    @cached_property
    def weights(self) -> "Array":
        """What each question adds to the reported mean: implementations × questions."""
        places, sizes = np.unique(self.subsets, return_inverse=True, return_counts=True)[1:]
        even = np.full(len(self.ids), 1 / len(self.ids))
        by_subset = 1 / (len(sizes) * sizes[places])
        return np.array([by_subset if is_macro else even for is_macro in self.macro])

    def by_subset(self, implementation: int) -> tuple[str, ...] | None:
        """The subset of each question where they matter to the reported mean."""
        return self.subsets if self.macro[implementation] else None

    def by_example(self, implementation: int) -> list[dict[str, float]]:
        """Each model's values by example id."""
        return [dict(zip(self.ids, row, strict=True)) for row in self.values[implementation].tolist()]

    def standard_errors(self, implementation: int) -> tuple[float, ...]:
        """The standard error of each model's score."""
        subsets = self.by_subset(implementation)
        found = []
        for row in self.values[implementation].tolist():
            parts: dict[str, list[float]] = {}
            for subset, value in zip(subsets or [""] * len(row), row, strict=True):
                parts.setdefault(subset, []).append(value)
            estimate = mean(row) if subsets is None else macro(list(parts.values()))
            found.append(estimate.standard_error)
        return tuple(found)


def read(runs: Sequence[Sequence[Run]]) -> Values:
    """The values of runs, implementations × models, on the questions that all of them answered.

    Raises `LeaderbenchError` where there is no such question.
    """
    found = [[_by_example(run) for run in row] for row in runs]
    shared = set.intersection(*(set(values) for row in found for values in row))
    if not shared:
        raise LeaderbenchError("No question was answered in all of these runs: run them on the same questions.")
    ids = sorted(shared)
    subsets = _subsets(runs[0][0])
    metrics = [{run.scores[0].metric.aggregation for run in row} for row in runs]
    return Values(
        tuple(ids),
        tuple(subsets[name] for name in ids),
        np.array([[[values[name] for name in ids] for values in row] for row in found], dtype=np.float64),
        tuple(Aggregation.MACRO in aggregations for aggregations in metrics),
    )


def asked(runs: Sequence[Sequence[Run]]) -> int:
    """How many questions any of these runs was asked."""
    return len({name for row in runs for run in row for name in _subsets(run)})


def _by_example(run: Run) -> Mapping[str, float]:
    """The reported metric's value by example id. Of a stored run only these columns become values: it is faster."""
    metric = run.scores[0].metric.name
    if not isinstance(run.samples, StoredSamples):
        return values_by_example(run.samples, metric)
    columns = [run.samples.table.column(name).to_pylist() for name in ("example_id", "metrics", "error")]
    found = {name: dict(metrics).get(metric) for name, metrics, error in zip(*columns, strict=True) if error is None}
    return {name: value for name, value in found.items() if value is not None and abs(value) <= largest}


def _subsets(run: Run) -> dict[str, str]:
    """The subset of each question by example id."""
    if not isinstance(run.samples, StoredSamples):
        return {sample.example_id: sample.subset for sample in run.samples}
    table = run.samples.table
    return dict(zip(table.column("example_id").to_pylist(), table.column("subset").to_pylist(), strict=True))
