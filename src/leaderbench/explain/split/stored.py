"""The explanations that a store keeps: every question in every configuration, ready to be explained again."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.split.explanation import Explanation, explained
from leaderbench.explain.split.grid import Cause, head, load
from leaderbench.results.store import Store
from leaderbench.sentences import Sentence

FOLDER = "explanations"
"""Where they lie in a store."""


@dataclass(frozen=True, slots=True)
class StoredGrid:
    """One model in all configurations between two implementations, not read yet."""

    path: Path
    cause: Cause
    questions: int
    made: str
    """When, ISO 8601 (UTC)."""


@dataclass(frozen=True, slots=True)
class StoredExplanation:
    """One or several models that were asked the same questions in all configurations between two implementations."""

    id: str
    """A digest of what was asked, the models apart."""

    grids: tuple[StoredGrid, ...]
    """One a model, the newest where there are several, by name."""

    @property
    def a(self) -> str:
        """The implementation that it begins with."""
        return self.grids[0].cause.a

    @property
    def b(self) -> str:
        """The implementation that it ends with."""
        return self.grids[0].cause.b

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(item.cause.model for item in self.grids)

    @property
    def made(self) -> str:
        """When the newest of it was made, ISO 8601 (UTC)."""
        return max(item.made for item in self.grids)

    def read(self, models: Iterable[str] = ()) -> Explanation:
        """The explanation, of these models only where some are named.

        Raises:
            LeaderbenchError: no model of this name is in it, or a file is damaged.
        """
        wanted = set(models)
        if unknown := sorted(wanted - set(self.models)):
            known = ", ".join(self.models)
            raise LeaderbenchError(f"This explanation has no model {unknown[0]!r}; it has {known}.")
        return explained([load(item.path) for item in self.grids if not wanted or item.cause.model in wanted])


@dataclass(frozen=True, slots=True)
class Stored:
    """All explanations of a store."""

    explanations: tuple[StoredExplanation, ...]
    """The newest first."""

    problems: tuple[str, ...]
    """Files that are none, each in a sentence."""


def explanations(store: Store | str | Path) -> Stored:
    """The explanations that a store keeps. Only what the files remember beside their numbers is read."""
    folder = (store.path if isinstance(store, Store) else Path(store)) / FOLDER
    groups: dict[str, dict[str, StoredGrid]] = {}
    problems = []
    for path in _files(folder):
        try:
            item = _read(path)
        except LeaderbenchError as error:
            problems.append(error.args[0])
            continue
        same = groups.setdefault(_asked(item.cause), {})
        if item.cause.identity not in same or same[item.cause.identity].made < item.made:
            same[item.cause.identity] = item
    found = [
        StoredExplanation(name, tuple(sorted(group.values(), key=lambda item: (item.cause.model, item.cause.identity))))
        for name, group in groups.items()
    ]
    found.sort(key=lambda item: (item.made, item.id), reverse=True)
    return Stored(tuple(found), tuple(problems))


def _files(folder: Path) -> Sequence[Path]:
    try:
        return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))
    except OSError:
        return ()


def _read(path: Path) -> StoredGrid:
    cause, questions = head(path)
    try:
        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError) as error:
        raise LeaderbenchError(Sentence("{path} cannot be read.", path=str(path))) from error
    return StoredGrid(path, cause, questions, moment.isoformat(timespec="seconds"))


def _asked(cause: Cause) -> str:
    """What was asked, as a digest: the same for all models that were explained by one command, or by the same one."""
    parts = sorted({part for name in (*cause.factors, *cause.fixed) for part in name.split("+")})
    bank = None if cause.bank is None else sorted(cause.bank.items())
    asked = [cause.a, cause.b, cause.revision, cause.limits, bank, parts]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]
