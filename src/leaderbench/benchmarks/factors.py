"""The causes that make two implementations of one benchmark differ, and recipes in between.

An implementation is a point in a space of independent choices. A factor is a group of choices that make one cause, such
as the template; its level is what a recipe has chosen there. A mixed recipe takes some factors from another.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

from leaderbench.benchmarks.base import Benchmark
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Json

Level = dict[str, Json]
"""A recipe's choices for one factor, as its manifest writes them."""

Choices = TypeVar("Choices")


@runtime_checkable
class Mixable(Benchmark, Protocol):
    """A benchmark whose implementations can be mixed."""

    def levels(self) -> dict[str, Level]:
        """Every factor, in the order of telling, with what this recipe has chosen there."""

    def mixed(self, other: Self, names: Collection[str]) -> Self:
        """This recipe with the named factors as `other` has them."""


def levels_of(choices: Any, factors: Mapping[str, tuple[str, ...]]) -> dict[str, Level]:
    """The levels that a dataclass of choices has, by the fields that make up each factor."""
    values = dataclasses.asdict(choices)
    return {factor: {field: values[field] for field in fields} for factor, fields in factors.items()}


def mixed_fields(
    own: Choices, other: Choices, factors: Mapping[str, tuple[str, ...]], names: Collection[str]
) -> Choices:
    """A dataclass of choices with the fields of the named factors as `other` has them."""
    taken = {field: getattr(other, field) for name in names for field in factors[name]}
    return dataclasses.replace(own, **taken)  # type: ignore[type-var]


def differing(a: Benchmark, b: Benchmark) -> tuple[str, ...]:
    """The factors on which two implementations differ, in the order of telling.

    Raises:
        LeaderbenchError: they are not implementations of one benchmark on one dataset, or do not differ.
    """
    one, other = mixable(a), mixable(b)
    if type(one) is not type(other) or one.dataset != other.dataset or one.subsets != other.subsets:
        raise LeaderbenchError(
            f"{a.name} and {b.name} do not ask the same questions: name two implementations of one benchmark."
        )
    levels = other.levels()
    found = tuple(name for name, level in one.levels().items() if level != levels[name])
    if not found:
        raise LeaderbenchError(f"{a.name} and {b.name} make the same choices: there is no difference to explain.")
    return found


def mixable(benchmark: Benchmark) -> Mixable:
    """The same benchmark, known to be one that can be mixed. Raises `LeaderbenchError` where it is not."""
    if not isinstance(benchmark, Mixable):
        raise LeaderbenchError(f"{benchmark.name} does not say which choices it is made of: it cannot be taken apart.")
    return benchmark
