"""A CSV of published numbers: a score a row, or a model a row with a column for each benchmark.

With a score a row, the columns are model, benchmark and score, and where there are any implementation, metric, subset,
split, n, standard error, low, high, interval, source, date, precision, revision and shots, under the headers of
`csv_headers`; without a column of benchmarks the file's name stands for it. With a model a row, every column of numbers
that is neither a fact about the model, a rank nor an average is a benchmark; of two columns `X Raw` and `X` the first
is the metric `raw` and the other `normalised` of one benchmark, and what a model takes (`CO₂`, `price`) has the metric
`cost`. A benchmark is called `family/implementation-published`, or `family/published` where no implementation is named.

Whether numbers are shares or percent is decided together for all scores of one metric of one benchmark: percent where a
percent sign says so, in a cell, the header or a name (`MATH (%)`, `pct`), or where all lie between 0 and 100 and one is
above 1; shares where all lie between 0 and 1; else the numbers stay as they are, and so do those of metrics of which
less is better, such as a perplexity. What only their size tells is called a guess in the report; `scale` overrules it.
Only where the numbers are known to be shares, by the name of the metric, a percent sign or `scale`, is n alone made
into an interval. -1 is no value where no other number is negative. Decimal commas are told by the other numbers of
their column, then of the file (`csv_columns`).

How sure a number is, its own cell may say (`csv_cells`), a column beside it such as `mmlu_stderr`, or, where a row has
one score, a column of its own (`csv_certainty`).

What a table says of its models themselves, such as their size and licence, is kept beside the scores (`csv_facts`).
"""

import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from leaderbench.files.regular import UnusableError
from leaderbench.results.imports.csv_columns import Scale, usual_notation
from leaderbench.results.imports.csv_facts import facts_of
from leaderbench.results.imports.csv_headers import Columns, columns_of
from leaderbench.results.imports.csv_reading import SYSTEM, read_rows
from leaderbench.results.imports.csv_remarks import left_out, note_averages, note_names, note_reading, note_twins
from leaderbench.results.imports.csv_rows import Row, Table
from leaderbench.results.imports.files import Source, check_count, plain_name, read, text_of
from leaderbench.results.imports.importing import Found, Importing, Paths, import_each
from leaderbench.results.imports.report import Report
from leaderbench.results.imports.values import name, quoted
from leaderbench.results.store import Store

MOST_SCORES = 400_000
"""Scores of a table; 10,000 models with 40 columns each."""

MOST_COLUMNS = 5_000
"""Columns of a table; real ones have some dozen."""

MOST_CELLS = 4_000_000
"""Cells of a table, whatever is in them."""

