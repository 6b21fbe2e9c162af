"""Which recipes lie between two implementations, and which must be asked to tell their causes apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from leaderbench.benchmarks.base import Benchmark
from leaderbench.benchmarks.factors import Mixable, differing, mixable
from leaderbench.benchmarks.nearest import suggestion
from leaderbench.errors import LeaderbenchError
from leaderbench.explain.split.grid import MOST_FACTORS

REST = "everything else"
"""The factor that holds what is not named, where only some factors are."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One cause of a difference between two implementations."""

    name: str
    parts: tuple[str, ...]
    """The factors of the benchmark that it switches together; mostly one."""


@dataclass(frozen=True)
class Design:
    """The full factorial between two implementations.

    A configuration is a bit mask: bit j set means that factor j is as in `b`. Mask 0 is `a` itself.
    """

    a: Mixable
    b: Mixable
    factors: tuple[Factor, ...]
    fixed: tuple[str, ...] = ()
    """Parts that differ and change nothing on the questions asked; all configurations have them as in `a`."""

    @property
    def size(self) -> int:
        """How many configurations there are."""
        return 1 << len(self.factors)

    @property
    def between(self) -> str:
        """`family/one → other`."""
        return f"{self.a.name} → {self.b.name.partition('/')[2] or self.b.name}"

    @cached_property
    def configurations(self) -> tuple[Benchmark, ...]:
        """The recipe of each mask."""
        return tuple(self._mixed(mask) for mask in range(self.size))

    def _mixed(self, mask: int) -> Benchmark:
        taken = [part for bit, factor in enumerate(self.factors) if mask >> bit & 1 for part in factor.parts]
        return self.a.mixed(self.b, taken)

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything that its factors switch."""
        return tuple(part for factor in self.factors for part in factor.parts)

    def without(self, part: str) -> "Design":
        """The same without a part that changes nothing; a factor of which nothing is left goes."""
        left = []
        for factor in self.factors:
            if part not in factor.parts:
                left.append(factor)
            elif len(factor.parts) > 1:
                parts = tuple(item for item in factor.parts if item != part)
                left.append(Factor(parts[0] if factor.name == REST and len(parts) == 1 else factor.name, parts))
        return Design(self.a, self.b, tuple(left), (*self.fixed, part))

    def named(self, mask: int) -> str:
        """A configuration in words."""
        taken = [factor.name for bit, factor in enumerate(self.factors) if mask >> bit & 1]
        if not taken:
            return self.a.name
        return self.b.name if len(taken) == len(self.factors) else f"{self.a.name}, {' and '.join(taken)} changed"


def design(a: Benchmark, b: Benchmark, named: Sequence[str] = ()) -> Design:
    """The factorial between two implementations: over all factors that differ, or over those named.

    A name may join factors with `+`, which then switch together. What differs and is not named becomes one factor more,
    so that the contributions always sum to the whole difference.

    Raises:
        LeaderbenchError: nothing differs, the two do not belong together, or a factor is unknown or named twice.
    """
    found = differing(a, b)
    known = tuple(mixable(a).levels())
    groups = [Factor(name, tuple(part for part in _parts(name, known, a) if part in found)) for name in named]
    given = [part for group in groups for part in group.parts]
    if twice := [part for part in given if given.count(part) > 1]:
        raise LeaderbenchError(f"The factor {twice[0]!r} is named twice: name each once.")
    if idle := next((group for group in groups if not group.parts), None):
        raise LeaderbenchError(
            f"{a.name} and {b.name} do not differ in {idle.name}: what differs is {', '.join(found)}."
        )
    rest = tuple(part for part in found if part not in given)
    if named and rest:
        groups.append(Factor(rest[0] if len(rest) == 1 else REST, rest))
    groups.sort(key=lambda group: found.index(group.parts[0]))
    factors = tuple(groups) if named else tuple(Factor(name, (name,)) for name in found)
    if len(factors) > MOST_FACTORS:
        raise LeaderbenchError(f"{len(factors)} factors are too many to cross: join some with +, to {MOST_FACTORS}.")
    return Design(mixable(a), mixable(b), factors)


def _parts(name: str, known: Sequence[str], benchmark: Benchmark) -> list[str]:
    parts = [part.strip() for part in name.split("+")]
    for part in parts:
        if part not in known:
            hint = suggestion(part, list(known))
            raise LeaderbenchError(f"{benchmark.name} has no factor {part!r}{hint}")
    return parts
