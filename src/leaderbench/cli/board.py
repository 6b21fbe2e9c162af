"""`leaderbench board`: a leaderboard in the terminal, or as CSV, JSON or Markdown."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, tables, terminal
from leaderbench.errors import LeaderbenchError

if TYPE_CHECKING:
    from rich.table import Table

    from leaderbench.boards.table import BoardTable, Standing


USUAL_TOP = 50
"""Rows of a board that a terminal is shown where nobody says how many."""


class Rank(StrEnum):
    """What the rank intervals are about."""

    SIMULTANEOUS = "simultaneous"
    MARGINAL = "marginal"


def board(
    name: Annotated[
        str | None, typer.Argument(help="The board; without one, the boards there are.", metavar="NAME")
    ] = None,
    store: options.StoreToRead = options.DEFAULT_STORE,
    rank: Annotated[
        Rank,
        typer.Option(
            "--rank",
            help="simultaneous: all ranks lie in their intervals at once; marginal: each model's for itself, narrower.",
        ),
    ] = Rank.SIMULTANEOUS,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
    json: options.Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table on stdout.")] = False,
    all_columns: Annotated[
        bool, typer.Option("--all-columns", help="Every column, also where the terminal is too narrow for all.")
    ] = False,
    columns: Annotated[
        str,
        typer.Option("--columns", metavar="A,B", help="Make the board of these of its columns alone, by title or key."),
    ] = "",
    sort: Annotated[
        str, typer.Option("--sort", metavar="COLUMN", help="Order the rows by this column, by title or key.")
    ] = "",
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="Only models with all these words in their name.")
    ] = "",
    top: Annotated[
        int | None,
        typer.Option(
            "--top", parser=options.whole(1), metavar="N", help="The first N rows; in a terminal 50 where not given."
        ),
    ] = None,
) -> None:
    """Show a leaderboard: ranks with their intervals, and scores.

    Every benchmark is a board by itself: `leaderbench board mmlu/harness`.

    Models whose rank intervals overlap may not be told apart by these scores. A file NAME.toml in the folder `boards`
    of the store is a board of your own.
    """
    if csv + json + markdown > 1:
        raise LeaderbenchError("Choose one of --csv, --json and --markdown.")
    if name is None:
        if csv or markdown:
            raise LeaderbenchError("Name a board; `leaderbench board` lists those there are.")
        print_boards(store_path(store), json=json)
        return
    from leaderbench.boards import export
    from leaderbench.boards.ranks import Mode
    from leaderbench.boards.stored import board_table, command

    chosen = [key.strip() for key in columns.split(",") if key.strip()]
    whole = board_table(name, store, mode=Mode(rank.value), columns=chosen)
    if top is None and not (csv or json or markdown) and sys.stdout.isatty():
        top = USUAL_TOP
    table = part_of(whole, sort=sort, search=search, top=top)
    if json:
        terminal.print_json(export.as_json(table))
    elif csv:
        terminal.write(export.as_csv(table))
    elif markdown:
        terminal.write(export.as_markdown(table))
    elif table.rows:
        print_table(table, all_columns=all_columns)
        print_rest(whole, table)
    if whole.rows and not table.rows:
        terminal.stderr().print(f"No model of {len(whole.rows):,} is called {search!r}.", markup=False, soft_wrap=True)
    elif not table.rows:
        said = f"The board {table.name} has no scores in {store} yet. Make some: "
        terminal.stderr().print(said + command(table.name, table.spec, str(store)), markup=False, soft_wrap=True)
        for note in table.notes:
            terminal.warn(note)


def part_of(table: "BoardTable", *, sort: str, search: str, top: int | None) -> "BoardTable":
    """Some rows of a board in an order of one's own; ranks stay those of the whole board."""
    import math
    from dataclasses import replace

    from leaderbench.boards.spec import Direction
    from leaderbench.boards.stored import column_place

    rows = [row for row in table.rows if all(word in row.name.lower() for word in search.lower().split())]
    if sort:
        place = column_place(table.name, table.spec, sort)
        sign = 1 if table.spec.columns[place].direction is Direction.LOWER else -1

        def key(row: "Standing") -> float:
            cell = row.cells[place]
            return math.inf if cell is None or math.isnan(cell.estimate) else sign * cell.estimate

        rows.sort(key=key)
    return replace(table, rows=tuple(rows[:top]))


def print_rest(whole: "BoardTable", shown: "BoardTable") -> None:
    """What a reader of a table in the terminal may look for: the rows that are left out, and a board with ranks."""
    console = terminal.stdout()
    if left := len(whole.rows) - len(shown.rows):
        console.print(f"[dim]{left:,} of {len(whole.rows):,} rows are not shown; --top and --search choose.[/dim]")
    models = [row for row in whole.rows if not row.baseline]
    if not models or any(row.ranked for row in models) or len(whole.spec.columns) < 2:
        return
    filled = [sum(row.cells[place] is not None for row in whole.rows) for place in range(len(whole.spec.columns))]
    fullest = whole.spec.columns[filled.index(max(filled))].name
    words = f"leaderbench board {whole.name} --columns {fullest}"
    console.print(
        f"No model has every column, so none has a rank; one column has: {words}", markup=False, soft_wrap=True
    )


