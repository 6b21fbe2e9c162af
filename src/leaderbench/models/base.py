"""What every model is to the rest of the house: something that answers requests in any order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from leaderbench.records import Json, Response, TokenText
from leaderbench.requests import Request


@dataclass(frozen=True, slots=True)
class Encoded:
    """A request as token ids, with what truncation did to it."""

    context: tuple[int, ...]
    """Context tokens, special tokens included, after whole shots were dropped."""

    continuations: tuple[tuple[int, ...], ...]
    """Tokens of each continuation; empty for a generation."""

    kept: tuple[int, ...]
    """How many of the context's last tokens the model sees, for each continuation (one entry for a generation)."""

    context_tokens: int
    """Tokens of the context before truncation."""

    truncated: int = 0
    """The most tokens cut off the context for any continuation."""

    shots_dropped: int = 0
    """Shots left out."""

    problem: str | None = None
    """Why the model cannot be asked this, in one sentence; None where it can."""


@dataclass(slots=True)
class Effort:
    """How much work sharing saved, in tokens."""

    asked: int = 0
    """Tokens that one forward pass for each (context, continuation) would take."""

    computed: int = 0
    """Tokens that went through the model."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What it will take to answer some requests, as far as their tokens and one timed pass tell."""

    requests: int
    tokens: int
    """Tokens of all of them, each context counted once; requests that begin alike take fewer."""

    seconds: float
    """Time at most, at the pace of the timed pass."""

    weights: int
    """Bytes of the weights."""

    memory: int
    """Most bytes that were in use so far, passes of the self-check included."""


@runtime_checkable
class Foreseeable(Protocol):
    """A model that can tell what answering will take; asked for where it helps."""

    def estimate(self, requests: Sequence[Request]) -> Estimate | None:
        """What answering these would take; None where none of them can be answered."""


class Model(Protocol):
    """Whatever answers requests: local weights, a server, a fake for tests."""

    @property
    def name(self) -> str:
        """What people call it: a Hub id or a folder name."""

    @property
    def identity(self) -> str:
        """Digest (hex) of everything about the model that can change an answer: weights, tokenizer, dtype, …"""

    @property
    def effort(self) -> Effort:
        """Work done so far, for progress; zero where it is not known."""

    def describe(self) -> dict[str, Json]:
        """What the manifest records of it: revision, dtype, device, path taken, versions."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        """Answer each request once, in any order, as answers are done. A request that cannot be answered gives a
        `Failure`; only what makes every answer impossible is raised."""

    def encode(self, requests: Iterable[Request]) -> Iterator[Encoded]:
        """The token ids of each request, in order, asking nothing."""

    def token_texts(self, tokens: Iterable[int]) -> dict[int, TokenText]:
        """The text of each of these tokens; those whose text is not known are left out."""
