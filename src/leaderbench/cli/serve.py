"""`leaderbench serve`: the site and its REST API."""

from typing import Annotated

import typer

from leaderbench.cli import options, terminal


def serve(
    store: options.Store = options.DEFAULT_STORE,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Where to listen; 0.0.0.0 lets everybody on the network in."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 7860,
) -> None:
    """Show boards, models, runs and every answer of a store in a browser, with a REST API under /api/v1.

    What changes in the store while it is served is picked up. Nothing can be changed from a browser.
    """
    from leaderbench.results.store import Store
    from leaderbench.web import server

    place = Store(store)
    with server.listening(host, port) as made:
        if not place.path.exists():
            there = f"{store} does not exist yet; its boards fill as soon as something is run or imported."
            terminal.stderr().print(there, style="yellow", markup=False, soft_wrap=True)
        if not server.is_loopback(made):
            terminal.stderr().print(
                "Everybody who can reach this machine can read this store: prompts, answers and scores.",
                style="yellow",
                soft_wrap=True,
            )
        terminal.stdout().print(f"{store} is on {server.address(made)} – Ctrl-C ends it.", markup=False, soft_wrap=True)
        server.serve(place, made)
    terminal.stderr().print("Ended.")
