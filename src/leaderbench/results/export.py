"""Samples for other programs: one row a sample as JSON lines, CSV or Parquet.

All three have the same columns (`column_names`), and for a run whose questions chance chose one more that says so. What
is not a finite number becomes null in JSON, an empty cell in CSV, and stays what it is in Parquet. In CSV a column that
holds several values holds them as JSON, and a text that a spreadsheet would run as a formula (it begins with `=`, `+`,
`-`, `@`, a tab or a carriage return) gets an apostrophe in front; so does a text that begins with an apostrophe, so
that removing one leading apostrophe gives back every text. Numbers are never changed.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Sample, finite
from leaderbench.results.files import said_plainly
from leaderbench.results.samples import to_table
from leaderbench.text.visible import in_json

Row = dict[str, Any]

formula_starts = ("=", "+", "-", "@", "\t", "\r", "'")


def row(sample: Sample, *, prompts: bool = False) -> Row:
    """A sample as plain JSON values, one a column; with its prompt where `prompts`."""
    columns: Row = {
        "example_id": sample.example_id,
        "subset": sample.subset,
        "prediction": sample.prediction,
        "target": sample.target,
        "correct": sample.correct,
        "log_likelihoods": sample.log_likelihoods,
        "margin": sample.margin,
        "flags": [flag.value for flag in sample.flags],
        "error": sample.error,
        "metrics": sample.metrics,
        "predictions": sample.predictions,
        "continuations": sample.continuations,
        "tokens": [len(tokens) for tokens in sample.continuation_tokens],
        "characters": sample.characters,
        "bytes": sample.bytes,
        "continuation_tokens": sample.continuation_tokens,
        "token_log_probabilities": sample.token_log_probabilities,
        "context_tokens": sample.context_tokens,
        "truncated_tokens": sample.truncated_tokens,
        "shots_dropped": sample.shots_dropped,
        "request_digests": sample.request_digests,
    }
    if prompts:
        columns["prompt"] = sample.prompt
    return {name: finite(value) for name, value in columns.items()}


nothing = Sample(
    "", "", "", (), (), (), (), (), (), (), 0, 0, 0, None, {}, "", correct=False, margin=0.0, metrics={}, flags=()
)


def column_names(*, prompts: bool = False) -> tuple[str, ...]:
    """The columns of an export, in order."""
    return tuple(row(nothing, prompts=prompts))


def write(
    samples: Iterable[Sample], stream: IO[bytes], form: str, *, prompts: bool = False, selection: str = ""
) -> None:
    """Write samples to a binary stream as `jsonl`, `csv` or `parquet`.

    `selection` is the manifest's: where it is not empty, a last column of that name repeats it in every row.
    Raises `LeaderbenchError` for another form; an `OSError` of the stream goes through.
    """
    if form not in writers:
        raise LeaderbenchError(f"The export format {form!r} is unknown: choose one of {', '.join(writers)}.")
    writers[form](samples, stream, prompts, selection)


def write_file(samples: Iterable[Sample], path: Path, form: str, *, prompts: bool = False, selection: str = "") -> None:
    """Write samples to a file, which appears only when it is complete; see `write` for the forms.

    Raises `LeaderbenchError` where it cannot be written.
    """
    if path.is_dir():
        raise LeaderbenchError(f"{path} is a folder: give a file name.")
    if not path.parent.is_dir():
        raise LeaderbenchError(f"The folder {path.parent} does not exist: create it or give another file name.")
    beside = path.with_name(f".{path.name}.part")
    with said_plainly(path, "--output"):
        try:
            with beside.open("wb") as stream:
                write(samples, stream, form, prompts=prompts, selection=selection)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _write_jsonl(samples: Iterable[Sample], stream: IO[bytes], prompts: bool, selection: str) -> None:
    last = {"selection": selection} if selection else {}
    for sample in samples:
        stream.write(_json(row(sample, prompts=prompts) | last).encode() + b"\n")


def _json(value: object) -> str:
    return in_json(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _write_csv(samples: Iterable[Sample], stream: IO[bytes], prompts: bool, selection: str) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    last = {"selection": selection} if selection else {}
    writer.writerow([*column_names(prompts=prompts), *last])
    for sample in samples:
        writer.writerow(map(_cell, (row(sample, prompts=prompts) | last).values()))
    text.flush()
    text.detach()


def _cell(value: object) -> object:
    if isinstance(value, list | dict):
        return _json(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(formula_starts):
        return "'" + value
    return value


def _write_parquet(samples: Iterable[Sample], stream: IO[bytes], prompts: bool, selection: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = list(samples)
    table = to_table(kept)
    counts = pa.array([[len(tokens) for tokens in sample.continuation_tokens] for sample in kept], pa.list_(pa.int32()))
    table = table.append_column("tokens", counts).select(column_names(prompts=prompts))
    if selection:
        table = table.append_column("selection", pa.array([selection] * len(kept), pa.string()))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    stream.write(sink.getvalue())


writers: dict[str, Callable[[Iterable[Sample], IO[bytes], bool, str], None]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "parquet": _write_parquet,
}
"""The forms of an export."""
