"""Parquet files of a few kilobytes that unpack to gigabytes are refused before they do; others are read as they are."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leaderbench.files.parquet import Bounds, footer, read_table
from leaderbench.files.regular import UnusableError

BOUNDS = Bounds(rows=1_000, values=10_000, bytes=1_000_000)


def packed(table: "pa.Table", **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def repeated(text: str, times: int) -> "pa.Array":
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), pa.array([text]))


def lists(values: "pa.Array") -> "pa.Array":
    return pa.ListArray.from_arrays(pa.array(range(len(values) + 1), pa.int32()), values)


def records(values: "pa.Array") -> "pa.Array":
    return pa.StructArray.from_arrays([values, values], ["a", "b"])


LONG = repeated("x" * 20_000, 900)
BOMBS = {
    "rows": packed(pa.table({"a": [1] * 1_001})),
    "values": packed(pa.table({"a": [[1] * 10_001]})),
    "one long text": packed(pa.table({"a": ["x" * 1_100_000]}), use_dictionary=False),
    "texts": packed(pa.table({"a": LONG})),
    "texts in lists": packed(pa.table({"a": lists(LONG)})),
    "texts in records": packed(pa.table({"a": records(LONG)})),
    "texts in maps": packed(
        pa.table(
            {"a": pa.MapArray.from_arrays(pa.array(range(901), pa.int32()), LONG.cast(pa.string()), pa.nulls(900))}
        )
    ),
    "texts each like the one before": packed(
        pa.table({"a": LONG.cast(pa.string())}), use_dictionary=False, column_encoding={"a": "DELTA_BYTE_ARRAY"}
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_beyond_the_bounds_is_refused(name: str, tmp_path: Path) -> None:
    assert len(BOMBS[name]) < 10_000
    (tmp_path / "bomb.parquet").write_bytes(BOMBS[name])
    with pytest.raises(UnusableError, match="more than"):
        read_table(tmp_path / "bomb.parquet", BOUNDS)


def test_only_the_columns_that_are_read_count() -> None:
    data = packed(pa.table({"a": [1] * 900, "b": LONG}))
    assert read_table(data, BOUNDS, ["a"]).column_names == ["a"]
    with pytest.raises(UnusableError, match="it has no column 'c'"):
        read_table(data, BOUNDS, ["a", "c"])


def test_tables_within_the_bounds_are_read_as_they_are() -> None:
    table = pa.table(
        {
            "text": ["a", None, "é"],
            "list": [["a", "b"], [], None],
            "map": pa.array([[("k", 1.0)], [], None], pa.map_(pa.string(), pa.float64())),
            "record": [{"x": 1, "y": ["z"]}, None, {"x": None, "y": []}],
        }
    ).replace_schema_metadata({"key": "value"})
    data = packed(table)
    assert read_table(data, BOUNDS).equals(table)
    facts, rows = footer(data, BOUNDS)
    assert facts[b"key"] == b"value"
    assert rows == 3


@pytest.mark.parametrize(
    "change", [lambda data: data[:-20], lambda data: data[:40] + b"PAR1", lambda data: b"", bytes.upper]
)
def test_a_damaged_file_is_said_to_be_one(change: Any) -> None:
    with pytest.raises(UnusableError, match="it is no parquet file, or a damaged one"):
        read_table(change(packed(pa.table({"a": ["some text"] * 100}))), BOUNDS)
