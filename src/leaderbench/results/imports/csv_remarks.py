"""What the report of an import says of a table: how its numbers were read, and what of it was not taken."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from leaderbench.results.entries import Entry
from leaderbench.results.imports.csv_columns import column_of
from leaderbench.results.imports.csv_rows import Table
from leaderbench.results.imports.values import LONGEST_NAME, quoted


def note_reading(table: Table) -> None:
    """Say how the numbers were read, each thing once."""
    kinds: dict[tuple[str, bool], dict[str, None]] = {}
    missing, zeros = Counter[str](), Counter[str]()
    long = "score" in table.columns.facts
    for header, label, column in table.read:
        if any(value is not None for value in column.values):
            kinds.setdefault((column.scale, column.guessed), {})[label if long else header] = None
        missing[header] += column.missing
        zeros[header] += column.values.count(0.0)
    for (scale, guessed), labels in kinds.items():
        guess = "; this is a guess, since no percent sign says what it is, and --scale overrules it" if guessed else ""
        if long:
            column_name = quoted(table.header[table.columns.facts["score"]])
            parts = f" for {listed(labels)}" if len(kinds) > 1 else ""
            table.remarks.append(f"Column {column_name} is read as {scale}{parts}{guess}.")
        else:
            are = "Column {} is" if len(labels) == 1 else "Columns {} are"
            table.remarks.append(f"{are.format(listed(labels))} read as {scale}{guess}.")
    for value, meaning, counts in (("-1", "no value", missing), ("0", "a score of 0", zeros)):
        for header, number in counts.items():
            if number:
                rows = things(number, "row", "rows")
                table.remarks.append(f"{value} in column {quoted(header)} is read as {meaning} ({rows}).")
    if table.renamed:
        names = things(len(table.renamed), "name of a model is", "names of models are")
        first = quoted(next(iter(table.renamed.values())))
        table.remarks.append(
            f"{names} not kept as written, for control characters or more than {LONGEST_NAME} letters; "
            f"the first is now {first}."
        )
    if table.shortened:
        are = "looks like a folder, and is" if len(table.shortened) == 1 else "look like folders, and are"
        table.remarks.append(f"{listed(table.shortened)} {are} shown by the last part where that is unique.")
    if table.unsure:
        have = things(table.unsure, "score has", "scores have")
        table.remarks.append(
            f"{have} n and still no interval, since nothing says that it counts right answers: a metric such as acc, a "
            "percent sign or --scale would."
        )


def note_averages(table: Table) -> None:
    """Say that averages are left out, and how many of them are not what they say."""
    for place in table.columns.averages:
        column = column_of([row.cells[place] for row in table.rows])
        others = [column_of([row.cells[other] for row in table.rows]) for other in table.columns.scores]
        others = [other for other in others if len(other.values) > 2 * len(other.unreadable)]
        pairs = []
        for number, value in enumerate(column.values):
            parts = [part for other in others if (part := other.values[number]) is not None]
            if value is not None and len(parts) > 1:
                pairs.append(abs(value - math.fsum(parts) / len(parts)) > 0.051)
        wrong = f"; in {sum(pairs):,} of {len(pairs):,} rows it is not the mean of the row" if any(pairs) else ""
        table.remarks.append(f"Column {quoted(table.header[place])} is an average and not imported{wrong}.")


def note_twins(table: Table) -> None:
    """Leave out scores that stand there twice, and say where a model has several of one benchmark."""
    kept: dict[tuple[str, ...], list[Entry]] = {}
    for item in table.entries:
        score = item.score
        key = (item.model, item.identity, item.benchmark, str(score.metric), str(score.subset))
        kept.setdefault(key, []).append(item)
    # Of those that are alike the last stays, so that the last value of the table is the last one kept.
    unique = [[*{repr(item): item for item in reversed(items)}.values()][::-1] for items in kept.values()]
    equal = len(table.entries) - sum(map(len, unique))
    several = sum(len(items) > 1 for items in unique)
    if equal:
        are = things(equal, "score stands there twice, and is", "scores stand there twice, and are")
        table.remarks.append(f"{are} imported once.")
    if several:
        stand = things(several, "score stands", "scores stand")
        table.remarks.append(f"{stand} there with different values: all are imported, and boards show the later.")
    table.entries = [item for items in unique for item in items]


def left_out(table: Table) -> tuple[str, ...]:
    """What could not be used, each reason with its lines."""
    return tuple(_lines(lines) + reason for reason, lines in table.troubles.items())


def _lines(troubled: Sequence[int]) -> str:
    lines = sorted(set(troubled))
    return f"line {lines[0]}: " if len(lines) == 1 else f"{len(lines):,} lines, the first {lines[0]}: "


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in a sentence, the first few of them: `'a', 'b' and 3 more`."""
    found = [quoted(name) for name in names]
    if len(found) > most:
        return f"{', '.join(found[:most])} and {len(found) - most:,} more"
    return " and ".join(filter(None, [", ".join(found[:-1]), found[-1]]))


def things(number: int, one: str, many: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {one if number == 1 else many}"
