"""Which names a server answers to.

A page of another site could have its own name point to this machine (DNS rebinding) and then read a store that only
this machine may read. Its requests carry that name in their Host header, so names that nobody expects are refused.
"""

import re
from collections.abc import Iterable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderbench.web.conditional import security

loopback = ("localhost", "127.0.0.1", "::1")
"""What a browser on this machine calls it."""


class Hosts:
    """Passes on requests to known names, at any port; others get 421 and a sentence."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        """`names` without ports; addresses of version 6 without brackets."""
        self.app = app
        self.names = frozenset(name.lower().strip("[]").rstrip(".") for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self._asked(scope) not in self.names:
            sentence = "This server does not answer to this name: `leaderbench serve --allowed-host NAME` lets it.\n"
            await PlainTextResponse(sentence, 421, {**security(), "cache-control": "no-store"})(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _asked(scope: Scope) -> str:
        """The name in the Host header, without its port; empty where there is none, or more than one."""
        found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        parts = (
            re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([^\s:/@\[\]]+?))\.?(?::\d{1,5})?", found[0].lower()) if found else None
        )
        return (parts[1] or parts[2]) if parts and len(found) == 1 else ""
