"""A CSV of published numbers: a score a row, or a model a row with a column for each benchmark.

With a score a row, the columns are model, benchmark and score, and where there are any implementation, metric, subset,
n, standard error, low, high, source, date, precision, revision and shots, under the headers of `csv_headers`; without a
column of benchmarks the file's name stands for it. With a model a row, every column of numbers that is neither a fact
about the model nor an average is a benchmark. A benchmark is called `family/implementation-published`, or
`family/published` where no implementation is named.

Whether numbers are shares or percent is decided together for all scores of one metric of one benchmark: percent where a
percent sign says so, in a cell, the header or a name (`MATH (%)`, `pct`), or where all lie between 0 and 100 and one is
above 1; shares where all lie between 0 and 1; else the numbers stay as they are, and so do those of metrics of which
less is better, such as a perplexity. What only their size tells is called a guess in the report; `scale` overrules it.
Only where the numbers are known to be shares, by the name of the metric, a percent sign or `scale`, is n alone made
into an interval. -1 is no value where no other number is negative.
"""

import csv
import hashlib
import io
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.imports.csv_columns import Column, Scale, column_of, written_number
from leaderbench.results.imports.csv_headers import columns_of, plain
from leaderbench.results.imports.csv_remarks import left_out, note_averages, note_reading, note_twins
from leaderbench.results.imports.csv_rows import Row, Table
from leaderbench.results.imports.files import Source, UnusableError, check_count, plain_name, read, text_of
from leaderbench.results.imports.importing import Found, Importing, Paths, import_each
from leaderbench.results.imports.report import Report
from leaderbench.results.imports.scores import binomial_error, entry, identity, published
from leaderbench.results.imports.values import count, moment_in, name, quoted, slug
from leaderbench.results.names import is_local
from leaderbench.results.store import Store

SYSTEM = "published"
MOST_SCORES = 400_000
"""Scores of a table; 10,000 models with 40 columns each."""

_metric = re.compile(r"(.+?)\s*\((micro|macro)\)", re.IGNORECASE)


def import_csv(paths: Paths, store: Store | str | Path, scale: Scale | None = None) -> Report:
    """Import tables of published numbers, and of folders every `.csv` and `.tsv` in them.

    `scale` says of all of their scores what they are, where signs, names and sizes of the numbers may not tell.

    Raises `LeaderbenchError` where a path does not exist, holds no table, or the store cannot be written; what is wrong
    with a table is in the report.
    """

    def take(importing: Importing, source: Source) -> None:
        data = read(source.path)
        digests = {way: _digest(source.path.name, data, way) for way in (None, *Scale)}
        found = scores_of(text_of(data), source.name, digests.pop(scale), scale)
        importing.scores(source, replace(found, instead_of=tuple(digests.values())))

    return import_each(paths, store, lambda file: plain_name(file).lower().endswith((".csv", ".tsv")), take)


def _digest(file: str, data: bytes, scale: Scale | None) -> str:
    """Of all that the scores are read from; the file's name may stand for the benchmark."""
    told = [SYSTEM, plain_name(file), *([f"scale {scale.name}"] if scale else [])]
    return hashlib.sha256("\n".join(told).encode("utf-8", "replace") + b"\n" + data).hexdigest()


def scores_of(text: str, file: str, digest: str, scale: Scale | None = None) -> Found:
    """What a table holds. Raises `UnusableError` where it has no column of models or none that could be scores."""
    table = table_of(text, file)
    table.scale = scale
    note_averages(table)
    if "score" in table.columns.facts:
        _read_scores(table)
    else:
        _read_benchmarks(table)
    note_reading(table)
    note_twins(table)
    return Found(digest, tuple(table.entries), left_out(table), tuple(table.remarks))


