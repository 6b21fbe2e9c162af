"""What the server does with a connection: how many there may be, and how long a request may take to arrive.

uvicorn waits for ever for the end of a request, and takes connections until the process may open no more files: then
it answers nobody. Here a request that does not arrive in time is ended, and where there is no room left the reader who
has kept the server waiting longest makes way for the next one.
"""

import asyncio
from functools import cache
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from leaderbench.web.conditional import security

patience = 15.0
"""Seconds within which a whole request has to be there, from the connection or its first byte on."""

accepted_at_once = 8
"""Connections that the event loop takes in a row. It takes a few rows before the first of them can be turned away."""

own_files = 64
"""Open files that the store, the index and the threads that read them need."""

most_connections = 1000
"""At the same time, however many files may be open."""

usual_files = 4096
"""Open files that the server asks the system for, where it gives fewer of its own accord."""

enough_files = 256
"""Open files below which readers are turned away that a small site should have room for."""


@cache
def open_files() -> int:
    """How many files this process may have open, after asking for as many as are useful; 0 where nobody knows."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= usual_files:
        return 0 if soft == resource.RLIM_INFINITY else soft
    wanted = usual_files if hard == resource.RLIM_INFINITY else min(usual_files, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        return soft
    return wanted


def room() -> int:
    """Connections that there may be at the same time: as many as the files that may be open leave room for."""
    files = open_files()
    return max(8, min(most_connections, files - own_files - 4 * accepted_at_once)) if files else most_connections


def shortage() -> str:
    """What to know of a process that may open few files, in a sentence; empty where there are enough."""
    files = open_files()
    if not files or files >= enough_files:
        return ""
    return (
        f"This process may have {files} files open, which is few: {room()} readers at a time are answered, and more "
        f"are turned away. `ulimit -n {usual_files}` before the start gives it more."
    )


class Connection(H11Protocol):
    """uvicorn's connection with an end to waiting."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """As uvicorn makes one."""
        super().__init__(*args, **options)
        self._due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, or make room, or turn the reader away."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > room():
            waiting = [item for item in self.connections if isinstance(item, Connection) and item is not self]
            waiting = [item for item in waiting if item._due is not None]
            last = min(waiting, key=Connection._when, default=self)
            last._end(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many readers at the moment; try again soon.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for what was left out of the request that was answered."""
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request."""
        self._end(HTTPStatus.BAD_REQUEST, msg)

    def _when(self) -> float:
        return self._due.when() if self._due is not None else float("inf")

    def _watch(self) -> None:
        """Wait for a request while a part of it is missing; between two of them uvicorn's own timeout runs."""
        missing = self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and self.timeout_keep_alive_task is None
        if not missing or self.transport.is_closing():
            self._stop_waiting()
        elif self._due is None:
            self._due = self.loop.call_later(patience, self._too_late)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _too_late(self) -> None:
        self._due = None
        self._end(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")

    def _end(self, status: HTTPStatus, sentence: str) -> None:
        """Say why, where nothing was said yet, and close."""
        self._stop_waiting()
        is_free = getattr(self.cycle, "response_complete", True)  # there is no cycle before the first request
        if is_free and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = f"{sentence}\n".encode()
            headers = {
                **security(),
                "content-type": "text/plain; charset=utf-8",
                "content-length": str(len(body)),
                "cache-control": "no-store",
                "connection": "close",
            }
            lines = [
                f"HTTP/1.1 {status.value} {status.phrase}",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        self.transport.close()
