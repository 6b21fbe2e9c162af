"""Models that know nothing: where chance lies, found by asking as any other model is asked.

`baseline:random` likes every continuation by a number drawn from the request's digest and the continuation's place, so
the same question always gets the same answer. `baseline:always-a` takes the first continuation. Asked to write, both
write one letter: a drawn one of A to D, or A.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from leaderbench.errors import LeaderbenchError
from leaderbench.models.base import Effort, Encoded
from leaderbench.models.spelling import byte_texts
from leaderbench.records import (
    Candidate,
    GenerateResponse,
    Json,
    LogLikelihoodResponse,
    Response,
    ScoredContinuation,
    TokenText,
)
from leaderbench.requests import LogLikelihood, Request, digest

prefix = "baseline:"
"""How the names of baselines begin."""

rules = {
    "random": "each continuation by a number drawn from the request's digest and the continuation's place",
    "always-a": "the first continuation, always",
}
"""The baselines by name, and how each answers."""

letters = (" A", " B", " C", " D")
"""What a baseline writes."""

version = 1
"""Grows when a baseline answers otherwise than before."""

decades = 250
"""A drawn liking is minus ten to a power between minus this and 0. So wide a range keeps the order of two likings when
they are divided by the lengths of their texts (`acc_norm`): random stays random, whatever the metric does.
"""


@dataclass(slots=True)
class Baseline:
    """A model without knowledge; answers at once, without a network or a file."""

    name: str
    """`baseline:random` or `baseline:always-a`."""

    effort: Effort = field(default_factory=Effort)

    @property
    def rule(self) -> str:
        """The name behind the prefix."""
        return self.name.removeprefix(prefix)

    @property
    def identity(self) -> str:
        """Digest of the rule and its version: nothing else can change an answer."""
        return hashlib.sha256(f"{prefix}{self.rule}\0{version}".encode()).hexdigest()

    def describe(self) -> dict[str, Json]:
        """What the manifest records of it."""
        return {"name": self.name, "backend": "baseline", "answers": rules[self.rule], "version": version}

    def encode(self, requests: Iterable[Request]) -> Iterator[Encoded]:
        """A token a byte; nothing is ever cut off."""
        for request in requests:
            context = tuple(request.context.text.encode())
            texts = request.continuations if isinstance(request, LogLikelihood) else ()
            continuations = tuple(tuple(text.encode()) for text in texts)
            yield Encoded(context, continuations, (len(context),) * max(1, len(texts)), len(context))

    def token_texts(self, tokens: Iterable[int]) -> dict[int, TokenText]:
        """Its tokens are bytes."""
        return byte_texts(tokens)

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        """Answer in the order asked."""
        for request in requests:
            yield request, self._one(request)

    def _one(self, request: Request) -> Response:
        size = len(request.context.text.encode())
        if isinstance(request, LogLikelihood):
            likings = self._likings(request, len(request.continuations))
            best = max(likings, default=0.0)
            return LogLikelihoodResponse(
                tuple(
                    _scored(text, liking, greedy=liking == best)
                    for text, liking in zip(request.continuations, likings, strict=True)
                ),
                size,
            )
        likings = self._likings(request, len(letters))
        found = [Candidate(text.encode()[-1], text, liking) for text, liking in zip(letters, likings, strict=True)]
        ranked = tuple(sorted(found, key=lambda candidate: -candidate.log_probability))
        return GenerateResponse(ranked[0].text, (ranked[0].token,), (ranked[0].log_probability,), ranked, size)

    def _likings(self, request: Request, count: int) -> list[float]:
        """A log-likelihood of each answer. They only make an order: they are no probabilities of anything."""
        if self.rule == "always-a":
            return [-100.0 * place for place in range(count)]
        return [-(10.0 ** -(decades * _drawn(request, place))) for place in range(count)]


def _drawn(request: Request, place: int) -> float:
    """A number between 0 and 1 that looks random and never changes."""
    content = f"{digest(request)}\0{place}".encode()
    return int.from_bytes(hashlib.sha256(content).digest()[:6], "big") / (1 << 48)


def _scored(text: str, liking: float, *, greedy: bool) -> ScoredContinuation:
    tokens = tuple(text.encode())
    return ScoredContinuation(tokens, (liking, *(0.0 for _ in tokens[1:])), greedy=greedy)


def is_baseline(name: str) -> bool:
    """Whether a model of this name is a baseline."""
    return name.startswith(prefix)


def load(name: str) -> Baseline:
    """The baseline of this name; raises `LeaderbenchError`, with those there are, where there is none."""
    short = name.removeprefix(prefix)
    if short not in rules:
        known = " and ".join(prefix + rule for rule in rules)
        raise LeaderbenchError(f"There is no baseline {name[:100]!r}; there are {known}.")
    return Baseline(name)
