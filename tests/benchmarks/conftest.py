"""Small datasets in memory and on disk, so that these tests need no real data."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaderbench.benchmarks.base import Datasets
from leaderbench.records import LogLikelihoodResponse, ScoredContinuation

Row = dict[str, object]
Tables = dict[tuple[str, str], list[Row]]


@dataclass(frozen=True)
class Memory:
    """Rows by (config, split)."""

    tables: Tables

    def rows(self, dataset: str, config: str, split: str) -> list[Row]:
        return self.tables[config, split]

    def revision(self, dataset: str) -> str:
        return "memory"


@pytest.fixture
def memory() -> Callable[[Tables], Datasets]:
    """Makes datasets from tables."""
    return Memory


def exam_row(number: int, choices: tuple[str, ...] = ("w", "x", "y", "z"), answer: int = 0) -> Row:
    return {"question": f"Question {number}?", "choices": list(choices), "answer": answer}


@pytest.fixture
def exam() -> Tables:
    """An exam of MMLU's shape with one subject, `tiny_things`."""
    dev = [
        exam_row(number, (f"a{number}", f"b{number}", f"c{number}", f"d{number}"), number % 4) for number in range(5)
    ]
    validation = [exam_row(100 + number, answer=number % 4) for number in range(8)]
    test = [exam_row(200 + number, answer=number % 4) for number in range(12)]
    return {("tiny_things", "dev"): dev, ("tiny_things", "validation"): validation, ("tiny_things", "test"): test}


@pytest.fixture
def answered() -> Callable[..., LogLikelihoodResponse]:
    """Makes the response in which each continuation has this log-likelihood."""

    def make(*log_likelihoods: float) -> LogLikelihoodResponse:
        return LogLikelihoodResponse(tuple(ScoredContinuation((1,), (value,), False) for value in log_likelihoods), 10)

    return make


@pytest.fixture
def hub_folder(tmp_path: Path, exam: Tables) -> Path:
    """A folder of local copies that holds the exam as `some/exam`, in parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path / "hub" / "some" / "exam"
    lines = ["---", "configs:", "- config_name: tiny_things", "  data_files:"]
    for (config, split), rows in exam.items():
        path = folder / config / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
        lines += [f"  - split: {split}", f"    path: {config}/{split}-*"]
    (folder / "README.md").write_text("\n".join([*lines, "---", "", "# An exam", ""]))
    return tmp_path / "hub"
