"""Rows of datasets: from the Hub at a pinned revision, or from local folders in the same layout."""

import os
import reprlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from leaderbench.benchmarks.local_files import LocalFiles, local_files
from leaderbench.benchmarks.nearest import suggestion
from leaderbench.errors import LeaderbenchError

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a dataset's rows are on the Hub."""

    revision: str
    """A commit id; a branch name only where no commit is known, and then the commit it stands for is recorded."""

    exported: bool = False
    """Whether to read the Hub's own parquet export of it, for repositories that hold a loading script (never run)."""


pins: dict[str, Pin] = {
    "cais/mmlu": Pin("c30699e8356da336a370243923dbaf21066bb9fe"),
    "allenai/ai2_arc": Pin("210d026faf9955653af8916fad021475a3f00453"),
    "Rowan/hellaswag": Pin("218ec52e09a7e7462a5400043bb9a69a41d06b76"),
    "truthfulqa/truthful_qa": Pin("741b8276f2d1982aa3d5b832d3ee81ed3b896490"),
    "allenai/winogrande": Pin("01e74176c63542e6b0bcb004dcdea22d94fb67b5"),
    "ceval/ceval-exam": Pin("8267189d6ba0d516d414a98919558032958c4466", exported=True),
    "haonan-li/cmmlu": Pin("refs/convert/parquet", exported=True),
}
"""The revision of every dataset that the benchmarks name."""

bundled = {"leaderbench/exam": Path(__file__).parents[1] / "bundled" / "exam"}
"""Datasets that come inside the package."""


class HubDatasets:
    """Rows by Hub repository id: bundled with the package, else from a folder of local copies, else from the Hub.

    `root` holds copies as `root/<org>/<name>`; where it is None the environment variable LEADERBENCH_DATASETS names it.
    """

    def __init__(self, root: Path | None = None) -> None:
        named = os.environ.get("LEADERBENCH_DATASETS")
        self.root = root if root is not None else Path(named) if named else None
        if self.root is not None and not self.root.is_dir():
            raise LeaderbenchError(
                f"The dataset folder {self.root} does not exist: set LEADERBENCH_DATASETS or --datasets to a folder"
                " that holds copies of Hub datasets as <org>/<name>, or leave it unset to load from the Hub."
            )
        self._revisions: dict[str, str] = {}
        self._listed: dict[str, LocalFiles] = {}

    def rows(self, dataset: str, config: str, split: str) -> list[Row]:
        """All rows of one split of one config, in file order, at the pinned revision.

        Raises LeaderbenchError where the dataset, the config or the split is missing or a file is damaged.
        """
        files = self._files(dataset)
        if files is not None:
            from leaderbench.benchmarks.folders import rows

            return rows(files, dataset, config, split)
        from leaderbench.benchmarks import hub

        pin = pins.get(dataset, Pin("main"))
        return hub.rows(dataset, config, split, self.revision(dataset), exported=pin.exported, root=self.root)

    def revision(self, dataset: str) -> str:
        """The commit of the Hub, or `sha256:…` over a local folder's files."""
        if dataset not in self._revisions:
            self._revisions[dataset] = self._find_revision(dataset)
        return self._revisions[dataset]

    def _find_revision(self, dataset: str) -> str:
        files = self._files(dataset)
        if files is not None:
            return files.revision
        pin = pins.get(dataset, Pin("main"))
        if len(pin.revision) == 40:
            return pin.revision
        from leaderbench.benchmarks import hub

        return hub.commit(dataset, pin.revision, root=self.root)

    def _files(self, dataset: str) -> LocalFiles | None:
        """The files of a local copy, listed once: what is read is what the revision is made of."""
        folder = self.folder(dataset)
        if folder is not None and dataset not in self._listed:
            self._listed[dataset] = local_files(folder)
        return self._listed.get(dataset)

    def folder(self, dataset: str) -> Path | None:
        """The local copy of a dataset; None where it comes from the Hub."""
        if dataset in bundled:
            return bundled[dataset]
        if self.root is not None and (self.root / dataset).is_dir():
            return self.root / dataset
        return None


def folder_digest(folder: Path) -> str:
    """`sha256:…` over the names and contents of a folder's files, hidden ones left out."""
    return local_files(folder).revision


