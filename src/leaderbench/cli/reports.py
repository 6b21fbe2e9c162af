"""A report in the terminal, as JSON, and as a page in a file."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leaderbench.cli import tables, terminal
from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report import cells
from leaderbench.explain.report.values import Bar, Cell, Flip, Flips, Report, Table, Text, Version
from leaderbench.records import Json, finite
from leaderbench.text.visible import one_line, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text as RichText

FLIPS_SHOWN = 10
"""Flipped questions that the terminal lists."""

ANSWER_WIDTH = 10
"""Characters of an answer that it shows."""

ID_WIDTH = 26
"""Characters of a question's id that are kept on one line."""

gap = (0, 1, 0, 0)
"""Free characters around a cell: above, right, below, left."""

LAYOUTS = ((200, 24), (40, 16), (24, 16), (24, 10), (16, 10), (24, 0), (16, 0))
"""Characters that a column of text and a bar may take; the first pair with which a table fits is taken."""


def print_report(report: Report) -> None:
    """The answer first, then tables and flips; charts are for the page, and a table beside each says the same."""
    console = terminal.stdout()
    console.print(_text(report.answer, "bold"))
    for section in report.sections:
        match section:
            case Table():
                if section.in_terminal:
                    print_table(section, console)
            case Flips():
                print_flips(section, console)
            case Text():
                console.print()
                console.print(_text(section.title, "bold"))
                console.print(_text(" ".join(section.sentences)))
    print_facts(report.facts, console)


def _text(content: str, style: str = "") -> "RichText":
    from rich.text import Text as RichText

    return RichText(visible(content), style=style)


def _cell(content: str, style: str = "") -> "RichText":
    from rich.text import Text as RichText

    return RichText(one_line(content), style=style)


def print_table(table: Table, console: "Console") -> None:
    """A table that fits: text is broken and bars get shorter where there is little room, then rows become blocks."""
    console.print()
    console.print(_text(table.title, "bold"))
    fitting = (made for made in (grid(table, *layout, console) for layout in LAYOUTS) if _fits(made, console))
    if not table.rows:
        console.print("Nothing to list.")
    elif made := next(fitting, None):
        console.print(made)
    else:
        print_blocks(table, console)
    if table.note:
        console.print(_text(table.note, "dim"))


def _fits(made: "RichTable", console: "Console") -> bool:
    from rich.measure import Measurement

    return Measurement.get(console, console.options.update(max_width=10_000), made).maximum <= console.width


def grid(table: Table, text_width: int, bar_width: int, console: "Console") -> "RichTable":
    """The table, its text in columns of up to `text_width`, a bar of `bar_width` characters beside each `Bar`."""
    made = tables.table()
    made.padding = gap
    columns: list[list[RichText]] = []
    for place, name in enumerate(table.columns):
        column = cells.column(table, place)
        bars, signed = cells.bars(column), cells.is_signed(cells.bars(column))
        written = [cells.text(cell, signed=signed) for cell in column]
        numeric = cells.is_numeric(column)
        columns.append([_cell(cells.minus(text) if numeric else text) for text in written])
        if numeric:
            widest = max((text.cell_len for text in columns[-1]), default=0)
            made.add_column(_broken(name, max(widest, 8)), justify="right", no_wrap=True)
        else:
            made.add_column(_cell(name), overflow="fold", max_width=text_width)
        if bars:
            made.add_column("95 %", justify="right", no_wrap=True)
            columns.append([_cell(_interval(cell, signed=signed)) for cell in column])
        if bars and bar_width:
            made.add_column("", no_wrap=True)
            columns.append(drawn_bars(column, bar_width, ascii_only=console.options.ascii_only))
    for row in zip(*columns, strict=True):
        made.add_row(*row)
    return made


def _interval(cell: Cell, *, signed: bool) -> str:
    return cells.interval(cell, signed=signed) if isinstance(cell, Bar) else ""


def _broken(name: str, width: int) -> "RichText":
    """A column's name in lines of about `width` characters."""
    from textwrap import wrap

    from rich.text import Text as RichText

    return RichText("\n".join(wrap(one_line(name), width, break_long_words=False)))


