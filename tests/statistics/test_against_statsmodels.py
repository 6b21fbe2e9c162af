"""Tests, corrections and intervals equal those of statsmodels and scipy where these have them, to 1e-12."""

import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from leaderbench.statistics import holm, mean, paired_difference, shapley, split, standard_error, wilson
from leaderbench.statistics.comparison import mcnemar

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what importing statsmodels warns about is not ours
    import statsmodels.api as sm
    from statsmodels.stats import contingency_tables, multitest, proportion

tight = {"rel": 1e-12, "abs": 1e-12}
shares = st.floats(0, 1, allow_subnormal=False)
values = st.lists(st.floats(-3, 3, allow_subnormal=False), min_size=3, max_size=60)


@given(st.integers(0, 400), st.integers(0, 400))
@example(30, 15)
@example(0, 0)
def test_the_exact_mcnemar_p(b: int, c: int) -> None:
    table = [[7, b], [c, 9]]
    assert mcnemar(b, c) == pytest.approx(contingency_tables.mcnemar(table, exact=True).pvalue, **tight)
    if b + c:
        assert mcnemar(b, c) == pytest.approx(stats.binomtest(b, b + c, 0.5).pvalue, **tight)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(1, 60))
def test_the_p_of_a_paired_difference_of_right_and_wrong(both: int, b: int, c: int, neither: int) -> None:
    pairs = [(1.0, 1.0)] * both + [(1.0, 0.0)] * b + [(0.0, 1.0)] * c + [(0.0, 0.0)] * neither
    one, other = ({str(i): pair[side] for i, pair in enumerate(pairs)} for side in (0, 1))
    expected = contingency_tables.mcnemar([[both, b], [c, neither]], exact=True).pvalue
    assert paired_difference(one, other).p == pytest.approx(expected, **tight)


@given(st.lists(shares, min_size=1, max_size=40))
def test_holm(p: list[float]) -> None:
    assert holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1], **tight)


@given(st.integers(1, 20000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95]))
def test_wilson(counts: tuple[int, int], level: float) -> None:
    found = wilson(*counts, level)
    expected = proportion.proportion_confint(*counts, alpha=1 - level, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected, **tight)


def clustered(column: Sequence[float], clusters: Sequence[int]) -> float:
    """The clustered standard error of a mean by statsmodels, with its small-sample factor.

    The factor is G / (G - 1) · (n - 1) / (n - p) for p coefficients; a mean has one, which leaves G / (G - 1).
    """
    numbers = np.unique(clusters, return_inverse=True)[1]
    fitted = sm.OLS(np.array(column), np.ones(len(column))).fit(
        cov_type="cluster", cov_kwds={"groups": numbers, "use_correction": True}
    )
    return float(fitted.bse[0])


@given(values, st.integers(2, 9), st.integers(0, 99))
def test_the_clustered_standard_error(column: list[float], groups: int, seed: int) -> None:
    clusters = np.random.default_rng(seed).integers(0, groups, len(column)).tolist()
    assume(len(set(clusters)) > 1)
    assert standard_error(column, clusters) == pytest.approx(clustered(column, clusters), **tight)


def test_without_its_small_sample_factor_the_clustered_error_is_smaller_by_that_factor_alone() -> None:
    rng = np.random.default_rng(0)
    column, clusters = rng.random(60), rng.integers(0, 12, 60)
    fitted = sm.OLS(column, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False})
    expected = float(fitted.bse[0]) * np.sqrt(12 / 11)
    assert standard_error(column.tolist(), clusters.tolist()) == pytest.approx(expected, **tight)


@given(values)
def test_the_plain_t_interval_of_a_mean(column: list[float]) -> None:
    assume(max(column) - min(column) > 1e-3 and (min(column) < 0 or max(column) > 1))
    expected = stats.ttest_1samp(column, 0.0).confidence_interval(0.95)
    found = mean(column)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high), **tight)


@given(st.lists(st.tuples(shares, shares), min_size=3, max_size=60))
def test_the_paired_t_interval_and_its_p(pairs: list[tuple[float, float]]) -> None:
    differences = [x - y for x, y in pairs]
    assume(max(differences) - min(differences) > 1e-3 and any(item not in (-1, 0, 1) for item in differences))
    one, other = ({str(i): pair[side] for i, pair in enumerate(pairs)} for side in (0, 1))
    found = paired_difference(one, other)
    expected = stats.ttest_rel([x for x, _ in pairs], [y for _, y in pairs])
    interval = expected.confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high), **tight)
    assert found.p == pytest.approx(expected.pvalue, **tight)


@pytest.mark.parametrize("seed", range(5))
def test_the_intervals_of_contributions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, clusters = (rng.random((240, 8)) < rng.random((240, 1))).astype(float), rng.integers(0, 40, 240).tolist()
    phi = shapley(table)
    expected = stats.ttest_1samp(phi, 0.0)
    interval = expected.confidence_interval(0.95)
    for j, item in enumerate(split(table, ("a", "b", "c")).contributions):
        assert (item.interval.low, item.interval.high) == pytest.approx((interval.low[j], interval.high[j]), **tight)
        assert item.p == pytest.approx(expected.pvalue[j], **tight)
    for j, item in enumerate(split(table, ("a", "b", "c"), clusters=clusters).contributions):
        error = clustered(phi[:, j].tolist(), clusters)
        assert item.standard_error == pytest.approx(error, **tight)
        half = stats.t.ppf(0.975, len(set(clusters)) - 1) * error
        assert item.interval.high == pytest.approx(item.estimate + half, **tight)
