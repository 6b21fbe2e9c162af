"""What the site shows and its API answers with: one set of values, so that both say the same.

A number that nobody knows is null. Every text may come from a stranger: pages escape it.
"""

import math
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue

Item = TypeVar("Item")
Number = float | None


class Value(BaseModel):
    """Frozen, and described in OpenAPI by the lines under its fields."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Problem(Value):
    """Why a request has no answer."""

    detail: str
    """What was wrong and what to do, in a sentence."""


class Paged(Value, Generic[Item]):
    """One page of a listing."""

    items: tuple[Item, ...]
    page: int
    """From 1; behind the last one there is nothing."""

    size: int
    """Items of a full page."""

    total: int
    """Items of all pages."""

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))


class ShownColumn(Value):
    """A column of a board."""

    key: str
    """What it is called in addresses."""

    title: str
    sources: tuple[str, ...]
    """Benchmarks whose scores it shows."""

    direction: str
    """`higher` or `lower`, whichever is better; `none` where it takes no part in the order."""

    type: str
    languages: tuple[str, ...]
    baselines: tuple[Number, ...]
    """What guessing scores, of each part."""


class ListedBoard(Value):
    """A board, not filled in."""

    name: str
    title: str
    about: str
    rule: str
    columns: tuple[str, ...]
    own: bool
    """Whether it is a file of the store."""

    problem: str
    """Why it cannot be shown; empty where it can."""


class ShownPlace(Value):
    """A place in an order and how sure it is."""

    rank: int
    """1 for the best; ties share the better place."""

    low: int | None
    """Best rank that the model may have; null where nobody knows."""

    high: int | None
    of: int
    """Models in the order."""


class ShownCell(Value):
    """A score in a column."""

    estimate: Number
    low: Number
    """Lower end of the 95 % interval."""

    high: Number
    normalised: Number
    """After normalisation by what guessing scores."""

    n: int
    """Questions answered; 0 where that is not known."""

    errors: int
    metric: str
    provenance: str
    run: str
    """Id of the run; empty where only the score is known."""

    settings: str
    source: str


class ShownRow(Value):
    """A row of a board."""

    name: str
    model: str
    identity: str
    rank: ShownPlace | None
    """On the whole board."""

    filtered_rank: ShownPlace | None
    """Among the rows shown, where `ranks=filtered` asked for it."""

    score: Number
    low: Number
    high: Number
    rank_interval_from: str
    cells: tuple[ShownCell | None, ...]
    """One a column shown."""

    baseline: bool
    """Whether it knows nothing and shows where chance lies."""

    pinned: bool
    flags: tuple[str, ...]


class ShownBoard(Value):
    """A board filled in, one page of it."""

    name: str
    title: str
    about: str
    rule: str
    formula: str
    formula_version: int
    rank_intervals: str
    score_is_share: bool
    """Whether scores lie between 0 and 1 and are read in percent."""

    columns: tuple[ShownColumn, ...]
    """Those shown."""

    all_columns: tuple[ShownColumn, ...]
    models: int
    """Rows of the whole board, baselines included."""

    rows: Paged[ShownRow]
    command: str
    """What makes a first score for it."""

    notes: tuple[str, ...]


class ShownFact(Value):
    """Something known of a model."""

    name: str
    value: str | int | tuple[str, ...]
    source: str
    """Who says so, the most believed first; `guessed from the name` is no more than that."""

    evidence: str
    otherwise: tuple[str, ...]
    """What other sources say."""


class ShownModel(Value):
    """A model as listings show it."""

    name: str
    runs: int
    imported: int
    """Scores that were published elsewhere."""

    last: str
    facts: tuple[ShownFact, ...]


class ShownScore(Value):
    """A score with its uncertainty."""

    metric: str
    subset: str | None
    """Null for all of the run."""

    estimate: Number
    standard_error: Number
    low: Number
    high: Number
    n: int
    errors: int
    interval_is_about: str


class ModelScore(Value):
    """What a model scored on a benchmark."""

    model: str
    identity: str
    benchmark: str
    score: ShownScore
    provenance: str
    source: str
    run: str
    created: str
    settings: str
    problem: str


class BoardPlace(Value):
    """Where a model stands on a board."""

    board: str
    title: str
    rank: ShownPlace | None
    score: Number
    low: Number
    high: Number
    score_is_share: bool


class ModelDetail(ShownModel):
    """A model with all that is known of it."""

    identities: tuple[str, ...]
    scores: tuple[ModelScore, ...]
    places: tuple[BoardPlace, ...]
    """On boards where it has a score."""

    problems: tuple[str, ...]


class ShownBenchmark(Value):
    """A benchmark that has scores, or that leaderbench can ask."""

    name: str
    summary: str
    dataset: str
    metrics: tuple[str, ...]
    """The first is the one that it reports."""

    models: int
    runs: int
    imported: int


class ShownRun(Value):
    """A run, without its samples."""

    id: str
    model: str
    identity: str
    benchmark: str
    dataset: str
    revision: str
    created: str
    settings: str
    provenance: str
    source: str
    problem: str
    """Why it cannot be used; empty where it can."""

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

    samples_problem: str
    """Why its samples cannot be read."""


class ListedSample(Value):
    """A question and what became of it, in a line."""

    number: int
    """Its place in the run, from 0."""

    example_id: str
    subset: str
    question: str
    """The last part of the prompt."""

    prediction: str | None
    target: str
    verdict: str
    """`right`, `wrong` or `error`."""

    margin: Number
    """How far ahead the answer was of the runner-up."""

    near_tie: bool
    """Whether the margin is within float noise."""

    flags: tuple[str, ...]


class ShownToken(Value):
    """A token of an answer."""

    id: int
    log_probability: Number


class ShownContinuation(Value):
    """One candidate answer, or the text written."""

    text: str
    log_likelihood: Number
    tokens: tuple[ShownToken, ...]
    chosen: bool
    """Whether it has the greatest log-likelihood."""


class ShownSample(ListedSample):
    """A question with all that was asked and answered."""

    shots: str
    """The part of the prompt before the question: instructions and solved examples."""

    prompt_end: str
    """The rest of it; both together are the exact prompt."""

    continuations: tuple[ShownContinuation, ...]
    context_tokens: int
    truncated_tokens: int
    shots_dropped: int
    metrics: dict[str, Number]
    error: str | None


class SamplePage(Value):
    """Some samples of a run."""

    run: str
    model: str
    benchmark: str
    subsets: tuple[str, ...]
    noise: float
    """Nats below which a margin is a near tie."""

    samples: Paged[ListedSample]


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


def known(value: float) -> Number:
    """A number, or None for one that does not exist."""
    return float(value) if math.isfinite(value) else None
