"""Runs and their scores, as the site and its API show them."""

from pydantic import JsonValue

from leaderbench.web.values.basics import Number, Value, Words


class ShownScore(Value):
    """A score with its uncertainty."""

    metric: Words
    subset: str | None
    """Null for all of the run."""

    estimate: Number
    standard_error: Number
    low: Number
    high: Number
    n: int | None
    """Questions answered; null where that is not known, as of most published numbers."""

    errors: int
    interval_is_about: str


class ShownRun(Value):
    """A run, without its samples."""

    id: str
    name: str
    """What its model is called here: told apart from others of its name."""

    model: str
    identity: str
    benchmark: str
    dataset: str
    revision: str
    created: str
    settings: Words
    provenance: Words
    source: str
    problem: Words
    """Why it cannot be used; empty where it can."""

    notes: tuple[Words, ...]
    """What to know of all its answers together before reading its scores."""

    scores: tuple[ShownScore, ...]
    """Overall ones, the reported one first; of one run then those of its subsets."""


class RunDetail(ShownRun):
    """A run with its manifest."""

    command: str
    """What repeats it; empty for imported runs."""

    manifest: dict[str, JsonValue]
    """Every cause of its scores."""

    samples: int
    """How many questions it has; 0 where they cannot be read."""

    samples_problem: Words
    """Why its samples cannot be read."""
