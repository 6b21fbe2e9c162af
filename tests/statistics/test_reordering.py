import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from leaderbench.errors import LeaderbenchError
from leaderbench.statistics import reordering, split, standard_error, variance_components
from leaderbench.statistics.decomposition import Floats
from leaderbench.statistics.reordering import Reordering, VarianceComponents


def contributions(
    seed: int, *, models: int = 8, n: int = 300, shift: float = 0.05, tau: float = 0.0, common: float = 0.3
) -> Floats:
    """One factor's contributions: a true value a model, an error that all models share on a question, and their own."""
    rng = np.random.default_rng(seed)
    true = shift + tau * rng.standard_normal(models)
    shared = common * rng.standard_normal(n)
    return (true[:, None] + shared + 0.3 * rng.standard_normal((models, n)))[:, :, None]


def one(phi: Floats, **options: object) -> Reordering:
    return reordering(phi, ("shots",), **options)[0]


def test_a_shift_of_all_models_is_no_reordering() -> None:
    phi = contributions(0, n=20000)
    found = one(phi)
    assert found.shift == pytest.approx(0.05, abs=0.01)
    assert found.shift_interval.low > 0
    assert found.reorder_interval.low == 0
    assert found.reorder < 0.004


def test_a_reordering_without_a_shift_is_found() -> None:
    found = one(contributions(1, models=12, n=2000, shift=0.0, tau=0.08))
    assert found.shift_interval.low < 0 < found.shift_interval.high
    assert 0.03 < found.reorder_interval.low < found.reorder < found.reorder_interval.high
    assert found.reorder == pytest.approx(0.08, rel=0.5)


def test_the_numbers_are_those_of_the_formulas() -> None:
    phi = contributions(2, models=5, tau=0.03)
    found = one(phi)
    means = phi[:, :, 0].mean(axis=1)
    errors = np.cov(phi[:, :, 0]) / phi.shape[1]
    noise = np.diag(errors).mean() - errors[~np.eye(5, dtype=bool)].mean()
    assert found.shift == pytest.approx(means.mean(), rel=1e-12)
    assert found.spread == pytest.approx(means.std(ddof=1), rel=1e-12)
    assert found.noise == pytest.approx(math.sqrt(noise), rel=1e-12)
    assert found.reorder == pytest.approx(math.sqrt(max(means.var(ddof=1) - noise, 0)), rel=1e-12)
    high = 4 * means.var(ddof=1) / stats.chi2.ppf(0.025, 4) - noise
    low = 4 * means.var(ddof=1) / stats.chi2.ppf(0.975, 4) - noise
    assert found.reorder_interval.high == pytest.approx(math.sqrt(high), rel=1e-9)
    assert found.reorder_interval.low == pytest.approx(math.sqrt(max(low, 0)), rel=1e-9)


def test_with_independent_errors_the_noise_is_the_mean_squared_error() -> None:
    phi = contributions(3, models=10, n=5000, common=0.0)
    expected = np.mean([standard_error(row.tolist()) ** 2 for row in phi[:, :, 0]])
    assert one(phi).noise ** 2 == pytest.approx(expected, rel=0.02)


def test_errors_that_all_models_share_are_no_noise_between_them() -> None:
    alone, together = (one(contributions(4, common=common)) for common in (0.0, 2.0))
    assert together.noise == pytest.approx(alone.noise, rel=1e-9)
    assert together.reorder == pytest.approx(alone.reorder, abs=1e-9)
    assert (together.shift_interval.high - together.shift) > 3 * (alone.shift_interval.high - alone.shift)


def test_tau_squared_is_right_on_average_before_it_is_floored() -> None:
    found = [one(contributions(seed, tau=0.03)) for seed in range(400)]
    squares = [item.spread**2 - item.noise**2 for item in found]
    error = np.std(squares) / math.sqrt(len(squares))
    assert np.mean(squares) == pytest.approx(0.03**2, abs=3 * error)


@pytest.mark.parametrize(("models", "tau"), [(2, 0.05), (3, 0.02), (8, 0.0), (8, 0.02), (8, 0.05), (20, 0.02)])
def test_both_intervals_hold_their_level(models: int, tau: float) -> None:
    found = [one(contributions(seed, models=models, n=200, tau=tau)) for seed in range(500)]
    shift = np.mean([item.shift_interval.low <= 0.05 <= item.shift_interval.high for item in found])
    reorder = np.mean([item.reorder_interval.low <= tau <= item.reorder_interval.high for item in found])
    assert shift >= 0.925
    assert reorder >= 0.925
    if models > 3:
        assert shift <= 0.98
        assert reorder <= 0.985


