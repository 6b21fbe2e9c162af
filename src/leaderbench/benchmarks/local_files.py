"""The files of a dataset in a local folder: listed once, hashed into its revision, and read only as they were hashed.

Links to files and to folders are followed, since large data and the Hub's own cache are made of them. Hidden names are
left out, and nothing outside of this list is ever read, so that rows can't change under one revision.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.files.regular import UnusableError, is_regular, named, open_regular, read_bytes
from leaderbench.sentences import Sentence

MOST_FILES = 50_000
"""Files and folders below a dataset's folder: a link to the root of a disk must not be followed to its end."""

COPY_AGAIN = "copy it again"


@dataclass(frozen=True, eq=False)
class LocalFiles:
    """The files of one dataset's folder."""

    folder: Path
    paths: Mapping[str, Path]
    """By their names below the folder, with slashes; pipes and the like too, so that naming one is an error."""

    @cached_property
    def _digests(self) -> dict[str, bytes]:
        """The SHA-256 of every regular file, in the order of their names."""
        return {name: _sha256(path) for name, path in self.paths.items() if is_regular(path)}

    @cached_property
    def revision(self) -> str:
        """`sha256:…` over the names and contents of all regular files."""
        total = hashlib.sha256()
        for name, digest in self._digests.items():
            total.update(os.fsencode(name) + b"\0")
            total.update(digest)
        return f"sha256:{total.hexdigest()}"

    def read(self, name: str, most: int) -> bytes:
        """The content that a file had when it was hashed.

        Raises `LeaderbenchError` where it has changed since, is no regular file, or has more than `most` bytes.
        """
        path = self.paths[name]
        with named(path, COPY_AGAIN):
            data = read_bytes(path, most)
            if hashlib.sha256(data).digest() != self._digests.get(name):
                raise UnusableError(Sentence("it changed while it was used"))
        return data


def local_files(folder: Path) -> LocalFiles:
    """The files below a folder, none hidden. Raises `LeaderbenchError` where there are too many."""
    below = dict(_below(folder))
    return LocalFiles(folder, {name: below[name] for name in sorted(below)})


def _below(top: Path) -> Iterator[tuple[str, Path]]:
    """Names and paths of what is in a folder and its subfolders; a link back to a folder around it ends there."""
    waiting = [("", top, frozenset[str]())]
    count = 0
    while waiting:
        prefix, folder, around = waiting.pop()
        real = os.path.realpath(folder)
        if real in around:
            continue
        for name in _names(folder):
            count += 1
            if count > MOST_FILES:
                raise LeaderbenchError(
                    f"There are more than {MOST_FILES:,} files in {top}: put only the dataset's own into its folder."
                )
            path = folder / name
            if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder may not be entered
                waiting.append((f"{prefix}{name}/", path, around | {real}))
            else:
                yield prefix + name, path


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 - names are all it takes
    except PermissionError:  # what is in there cannot be read either
        return []


def _sha256(path: Path) -> bytes:
    with named(path, COPY_AGAIN), open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").digest()
