"""The score of each question in each configuration: what every part of an explanation is computed from."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leaderbench.errors import LeaderbenchError
from leaderbench.files.parquet import Bounds, footer, read_table
from leaderbench.records import Aggregation
from leaderbench.results.files import make_folder, replace_durably
from leaderbench.results.sealed import seal, unsealed
from leaderbench.sentences import Sentence

if TYPE_CHECKING:
    import pyarrow as pa

MOST_FACTORS = 8
"""More would make more than 256 configurations."""

MOST_VALUES = 1 << 25
"""Questions times configurations of a grid that is read: nine times MMLU in 256."""

BOUNDS = Bounds(rows=1 << 20, values=4 * MOST_VALUES, bytes=512 << 20)
"""Of a stored grid: MMLU with 16 configurations is 14,042 rows of 51 columns and 8 MB."""

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]


def factor_name(text: str) -> Sentence:
    """The name of a factor, or of several joined by `+`, as a sentence of the same text."""
    parts = [Sentence(part) for part in text.split("+")]
    return reduce(lambda one, other: Sentence("{one}+{other}", one=one, other=other), parts)


@dataclass(frozen=True, slots=True)
class Cause:
    """What the grid must remember of a model and two implementations, beside the numbers."""

    model: str
    identity: str
    """Digest of everything about the model that can change an answer."""

    a: str
    b: str
    factors: tuple[str, ...]
    """Names of the k factors; bit j of a mask set means factor j as in `b`."""

    fixed: tuple[str, ...]
    """Factors that differ and change nothing on these questions."""

    metrics: tuple[str, ...]
    """The metric reported in each configuration, 2^k."""

    aggregations: tuple[str, ...]
    """How each configuration sums up its questions, 2^k."""

    revision: str
    """Of the dataset."""

    limits: str
    """What narrows the questions, in words; empty for all of them."""

    noise: float
    """Margins below this (nats) are within float noise."""

    errors: int
    """Questions left out because some configuration could not be answered."""

    reason: str = ""
    """The last reason why; empty where none is left out."""

    cut: tuple[int, ...] = ()
    """Questions whose prompts were cut or lost shots, in each configuration, 2^k."""

    bank: dict[str, int] | None = None
    """Questions of each subset, where only some were drawn at random; None where all were asked."""

    def __post_init__(self) -> None:
        for name in ("factors", "fixed"):  # sentences, so that a page can say them in its language
            object.__setattr__(self, name, tuple(map(factor_name, getattr(self, name))))


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """n questions in 2^k configurations of one model."""

    cause: Cause
    example_ids: tuple[str, ...]
    subsets: tuple[str, ...]
    """The subset of each question."""

    targets: tuple[str, ...]
    values: Floats
    """The reported metric of each question in each configuration, shape (n, 2^k)."""

    margins: Floats
    """How far the answer was ahead of the runner-up, shape (n, 2^k)."""

    predictions: Texts
    """The answers, str or None, shape (n, 2^k)."""

    def weights(self) -> Floats:
        """The weight of each question in each configuration's score, shape (n, 2^k); every column sums to 1."""
        n = len(self.example_ids)
        names, place, sizes = np.unique(np.array(self.subsets), return_inverse=True, return_counts=True)
        macro = 1 / (len(names) * sizes[place])
        micro = np.full(n, 1 / n)
        if self.cause.bank is not None:
            bank = np.array([self.cause.bank[name] for name in names])
            micro = (bank / bank.sum() / sizes)[place]
        columns = [macro if item == Aggregation.MACRO else micro for item in self.cause.aggregations]
        return np.stack(columns, axis=1)

    def strata(self) -> NDArray[np.int64] | None:
        """The index of each question's subset where subsets are fixed and only the questions inside them are a sample:
        where some configuration is macro, or questions were drawn inside subsets. None for plain means over questions.
        """
        if Aggregation.MACRO not in self.cause.aggregations and self.cause.bank is None:
            return None
        found: NDArray[np.int64] = np.unique(np.array(self.subsets), return_inverse=True)[1]
        return found

    def only(self, example_ids: set[str]) -> "Grid":
        """The same with only these questions."""
        kept = np.array([name in example_ids for name in self.example_ids], dtype=bool)
        places = np.flatnonzero(kept)

        def pick(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(values[place] for place in places)

        return Grid(
            self.cause,
            pick(self.example_ids),
            pick(self.subsets),
            pick(self.targets),
            self.values[kept],
            self.margins[kept],
            self.predictions[kept],
        )


def save(grid: Grid, path: Path) -> None:
    """Write a grid as one parquet file, whole or not at all.

    What it remembers of a model carries a checksum, and holds that of everything else.

    Raises:
        LeaderbenchError: it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {"example_id": grid.example_ids, "subset": grid.subsets, "target": grid.targets}
    for mask in range(grid.values.shape[1]):
        columns[f"value_{mask}"] = grid.values[:, mask]
        columns[f"margin_{mask}"] = grid.margins[:, mask]
        columns[f"prediction_{mask}"] = pa.array(list(grid.predictions[:, mask]), pa.string())
    facts = asdict(grid.cause) | {"questions": len(grid.example_ids), "sha256": _digest(grid)}
    sealed = seal(json.dumps(facts).removeprefix("{").encode()).rstrip()
    table = pa.table(columns).replace_schema_metadata({"leaderbench": sealed})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    make_folder(path.parent)
    replace_durably(path, bytes(sink.getvalue()))


def load(path: Path) -> Grid:
    """The grid that `save` wrote.

    Raises:
        LeaderbenchError: there is none, or it is damaged.
    """
    try:
        cause, questions, wanted = _head(path)
        if questions << len(cause.factors) > MOST_VALUES:
            raise ValueError("too large")
        table: pa.Table = read_table(path, BOUNDS)
        size = 1 << len(cause.factors)
        ids, subsets, targets = (_texts(table.column(name)) for name in ("example_id", "subset", "target"))
        values, margins = (
            np.stack([table.column(f"{kind}_{mask}").to_numpy() for mask in range(size)], axis=1).astype(np.float64)
            for kind in ("value", "margin")
        )
        predictions = np.stack([_answers(table.column(f"prediction_{mask}")) for mask in range(size)], axis=1)
        if not questions or len(set(ids)) < len(ids) or not np.isfinite(values).all():
            raise ValueError("no scores")
        if cause.bank is not None and not set(subsets) <= cause.bank.keys():
            raise ValueError("a subset of unknown size")
        grid = Grid(cause, tuple(ids), tuple(subsets), tuple(targets), values, margins, predictions)
        if wanted not in ("", _digest(grid)):
            raise ValueError("checksum")
    except (OSError, LookupError, TypeError, ValueError, LeaderbenchError) as error:
        raise _damaged(path) from error
    return grid


def _digest(grid: Grid) -> str:
    """The SHA-256 of everything in a grid but its cause."""
    texts = [grid.example_ids, grid.subsets, grid.targets, grid.predictions.tolist()]
    content = hashlib.sha256(json.dumps(texts).encode())
    for numbers in (grid.values, grid.margins):
        content.update(np.ascontiguousarray(numbers, dtype="<f8").tobytes())
    return content.hexdigest()


def head(path: Path) -> tuple[Cause, int]:
    """What a stored grid remembers beside its numbers, and how many questions it has; quick, nothing else is read.

    Raises:
        LeaderbenchError: the file is none of `save`, or damaged.
    """
    cause, questions, _ = _head(path)
    return cause, questions


def _head(path: Path) -> tuple[Cause, int, str]:
    """The same, with the checksum of the rest; empty where an older leaderbench wrote none."""
    from pydantic import TypeAdapter

    try:
        metadata, questions = footer(path, BOUNDS)
        facts = unsealed(metadata[b"leaderbench"])
        cause: Cause = TypeAdapter(Cause).validate_python(facts)
        _check(cause)
        if facts.get("questions", questions) != questions:
            raise ValueError("rows are missing")
        wanted = str(facts.get("sha256", ""))
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    return cause, questions, wanted


def _check(cause: Cause) -> None:
    """Raise `ValueError` for what no explanation can be."""
    size = 1 << len(cause.factors)
    if (
        len(cause.factors) > MOST_FACTORS
        or len(cause.aggregations) != size
        or len(set(cause.factors)) < len(cause.factors)
    ):
        raise ValueError("no full factorial")
    for item in cause.aggregations:
        Aggregation(item)
    if cause.cut and len(cause.cut) != size:
        raise ValueError("no full factorial")
    if cause.bank is not None and min(cause.bank.values(), default=0) < 1:
        raise ValueError("an empty subset")


def _damaged(path: Path) -> LeaderbenchError:
    return LeaderbenchError(
        Sentence("{path} is no whole explanation: ask for it again, every answer is kept.", path=str(path))
    )


def _texts(column: "pa.ChunkedArray") -> list[str]:
    texts: list[str] = column.to_pylist()
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("no texts")
    return texts


def _answers(column: "pa.ChunkedArray") -> Texts:
    """Texts or None; equal ones are one object, since a grid has millions of a few answers."""
    encoded = column.combine_chunks().dictionary_encode()
    known = np.array([*_texts(encoded.dictionary), None], dtype=object)
    places = encoded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)
    answers: Texts = known[places]
    return answers


def file_name(grid: Grid) -> str:
    """The name of a grid's file: a digest of what decides its numbers."""
    cause = {name: item for name, item in asdict(grid.cause).items() if name not in ("noise", "errors")}
    return hashlib.sha256(json.dumps([cause, grid.example_ids], sort_keys=True).encode()).hexdigest()[:12] + ".parquet"
