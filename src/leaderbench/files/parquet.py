"""Parquet files as arrow tables, within bounds that are checked before anything is unpacked.

A parquet file may unpack to a hundred thousand times its size: pages are compressed, and a value that repeats is stored
once, in a dictionary. Its footer says how many values and bytes there are in each column; how long the values of a
dictionary are together is found by reading it as a dictionary, which does not write them out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderbench.files.regular import UnusableError, read_bytes
from leaderbench.sentences import Sentence

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

LARGEST_FOOTER = 16 << 20
"""Bytes of a file's footer, which is parsed as a whole; the Hub's files of a hundred columns have some 100,000."""

_BATCH = 1 << 14
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is read of a parquet file."""

    rows: int
    values: int
    """Over all columns that are read; an entry of a list is a value."""

    bytes: int
    """Of the file, and of its columns unpacked."""


def read_table(source: Path | bytes, bounds: Bounds, columns: Sequence[str] | None = None) -> "pa.Table":
    """All rows of a parquet file, of these columns or all.

    Raises `UnusableError` where it is no parquet file, is damaged, lacks one of the columns or is larger than the
    bounds; `OSError` where it cannot be read.
    """
    data = source if isinstance(source, bytes) else read_bytes(source, bounds.bytes)
    import pyarrow as pa

    try:
        file = _opened(data)
        leaves = _leaves(file, columns)
        measured = _check(file, leaves, bounds)
        if measured:
            _check_dictionaries(data, measured, bounds.bytes)
        # In this thread: others may not be had, or still be running when the program ends, which aborts it.
        return file.read(columns=None if columns is None else list(columns), use_threads=False)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # arrow has both for damage
        raise UnusableError(Sentence("it is no parquet file, or a damaged one")) from error


def footer(source: Path | bytes, bounds: Bounds) -> tuple[dict[bytes, bytes], int]:
    """What a parquet file says of itself beside its columns, and how many rows it has. Raises as `read_table` does."""
    data = source if isinstance(source, bytes) else read_bytes(source, bounds.bytes)
    import pyarrow as pa

    try:
        file = _opened(data)
        return dict(file.schema_arrow.metadata or {}), int(file.metadata.num_rows)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UnusableError(Sentence("it is no parquet file, or a damaged one")) from error


def _opened(data: bytes, dictionaries: Sequence[str] = ()) -> "pq.ParquetFile":
    import pyarrow as pa
    import pyarrow.parquet as pq

    if len(data) < 12 or data[-4:] != b"PAR1" or int.from_bytes(data[-8:-4], "little") > LARGEST_FOOTER:
        raise UnusableError(Sentence("it is no parquet file, or a damaged one"))
    # ParquetFile, not read_table: a folder name such as `split=dev` must not become a column.
    return pq.ParquetFile(pa.BufferReader(data), read_dictionary=list(dictionaries) or None)


def _leaves(file: "pq.ParquetFile", columns: Sequence[str] | None) -> list[int]:
    """The places of the columns that hold values: one a column, or one a field of a list or record."""
    paths = [file.schema.column(place).path for place in range(len(file.schema))]
    if columns is None:
        return list(range(len(paths)))
    missing = set(columns) - set(file.schema_arrow.names)
    if missing:
        raise UnusableError(Sentence("it has no column {name}", name=repr(min(missing))))
    return [place for place, path in enumerate(paths) if path.split(".")[0] in columns]


def _check(file: "pq.ParquetFile", leaves: Sequence[int], bounds: Bounds) -> list[str]:
    """Raise `UnusableError` where the footer tells of more than the bounds; the paths of the columns of which it does
    not tell, since their texts are in dictionaries.
    """
    rows = file.metadata.num_rows
    if not 0 <= rows <= bounds.rows:
        raise UnusableError(Sentence("it has {rows} rows, more than the {n} that are read", rows=rows, n=bounds.rows))
    values = total = 0
    measured: dict[str, None] = {}
    for group in range(file.metadata.num_row_groups):
        chunks = file.metadata.row_group(group)
        for place in leaves:
            chunk, kind = chunks.column(place), file.schema.column(place)
            count, unpacked = chunk.num_values, chunk.total_uncompressed_size
            if count < 0 or unpacked < 0:
                raise UnusableError(Sentence("it is no parquet file, or a damaged one"))
            values += count
            total += unpacked
            if kind.physical_type != "BYTE_ARRAY":
                total += count * _WIDTHS.get(kind.physical_type, max(0, kind.length))
            elif "DELTA_BYTE_ARRAY" in chunk.encodings:  # each value may repeat the one before
                total += count * unpacked
            elif chunk.has_dictionary_page:
                if count * unpacked > bounds.bytes // 64:
                    measured[kind.path] = None
                else:
                    total += count * unpacked
    if values > bounds.values:
        raise UnusableError(
            Sentence("it has {values} values, more than the {n} that are read", values=values, n=bounds.values)
        )
    if total > bounds.bytes:
        raise _unpacks(bounds.bytes)
    return list(measured)


def _check_dictionaries(data: bytes, paths: Sequence[str], most: int) -> None:
    """Raise `UnusableError` where the texts of these columns, written out, have more than `most` bytes."""
    total = 0
    for batch in _opened(data, paths).iter_batches(_BATCH, columns=list(paths), use_threads=False):
        for column in batch.columns:
            total += sum(_text_bytes(leaf) for leaf in leaves_of(column))
            if total > most:
                raise _unpacks(most)


def leaves_of(array: Any) -> Iterator[Any]:
    """The arrays of values inside an array of lists or records; of any other the array itself."""
    import pyarrow as pa

    if pa.types.is_map(array.type):
        yield from leaves_of(array.keys)
        yield from leaves_of(array.items)
    elif pa.types.is_struct(array.type):
        for place in range(array.type.num_fields):
            yield from leaves_of(array.field(place))
    elif pa.types.is_nested(array.type):
        yield from leaves_of(array.flatten())
    else:
        yield array


def _text_bytes(array: Any) -> int:
    """Bytes of the texts of an array, written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(array.type):
        return int(array.nbytes)
    if not pa.types.is_binary(array.dictionary.type) and not pa.types.is_string(array.dictionary.type):
        return int(array.nbytes)
    lengths = pc.binary_length(array.dictionary).cast(pa.int64())
    return int(pc.sum(lengths.take(array.indices)).as_py() or 0)


def _unpacks(most: int) -> UnusableError:
    return UnusableError(Sentence("it unpacks to more than {n} bytes", n=most))
