"""One import into one store: files in, runs and scores stored, a report out."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.files.regular import UnusableError
from leaderbench.models.facts import Fact
from leaderbench.models.facts import Source as Origin
from leaderbench.results import locks
from leaderbench.results.entries import Entry
from leaderbench.results.files import make_folder, said_plainly
from leaderbench.results.imports.facts import Facts, save
from leaderbench.results.imports.files import Source, find, plain_name
from leaderbench.results.imports.report import Imported, Report, Skipped
from leaderbench.results.imports.scores import ScoreWriter, folder_of
from leaderbench.results.imports.values import quoted
from leaderbench.results.runs import Run
from leaderbench.results.secrets import MARK, marks, redacted
from leaderbench.results.store import Store

most_waiting = 5_000
"""Samples of runs that wait to be stored together: the disk is slow to say that something is on it."""

most_together = 256
"""Runs that are stored together."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a file without samples holds."""

    digest: str
    """SHA-256 of everything that the scores were read from."""

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...] = ()
    """Parts that cannot be used, with the reason."""

    remarks: tuple[str, ...] = ()
    """How parts were understood; the same sentence for the same thing, whatever the file."""

    instead_of: tuple[str, ...] = ()
    """Digests of the same file read otherwise, of which nothing stays."""

    facts: Mapping[str, Facts] = field(default_factory=dict)
    """What it says of models, by name."""


class Importing:
    """An import under way: what it has stored and what it passed over."""

    def __init__(self, store: Store) -> None:
        """Import into this store; see `into`."""
        self.store = store
        self.writer = ScoreWriter(store)
        self.imported: list[Imported] = []
        self.skipped: list[Skipped] = []
        self.remarks: Counter[str] = Counter()
        self.secrets = 0
        """Values that were taken out because they look like credentials."""

        self.described: set[str] = set()
        self._told: dict[str, dict[str, Fact[Any]]] = {}
        self._tellers: list[str] = []
        self._waiting: dict[str, Run] = {}

    def without_secrets(self, content: dict[str, Any]) -> dict[str, Any]:
        """What a file holds, without credentials; see `secrets`."""
        cleaned: dict[str, Any] = redacted(content)
        self.secrets += marks(cleaned) - marks(content)
        return cleaned

    def scores(self, source: Source, found: Found) -> None:
        """Store the scores of a file, or pass it over where it has none."""
        self.remarks.update(dict.fromkeys(found.remarks, 1))
        self.skipped.extend(Skipped(source.name, reason) for reason in found.left_out)
        known = {model: facts for model, facts in found.facts.items() if not self._garbled(source, model)}
        entries = [item for item in found.entries if not self._garbled(source, item.model)]
        if known:
            save(self.store, found.digest, known)
            self.described.update(known)
        if not entries:
            if not (found.left_out or known or found.entries):
                self.skip(source, "it holds no score")
            return
        new = self.writer.add(found.digest, entries, found.instead_of)
        counts = Counter((item.model, item.benchmark) for item in entries)
        self.imported.extend(Imported(source.name, *key, "", number, new) for key, number in counts.items())

    def tell(self, source: Source, digest: str, model: str, **values: str | int | None) -> None:
        """Keep what a result file says of its model beside its scores. What several files say differently is of what
        they asked, such as a revision, and not of the model.
        """
        facts: dict[str, Fact[Any]] = {
            name: Fact(value, Origin.PUBLISHED, source.name) for name, value in values.items() if value
        }
        if facts and "\ufffd" not in model:
            own = self._told.setdefault(model, {})
            for name, fact in facts.items():
                own[name] = fact if name not in own or own[name].value == fact.value else replace(fact, value=None)
            self._tellers.append(digest)

    def tell_of(self, source: Source, found: Found) -> None:
        """The same of a file whose scores say revision and precision."""
        for item in found.entries[:1]:
            told = {key: item.facts.get(key) for key in ("precision", "revision")}
            self.tell(source, found.digest, item.model, **told)

    def _garbled(self, source: Source, model: str) -> bool:
        """Whether letters of a model's name were lost, which is said once: models that differ there would be one."""
        if "\ufffd" not in model:
            return False
        reason = f"letters of the name {quoted(model)} were lost before it was written (U+FFFD): write it anew"
        if (skipped := Skipped(source.name, reason)) not in self.skipped:
            self.skipped.append(skipped)
        return True

    def run(self, source: Source, run: Run) -> None:
        """Store a run, at the latest when the import ends; one that is there stays, unless it is damaged."""
        if self._garbled(source, str(run.manifest.model["name"])):
            return
        new = run.id not in self._waiting and not self.store.has(run.id)
        if new:
            self._waiting[run.id] = run
            if sum(len(item.samples) for item in self._waiting.values()) > most_waiting:
                self.write()
        model, benchmark = str(run.manifest.model["name"]), str(run.manifest.benchmark["name"])
        self.imported.append(Imported(source.name, model, benchmark, run.id, len(run.scores), new))

    def write(self) -> None:
        """Store what waits."""
        waiting = list(self._waiting.values())
        for start in range(0, len(waiting), most_together):
            self.store.save_all(waiting[start : start + most_together])
        self._waiting.clear()
        if self._told:  # one file for all: thousands of them would be read whenever a record is
            told = {
                model: {name: fact for name, fact in facts.items() if fact.value is not None}
                for model, facts in self._told.items()
            }
            save(self.store, hashlib.sha256("\n".join(self._tellers).encode()).hexdigest(), told)

    def skip(self, source: Source, reason: str) -> None:
        """Note a file, or a part of one, that does not come in."""
        self.skipped.append(Skipped(source.name, reason))

    def report(self) -> Report:
        """What was done so far."""
        remarks = (
            sentence if files == 1 else f"{sentence.removesuffix('.')} (so in {files:,} files)."
            for sentence, files in self.remarks.items()
        )
        more = (*self._several(), *self._about_secrets())
        return Report(tuple(self.imported), tuple(self.skipped), (*remarks, *more), len(self.described))

    def _about_secrets(self) -> list[str]:
        if not self.secrets:
            return []
        what = (
            "1 value looks like a credential" if self.secrets == 1 else f"{self.secrets:,} values look like credentials"
        )
        return [f"{what}: {MARK} is kept instead. Whoever published the files should replace what stood there."]

    def _several(self) -> list[str]:
        """What to say where a model has results of one benchmark in several files."""
        files = Counter((item.model, item.benchmark) for item in self.imported)
        several = {model for (model, _), number in files.items() if number > 1}
        if not several:
            return []
        who = "1 model has" if len(several) == 1 else f"{len(several):,} models have"
        said = f"{who} several results of one benchmark: all are kept with their dates"
        return [f"{said}; which one is shown is for a board to choose, and those of this program show the newest."]


