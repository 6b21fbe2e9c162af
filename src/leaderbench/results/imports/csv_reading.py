"""From the rows of a published table to scores: a score a row, or a model a row with a column a benchmark."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from leaderbench.files.regular import UnusableError
from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.imports.csv_certainty import score_of
from leaderbench.results.imports.csv_columns import Column, Scale, column_of, is_nothing, written_number
from leaderbench.results.imports.csv_headers import is_taken, kinds_of, of_one_score, plain
from leaderbench.results.imports.csv_remarks import listed
from leaderbench.results.imports.csv_rows import Row, Table
from leaderbench.results.imports.files import plain_name
from leaderbench.results.imports.scores import COST, entry, identity, published
from leaderbench.results.imports.values import day, moment_in, name, quoted, slug
from leaderbench.results.names import is_local
from leaderbench.results.subjects import facts

SYSTEM = "published"

_metric = re.compile(r"(.+?)\s*\((micro|macro)\)", re.IGNORECASE)
_unit = re.compile(r"^[$€£¥]\s*|\s*(?:[kmg]?g|t|[mµ]?s|h|[kmg]?wh|[kmg]i?b|usd|eur|[$€£¥])$", re.IGNORECASE)


def read_rows(table: Table) -> None:
    """Take every score of a table. Raises `UnusableError` where its columns cannot be told for sure."""
    if "score" in table.columns.facts:
        _read_scores(table, table.columns.facts["score"])
        return
    numeric = _numeric(table)
    benchmark = table.columns.facts.get("benchmark")
    if benchmark is not None and numeric and _tells_apart(table, benchmark):
        for place in numeric:
            _read_scores(table, place, own_metric=len(numeric) > 1)
        return
    table.unkept += [place for key, place in table.columns.facts.items() if key == "benchmark"]
    _refuse_unknown_benchmarks(table, numeric)
    _read_benchmarks(table, numeric)


def _numeric(table: Table) -> dict[int, Column]:
    """The columns that hold numbers, among those that may be scores."""
    found: dict[int, Column] = {}
    for place in table.columns.scores:
        column = column_of(_cells(table, place, table.rows), usual=table.usual)
        numbers = sum(value is not None for value in column.values)
        if numbers > len(column.unreadable) and slug(plain(table.header[place])):
            found[place] = column
        else:
            table.unkept.append(place)
    return found


def _cells(table: Table, place: int, rows: Sequence[Row]) -> list[str]:
    """The cells of a column; of what a model takes without the unit behind or before the numbers, where it is one."""
    cells = [row.cells[place].strip() for row in rows]
    if not is_taken(table.header[place]):
        return cells
    units = {match[0].strip().lower() for cell in cells if (match := _unit.search(cell))}
    return [_unit.sub("", cell) for cell in cells] if len(units) == 1 else cells


def _tells_apart(table: Table, place: int) -> bool:
    """Whether most models stand in several rows, and a column tells the rows of each model apart."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for row in table.rows:
        rows.setdefault(_asked(table, row), []).append(row.cells[place].strip().lower())
    several = [cells for cells in rows.values() if len(cells) > 1]
    return 2 * sum(map(len, several)) > len(table.rows) and all(len({*cells}) == len(cells) for cells in several)


def _refuse_unknown_benchmarks(table: Table, numeric: Mapping[int, Column]) -> None:
    """Raise `UnusableError` where a column that nothing is known of seems to name what each row is a score of."""
    texts = [place for place in table.columns.scores if place not in numeric]
    for place in texts:
        if table.header[place].strip() and _tells_apart(table, place):
            score = quoted(table.header[next(iter(numeric), place)])
            raise UnusableError(
                f"its models stand in several rows each, told apart by column {quoted(table.header[place])}: rename it "
                f"to benchmark if it names the benchmark of a row, and the column of scores ({score}?) to score; to "
                "subset if it names a part of one"
            )


