"""Serving a store: a socket of its own, so that what is wrong with the address is said before anything else begins."""

import contextlib
import errno
import ipaddress
import re
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leaderbench import stopping
from leaderbench.errors import LeaderbenchError
from leaderbench.results.store import Store
from leaderbench.web.hosts import Hosts, loopback

if TYPE_CHECKING:
    from uvicorn import Server

    from leaderbench.web.live import LiveStore

usual = 7860
"""The port where nobody names one."""

tries = 100
"""Ports from there on that are tried."""


def listening_somewhere(host: str) -> socket.socket:
    """A socket that listens at the usual port, or at the next one that is free. Raises like `listening`."""
    for port in range(usual, usual + tries):
        try:
            return listening(host, port)
        except TakenError:
            continue
    raise LeaderbenchError(f"Ports {usual} to {usual + tries - 1} of {host} are all taken: choose another with --port.")


waiting = 512
"""Connections that may wait until they are taken."""


grace = 3
"""Seconds that answers under way have when the server ends."""


class TakenError(LeaderbenchError):
    """Another program listens there."""


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `TakenError` where another does, `LeaderbenchError` where it cannot."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise LeaderbenchError(f"{host!r} is no address of this machine: give --host 127.0.0.1 or another.") from error
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(where)
        made.listen(waiting)
    except OSError as error:
        made.close()
        kind_of_error = TakenError if error.errno == errno.EADDRINUSE else LeaderbenchError
        raise kind_of_error(_sentence(error, host, port)) from error
    return made


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken by another program: choose another with --port, or 0 for a free one."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that you do not have: choose one from 1024 on with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: give --host 127.0.0.1 or another."
    return f"Nothing can listen on {host}, port {port}: {error.strerror}."


def address(made: socket.socket) -> str:
    """What a browser on this machine opens."""
    host, port = made.getsockname()[:2]
    plain = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{plain}:{port}"


def is_loopback(made: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ipaddress.ip_address(made.getsockname()[0]).is_loopback


def names(made: socket.socket, host: str, allowed: Sequence[str] = ()) -> tuple[str, ...]:
    """The names that a server there answers to; none where it answers to any.

    One that only this machine reaches answers to this machine's own names, `host` and those `allowed`; one that others
    reach can't know what they call it: it answers to any, unless some are `allowed`.
    """
    if is_loopback(made) or allowed:
        return (*loopback, host, made.getsockname()[0], *allowed)
    return ()


def origins(addresses: Sequence[str]) -> tuple[str, ...]:
    """Each address of a site as its origin: `https://huggingface.co`. Raises `LeaderbenchError` for anything else."""
    for text in addresses:
        # What stands here goes into a header: nothing that could end a word or a rule of it.
        if not re.fullmatch(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?/?", text):
            raise LeaderbenchError(
                f"{text[:100]!r} is no origin of a page that may frame this site: give scheme and host alone, such as "
                "https://huggingface.co."
            )
    return tuple(dict.fromkeys(text.removesuffix("/").lower() for text in addresses))


def serve(store: Store, made: socket.socket, names: Sequence[str] = (), frame_ancestors: Sequence[str] = ()) -> None:
    """Answer until Ctrl-C or the signal to end, then finish what is under way and return.

    With `names`, only requests to one of them are answered. Pages of the origins `frame_ancestors` may show the site
    in a frame.
    """
    from leaderbench.web.live import LiveStore

    live = LiveStore(store)
    threading.Thread(target=_prepare_charts, args=(live,), name="leaderbench-charts", daemon=True).start()
    # While a board is worked out in a thread, readers get the interpreter back twenty times as often as by default.
    sys.setswitchinterval(0.00025)
    server = _server(live, names, frame_ancestors)
    # uvicorn ends in good order by two signals and raises them again once it has ended; here by all that end a process.
    with stopping.handled(server.handle_exit), contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[made])


def _prepare_charts(live: "LiveStore") -> None:
    """Load what draws charts once the store was read, so that nobody waits a second for the first of them."""
    live.looked.wait()
    with contextlib.suppress(Exception):  # a reader who asks for a chart is told what is wrong
        import altair as alt  # noqa: F401 - it takes a while, and pages import it when they need it

        from leaderbench.web import files

        files.compressed("vega.js")


@contextlib.contextmanager
def serving(store: Store | str | Path, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve a store while the block runs, from a thread of its own: `with serving("leaderbench-store") as address:`.

    Port 0 is any free one. Raises `LeaderbenchError` where nothing can listen there.
    """
    from leaderbench.web.live import LiveStore

    with listening(host, port) as made:
        server = _server(LiveStore(store), names(made, host))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [made]}, name="leaderbench-site", daemon=True)
        thread.start()
        try:
            yield address(made)
        finally:
            server.should_exit = True
            thread.join()


def _server(live: "LiveStore", names: Sequence[str], frame_ancestors: Sequence[str] = ()) -> "Server":
    import uvicorn

    from leaderbench.web.application import application
    from leaderbench.web.connections import Connection, accepted_at_once

    class Listening(uvicorn.Server):
        """uvicorn takes as many connections in a row as may wait; here more may wait than it takes."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            for made in sockets or ():
                made.listen(waiting)

    app = application(live, frame_ancestors)
    return Listening(
        uvicorn.Config(
            Hosts(app, names) if names else app,
            http=Connection,
            backlog=accepted_at_once,
            log_level="error",  # what strangers send that is no request is nothing to be told of
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=grace,
            ws="none",
        )
    )
