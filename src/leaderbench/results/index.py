"""The index: what a store holds, listed without opening its files again.

It lies in `<store>/index.db` and is a cache: the files are the truth, and it may be deleted at any moment. Several
processes may use it at once.

```python
with Index("leaderbench-store") as index:
    index.refresh()
    index.entries("mmlu")
```
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from leaderbench.errors import MachineError
from leaderbench.results import database, queries, rows, tables
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.listings import ListedBenchmark, ListedModel, ListedRun, Page, Refreshed
from leaderbench.results.store import Store
from leaderbench.results.subjects import Subject

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Called with how many files of how many are read."""

batch = 256
"""Runs that are read before they are written, in one short transaction."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of file that the index reads, and the tables that hold what it says."""

    parents: Table
    children: Table
    key: str
    """The column of `children` that names the parent."""

    find: Callable[[Path], dict[str, tuple[Path, str]]]
    read: Callable[[str, Path], rows.Found]

    def known(self, connection: Connection) -> set[str]:
        """The parents that were read."""
        return set(connection.scalars(select(self.parents.c.id)))

    def remove(self, connection: Connection, names: list[str]) -> None:
        """Take these parents out, and what belongs to them."""
        theirs = delete(self.children).where(self.children.c[self.key].in_(names))
        if "narrow" in self.children.c:  # the key begins with it: unless it is named, every score is looked at
            theirs = theirs.where(self.children.c.narrow.in_([False, True]))
        connection.execute(theirs)
        connection.execute(delete(self.parents).where(self.parents.c.id.in_(names)))


kinds = (
    _Kind(tables.runs, tables.scores, "run", rows.run_folders, rows.run_rows),
    _Kind(tables.imported_files, tables.imported, "file", rows.imported_files, rows.imported_rows),
)


class BusyError(MachineError):
    """Another process keeps the index from being brought up to the files; what it holds can be read."""


