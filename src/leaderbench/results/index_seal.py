"""Whether an index holds what was written into it.

SQLite keeps no checksums. Every parent's row says by a digest what it and its children were, which is slow to compare
for all; so beside the file lies the checksum of its bytes as they were last known to be right: while it fits, nothing
has to be compared.
"""

import hashlib
import math
import os
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from leaderbench.files.regular import UnusableError, open_regular, read_bytes

_unsealed = ("fingerprint", "digest")
"""Columns that say of a row in which state its files were read, and what it holds."""

LONGEST_SEAL = 100
"""Bytes of a seal that are read."""

State = tuple[int, int, int]
"""Size and times of a file, which tell one state of it from another."""


def digest(row: Mapping[str, Any], children: Iterable[Mapping[str, Any]]) -> str:
    """The same for the same contents, as they are put into the tables and as they are read back."""
    content = [_plain(row), *(_plain(child) for child in sorted(children, key=lambda child: int(child["place"])))]
    return hashlib.sha256(repr(content).encode()).hexdigest()[:32]


def _plain(row: Mapping[str, Any]) -> list[tuple[str, str | float]]:
    """Values as a database gives them back: no NaN, every number a float."""
    return sorted(
        (name, value if isinstance(value, str) else float(value))
        for name, value in row.items()
        if name not in _unsealed and value is not None and not (isinstance(value, float) and math.isnan(value))
    )


def is_right(connection: Connection, families: Iterable[tuple[Table, Table, str]]) -> bool:
    """Whether a file is whole, and every row in it what its digest says; families are the tables of parents and of
    children, and the column by which these name their parent.
    """
    connection.exec_driver_sql("BEGIN")  # one state of it, whatever others write meanwhile
    if connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar() != "ok":
        return False
    return all(_is_as_written(connection, *family) for family in families)


def _is_as_written(connection: Connection, parents: Table, children: Table, key: str) -> bool:
    """Whether every row and its children are what its digest says, and no child is without a parent."""
    rows = {row.id: dict(row._mapping) for row in connection.execute(select(parents))}
    found = connection.execute(select(children).order_by(children.c[key]))
    own: dict[str, list[dict[str, Any]]] = {}
    for name, group in groupby((dict(row._mapping) for row in found), key=lambda row: row[key]):
        own.setdefault(name, []).extend(group)
    return own.keys() <= rows.keys() and all(
        digest(row, own.get(name, ())) == row["digest"] for name, row in rows.items()
    )


def state_of(path: Path) -> State | None:
    """The state of a file; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_sealed(path: Path) -> bool:
    """Whether the bytes of an index are those that were sealed."""
    with suppress(OSError, UnusableError):
        noted = read_bytes(_seal_of(path), LONGEST_SEAL)
        # A file of another size need not be read, and may be endless.
        whole = noted.startswith(b"%d " % path.stat().st_size) and _settled(path)
        return whole and noted == _checksum(path).encode()
    return False


def seal(path: Path) -> None:
    """Note the bytes of an index as right; nothing is noted where that can't be, or some still lie beside the file."""
    beside = _seal_of(path).with_name(f".index.seal.{os.getpid()}.tmp")
    with suppress(OSError, UnusableError):
        if _settled(path):
            beside.write_text(_checksum(path))
            beside.replace(_seal_of(path))


def _seal_of(path: Path) -> Path:
    return path.with_name(".index.seal")


def _settled(path: Path) -> bool:
    """Whether all that was written is in the file itself."""
    log = state_of(path.with_name(path.name + "-wal"))
    return log is None or log[0] == 0


def _checksum(path: Path) -> str:
    checksum = size = 0
    with open_regular(path) as file:
        while part := file.read(1 << 20):
            checksum, size = zlib.crc32(part, checksum), size + len(part)
    return f"{size} {checksum:08x}"


def set_aside(path: Path, trouble: str) -> str:
    """Move the file away with what belongs to it, and say so."""
    aside = path.with_name(f"{path.name}.set-aside")
    for end in ("", "-wal", "-shm"):
        aside.with_name(aside.name + end).unlink(missing_ok=True)
        found = path.with_name(path.name + end)
        if found.exists():
            found.rename(aside.with_name(aside.name + end))
    return f"{path} {trouble}: it is set aside as {aside.name}, and the index is built anew from the files."
