"""Samples of runs, as the site and its API show them."""

from leaderbench.web.values.basics import Number, Paged, Value, Words


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
    text: str | None
    """What it adds to the text, a byte that is no character by itself as `<0xE2>`; null where the run does not keep it,
    as imported and older ones do not."""

    log_probability: Number


class ShownContinuation(Value):
    """One candidate answer, or the text written."""

    letter: str
    """What predictions and targets call it; empty where it is none of the answers to choose among."""

    text: str
    log_likelihood: Number
    per_character: Number
    """Log-likelihood per character of the text, its leading space not counted."""

    tokens: tuple[ShownToken, ...]
    chosen: bool
    """Whether it is the answer that the run counts."""

    right: bool
    """Whether it is the target."""


class ShownDecision(Value):
    """What a metric chose among the candidate answers."""

    metric: str
    answer: str
    """Its letter."""

    measure: Words
    """What was compared, of which it had the greatest; empty where that is not known."""

    value: Number


class ShownSample(ListedSample):
    """A question with all that was asked and answered."""

    shots: str
    """The part of the prompt before the question: instructions and solved examples."""

    prompt_end: str
    """The rest of it; both together are the exact prompt."""

    continuations: tuple[ShownContinuation, ...]
    decisions: tuple[ShownDecision, ...]
    """By what each metric chose, the one that is reported first; empty where there was nothing to choose among."""

    context_tokens: int
    truncated_tokens: int
    shots_dropped: int
    metrics: dict[str, Number]
    error: str | None
    tokens_problem: Words
    """Why the texts of tokens cannot be read; empty where they can, or where there are none."""


class SamplePage(Value):
    """Some samples of a run."""

    run: str
    model: str
    benchmark: str
    subsets: tuple[str, ...]
    noise: float
    """Nats below which a margin is a near tie."""

    samples: Paged[ListedSample]