class Index:
    """Listings of a store. `refresh` brings the index up to the files; everything else only reads the index.

    Threads may share it. Whatever is wrong with its file is mended, and said in `remarks`; only where another process
    blocks it for half a minute a call raises `LeaderbenchError`.
    """

    def __init__(self, store: Store | str | Path) -> None:
        """The index of a store, or of the store in this folder. Raises `LeaderbenchError` where that is a file."""
        self.store = store if isinstance(store, Store) else Store(store)
        self._database = database.Database(self.store.path / "index.db")
        self._turn = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @property
    def path(self) -> Path | None:
        """The file; None while the index is in memory, because there is no store yet or it cannot be written."""
        return self._database.path

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know about the index itself, a sentence each; usually nothing."""
        return tuple(self._database.remarks)

    @property
    def version(self) -> str:
        """A text that is another one whenever the contents have changed; ask for it before reading what you cache.

        Processes that share a store share it too.
        """
        return self._read(database.version)

    def refresh(self, *, rebuild: bool = False, progress: Progress | None = None) -> Refreshed:
        """Read runs and imported scores that are new or changed, and drop what is gone. Samples are not read.

        With `rebuild` everything is read again, and the database checked first. Raises `LeaderbenchError` where the
        store cannot be listed.
        """
        with self._turn:
            if rebuild or self._database.missed():
                self._database.open()
            for remedy in (self._mend, self._database.give_up_file):
                try:
                    return self._refresh(rebuild, progress)
                except database.Unusable as error:
                    remedy(error)
            return self._refresh(rebuild, progress)

    def catch_up(self) -> Refreshed:
        """The same for who only reads: where another process blocks the file, its listings do if they lack no run, and
        else the store is read into memory.
        """
        try:
            return self.refresh()
        except BusyError as error:
            with self._turn:
                if self.is_behind():
                    self._database.give_up_file(error)
                    return self._refresh(rebuild=False, progress=None)
            with self._database.reading() as connection:
                return Refreshed(0, 0, 0, queries.problems(connection))

    def is_behind(self) -> bool:
        """Whether the store has runs or imported files that were never read; what changed since is not asked for.

        Raises `LeaderbenchError` where the store cannot be listed.
        """
        return any(kind.find(self.store.path).keys() - self._read(kind.known) for kind in kinds)

    def entries(
        self,
        benchmarks: str | Iterable[str] | None = None,
        models: Iterable[str] | None = None,
        *,
        overall_only: bool = True,
    ) -> list[Entry]:
        """Scores, the oldest run first and each run's in its own order, then imported ones.

        Args:
            benchmarks: Only these: one or several of `family/implementation` or whole families.
            models: Only these, by name.
            overall_only: Without the scores of subsets.
        """
        wanted = [benchmarks] if isinstance(benchmarks, str) else benchmarks if benchmarks is None else [*benchmarks]
        names = None if models is None else [*models]
        return self._read(lambda connection: queries.entries(connection, wanted, names, overall_only))

    def runs(
        self,
        page: int = 1,
        size: int = 50,
        *,
        benchmark: str | None = None,
        model: str | None = None,
        provenance: Provenance | None = None,
        damaged: bool | None = None,
        search: str = "",
    ) -> Page[ListedRun]:
        """Runs, newest first, with their overall scores.

        Args:
            page: From 1; behind the last one they are empty.
            size: Runs of a page, 1 to 1,000.
            benchmark: Only this `family/implementation`, or this family.
            model: Only this one, by name.
            provenance: Only these.
            damaged: Only those that have a problem, or only those that have none.
            search: Only those with this text in id, model, benchmark or settings, in either case.

        Raises `LeaderbenchError` for a page or a size that cannot be.
        """
        return self._read(
            lambda connection: queries.page_of_runs(
                connection,
                page,
                size,
                benchmark=benchmark,
                model=model,
                provenance=provenance,
                damaged=damaged,
                search=search,
            )
        )

    def run(self, name: str) -> ListedRun:
        """The run of this id, or of an id that begins so, with all its scores; `Store.run` reads the samples too.

        Raises `LeaderbenchError` for none or several.
        """
        return self._read(lambda connection: queries.run(connection, name))

    def models(self) -> list[ListedModel]:
        """Every model that has runs or imported scores, by name."""
        return self._read(queries.models)

    def subjects(self) -> list[Subject]:
        """Everybody who was asked: models of one name and one identity; see `subjects.told_apart`."""
        return self._read(queries.subjects)

    def benchmarks(self) -> list[ListedBenchmark]:
        """Every benchmark that has runs or imported scores, by name."""
        return self._read(queries.benchmarks)

    def unplaced(self) -> tuple[str, ...]:
        """What cannot be read and may be missing on any board, a sentence each."""
        return self._read(queries.unplaced)

    def import_problems(self) -> tuple[str, ...]:
        """What cannot be read of files of imported scores, a sentence each; a run's problem stands with the run."""
        return self._read(queries.import_problems)

    def _read(self, question: Callable[[Connection], Result]) -> Result:
        """The answer of the tables; they are filled anew first where the file turns out to be of no use."""
        for remedy in (self._mend, self._database.give_up_file):
            odd = False
            try:
                with self._database.reading() as connection:
                    return question(connection)
            except database.Unusable as error:
                remedy(error)
            except (ValueError, LookupError, TypeError):  # the form of the file is right, a value in it is not
                odd = True
            self.refresh(rebuild=odd)
        with self._database.reading() as connection:
            return question(connection)

    def _mend(self, error: Exception) -> None:
        if database.is_busy(error):
            raise BusyError(
                f"The index of {self.store.path} has been written by {self._database.holder} for "
                f"{database.patience:.0f} seconds: wait until that is done or stop it, then try again."
            ) from error
        with self._turn:
            self._database.open()

    def _refresh(self, rebuild: bool, progress: Progress | None) -> Refreshed:
        with self._database.changing():
            counts = [self._refresh_kind(kind, rebuild, progress) for kind in kinds]
        read, kept, dropped = map(sum, zip(*counts, strict=True))
        with self._database.reading() as connection:
            return Refreshed(read, kept, dropped, queries.problems(connection))

    def _refresh_kind(self, kind: _Kind, rebuild: bool, progress: Progress | None) -> tuple[int, int, int]:
        """How many were read, kept and dropped."""
        parents = kind.parents
        with self._database.reading() as connection:  # before the files, so that what is added meanwhile is not "gone"
            known = dict(connection.execute(select(parents.c.id, parents.c.fingerprint)).all())
        found = kind.find(self.store.path)
        changed = [name for name, (_, state) in found.items() if rebuild or not state or state != known.get(name)]
        for start in range(0, len(changed), batch):
            part = changed[start : start + batch]
            self._record(kind, {name: (found[name][1], kind.read(name, found[name][0])) for name in part}, rebuild)
            if progress is not None:
                progress(start + len(part), len(changed))
        gone = [name for name in known if name not in found]
        if gone:
            self._drop(kind, gone)
        return len(changed), len(found) - len(changed), len(gone)

    def _record(self, kind: _Kind, items: dict[str, tuple[str, rows.Found]], rebuild: bool) -> None:
        """Put what was found in place of what was there; where that is the same, only note the files' state."""
        parents = kind.parents
        digests = {name: found.digest for name, (_, found) in items.items()}
        with self._database.writing() as connection:
            there = select(parents.c.id, parents.c.digest).where(parents.c.id.in_(list(items)))
            known = {} if rebuild else dict(connection.execute(there).all())
            same = [name for name in items if known.get(name) == digests[name]]
            other = [name for name in items if known.get(name) != digests[name]]
            if same:
                noted = update(parents).where(parents.c.id == bindparam("name")).values(fingerprint=bindparam("state"))
                connection.execute(noted, [{"name": name, "state": items[name][0]} for name in same])
            if other:
                kind.remove(connection, other)
                facts = [
                    {**items[name][1].row, "fingerprint": items[name][0], "digest": digests[name]} for name in other
                ]
                connection.execute(insert(parents), facts)
                scores = [score for name in other for score in items[name][1].scores]
                if scores:
                    connection.execute(insert(kind.children), scores)
                database.note_change(connection)

    def _drop(self, kind: _Kind, names: list[str]) -> None:
        with self._database.writing() as connection:
            for start in range(0, len(names), batch):
                kind.remove(connection, names[start : start + batch])
            database.note_change(connection)
