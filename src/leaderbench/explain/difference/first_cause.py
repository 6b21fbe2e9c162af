"""Where the ways of two runs to one question part: the first thing that differs at the level of bytes and tokens."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from leaderbench.explain.difference import causes as named
from leaderbench.explain.difference.causes import Cause
from leaderbench.records import Sample
from leaderbench.results.noise import rounding
from leaderbench.sentences import Sentence, counted


class Kind(StrEnum):
    """What differs first, in the order in which it is looked for."""

    TARGET = "another right answer"
    """The dataset says so."""

    TEXT = "dataset text"
    """The same template, and another text in it: the question, a choice, or a shot read otherwise."""

    SHOTS = "few-shot draw"
    """The same template and question behind other solved examples."""

    OPENING = "prompt before the question"
    """Header or shots are written otherwise; the last paragraph is the same."""

    LAYOUT = "layout of the question"
    """The last paragraph, the question itself, is written otherwise."""

    TRUNCATION = "truncation"
    """The same prompt, cut otherwise."""

    ASKED = "what was asked"
    """The same prompt, and other continuations or another kind of request behind it."""

    TOKENS = "tokens"
    """The same text, encoded otherwise."""

    LOG_LIKELIHOODS = "log-likelihoods"
    """The same tokens, or the same text where two models have tokenizers of their own, liked otherwise by more than
    float noise."""

    SCORING = "scoring"
    """The same answers, worth something else."""

    NUMERICS = "numerics only"
    """All the same but for float noise, and a margin within it."""

    UNKNOWN = "not recorded"
    """What both record is the same; the difference lies in what one of them does not."""


_text = (named.DATASET, named.CLEANING)
_prompt = (named.PROMPT, named.DRAW, named.CHAT, *_text)
_computing = (named.DTYPE, named.DEVICE, named.LIBRARIES, named.HARDWARE, named.ENGINE)
able: dict[Kind, tuple[str, ...]] = {
    Kind.TARGET: (named.SCORING, *_text),
    Kind.TEXT: _text,
    Kind.SHOTS: (named.DRAW, *_text),
    Kind.OPENING: _prompt,
    Kind.LAYOUT: (named.PROMPT, named.CHAT, *_text),
    Kind.TRUNCATION: (named.TRUNCATION, named.SPECIAL, named.MODEL),
    Kind.ASKED: (named.SCORING, named.BOUNDARY, named.SPECIAL, named.TRUNCATION, *_text),
    Kind.TOKENS: (named.MODEL, named.SPECIAL, named.BOUNDARY, named.CHAT, named.LIBRARIES),
    Kind.LOG_LIKELIHOODS: (named.MODEL, *_computing),
    Kind.SCORING: (named.SCORING, named.OTHER),
    Kind.NUMERICS: _computing,
    Kind.UNKNOWN: (),
}
"""Which causes of a manifest can make each kind of difference."""


@dataclass(frozen=True, slots=True)
class FirstCause:
    """The first thing that differs between two samples of one question."""

    kind: Kind
    detail: str
    """Where and how, in a few words."""

    behind: tuple[str, ...]
    """The causes that differ between the manifests and can have made it."""

    def __str__(self) -> str:
        return str(self.said)

    @property
    def said(self) -> Sentence:
        """All of it, as one text."""
        kind = Sentence(self.kind.value)
        if not self.detail:
            return kind
        if self.kind is Kind.NUMERICS:
            return Sentence("{one}, {other}", one=kind, other=self.detail)
        return Sentence("{what}: {detail}", what=kind, detail=self.detail)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms two runs are compared."""

    causes: Mapping[str, Cause]
    """By name."""

    metrics: tuple[str, str]
    """The metric that is compared, of each run."""

    reported: tuple[str, str]
    """The metric that each run reports: the samples' margins are its."""

    noise: float
    """Nats by which log-likelihoods differ without a reason, in the coarser dtype of the two."""

    epsilon: float
    """Relative rounding step of that dtype."""

    def rounding(self, log_likelihood: float) -> float:
        """Nats below which a difference from this log-likelihood is float noise."""
        return rounding(log_likelihood, self.noise, self.epsilon)

    def differs(self, *names: str) -> bool | None:
        """Whether any of these causes differs: None where none does for sure and one is unknown."""
        found = [self.causes[name].differs for name in names if name in self.causes]
        return True if True in found else None if None in found else False


