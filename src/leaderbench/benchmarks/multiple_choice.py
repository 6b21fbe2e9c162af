"""Benchmarks that compare the log-likelihoods of a question's answers, with shots drawn as the harnesses draw them.

What a benchmark reads and writes is a handful of plain functions (`Task`); how an implementation draws shots, encodes
and sums up are the fields of `MultipleChoice`.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from leaderbench.benchmarks.base import Datasets, Wanted, everything
from leaderbench.benchmarks.datasets import Cells, cells, chosen_subsets
from leaderbench.benchmarks.factors import Level, mixed_fields
from leaderbench.benchmarks.letters import best_letter, letter
from leaderbench.benchmarks.shots import require, sequential_draws, shuffled_draws
from leaderbench.errors import LeaderbenchError
from leaderbench.metrics.choice import accuracy, margin, per_character
from leaderbench.records import Answer, Example, Json, LogLikelihoodResponse, Metric, Outcome, Question
from leaderbench.requests import Encoding, LogLikelihood, Prompt, Truncation


class Draws(StrEnum):
    """Which rows of the pool are the solved examples of a question."""

    FIRST = "first"
    """The first rows, in file order, for every question."""

    SHUFFLED_42 = "shuffled-42"
    """A draw a question from one generator seeded 42, in the order into which it first shuffled the questions."""

    SEQUENTIAL_1234 = "sequential-1234"
    """A draw a question from one generator seeded 1234, in file order."""

    SEQUENTIAL_1234_EXCLUDING = "sequential-1234-excluding"
    """The same with one row more drawn, of which a row equal to the question's own is left out."""

    FIXED = "fixed"
    """No draw: the prompt always begins with the same text."""


@dataclass(frozen=True, slots=True)
class Task:
    """How one benchmark reads its rows and writes them down."""

    read: Callable[[Cells, str, str], Example]
    """A row, its example id and its subset, as an example."""

    ask: Callable[[Example], tuple[tuple[str, tuple[str, ...]], ...]]
    """What to ask about an example: pairs of a question text and its continuations, one pair a request."""

    shot: Callable[[Example], str]
    """A solved example, with the separator that follows it."""

    score: Callable[[Example, list[float]], Outcome]
    """What the log-likelihoods of all continuations, over all requests in order, are worth."""

    template: dict[str, Json]
    """The same in words, for the manifest."""

    head: Callable[[str], str] = lambda _subset: ""
    """What stands before the shots of a subset."""


factors = {
    "template": ("task",),
    "shots": ("shots", "draws", "pool"),
    "encoding": ("special_tokens",),
    "truncation": ("truncation",),
    "aggregation": ("metrics",),
}
"""The causes of a difference between two implementations, and the fields that make up each; a task reads, writes and
scores its rows in one manner."""


