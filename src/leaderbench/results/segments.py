"""The files of a response log: one JSON record a line, each with a checksum, so that damage is found and contained.

A line is `{"crc32":"<8 hex>","key":"<64 hex>","answer":{…}}`; the checksum covers everything behind its comma. The head
has a fixed width, so a whole segment is indexed without parsing JSON.
"""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from leaderbench.files.regular import read_bytes
from leaderbench.results.files import replace_durably, write_durably
from leaderbench.results.sealed import covered, is_intact, mark, seal

key_start = covered + len(b'"key":"')
answer_start = key_start + 64 + len(b'","answer":')


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a segment that hold no intact record."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Scan:
    """What a segment holds."""

    records: list[tuple[bytes, int, int]]
    """Key, offset and length (without the newline) of each intact record, in file order."""

    damage: list[Damage]
    size: int
    """Bytes of the file."""

    good: int
    """Bytes from the beginning up to which the file is nothing but intact lines, each closed by a newline."""

    @property
    def whole(self) -> bool:
        """Whether there is nothing to put right."""
        return self.good == self.size

    @property
    def torn(self) -> bool:
        """Whether all that is wrong is an unfinished last line, as a killed writer leaves it."""
        end = self.records[-1][1] + self.records[-1][2] if self.records else 0
        return self.good < self.size and len(self.damage) == 1 and end < max(self.good, 1)


def line(key: bytes, answer: str) -> bytes:
    """A record as a line, newline included."""
    return seal(f'"key":"{key.hex()}","answer":{answer}}}'.encode("ascii"))


def key_of(record: bytes) -> bytes | None:
    """The key of a line (without its newline), or None where it is damaged."""
    if len(record) <= answer_start or not is_intact(record):
        return None
    return bytes.fromhex(record[key_start : key_start + 64].decode())


LARGEST_SEGMENT = 1 << 30
"""Bytes: a new one is begun after 64 MB, and the answers of one batch have to fit."""


def scan(path: Path) -> Scan:
    """Find every intact record of a segment and every stretch of damage.

    Raises `UnusableError` where it is no regular file, and `OSError`.
    """
    data = read_bytes(path, LARGEST_SEGMENT)
    records: list[tuple[bytes, int, int]] = []
    damage: list[Damage] = []
    good = start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        closed = end >= 0
        text = data[start : end if closed else len(data)]
        key = key_of(text)
        if key is not None:
            records.append((key, start, len(text)))
        else:
            _search(text, start, records, damage)
        if closed and key is not None and good == start:
            good = end + 1
        start += len(text) + 1
    return Scan(records, damage, len(data), good)


def _search(text: bytes, start: int, records: list[tuple[bytes, int, int]], damage: list[Damage]) -> None:
    """Find the intact records inside a damaged line: a lost newline joins two lines that are themselves unharmed."""
    cuts = [0]
    while (cut := text.find(mark, cuts[-1] + 1)) >= 0:
        cuts.append(cut)
    for first, last in zip(cuts, [*cuts[1:], len(text)], strict=True):
        for piece in (text[first:last], text[first : last - 1]):
            key = key_of(piece)
            if key is not None:
                records.append((key, start + first, len(piece)))
                break
        else:
            damage.append(Damage(start + first, text[first:last]))


def repair(path: Path, found: Scan, damaged: Path) -> None:
    """Leave nothing but intact records in a segment; damaged bytes move to files in the folder `damaged`.

    An unfinished last line is cut off: it was never reported as stored, and cutting needs no space on a full disk.
    """
    if found.torn:
        os.truncate(path, found.good)
        return
    if found.damage:
        damaged.mkdir(exist_ok=True)
    for item in found.damage:
        write_durably(damaged / f"{path.stem}-{item.offset}-{zlib.crc32(item.data):08x}.bin", item.data)
    data = read_bytes(path, LARGEST_SEGMENT)
    replace_durably(path, b"".join(data[start : start + length] + b"\n" for _, start, length in found.records))
