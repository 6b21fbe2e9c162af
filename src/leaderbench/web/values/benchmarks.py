"""Benchmarks, as the site and its API show them."""

from leaderbench.web.values.basics import Number, Page, Value, Words
from leaderbench.web.values.explanations import ListedExplanation
from leaderbench.web.values.models import ModelScore


class ShownBenchmark(Value):
    """A benchmark that has scores, or that leaderbench can ask."""

    name: str
    summary: Words
    dataset: str
    metrics: tuple[Words, ...]
    """The first is the one that it reports."""

    models: int
    runs: int
    imported: int
    questions: int
    """The most that a run of it has answered; 0 where there is none."""

    gap: Number
    """The smallest difference of two models that so many questions show with 80 % power, if the two differ on a quarter
    of the questions."""


class ShownDetectable(Value):
    """The smallest difference of two models that a benchmark shows, and what that figure rests on."""

    gap: Number
    """Found four times in five, at the 5 % level."""

    questions: int
    churn: Number
    """Mean squared difference of two models on a question: for right and wrong answers the share of questions on which
    they differ."""

    pairs: int
    """Pairs of models on whose runs that was measured, of which it is the median; 0 where it is assumed."""

    graded: bool
    """Whether answers get values between wrong and right, so that `churn` is no share of questions."""


class ShownChoice(Value):
    """One choice that recipes are made of, and what each implementation chose."""

    factor: str
    """The cause of a difference that it belongs to."""

    name: Words
    chosen: tuple[Words, ...]
    """One for each implementation, in their order; empty where it has no such choice."""

    text: bool
    """Whether these are texts of the prompt itself."""

    differs: bool
    """Whether not all chose the same."""


class ExampleToken(Value):
    """A token of an example."""

    id: int
    text: str | None
    """What it adds to the text, a byte that is no character by itself as `<0xE2>`; null where that is not known."""

    special: bool
    """Whether it stands for no text but for a place, such as the beginning."""


class ExampleRequest(Value):
    """One request as a model saw it."""

    tokens: int
    """Tokens before the answer."""

    opening: tuple[ExampleToken, ...]
    """Instructions and solved examples; of very long ones the end."""

    left_out: int
    """Tokens before those shown."""

    question: tuple[ExampleToken, ...]
    continuations: tuple[tuple[ExampleToken, ...], ...]
    """Each candidate answer; of a generation what was written."""


class ShownExample(Value):
    """The first question of a run, in tokens."""

    run: str
    model: str
    example_id: str
    requests: tuple[ExampleRequest, ...]


class BenchmarkDetail(ShownBenchmark):
    """A benchmark with what is asked and what its scores can show."""

    subsets: int
    """Parts that it has, such as subjects."""

    implementations: tuple[str, ...]
    """Of the same benchmark, itself among them."""

    choices: tuple[ShownChoice, ...]
    """What these are made of, side by side."""

    explanations: tuple[ListedExplanation, ...]
    """Those of the difference between this implementation and another."""

    detectable: ShownDetectable | None
    example: ShownExample | None


class ImplementationScores(Value):
    """What one model scored in several implementations of a benchmark."""

    model: str
    name: str
    """What it is called here: told apart from others of its name."""

    identity: str
    scores: tuple[ModelScore | None, ...]
    """One for each implementation, in their order; of several runs that of all questions, made here, the newest."""


class ScoresSideBySide(Page):
    """A page of models with their scores in each implementation of a benchmark."""

    implementations: tuple[str, ...]
    """Those that have scores."""

    models: tuple[ImplementationScores, ...]
