"""Regular files, opened and read within bounds: nothing here waits for a pipe, or reads a device without end."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.sentences import Sentence

_KINDS: tuple[tuple[Callable[[int], bool], Sentence], ...] = (
    (stat.S_ISDIR, Sentence("it is a folder, not a file")),
    (stat.S_ISFIFO, Sentence("it is a pipe, not a regular file")),
    (stat.S_ISSOCK, Sentence("it is a socket, not a regular file")),
    (stat.S_ISCHR, Sentence("it is a device, not a regular file")),
    (stat.S_ISBLK, Sentence("it is a device, not a regular file")),
)


class UnusableError(LeaderbenchError, ValueError):
    """A file that is not what it should be; the message is the reason, made to stand behind the name of the file.

    It is a `ValueError` too: who has words of his own for a damaged file catches it with everything else that its
    content may raise.
    """


@contextmanager
def named(path: Path, remedy: str) -> Iterator[None]:
    """Turn an `OSError` or `UnusableError` met while reading `path` into a sentence: which file, what, what to do."""
    try:
        yield
    except (OSError, UnusableError) as error:
        reason = error.args[0] if isinstance(error, UnusableError) else error.strerror or type(error).__name__
        raise LeaderbenchError(
            Sentence("{path} cannot be read ({reason}): {remedy}.", path=str(path), reason=reason, remedy=remedy)
        ) from error


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file, or a link to one, for reading. Raises `UnusableError` for anything else, and `OSError`."""
    _require_regular(path.stat())  # before it is opened, since opening a device may already do something
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # for a pipe that takes its place in between
    try:
        _require_regular(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require_regular(status: os.stat_result) -> None:
    for is_kind, reason in _KINDS:
        if is_kind(status.st_mode):
            raise UnusableError(reason)


def is_regular(path: Path) -> bool:
    """Whether there is a regular file of this name, or a link to one; never an error, also for a loop of links."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def read_bytes(path: Path, most: int) -> bytes:
    """All bytes of a regular file. Raises `UnusableError` where it is none or has more than `most`, and `OSError`."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise too_large(most)
        data = file.read(size + 1)
        if len(data) > size:  # it grows, or the system makes it up and calls it empty
            data += file.read(most + 1 - len(data))
    if len(data) > most:
        raise too_large(most)
    return data


def read_start(path: Path, most: int) -> bytes:
    """The first bytes of a regular file, `most` of them where it has more. Raises `UnusableError` and `OSError`."""
    with open_regular(path) as file:
        return file.read(min(most, os.fstat(file.fileno()).st_size))


def lines_of(stream: BufferedIOBase, longest: int, most: int) -> Iterator[bytes]:
    """The lines of an open file with their ends, one at a time.

    Raises `UnusableError` where one has more than `longest` bytes, or all together more than `most`.
    """
    total = 0
    while line := stream.readline(longest + 1):
        total += len(line)
        if len(line) > longest:
            raise UnusableError(Sentence("a line of it is longer than {n} bytes", n=longest))
        if total > most:
            raise too_large(most)
        yield line


def too_large(most: int) -> UnusableError:
    """What to raise for a file, or its unpacked content, of more than so many bytes."""
    return UnusableError(Sentence("it is larger than {n} bytes", n=most))


def text_of(data: bytes) -> str:
    """UTF-8 text, with or without a byte order mark. Raises `UnusableError` for anything else."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableError(Sentence("it is not UTF-8 text")) from error