def test_clusters_and_strata_are_respected() -> None:
    phi = contributions(5, models=4, n=100).repeat(4, axis=1)
    clusters = [i // 4 for i in range(400)]
    plain, clustered = one(phi), one(phi, clusters=clusters)
    assert clustered.noise == pytest.approx(2 * plain.noise, rel=0.02)
    assert clustered.reorder <= plain.reorder
    easy = np.where(np.arange(400) < 200, -5.0, 5.0)[:, None] * np.array([1.0, -1.0, 1.0, -1.0])[:, None, None]
    strata = ["a"] * 200 + ["b"] * 200
    assert one(phi + easy, strata=strata).noise == pytest.approx(one(phi, strata=strata).noise, rel=1e-9)
    assert one(phi + easy).noise > 10 * plain.noise


@given(st.permutations(range(5)), st.integers(0, 20))
def test_the_order_of_models_changes_nothing(order: list[int], seed: int) -> None:
    phi = contributions(seed, models=5, n=20, tau=0.1)
    a, b = one(phi), one(phi[order])
    for name in ("shift", "reorder", "spread", "noise"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-9, abs=1e-9)
    assert a.reorder_interval.high == pytest.approx(b.reorder_interval.high, rel=1e-9)


def test_two_models_leave_both_intervals_wide() -> None:
    found = one(contributions(6, models=2, tau=0.05, common=0.0))
    assert found.reorder_interval.high == pytest.approx(math.sqrt(1018.3 * found.spread**2 - found.noise**2), rel=1e-3)
    assert found.shift_interval.high - found.shift >= 12.7 * found.spread / math.sqrt(2)


def test_of_models_that_are_the_same_only_the_questions_make_the_shift_uncertain() -> None:
    column = contributions(7, models=1)[0]
    found = one(np.stack([column, column, column]))
    assert (found.reorder, found.reorder_interval.high, found.noise) == pytest.approx((0, 0, 0), abs=1e-12)
    table = np.column_stack([np.zeros(len(column)), column[:, 0]])
    expected = split(table, ("shots",)).contributions[0].interval
    assert (found.shift_interval.low, found.shift_interval.high) == pytest.approx((expected.low, expected.high))


def test_a_factor_that_changes_nothing_neither_shifts_nor_reorders() -> None:
    found = one(np.zeros((3, 50, 1)))
    assert found.shift == 0
    assert found.shift_interval.high == -found.shift_interval.low == pytest.approx(1 - 0.05 ** (1 / 50))
    assert (found.reorder, found.reorder_interval.low, found.reorder_interval.high) == (0, 0, 0)


def test_every_factor_is_named() -> None:
    phi = np.concatenate([contributions(8), np.zeros((8, 300, 1))], axis=2)
    found = reordering(phi, ("shots", "encoding"))
    assert [(item.factor, item.models) for item in found] == [("shots", 8), ("encoding", 8)]
    assert repr(found[0]) == repr(one(contributions(8)))


def test_one_model_cannot_be_reordered() -> None:
    with pytest.raises(LeaderbenchError, match="takes at least two models, not 1"):
        one(np.zeros((1, 10, 1)))


def test_one_question_tells_no_noise() -> None:
    with pytest.raises(LeaderbenchError, match="takes at least two questions"):
        one(np.ones((3, 1, 1)))


@pytest.mark.parametrize("phi", [np.zeros((2, 5)), np.zeros((2, 5, 2)), np.full((2, 5, 1), np.nan)])
def test_contributions_that_do_not_fit_are_refused(phi: Floats) -> None:
    with pytest.raises(ValueError, match=r"shape|NaN"):
        one(phi)


planted = {
    "model": 0.5,
    "implementation": 0.3,
    "model_implementation": 0.1,
    "question": 0.8,
    "model_question": 0.2,
    "implementation_question": 0.15,
    "residual": 0.4,
}


def table(seed: int, m: int, f: int, q: int) -> Floats:
    """Scores with the planted variances."""
    rng = np.random.default_rng(seed)
    shapes = [(m, 1, 1), (1, f, 1), (m, f, 1), (1, 1, q), (m, 1, q), (1, f, q), (m, f, q)]
    parts = zip(planted.values(), shapes, strict=True)
    return np.sum([np.broadcast_to(math.sqrt(v) * rng.standard_normal(s), (m, f, q)) for v, s in parts], axis=0)


def test_planted_variances_are_right_on_average() -> None:
    found = [variance_components(table(seed, 12, 8, 30)) for seed in range(150)]
    for name, value in planted.items():
        values = [getattr(item, name) for item in found]
        error = np.std(values) / math.sqrt(len(values))
        assert np.mean(values) == pytest.approx(value, abs=3.5 * error), name


def test_the_mean_squares_are_those_of_the_textbook() -> None:
    scores = table(0, 4, 3, 6)
    found = variance_components(scores)
    model, cell = scores.mean(axis=(1, 2)), scores.mean(axis=2)
    both = cell - model[:, None] - scores.mean(axis=(0, 2)) + scores.mean()
    by_question = scores.mean(axis=1) - model[:, None] - scores.mean(axis=(0, 1)) + scores.mean()
    per_question = scores.mean(axis=0) - scores.mean(axis=(0, 2))[:, None] - scores.mean(axis=(0, 1)) + scores.mean()
    fitted = (
        scores.mean() + (model - scores.mean())[:, None, None] + (scores.mean(axis=(0, 2)) - scores.mean())[:, None]
    )
    fitted = fitted + (scores.mean(axis=(0, 1)) - scores.mean())
    rest = scores - fitted - both[:, :, None] - by_question[:, None, :] - per_question
    residual = np.sum(rest**2) / (3 * 2 * 5)
    assert found.residual == pytest.approx(residual, rel=1e-10)
    assert found.model_implementation == pytest.approx(max((6 * np.sum(both**2) / 6 - residual) / 6, 0), rel=1e-10)
    expected = (18 * model.var(ddof=1) - 6 * np.sum(both**2) / 6 - 3 * np.sum(by_question**2) / 15 + residual) / 18
    assert found.model == pytest.approx(max(expected, 0), rel=1e-10)


@given(st.integers(0, 50), st.floats(-3, 3))
def test_a_shift_of_one_implementation_moves_its_component_alone(seed: int, shift: float) -> None:
    scores = table(seed, 4, 3, 5)
    moved = scores.copy()
    moved[:, 1] += shift
    one, other = variance_components(scores), variance_components(moved)
    for name in planted:
        if name != "implementation":
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9)
    assert one.generalisability == pytest.approx(other.generalisability, abs=1e-9)


