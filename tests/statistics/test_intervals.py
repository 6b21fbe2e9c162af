import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from leaderbench.statistics import macro, mean, standard_error, wilson
from leaderbench.statistics.intervals import normal_quantile, t_quantile

shares = st.floats(0, 1)
zeros_and_ones = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_quantiles_are_those_of_scipy(level: float) -> None:
    assert normal_quantile(level) == pytest.approx(stats.norm.ppf(0.5 + level / 2), rel=1e-12)
    assert t_quantile(7, level) == pytest.approx(stats.t.ppf(0.5 + level / 2, 7), rel=1e-10)


@given(st.integers(1, 20000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95]))
def test_wilson_is_that_of_scipy(counts: tuple[int, int], level: float) -> None:
    found = wilson(*counts, level)
    expected = stats.binomtest(*counts).proportion_ci(level, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_everything() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


def test_wilson_ends_exactly_at_0_and_1() -> None:
    assert wilson(0, 13).low == 0.0
    assert wilson(13, 13).high == 1.0
    assert wilson(13, 13).low > 0.7


@given(st.lists(shares, min_size=2, max_size=50))
def test_the_standard_error_without_clusters_is_the_textbook_one(values: list[float]) -> None:
    assert standard_error(values) == pytest.approx(np.std(values, ddof=1) / math.sqrt(len(values)), abs=1e-12)


def test_the_clustered_standard_error_is_the_sandwich_of_a_regression_on_a_constant() -> None:
    rng = np.random.default_rng(5)
    clusters = rng.integers(0, 9, 60)
    values = rng.random(60) + clusters / 10
    residuals = values - values.mean()
    ones = np.ones((60, 1))
    bread = np.linalg.inv(ones.T @ ones)
    parts = [ones[clusters == c].T @ residuals[clusters == c] for c in range(9)]
    meat = sum(np.outer(part, part) for part in parts)
    variance = (bread @ meat @ bread)[0, 0] * 9 / 8
    assert standard_error(values.tolist(), clusters.tolist()) == pytest.approx(math.sqrt(variance), rel=1e-12)


@given(st.lists(shares, min_size=2, max_size=30))
def test_clusters_of_one_change_nothing(values: list[float]) -> None:
    clusters = list(range(len(values)))
    assert standard_error(values, clusters) == pytest.approx(standard_error(values), abs=1e-15)


@given(zeros_and_ones)
def test_zeros_and_ones_get_wilson(values: list[float]) -> None:
    found = mean(values)
    assert found.interval == wilson(sum(values), len(values))
    assert found.estimate == pytest.approx(sum(values) / len(values))
    assert found.n == len(values)


@given(zeros_and_ones.filter(lambda values: len(values) > 3))
def test_repeating_each_question_in_a_cluster_makes_no_interval_narrower(values: list[float]) -> None:
    clusters = [place for place in range(len(values)) for _ in range(4)]
    repeated = [value for value in values for _ in range(4)]
    plain, clustered = mean(values).interval, mean(repeated, clusters).interval
    assert clustered.high - clustered.low >= plain.high - plain.low - 1e-9
    assert clustered.high - clustered.low < 2 * (plain.high - plain.low)


def test_shares_get_a_t_interval_on_the_logit_scale() -> None:
    values = [0.2, 0.5, 0.9, 0.4]
    centre, error = np.mean(values), np.std(values, ddof=1) / 2
    logit = stats.t.ppf([0.025, 0.975], 3) * error / (centre * (1 - centre)) + math.log(centre / (1 - centre))
    expected = 1 / (1 + np.exp(-logit))
    found = mean(values)
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected))


def test_values_beyond_0_and_1_get_a_plain_t_interval() -> None:
    values = [-3.0, -2.0, 4.0]
    expected = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (mean(values).interval.low, mean(values).interval.high) == pytest.approx(expected)


