"""The script and the style that pages load: read once, served from memory under an address that has their digest."""

import hashlib
from functools import cache
from importlib import resources

prefix = "/static/"
kinds = {"site.css": "text/css; charset=utf-8", "site.js": "text/javascript; charset=utf-8"}


@cache
def content(name: str) -> bytes:
    """The bytes of one of `kinds`."""
    return resources.files("leaderbench.web").joinpath("static", name).read_bytes()


@cache
def addresses() -> dict[str, str]:
    """The address of each file by its name; another one when the file changes."""
    return {name: f"{prefix}{hashlib.sha256(content(name)).hexdigest()[:16]}/{name}" for name in kinds}