def print_blocks(table: Table, console: "Console") -> None:
    """A table whose columns do not fit beside each other: a block of lines for each row."""
    columns = [cells.column(table, place) for place in range(len(table.columns))]
    signed = [cells.is_signed(cells.bars(column)) for column in columns]
    for row in zip(*columns, strict=True):
        console.print()
        console.print(_cell(f"{table.columns[0]}: {cells.text(row[0], signed=signed[0])}", "bold"))
        for name, cell, sign in list(zip(table.columns, row, signed, strict=True))[1:]:
            interval = _interval(cell, signed=sign)
            if cell is None or cell == "":
                continue
            console.print(_cell(f"  {name}: {cells.text(cell, signed=sign)}{f' ({interval})' if interval else ''}"))
    console.print()


def drawn_bars(column: Sequence[Cell], width: int, *, ascii_only: bool = False) -> "list[RichText]":
    """The bars of a column around a common zero, those below it to the left, in at most `width` characters."""
    from rich.text import Text as RichText

    low, high = cells.scale([_without_interval(bar) for bar in cells.bars(column)])
    room = width - 1
    left = 0 if low == 0 else room if high == 0 else min(max(1, round(room * -low / (high - low))), room - 1)
    unit = max(-low / left if left else 0.0, high / (room - left) if left < room else 0.0)
    drawn = []
    for cell in column:
        if not isinstance(cell, Bar) or not math.isfinite(cell.value):
            drawn.append(RichText(""))
            continue
        bar = _blocks(abs(cell.value) / unit, below=cell.value < 0, ascii_only=ascii_only)
        before = bar.rjust(left) if cell.value < 0 else " " * left
        after = "" if cell.value < 0 else bar
        colour = "yellow" if cell.value < 0 else "blue"
        zero = "|" if ascii_only else "│"
        drawn.append(RichText.assemble((before, colour), (zero, "dim"), (after, colour)))
    return drawn


def _without_interval(bar: Bar) -> Bar:
    return dataclasses.replace(bar, low=math.nan, high=math.nan)


