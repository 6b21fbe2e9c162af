"""A board's table for other programs and documents: CSV, JSON and Markdown, with exactly what the table holds.

Numbers are written in full, so that they read back as the same numbers; what is not a number is an empty cell, or null.
In CSV a text that a spreadsheet would run as a formula gets an apostrophe in front, and so does a text that begins with
an apostrophe: removing one leading apostrophe gives back every text.
"""

import csv
import io
import math
from collections.abc import Callable, Mapping
from typing import Any

from leaderbench.boards.spec import said
from leaderbench.boards.table import BoardTable, Cell, Place, Standing
from leaderbench.results.export import formula_starts
from leaderbench.text.visible import one_line

formula_like = (*formula_starts, "\n", "＝", "＋", "－", "＠")
"""What a cell of a spreadsheet may not begin with: some read full-width signs as the plain ones."""


def as_csv(
    table: BoardTable, *, normalised: bool = False, facts: Mapping[str, Callable[[Standing], object]] | None = None
) -> str:
    """The table as CSV text with a line a row, lines ending in CRLF as RFC 4180 wants it.

    With `normalised` the values in the columns are those after normalisation; their intervals stay those of the raw.
    `facts` are columns about the models, at the end, by their heads.
    """
    about = facts or {}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    columns = [column.name for column in table.spec.columns]
    parts = [f"{name}{suffix}" for name in columns for suffix in ("", " low", " high", " n", " run")]
    head = ["rank", "rank low", "rank high", "filtered rank", "filtered rank low", "filtered rank high"]
    head += ["name", "model", "identity", "baseline", "score", "score low", "score high"]
    head += ["columns", "mean", "mean over types", *parts, "flags", *about]
    writer.writerow(map(safe, head))
    for row in table.rows:
        cells: list[object] = []
        for cell in row.cells:
            if cell is None:
                cells += [""] * 5
            else:
                value = cell.normalised if normalised else cell.estimate
                cells += [value, cell.low, cell.high, cell.n or None, cell.run]
        place, other = row.static, row.filtered
        writer.writerow(
            map(
                safe,
                [
                    place and place.rank,
                    place and place.low,
                    place and place.high,
                    other and other.rank,
                    other and other.low,
                    other and other.high,
                    row.name,
                    row.model,
                    row.identity,
                    str(row.baseline).lower(),
                    row.score,
                    row.low,
                    row.high,
                    row.columns,
                    row.mean,
                    row.type_mean,
                    *cells,
                    "; ".join(row.flags),
                    *(known(row) for known in about.values()),
                ],
            )
        )
    return text.getvalue()


def safe(value: object) -> object:
    """A cell of a CSV file: nothing for what is unknown, and no text that a spreadsheet would take for a formula."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # no reader of CSV takes it
        return "'" + value if value.startswith(formula_like) else value
    return value


def as_json(table: BoardTable) -> dict[str, Any]:
    """The table as plain values; null stands for a number that does not exist."""
    return {
        "board": table.name,
        "title": dict(table.spec.title),
        "about": dict(table.spec.about),
        "rule": table.spec.rule.value,
        "formula": table.formula.text,
        "formula_version": table.formula.version,
        "rank_intervals": table.mode.value,
        "level": table.level,
        "columns": [
            {
                "name": column.name,
                "title": dict(column.title) or {"en": column.name},
                "sources": list(column.names),
                "direction": column.direction.value,
                "type": column.type,
                "languages": list(column.languages),
                "baselines": [_number(value) for value in baselines],
            }
            for column, baselines in zip(table.spec.columns, table.baselines, strict=True)
        ],
        "rows": [_row(table, row) for row in table.rows],
        "notes": list(table.notes),
    }


def _row(table: BoardTable, row: Standing) -> dict[str, Any]:
    names = [column.name for column in table.spec.columns]
    return {
        "model": row.model,
        "identity": row.identity,
        "name": row.name,
        "facts": dict(row.facts),
        "static_rank": _place(row.static),
        "filtered_rank": _place(row.filtered),
        "rank_interval_from": row.basis.value,
        "baseline": row.baseline,
        "score": _number(row.score),
        "low": _number(row.low),
        "high": _number(row.high),
        "columns": row.columns,
        "mean": _number(row.mean),
        "mean_over_types": _number(row.type_mean),
        "types": {name: _number(value) for name, value in row.types.items()},
        "cells": {
            name: None if cell is None else _cell(cell) for name, cell in zip(names, row.cells, strict=True)
        },
        "flags": list(row.flags),
    }  # fmt: skip


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"rank": place.rank, "low": place.low, "high": place.high, "of": place.of}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "estimate": _number(cell.estimate),
        "low": _number(cell.low),
        "high": _number(cell.high),
        "standard_error": _number(cell.standard_error),
        "normalised": _number(cell.normalised),
        "n": cell.n or None,
        "interval_from_questions": cell.implied,
        "errors": cell.errors,
        "metric": str(cell.metric),
        "provenance": cell.provenance.value,
        "run": cell.run,
        "source": cell.source,
        "created": cell.created,
        "settings": cell.settings,
        "interval_is_about": cell.view.value,
        "other_scores": cell.others,
        "lacks_parts": list(cell.lacking.parts) if cell.lacking else [],
        "counts": cell.lacking is None,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def as_markdown(table: BoardTable, language: str = "en") -> str:
    """The table as a Markdown table with its title, formula and notes; numbers as a reader wants them."""
    titles = [escaped(said(column.title, language) or column.name) for column in table.spec.columns]
    head = ["rank", "95 %", "model", "score", *titles]
    lines = [f"## {escaped(said(table.spec.title, language))}", "", _line(head)]
    lines.append(_line(["---:", "---", "---", *("---:" for _ in range(len(titles) + 1))]))
    share, shares = table.share, table.shares
    for row in table.rows:
        place = row.static
        score = score_text(row, share)
        cells = [
            "" if cell is None else shown(cell.estimate, share=own) + ("*" if cell.lacking else "")
            for cell, own in zip(row.cells, shares, strict=True)
        ]
        ranks = ["", "baseline" if row.baseline else ""] if place is None else [str(place.rank), str(place)]
        lines.append(_line([*ranks, escaped(row.name), score, *cells]))
    lines += ["", f"{escaped(table.formula.text)} (formula version {table.formula.version})"]
    lines += [line for note in table.notes for line in ("", escaped(note))]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def score_text(row: Standing, share: bool) -> str:
    """A row's score with its interval: `54.2 (52.1–56.3)`, shares in percent; empty where there is none."""
    if math.isnan(row.score):
        return ""
    ends = "" if math.isnan(row.low) else f" ({shown(row.low, share=share)}–{shown(row.high, share=share)})"
    return shown(row.score, share=share) + ends


def shown(value: float, *, share: bool | None = None) -> str:
    """A number to one decimal, a small one that is no share to two; a share of one in percent, without its sign. A dash
    where nothing was measured.
    """
    return "–" if math.isnan(value) else figure(value, share=share)


def figure(value: float, digits: int = 1, *, share: bool | None = None) -> str:
    """A number with so many decimals at least. Where nobody says whether it is a share, one between 0 and 1 is."""
    if share is None:
        share = 0 <= value <= 1
    if share:
        return f"{100 * value:,.{digits}f}"
    return f"{value:,.{max(digits, 2) if -10 < value < 10 else digits}f}"


def escaped(text: str) -> str:
    """A text as Markdown that shows it and does nothing else."""
    special = "\\`*_{}[]<>()#+!|~&$"
    return "".join(f"\\{letter}" if letter in special else letter for letter in one_line(text))
