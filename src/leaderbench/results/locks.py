"""One writer at a time: a lock file that says who holds it, released by the system even after kill -9."""

import fcntl
import json
import os
import socket
import sys
import time
from logging import getLogger
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.files.parsing import json_of
from leaderbench.files.regular import read_bytes
from leaderbench.results.files import said_plainly

LONGEST_SIGNATURE = 4096
"""Bytes of a lock file that are read."""

quiet = 1.0
"""Seconds to wait before the holder is named; writers usually take a fraction of one."""

patience = 60.0
"""Seconds that a writer waits for another one before it ends with an error."""


def acquire(path: Path, what: str, *, wait: float = 0.0) -> int:
    """Take the lock file `path` and return its descriptor; closing it (or dying) releases the lock.

    `what` names the thing locked, for messages. Where someone else holds it, that is waited for up to `wait` seconds,
    with a word about it once they are more than `quiet`; raises `LeaderbenchError` where it is held still.
    """
    with said_plainly(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor, path, what, wait)
            _sign(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def holder(*paths: Path) -> str:
    """Who holds a lock on one of these files, as `process 123 on HOST (leaderbench run)`."""
    process, host, command = _by_the_system(paths), socket.gethostname(), ""
    if process is None:
        try:
            signed = json_of(read_bytes(paths[0], LONGEST_SIGNATURE))
            process, host, command = int(signed["pid"]), str(signed["host"]), str(signed.get("command", ""))
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return "another process"
    if host == socket.gethostname():
        command = _command(process) or command
    return f"process {process} on {host}" + (f" ({command})" if command else "")


def _lock(descriptor: int, path: Path, what: str, wait: float) -> None:
    began = time.monotonic()
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            waited = time.monotonic() - began
            if waited >= wait:
                for_long = f" for {waited:.0f} seconds" if wait else ""
                raise LeaderbenchError(
                    f"{what} is being written by {holder(path)}{for_long}: wait until that is done or stop it, or give "
                    "another --store; what was stored before is kept, and the same command goes on."
                ) from error
        if waited >= quiet and not said:
            getLogger(__name__).warning(f"{what} is being written by {holder(path)}: waiting for up to {wait:.0f} s.")
            said = True
        time.sleep(min(0.05, max(0.001, wait - waited)))


def _sign(descriptor: int) -> None:
    signed = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "command": _short(sys.argv)})
    if os.pread(descriptor, 4096, 0) != signed.encode():  # who takes it again and again writes it once
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, signed.encode(), 0)


def _by_the_system(paths: tuple[Path, ...]) -> int | None:
    """The process that Linux says holds a lock on one of these files; what a file says may be of an earlier holder."""
    files = set()
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        files.add(f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}")
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()  # 1: FLOCK ADVISORY WRITE 712 fe:00:2179572 0 EOF
        if len(words) > 5 and words[1] != "->" and words[3] == "WRITE" and words[5] in files and words[4].isdigit():
            process = int(words[4])
            if process not in (0, os.getpid()):
                return process
    return None


def _command(process: int) -> str:
    """What a process of this machine was called with, without its arguments but the first."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return ""
    return _short(words)


def _short(words: list[str]) -> str:
    """The program and its first argument, never options: these may hold what is secret."""
    names = [Path(word).name for word in words if word and not word.startswith("-")]
    if names and names[0].startswith("python"):
        names = names[1:] or names
    return " ".join(names[:2])[:80]
