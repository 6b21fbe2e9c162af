"""A small exam in memory, under every implementation that there is."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from leaderbench.benchmarks.mmlu import Mmlu, implementations
from leaderbench.results.store import Store

Row = dict[str, object]


@dataclass(frozen=True)
class Exam:
    """Two subjects of 9 and 6 questions; counts how often its rows are read."""

    sizes: dict[str, int] = field(default_factory=lambda: {"rivers": 9, "peaks": 6})
    version: str = "memory"

    def rows(self, dataset: str, config: str, split: str) -> list[Row]:
        count = {"dev": 5, "validation": 8}.get(split, self.sizes[config])
        return [row(f"{config} {split} {number}", number) for number in range(count)]

    def revision(self, dataset: str) -> str:
        return self.version


def row(name: str, number: int) -> Row:
    choices = [f"{name} {letter}{number}" for letter in "wxyz"]
    return {"question": f"Which is {name}?", "choices": choices, "answer": number % 4}


def benchmark(implementation: str) -> Mmlu:
    choices, summary = implementations[implementation]
    return Mmlu(f"exam/{implementation}", summary, choices, "some/exam", ("rivers", "peaks"))


@pytest.fixture
def exam() -> Exam:
    return Exam()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")