def table_of(text: str, file: str) -> Table:
    """A table with its columns understood. Raises `UnusableError` where they cannot be."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=lambda sign: (first.count(sign), sign == ","))
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows.extend(Row(reader.line_num, tuple(cells)) for cells in reader if any(cell.strip() for cell in cells))
    except csv.Error as error:
        raise UnusableError(f"line {reader.line_num}: it is no CSV ({error})") from error
    if len(rows) < 2:
        raise UnusableError("it has no rows below its header")
    header = rows[0].cells
    columns = columns_of(header)
    if "model" not in columns.facts:
        raise UnusableError(f"it has no column of models; its columns are {quoted(', '.join(header))}")
    if "score" not in columns.facts and not columns.scores:
        raise UnusableError(f"it has no column of scores; its columns are {quoted(', '.join(header))}")
    width = len(header)
    check_count(len(rows) * max(1, len(columns.scores)), MOST_SCORES, "scores")
    whole = [replace(row, cells=(*row.cells[:width], *[""] * (width - len(row.cells)))) for row in rows[1:]]
    return Table(file, header, columns, whole)


def _read_scores(table: Table) -> None:
    """A table with a score a row; those of one metric of one benchmark have one scale."""
    place = table.columns.facts["score"]
    header = plain(table.header[place])
    default = header if header in ("acc", "accuracy") else "score"
    stem = plain_name(table.file.rpartition("/")[2]).rpartition(".")[0]
    groups: dict[tuple[str, Metric], list[Row]] = {}
    for row in table.rows:
        benchmark = table.cell(row, "benchmark") if "benchmark" in table.columns.facts else stem
        family, _, rest = benchmark.partition("/")
        called = benchmark_name(family, table.cell(row, "implementation") or rest)
        groups.setdefault((called, metric_of(table.cell(row, "metric"), default)), []).append(row)
    for (called, metric), rows in groups.items():
        names = {table.cell(row, meaning) for row in rows for meaning in ("benchmark", "metric")}
        label = table.cell(rows[0], "benchmark") or metric.name
        column = _column(table, place, rows, label, (table.header[place], metric.name, *sorted(names)))
        for row, value in zip(rows, column.values, strict=True):
            if value is not None and not called:
                table.trouble(row, "no benchmark")
            elif value is not None:
                shots = written_number(table.cell(row, "shots"))
                told = "" if shots is None or shots < 0 else f"{shots:g} shots"
                _add(table, row, called, score_of(table, row, column, value, metric), told)


def _read_benchmarks(table: Table) -> None:
    """A table with a model a row."""
    found: dict[int, Column] = {}
    for place in table.columns.scores:
        column = column_of([row.cells[place] for row in table.rows])
        numbers = sum(value is not None for value in column.values)
        if numbers > len(column.unreadable) and slug(table.header[place]):
            found[place] = column
    if not found:
        raise UnusableError(f"none of its columns holds numbers of a benchmark: {quoted(', '.join(table.header))}")
    evaluated = [
        row
        for number, row in enumerate(table.rows)
        if len(found) < 2 or any(column.values[number] not in (None, 0.0) for column in found.values())
    ]
    lines = {row.line for row in evaluated}
    for row in table.rows:
        if row.line not in lines:
            table.trouble(row, "every score is 0 or missing, so the model was not evaluated")
    in_time = sorted(evaluated, key=lambda row: day_of(table.cell(row, "date")))
    latest = {_asked(table, row): row.line for row in in_time}
    later = {row.line: latest[_asked(table, row)] for row in evaluated}
    for place in found:
        column = _column(table, place, evaluated, table.header[place], (table.header[place],))
        called = benchmark_name(plain(table.header[place]).replace(" ", "-"), "")
        has = {row.line for row, value in zip(evaluated, column.values, strict=True) if value is not None}
        for row, value in zip(evaluated, column.values, strict=True):
            if value is not None and later[row.line] not in has:
                reason = f"the later row of its model has nothing in column {quoted(table.header[place])}"
                table.trouble(row, f"{reason}, and no row is made of two")
            elif value is not None:
                metric = Metric("score", Aggregation.MICRO)
                _add(table, row, called, _published(metric, None, column, value))


def _column(table: Table, place: int, rows: Sequence[Row], label: str, names: Sequence[str]) -> Column:
    """The numbers of a column in these rows, with notes on how they were read."""
    header = quoted(table.header[place])
    column = column_of([row.cells[place] for row in rows], names, table.scale)
    for number in column.unreadable:
        table.trouble(rows[number], f"column {header} holds no number")
    for row, value in zip(rows, column.values, strict=True):
        if value is None and "score" in table.columns.facts:
            table.trouble(row, "no score")
    table.read.append((table.header[place], label, column))
    return column


def benchmark_name(family: str, implementation: str) -> str:
    """`mmlu/helm-published`, or `mmlu/published`, as no benchmark made here is called; empty without a family.

    In small letters, as all names of benchmarks are, whatever the shape of the table.
    """
    parts = [part for part in (slug(implementation.replace("/", "-")).lower(), SYSTEM) if part]
    return f"{slug(family).lower()}/{'-'.join(parts)}" if slug(family) else ""


def metric_of(text: str, default: str) -> Metric:
    """A metric by its name, such as `acc`, or `acc (macro)`."""
    found = _metric.fullmatch(text.strip())
    called, kind = (found[1], found[2].lower()) if found else (text, Aggregation.MICRO.value)
    return Metric(slug(called) or default, Aggregation(kind))


def score_of(table: Table, row: Row, column: Column, value: float, metric: Metric) -> Score:
    """The score of a row, with the interval that the row gives, or else that its error or n gives."""
    error, low, high = (written_number(table.cell(row, meaning)) for meaning in ("error", "low", "high"))
    n = count(written_number(table.cell(row, "n")))
    subset = name(table.cell(row, "subset")) or None
    known = None if error is None or error <= 0 else column.shared(error)
    score = _published(metric, subset, column, value, known, n)
    if low is not None and high is not None and low <= value <= high and low < high:
        # How sure it is, its source says better than n alone.
        error = score.standard_error if known else math.nan
        return replace(score, standard_error=error, low=column.shared(low), high=column.shared(high))
    table.unsure += bool(n and not known and not column.is_share)
    return score


def _published(
    metric: Metric, subset: str | None, column: Column, value: float, error: float | None = None, n: int | None = None
) -> Score:
    asked = n if column.is_share else None  # of anything but a share, n does not say how sure it is
    made = published(metric, subset, column.shared(value), error, asked, share=column.scale is not Scale.OTHER)
    if asked and error is None and 0 <= made.estimate <= 1:
        return replace(made, standard_error=binomial_error(made.estimate, asked))
    return replace(made, n=n or 0)


def _add(table: Table, row: Row, benchmark: str, score: Score, settings: str = "") -> None:
    """Keep a score of a row."""
    model = model_of(table.cell(row, "model"))
    if not model:
        table.trouble(row, "no model")
        return
    precision, revision = name(table.cell(row, "precision")), name(table.cell(row, "revision"))
    said = table.cell(row, "model")
    if "<" not in said and model != " ".join(said.split()):
        table.renamed.setdefault(said, model)
    if is_local(model):
        table.shortened[model] = None
    asked = identity(SYSTEM, name=model, precision=precision, revision=revision)
    source = name(table.cell(row, "source")) or table.file
    table.entries.append(entry(model, asked, benchmark, score, source, day_of(table.cell(row, "date")), settings))


def _asked(table: Table, row: Row) -> tuple[str, str, str]:
    """Who was asked: rows that are alike in it are about one thing."""
    return model_of(table.cell(row, "model")), table.cell(row, "precision"), table.cell(row, "revision")


def model_of(cell: str) -> str:
    """A model's name; where the cell holds HTML, its text without the symbols that stand for further links."""
    text = name(cell)
    if "<" not in cell:
        return text
    return " ".join("".join(sign for sign in text if not unicodedata.category(sign).startswith("S")).split())


def day_of(cell: str) -> str:
    """A date or time, ISO 8601; empty where it is none."""
    try:
        return moment_in(cell) or date.fromisoformat(cell[:10]).isoformat()
    except ValueError:
        return ""
