"""How commands and groups of commands behave: what starts them fast, and what they pass on instead of swallowing."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from leaderbench.cli.examples import EXAMPLES


class ReaderGoneError(Exception):
    """Whoever read stdout went away."""


class InterruptedRunError(Exception):
    """Ctrl-C."""


def settle_flags(parameters: list[Any]) -> list[Any]:
    """Make flags that nobody gave False instead of None, which typer would import pydantic (0.1 s) to check."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.default is None:
            parameter.default = False
    return parameters


class Command(TyperCommand):
    """One command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its arguments and options, `--help` included."""
        return settle_flags(super().get_params(ctx))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """At the end of its help: what one may type."""
        if lines := EXAMPLES.get(ctx.command_path):
            with formatter.section("Examples"):
                formatter.write("".join(f"{'':{formatter.current_indent}}{line}\n" for line in lines))


class Group(TyperGroup):
    """Commands under one name; what typer would turn into exit codes of its own is passed on to `main`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options, `--help` included."""
        return settle_flags(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error
        except KeyboardInterrupt as error:
            raise InterruptedRunError from error


def group(name: str | None = None, **settings: Any) -> typer.Typer:
    """A group in the house's manner: plain help, no decorated tracebacks."""
    return typer.Typer(
        name=name,
        cls=Group,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )
