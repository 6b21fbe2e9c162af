"""Python's garbage collector, out of the way while a great many values are made."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_guard = threading.Lock()
_pausing: list[bool] = []
"""For each that pauses it now, whether it was on before."""


@contextmanager
def paused() -> Iterator[None]:
    """Collect no garbage meanwhile: for work that makes hundreds of thousands of values which refer to each other in
    no circle, and that the collector would look through again and again, for half of the time.

    Threads may pause it at once; the last to end lets it go on.
    """
    with _guard:
        _pausing.append(_pausing[0] if _pausing else gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _guard:
            if _pausing.pop() and not _pausing:
                gc.enable()