def standing(sample: Sample, terms: Terms, side: int) -> tuple[float, float]:
    """`lead` of one of the two samples of a question."""
    metric, reported = terms.metrics[side], terms.reported[side]
    return lead(sample.log_likelihoods, sample.characters, sample.margin, metric, reported, terms.rounding)


def lead(
    log_likelihoods: Sequence[float],
    characters: Sequence[int],
    margin: float,
    metric: str,
    reported: str,
    rounding: Callable[[float], float],
) -> tuple[float, float]:
    """How far the answer was ahead of the runner-up, and how much of that is float noise, in the same unit: nats, for
    `acc_norm` nats a character. The first is NaN where the sample does not tell it for the metric compared.

    `margin` is the sample's own, of the metric that its run reports; `rounding` the noise of a log-likelihood.
    """
    lengths = [max(count, 1) if metric == "acc_norm" else 1 for count in characters] or [1] * len(log_likelihoods)
    scaled = [value / length for value, length in zip(log_likelihoods, lengths, strict=False)]
    best = sorted(range(len(scaled)), key=lambda place: -scaled[place])[:2]
    noise = max((rounding(log_likelihoods[place]) / lengths[place] for place in best), default=rounding(0.0))
    if metric == reported:
        return margin, noise
    if metric in ("acc", "acc_norm") and len(best) == 2:
        return scaled[best[0]] - scaled[best[1]], noise
    return math.nan, noise


def first_cause(a: Sample, b: Sample, terms: Terms) -> FirstCause:
    """The first thing that differs between two samples of one question, which got another verdict in each.

    What one of the two does not record (empty texts or lists of an imported run) is passed over.
    """
    found = _of_prompt(a, b, terms) or _of_tokens(a, b, terms) or _of_answers(a, b, terms)
    kind, detail = found
    behind = tuple(name for name in able[kind] if name in terms.causes and terms.causes[name].differs)
    return FirstCause(kind, detail, behind)


def _of_prompt(a: Sample, b: Sample, terms: Terms) -> tuple[Kind, str] | None:
    """What differs in the text of the question, its right answer included."""
    if a.target != b.target:
        return Kind.TARGET, _against(repr(a.target), repr(b.target))
    if a.prompt == b.prompt or not a.prompt or not b.prompt:
        return None
    place = parting(a.prompt, b.prompt)
    parts = {"a": excerpt(a.prompt, place), "b": excerpt(b.prompt, place)}
    where = Sentence("from character {n} on, {a} against {b}", n=place, **parts)
    same_end = question_of(a.prompt) == question_of(b.prompt)
    if terms.differs(named.PROMPT, named.CHAT) is not False:
        return Kind.OPENING if same_end else Kind.LAYOUT, where
    if same_end and (terms.differs(named.DRAW) or not terms.differs(named.DATASET, named.CLEANING)):
        return Kind.SHOTS, where
    return Kind.TEXT, where


def _of_tokens(a: Sample, b: Sample, terms: Terms) -> tuple[Kind, str] | None:
    """What differs between the prompt and the tokens that the model saw.

    Two models with tokenizers of their own differ in the tokens of every question: that explains none, and is passed
    over where nothing else that makes tokens differs.
    """
    if a.shots_dropped != b.shots_dropped:
        return Kind.TRUNCATION, counted(
            "{n} shot dropped against {other}",
            "{n} shots dropped against {other}",
            a.shots_dropped,
            other=b.shots_dropped,
        )
    if a.truncated_tokens != b.truncated_tokens:
        return Kind.TRUNCATION, counted(
            "{n} token cut against {other}",
            "{n} tokens cut against {other}",
            a.truncated_tokens,
            other=b.truncated_tokens,
        )
    wrote = is_generation(a), is_generation(b)
    if wrote[0] != wrote[1] and a.continuations and b.continuations:
        return Kind.ASKED, _against(*(_way_of_asking(sample) for sample in (a, b)))
    compared = a.continuations and b.continuations and not all(wrote)
    if compared and a.continuations != b.continuations:
        return Kind.ASKED, _other_continuations(a.continuations, b.continuations)
    if terms.differs(named.MODEL) and not terms.differs(named.SPECIAL, named.BOUNDARY, named.CHAT):
        return None
    if a.context_tokens != b.context_tokens and a.context_tokens and b.context_tokens:
        return Kind.TOKENS, counted(
            "{n} token of context against {other}",
            "{n} tokens of context against {other}",
            a.context_tokens,
            other=b.context_tokens,
        )
    if compared and a.continuation_tokens and b.continuation_tokens and a.continuation_tokens != b.continuation_tokens:
        pairs = zip(a.continuations, a.continuation_tokens, b.continuation_tokens, strict=False)
        text, one, other = next((item for item in pairs if item[1] != item[2]), ("", (), ()))
        ids = {"a": str(list(one[:6])), "b": str(list(other[:6]))}
        return Kind.TOKENS, Sentence("{text} is {a} against {b}", text=repr(text), **ids)
    return None


