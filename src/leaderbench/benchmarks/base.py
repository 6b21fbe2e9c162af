"""What every benchmark is to the rest of the house: a named recipe that makes questions and scores answers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from leaderbench.records import Answer, Example, Json, Metric, Outcome, Question


class Datasets(Protocol):
    """Where rows come from; see `benchmarks.datasets` for the real one."""

    def rows(self, dataset: str, config: str, split: str) -> list[dict[str, object]]:
        """All rows of one split of one config of a dataset, in file order, at the pinned revision."""

    def revision(self, dataset: str) -> str:
        """The commit of the Hub, or a digest of a local folder's files."""


Wanted = Callable[[str], bool]
"""Which examples are asked, by id."""


def everything(example_id: str) -> bool:
    """All of them."""
    return True


class Benchmark(Protocol):
    """A named recipe: dataset + prompt + few-shot rule + what is asked + scoring + aggregation."""

    @property
    def name(self) -> str:
        """`family/implementation`, e.g. `mmlu/original`."""

    @property
    def summary(self) -> str:
        """One line for `list benchmarks`."""

    @property
    def dataset(self) -> str:
        """Hub repository id."""

    @property
    def subsets(self) -> tuple[str, ...]:
        """All subsets, in the order of the benchmark; one entry where it has no parts."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The numbers of this benchmark; the first is the one it reports."""

    def questions(self, datasets: Datasets, subsets: Sequence[str], wanted: Wanted = everything) -> Iterator[Question]:
        """The questions wanted of these subsets, in dataset order; of all subsets where none is named.

        A question's shots depend on nothing but its place in the whole dataset: a limit or another order of asking
        changes no draw.
        """

    def target(self, example: Example) -> str:
        """The right answer, in the form in which a prediction is recorded."""

    def score(self, example: Example, responses: Sequence[Answer]) -> Outcome:
        """What the answers to one question are worth. Pure."""

    def recipe(self) -> dict[str, Json]:
        """Every choice that can move the score, for the manifest and the run id."""
