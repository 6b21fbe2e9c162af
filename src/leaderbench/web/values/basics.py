"""What every value of the site is made of. A number that nobody knows is null."""

import math
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, SkipValidation

Item = TypeVar("Item")
Number = float | None

Words = Annotated[str, SkipValidation]
"""A text that may be a `Sentence`: pages say it in their language, JSON in English. A check would make it plain."""


class Value(BaseModel):
    """Frozen, and described in OpenAPI by the lines under its fields."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Problem(Value):
    """Why a request has no answer."""

    detail: str
    """What was wrong and what to do, in a sentence."""


class Page(Value):
    """Where in a listing one stands."""

    page: int
    """From 1; behind the last one there is nothing."""

    size: int
    """Items of a full page."""

    total: int
    """Items of all pages."""

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))


class Paged(Page, Generic[Item]):
    """One page of a listing."""

    items: tuple[Item, ...]


def known(value: float) -> Number:
    """A number, or None for one that does not exist."""
    return float(value) if math.isfinite(value) else None
