"""`leaderbench export`: the samples of a run as JSON lines, CSV or Parquet."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from leaderbench.cli import options, terminal
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Sample

Row = dict[str, Any]


class Format(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def export(
    run: Annotated[str, typer.Argument(help="Run id, or its beginning.", metavar="RUN")],
    format: Annotated[Format, typer.Option("--format", "-f", help="jsonl, csv or parquet.")] = Format.JSONL,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; stdout where not given.")
    ] = None,
    prompts: Annotated[bool, typer.Option("--prompts", help="With the whole prompt of each sample.")] = False,
    store: options.Store = options.DEFAULT_STORE,
) -> None:
    """Write a run as JSON lines, CSV or Parquet.

    One row a sample: prediction, target, log-likelihoods, margin, metrics, flags. Columns with several values hold JSON
    in CSV.
    """
    from leaderbench.results.store import Store

    if format is Format.PARQUET and output is None and sys.stdout.isatty():
        raise LeaderbenchError("Parquet is binary and would spoil the terminal: add --output FILE.")
    rows = (row(sample, prompts=prompts) for sample in Store(store).run(run).samples)
    with opened(output) as stream:
        writers[format](rows, stream)


def row(sample: Sample, *, prompts: bool = False) -> Row:
    """A sample as plain values, one a column."""
    columns: Row = {
        "example_id": sample.example_id,
        "subset": sample.subset,
        "prediction": sample.prediction,
        "target": sample.target,
        "correct": sample.correct,
        "margin": sample.margin,
        "metrics": dict(sample.metrics),
        "predictions": dict(sample.predictions),
        "continuations": list(sample.continuations),
        "log_likelihoods": list(sample.log_likelihoods),
        "characters": list(sample.characters),
        "bytes": list(sample.bytes),
        "continuation_token_ids": [list(tokens) for tokens in sample.continuation_tokens],
        "token_log_probabilities": [list(values) for values in sample.token_log_probabilities],
        "context_tokens": sample.context_tokens,
        "truncated_tokens": sample.truncated_tokens,
        "shots_dropped": sample.shots_dropped,
        "flags": [flag.value for flag in sample.flags],
        "error": sample.error,
        "request_digests": list(sample.request_digests),
    }
    if prompts:
        columns["prompt"] = sample.prompt
    return columns


@contextmanager
def opened(path: Path | None) -> Iterator[IO[bytes]]:
    """Stdout, or a file that appears only when it is complete."""
    if path is None:
        yield sys.stdout.buffer
        return
    if path.exists() and not path.is_file():
        if path.is_dir():
            raise LeaderbenchError(f"{path} is a folder: give --output a file name.")
        with path.open("wb") as stream:
            yield stream
        return
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("wb") as stream:
            yield stream
        beside.replace(path)
    except FileNotFoundError as error:
        raise LeaderbenchError(f"The folder {path.parent} is not there: create it or give another --output.") from error
    finally:
        beside.unlink(missing_ok=True)


def write_jsonl(rows: Iterable[Row], stream: IO[bytes]) -> None:
    """One JSON object a line; infinities and not-a-number become null."""
    for item in rows:
        stream.write(terminal.to_json(item).encode() + b"\n")


def write_csv(rows: Iterable[Row], stream: IO[bytes]) -> None:
    """A header and one line a sample; columns with several values hold JSON."""
    import csv
    import io

    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    for place, item in enumerate(rows):
        if not place:
            writer.writerow(item)
        writer.writerow(terminal.to_json(v) if isinstance(v, list | dict) else v for v in item.values())
    text.flush()
    text.detach()


def write_parquet(rows: Iterable[Row], stream: IO[bytes]) -> None:
    """One row group a thousand samples, typed columns; `metrics` and `predictions` are maps."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    everything = list(rows)
    kinds = {
        "correct": pa.bool_(), "margin": pa.float64(), "metrics": pa.map_(pa.string(), pa.float64()),
        "predictions": pa.map_(pa.string(), pa.string()), "continuations": pa.list_(pa.string()),
        "log_likelihoods": pa.list_(pa.float64()), "characters": pa.list_(pa.int64()), "bytes": pa.list_(pa.int64()),
        "continuation_token_ids": pa.list_(pa.list_(pa.int64())),
        "token_log_probabilities": pa.list_(pa.list_(pa.float64())),
        "context_tokens": pa.int64(), "truncated_tokens": pa.int64(), "shots_dropped": pa.int64(),
        "flags": pa.list_(pa.string()), "request_digests": pa.list_(pa.string()),
    }  # fmt: skip
    names = list(everything[0]) if everything else ["example_id", "subset", "prediction", "target", *kinds]
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    for item in everything:
        item["metrics"], item["predictions"] = list(item["metrics"].items()), list(item["predictions"].items())
    pq.write_table(pa.Table.from_pylist(everything, schema=schema), stream, row_group_size=1000)


writers = {Format.JSONL: write_jsonl, Format.CSV: write_csv, Format.PARQUET: write_parquet}