@dataclass(frozen=True, slots=True)
class MultipleChoice:
    """One implementation of a benchmark of this kind."""

    name: str
    summary: str
    task: Task
    dataset: str
    subsets: tuple[str, ...]
    config: str
    """The dataset's config; empty where each subset has its own, of the same name."""

    split: str
    """The split whose rows are asked."""

    pool: str
    """The split whose rows are solved examples."""

    shots: int
    draws: Draws
    special_tokens: bool
    metrics: tuple[Metric, ...]
    truncation: Truncation = Truncation.KEEP_END

    def with_shots(self, count: int) -> "MultipleChoice":
        """The same with another number of shots; LeaderbenchError where the prompt always begins with the same text."""
        if self.draws is Draws.FIXED:
            raise LeaderbenchError(f"{self.name} always begins with the same solved examples: leave the shots unset.")
        return dataclasses.replace(self, shots=count)

    def levels(self) -> dict[str, Level]:
        return {
            "template": dict(self.task.template),
            "shots": {"shots": self.shots, "draws": self.draws.value, "shots_from": self.pool},
            "encoding": {"special_tokens": self.special_tokens},
            "truncation": {"truncation": self.truncation.value},
            "aggregation": {"metrics": [str(metric) for metric in self.metrics]},
        }

    def mixed(self, other: "MultipleChoice", names: Collection[str]) -> "MultipleChoice":
        return mixed_fields(self, other, factors, names)

    def questions(self, datasets: Datasets, subsets: Sequence[str], wanted: Wanted = everything) -> Iterator[Question]:
        for subset in chosen_subsets(self.name, self.subsets, tuple(subsets)):
            yield from self._subset(datasets, subset, wanted)

    def _subset(self, datasets: Datasets, subset: str, wanted: Wanted) -> Iterator[Question]:
        config = self.config or subset
        rows = cells(datasets.rows(self.dataset, config, self.split), self.dataset, config, self.split)
        head = self.task.head(subset)
        for index, (row, shots) in enumerate(zip(rows, self._shots(datasets, subset, rows), strict=True)):
            if not wanted(f"{subset}/{index}"):
                continue
            example = self.task.read(row, f"{subset}/{index}", subset)
            requests = tuple(
                LogLikelihood(
                    Prompt(head, shots, text), continuations, Encoding.JOINT, self.special_tokens, self.truncation
                )
                for text, continuations in self.task.ask(example)
            )
            yield Question(example, requests)

    def _shots(self, datasets: Datasets, subset: str, rows: list[Cells]) -> Iterator[tuple[str, ...]]:
        """The solved examples of each row."""
        if self.shots == 0 or self.draws is Draws.FIXED:
            yield from (() for _ in rows)
            return
        config = self.config or subset
        pool = cells(datasets.rows(self.dataset, config, self.pool), self.dataset, config, self.pool)
        excluding = self.draws is Draws.SEQUENTIAL_1234_EXCLUDING
        require(self.shots + excluding, len(pool), f"{self.dataset}, {config}/{self.pool}")
        written: dict[int, str] = {}
        for draw in self._draws(rows, pool):
            for row in draw:
                if row not in written:
                    written[row] = self.task.shot(self.task.read(pool[row], f"{self.pool}/{row}", subset))
            yield tuple(written[row] for row in draw)

    def _draws(self, rows: list[Cells], pool: list[Cells]) -> Iterator[list[int]]:
        """Row numbers of the pool for each row."""
        if self.draws is Draws.FIRST:
            yield from (list(range(self.shots)) for _ in rows)
        elif self.draws is Draws.SHUFFLED_42:
            yield from shuffled_draws(len(rows), len(pool), self.shots)
        else:
            excluding = self.draws is Draws.SEQUENTIAL_1234_EXCLUDING
            asked, known = [row.row for row in rows], [row.row for row in pool]
            yield from sequential_draws(asked, known, self.shots, excluding=excluding)

    def target(self, example: Example) -> str:
        """The letter of the right answer."""
        return letter(example.target)

    def score(self, example: Example, responses: Sequence[Answer]) -> Outcome:
        answers = cast("Sequence[LogLikelihoodResponse]", responses)
        return self.task.score(example, [c.log_likelihood for answer in answers for c in answer.continuations])

    def recipe(self) -> dict[str, Json]:
        return {
            "benchmark": self.name,
            "dataset": self.dataset,
            "config": self.config or "one a subset",
            "evaluated": f"every {self.split} row",
            "shots": self.shots,
            "shots_from": self.pool,
            "draws": self.draws.value,
            "encoding": Encoding.JOINT.value,
            "special_tokens": self.special_tokens,
            "truncation": self.truncation.value,
            "metrics": [str(metric) for metric in self.metrics],
            "template": self.task.template,
        }


def score_choices(example: Example, log_likelihoods: list[float]) -> Outcome:
    """`acc` of the likeliest choice; prediction and margin are its."""
    return _outcome(example, {"acc": log_likelihoods})


def score_normalised(example: Example, log_likelihoods: list[float]) -> Outcome:
    """`acc_norm`, of the likeliest choice per character, reported, and `acc`."""
    return _outcome(example, {"acc_norm": per_character(log_likelihoods, example.choices), "acc": log_likelihoods})


def _outcome(example: Example, values: dict[str, list[float]]) -> Outcome:
    """An outcome from each metric's values of the choices, the reported metric first."""
    reported = next(iter(values))
    predictions = {name: best_letter(numbers) for name, numbers in values.items()}
    metrics = {name: accuracy(numbers, example.target) for name, numbers in values.items()}
    return Outcome(
        predictions[reported],
        letter(example.target),
        metrics,
        predictions,
        margin(values[reported]),
        metrics[reported] == 1.0,
    )