@cache
def bundled_subsets(dataset: str) -> tuple[str, ...]:
    """The configs of a dataset that comes inside the package, a folder each; reading its README would cost 0.05 s."""
    return tuple(sorted(path.name for path in bundled[dataset].iterdir() if path.is_dir()))


def chosen_subsets(benchmark: str, known: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """The subsets asked for, each once and in the benchmark's order, or all of them where none is named.

    Raises LeaderbenchError for an unknown one.
    """
    for subset in asked:
        if subset not in known:
            raise LeaderbenchError(f"{benchmark} has no subset {subset!r}{suggestion(subset, known)}")
    return tuple(subset for subset in known if subset in asked) or known


LETTERS = "ABCDEFGHIJ"
"""What choices are called."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Typed reading of one row; what is missing or of another type raises LeaderbenchError and says where."""

    row: Row
    where: str
    """The dataset, config, split and row number, for messages."""

    def text(self, column: str) -> str:
        return cast("str", self._typed(column, str, "a text"))

    def index(self, column: str, count: int) -> int:
        """Which of `count` choices: a whole number from 0, also written as text, or a letter from A."""
        value = self._typed(column, (int, str), "a whole number or a letter")
        place = value
        if isinstance(value, str):
            letter = value.strip().upper()
            place = LETTERS.find(letter) if len(letter) == 1 and letter in LETTERS else _number(letter)
        if isinstance(value, bool) or not 0 <= cast("int", place) < count:
            raise LeaderbenchError(
                f"{self.where} has {shortened(value)} in its column {column!r}, not 0 to {count - 1} or"
                f" A to {LETTERS[count - 1]}."
            )
        return cast("int", place)

    def texts(self, column: str) -> tuple[str, ...]:
        """A list of texts, or the texts of columns A, B, … where these stand in its place."""
        if column not in self.row and {"A", "B"} <= self.row.keys():
            return tuple(self.text(letter) for letter in LETTERS if letter in self.row)
        values = cast("list[object]", self._typed(column, list, "a list of texts"))
        if not all(isinstance(value, str) for value in values):
            raise LeaderbenchError(f"{self.where} has something other than texts in its column {column!r}.")
        return tuple(cast("list[str]", values))

    def flags(self, column: str) -> tuple[int, ...]:
        """A list of zeros and ones."""
        values = cast("list[object]", self._typed(column, list, "a list of 0 and 1"))
        if not all(value in (0, 1) for value in values):
            raise LeaderbenchError(f"{self.where} has something other than 0 and 1 in its column {column!r}.")
        return tuple(cast("list[int]", values))

    def exactly(self, count: int, column: str) -> None:
        """Check how many entries a list has."""
        if len(self.texts(column)) != count:
            raise LeaderbenchError(f"{self.where} has {len(self.texts(column))} {column}, not {count}.")

    def inside(self, column: str) -> "Cells":
        """The fields of a column that holds a record."""
        return Cells(cast("Row", self._typed(column, dict, "a record")), f"{self.where}, {column}")

    def choice(self, value: str, known: tuple[str, ...]) -> int:
        """The place of an answer key among those known."""
        if value not in known:
            raise LeaderbenchError(
                f"{self.where} has the answer {shortened(value)}, which is none of {', '.join(known)}."
            )
        return known.index(value)

    def _typed(self, column: str, kind: type | tuple[type, ...], name: str) -> object:
        if column not in self.row:
            columns = ", ".join(name[:80] for name in sorted(self.row)[:50]) or "none"
            raise LeaderbenchError(f"{self.where} has no column {column!r}; its columns are {columns}.")
        if not isinstance(self.row[column], kind):
            value = shortened(self.row[column])
            raise LeaderbenchError(f"{self.where} has {value} in its column {column!r}, not {name}.")
        return self.row[column]


def cells(rows: list[Row], dataset: str, config: str, split: str) -> list[Cells]:
    """Rows for typed reading, each knowing where it stands."""
    return [Cells(row, f"{dataset}, {config}/{split}, row {index}") for index, row in enumerate(rows)]


def _number(text: str) -> int:
    """A whole number of one or two digits; -1 for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else -1


def shortened(value: object) -> str:
    """How a message writes a value that may be of any size."""
    return reprlib.repr(value)
