"""What is recorded: responses, examples, samples and scores, as plain frozen values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from leaderbench.requests import Request

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def finite(value: Any) -> Any:
    """Plain values as JSON can hold them: lists, objects with text keys, null for infinities and not-a-number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [finite(item) for item in value]
    return value


class Flag(StrEnum):
    """What a reader of a sample must know before trusting it."""

    TRUNCATED = "truncated"
    """Tokens of the prompt were cut off."""

    SHOTS_DROPPED = "shots-dropped"
    """Whole shots were left out to fit the context."""

    BEYOND_CONTEXT = "beyond-context"
    """The prompt is longer than the model's context and was asked all the same, as the benchmark's own program does."""

    TIE = "tie"
    """The best two answers scored exactly the same; the first one won."""

    ERROR = "error"
    """The model could not answer; the sample counts as an error, not as a wrong answer."""


@dataclass(frozen=True, slots=True)
class ScoredContinuation:
    """One continuation as the model saw it."""

    tokens: tuple[int, ...]
    """Token ids of the continuation."""

    log_probabilities: tuple[float, ...]
    """Natural-log probability of each token given everything before it."""

    greedy: bool
    """Whether every token was the model's first choice."""

    @property
    def log_likelihood(self) -> float:
        """Sum of the token log-probabilities (nats)."""
        return sum(self.log_probabilities)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible next token of a generation."""

    token: int
    text: str
    log_probability: float


@dataclass(frozen=True, slots=True)
class TokenText:
    """A token as people read it."""

    text: str
    """What it adds to a text. A byte that is no character by itself is written `<0xE2>`."""

    special: bool = False
    """Whether it stands for no text but for a place, such as the beginning."""


@dataclass(frozen=True, slots=True)
class LogLikelihoodResponse:
    """The answer to a `LogLikelihood` request."""

    continuations: tuple[ScoredContinuation, ...]
    """In the order of the request."""

    context_tokens: int
    """Tokens of the context as encoded, before truncation."""

    truncated: int = 0
    """How many tokens were cut off."""

    shots_dropped: int = 0
    """How many shots were left out."""


@dataclass(frozen=True, slots=True)
class GenerateResponse:
    """The answer to a `Generate` request."""

    text: str
    """The written tokens, decoded with special tokens kept."""

    tokens: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    candidates: tuple[Candidate, ...]
    """The likeliest first tokens, best first; the runner-up gives the margin."""

    context_tokens: int
    """Tokens of the context as encoded, before truncation."""

    truncated: int = 0
    """How many tokens were cut off."""

    shots_dropped: int = 0
    """How many shots were left out."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The model could not answer this request; stored nowhere as an answer, shown on the sample."""

    message: str
    """What went wrong, in one sentence."""


Answer = LogLikelihoodResponse | GenerateResponse
Response = Answer | Failure


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a dataset, loaded and typed."""

    id: str
    """Stable within the dataset, e.g. `anatomy/17` (subset / row of the split)."""

    subset: str
    """The part of the benchmark it belongs to (an MMLU subject), or the benchmark's own name."""

    question: str
    choices: tuple[str, ...]
    target: int
    """Index of the right choice; -1 where several may be right (see `labels`)."""

    labels: tuple[int, ...] = ()
    """For questions with several right choices: 1 for right, 0 for wrong, one a choice."""

    fields: Mapping[str, str] = field(default_factory=dict)
    """Further columns that a template reads."""


@dataclass(frozen=True, slots=True)
class Question:
    """An example together with exactly what a benchmark asks about it."""

    example: Example
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scoring rule makes of the responses to one question. A pure function of both."""

    prediction: str | None
    """The answer given, as a letter or a text; None where the model's text maps to none."""

    target: str
    """The right answer in the same form."""

    metrics: Mapping[str, float]
    """Each metric's value for this question, e.g. `{"acc": 1.0, "acc_norm": 0.0}`."""

    predictions: Mapping[str, str | None]
    """Each metric's own prediction, where it makes one."""

    margin: float
    """How far ahead the best answer was of the runner-up, in the units that the rule compares."""

    correct: bool
    """Whether the reported metric counts it as right (above one half for metrics between 0 and 1)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One example's outcome in one run: a row of `samples.parquet`."""

    example_id: str
    subset: str
    prompt: str
    """The untruncated text of the first request."""

    request_digests: tuple[str, ...]
    continuations: tuple[str, ...]
    """The candidate answers, over all requests in order; for a generation the text written."""

    continuation_tokens: tuple[tuple[int, ...], ...]
    token_log_probabilities: tuple[tuple[float, ...], ...]
    log_likelihoods: tuple[float, ...]
    characters: tuple[int, ...]
    """Length of each continuation in code points, its leading space not counted."""

    bytes: tuple[int, ...]
    """Length of each continuation in UTF-8 bytes, its leading space not counted."""

    context_tokens: int
    truncated_tokens: int
    shots_dropped: int
    prediction: str | None
    predictions: Mapping[str, str | None]
    target: str
    correct: bool
    margin: float
    metrics: Mapping[str, float]
    flags: tuple[Flag, ...]
    error: str | None = None


class Aggregation(StrEnum):
    """How the values of many questions become one number."""

    MICRO = "micro"
    """Mean over all questions."""

    MACRO = "macro"
    """Mean over subsets of each subset's mean; the subsets are the benchmark, not a sample of more."""


largest = 1e15
"""A score, an error or a metric's value beyond is none: nothing is measured so, and sums of squares would be no numbers
any more."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number of a benchmark."""

    name: str
    """The field's own name: `acc`, `acc_norm`, `exact_match`, `mc1`, `mc2`."""

    aggregation: Aggregation

    def __str__(self) -> str:
        return f"{self.name} ({self.aggregation})"


class View(StrEnum):
    """What the interval of a score is about."""

    NEW_QUESTIONS = "new-questions"
    """The score on new questions of the kind: those asked are a sample of more."""

    BANK = "bank"
    """The score on all questions of the benchmark, of which some, drawn at random, were asked."""

    STOPPED = "stopped"
    """The score on all questions of the benchmark, which were asked in random order until the answer to something was
    known. The estimate leans towards that answer; the interval holds whenever asking stopped, and so is wider."""


@dataclass(frozen=True, slots=True)
class Score:
    """An estimate with its uncertainty; never a bare number."""

    metric: Metric
    subset: str | None
    """None for the whole run."""

    estimate: float
    standard_error: float
    low: float
    """Lower end of the 95 % interval; NaN where none can be given."""

    high: float
    """Upper end of the 95 % interval; NaN where none can be given."""

    n: int
    """Questions answered."""

    errors: int = 0
    """Questions that the model could not answer; they are not in `n`."""

    view: View = View.NEW_QUESTIONS
    """What the interval is about."""

    bank: int | None = None
    """Questions that there are, where only some were asked and the interval is about all."""