@contextmanager
def into(store: Store) -> Iterator[Importing]:
    """An import into a store, which no other import shares; scores are written when it ends."""
    folder = folder_of(store)
    make_folder(folder)
    lock = locks.acquire(folder / ".lock", f"The folder {folder}", wait=locks.patience)
    try:
        with said_plainly(folder):
            for left in folder.glob(".*.tmp"):  # what a killed import was writing
                left.unlink(missing_ok=True)
        importing = Importing(store)
        yield importing
        importing.write()
        importing.writer.write()
    finally:
        os.close(lock)


Paths = str | Path | Sequence[str | Path]
"""Files, or folders that hold them at any depth; one or several."""


def import_each(
    paths: Paths, store: Store | str | Path, wanted: Callable[[str], bool], take: Callable[[Importing, Source], None]
) -> Report:
    """Hand each file to `take`, one after the other; one that is unusable is reported and passed over.

    Raises `LeaderbenchError` where a path does not exist or the store cannot be written.
    """
    places = [Path(item) for item in ([paths] if isinstance(paths, str | Path) else paths)]
    sources, problems = find(places, wanted)
    if not sources and not problems:
        tables = find(places, _is_table)[0]
        other = f" It holds tables such as {tables[0].name}: leaderbench import csv reads them." if tables else ""
        raise LeaderbenchError(
            f"There is no result file in {_listed(places)}: give a result file, or a folder of them.{other}"
        )
    with into(store if isinstance(store, Store) else Store(store)) as importing:
        importing.skipped.extend(problems)
        for source in sources:
            try:
                take(importing, source)
            except UnusableError as error:
                table = _is_table(source.name) and not wanted(source.path.name)
                importing.skip(source, f"{error}; leaderbench import csv reads tables" if table else str(error))
            except RecursionError:
                importing.skip(source, "it is nested too deeply")
    return importing.report()


def _is_table(file: str) -> bool:
    """Whether a file may be for `import_csv`, by its name."""
    return plain_name(file).lower().endswith((".csv", ".tsv"))


def _listed(paths: Iterable[Path]) -> str:
    return ", ".join(map(str, paths))
