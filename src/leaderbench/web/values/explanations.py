"""Explanations of why implementations differ, as the site and its API show them."""

from leaderbench.web.values.basics import Number, Paged, Value, Words


class ListedExplanation(Value):
    """Models that were asked in every recipe between two implementations."""

    id: str
    a: str
    """The implementation that it begins with."""

    b: str
    """The implementation that it ends with."""

    models: tuple[str, ...]
    questions: int
    """That each model was asked; of several numbers the largest."""

    limits: str
    """What narrows the questions, in words; empty for all of them."""

    made: str
    """When the newest of it was made, ISO 8601 (UTC)."""


class ShownExplanations(Value):
    """A page of the explanations of a store."""

    explanations: Paged[ListedExplanation]
    problems: tuple[Words, ...]
    """Files that are none, each in a sentence."""


class Estimated(Value):
    """A score or a difference of scores with its 95 % interval."""

    estimate: Number
    low: Number
    high: Number


class ShownContribution(Estimated):
    """What one cause adds to the difference."""

    factor: str
    smallest: Number
    """The least that it changes the score by, over all orders in which the causes may be switched."""

    largest: Number
    moved: int
    """Questions that it changes in any of them."""

    lost: int
    """Questions right under A and wrong with this cause alone switched."""

    won: int
    near_ties: int
    """Of both, those that float noise could have made."""

    p: Number
    """Exact McNemar of lost against won, after Holm's correction over the causes."""


class ShownSplit(Value):
    """One model's difference, split by cause."""

    model: str
    a: Estimated
    b: Estimated
    difference: Estimated
    """B minus A."""

    contributions: tuple[ShownContribution, ...]
    """They sum to the difference."""

    idle: tuple[str, ...]
    """Causes that differ and change nothing on these questions."""

    questions: int
    errors: int
    """Questions left out, since they cannot be asked in every recipe."""

    run_a: str
    """A run of A by this model; empty where there is none."""

    run_b: str


class ShownReordering(Value):
    """What one cause does to several models."""

    factor: str
    shift: Estimated
    """How far it moves all models on average."""

    reordering: Estimated
    """The standard deviation of its effect between models, beyond the noise of the questions."""


class ExplainedFlip(Value):
    """A question whose verdict changes."""

    model: str
    example_id: str
    subset: str
    target: str
    a: str | None
    """The answer before."""

    b: str | None
    a_right: bool
    near_tie: bool
    a_run: str
    """A run of A by this model; empty where there is none."""

    a_number: int | None
    """Its place in the samples of that run."""

    b_run: str

    b_number: int | None
    """The same for B, where the whole implementation is switched and not a cause alone."""


class ShownExplanation(ListedExplanation):
    """Why two implementations differ."""

    answer: Words
    splits: tuple[ShownSplit, ...]
    """One a model shown."""

    reorderings: tuple[ShownReordering, ...]
    """One a cause; empty where one model is shown."""

    flips: Paged[ExplainedFlip]
    problems: tuple[Words, ...]
    """Models whose file is damaged, each in a sentence."""
