"""Foreign files: found, opened and read within bounds, whatever they turn out to be."""

import codecs
import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.files import parsing
from leaderbench.files.regular import UnusableError, lines_of, open_regular
from leaderbench.results.imports.report import Skipped
from leaderbench.results.imports.values import moment_in, quoted, unbroken

MIB = 1 << 20
LARGEST = 16 * MIB
"""Bytes of a result file, unpacked, that are read: published ones have some hundred kilobytes."""

LARGEST_SAMPLES = 2048 * MIB
"""Bytes of a sample file, unpacked."""

LARGEST_LIST = 256 * MIB
"""Bytes of a sample file that is one JSON list, and so is read at once."""

LARGEST_RUN = 256 * MIB
"""Characters of prompts and answers of one run, which are in memory together: MMLU with 5 shots has 50 million."""

MOST_TASKS = 20_000
"""Tasks of a result file, or rows of one task: real ones have some hundred."""

LONGEST_LINE = 16 * MIB
"""Bytes of one sample."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import."""

    path: Path
    name: str
    """Its name below the folder that was given, for people; it is not a path to open."""


def dated_digest(system: str, source: Source, data: bytes) -> str:
    """The digest of a result file of a system that tells the time in the file's name alone."""
    return hashlib.sha256(f"{system}\n{moment_in(source.name)}\n".encode() + data).hexdigest()


def find(paths: Iterable[Path], wanted: Callable[[str], bool]) -> tuple[list[Source], list[Skipped]]:
    """The files to read: those given, and those in given folders, at any depth, whose name is `wanted`.

    In alphabetical order; a file that stands there twice is read once. Raises `LeaderbenchError` for a path that does
    not exist.
    """
    found: dict[Path, Source] = {}
    problems: list[Skipped] = []
    for path in paths:
        path = path.expanduser()
        if path.is_dir():
            for below in _below(path, problems):
                if wanted(below.name):
                    found.setdefault(below, Source(below, unbroken(below.relative_to(path).as_posix())))
        elif path.exists():
            found.setdefault(path, Source(path, unbroken(path.name)))
        else:
            raise LeaderbenchError(f"{path} does not exist: give a result file, or a folder of them.")
    return list(found.values()), problems


def _below(folder: Path, problems: list[Skipped]) -> Iterator[Path]:
    def failed(error: OSError) -> None:
        problems.append(Skipped(unbroken(str(error.filename)), f"the folder cannot be read ({error.strerror})"))

    for here, folders, names in os.walk(folder, onerror=failed):
        folders.sort()
        for name in sorted(names):
            yield Path(here, name)


def plain_name(name: str) -> str:
    """A file's name without `.gz`."""
    return name.removesuffix(".gz")


def open_plain(path: Path) -> BufferedIOBase:
    """Open a file for reading, unpacked where it is gzip. Raises `UnusableError` where that fails, as for pipes."""
    try:
        stream = open_regular(path)
        if stream.peek(2)[:2] != b"\x1f\x8b":
            return stream
        stream.close()
        return gzip.open(path)
    except OSError as error:
        raise UnusableError(f"it cannot be read ({error.strerror or error})") from error


@contextmanager
def _undamaged() -> Iterator[None]:
    """Turn what reading and unpacking raise into `UnusableError`."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise UnusableError(f"it cannot be read ({error}): it is damaged or was not copied whole") from error


def read(path: Path, most: int = LARGEST) -> bytes:
    """The whole content of a file, unpacked. Raises `UnusableError` where that fails or is larger than `most`."""
    with open_plain(path) as stream, _undamaged():
        data = stream.read(most + 1)
    if len(data) > most:
        raise UnusableError(f"it is larger than {most // MIB} MiB, the most that is read of a result file")
    return data


def lines(path: Path, digest: "hashlib._Hash", most: int) -> Iterator[bytes]:
    """The lines of a file, unpacked, one at a time; `digest` takes in every byte.

    Raises `UnusableError` where the file cannot be read, has an endless line, or more than `most` bytes.
    """
    with open_plain(path) as stream, _undamaged():
        for line in lines_of(stream, LONGEST_LINE, most):
            digest.update(line)
            yield line


def check_count(number: int, most: int, what: str) -> None:
    """Raise `UnusableError` where a file holds more of something than any real one, and would fill the memory."""
    if number > most:
        raise UnusableError(f"it holds {number:,} {what}, more than the {most:,} that are read from one file")


def text_of(data: bytes, encoding: str | None = None) -> str:
    """Bytes as text: in this encoding; else UTF-8 with or without a byte order mark, or UTF-16 with one.

    Raises `UnusableError` for anything else: a letter that is guessed makes two models one.
    """
    told = encoding or ("utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    try:
        return data.decode(told)
    except LookupError as error:
        raise UnusableError(f"there is no encoding {quoted(told)}; known are cp1252, latin-1, gb18030 …") from error
    except UnicodeError as error:
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        what = f"its letters are not written in {told.removesuffix('-sig').upper()} (line {line})"
        raise UnusableError(f"{what}: save it as UTF-8, or name how they are, as with --encoding cp1252") from error


def json_of(data: bytes) -> Any:
    """A JSON value; `NaN` and `Infinity` inside are read as such. Raises `UnusableError` for anything else."""
    text = text_of(data)
    try:
        return parsing.json_of(text)
    except UnusableError as error:
        raise UnusableError(f"{error}: it is damaged or was not copied whole") from error


def object_of(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises `UnusableError` for anything else."""
    value = json_of(data)
    if not isinstance(value, dict):
        raise UnusableError("it is JSON, but not an object")
    return value