def components(**values: float) -> VarianceComponents:
    return VarianceComponents(models=5, implementations=2, questions=10, **(dict.fromkeys(planted, 0.0) | values))


def test_the_coefficient_is_that_of_the_formula() -> None:
    found = components(model=0.5, model_implementation=0.1, model_question=0.2, residual=0.4, implementation=9.0)
    assert found.generalisability == pytest.approx(0.5 / (0.5 + 0.1 / 2 + 0.4 / 10))
    assert found.generalisability_to_new_questions == pytest.approx(0.5 / (0.5 + 0.1 / 2 + 0.2 / 10 + 0.4 / 20))
    assert components(model=0.5).generalisability == 1
    assert math.isnan(components().generalisability)


def test_the_coefficient_is_the_squared_correlation_with_the_truth() -> None:
    """Over many models, of their scores with what they are worth on other implementations and questions."""
    rng = np.random.default_rng(9)
    m, f, q = 400, 3, 20
    worth = rng.standard_normal((m, 1, 1)) * 0.5
    noise = 0.4 * rng.standard_normal((m, f, 1)) + rng.standard_normal((m, 1, q)) + rng.standard_normal((m, f, q))
    scores = worth + noise + rng.standard_normal((1, f, q))
    found = variance_components(scores).generalisability_to_new_questions
    assert found == pytest.approx(np.corrcoef(scores.mean(axis=(1, 2)), worth[:, 0, 0])[0, 1] ** 2, abs=0.05)


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 1, 2), (2, 2, 1)])
def test_components_take_two_of_each(shape: tuple[int, int, int]) -> None:
    with pytest.raises(LeaderbenchError, match="at least two models, two implementations and two questions"):
        variance_components(np.zeros(shape))


@pytest.mark.parametrize("scores", [np.zeros((2, 2)), np.full((2, 2, 2), np.nan)])
def test_scores_that_do_not_fit_are_refused(scores: Floats) -> None:
    with pytest.raises(ValueError, match=r"shape|NaN"):
        variance_components(scores)


def test_models_closer_together_than_their_noise_are_no_proof_of_moving_alike() -> None:
    rng = np.random.default_rng(0)
    alike = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=(3, 400, 1))
    alike -= alike.mean(axis=1, keepdims=True)  # three models whose means happen to be equal
    (found,) = reordering(alike, ["shots"])
    assert found.spread < found.noise
    assert found.reorder_interval.high > found.noise
    assert found.shift_interval.high - found.shift_interval.low > 2 * found.noise / 3**0.5
