"""The append-only response log of one model: what was asked and answered is never asked again."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from leaderbench.errors import LeaderbenchError, MachineError
from leaderbench.files.parsing import json_of
from leaderbench.files.regular import named, read_bytes
from leaderbench.records import Answer
from leaderbench.requests import Request, digest
from leaderbench.results import answers, locks, segments
from leaderbench.results.files import make_folder, replace_durably, said_plainly, sync, write_all
from leaderbench.results.secrets import without_secrets

LARGEST_OWNER = 1 << 20
"""Bytes of `model.json`."""

segment_bytes = 64 * 2**20
"""A segment that has grown to this size is closed and a new one begun."""


def folder_name(model_name: str, model_identity: str) -> str:
    """A readable folder name for a model's log: its name without path separators, and 16 digits of its identity."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "--", without_secrets(model_name).strip("/")).strip("-.")[-80:].strip("-.")
    return f"{safe or 'model'}-{model_identity[:16]}"


class ResponseLog:
    """Answers of one model, keyed by `requests.digest(request)`.

    Opened for writing it holds an exclusive lock and puts damage right; opened for reading it needs neither and skips
    what it cannot read. The index in memory holds a place for each record; answers are parsed when asked for.
    """

    def __init__(self, folder: Path, model_name: str, model_identity: str, *, writable: bool = True) -> None:
        """Open the log in `folder`, creating it where `writable`.

        Raises `LeaderbenchError` where another process writes to it, it belongs to another model, or it cannot be used.
        """
        self.folder = folder
        self.damage: tuple[str, ...] = ()
        """What was found damaged on opening, a sentence each; every intact record is kept."""
        self._writable = writable
        self._lock: int | None = None
        self._index: dict[bytes, tuple[int, int, int]] = {}
        self._segments: list[Path] = []
        self._descriptors: dict[int, int] = {}
        self._size = 0
        self._synced = 0
        if writable:
            make_folder(folder)
            self._lock = locks.acquire(folder / "lock", f"The response log of {model_name} ({folder})")
        try:
            with said_plainly(folder):
                self._own(model_name, model_identity)
                self._read()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """How many requests are answered."""
        return len(self._index)

    def __contains__(self, request: Request) -> bool:
        return bytes.fromhex(digest(request)) in self._index

    def get(self, request: Request) -> Answer | None:
        """The stored answer, or None where the request was never answered (or its record has been damaged since)."""
        return self.get_digest(digest(request))

    def get_digest(self, name: str) -> Answer | None:
        """The stored answer to the request of this digest (64 hex digits), or None."""
        key = bytes.fromhex(name)
        place = self._index.get(key)
        if place is None:
            return None
        with said_plainly(self.folder):
            record = os.pread(self._descriptor(place[0]), place[2], place[1])
        if segments.key_of(record) != key:
            del self._index[key]
            return None
        return answers.from_json(record[segments.answer_start : -1])

    def append(self, pairs: Iterable[tuple[Request, Answer]]) -> None:
        """Store answers; they are on the disk when this returns. A request answered already keeps its first.

        Raises `LeaderbenchError` where they cannot be written; none of these is stored then, all earlier ones are kept.
        """
        self.write(pairs)
        self.sync()

    def write(self, pairs: Iterable[tuple[Request, Answer]]) -> None:
        """As `append`, but only `sync` brings them to the disk: until then a power cut may lose them, and nothing else.

        Raises `LeaderbenchError` as `append` does.
        """
        if self._lock is None:
            raise ValueError("this response log is not open for writing")
        fresh: dict[bytes, bytes] = {}
        for request, answer in pairs:
            key = bytes.fromhex(digest(request))
            if key not in self._index and key not in fresh:
                fresh[key] = segments.line(key, answers.to_json(answer))
        if fresh:
            self._write(fresh)

    def sync(self) -> None:
        """Bring what was written to the disk.

        Raises `LeaderbenchError` where the disk refuses it; nothing written since the last time is stored then.
        """
        if self._synced == self._size:
            return
        last = len(self._segments) - 1
        descriptor = self._descriptor(last)
        with said_plainly(self.folder):
            try:
                os.fsync(descriptor)
            except OSError:
                self._size = self._synced
                lost = [key for key, place in self._index.items() if place[0] == last and place[1] >= self._size]
                for key in lost:
                    del self._index[key]
                os.ftruncate(descriptor, self._size)
                raise
        if not os.fstat(descriptor).st_nlink:
            raise MachineError(
                f"{self._segments[last]} was deleted while answers were written to it, and they are gone with it: run "
                "the same command again."
            )
        self._synced = self._size

    def close(self) -> None:
        """Release the lock and the files; closing twice is harmless."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _own(self, model_name: str, model_identity: str) -> None:
        """Make sure that this folder is this model's: the folder name holds only the beginning of the identity."""
        path = self.folder / "model.json"
        try:
            owner = json_of(read_bytes(path, LARGEST_OWNER))["identity"]
        except FileNotFoundError:
            if self._writable:
                text = json.dumps({"name": without_secrets(model_name), "identity": model_identity}, indent=2)
                replace_durably(path, text.encode() + b"\n")
            return
        except (ValueError, LookupError, TypeError) as error:
            raise LeaderbenchError(
                f"{path} is damaged: delete that file and run the same command again; the answers beside it are kept."
            ) from error
        if owner != model_identity:
            raise LeaderbenchError(f"{self.folder} holds the answers of another model ({owner}): give another --store.")

    def _read(self) -> None:
        self._segments = sorted(self.folder.glob("[0-9]" * 6 + ".jsonl"))
        damage = []
        for number, path in enumerate(self._segments):
            with named(path, "move it away and run the same command again"):
                found = segments.scan(path)
            if self._writable and not found.whole:
                segments.repair(path, found, self.folder / "damaged")
                damage += list(self._report(path, found))
                found = segments.scan(path)
            for key, start, length in found.records:
                self._index.setdefault(key, (number, start, length))
            self._size = self._synced = found.size
        self.damage = tuple(damage)

    def _report(self, path: Path, found: segments.Scan) -> Iterator[str]:
        if found.torn:
            yield (
                f"An earlier run was stopped while it wrote to {path}: its unfinished last record was removed, "
                f"the {len(found.records)} complete ones are kept."
            )
            return
        for item in found.damage:
            yield (
                f"{len(item.data)} damaged bytes at {item.offset} of {path} were set aside in "
                f"{self.folder / 'damaged'}; the {len(found.records)} intact answers of that file are kept, "
                "and what is missing is asked again."
            )

    def _descriptor(self, number: int) -> int:
        if number not in self._descriptors:
            flags = os.O_RDWR if self._writable else os.O_RDONLY
            self._descriptors[number] = os.open(self._segments[number], flags)
        return self._descriptors[number]

    def _write(self, fresh: dict[bytes, bytes]) -> None:
        with said_plainly(self.folder):
            if not self._segments or self._size >= segment_bytes:
                self.sync()
                self._begin_segment()
            number = len(self._segments) - 1
            descriptor = self._descriptor(number)
            try:
                write_all(descriptor, b"".join(fresh.values()), self._size)
            except BaseException:
                os.ftruncate(descriptor, self._size)
                raise
        for key, text in fresh.items():
            self._index[key] = (number, self._size, len(text) - 1)
            self._size += len(text)

    def _begin_segment(self) -> None:
        last = int(self._segments[-1].stem) if self._segments else 0
        path = self.folder / f"{last + 1:06d}.jsonl"
        # An empty one may be there, of a try after which its name could not be made durable; only we hold the lock.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o666))
        sync(self.folder)
        self._segments.append(path)
        self._size = self._synced = 0
