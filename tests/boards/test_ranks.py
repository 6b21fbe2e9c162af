"""Rank intervals: against a literal reading, known critical values, and what must not matter."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from leaderbench.boards import ranks
from leaderbench.boards.ranks import Errors, Mode, rank_intervals
from leaderbench.boards.rules import Floats


@pytest.mark.parametrize("size", [2, 3, 10, 50])
def test_the_quantile_of_the_range_is_that_of_scipy(size: int) -> None:
    assert ranks.range_quantile(size) == pytest.approx(stats.studentized_range.ppf(0.95, size, np.inf), abs=1e-7)


def test_two_models_are_told_apart_as_by_a_plain_test() -> None:
    assert ranks.range_quantile(2) / math.sqrt(2) == pytest.approx(1.959964, abs=1e-5)
    assert ranks.bound(1) == pytest.approx(1.959964, abs=1e-5)
    few = ranks.inflation(np.array([ranks.bound(1)]), 10.0)
    assert float(few[0]) * ranks.bound(1) == pytest.approx(stats.t.ppf(0.975, 10))
    assert ranks.inflation(np.array([3.0, 0.0]), np.array([np.inf, 5.0])).tolist() == [1.0, 1.0]


def test_the_bound_for_any_dependence_asks_little_more_than_independent_scores_need() -> None:
    for size in (10, 100, 1000, 10_000):
        exact = ranks.range_quantile(size) / math.sqrt(2)
        assert exact < ranks.bound(size * (size - 1) / 2) < 1.03 * exact


def literal(scores: list[float], variance: Floats, critical: Floats) -> list[tuple[int, int]]:
    found = []
    for j, x in enumerate(scores):
        better = sum(y > x and (y - x) > critical[j] * math.sqrt(variance[j, k]) for k, y in enumerate(scores))
        worse = sum(y < x and (x - y) > critical[j] * math.sqrt(variance[j, k]) for k, y in enumerate(scores))
        found.append((1 + better, len(scores) - worse))
    return found


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 0.2)), min_size=1, max_size=12), st.sampled_from(Mode))
def test_intervals_are_what_the_definition_counts(models: list[tuple[float, float]], mode: Mode) -> None:
    scores, own = np.array([x for x, _ in models]), np.array([e * e for _, e in models])
    found = rank_intervals(scores, Errors(own), mode)
    variance = own[:, None] + own[None, :]
    assert list(zip(found.low.tolist(), found.high.tolist(), strict=True)) == literal(
        scores.tolist(), variance, found.critical
    )


def paired_table(seed: int, models: int = 6, questions: int = 80) -> tuple[Floats, Errors]:
    """Right and wrong answers of models that find the same questions hard."""
    rng = np.random.default_rng(seed)
    hard, skill = rng.normal(size=questions), np.linspace(-0.8, 0.8, models)
    right = (skill[:, None] + hard + 0.5 * rng.normal(size=(models, questions)) > 0).astype(float)
    scores = right.mean(axis=1)
    return scores, Errors(
        np.zeros(models), (right - scores[:, None]) / questions * math.sqrt(questions / (questions - 1))
    )


def test_variances_of_differences_are_those_of_paired_differences() -> None:
    rng = np.random.default_rng(2)
    right = (rng.random((3, 50)) < 0.6).astype(float)
    scores = right.mean(axis=1)
    errors = Errors(np.zeros(3), (right - scores[:, None]) / 50 * math.sqrt(50 / 49))
    found = ranks.pair_variances(errors, slice(0, 3))
    for a, b in permutations(range(3), 2):
        assert found[a, b] == pytest.approx(np.var(right[a] - right[b], ddof=1) / 50)


def test_pairing_tells_more_models_apart() -> None:
    scores, errors = paired_table(3, questions=400)
    paired, alone = rank_intervals(scores, errors), rank_intervals(scores, Errors(errors.variance()))
    assert (paired.high - paired.low).sum() < (alone.high - alone.low).sum()


@pytest.mark.parametrize("seed", range(3))
def test_marginal_intervals_lie_inside_simultaneous_ones(seed: int) -> None:
    scores, errors = paired_table(seed)
    both, each = rank_intervals(scores, errors, Mode.SIMULTANEOUS), rank_intervals(scores, errors, Mode.MARGINAL)
    assert (each.critical <= both.critical).all()
    assert (each.low >= both.low).all()
    assert (each.high <= both.high).all()


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 0.2)), min_size=1, max_size=12))
def test_every_rank_lies_in_its_interval(models: list[tuple[float, float]]) -> None:
    scores = np.array([x for x, _ in models])
    found = rank_intervals(scores, Errors(np.array([e * e for _, e in models])))
    place = [1 + int((scores > x).sum()) for x in scores]
    assert all(low <= rank <= high for low, rank, high in zip(found.low, place, found.high, strict=True))


def test_models_with_the_same_answers_are_never_told_apart_and_cost_nothing() -> None:
    scores, errors = paired_table(4)
    assert errors.shared is not None
    doubled = Errors(np.tile(errors.own, 2), np.tile(errors.shared, (2, 1)))
    for mode in Mode:
        found = rank_intervals(np.tile(scores, 2), doubled, mode)
        once = rank_intervals(scores, errors, mode)
        assert np.isfinite(found.critical).all()
        assert found.critical[0] == pytest.approx(once.critical[0], rel=0.05)
        assert (found.low[:6] == found.low[6:]).all()


def test_a_model_of_unknown_error_has_no_interval_and_may_stand_anywhere() -> None:
    scores, own = np.array([0.9, 0.5, 0.1]), np.array([1e-6, math.nan, 1e-6])
    found = rank_intervals(scores, Errors(own))
    assert (found.low.tolist(), found.high.tolist()) == ([1, 0, 2], [2, 0, 3])
    nothing = rank_intervals(scores, Errors(np.full(3, math.nan)))
    assert nothing.low.tolist() == [0, 0, 0]


def test_one_model_alone_is_first_for_certain() -> None:
    found = rank_intervals(np.array([0.5]), Errors(np.array([0.1])))
    assert (found.low.tolist(), found.high.tolist()) == ([1], [1])
    assert rank_intervals(np.array([]), Errors(np.array([]))).low.tolist() == []


def test_many_models_get_the_same_counts_as_few_would_in_blocks() -> None:
    rng = np.random.default_rng(5)
    size = ranks.most_drawn + 50
    scores = rng.normal(size=size).round(2)
    for errors in (
        Errors(rng.uniform(0.01, 0.1, size)),
        Errors(np.zeros(size), 0.05 * rng.normal(size=(size, 40))),
    ):
        found = rank_intervals(scores, errors)
        variance = ranks.pair_variances(errors, slice(0, size))
        assert list(zip(found.low.tolist(), found.high.tolist(), strict=True)) == literal(
            scores.tolist(), variance, found.critical
        )


def test_the_same_table_is_worked_out_once() -> None:
    scores, errors = paired_table(6)
    assert rank_intervals(scores, errors) is rank_intervals(scores.copy(), errors)
    assert rank_intervals(scores, errors) is not rank_intervals(scores, errors, Mode.MARGINAL)
