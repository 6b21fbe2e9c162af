"""Simulations with fixed seeds: all true ranks lie in their intervals at once in at least 95 % of repetitions.

A rank interval covers where the true rank lies in it; models that are truly equal may take any of the ranks that they
share. With 300 repetitions the share has a standard error of 1.3 points, with 2,000 of half a point.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from leaderbench.boards import ranks
from leaderbench.boards.ranks import Errors, Mode, rank_intervals
from leaderbench.boards.rules import Floats

Draw = Callable[[np.random.Generator], tuple[Floats, Errors]]


def covered(truth: Floats, draw: Draw, repetitions: int, mode: Mode = Mode.SIMULTANEOUS) -> tuple[float, float, float]:
    """The share of repetitions in which all true ranks are covered, that of single ranks, and the mean width."""
    rng = np.random.default_rng(7)
    best = np.array([1 + (truth > x).sum() for x in truth])
    worst = np.array([(truth >= x).sum() for x in truth])
    every, single, width = 0.0, 0.0, 0.0
    for _ in range(repetitions):
        found = rank_intervals(*draw(rng), mode)
        inside = (found.low <= best) & (worst <= found.high)
        every += float(inside.all())
        single += inside.mean()
        width += (found.high - found.low).mean()
    return every / repetitions, single / repetitions, width / repetitions


def independent(truth: Floats, errors: Floats) -> Draw:
    return lambda rng: (truth + errors * rng.standard_normal(len(truth)), Errors(errors**2))


def answered(skill: Floats, questions: int) -> tuple[Floats, Draw]:
    """Models asked the same questions; questions that are hard are hard for all. True scores by a large sample."""

    def right(rng: np.random.Generator, count: int) -> Floats:
        return (skill[:, None] + rng.normal(size=count) + 0.7 * rng.normal(size=(len(skill), count)) > 0).astype(float)

    def draw(rng: np.random.Generator) -> tuple[Floats, Errors]:
        values = right(rng, questions)
        scores = values.mean(axis=1)
        scale = math.sqrt(questions / (questions - 1)) / questions
        return scores, Errors(np.zeros(len(skill)), (values - scores[:, None]) * scale, float(questions - 1))

    return skill, draw


same = np.zeros(12)
"""All models equal: the hardest case, where every false difference breaks a rank."""

unequal = np.tile([0.005, 0.01, 0.03], 4)


@pytest.mark.parametrize("errors", [np.full(12, 0.01), unequal], ids=["equal errors", "unequal errors"])
def test_independent_scores_hold_their_level(errors: Floats) -> None:
    every, _, _ = covered(same, independent(same, errors), 300)
    assert every > 0.95 - 2.6 * 0.013


def test_paired_scores_hold_their_level_and_are_not_far_from_it() -> None:
    every, _, _ = covered(*answered(same, 300), 150)
    assert 0.95 - 2.6 * 0.018 < every < 0.995


def test_marginal_intervals_hold_the_level_of_each_rank_alone() -> None:
    every, single, _ = covered(same, independent(same, np.full(12, 0.01)), 150, Mode.MARGINAL)
    assert single > 0.94
    assert every < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("questions", [60, 240, 1000])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_paired_scores_hold_their_level_at_every_size(questions: int, spread: float) -> None:
    for models in (3, 12, 30):
        found = covered(*answered(np.linspace(-spread, spread, models), questions), 1000)
        print(questions, spread, models, found)
        assert found[0] > 0.95 - 3 * 0.007


@pytest.mark.slow
@pytest.mark.parametrize("size", [30, 1000])
def test_independent_scores_hold_their_level_at_every_size(size: int) -> None:
    rng = np.random.default_rng(1)
    for errors in (np.full(size, 0.01), rng.uniform(0.003, 0.03, size)):
        for truth in (np.zeros(size), np.linspace(0, 0.5, size)):
            found = covered(truth, independent(truth, errors), 400)
            print(size, found)
            assert found[0] > 0.95 - 3 * 0.011


@pytest.mark.slow
def test_the_bound_beyond_drawn_sizes_holds_its_level_whatever_the_dependence() -> None:
    size = ranks.most_drawn + 44
    rng = np.random.default_rng(2)
    shared = 0.01 * (rng.standard_normal((size, 8)) + 0.3 * rng.standard_normal((8,)))

    def draw(rng: np.random.Generator) -> tuple[Floats, Errors]:
        return shared @ rng.standard_normal(8) + 0.003 * rng.standard_normal(size), Errors(
            np.full(size, 0.003**2), shared
        )

    found = covered(np.zeros(size), draw, 400)
    print(found)
    assert found[0] > 0.95 - 3 * 0.011
