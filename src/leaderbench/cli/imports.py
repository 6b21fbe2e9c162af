"""`leaderbench import`: results that other systems recorded."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import commands, options, tables, terminal
from leaderbench.cli.exits import Exit
from leaderbench.records import Json

if TYPE_CHECKING:
    from rich.table import Table

    from leaderbench.results.imports import Imported, Report
    from leaderbench.results.store import Store

LISTED = 20
"""Reasons that are printed; `--json` has all."""


class Scale(StrEnum):
    """What the scores of a table are."""

    PERCENT = "percent"
    SHARE = "share"
    OWN = "own"


app = commands.group(help="Import results of other systems: as runs, or else as scores.")

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH", help="Result files, or folders that hold them at any depth.")
]
Tables = Annotated[list[Path], typer.Argument(metavar="FILE", help="CSV files, or folders of them.")]


@app.command("lm-eval", cls=commands.Command)
def lm_eval(paths: Paths, store: options.Store = options.DEFAULT_STORE, json: options.Json = False) -> int:
    """Import results of lm-evaluation-harness.

    Tasks whose samples_….jsonl lie beside their results_….json become runs, which `leaderbench diff` compares with runs
    made here; of other tasks the scores are imported.
    """
    from leaderbench.results.imports import import_lm_eval

    return _import(import_lm_eval, paths, store, json)


@app.command("open-llm-leaderboard", cls=commands.Command)
def open_llm_leaderboard(paths: Paths, store: options.Store = options.DEFAULT_STORE, json: options.Json = False) -> int:
    """Import scores of the Open LLM Leaderboard, version 1."""
    from leaderbench.results.imports import import_open_llm_leaderboard

    return _import(import_open_llm_leaderboard, paths, store, json)


@app.command("lighteval", cls=commands.Command)
def lighteval(paths: Paths, store: options.Store = options.DEFAULT_STORE, json: options.Json = False) -> int:
    """Import scores of lighteval."""
    from leaderbench.results.imports import import_lighteval

    return _import(import_lighteval, paths, store, json)


@app.command("mteb", cls=commands.Command)
def mteb(paths: Paths, store: options.Store = options.DEFAULT_STORE, json: options.Json = False) -> int:
    """Import scores of MTEB, from folders <org>__<model>/<revision>."""
    from leaderbench.results.imports import import_mteb

    return _import(import_mteb, paths, store, json)


@app.command("csv", cls=commands.Command)
def csv(
    files: Tables,
    scale: Annotated[
        Scale | None,
        typer.Option("--scale", help="What all scores are, where the report calls it a guess; own: as they stand."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="How letters are written where not UTF-8, such as cp1252."),
    ] = None,
    board: Annotated[
        str | None, typer.Option("--board", metavar="NAME", help="Make a board of this name of what the tables hold.")
    ] = None,
    store: options.Store = options.DEFAULT_STORE,
    json: options.Json = False,
) -> int:
    """Import a table of published scores, and what it says of its models.

    Either a score a row, with the columns model, benchmark, score, and if known implementation, metric, subset, split,
    n, standard error, low, high, interval, source, date, precision, revision, shots; or a model a row, with a column a
    benchmark. Size, licence, type, base model and the like are kept as facts of the models.
    """
    from leaderbench.boards import offer
    from leaderbench.results.imports import import_csv
    from leaderbench.results.imports.csv_columns import Scale as Known
    from leaderbench.results.store import Store

    known = {Scale.PERCENT: Known.PERCENT, Scale.SHARE: Known.SHARE, Scale.OWN: Known.OTHER}
    place = Store(store)
    path = offer.free_path(board, place.path) if board else None  # before anything is imported
    report = import_csv(files, place, known[scale] if scale else None, encoding)
    benchmarks = list(dict.fromkeys(item.benchmark for item in report.imported))
    if path is not None and benchmarks:
        offer.make(path, ", ".join(file.stem for file in files), benchmarks, place)
    return _tell(report, json, _how_to_see(offer.showing(benchmarks, place.path), store))


def _how_to_see(boards: Sequence[str], store: Path) -> str:
    """The command that shows what was imported."""
    import shlex

    where = shlex.join(["--store", str(store)])
    if boards:
        return "To see it: " + ", ".join(f"leaderbench board {shlex.quote(name)} {where}" for name in boards)
    return "No board shows all of it: the same command with --board NAME makes one."


def _import(
    bring_in: "Callable[[Sequence[Path], Store], Report]", paths: Sequence[Path], store: Path, json: bool
) -> int:
    from leaderbench.results.store import Store

    return _tell(bring_in(paths, Store(store)), json)


def _tell(report: "Report", json: bool, how_to_see: str = "") -> int:
    """Print a report; the exit code."""
    if json:
        terminal.print_json(as_json(report))
    else:
        print_report(report)
        if report.imported and how_to_see:
            terminal.stdout().print(how_to_see, markup=False, highlight=False, soft_wrap=True)
    return Exit.OK if report.imported or report.models else Exit.INPUT


def as_json(report: "Report") -> dict[str, Json]:
    """All of a report as plain values."""
    return {
        "imported": [
            {
                "file": item.file,
                "model": item.model,
                "benchmark": item.benchmark,
                "run": item.run or None,
                "scores": item.scores,
                "new": item.new,
            }
            for item in report.imported
        ],
        "skipped": [{"file": item.file, "reason": item.reason} for item in report.skipped],
        "remarks": [*report.remarks],
        "models": report.models,
    }


def print_report(report: "Report") -> None:
    """What came in, a line a benchmark; then what was skipped, a line a reason; then remarks."""
    console = terminal.stdout()
    if report.imported:
        console.print(_imported(report))
    if report.skipped:
        console.print(_skipped(report))
    for sentence in report.remarks[:LISTED]:
        console.print(terminal.label(sentence))
    _print_hidden(len(report.remarks), "remarks")
    if not report.imported and not report.models:
        terminal.stderr().print("Nothing was imported.")


def _print_hidden(number: int, what: str) -> None:
    if number > LISTED:
        terminal.stdout().print(f"[dim]{number - LISTED:,} more {what}: --json lists them all.[/dim]")


def _imported(report: "Report") -> "Table":
    numbers = ("files", "models", "runs", "scores", "new scores")
    made = tables.table("imported", *numbers, right=numbers)
    by_benchmark: dict[str, list[Imported]] = {}
    for item in report.imported:
        by_benchmark.setdefault(item.benchmark, []).append(item)
    for benchmark, items in by_benchmark.items():
        made.add_row(
            terminal.label(benchmark),
            f"{len({item.file for item in items}):,}",
            f"{len({item.model for item in items}):,}",
            f"{len({item.run for item in items if item.run}):,}",
            f"{sum(item.scores for item in items):,}",
            f"{sum(item.scores for item in items if item.new):,}",
        )
    return made


def _skipped(report: "Report") -> "Table":
    """One line a reason; the same one for many files is said once, with the first of them."""
    by_reason: dict[str, list[str]] = {}
    for item in report.skipped:
        by_reason.setdefault(item.reason, []).append(item.file)
    made = tables.table("skipped", "times", "why", right=("times",))
    for reason, files in list(by_reason.items())[:LISTED]:
        made.add_row(
            terminal.label(files[0]) + (" …" if len(files) > 1 else ""), f"{len(files):,}", terminal.label(reason)
        )
    if len(by_reason) > LISTED:
        made.add_row(f"[dim]{len(by_reason) - LISTED:,} more[/dim]", "", "[dim]--json lists them all[/dim]")
    return made
