"""What an import did: what came in, what did not and why, and what a reader must know of the rest."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Imported:
    """One benchmark of one file that is in the store now."""

    file: str
    """The file's name, below the folder that was given."""

    model: str
    benchmark: str
    run: str
    """Id of the run; empty where scores came in without samples."""

    scores: int
    """How many scores, subsets included."""

    new: bool
    """Whether it was not in the store before."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a part of one, that did not come in."""

    file: str
    reason: str
    """What is wrong with it, for a person; names the part where it is not the whole file."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did."""

    imported: tuple[Imported, ...]
    """In the order of the files; also what was there already, which stays as it was."""

    skipped: tuple[Skipped, ...]
    remarks: tuple[str, ...]
    """How values were understood, and what was left out on purpose, in sentences."""

    models: int = 0
    """Of how many models it is kept what the files say of them."""