def _blocks(length: float, *, below: bool, ascii_only: bool) -> str:
    if ascii_only:
        return "#" * round(length)
    halves = round(2 * length)
    half = "▐" if below else "▌"
    full = "█" * (halves // 2)
    if halves % 2 == 0:
        return full
    return half + full if below else full + half


def print_flips(section: Flips, console: "Console") -> None:
    """The first flipped questions, a line each, and how to see the rest."""
    console.print()
    console.print(_text(section.title, "bold"))
    shown = section.flips[:FLIPS_SHOWN]
    if shown:
        plain = console.options.ascii_only
        layouts = ((ID_WIDTH, 40), (ID_WIDTH, 16), (ID_WIDTH, 12), (18, 12))
        choices = (flips_grid(shown, *layout, ascii_only=plain) for layout in layouts)
        if made := next((made for made in choices if _fits(made, console)), None):
            console.print(made)
        else:
            for flip in shown:
                console.print(flip_line(flip, ascii_only=plain))
            console.print()
    console.print(_text(rest(section), "dim"))


def flips_grid(flips: Sequence[Flip], id_width: int, cause_width: int, *, ascii_only: bool) -> "RichTable":
    """A line a question, ids and causes broken at these widths."""
    made = tables.table()
    made.padding = gap
    made.add_column("question", overflow="fold", max_width=id_width)
    made.add_column("cause", overflow="fold", max_width=cause_width)
    made.add_column("answers", no_wrap=True)
    made.add_column("margins", justify="right", no_wrap=True)
    made.add_column("near\ntie", no_wrap=True)
    for flip in flips:
        made.add_row(
            _cell(flip.example_id),
            _cell(flip.cause),
            _answers(flip, ascii_only=ascii_only),
            _margins(flip, ascii_only=ascii_only),
            _cell("yes" if flip.near_tie else "", "yellow"),
        )
    return made


def flip_line(flip: Flip, *, ascii_only: bool) -> "RichText":
    """A question as running text, where there is no room for columns."""
    from rich.text import Text as RichText

    said, margins = _answers(flip, ascii_only=ascii_only), _margins(flip, ascii_only=ascii_only)
    name, cause = _cell(flip.example_id, "bold"), _cell(f" ({flip.cause}): ")
    return RichText.assemble(name, cause, said, ", margins ", margins, ", near tie" if flip.near_tie else "")


def rest(section: Flips) -> str:
    """How many flips there are and where those are that the terminal does not list."""
    shown, listed, total = min(len(section.flips), FLIPS_SHOWN), len(section.flips), section.total
    count = f"{total:,} flip{'' if total == 1 else 's'}"
    if shown < total:
        count = f"{shown:,} of {count}" if shown else count
    sentences = [f"{count}."]
    if listed:
        which = "both prompts of each" if listed == 1 else f"both prompts of {listed:,}"
        sentences.append(f"--html FILE shows {which}, with what differs marked; --json lists them.")
    return " ".join([*sentences, section.note]).strip()


def _answers(flip: Flip, *, ascii_only: bool) -> "RichText":
    from rich.text import Text as RichText

    signs, arrow = (("right", "wrong"), "->") if ascii_only else (("✓", "✗"), "→")

    def said(version: Version) -> "RichText":
        line = one_line(version.answer.strip())
        line = line if len(line) <= ANSWER_WIDTH else line[: ANSWER_WIDTH - 1] + "…"
        verdict = (signs[0], "green") if version.right else (signs[1], "red")
        return RichText.assemble(line, " ", verdict)

    return RichText.assemble(said(flip.a), f" {arrow} ", said(flip.b))


def _margins(flip: Flip, *, ascii_only: bool) -> "RichText":
    return _cell((" -> " if ascii_only else " → ").join(_two_digits(version.margin) for version in (flip.a, flip.b)))


def _two_digits(margin: float) -> str:
    return cells.nothing if math.isnan(margin) else f"{margin:.2g}".replace("e-0", "e-")


def print_facts(facts: Iterable[tuple[str, str]], console: "Console") -> None:
    """What the report was made from, name beside value."""
    from rich.table import Table as RichTable

    rows = list(facts)
    if not rows:
        return
    made = RichTable.grid(padding=(0, 2))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(_cell(name, "dim"), _cell(value, "dim"))
    console.print()
    console.print(made)


def report_as_json(report: Report) -> dict[str, Json]:
    """The whole report as plain values, charts with their data; a section's `kind` is its type in small letters.

    NaN and infinities become null.
    """
    made: dict[str, Json] = {"title": report.title, "answer": report.answer}
    made["facts"] = [{"name": name, "value": value} for name, value in report.facts]
    made["sections"] = [
        {"kind": type(section).__name__.lower()} | finite(dataclasses.asdict(section)) for section in report.sections
    ]
    return made


def check_target(path: Path) -> None:
    """Raise `LeaderbenchError` for a file that a report cannot be written to, before anything is computed for it."""
    if path.is_dir():
        raise LeaderbenchError(
            f"{path} is a folder: give --html the name of a file in it, such as {path / 'report.html'}."
        )
    if not path.parent.exists():
        raise LeaderbenchError(
            f"There is no folder {path.parent} for the report: create it or give another --html FILE."
        )


def write_html(report: Report, path: Path) -> None:
    """Write the report as a page: a reader of `path` sees the old file or the whole new one. Says where on stderr.

    LeaderbenchError where the file cannot be written.
    """
    from leaderbench.explain.report.html import to_html
    from leaderbench.results.files import replace_durably, said_plainly

    check_target(path)
    page = to_html(report).encode()
    with said_plainly(path, "--html FILE"):
        if path.exists() and not path.is_file():  # a pipe or a device is written into
            path.write_bytes(page)
        else:
            replace_durably(path.resolve() if path.is_symlink() else path, page)
    terminal.stderr().print(_text(f"Report: {path}"), soft_wrap=True)
