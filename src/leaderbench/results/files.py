"""Files that survive a crash, and failures of the file system said in one sentence."""

import errno
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.results.problems import DENIED
from leaderbench.sentences import Sentence

full = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
forbidden = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def said_plainly(path: Path, option: str = "--store") -> Iterator[None]:
    """Turn an `OSError` met while working on `path` into a `LeaderbenchError` that says what to do.

    `option` is the setting by which another place may be given.
    """
    try:
        yield
    except OSError as error:
        raise LeaderbenchError(sentence(error, path, option)) from error


def sentence(error: OSError, path: Path, option: str = "--store") -> str:
    """One sentence for a person: what failed, where, and what to do about it."""
    if error.errno in full:
        return Sentence(
            "There is no space left to write {path}: free some space or give another {option}, "
            "then run the same command again; everything stored before is kept.",
            path=str(path),
            option=option,
        )
    if error.errno in forbidden:
        return Sentence(DENIED, path=str(path), option=option)
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return Sentence(
            "{path} is a file where a folder is needed: remove it or give another {option}.",
            path=str(_nearest_file(path)),
            option=option,
        )
    return Sentence(
        "{path} cannot be used ({why}): check the disk or give another {option}.",
        path=str(path),
        why=error.strerror or str(error),
        option=option,
    )


def _nearest_file(path: Path) -> Path:
    return next((place for place in (path, *path.parents) if place.is_file()), path)


def leads_out(path: Path, store: Path) -> bool:
    """Whether this name in a store is a link to somewhere outside of it; the store itself may be one."""
    if not path.is_symlink():
        return False
    target, inside = (Path(os.path.realpath(place)) for place in (path, store))  # resolve() raises for a loop of links
    return not target.is_relative_to(inside)


def make_folder(path: Path) -> None:
    """Create a folder with its parents; a `LeaderbenchError` where that is impossible."""
    with said_plainly(path):
        path.mkdir(parents=True, exist_ok=True)


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write every byte at `offset`; the system may take several calls for that."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def write_whole(path: Path, data: bytes) -> None:
    """Write a whole file; the system has it, which is not to say the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        write_all(descriptor, data, 0)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes) -> None:
    """Write a whole file; it is on the disk when this returns."""
    write_whole(path, data)
    sync(path)


def replace_durably(path: Path, data: bytes) -> None:
    """Write a whole file so that a reader, or a crash, sees either the old content or the new."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_durably(beside, data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync(path.parent)


def sync_all(paths: Sequence[Path]) -> None:
    """Make written files, and the names in folders, durable. The disk is asked for many at once, since it does them
    together, in a tenth of the time of one after the other.
    """
    try:
        with ThreadPoolExecutor(min(16, len(paths))) as threads:
            for _ in threads.map(sync, paths):
                pass
    except RuntimeError:  # no thread is to be had
        for path in paths:
            sync(path)


def sync(path: Path) -> None:
    """Make the contents of a file durable, or created, renamed and deleted names of a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