@given(st.lists(shares, min_size=1, max_size=40))
def test_an_interval_of_shares_lies_between_0_and_1_around_the_estimate(values: list[float]) -> None:
    found = mean(values)
    assert 0 <= found.interval.low <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.interval.high <= 1


@given(st.lists(shares, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_questions_changes_nothing(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert repr(mean(shuffled)) == repr(mean(values))
    assert repr(macro([shuffled, [0.5, 1.0]])) == repr(macro([[1.0, 0.5], values]))


@pytest.mark.parametrize("values", [[1.0], [0.4], [0.4, 0.4, 0.4], [0.0] * 5])
def test_values_without_spread_do_not_pretend_to_be_certain(values: list[float]) -> None:
    found = mean(values)
    assert found.interval.high - found.interval.low > 0.3


def test_the_mean_of_nothing_is_unknown() -> None:
    for found in (mean([]), macro([]), macro([[], []])):
        assert math.isnan(found.estimate)
        assert (found.n, found.interval.low, found.interval.high) == (0, 0, 1)


def test_a_macro_mean_weighs_subsets_alike_and_adds_their_errors() -> None:
    subsets = [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0, 1.0, 1.0]]
    found = macro(subsets)
    assert found.estimate == pytest.approx((1 / 4 + 2 / 3 + 5 / 6) / 3)
    assert found.standard_error == pytest.approx(math.sqrt(sum(standard_error(part) ** 2 for part in subsets)) / 3)
    assert found.interval.low < found.estimate < found.interval.high
    assert found.n == 13


def test_a_small_subset_whose_answers_are_all_alike_is_not_known_for_certain() -> None:
    found = macro([[1.0] * 120 + [0.0] * 80, [1.0] * 3])
    assert found.standard_error > 0.1
    assert found.interval.low < 0.5


def test_subsets_of_one_question_are_about_as_sure_as_a_share_of_them_all() -> None:
    found, plain = macro([[1.0], [0.0], [1.0], [1.0]] * 10), wilson(30, 40)
    assert found.interval.low == pytest.approx(plain.low, abs=0.005)
    assert found.interval.high == pytest.approx(plain.high, abs=0.005)


def test_values_beyond_0_and_1_have_a_macro_interval_around_their_mean() -> None:
    found = macro([[-3.0, 4.0, 2.0, 5.0], [8.0, 9.0, 7.0]])
    assert found.interval.low < 3 < found.estimate < 7 < found.interval.high
    assert found.estimate == pytest.approx(5.0)
    assert (found.interval.low + found.interval.high) / 2 == pytest.approx(5.0)


def test_a_macro_mean_of_one_subset_is_its_mean() -> None:
    assert macro([[1.0, 0.0, 1.0], []]) == mean([1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    "subsets", [[[1.0] * 3, [0.0] * 3], [[1.0] * 4, [1.0] * 2], [[0.0], [0.0]], [[1.0], [0.0], [1.0]]]
)
def test_a_macro_mean_of_subsets_without_spread_does_not_pretend_to_be_certain(subsets: list[list[float]]) -> None:
    found = macro(subsets)
    assert 0 <= found.interval.low <= found.estimate <= found.interval.high <= 1
    assert found.interval.high - found.interval.low > 0.3


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0]) | shares, max_size=8), min_size=1, max_size=8))
def test_a_macro_interval_lies_between_0_and_1_around_the_estimate(subsets: list[list[float]]) -> None:
    found = macro(subsets)
    assume(found.n)
    assert 0 <= found.interval.low <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.interval.high <= 1


def test_a_subset_without_errors_of_its_own_hardly_moves_the_macro_interval() -> None:
    others = [[float(i % 3 == 0) for i in range(100)] for _ in range(20)]
    with_perfect = macro([*others, [1.0] * 100])
    without = macro(others)
    assert with_perfect.standard_error == pytest.approx(without.standard_error * 20 / 21, rel=1e-3)
