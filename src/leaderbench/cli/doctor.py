"""`leaderbench doctor`: is everything here that a run needs?"""

from typing import TYPE_CHECKING, Annotated

import typer

from leaderbench.cli import options, terminal
from leaderbench.cli.exits import Exit

if TYPE_CHECKING:
    from leaderbench.cli.checks import Check

styles = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="MODEL", help="Load this one instead of a bundled model.")
    ] = None,
    store: options.Store = options.DEFAULT_STORE,
    datasets: options.Datasets = None,
    json: options.Json = False,
) -> None:
    """Check that everything is here that a run needs.

    Versions, device, memory, disk, datasets, and loading a model. Exit code 3 where there is a problem.
    """
    from dataclasses import asdict

    from leaderbench.cli import checks

    done = []
    for check in checks.all_checks(store, datasets, model):
        done.append(check)
        if not json:
            print_check(check)
    problems = sum(check.health is checks.Health.PROBLEM for check in done)
    if json:
        terminal.print_json({"problems": problems, "checks": [asdict(check) for check in done]})
    else:
        say = "everything is fine" if not problems else f"{problems} problem{'s' if problems > 1 else ''} to mend"
        terminal.stdout().print(f"\n{say}", style="red" if problems else "green")
    if problems:
        raise typer.Exit(Exit.MACHINE)


def print_check(check: "Check") -> None:
    """One row, as soon as it is known; what to do stands under it."""
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 2))
    row.add_column(width=8)
    row.add_column(width=12)
    row.add_column(overflow="fold")
    row.add_row(Text(check.health.value, style=styles[check.health.value]), check.name, Text(check.found))
    if check.advice:
        row.add_row("", "", Text(f"→ {check.advice}", style="dim"))
    terminal.stdout().print(row)
