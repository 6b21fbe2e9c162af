"""The scripts and styles that pages load: made once, served from memory under an address that has their digest.

`vega.js`, which draws charts, comes from the wheel of vl-convert and is asked for by pages with charts only.
"""

import gzip
import hashlib
import subprocess
import sys
from functools import cache
from importlib import metadata, resources

prefix = "/static/"
style, script = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
kinds = {
    "site.css": style,
    "site.js": script,
    "icon.svg": "image/svg+xml",
    "charts.css": style,
    "charts.js": script,
    "vega.js": script,
}

_homes = {"charts.css": "leaderbench.explain.report", "charts.js": "leaderbench.explain.report"}
_vega = "import sys\nfrom leaderbench.explain.report.html import vega\nsys.stdout.buffer.write(vega().encode())\n"


@cache
def content(name: str) -> bytes:
    """The bytes of one of `kinds`."""
    if name == "vega.js":
        # Vega is put together by a process of its own: inside this one all readers would wait for a second.
        made = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", _vega],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it meets a closed pipe where the server ends before it
            start_new_session=True,  # Ctrl-C ends the server, and has nothing to say here
        )
        return made.stdout
    home = _homes.get(name)
    folder = resources.files(home) if home else resources.files("leaderbench.web").joinpath("static")
    return folder.joinpath(name).read_bytes()


@cache
def compressed(name: str) -> bytes:
    """The same, compressed with gzip."""
    return gzip.compress(content(name), 9, mtime=0)


@cache
def addresses() -> dict[str, str]:
    """The address of each file by its name; another one when the file changes."""
    return {name: f"{prefix}{hashlib.sha256(_known_by(name)).hexdigest()[:16]}/{name}" for name in kinds}


def _known_by(name: str) -> bytes:
    """What tells versions of a file apart; of Vega its package, since it is not made before it is asked for."""
    return metadata.version("vl-convert-python").encode() if name == "vega.js" else content(name)
