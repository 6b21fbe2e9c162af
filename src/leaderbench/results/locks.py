"""One writer at a time: a lock file that says who holds it, released by the system even after kill -9."""

import fcntl
import json
import os
import socket
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.results.files import said_plainly


def acquire(path: Path, what: str, *, wait: bool = False) -> int:
    """Take the lock file `path` and return its descriptor; closing it (or dying) releases the lock.

    `what` names the thing locked, for the message. Raises `LeaderbenchError` where
    someone else holds it, unless `wait`.
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


def _lock(descriptor: int, path: Path, what: str, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
        raise LeaderbenchError(
            f"{what} is being written by {_holder(path)}: wait until that is done or stop it, or give another --store."
        ) from error


def _sign(descriptor: int) -> None:
    holder = json.dumps({"host": socket.gethostname(), "pid": os.getpid()})
    if os.pread(descriptor, 4096, 0) != holder.encode():  # who takes it again and again writes it once
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"
