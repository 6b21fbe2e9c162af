"""`leaderbench stability`: how much of an order of models survives the implementation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leaderbench.cli import options, terminal

if TYPE_CHECKING:
    from leaderbench.explain.order.stability import Stability


def stability(
    benchmark: Annotated[
        str | None,
        typer.Option("--benchmark", "-b", metavar="FAMILY", help="Such as mmlu; may be left out with --published."),
    ] = None,
    published: Annotated[
        str | None,
        typer.Option(
            "--published",
            metavar="NAME",
            help="Read a published table, such as huggingface-2023-06, instead of the runs in the store.",
        ),
    ] = None,
    store: options.Store = options.DEFAULT_STORE,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            parser=options.whole(0),
            metavar="N",
            help="Seed of the draws of questions behind the noise ceiling.",
        ),
    ] = 0,
    json: options.Json = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a self-contained page with every chart.")
    ] = None,
) -> None:
    """Say how much of the models' order survives the implementation.

    Compares the orders under all implementations of a benchmark with what noise alone would leave, names the models
    that really change places, and says how few questions decide who is first. Takes the newest runs in the store that
    have the same settings, or a published table.
    """
    from leaderbench.errors import LeaderbenchError

    if benchmark is None and published is None:
        raise LeaderbenchError("Name a benchmark with --benchmark, or a published table with --published.")
    from leaderbench.cli.reports import print_report, write_html
    from leaderbench.explain.order.stability import stability as found_in
    from leaderbench.explain.order.stability_report import report

    found = found_in(store, benchmark, published=published, seed=seed)
    made = report(found)
    if html is not None:
        write_html(made, html)
    if json:
        terminal.print_json(as_json(found))
    else:
        print_report(made)


def as_json(found: "Stability") -> dict[str, Any]:
    """All of a stability as plain values, after the sentence that says what matters."""
    from dataclasses import asdict

    from leaderbench.explain.order.stability_report import answer

    return {"answer": answer(found), **asdict(found)}