def _refuse_unknown_parts(table: Table, rows: Sequence[Row]) -> None:
    """Raise `UnusableError` where most scores are of one thing by all that is known, and a column that is not tells
    them apart.
    """
    known = [place for key, place in table.columns.facts.items() if key not in (*of_one_score, "score", "source")]
    several: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        several.setdefault(tuple(row.cells[place].strip() for place in known), []).append(row)
    alike = [group for group in several.values() if len(group) > 1]
    if 2 * sum(map(len, alike)) <= len(rows):
        return
    for place in table.columns.unused:
        cells = [[row.cells[place].strip() for row in group] for group in alike]
        words = all(written_number(cell) is None for group in cells for cell in group)
        if words and all(len({*group}) == len(group) for group in cells):
            raise UnusableError(
                f"its models stand in several rows of one benchmark each, told apart by column "
                f"{quoted(table.header[place])}: rename it to subset if it names a part of the benchmark, to metric, "
                "precision or revision if it is that"
            )


def _read_scores(table: Table, place: int, *, own_metric: bool = False) -> None:
    """A table with a score a row; those of one metric of one benchmark have one scale."""
    header = plain(table.header[place])
    default = header if header in ("acc", "accuracy") or own_metric else "score"
    stem = plain_name(table.file.rpartition("/")[2]).rpartition(".")[0]
    groups: dict[tuple[str, Metric], list[Row]] = {}
    for row in table.rows:
        benchmark = table.cell(row, "benchmark") if "benchmark" in table.columns.facts else stem
        family, _, rest = benchmark.partition("/")
        called = benchmark_name(family, table.cell(row, "implementation") or rest)
        groups.setdefault((called, metric_of(table.cell(row, "metric"), default)), []).append(row)
    _refuse_unknown_parts(table, [row for rows in groups.values() for row in rows])
    for (called, metric), rows in groups.items():
        names = {table.cell(row, meaning) for row in rows for meaning in ("benchmark", "metric")}
        label = table.cell(rows[0], "benchmark") or metric.name
        column = _column(table, place, rows, label, (table.header[place], metric.name, *sorted(names)))
        read: list[tuple[Row, Score]] = []
        for row, value in zip(rows, column.values, strict=True):
            if value is not None and not called:
                table.trouble(row, "no benchmark")
            elif value is not None:
                read.append((row, score_of(table, row, place, column, value, metric, alone=not own_metric)))
        for row, score in _with_parts(table, read):
            shots = table.number(row, "shots")
            told = "" if shots is None or shots < 0 else f"{shots:g} shots"
            _add(table, row, called, score, told)


def _with_parts(table: Table, read: Sequence[tuple[Row, Score]]) -> list[tuple[Row, Score]]:
    """Scores of splits and their subsets, as MTEB has them, with the mean of each model that has all of them before
    its parts; a part that is all there is stands for the whole.
    """
    if not {"split", "part"} & table.columns.facts.keys() or "subset" in table.columns.facts:
        return list(read)
    parts: dict[tuple[str, str, str], dict[str, tuple[Row, Score]]] = {}
    for row, score in read:
        parts.setdefault(_asked(table, row), {})[_part(table, row)] = row, score
    names = {name for own in parts.values() for name in own}
    found: list[tuple[Row, Score]] = []
    for own in parts.values():
        row, score = next(iter(own.values()))
        if own.keys() == names:
            found.append((row, score if len(own) == 1 else _mean([score for _, score in own.values()])))
        else:
            table.trouble(row, f"it has {len(own)} of {len(names)} parts, so that there is no score of the whole")
        if len(names) > 1:
            found += [(row, replace(score, subset=name)) for name, (row, score) in own.items()]
    return found


def _part(table: Table, row: Row) -> str:
    split, part = name(table.cell(row, "split")), name(table.cell(row, "part"))
    return split if part in ("", "default") else f"{split}/{part}" if split else part


def _mean(scores: Sequence[Score]) -> Score:
    metric = Metric(scores[0].metric.name, Aggregation.MACRO)
    return published(metric, None, math.fsum(score.estimate for score in scores) / len(scores))


def _read_benchmarks(table: Table, numeric: Mapping[int, Column]) -> None:
    """A table with a model a row."""
    quality = {place: column for place, column in numeric.items() if not is_taken(table.header[place])}
    if not numeric:
        raise UnusableError(f"none of its columns holds numbers of a benchmark: {quoted(', '.join(table.header))}")
    alone = len(quality) == 1
    if not alone:
        table.unkept += [table.columns.facts[key] for key in of_one_score if key in table.columns.facts]
    evaluated = [
        row
        for number, row in enumerate(table.rows)
        if alone or not quality or any(column.values[number] not in (None, 0.0) for column in quality.values())
    ]
    lines = {row.line for row in evaluated}
    for row in table.rows:
        if row.line not in lines:
            table.trouble(row, "every score is 0 or missing, so the model was not evaluated")
    in_time = sorted(evaluated, key=lambda row: day_of(table.cell(row, "date")))
    latest = {_asked(table, row): row.line for row in in_time}
    later = {row.line: latest[_asked(table, row)] for row in evaluated}
    known = kinds_of(table.header)
    kinds: dict[int, tuple[str, str]] = {}
    first = {kind: place for place, kind in reversed([*enumerate(known)]) if place in numeric}
    twice = [table.header[place] for place in numeric if first[known[place]] != place]
    kinds = {place: known[place] for place in numeric if first[known[place]] == place}
    if twice:
        table.remarks.append(f"More than one column is called {listed(dict.fromkeys(twice))}: the first one is read.")
    pools: dict[str, list[float]] = {}
    for place, (_, kind) in kinds.items():
        pools.setdefault(kind, []).extend(value for value in numeric[place].values if value is not None)
    for place, (stem, kind) in kinds.items():
        cost = place not in quality
        like = pools[kind] if kind != "score" else ()
        column = _column(table, place, evaluated, table.header[place], (table.header[place],), like)
        called = benchmark_name(stem.replace(" ", "-"), "")
        metric = Metric(COST if cost else kind, Aggregation.MICRO)
        has = {row.line for row, value in zip(evaluated, column.values, strict=True) if value is not None}
        for row, value in zip(evaluated, column.values, strict=True):
            if value is not None and later[row.line] not in has:
                reason = f"the later row of its model has nothing in column {quoted(table.header[place])}"
                table.trouble(row, f"{reason}, and no row is made of two")
            elif value is not None:
                _add(table, row, called, score_of(table, row, place, column, value, metric, alone=alone and not cost))


def _column(
    table: Table, place: int, rows: Sequence[Row], label: str, names: Sequence[str], like: Sequence[float] = ()
) -> Column:
    """The numbers of a column in these rows, with notes on how they were read."""
    header = quoted(table.header[place])
    scale = Scale.OTHER if is_taken(table.header[place]) else table.scale
    column = column_of(_cells(table, place, rows), names, scale, table.usual, like)
    for number in column.unreadable:
        table.trouble(rows[number], f"column {header} holds no number")
    for number in column.impossible:
        value = written_number(rows[number].cells[place], column.notation)
        table.trouble(rows[number], f"{value:g} in column {header}: no share of right answers is that on any scale")
    troubled = {*column.unreadable, *column.impossible}
    for number, (row, value) in enumerate(zip(rows, column.values, strict=True)):
        if value is None and number not in troubled and place == table.columns.facts.get("score"):
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
    return Metric(slug(called) or slug(default.replace(" ", "_")), Aggregation(kind))


def _add(table: Table, row: Row, benchmark: str, score: Score, settings: str = "") -> None:
    """Keep a score of a row."""
    model = table.names[row.line]
    if not model:
        table.trouble(row, "no model")
        return
    precision, revision = name(table.cell(row, "precision")), name(table.cell(row, "revision"))
    if is_local(model):
        table.shortened[model] = None
    asked = identity(SYSTEM, name=model, precision=precision, revision=revision)
    source = name(table.cell(row, "source")) or table.file
    told = facts(revision=revision, precision=precision.removeprefix("torch."))
    created = day_of(written := table.cell(row, "date"))
    if not created and not is_nothing(written):
        table.trouble(row, f"column {quoted(table.header[table.columns.facts['date']])} has no date that is understood")
    table.entries.append(entry(model, asked, benchmark, score, source, created, settings, told))


def _asked(table: Table, row: Row) -> tuple[str, str, str]:
    """Who was asked: rows that are alike in it are about one thing."""
    return table.names[row.line], table.cell(row, "precision"), table.cell(row, "revision")


def day_of(cell: str) -> str:
    """A date or time, ISO 8601; empty where it is none."""
    return moment_in(cell) or day(cell)
