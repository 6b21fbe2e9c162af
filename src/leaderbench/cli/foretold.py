"""What a run will take, said before its first request is asked."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from leaderbench.models.base import Effort, Encoded, Estimate, Foreseeable
from leaderbench.records import Json, Response, TokenText
from leaderbench.requests import Request

if TYPE_CHECKING:
    from leaderbench.models.base import Model


class Foretold:
    """A model that says what it will take before it answers; whatever is stored already is not asked, nor counted."""

    def __init__(self, model: "Model", say: Callable[[str], object]) -> None:
        self.model, self.say = model, say

    @property
    def name(self) -> str:
        """What people call the model."""
        return self.model.name

    @property
    def identity(self) -> str:
        """Its digest."""
        return self.model.identity

    @property
    def effort(self) -> Effort:
        """Work done so far."""
        return self.model.effort

    def describe(self) -> dict[str, Json]:
        """What the manifest records of it."""
        return self.model.describe()

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        """Say what these will take, then answer them."""
        if isinstance(self.model, Foreseeable) and (estimate := self.model.estimate(requests)) is not None:
            self.say(sentence(self.name, estimate))
        yield from self.model.answer(requests)

    def encode(self, requests: Iterable[Request]) -> Iterator[Encoded]:
        """The token ids of each request."""
        return self.model.encode(requests)

    def token_texts(self, tokens: Iterable[int]) -> dict[int, TokenText]:
        """The text of each of these tokens."""
        return self.model.token_texts(tokens)


def sentence(name: str, estimate: Estimate) -> str:
    """An estimate for people, in a line."""
    tokens = round(estimate.tokens, -max(0, len(str(estimate.tokens)) - 2))
    requests = f"{estimate.requests:,} request" + ("" if estimate.requests == 1 else "s")
    return (
        f"{name}: {requests}, about {tokens:,} tokens, at most about {duration(estimate.seconds)} by one timed pass, "
        f"less where they begin alike; {size(estimate.weights)} of weights, {size(estimate.memory)} of memory so far."
    )


def duration(seconds: float) -> str:
    """A time in the unit that suits it: `7 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:,.1f} h"


def size(count: int) -> str:
    """Bytes in the unit that suits them: `5 MB`, `0.6 GB`."""
    return f"{count / 1e6:,.0f} MB" if count < 100e6 else f"{count / 1e9:,.1f} GB"
