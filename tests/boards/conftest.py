"""Entries and boards made up for tests."""

import math
from collections.abc import Callable

import pytest

from leaderbench.boards.reading import parse
from leaderbench.boards.spec import BoardSpec
from leaderbench.records import Aggregation, Metric, Score, View
from leaderbench.results.entries import Entry, Provenance

Make = Callable[..., Entry]


def make_entry(
    model: str,
    benchmark: str,
    estimate: float,
    error: float = 0.01,
    *,
    metric: str = "acc",
    aggregation: Aggregation = Aggregation.MICRO,
    subset: str | None = None,
    n: int = 1000,
    errors: int = 0,
    view: View = View.NEW_QUESTIONS,
    identity: str = "",
    run: str = "",
    provenance: Provenance = Provenance.IMPORTED_SCORE,
    created: str = "",
    settings: str = "",
    problem: str = "",
) -> Entry:
    """An entry, imported if nothing else is said."""
    low, high = (math.nan, math.nan) if math.isnan(error) else (estimate - 1.96 * error, estimate + 1.96 * error)
    score = Score(Metric(metric, aggregation), subset, estimate, error, low, high, n, errors, view)
    return Entry(model, identity, benchmark, score, run, provenance, "file.csv", created, settings, problem)


@pytest.fixture
def entry() -> Make:
    return make_entry


def make_spec(rule: str = "mean", *columns: str, head: str = "") -> BoardSpec:
    """A board of imported columns: each a name, or the TOML of a whole column."""
    written = [f"[[columns]]\n{column if '=' in column else f'imported = {column!r}'}\n" for column in columns]
    return parse(f'title = "Test"\nrule = "{rule}"\n{head}\n' + "".join(written))
