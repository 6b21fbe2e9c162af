"""What is asked of a model: immutable requests, and the digest that names each one.

Everything that can change an answer is a field here and so part of the digest; nothing that only changes speed is.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Encoding(StrEnum):
    """How context and continuation become tokens."""

    JOINT = "joint"
    """Encode context + continuation as one string and the context alone; the continuation is the tail behind it."""

    SEPARATE = "separate"
    """Encode the context and the continuation as two strings and join their tokens."""

    LAST_TOKEN = "last-token"
    """Encode the context; the continuation is the last token of the continuation string encoded by itself."""


class Truncation(StrEnum):
    """What gives way when a request is longer than the model's context."""

    KEEP_END = "keep-end"
    """Keep the last `context length + 1` tokens of context + continuation; the first go, in mid-word if need be."""

    DROP_SHOTS_2048 = "drop-shots-2048"
    """Drop the last shot until the context has at most 2,048 tokens, special tokens counted, whatever the model."""

    DROP_SHOTS_THEN_CUT = "drop-shots-then-cut"
    """Drop the last shot until the context, without special tokens, and one new token fit the tokenizer's
    `model_max_length`; without shots left, cut the text at its end."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A context in the pieces that truncation may drop; the whole text is their plain concatenation."""

    head: str
    """What stands before the shots (a header), with its own separator; may be empty."""

    shots: tuple[str, ...]
    """The solved examples in order, each with the separator that follows it."""

    question: str
    """The question asked, up to where the answer begins."""

    @property
    def text(self) -> str:
        """The whole prompt, untruncated."""
        return self.with_shots(len(self.shots))

    def with_shots(self, count: int) -> str:
        """The prompt with only its first `count` shots."""
        return self.head + "".join(self.shots[:count]) + self.question

    @property
    def opening(self) -> str:
        """What stands before the question; many prompts of a subject share it."""
        return self.head + "".join(self.shots)


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """How likely is each continuation, given the context?"""

    context: Prompt
    """Text before the answer."""

    continuations: tuple[str, ...]
    """Candidate answers, scored separately, in this order."""

    encoding: Encoding = Encoding.JOINT
    """How context and continuation become tokens; part of the recipe, since it moves scores."""

    special_tokens: bool = True
    """Whether the tokenizer adds its default special tokens (a BOS, where it has one) to the context."""

    truncation: Truncation = Truncation.KEEP_END
    """What gives way when the request is too long."""


@dataclass(frozen=True, slots=True)
class Generate:
    """Which text does the model write next, greedily?"""

    context: Prompt
    """Text before the answer."""

    max_tokens: int = 1
    """How many tokens to write at most."""

    special_tokens: bool = True
    """Whether the tokenizer adds its default special tokens to the context."""

    truncation: Truncation = Truncation.DROP_SHOTS_THEN_CUT
    """What gives way when the prompt is too long."""


type_names = {LogLikelihood: "log-likelihood", Generate: "generate"}

Request = LogLikelihood | Generate


@lru_cache(maxsize=1 << 14)  # one request is named several times on its way from question to sample
def digest(request: Request) -> str:
    """The name of a request: SHA-256 (hex) over its canonical JSON.

    Where truncation never drops shots only the joined text counts: two recipes that ask the same share an answer.
    """
    context: object = request.context.text
    if request.truncation is not Truncation.KEEP_END:
        context = [request.context.head, list(request.context.shots), request.context.question]
    fields: dict[str, object] = {
        "type": type_names[type(request)],
        "context": context,
        "special_tokens": request.special_tokens,
        "truncation": request.truncation.value,
    }
    if isinstance(request, LogLikelihood):
        fields |= {"continuations": list(request.continuations), "encoding": request.encoding.value}
    else:
        fields["max_tokens"] = request.max_tokens
    canonical = json.dumps(fields, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
