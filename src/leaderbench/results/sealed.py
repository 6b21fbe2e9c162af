"""Lines that carry a checksum, so that damage is found: JSON objects that begin with `{"crc32":"<8 hex>",`.

The checksum covers everything behind its comma up to the end of the line.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from leaderbench.files.parsing import json_of
from leaderbench.files.regular import lines_of, open_regular

mark = b'{"crc32":"'
covered = len(mark) + 8 + 2
"""Where what the checksum covers begins."""


LONGEST_LINE = 1 << 20
"""Bytes of one line; a score has about 500."""

LARGEST_FILE = 1 << 30
"""Bytes of one file: they are begun anew after 16 MB, and one source has to fit."""


def lines_in(path: Path) -> Iterator[bytes]:
    """The lines of a file with their ends. Raises `OSError`, and `UnusableError` where it is no file of such lines."""
    with open_regular(path) as file:
        yield from lines_of(file, LONGEST_LINE, LARGEST_FILE)


def seal(fields: bytes) -> bytes:
    """The line of a JSON object, newline included; `fields` is its text behind the opening brace."""
    return mark + b'%08x",' % zlib.crc32(fields) + fields + b"\n"


def is_intact(line: bytes) -> bool:
    """Whether a line (without its newline) begins with its own checksum."""
    if not line.startswith(mark) or line[covered - 2 : covered] != b'",':
        return False
    return b"%08x" % zlib.crc32(memoryview(line)[covered:]) == line[len(mark) : covered - 2]


def unsealed(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; what an older leaderbench wrote without a checksum is taken as it stands.

    Raises `ValueError` for damage and for what is no JSON object.
    """
    line = line.rstrip(b"\r\n")
    if line.startswith(mark) and not is_intact(line):
        raise ValueError("its checksum does not fit")
    values = json_of(line)
    if not isinstance(values, dict):
        raise ValueError("it is no JSON object")
    return values


def lost(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many lines are missing of each incomplete source, given the source of each intact line and of how many."""
    return {source: of - count for (source, of), count in Counter(lines).items() if count < of}
