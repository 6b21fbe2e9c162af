"""The site asked without a server, byte for byte as an attacker would, and behind a real one for a browser."""

import asyncio
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from leaderbench.results.store import Store
from leaderbench.web.application import application
from leaderbench.web.live import LiveStore


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asking:
    """Asks an application in the process. What the application raises is raised here, also where it answered 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Stop; what the application left running is ended."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def __call__(self, target: str, method: str = "GET", headers: Sequence[tuple[str, str]] = ()) -> Answer:
        """The answer to a request line's target: only ASCII, percent signs as they are, as uvicorn passes it on."""
        path, _, query = target.partition("?")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "root_path": "",
            "query_string": query.encode("ascii"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in (("host", "localhost"), *headers)],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Message] = []
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await asyncio.sleep(3600)
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        self._loop.run_until_complete(self.app(scope, receive, send))
        found = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def fetched(url: str) -> Any:
    """What a server answers, of JSON its value."""
    with urllib.request.urlopen(url) as answer:
        body = answer.read()
        return json.loads(body) if answer.headers.get_content_type() == "application/json" else body.decode()


@contextmanager
def served(store: Store) -> Iterator[str]:
    """The address of the site of a store, served from a thread."""
    import uvicorn

    from leaderbench.web import server

    made: socket.socket = server.listening("127.0.0.1", 0)
    live = LiveStore(store)
    live.refresh()
    running = uvicorn.Server(uvicorn.Config(application(live), log_level="warning", ws="none"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [made]})
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield server.address(made)
    finally:
        running.should_exit = True
        thread.join(timeout=10)
        made.close()
