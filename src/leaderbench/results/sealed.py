"""Lines that carry a checksum, so that damage is found: JSON objects that begin with `{"crc32":"<8 hex>",`.

The checksum covers everything behind its comma up to the end of the line.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

mark = b'{"crc32":"'
covered = len(mark) + 8 + 2
"""Where what the checksum covers begins."""


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
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError("it is no JSON object")
    return values


def lost(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many lines are missing of each incomplete source, given the source of each intact line and of how many."""
    return {source: of - count for (source, of), count in Counter(lines).items() if count < of}
