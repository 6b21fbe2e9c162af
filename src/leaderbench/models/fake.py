"""A model for tests: deterministic, instant, with settable answers, failures and slowness."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from leaderbench.models.base import Effort, Encoded
from leaderbench.models.spelling import byte_texts
from leaderbench.records import (
    Candidate,
    Failure,
    GenerateResponse,
    Json,
    LogLikelihoodResponse,
    Response,
    ScoredContinuation,
    TokenText,
)
from leaderbench.requests import LogLikelihood, Request, digest

Judge = Callable[[Request, str], float]
"""How much the model likes a text after a request's context; higher is likelier."""


def by_hash(request: Request, text: str) -> float:
    """A liking between -10 and 0 that looks random and never changes."""
    number = int.from_bytes(hashlib.sha256(f"{digest(request)}\0{text}".encode()).digest()[:6], "big")
    return -10 * number / (1 << 48)


@dataclass(slots=True)
class FakeModel:
    """Answers at once, from a function of request and text."""

    name: str = "fake"
    judge: Judge = by_hash
    """Log-likelihood (nats) of a text after a request."""

    fails: Callable[[Request], bool] = lambda request: False
    """Which requests get a `Failure`."""

    words: tuple[str, ...] = (" A", " B", " C", " D", "\n")
    """What it may write when it generates."""

    seconds: float = 0.0
    """How long each answer takes."""

    asked: int = 0
    """How many requests have reached it."""

    effort: Effort = field(default_factory=Effort)

    @property
    def identity(self) -> str:
        """Digest of its name: two fakes that answer differently need different names."""
        return hashlib.sha256(f"fake\0{self.name}".encode()).hexdigest()

    def describe(self) -> dict[str, Json]:
        """What the manifest records of it."""
        return {"name": self.name, "backend": "fake"}

    def encode(self, requests: Iterable[Request]) -> Iterator[Encoded]:
        """A token a byte."""
        for request in requests:
            context = tuple(request.context.text.encode())
            texts = request.continuations if isinstance(request, LogLikelihood) else ()
            continuations = tuple(tuple(text.encode()) for text in texts)
            yield Encoded(context, continuations, (len(context),) * max(1, len(texts)), len(context))

    def token_texts(self, tokens: Iterable[int]) -> dict[int, TokenText]:
        """The first numbers are its words, all others bytes."""
        words = {number: TokenText(word) for number, word in enumerate(self.words)}
        asked = list(tokens)
        return byte_texts(asked) | {token: words[token] for token in asked if token in words}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        """Answer in the order asked."""
        for request in requests:
            time.sleep(self.seconds)
            self.asked += 1
            yield (
                request,
                Failure("the fake model was told to fail here") if self.fails(request) else self._one(request),
            )

    def _one(self, request: Request) -> Response:
        encoded = next(self.encode([request]))
        if isinstance(request, LogLikelihood):
            scored = tuple(
                ScoredContinuation(tokens, (self.judge(request, text),) + (0.0,) * (len(tokens) - 1), greedy=False)
                for text, tokens in zip(request.continuations, encoded.continuations, strict=True)
            )
            return LogLikelihoodResponse(scored, encoded.context_tokens)
        ranked = sorted(
            (Candidate(number, word, self.judge(request, word)) for number, word in enumerate(self.words)),
            key=lambda candidate: -candidate.log_probability,
        )
        first = ranked[0]
        return GenerateResponse(
            first.text, (first.token,), (first.log_probability,), tuple(ranked), encoded.context_tokens
        )
