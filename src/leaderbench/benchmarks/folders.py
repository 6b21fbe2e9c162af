"""Rows of datasets in local folders: laid out as Hub repositories, or as the archives that people have unpacked.

Parquet files are read directly: `datasets.load_dataset` gives the same rows, but takes 0.1 s a split (17 s for MMLU
instead of 0.5 s) and writes a copy of them to its cache.
"""

import json
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, cast

from leaderbench.benchmarks.datasets import LETTERS
from leaderbench.benchmarks.layouts import configs, matching
from leaderbench.benchmarks.local_files import COPY_AGAIN, LocalFiles
from leaderbench.benchmarks.nearest import suggestion
from leaderbench.errors import LeaderbenchError
from leaderbench.files.parquet import Bounds, read_table
from leaderbench.files.parsing import csv_rows, json_of
from leaderbench.files.regular import UnusableError, named, text_of
from leaderbench.sentences import Sentence

Row = dict[str, object]

BOUNDS = Bounds(rows=1_000_000, values=4_000_000, bytes=256 << 20)
"""Of one file: the largest that a benchmark here names, a split of 40,000 rows, has 0.6 million values in 50 MB."""

MOST_ROWS = 1_000_000
"""Rows of one split, over its files."""

_OTHER_NAMES = {"validation": ("val", "valid"), "val": ("validation", "valid")}
"""What else people call a split."""

_SUBJECTS = ("subject", "subset", "category")
"""Columns that say which config a row belongs to, where one config holds all."""


def rows(files: LocalFiles, dataset: str, config: str, split: str) -> list[Row]:
    """All rows of one split of a config, in file order; where one config holds all, those whose subject it is.

    Raises `LeaderbenchError` where the config or the split is missing, or a file can't be read.
    """
    known = configs(files, dataset)
    if config in known:
        return _split(files, dataset, config, split)
    for together in ("all", "default", *(known if len(known) == 1 else ())):
        if together in known:
            whole = _whole(files, dataset, together, split)
            column = next((name for name in _SUBJECTS if whole and isinstance(whole[0].get(name), str)), None)
            chosen = [row for row in whole if row[column] == config] if column else []
            if chosen:
                return chosen
    raise LeaderbenchError(f"{dataset} in {files.folder} has no subset {config!r}{suggestion(config, tuple(known))}")


@lru_cache(maxsize=2)  # asked for every subject, with another split for its shots in between
def _whole(files: LocalFiles, dataset: str, config: str, split: str) -> list[Row]:
    return _split(files, dataset, config, split)


def _split(files: LocalFiles, dataset: str, config: str, split: str) -> list[Row]:
    splits = configs(files, dataset)[config]
    name = next((name for name in (split, *_OTHER_NAMES.get(split, ())) if name in splits), None)
    if name is None:
        raise LeaderbenchError(
            f"{dataset} in {files.folder} has no split {split!r} of {config}; it has {', '.join(splits) or 'none'}."
        )
    read: list[Row] = []
    for file in matching(files, dataset, splits[name]):
        with named(files.paths[file], COPY_AGAIN):
            read += _read(file, files.read(file, BOUNDS.bytes))
            if len(read) > MOST_ROWS:
                raise UnusableError(Sentence("a split with it has more than {n} rows", n=MOST_ROWS))
    return read


def _read(name: str, data: bytes) -> list[Row]:
    """The rows of one file, by the ending of its name. Raises `UnusableError`."""
    ending = PurePosixPath(name).suffix.lower()
    if ending == ".parquet":
        table = read_table(data, BOUNDS)
        try:
            return cast("list[Row]", table.to_pylist())
        # Texts that are none, two columns of one name, a day beyond the last.
        except (ValueError, ArithmeticError, NotImplementedError) as error:
            raise UnusableError(Sentence("it is no parquet file, or a damaged one")) from error
    if ending == ".csv":
        return _of_csv(csv_rows(text_of(data)))
    if ending in (".json", ".jsonl"):
        return _of_json(data, lines=ending == ".jsonl")
    raise UnusableError(Sentence("it is no parquet, JSON or CSV file, the formats read from local folders"))


def _of_csv(table: list[list[str]]) -> list[Row]:
    """Rows of a CSV file, whose cells are all texts.

    Archives of exams have no header: a question, its choices and the letter of the right one in every row.
    """
    if not table:
        return []
    if all(4 <= len(row) <= len(LETTERS) + 2 and row[-1] in tuple(LETTERS[: len(row) - 2]) for row in table):
        return [{"question": row[0], "choices": row[1:-1], "answer": row[-1]} for row in table]
    header = table[0]
    for number, row in enumerate(table[1:], 1):
        if len(row) != len(header):
            raise UnusableError(
                Sentence(
                    "its row {number} has {cells} cells, its header {n}", number=number, cells=len(row), n=len(header)
                )
            )
    return [dict(zip(header, row, strict=True)) for row in table[1:]]


def _of_json(data: bytes, *, lines: bool) -> list[Row]:
    """Rows of a list of records, or of records in lines."""
    # Each value that is not the first stands behind one of these, and so does each that holds others.
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > 2 * BOUNDS.values:
        raise UnusableError(Sentence("it has more than {n} values", n=2 * BOUNDS.values))
    listed: Any = [json_of(line) for line in text_of(data).split("\n") if line.strip()] if lines else json_of(data)
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise UnusableError(Sentence("it is no list of records"))
    if b"\\ud" in data.lower():
        try:
            json.dumps(listed, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise UnusableError(Sentence("it has halves of characters")) from error
    return cast("list[Row]", listed)
