"""A score as boards and pages read it: whose, of what, how sure, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from leaderbench.records import Score
from leaderbench.results.run_notes import Note


class Provenance(StrEnum):
    """Where a score comes from."""

    MADE_HERE = "made here"
    """A run of this store, asked by leaderbench."""

    IMPORTED_RUN = "imported run"
    """Another system's results with its samples: they can be compared and explained as far as their data goes."""

    IMPORTED_SCORE = "imported score"
    """A number that somebody published; nothing is known of single questions."""


not_stated = ("", 0)
"""Where a score of a run stands in the store's files of imported scores: nowhere."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One score of one model."""

    model: str
    """What people call it: a Hub id, a folder, `bundled:NAME`, or a name found in an imported file."""

    identity: str
    """Digest of everything about the model that can change an answer; empty where that is not known."""

    benchmark: str
    """`family/implementation`; of imported scores the names that the import gave."""

    score: Score
    run: str
    """Id of the run; empty where only the score is known."""

    provenance: Provenance
    source: str
    """File or address that it was imported from; empty for a run made here."""

    created: str
    """When the run was finished or the score published, ISO 8601; empty where unknown."""

    settings: str
    """What narrows or changes the plain benchmark, in words such as `limit 100`; empty for all of it."""

    problem: str = ""
    """Why the run cannot be used, in one sentence; its scores are then those that could still be read."""

    stated: tuple[str, int] = field(default=not_stated, compare=False, repr=False)
    """Where an imported score stands in the store, file and line: of several of one table the last one counts."""

    facts: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What is known of who was asked, such as revision and precision; see `subjects`."""

    parts: tuple[str, ...] = ()
    """What an imported mean is over: languages, splits or subjects, in alphabetical order; empty where unknown."""

    notes: tuple[Note, ...] = ()
    """What to know of all samples of the run together."""

    first: str = field(default="", compare=False)
    """When its model was first asked anything in this store, ISO 8601: weights of one name are told apart by that."""