_markdown = re.compile(r"\s*\[([^\]]+)\]\(\s*(\S*?)\s*\)\s*")
_href = re.compile(r"<a\s[^>]*?href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_rule = re.compile(r"\s*(?::?-{2,}:?)?\s*")
"""A cell of the line between header and rows of a Markdown table."""

_most_above = 10
"""Lines above a header, such as a title, that are passed over."""

_separator = re.compile(r"sep=([,;\t|])", re.IGNORECASE)


def import_csv(
    paths: Paths, store: Store | str | Path, scale: Scale | None = None, encoding: str | None = None
) -> Report:
    """Import tables of published numbers, and of folders every `.csv` and `.tsv` in them.

    `scale` says of all of their scores what they are, where signs, names and sizes of the numbers may not tell, and
    `encoding` how their letters are written where that is neither UTF-8 nor UTF-16 with a byte order mark.

    Raises `LeaderbenchError` where a path does not exist, holds no table, or the store cannot be written; what is wrong
    with a table is in the report.
    """

    def take(importing: Importing, source: Source) -> None:
        data = read(source.path)
        digests = {way: _digest(source.path.name, data, way) for way in (None, *Scale)}
        found = scores_of(text_of(data, encoding), source.name, digests.pop(scale), scale)
        importing.scores(source, replace(found, instead_of=tuple(digests.values())))

    return import_each(paths, store, lambda file: plain_name(file).lower().endswith((".csv", ".tsv")), take)


def _digest(file: str, data: bytes, scale: Scale | None) -> str:
    """Of all that the scores are read from; the file's name may stand for the benchmark."""
    told = [SYSTEM, plain_name(file), *([f"scale {scale.name}"] if scale else [])]
    return hashlib.sha256("\n".join(told).encode("utf-8", "replace") + b"\n" + data).hexdigest()


def scores_of(text: str, file: str, digest: str, scale: Scale | None = None) -> Found:
    """What a table holds. Raises `UnusableError` where it has no column of models, or nothing is said of them."""
    table = table_of(text, file)
    table.scale = scale
    facts = facts_of(table)
    if "score" in table.columns.facts or table.columns.scores:
        try:
            read_rows(table)
        except UnusableError:
            if not facts or table.entries:
                raise
    elif not facts:
        raise UnusableError(f"it has no column of scores; its columns are {quoted(', '.join(table.header))}")
    note_averages(table)
    note_reading(table)
    note_names(table)
    note_twins(table)
    return Found(digest, tuple(table.entries), left_out(table), tuple(table.remarks), facts=facts)


def table_of(text: str, file: str) -> Table:
    """A table with its columns understood. Raises `UnusableError` where they cannot be."""
    delimiter, rows = _rows(text)
    above = next(
        (
            place
            for place, row in enumerate(rows[:_most_above])
            if "model" in columns_of(row.cells[:MOST_COLUMNS]).facts
        ),
        0,
    )
    rows = [row for place, row in enumerate(rows[above:]) if place == 0 or not all(map(_rule.fullmatch, row.cells))]
    if len(rows) < 2:
        raise UnusableError("it has no rows below its header")
    header = rows[0].cells
    check_count(len(header), MOST_COLUMNS, "columns")
    columns = columns_of(header)
    if "model" not in columns.facts:
        turned = columns_of([row.cells[0] for row in rows]).facts.keys() & {"benchmark", "score"} or (
            columns_of(header[:1]).facts.keys() & {"benchmark", "metric"}
        )
        what = "; if each model is a column, turn it round" if turned else ""
        raise UnusableError(
            f"it has no column of models; its columns are {quoted(', '.join(header))}: call that of the models "
            f"`model`{what}"
        )
    check_count(len(rows) * max(1, len(columns.scores)), MOST_SCORES, "scores")
    width = len(header)
    whole = [replace(row, cells=(*row.cells[:width], *[""] * (width - len(row.cells)))) for row in rows[1:]]
    usual = usual_notation(([row.cells[place] for row in whole] for place in range(width)), delimiter)
    table = Table(file, header, columns, whole, usual)
    if above:
        lines = "line" if above == 1 else f"{above} lines"
        table.remarks.append(f"The {lines} above the header {'is' if above == 1 else 'are'} passed over.")
    _name_models(table, columns)
    return table


def _rows(text: str) -> tuple[str, list[Row]]:
    """What divides the columns, and the rows that hold anything."""
    first = next((line for line in io.StringIO(text) if line.strip()), "").rstrip("\r\n")
    if told := _separator.fullmatch(first):
        delimiter, text = told[1], text.lstrip().removeprefix(first)
    else:
        most = max(io.StringIO(text[:10_000]), key=lambda line: max(map(line.count, ",;\t|")), default="")
        first = first if any(map(first.count, ",;\t|")) else most  # a title stands above the header
        delimiter = max(",;\t|", key=lambda sign: (first.count(sign), sign == ","))
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows.extend(
            Row(reader.line_num, tuple(cells)) for cells in _within_bounds(reader) if any(map(str.strip, cells))
        )
    except csv.Error as error:
        raise UnusableError(f"line {reader.line_num}: it is no CSV ({error})") from error
    return delimiter, rows


def _within_bounds(rows: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    cells = 0
    for row in rows:
        cells += len(row)
        check_count(cells, MOST_CELLS, "cells")
        yield row


def _name_models(table: Table, columns: Columns) -> None:
    """The model of each row and the address that its cell links to. Of rows that have one name and link to different
    addresses the name is told apart by these.
    """
    place = columns.facts["model"]
    called: dict[int, tuple[str, str]] = {row.line: model_of(row.cells[place].strip()) for row in table.rows}
    linked: dict[str, set[str]] = {}
    for model, link in called.values():
        linked.setdefault(model, set()).add(link)
    apart = {model for model, links in linked.items() if len(links - {""}) > 1}
    ends = {model: Counter(_end(link) for link in linked[model]) for model in apart}
    for row in table.rows:
        model, link = called[row.line]
        if model in apart and link:
            end = _end(link)
            model = name(f"{model} ({end if ends[model][end] == 1 else link})")
        table.names[row.line] = model
        cell = row.cells[place].strip()
        if model and not _markdown.fullmatch(cell) and "<" not in cell and model != " ".join(cell.split()):
            table.renamed.setdefault(cell, model)
        link = link or (table.cell(row, "source") if table.columns.scores else "")
        if link.startswith(("https://", "http://")):
            table.links[row.line] = name(link)
    if apart:
        table.told_apart = tuple(apart)


def _end(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def model_of(cell: str) -> tuple[str, str]:
    """A model's name and the address that the cell links to: of a Markdown link its text; of HTML the text without the
    symbols that stand for further links. The address is empty where there is none.
    """
    if match := _markdown.fullmatch(cell):
        return name(match[1]), match[2]
    text = name(cell)
    if "<" not in cell:
        return text, ""
    link = _href.search(cell)
    shown = "".join(sign for sign in text if not unicodedata.category(sign).startswith("S"))
    return " ".join(shown.split()), link[1] if link else ""
