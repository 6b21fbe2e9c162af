"""Runs beside each other, as the site and its API show them."""

from pydantic import JsonValue

from leaderbench.web.values.basics import Number, Paged, Value
from leaderbench.web.values.runs import ShownScore


class ComparedSide(Value):
    """One of two runs."""

    run: str
    model: str
    benchmark: str
    score: ShownScore
    only: int
    """Questions that the other was not asked."""

    unanswered: int


class ShownCause(Value):
    """What both manifests say of one thing that can move a score."""

    name: str
    a: dict[str, JsonValue]
    b: dict[str, JsonValue]
    differs: bool | None
    """Null where one of them does not say."""


class ShownFlip(Value):
    """A question that one run got right and the other wrong."""

    example_id: str
    subset: str
    target: str
    a: str | None
    """What the first answered."""

    b: str | None
    a_right: bool
    near_tie: bool
    cause: str
    a_number: int | None
    """Its place in the first run's samples."""

    b_number: int | None


class SubsetGap(Value):
    """How far apart two runs are in one subset."""

    subset: str
    n: int
    difference: Number
    low: Number
    high: Number
    adjusted_p: Number


class Comparison(Value):
    """Two runs question by question. Differences are A minus B."""

    a: ComparedSide
    b: ComparedSide
    shared: int
    n: int
    """Questions that both answered."""

    difference: Number
    low: Number
    high: Number
    p: Number
    """Of a paired test for no difference."""

    real: bool
    """Whether the gap is more than noise."""

    detectable: Number
    """The smallest true difference that this many questions show with 80 % power."""

    agreement: Number
    """Share of the questions with the same answer."""

    a_only_right: int
    b_only_right: int
    near_ties: int
    """Flips whose margin is within float noise."""

    changed: int
    """Questions with another answer and the same verdict."""

    causes: tuple[ShownCause, ...]
    subsets: tuple[SubsetGap, ...]
    flips: Paged[ShownFlip]
