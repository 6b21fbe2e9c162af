"""`leaderbench help`: the same as `--help`, for those who type it so."""

from typing import Annotated, Any

import typer

from leaderbench.errors import LeaderbenchError


def manual(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(help="A command, such as run, or import csv.", metavar="COMMAND")
    ] = None,
) -> None:
    """Show how a command is used."""
    place: Any = context.parent
    for word in command or ():
        commands = getattr(place.command, "commands", {})
        if word not in commands:
            from leaderbench.benchmarks.nearest import suggestion

            raise LeaderbenchError(f"{place.command_path} has no command {word!r}{suggestion(word, list(commands))}")
        place = place.command.context_class(commands[word], info_name=word, parent=place)
    typer.echo(place.get_help())
