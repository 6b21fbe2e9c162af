"""A store while it is served: its index brought up to the files now and then, and what was worked out kept until the
store changes.
"""

import hashlib
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar, cast

from leaderbench.errors import LeaderbenchError
from leaderbench.results.index import Index
from leaderbench.results.store import Store
from leaderbench.sentences import Sentence

Result = TypeVar("Result")

pause = 2.0
"""Seconds between two looks at the files, at least."""

share = 20
"""A look that took a second is followed by so many seconds without one, so that large stores are not all looking."""

kept = {"run": 6, "board": 12, "diff": 6}
"""Results of each kind that are kept for the next reader: runs hold all their samples, boards all their rows."""

kept_otherwise = 32
"""Of any other kind."""

log = logging.getLogger("leaderbench.web")


class AbsentError(LeaderbenchError):
    """What was asked for is not in the store."""


class LiveStore:
    """A store that many readers ask at once. Threads may share it."""

    def __init__(self, store: Store | str | Path) -> None:
        """Raises `LeaderbenchError` where the store is a file."""
        self.store = store if isinstance(store, Store) else Store(store)
        self.index = Index(self.store)
        self.trouble = ""
        """Why the last look at the files failed; empty where it did not."""

        self.looked = threading.Event()
        """Set after the first look at the files."""

        self.warm: Callable[[], None] | None = None
        """Called after the store was found changed, to work out what the next readers will want."""

        self._kept: OrderedDict[Hashable, tuple[str, Any]] = OrderedDict()
        self._guard = threading.Lock()
        self._turns: dict[Hashable, threading.Lock] = {}
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look at the files, in a thread of its own, until `close`."""
        self._thread = threading.Thread(target=self._watch, name="leaderbench-index", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking and let go of the index."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self.index.close()

    def refresh(self) -> float:
        """Look at the files once; seconds that it took. What goes wrong is said in `trouble`."""
        start = time.monotonic()
        try:
            self.index.refresh()
            self.trouble = ""
        except LeaderbenchError as error:
            self.trouble = self.said(str(error))
        except Exception as error:  # the site goes on with what it knows
            log.exception("The index could not be brought up to the files.")
            self.trouble = f"The listings could not be brought up to the files: {type(error).__name__}."
        self.looked.set()
        return time.monotonic() - start

    def _watch(self) -> None:
        before = ""
        while not self._end.is_set():
            took = self.refresh()
            try:
                now = self.version()
                if self.warm is not None and now != before:
                    self.warm()
                before = now
            except Exception:  # a reader who asks for the same is told what is wrong
                log.debug("Pages could not be prepared.", exc_info=True)
            self._end.wait(max(pause, share * took))

    def version(self) -> str:
        """A text that is another one whenever anything that pages show has changed."""
        return self._digest([self.index.version, self.trouble, str(self.looked.is_set())], self._beside_the_runs())

    def version_of_models(self) -> str:
        """The same for what is recorded and declared of models."""
        return self._digest([], [self.store.path / "models.toml", self.store.path / "models"])

    def _beside_the_runs(self) -> list[Path]:
        """Files that change what is shown and that the index does not know."""
        boards = self.store.path / "boards"
        try:
            own = sorted(boards.glob("*.toml"))
        except OSError:
            own = []
        return [boards, *own, self.store.path / "models.toml", self.store.path / "models"]

    @staticmethod
    def _digest(parts: list[str], paths: list[Path]) -> str:
        for path in paths:
            try:
                state = path.stat()
                parts.append(f"{path.name} {state.st_mtime_ns} {state.st_size}")
            except OSError:
                parts.append(f"{path.name} absent")
        return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:20]

    def keep(self, key: Hashable, version: str, make: Callable[[], Result]) -> Result:
        """What `make` gives, worked out once for a version; readers who want the same at the same time wait for it."""
        with self._guard:
            found = self._kept.get(key)
            if found is not None and found[0] == version:
                self._kept.move_to_end(key)
                return cast("Result", found[1])
            turn = self._turns.setdefault(key, threading.Lock())
        try:
            with turn:
                with self._guard:
                    found = self._kept.get(key)
                    if found is not None and found[0] == version:
                        return cast("Result", found[1])
                made = make()
                with self._guard:
                    self._remember(key, version, made)
                return made
        finally:
            with self._guard:
                self._turns.pop(key, None)

    def _remember(self, key: Hashable, version: str, made: object) -> None:
        """Keep a result, and drop the one of its kind that was used longest ago where there are too many."""
        self._kept[key] = version, made
        self._kept.move_to_end(key)
        kind = _kind(key)
        same = [other for other in self._kept if _kind(other) == kind]
        for other in same[: -kept.get(kind, kept_otherwise)]:
            del self._kept[other]

    def said(self, text: str) -> str:
        """A sentence for strangers: without where on the disk the store lies."""
        if isinstance(text, Sentence):
            return text.mapped(self.said)
        for path in (str(self.store.path.absolute()), str(self.store.path)):
            if len(path) > 1:
                text = text.replace(f"{path}/", "").replace(path, "the store")
        return re.sub(r"/\S*/(?=(?:runs|boards|imported)/)", "", text)  # of a store that was moved since

    def told(self, error: LeaderbenchError) -> str:
        """The same of an error, as the `Sentence` that it was raised with where it was."""
        sentence = error.args[0] if len(error.args) == 1 else str(error)
        return self.said(sentence if isinstance(sentence, str) else str(sentence))


def _kind(key: Hashable) -> str:
    return str(key[0]) if isinstance(key, tuple) else str(key)
