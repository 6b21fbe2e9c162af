"""Runs beside each other, as the site and its API show them."""

from pydantic import JsonValue

from leaderbench.web.values.basics import Number, Paged, Value, Words
from leaderbench.web.values.explanations import ListedExplanation
from leaderbench.web.values.runs import ShownRun, ShownScore


class ComparedRun(Value):
    """One of the runs."""

    run: str
    name: str
    """What tells it from the others: its model, its benchmark or both."""

    model: str
    benchmark: str
    score: ShownScore
    """On all its questions."""

    only: int
    """Questions that not all of the others were asked."""

    unanswered: int
    stopped: bool
    """Whether asking stopped because of what the answers said: intervals are too sure of such a run."""


class ComparedPair(Value):
    """Two of the runs, by their places from 0. Differences are a minus b."""

    a: int
    b: int
    difference: Number
    low: Number
    high: Number
    p: Number
    """Of a paired test for no difference."""

    adjusted_p: Number
    """After Holm's correction for all pairs."""

    real: bool
    """Whether the gap is more than noise."""

    detectable: Number
    """The smallest true difference that this many questions show with 80 % power."""

    agreement: Number
    """Share of the questions with the same answer."""

    churn: Number
    """Share of the questions with another verdict."""

    a_better: int
    """Questions on which a did better."""

    b_better: int


class ShownCause(Value):
    """What both manifests say of one thing that can move a score."""

    name: str
    a: dict[str, JsonValue]
    b: dict[str, JsonValue]
    differs: bool | None
    """Null where one of them does not say."""


class SubsetGap(Value):
    """How far apart two runs are in one subset."""

    subset: str
    n: int
    difference: Number
    low: Number
    high: Number
    adjusted_p: Number
    """After Benjamini and Hochberg's correction for all subsets."""


class ShownAnswer(Value):
    """What one run made of a question."""

    prediction: str | None
    right: bool
    near_tie: bool
    """Whether its margin is within float noise."""

    number: int
    """Its place in the run's samples."""


class ComparedQuestion(Value):
    """A question to which the runs gave different answers."""

    example_id: str
    subset: str
    question: str
    """The last part of the first run's prompt."""

    target: str
    answers: tuple[ShownAnswer, ...]
    """One a run, in the order of the runs."""

    cause: Words
    """Of two runs the first thing that differs between their samples, where one is right and the other wrong."""


class Comparison(Value):
    """Runs question by question, on the questions that all of them answered."""

    runs: tuple[ComparedRun, ...]
    shared: int
    """Questions that all were asked."""

    n: int
    """Questions that all answered."""

    aggregation: str
    """How differences sum up the questions: `micro` or `macro`."""

    drawn: bool
    """Whether the questions are a random part of a bank; then every subset weighs as much as it does there."""

    sentences: tuple[str, ...]
    """What may be said of each pair, the largest real gap first."""

    pairs: tuple[ComparedPair, ...]
    flipped: int
    """Questions that some got right and others wrong."""

    near_ties: int
    """Those among them that float noise could have turned."""

    changed: int
    """Questions with different answers and the same verdict."""

    causes: tuple[ShownCause, ...]
    """What can have made two runs differ; empty for more than two, like `subsets`."""

    subsets: tuple[SubsetGap, ...]
    explanations: tuple[ListedExplanation, ...]
    """Of one model under several implementations those that take the difference between two of them apart."""

    command: str
    """What makes such an explanation of the first two; empty where they are of several models or one implementation."""

    questions: Paged[ComparedQuestion]


class Choice(Value):
    """Runs to choose from."""

    chosen: tuple[ShownRun, ...]
    found: Paged[ShownRun]
