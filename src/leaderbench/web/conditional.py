"""What goes around every answer: what a browser may do with it, and whether it still has the last one."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

policy = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'none'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Scripts and styles come as files of this site; nothing else is fetched, and nobody puts the site into a frame."""

headers = {
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


most_bytes = 32 << 20
"""Of answers that are kept for the next reader, as they went out."""

largest = 2 << 20
"""Bytes of one of them at most."""


@cache
def program() -> str:
    """Which leaderbench answers."""
    try:
        return version("leaderbench")
    except PackageNotFoundError:
        return "unknown"


class Conditional:
    """Answers 304 where the store is as it was when the reader got the answer; adds the security headers to all."""

    def __init__(self, app: ASGIApp, state: Callable[[], str], unchanging: str) -> None:
        """`state` tells contents apart; addresses that begin with `unchanging` have their version in them."""
        self.app = app
        self.state = state
        self.unchanging = unchanging
        self.program = program()
        self._kept: OrderedDict[tuple[str, bool], tuple[list[tuple[bytes, bytes]], bytes]] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # the server leaves out the body
            scope = {**scope, "method": "GET"}
        fixed = scope["path"].startswith(self.unchanging)
        tag = "" if fixed or scope["method"] != "GET" else self._tag(scope)
        if tag and tag in _asked(scope):
            start: Message = {"type": "http.response.start", "status": 304, "headers": []}
            _add(start, tag)
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return

        key = tag, _takes_gzip(scope)
        if tag and key in self._kept:
            self._kept.move_to_end(key)
            known_headers, body = self._kept[key]
            await send({"type": "http.response.start", "status": 200, "headers": list(known_headers)})
            await send({"type": "http.response.body", "body": body})
            return
        sent: list[Message] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message, tag if message["status"] == 200 else "")
                if fixed and message["status"] == 200:
                    MutableHeaders(scope=message)["cache-control"] = "public, max-age=31536000, immutable"
            if tag:
                sent.append(message)
            await send(message)

        await self.app(scope, receive, sending)
        if sent and sent[0].get("status") == 200:
            self._keep(key, sent[0]["headers"], b"".join(message.get("body", b"") for message in sent[1:]))

    def _keep(self, key: tuple[str, bool], known_headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Keep an answer, and as many others as there is room for; its tag names all that it depends on."""
        if len(body) > largest or key in self._kept:
            return
        self._kept[key] = known_headers, body
        self._bytes += len(body)
        while self._bytes > most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= len(gone)

    def _tag(self, scope: Scope) -> str:
        parts = (self.program, self.state(), scope["path"], scope["query_string"].decode("latin-1"))
        return f'W/"{hashlib.sha256(chr(10).join(parts).encode("utf-8", "replace")).hexdigest()[:24]}"'


def _takes_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


def _asked(scope: Scope) -> set[str]:
    """The tags that the reader has."""
    found: Any = (value for name, value in scope["headers"] if name == b"if-none-match")
    return {item.strip() for value in found for item in value.decode("latin-1").split(",")}


def _add(message: Message, tag: str) -> None:
    added = MutableHeaders(scope=message)
    for name, value in headers.items():
        added[name] = value
    if tag:
        added["etag"] = tag
        added["cache-control"] = "no-cache"
    elif "cache-control" not in added:
        added["cache-control"] = "no-store"
