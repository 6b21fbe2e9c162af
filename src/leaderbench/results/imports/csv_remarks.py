"""What the report of an import says of a table: how its numbers were read, and what of it was not taken."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from leaderbench.results.entries import Entry
from leaderbench.results.imports.csv_columns import Column, Notation, Scale, column_of
from leaderbench.results.imports.csv_headers import is_taken
from leaderbench.results.imports.csv_rows import Table
from leaderbench.results.imports.values import LONGEST_NAME, quoted

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


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
    _note_certainty(table)
    notations = {column.notation for _, _, column in table.read if column.values}
    if Notation.BOTH in notations:
        table.remarks.append(
            "A column has decimal points and decimal commas: each number is read as it must be, and one that could be "
            "either is left out."
        )
    elif Notation.COMMA in notations:
        table.remarks.append("Its numbers are read with decimal commas.")


def _note_certainty(table: Table) -> None:
    """Say what was read beside the numbers, and where shares stand among percent, as far as one can tell."""
    for header, _, column in table.read:
        numbers = np.array([value for value in column.values if value])
        small, large = numbers[np.abs(numbers) <= 1], numbers[np.abs(numbers) > 1]
        if column.scale is Scale.PERCENT and small.size and large.size and 20 * small.max() < large.min():
            are = things(small.size, "number is", "numbers are")
            table.remarks.append(
                f"In {quoted(header)} {are} at most 1 and all others are far above: all are read as percent, and "
                "shares among them have to be written as percent, too."
            )
    if table.with_errors:
        which = listed(table.with_errors)
        table.remarks.append(f"What stands behind ± in {which} is read as the standard error of the number.")
    if table.marked:
        table.remarks.append(f"Marks and words beside the numbers of {listed(table.marked)} are not kept.")
    if table.unsure:
        have = things(table.unsure, "score has", "scores have")
        table.remarks.append(
            f"{have} n and still no interval, since nothing says that it counts right answers: a metric such as acc, a "
            "percent sign or --scale would."
        )


def note_names(table: Table) -> None:
    """Say which names were not kept as they stand, and which columns came to nothing."""
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
    if table.told_apart:
        have = "has" if len(table.told_apart) == 1 else "have"
        table.remarks.append(f"{listed(table.told_apart)} {have} rows with different links: these tell them apart.")
    unkept = sorted({*table.columns.unused, *table.unkept})
    if headers := [table.header[place] for place in unkept if table.header[place].strip()]:
        are = "Column {} is" if len(headers) == 1 else "Columns {} are"
        table.remarks.append(f"{are.format(listed(headers, 40))} not kept.")


def note_averages(table: Table) -> None:
    """Say that averages are left out, and where one is not the mean of any columns of one scale."""
    columns = {
        place: column_of([row.cells[place] for row in table.rows], usual=table.usual)
        for place in table.columns.scores
        if place not in table.unkept and not is_taken(table.header[place])
    }
    for place in table.columns.averages:
        cells = [row.cells[place] for row in table.rows]
        wrong, pairs = _least_wrong(column_of(cells, usual=table.usual), list(columns.values()), _step(cells))
        rows = f"; in {wrong:,} of {pairs:,} rows it is not the mean of the row" if wrong else ""
        table.remarks.append(f"Column {quoted(table.header[place])} is an average and not imported{rows}.")


def _step(cells: Sequence[str]) -> float:
    """What the last decimal of a column is worth."""
    decimals = [len(re.split("[.,]", cell.strip().removesuffix("%"))[-1]) for cell in cells if re.search("[.,]", cell)]
    return float(10.0 ** -min(max(decimals, default=0), 9))


def _least_wrong(average: Column, others: Sequence[Column], step: float) -> tuple[int, int]:
    """In how many of how many rows an average is not the mean of the columns whose mean it mostly is."""
    tables = [
        np.array([[math.nan if value is None else value for value in column.values] for column in group])
        for scale in Scale
        if len(group := [column for column in others if column.scale is scale]) > 1
    ]
    wanted = np.array([math.nan if value is None else value for value in average.values])
    best = (0, 0)
    for values in tables:
        for chosen in _sets(wanted, values):
            count = (~np.isnan(values[chosen])).sum(axis=0)
            judged = ~np.isnan(wanted) & (count > 1)
            means = np.nansum(values[chosen], axis=0)[judged] / count[judged]
            for factor in (1, 100, 0.01):
                off = np.abs(wanted[judged] - factor * means) > 1.02 * step
                if judged.any() and (not best[1] or off.sum() < best[0]):
                    best = int(off.sum()), int(judged.sum())
    return best


def _sets(wanted: Floats, values: Floats) -> list[Booleans]:
    """Columns whose mean an average may be: all, and those that least squares say."""
    everything = np.ones(len(values), dtype=bool)
    whole = ~np.isnan(wanted) & ~np.isnan(values).any(axis=0)
    if whole.sum() < len(values):
        return [everything]
    weights = np.linalg.lstsq(values[:, whole].T, wanted[whole], rcond=None)[0]
    chosen = weights > 0.5 * weights.max()
    return [everything, chosen] if chosen.sum() > 1 else [everything]


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
