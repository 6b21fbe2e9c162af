"""Samples as a parquet file and back; one row a sample."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from leaderbench.errors import LeaderbenchError
from leaderbench.files.parquet import Bounds, leaves_of, read_table
from leaderbench.files.regular import UnusableError, read_bytes
from leaderbench.records import Flag, Sample
from leaderbench.results.files import sentence
from leaderbench.results.notebook import SampleRows
from leaderbench.results.problems import DAMAGED
from leaderbench.sentences import Sentence

if TYPE_CHECKING:
    import pyarrow as pa

columns = tuple(item.name for item in fields(Sample))
maps = ("predictions", "metrics")
optional = ("prediction", "predictions", "error")
"""Columns where a value may be missing."""

BOUNDS = Bounds(rows=250_000, values=100_000_000, bytes=512 << 20)
"""Of one run: MMLU with 5 shots is 14,042 rows, 3 million values and 60 MB."""


def schema() -> "pa.Schema":
    """The columns of `samples.parquet`, in the order of the fields of `Sample`."""
    import pyarrow as pa

    text, whole, real = pa.string(), pa.int32(), pa.float64()
    types = {
        "example_id": text,
        "subset": text,
        "prompt": text,
        "request_digests": pa.list_(text),
        "continuations": pa.list_(text),
        "continuation_tokens": pa.list_(pa.list_(whole)),
        "token_log_probabilities": pa.list_(pa.list_(real)),
        "log_likelihoods": pa.list_(real),
        "characters": pa.list_(whole),
        "bytes": pa.list_(whole),
        "context_tokens": whole,
        "truncated_tokens": whole,
        "shots_dropped": whole,
        "prediction": text,
        "predictions": pa.map_(text, text),
        "target": text,
        "correct": pa.bool_(),
        "margin": real,
        "metrics": pa.map_(text, real),
        "flags": pa.list_(text),
        "error": text,
    }
    return pa.schema([(name, types[name]) for name in columns])


def to_table(samples: Sequence[Sample]) -> "pa.Table":
    """Samples as an arrow table of the columns of `schema`."""
    import pyarrow as pa

    content: dict[str, list[Any]] = {name: [getattr(sample, name) for sample in samples] for name in columns}
    for name in maps:
        content[name] = [list(value.items()) for value in content[name]]
    return pa.table(content, schema=schema())


def to_parquet(samples: Sequence[Sample]) -> bytes:
    """Samples as the bytes of a parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        to_table(samples),
        sink,
        compression="zstd",
        use_dictionary=["subset", "prediction", "target"],
    )
    return bytes(sink.getvalue())


def from_table(table: "pa.Table") -> Iterator[Sample]:
    """The samples of an arrow table."""
    content = {name: table.column(name).to_pylist() for name in columns}
    for row in zip(*content.values(), strict=True):
        yield _sample(dict(zip(columns, row, strict=True)))


def _sample(row: dict[str, Any]) -> Sample:
    for name in maps:
        row[name] = dict(row[name])
    for name in ("request_digests", "continuations", "log_likelihoods", "characters", "bytes"):
        row[name] = tuple(row[name])
    for name in ("continuation_tokens", "token_log_probabilities"):
        row[name] = tuple(map(tuple, row[name]))
    row["flags"] = tuple(map(Flag, row["flags"]))
    return Sample(**row)


class StoredSamples(SampleRows):
    """The samples of a stored run; the file is read when first used, rows become values when asked for.

    Raises `LeaderbenchError` on first use where the file is damaged, or holds more or fewer rows than it should.
    """

    def __init__(self, path: Path, checksum: str, questions: object = None) -> None:
        """Samples in the file `path`, whose bytes have this SHA-256 (hex); so many of them, where that is known."""
        self.path = path
        self.checksum = checksum
        self.questions = questions

    @cached_property
    def table(self) -> "pa.Table":
        """All rows as an arrow table."""
        table = self.read()
        if not table.schema.equals(schema()) or any(_has_gaps(table, name) for name in columns):
            raise damaged(self.path)
        return table

    def read(self, names: Sequence[str] | None = None) -> "pa.Table":
        """These columns, or all, read anew. Raises `LeaderbenchError`."""
        try:
            data = read_bytes(self.path, BOUNDS.bytes)
            if hashlib.sha256(data).hexdigest() != self.checksum:
                raise damaged(self.path)
            table = read_table(data, BOUNDS, names)
        except PermissionError as error:
            raise LeaderbenchError(sentence(error, self.path)) from error
        except (OSError, UnusableError) as error:
            raise damaged(self.path) from error
        if isinstance(self.questions, int) and self.questions != table.num_rows:
            raise damaged(self.path)
        return table

    @property
    def errors(self) -> int:
        """How many questions could not be answered."""
        return len(self) - int(self.table.column("error").null_count)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @overload
    def __getitem__(self, place: int) -> Sample: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Sample]: ...

    def __getitem__(self, place: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(place, slice):
            return tuple(from_table(self.table.take(list(range(len(self))[place]))))
        number = range(len(self))[place]
        return next(from_table(self.table.slice(number, 1)))

    def __iter__(self) -> Iterator[Sample]:
        for start in range(0, len(self), 1024):
            yield from from_table(self.table.slice(start, 1024))


def _has_gaps(table: "pa.Table", name: str) -> bool:
    """Whether values are missing in a column where no program leaves them out."""
    column = table.column(name)
    if name in optional:
        return name in maps and column.null_count > 0
    return any(leaf.null_count for chunk in column.chunks for leaf in (chunk, *leaves_of(chunk)))


class DamagedRunError(LeaderbenchError):
    """A file of a run cannot be read as what it should be."""


def damaged(path: Path) -> DamagedRunError:
    """The error that names the damaged file and how to get the run back."""
    return DamagedRunError(Sentence(DAMAGED, path=str(path), folder=str(path.parent)))


def table_of(samples: Sequence[Sample]) -> "pa.Table":
    """Samples by column. Raises `LeaderbenchError` where their file is damaged."""
    return samples.table if isinstance(samples, StoredSamples) else to_table(samples)
