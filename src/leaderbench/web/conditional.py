"""What goes around every answer: what a browser may do with it, and whether it still has the last one."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

policy = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'none'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
"""Scripts and styles come as files of this site; nothing else is fetched. Behind it stands who may put the site into a
frame.
"""


def security(ancestors: Sequence[str] = ()) -> dict[str, str]:
    """What a browser may do with an answer; pages of the origins `ancestors`, else none, may show it in a frame."""
    return {
        "content-security-policy": policy + (" ".join(ancestors) or "'none'"),
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

    def __init__(
        self, app: ASGIApp, state: Callable[[], str], unchanging: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """`state` tells contents apart; addresses that begin with `unchanging` have their version in them; `headers`
        are those of `security`.
        """
        self.app = app
        self.state = state
        self.unchanging = unchanging
        self.headers = security() if headers is None else headers
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
        packs, asked = takes_gzip(_said(scope, b"accept-encoding")), _asked(scope)
        # What packs answers further down takes any mention of gzip for a wish.
        others = [item for item in scope["headers"] if item[0] != b"accept-encoding"]
        scope = {**scope, "headers": [*others, (b"accept-encoding", b"gzip")] if packs else others}
        fixed = scope["path"].startswith(self.unchanging)
        tag = "" if fixed or scope["method"] != "GET" else self._tag(scope)
        if tag and _plain(tag) in asked:
            await self._unchanged(tag, send)
            return

        key = tag, packs
        if tag and "*" not in asked and key in self._kept:
            self._kept.move_to_end(key)
            known_headers, body = self._kept[key]
            await send({"type": "http.response.start", "status": 200, "headers": list(known_headers)})
            await send({"type": "http.response.body", "body": body})
            return
        sent: list[Message] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(message, tag if message["status"] == 200 else "")
                if fixed and message["status"] == 200:
                    MutableHeaders(scope=message)["cache-control"] = "public, max-age=31536000, immutable"
            if tag:
                sent.append(message)
            await send(message)

        if tag and "*" in asked:
            await self._any(tag, scope, receive, send)
            return
        await self.app(scope, receive, sending)
        if sent and sent[0].get("status") == 200:
            self._keep(key, sent[0]["headers"], b"".join(message.get("body", b"") for message in sent[1:]))

    async def _any(self, tag: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a reader who has something: 304 where there is an answer, which only shows once it is made."""
        is_there = False

        async def sending(message: Message) -> None:
            nonlocal is_there
            if message["type"] == "http.response.start":
                is_there = message["status"] == 200
                if is_there:
                    await self._unchanged(tag, send)
                else:
                    self._add(message, "")
            if not is_there:
                await send(message)

        await self.app(scope, receive, sending)

    async def _unchanged(self, tag: str, send: Send) -> None:
        start: Message = {"type": "http.response.start", "status": 304, "headers": []}
        self._add(start, tag)
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    def _keep(self, key: tuple[str, bool], known_headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Keep an answer, and as many others as there is room for; its tag names all that it depends on."""
        if len(body) > largest or key in self._kept:
            return
        self._kept[key] = known_headers, body
        self._bytes += len(body)
        while self._bytes > most_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self._bytes -= len(gone)

    def _add(self, message: Message, tag: str) -> None:
        added = MutableHeaders(scope=message)
        for name, value in self.headers.items():
            added[name] = value
        if tag:
            added["etag"] = tag
            added["cache-control"] = "no-cache"
        elif "cache-control" not in added:
            added["cache-control"] = "no-store"

    def _tag(self, scope: Scope) -> str:
        parts = (self.program, self.state(), scope["path"], scope["query_string"].decode("latin-1"))
        return f'W/"{hashlib.sha256(chr(10).join(parts).encode("utf-8", "replace")).hexdigest()[:24]}"'


def takes_gzip(accepted: str) -> bool:
    """Whether a reader who sends this `Accept-Encoding` takes gzip (RFC 9110, section 12.5.3): what is named goes
    before `*`, and a weight of 0 refuses.
    """
    weights: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, *words = (word.strip() for word in item.split(";"))
        weight = next((word[2:].strip() for word in words if word.startswith("q=")), "1")
        try:
            weights["gzip" if name == "x-gzip" else name] = float(weight)
        except ValueError:
            weights[name] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _asked(scope: Scope) -> set[str]:
    """The tags that the reader has, without what tells weak ones: RFC 9110 (13.1.2) compares them so."""
    return {_plain(item.strip()) for item in _said(scope, b"if-none-match").split(",")}


def _plain(tag: str) -> str:
    return tag.removeprefix("W/")


def _said(scope: Scope, wanted: bytes) -> str:
    """What a header says, of several of its name all."""
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)
