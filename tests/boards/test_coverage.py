"""Simulations with fixed seeds: all true ranks lie in their intervals at once in at least 95 % of repetitions.

A rank interval covers where the true rank lies in it; models that are truly equal may take any of the ranks that they
share. With 300 repetitions the share has a standard error of 1.3 points, with 2,000 of half a point.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from leaderbench.boards import ranks, rules
from leaderbench.boards.ranks import Errors, Mode, rank_intervals
from leaderbench.boards.rules import Floats
from leaderbench.boards.standing import stand
from tests.boards.conftest import make_entry, make_spec

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


def answered_against(truth: Floats, questions: int) -> Draw:
    """Right and wrong answers of models with these true shares to the same questions."""

    def draw(rng: np.random.Generator) -> tuple[Floats, Errors]:
        values = (rng.random((len(truth), questions)) < truth[:, None]).astype(float)
        scores = values.mean(axis=1)
        scale = math.sqrt(questions / (questions - 1)) / questions
        return scores, Errors(np.zeros(len(truth)), (values - scores[:, None]) * scale, float(questions - 1))

    return draw


@pytest.mark.parametrize("questions", [30, 100])
def test_equal_models_with_few_questions_are_told_apart_no_more_often_than_the_level_allows(questions: int) -> None:
    every, _, _ = covered(np.full(10, 0.6), answered_against(np.full(10, 0.6), questions), 150)
    assert every > 0.95 - 2.6 * 0.018


def test_setting_pairs_aside_that_are_told_apart_narrows_intervals_and_keeps_their_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = np.linspace(0.4, 0.8, 20)
    every, _, width = covered(truth, answered_against(truth, 2000), 30)
    monkeypatch.setattr(ranks, "most_steps", 1)
    ranks._known.clear()
    _, _, wide = covered(truth, answered_against(truth, 2000), 30)
    assert every > 0.95
    assert width < 0.95 * wide


def board_coverage(rule: str, truth: Floats, questions: int, repetitions: int) -> float:
    """How often all true ranks are covered where a rule ranks inside columns; `truth` has shape (models, columns)."""
    rng = np.random.default_rng(1)
    models, columns = truth.shape
    spec = make_spec(rule, *[f"c{column}" for column in range(columns)])
    scores = rules.borda(truth) if rule == "borda" else rules.mean_win_rate(truth)
    best = [1 + int((scores > x + 1e-9).sum()) for x in scores]
    worst = [int((scores >= x - 1e-9).sum()) for x in scores]
    held = 0
    for _ in range(repetitions):
        seen = rng.binomial(questions, truth) / questions
        errors = np.sqrt(seen * (1 - seen) / questions)
        table = stand(
            spec,
            [
                make_entry(str(row), f"c{column}", seen[row, column], errors[row, column], n=questions)
                for row in range(models)
                for column in range(columns)
            ],
        )
        places = {int(row.name): row.static for row in table.rows}
        held += all(
            place is not None and place.low is not None and place.high is not None
            and place.low <= best[row] and worst[row] <= place.high
            for row, place in places.items()
        )  # fmt: skip
    return held / repetitions


def test_ranks_by_points_hold_their_level_among_equal_models() -> None:
    assert board_coverage("borda", np.full((10, 5), 0.6), 500, 20) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["borda", "mean-win-rate"])
@pytest.mark.parametrize(
    "truth",
    [
        np.full((12, 8), 0.6),
        0.6 + 0.01 * np.random.default_rng(9).standard_normal((12, 8)),
        np.repeat(np.r_[np.full(4, 0.8), np.linspace(0.2, 0.7, 8)][:, None], 8, axis=1),
    ],
    ids=["equal", "near", "some equal"],
)
def test_ranks_by_points_hold_their_level_among_near_ties(rule: str, truth: Floats) -> None:
    assert board_coverage(rule, truth, 500, 80) > 0.95 - 2.6 * 0.025
