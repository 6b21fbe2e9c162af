"""Native code that gives up: a panic of Rust, which reaches Python as an exception that is no `Exception`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def is_panic(error: BaseException) -> bool:
    """Whether native code gave up: the `PanicException` of pyo3, of which each library has its own."""
    return type(error).__name__ == "PanicException"


def reason_of(error: BaseException) -> str:
    """What a panic says, on one line."""
    return " ".join(str(error).split())[:200]


@contextmanager
def silent() -> Iterator[None]:
    """Nothing on the process's stdout and stderr while this lasts: Rust reports a panic before anyone can catch it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    kept = []
    try:
        for stream in (1, 2):
            with suppress(OSError):  # closed, as in some servers
                kept.append((stream, os.dup(stream)))
                os.dup2(nowhere, stream)
        yield
    finally:
        for stream, copy in kept:
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)
