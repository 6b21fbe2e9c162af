"""Signals that end a process: what was begun is brought to a safe end first, and whoever sent one is told so."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

ENDING = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGXCPU,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""Ctrl-C, and what terminals, schedulers and service managers send to end a process or before they kill it."""

Handler = Callable[[int, FrameType | None], None]


class StoppedError(KeyboardInterrupt):
    """A signal asked this process to end; like Ctrl-C it passes everything that catches errors only."""


@dataclass(slots=True)
class _State:
    """What became of signals in this process; only the main thread changes it."""

    received: signal.Signals | None = None
    holds: int = 0
    waiting: bool = False
    """Whether a signal waits for the end of a block of `held`."""


_state = _State()


def listen() -> None:
    """From now on these signals raise `StoppedError` in the main thread, from which this must be called.

    What was ignored when the process began stays ignored, as `nohup` wants.
    """
    _install(_stop)


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Let another function take these signals meanwhile, such as a server's that ends it in good order."""
    before = {number: signal.getsignal(number) for number in ENDING}
    _install(handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _install(handler: Handler) -> None:
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    _state.received = signal.Signals(number)
    if not _state.holds:
        raise StoppedError
    _state.waiting = True


def received() -> signal.Signals | None:
    """The signal that asked this process to end, if one did."""
    return _state.received


def check() -> None:
    """Raise `StoppedError` where a signal came and whoever caught its exception went on."""
    if _state.received is not None:
        raise StoppedError


@contextmanager
def held() -> Iterator[None]:
    """What is done in this block is done whole: a signal that comes meanwhile is raised at its end."""
    if threading.current_thread() is not threading.main_thread():  # no signal is raised there
        yield
        return
    _state.holds += 1
    try:
        yield
    finally:
        _state.holds -= 1
    if _state.waiting and not _state.holds:
        _state.waiting = False
        raise StoppedError
