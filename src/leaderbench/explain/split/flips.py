"""Which questions a factor flips, from right to wrong or back, and whether that is more than chance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from leaderbench.explain.split.design import Design
from leaderbench.explain.split.fill import Scope, lockstep
from leaderbench.explain.split.grid import Grid
from leaderbench.records import Question
from leaderbench.requests import LogLikelihood
from leaderbench.statistics.comparison import holm, mcnemar

RIGHT = 0.5
"""A question counts as right above this value of its metric."""


@dataclass(frozen=True, slots=True)
class FactorFlips:
    """What switching one factor of A alone does to the questions."""

    factor: str
    lost: int
    """Right under A, wrong with this factor as in B."""

    won: int
    """Wrong under A, right with this factor as in B."""

    n: int
    near_ties: int
    """Of those that flipped, how many had a margin within float noise on either side."""

    p: float
    """Exact McNemar, two-sided."""

    adjusted: float
    """p after Holm's correction over the factors."""

    @property
    def net(self) -> float:
        """Share of questions won minus share lost."""
        return (self.won - self.lost) / self.n

    @property
    def churn(self) -> float:
        """Share of questions that flipped."""
        return (self.won + self.lost) / self.n


@dataclass(frozen=True, slots=True)
class Flipped:
    """One question that a factor flips."""

    example_id: str
    subset: str
    factor: str
    target: str
    prediction_a: str | None
    prediction_b: str | None
    margin_a: float
    margin_b: float
    right_a: bool
    right_b: bool
    near_tie: bool


def factor_flips(grid: Grid) -> tuple[FactorFlips, ...]:
    """The one-factor flips of every factor, in their order."""
    counted = []
    for bit, name in enumerate(grid.cause.factors):
        found = flipped(grid, bit)
        won = sum(item.right_b for item in found)
        counted.append((name, len(found) - won, won, sum(item.near_tie for item in found)))
    p_values = [mcnemar(won, lost) for _, lost, won, _ in counted]
    n = len(grid.example_ids)
    return tuple(
        FactorFlips(name, lost, won, n, near, p, adjusted)
        for (name, lost, won, near), p, adjusted in zip(counted, p_values, holm(p_values), strict=True)
    )


def flipped(grid: Grid, bit: int) -> tuple[Flipped, ...]:
    """The questions that switching this factor of A alone flips, in dataset order."""
    return _between(grid, 1 << bit, grid.cause.factors[bit])


def flipped_in_all(grid: Grid) -> tuple[Flipped, ...]:
    """The questions on which A and B themselves differ."""
    return _between(grid, grid.values.shape[1] - 1, "all of them")


def _between(grid: Grid, mask: int, name: str) -> tuple[Flipped, ...]:
    right = grid.values[:, [0, mask]] > RIGHT
    found = []
    for row in np.flatnonzero(right[:, 0] != right[:, 1]):
        margins = float(grid.margins[row, 0]), float(grid.margins[row, mask])
        found.append(
            Flipped(
                grid.example_ids[row],
                grid.subsets[row],
                name,
                grid.targets[row],
                grid.predictions[row, 0],
                grid.predictions[row, mask],
                *margins,
                right_a=bool(right[row, 0]),
                right_b=bool(right[row, 1]),
                near_tie=min(margins) < grid.cause.noise,
            )
        )
    return tuple(found)


def prompts(plan: Design, scope: Scope, masks: Sequence[int], example_ids: Iterable[str]) -> dict[tuple[str, int], str]:
    """What each configuration asks about some questions, by (example id, mask): the prompt, then what is asked."""
    wanted, recipes = set(example_ids), [plan.configurations[mask] for mask in masks]
    return {
        (row[0].example.id, mask): asked(question)
        for row in lockstep(recipes, scope)
        if row[0].example.id in wanted
        for mask, question in zip(masks, row, strict=True)
    }


def asked(question: Question) -> str:
    """A question as the model gets it, with what is asked about it in words."""
    parts = []
    for request in question.requests:
        special = "with" if request.special_tokens else "without"
        if isinstance(request, LogLikelihood):
            texts = ", ".join(f"“{text}”" for text in request.continuations)
            what = f"how likely is each of {texts}; encoded {request.encoding}, {special} special tokens"
        else:
            what = f"which token comes next; {special} special tokens"
        parts.append(f"{request.context.text}\n\n[asked: {what}]")
    return "\n\n".join(parts)