def _of_answers(a: Sample, b: Sample, terms: Terms) -> tuple[Kind, str]:
    """What differs where the model saw the same tokens, as far as the samples tell."""
    (ahead, noise), (behind, other) = standing(a, terms, 0), standing(b, terms, 1)
    near = ahead < noise or behind < other
    least = min((m for m in (ahead, behind) if not math.isnan(m)), default=math.nan)
    margin = Sentence("margin {n}", n=f"{least:.1g}")
    if is_generation(a) and is_generation(b) and a.continuations != b.continuations:
        wrote = {"a": repr(a.continuations[0]), "b": repr(b.continuations[0])}
        written = Sentence("{a} was written against {b}", **wrote)
        return (Kind.NUMERICS, margin) if near else (Kind.LOG_LIKELIHOODS, written)
    if not a.log_likelihoods or len(a.log_likelihoods) != len(b.log_likelihoods):
        prompts = a.prompt and b.prompt
        return Kind.UNKNOWN, (
            Sentence("one of the runs has no log-likelihoods")
            if prompts
            else Sentence("one of the runs has no prompts and log-likelihoods")
        )
    gaps = [abs(one - two) for one, two in zip(a.log_likelihoods, b.log_likelihoods, strict=True)]
    bounds = [max(map(terms.rounding, pair)) for pair in zip(a.log_likelihoods, b.log_likelihoods, strict=True)]
    if any(gap > bound for gap, bound in zip(gaps, bounds, strict=True)):
        apart = Sentence("up to {n} nats apart", n=f"{max(gaps):.2g}")
        if a.request_digests != b.request_digests and a.request_digests and b.request_digests:
            return Kind.ASKED, Sentence("requests differ in what the samples do not show; {apart}", apart=apart)
        return Kind.LOG_LIKELIHOODS, apart
    if terms.metrics[0] != terms.metrics[1]:
        return Kind.SCORING, _against(*terms.metrics)
    if max(gaps) == 0 or not near:
        return Kind.SCORING, Sentence("another rule for the same log-likelihoods")
    return Kind.NUMERICS, margin


def is_generation(sample: Sample) -> bool:
    """Whether the model wrote the answer: a choice between answers has at least two continuations."""
    return len(sample.continuations) == 1


def question_of(prompt: str) -> str:
    """The last paragraph of a prompt: with shots, the question; blank lines inside a question make it shorter."""
    return prompt.rpartition("\n\n")[2]


def parting(a: str, b: str) -> int:
    """Where two texts begin to differ, in code points."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


def excerpt(text: str, place: int) -> str:
    """A few characters around a place, quoted."""
    begin, end = max(0, place - 10), place + 20
    return ("…" if begin else "") + repr(text[begin:end]) + ("…" if end < len(text) else "")


def _other_continuations(a: tuple[str, ...], b: tuple[str, ...]) -> str:
    one, other = next(((x, y) for x, y in zip(a, b, strict=False) if x != y), (a[-1], b[-1]))
    if len(a) != len(b):
        return Sentence("{n} continuations against {other}", n=len(a), other=len(b))
    if [x.strip() for x in a] == [x.strip() for x in b]:
        return Sentence("{a} against {b}, the same but for spaces", a=_short(one), b=_short(other))
    return _against(_short(one), _short(other))


def _against(a: str, b: str) -> str:
    return Sentence("{a} against {b}", a=a, b=b)


def _way_of_asking(sample: Sample) -> str:
    if is_generation(sample):
        return Sentence("a text was written")
    return Sentence("{n} were compared", n=len(sample.continuations))


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