def store_path(store: Path) -> Path:
    """Where a store is; LeaderbenchError where that is a file."""
    from leaderbench.results.store import Store

    return Store(store).path


def print_boards(store: Path, *, json: bool) -> None:
    """Every board; a file that cannot be used is said on stderr and hides no other."""
    from leaderbench.boards.reading import boards
    from leaderbench.boards.spec import said

    found = boards(store)
    if json:
        terminal.print_json(
            [
                {
                    "name": item.name,
                    "title": dict(item.spec.title) if item.spec else {},
                    "rule": item.spec.rule.value if item.spec else None,
                    "columns": [column.name for column in item.spec.columns] if item.spec else [],
                    "own": item.own,
                    "overrides": item.overrides,
                    "path": item.path,
                    "problem": item.problem,
                }
                for item in found
            ]
        )
        return
    made = tables.table("board", "title", "rule", "columns", right=("columns",))
    for item in found:
        if item.spec is not None:
            mark = " (yours, instead of the shipped one)" if item.overrides else " (yours)" if item.own else ""
            title = terminal.label(said(item.spec.title))
            made.add_row(terminal.label(item.name), title + mark, item.spec.rule.value, str(len(item.spec.columns)))
    terminal.stdout().print(made)
    for item in found:
        if item.problem:
            terminal.warn(item.problem)


def print_table(table: "BoardTable", *, all_columns: bool) -> None:
    """The board as wide as the terminal: columns that don't fit are left out, and that is said."""
    from dataclasses import replace

    from rich.measure import Measurement

    from leaderbench.boards.spec import said

    console = terminal.stdout()
    if all_columns:
        console.width = 10_000
    console.print(f"\n[bold]{terminal.label(said(table.spec.title))}[/bold]")
    count = len(table.spec.columns)
    longest = sorted(table.rows, key=lambda row: -len(row.name))[:20]
    sample = replace(table, rows=(*table.rows[:200], *longest))  # measuring 10,000 rows takes longer than it is worth
    name_width = 48 if console.width > 100 else 30
    while True:
        made = grid(sample, count, name_width)
        wide = Measurement.get(console, console.options.update(max_width=10_000), made).maximum
        if wide <= console.width or count == 0:
            break
        count -= 1
    if all_columns:
        console.width = max(wide, 80)
    console.print(grid(table, count, name_width))
    if count < len(table.spec.columns):
        left = [column.name for column in table.spec.columns[count:]]
        console.print(
            f"[dim]Left out for want of room: {terminal.label(', '.join(left))}; --all-columns shows them.[/dim]"
        )
    console.print(f"[dim]{terminal.label(table.formula.text)} Formula version {table.formula.version}.[/dim]")
    for note in table.notes:
        console.print(f"[dim]{terminal.label(note)}[/dim]")


def grid(table: "BoardTable", count: int, name_width: int) -> "Table":
    """The table with the first `count` of its columns, names cut to so many letters."""
    from leaderbench.boards.export import shown
    from leaderbench.boards.spec import said
    from leaderbench.results.names import short_names
    from leaderbench.text.visible import one_line

    columns = table.spec.columns[:count]
    counting = sum(column.ranked for column in table.spec.columns)
    incomplete = any(row.columns < counting for row in table.rows)
    made = tables.table("rank", "interval", "model", "score", "95 %", right=("rank", "score"))
    made.columns[1].no_wrap = True
    if incomplete:
        made.add_column("columns", justify="right", no_wrap=True)
    for column in columns:
        made.add_column(terminal.label(clipped(said(column.title) or column.name)), justify="right")
    short = short_names(dict.fromkeys(row.model for row in table.rows))
    share, shares = table.share, table.shares
    flagged = any(row.flags for row in table.rows)
    if flagged:
        made.add_column("remarks", overflow="fold")
    for row in table.rows:
        place = row.static
        ranks = ("", "") if place is None else (str(place.rank), str(place))
        name = terminal.label(clipped(one_line(short[row.model] + row.name.removeprefix(row.model)), name_width))
        cells = [
            "" if cell is None else shown(cell.estimate, share=own) + ("*" if cell.lacking else "")
            for cell, own in zip(row.cells[:count], shares, strict=False)
        ]
        style = "dim" if row.baseline else None
        extra = [f"{row.columns} of {counting}"] if incomplete else []
        remarks = [terminal.label("; ".join(row.flags))] if flagged else []
        made.add_row(*ranks, name, *score_texts(row, share), *extra, *cells, *remarks, style=style)
    return made


def clipped(text: str, most: int = 40) -> str:
    """A name with its middle left out where it is very long."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[len(text) - most // 2 + 1 :]}"


def score_texts(row: "Standing", share: bool) -> tuple[str, str]:
    """A row's score and its interval."""
    import math

    from leaderbench.boards.export import shown

    if math.isnan(row.score):
        return "", ""
    ends = "–" if math.isnan(row.low) else f"{shown(row.low, share=share)}–{shown(row.high, share=share)}"
    return shown(row.score, share=share), ends
