"""A store while it is served: looked at now and then, and shown in its last complete state.

A state is published once everything is prepared that its next readers want; until then they get the one before, at
once. What was worked out for a state is kept as long as it is the published one.
"""

import contextlib
import copy
import hashlib
import logging
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from leaderbench.errors import LeaderbenchError
from leaderbench.results.index import Index
from leaderbench.results.problems import problem_sentence
from leaderbench.results.store import Store
from leaderbench.sentences import Sentence
from leaderbench.web import site_file

Result = TypeVar("Result")

pause = 2.0
"""Seconds between two looks at the files, at least; those of boards and models are looked at every time."""

share = 20
"""A look at the runs that took a second is followed by so many seconds without one, so that large stores are not all
looking."""

kept = {
    "run": 6,
    "board": 12,
    "glance": 1000,
    "rows": 12,
    "compared": 6,
    "diff": 6,
    "explanation": 2,
    "benchmark": 8,
    "tokens": 12,
}
"""Results of each kind that are kept for the next reader: runs hold all their samples, boards all their rows."""

kept_otherwise = 32
"""Of any other kind."""

of_files = "files"
"""Stands in the place of the state where a result depends on some files alone, whose state is in its key."""

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

        self.reading = True
        """Whether something may be in the store that is not shown yet, because it was never read."""

        self.prepared = False
        """Whether the pages of the first state were prepared."""

        self.steps = 0
        """How often more of the state that is shown was worked out, after it was published."""

        self._unfinished = False
        self.warm: Callable[[LiveStore], object] | None = None
        """Called with this store in a state that is about to be published, to work out what its readers will want."""

        self._version, self._version_of_models = self._found()
        self._kept: OrderedDict[tuple[Hashable, str], Any] = OrderedDict()
        self._guard = threading.Lock()
        self._turns: dict[tuple[Hashable, str], threading.Lock] = {}
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
        """Look at the files once and publish what was found; seconds that the look took. What goes wrong is said in
        `trouble`.
        """
        start = time.monotonic()
        try:
            self.index.refresh()
            self.trouble = ""
        except LeaderbenchError as error:
            self.trouble = self.said(str(error))
        except Exception as error:  # the site goes on with what it knows
            log.exception("The index could not be brought up to the files.")
            self.trouble = f"The listings could not be brought up to the files: {type(error).__name__}."
        took = time.monotonic() - start
        self.looked.set()
        self.publish()
        self.reading = False
        return took

    def wait(self) -> None:
        """Wait for the first look at the store, five seconds at most; not at all where nobody looks."""
        if self._thread is not None:
            self.looked.wait(5)

    def publish(self) -> None:
        """Show the state that the index and the files of boards and models are in, once it is prepared."""
        version, models = self._found()
        if version == self._version:
            return
        ahead = copy.copy(self)  # all is shared but the state
        ahead._version, ahead._version_of_models = version, models
        if self.reading:  # readers have seen nothing yet: they get the state at once
            ahead._unfinished = self.warm is not None
        else:
            ahead._prepare()
        self._version, self._version_of_models = version, models
        self._unfinished = ahead._unfinished
        with self._guard:
            for key in [key for key in self._kept if key[1] not in (version, models, of_files)]:
                del self._kept[key]

    def _found(self) -> tuple[str, str]:
        """The state that the index and the files beside the runs are in, and that of the models alone."""
        models = self._digest([], [self.store.path / "models.toml", self.store.path / "models"])
        try:
            index = self.index.version
        except LeaderbenchError as error:
            self.trouble = self.told(error)
            index = secrets.token_hex(8)
        return self._digest([index], self._beside_the_runs()), models

    def _prepare(self) -> None:
        if self.warm is not None:
            try:
                self._unfinished = bool(self.warm(self))
            except Exception:  # a reader who asks for the same is told what is wrong
                log.debug("Pages could not be prepared.", exc_info=True)

    def _watch(self) -> None:
        with contextlib.suppress(LeaderbenchError):  # the first look says it
            self.reading = self.index.is_behind()
        self._prepare()  # what the index knew already, while the files are looked at for the first time
        self.prepared = True
        due = 0.0
        while not self._end.is_set():
            if time.monotonic() >= due:
                took = self.refresh()
                due = time.monotonic() + share * took
            else:
                self.publish()
            if self._unfinished:  # readers have the state already; the rest of it is worked out a part at a time
                self._prepare()
                self.steps += 1
            self._end.wait(pause)

    def version(self) -> str:
        """The state that is shown: another text whenever anything that pages show is another."""
        return self._version

    def tag(self) -> str:
        """The same with what is wrong at the moment: what an answer depends on besides its address."""
        return f"{self._version} {self.steps} {self.reading} {self.prepared} {self.trouble}"

    def site(self) -> site_file.OwnSite:
        """What the store says of its site."""
        return self.keep("site", self.version(), lambda: site_file.read(self.store.path))

    def version_of_models(self) -> str:
        """The same for what is recorded and declared of models."""
        return self._version_of_models

    def _beside_the_runs(self) -> list[Path]:
        """Files that change what is shown and that the index does not know."""
        boards = self.store.path / "boards"
        try:
            own = sorted(boards.glob("*.toml"))
        except OSError:
            own = []
        try:
            pictures = sorted(path for path in self.store.path.iterdir() if path.suffix.lower() in site_file.kinds)
        except OSError:
            pictures = []
        others = ("models.toml", "models", "explanations", site_file.name)
        return [boards, *own, *pictures, *(self.store.path / name for name in others)]

    @staticmethod
    def _digest(parts: list[str], paths: list[Path]) -> str:
        for path in paths:
            try:
                state = path.stat()
                parts.append(f"{path.name} {state.st_mtime_ns} {state.st_size}")
            except OSError:
                parts.append(f"{path.name} absent")
        return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:20]

    def has(self, key: Hashable) -> bool:
        """Whether a result of the state that is shown is kept."""
        return (key, self._version) in self._kept

    def held(self, kind: str) -> list[Hashable]:
        """The keys of the results of a kind that are kept, of whichever state; the last used one last."""
        with self._guard:
            return list(dict.fromkeys(key for key, _ in self._kept if _kind(key) == kind))

    def keep(self, key: Hashable, version: str, make: Callable[[], Result]) -> Result:
        """What `make` gives, worked out once for a version; readers who want the same at the same time wait for it."""
        whole = key, version
        with self._guard:
            if whole in self._kept:
                self._kept.move_to_end(whole)
                return cast("Result", self._kept[whole])
            turn = self._turns.setdefault(whole, threading.Lock())
        try:
            with turn:
                with self._guard:
                    if whole in self._kept:
                        return cast("Result", self._kept[whole])
                made = make()
                with self._guard:
                    self._remember(key, version, made)
                return made
        finally:
            with self._guard:
                self._turns.pop(whole, None)

    def keep_of_files(self, key: tuple[Hashable, ...], files: Sequence[Path], make: Callable[[], Result]) -> Result:
        """What `make` gives of these files and nothing else: kept while they are as they are, whatever else changes."""
        return self.keep((*key, self._digest([], list(files))), of_files, make)

    def _remember(self, key: Hashable, version: str, made: object) -> None:
        """Keep a result, and drop the one of its kind that was used longest ago where there are too many."""
        self._kept[key, version] = made
        kind = _kind(key)
        same = [other for other in self._kept if other[1] == version and _kind(other[0]) == kind]
        for other in same[: -kept.get(kind, kept_otherwise)]:
            del self._kept[other]

    def said(self, text: str) -> str:
        """A sentence for strangers: without where on the disk the store lies."""
        if not isinstance(text, Sentence):
            text = problem_sentence(text)
        if isinstance(text, Sentence):
            return text.mapped(self.said)
        for path in (str(self.store.path.absolute()), str(self.store.path)):
            if len(path) > 1:
                text = text.replace(f"{path}/", "").replace(path, "the store")
        # Of a store that was moved since. A short stretch, since this is quadratic; no address: that has a colon in
        # front.
        return re.sub(r"(?<![\w:/.])/\S{0,1000}/(?=(?:runs|boards|imported)/)", "", text)

    def told(self, error: LeaderbenchError) -> str:
        """The same of an error, as the `Sentence` that it was raised with where it was."""
        sentence = error.args[0] if len(error.args) == 1 else str(error)
        return self.said(sentence if isinstance(sentence, str) else str(sentence))


def _kind(key: Hashable) -> str:
    return str(key[0]) if isinstance(key, tuple) else str(key)
