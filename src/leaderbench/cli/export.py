"""`leaderbench export`: the samples of a run as JSON lines, CSV or Parquet."""

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from leaderbench.cli import options, terminal
from leaderbench.errors import LeaderbenchError


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
    store: options.StoreToRead = options.DEFAULT_STORE,
) -> None:
    """Write a run as JSON lines, CSV or Parquet.

    One row a sample: prediction, target, log-likelihoods, margin, metrics, flags. In CSV, columns with several values
    hold JSON. Where only some questions were asked because chance chose them, a last column `selection` says so.
    """
    from leaderbench.results.export import write, write_file
    from leaderbench.results.store import Store

    if format is Format.PARQUET and output is None and sys.stdout.isatty():
        raise LeaderbenchError("Parquet is binary and would spoil the terminal: add --output FILE.")
    found = Store(store).run(run)
    samples, selection = found.samples, found.manifest.selection
    if output is None and sys.stdout.isatty():
        document = io.BytesIO()
        write(samples, document, format.value, prompts=prompts, selection=selection)
        terminal.write(document.getvalue().decode())
    elif output is None:
        write(samples, sys.stdout.buffer, format.value, prompts=prompts, selection=selection)
        sys.stdout.buffer.flush()
    elif output.exists() and not output.is_file() and not output.is_dir():  # a pipe or a device is written into
        with output.open("wb") as stream:
            write(samples, stream, format.value, prompts=prompts, selection=selection)
    else:
        write_file(samples, output, format.value, prompts=prompts, selection=selection)
