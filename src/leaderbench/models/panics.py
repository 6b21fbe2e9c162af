"""Native code that gives up: a panic of Rust, which reaches Python as an exception that is no `Exception`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def is_panic(error: BaseException) -> bool:
    """Whether native code gave up: the `PanicException` of pyo3, of which each library has its own."""
    return type(error).__name__ == "PanicException"


def reason_of(error: BaseException) -> str:
    """What a panic says, on one line."""
    return " ".join(str(error).split())[:200]


@contextmanager
def no_panic_report() -> Iterator[None]:
    """Nothing on the process's stderr while this lasts: Rust reports a panic there before anyone can catch it."""
    try:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:
        yield
        return
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
