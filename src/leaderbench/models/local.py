"""A model whose weights are here: requests in, answers out, over the fastest path that agrees with plain scoring."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from leaderbench.errors import LeaderbenchError
from leaderbench.models.base import Effort, Encoded, Estimate
from leaderbench.models.memory import memory_in_use
from leaderbench.models.paths import Path, vocabulary
from leaderbench.models.scoring import Scores, lay
from leaderbench.models.spelling import texts_of
from leaderbench.models.tokens import Encoder
from leaderbench.models.trie import build
from leaderbench.records import (
    Answer,
    Candidate,
    Failure,
    GenerateResponse,
    Json,
    LogLikelihoodResponse,
    Response,
    ScoredContinuation,
    TokenText,
)
from leaderbench.requests import Generate, LogLikelihood, Request

CHUNK = 512
"""Requests planned at once: enough to share nearly every prefix, few enough to keep plans small and answers coming."""


COUNTED = 128
"""Requests whose tokens are counted for an estimate."""

TIMED = 128
"""Tokens of the pass that is timed for an estimate."""


@dataclass(slots=True)
class LocalModel:
    """A causal language model of transformers."""

    name: str
    identity: str
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    encoder: Encoder
    path: Path
    facts: dict[str, Json]
    """What the manifest records: see `describe`."""

    effort: Effort = field(default_factory=Effort)

    def describe(self) -> dict[str, Json]:
        """What the manifest records of it."""
        return {**self.facts, "path": self.path.name, "pack_tokens": self.path.budget.tokens}

    def encode(self, requests: Iterable[Request]) -> Iterator[Encoded]:
        """The token ids of each request, in order, asking nothing."""
        for chunk in chunks(requests):
            yield from self.encoder.encode(chunk)

    def token_texts(self, tokens: Iterable[int]) -> dict[int, TokenText]:
        """The text of each of these tokens."""
        return texts_of(self.tokenizer, tokens)

    def estimate(self, requests: Sequence[Request]) -> Estimate | None:
        """What answering these would take, by the tokens of some of them, drawn at random, and one short pass.

        None where none of them can be asked, or the pass fails.
        """
        # At random, since every fourth request may be the last choice of its question.
        order = np.random.default_rng(0).permutation(len(requests))
        drawn = [requests[i] for i in order[:COUNTED]]
        pairs = zip(drawn, self.encode(drawn), strict=True)
        encoded = [one for request, one in pairs if not (one.problem or self._problem(request, one))]
        if not encoded:
            return None
        counts = [len(one.context) + sum(map(len, one.continuations)) for one in encoded]
        tokens = round(sum(counts) / len(counts) * len(requests))
        begun = encoded[0].context[:TIMED]
        before = time.monotonic()
        try:
            for _ in self.path.logits(build([begun]), np.array([len(begun) - 1])):
                pass
        except LeaderbenchError:
            raise
        except Exception:
            return None  # `answer` meets it as well, and says what it is
        pace = len(begun) / (time.monotonic() - before)
        return Estimate(len(requests), tokens, tokens / pace, *memory_in_use(self.network))

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        """Answer each request once. Neighbours in text order share most, so they are asked together.

        Raises:
            LeaderbenchError: the network cannot compute a step, or memory is not enough for the shortest one.
        """
        ordered = sorted(requests, key=lambda request: request.context.text)
        for chunk in chunks(ordered):
            try:
                yield from self._answer_chunk(chunk)
            except LeaderbenchError:
                raise
            except Exception as error:
                words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                raise LeaderbenchError(
                    f"{self.name} cannot compute an answer ({words}); every answer so far is kept."
                ) from error

    def _answer_chunk(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        able: list[tuple[Request, Encoded]] = []
        for request, encoded in zip(requests, self.encoder.encode(requests), strict=True):
            problem = encoded.problem or self._problem(request, encoded)
            if problem:
                yield request, Failure(problem)
            else:
                able.append((request, encoded))
        if not able:
            return
        job = lay([encoded for _, encoded in able], self.path.regime)
        scores = Scores(job)
        self.effort.asked += job.asked
        before = self.path.computed - self.effort.computed
        for nodes, logits in self.path.logits(job.trie, job.wanted):
            done = scores.read(nodes, logits)
            self.effort.computed = self.path.computed - before
            for number in done:
                yield able[number][0], self._response(*able[number], scores, job.spans[number])

    def _problem(self, request: Request, encoded: Encoded) -> str | None:
        """Why this network cannot be asked, where its tokenizer can."""
        if isinstance(request, Generate) and request.max_tokens != 1:
            return f"this model answers generations of one token, not of {request.max_tokens}"
        rows = vocabulary(self.network)
        largest = max(map(max, (encoded.context, *encoded.continuations)))
        if largest >= rows:
            return (
                f"token {largest} is outside the model's vocabulary of {rows}: the tokenizer belongs to another model"
            )
        return None

    def _response(self, request: Request, encoded: Encoded, scores: Scores, span: tuple[int, int]) -> Response:
        counts = (encoded.context_tokens, encoded.truncated, encoded.shots_dropped)
        answer: Answer
        if isinstance(request, LogLikelihood):
            continuations, begin = [], span[0]
            for tokens in encoded.continuations:
                part = slice(begin, begin + len(tokens))
                values = tuple(float(value) for value in scores.log_probabilities[part])
                continuations.append(ScoredContinuation(tokens, values, bool(scores.greedy[part].all())))
                begin += len(tokens)
            finite = all(value == value for scored in continuations for value in scored.log_probabilities)
            answer = LogLikelihoodResponse(tuple(continuations), *counts)
        else:
            ranked = scores.candidates[span[0]]
            finite = all(value == value for _, value in ranked)
            candidates = tuple(Candidate(token, self._text(token), value) for token, value in ranked)
            first = candidates[0]
            answer = GenerateResponse(first.text, (first.token,), (first.log_probability,), candidates, *counts)
        return answer if finite else Failure("the model's logits are not numbers (NaN or infinite)")

    def _text(self, token: int) -> str:
        return str(self.tokenizer.decode([token], clean_up_tokenization_spaces=False))


def chunks(requests: Iterable[Request]) -> Iterator[list[Request]]:
    """Consecutive lists of at most `CHUNK` requests."""
    remaining = iter(requests)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
