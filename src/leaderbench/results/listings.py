"""What the index answers with: runs, models and benchmarks as listings show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from leaderbench.records import Json, Score
from leaderbench.results.entries import Provenance
from leaderbench.results.run_notes import Note

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did; a file of imported scores counts like a run."""

    read: int
    """Read because they were new or changed."""

    kept: int
    """Unchanged since they were read last."""

    dropped: int
    """Gone from the store."""

    problems: tuple[str, ...]
    """What cannot be read now, a sentence each, whether it was read this time or before."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a long listing."""

    items: tuple[Item, ...]
    number: int
    """From 1."""

    size: int
    """Items of a full page."""

    total: int
    """Items of all pages."""

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run without its samples."""

    id: str
    model: str
    """Empty where the run is damaged so that it does not say."""

    identity: str
    """Digest of everything about the model that can change an answer."""

    benchmark: str
    """`family/implementation`; empty like `model`."""

    dataset: str
    revision: str
    """The dataset's."""

    created: str
    """When the run was finished, UTC, ISO 8601."""

    settings: str
    """What narrows or changes the plain benchmark, in words such as `limit 100`; empty for all of it."""

    limits: Mapping[str, Json]
    """The manifest's."""

    provenance: Provenance
    source: str
    """File or address that it was imported from; empty for a run made here."""

    problem: str
    """Why the run cannot be used, in one sentence; empty where it can."""

    scores: tuple[Score, ...]
    """Each metric overall, the reported one first; where one run was asked for, then by subset."""

    facts: Mapping[str, str] = field(default_factory=dict)
    """What is known of who was asked; see `subjects`."""

    notes: tuple[Note, ...] = ()
    """What to know of all its samples together."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that has runs or imported scores."""

    name: str
    identities: tuple[str, ...]
    """Digests of the models of this name that were asked; more than one where the name was used again."""

    runs: int
    """Runs that can be used."""

    imported: int
    """Imported scores."""

    last: str
    """The newest date of them, ISO 8601; empty where none is known."""


@dataclass(frozen=True, slots=True)
class ListedBenchmark:
    """A benchmark that has runs or imported scores."""

    name: str
    """`family/implementation`, or what an import gave."""

    models: int
    """Models by name."""

    runs: int
    """Runs that can be used."""

    imported: int
    """Imported scores."""

    questions: int = 0
    """The most questions that a run of it has answered."""
