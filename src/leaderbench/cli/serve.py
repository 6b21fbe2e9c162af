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
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            parser=options.whole(0, 65535),
            metavar="PORT",
            help="7860, or the next one that is free, where not given; 0 takes any free one.",
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            metavar="NAME",
            help="A name by which browsers may call this server; may be repeated. On 127.0.0.1 that is localhost and "
            "nothing else if not given, elsewhere any.",
        ),
    ] = None,
    frame_ancestor: Annotated[
        list[str] | None,
        typer.Option(
            "--frame-ancestor",
            metavar="URL",
            help="A site whose pages may show this one in a frame, such as https://huggingface.co for a Space; may be "
            "repeated. None may if not given.",
        ),
    ] = None,
) -> None:
    """Show boards, models, runs and every answer in a browser.

    A REST API is under /api/v1. What changes in the store while it is served is picked up. Nothing can be
    changed from a browser.
    """
    from leaderbench.results.store import Store
    from leaderbench.web import server
    from leaderbench.web.connections import shortage

    place = Store(store)
    ancestors = server.origins(frame_ancestor or ())
    with server.listening_somewhere(host) if port is None else server.listening(host, port) as made:
        if port is None and (taken := made.getsockname()[1]) != server.usual:
            said = f"Port {server.usual} is taken by another program: this is the next free one, {taken}."
            terminal.warn(said)
        if not place.path.exists():
            there = f"{store} does not exist yet; its boards fill as soon as something is run or imported."
            terminal.warn(there)
        if not server.is_loopback(made):
            terminal.stderr().print(
                "Everybody who can reach this machine can read this store: prompts, answers and scores.",
                style="yellow",
                soft_wrap=True,
            )
        if few := shortage():
            terminal.warn(few)
        terminal.stdout().print(f"{store} is on {server.address(made)} – Ctrl-C ends it.", markup=False, soft_wrap=True)
        server.serve(place, made, server.names(made, host, allowed_host or ()), ancestors)
    terminal.stderr().print("Ended.")
