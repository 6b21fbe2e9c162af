import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from leaderbench.errors import LeaderbenchError
from leaderbench.statistics import holm, minimum_detectable_effect, paired_difference, questions_needed
from leaderbench.statistics.comparison import Difference, mcnemar, tango

outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


def compare(pairs: list[tuple[float, float]], **options: object) -> Difference:
    a = {f"q{i}": float(x) for i, (x, _) in enumerate(pairs)}
    b = {f"q{i}": float(y) for i, (_, y) in enumerate(pairs)}
    return paired_difference(a, b, **options)  # type: ignore[arg-type]


def of_counts(both: int, b: int, c: int, neither: int) -> Difference:
    return compare([(1, 1)] * both + [(1, 0)] * b + [(0, 1)] * c + [(0, 0)] * neither)


def test_net_and_churn_are_both_shown() -> None:
    found = of_counts(300, 30, 15, 155)
    assert (found.n, found.b, found.c) == (500, 30, 15)
    assert (found.net, found.churn) == pytest.approx((0.03, 0.09))
    assert (found.mean_a, found.mean_b) == pytest.approx((0.66, 0.63))
    assert found.p == pytest.approx(0.0357, abs=5e-5)
    assert found.standard_error == pytest.approx(math.sqrt(45 - 225 / 500) / 500, rel=0.002)


@given(st.integers(0, 80), st.integers(0, 80))
def test_p_is_the_exact_binomial_test(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected)


@given(outcomes)
def test_exchanging_the_two_only_changes_signs(pairs: list[tuple[bool, bool]]) -> None:
    one, other = compare(pairs), compare([(y, x) for x, y in pairs])
    assert other.net == pytest.approx(-one.net, abs=1e-15)
    assert (other.b, other.c, other.p) == (one.c, one.b, one.p)
    assert (other.interval.low, other.interval.high) == pytest.approx((-one.interval.high, -one.interval.low), abs=1e-9)


@given(outcomes, st.randoms(use_true_random=False))
def test_the_order_of_questions_changes_nothing(pairs: list[tuple[bool, bool]], random: object) -> None:
    a = {f"q{i}": float(x) for i, (x, _) in enumerate(pairs)}
    b = {f"q{i}": float(y) for i, (_, y) in enumerate(pairs)}
    names = list(a)
    random.shuffle(names)  # type: ignore[attr-defined]
    subsets = {name: name[-1] for name in names}
    shuffled = {name: a[name] for name in names}
    for options in ({}, {"subsets": subsets}):
        assert repr(paired_difference(shuffled, b, **options)) == repr(paired_difference(a, b, **options))


def test_only_questions_that_both_answered_count() -> None:
    found = paired_difference({"a": 1.0, "b": 0.0, "c": 1.0}, {"b": 1.0, "c": 1.0, "d": 0.0})
    assert (found.n, found.unpaired, found.b, found.c) == (2, 2, 0, 1)


def test_nothing_shared_is_said() -> None:
    with pytest.raises(LeaderbenchError, match="share no answered question"):
        paired_difference({"a": 1.0}, {"b": 1.0})


def constrained_statistic(delta: float, b: int, c: int, n: int) -> float:
    """The score statistic with the restricted maximum likelihood found by brute force."""

    def loss(q: float) -> float:
        return -(stats.multinomial.logpmf([b, c, n - b - c], n, [q + delta, q, 1 - 2 * q - delta]))

    low, high = max(0.0, -delta), (1 - delta) / 2
    q = optimize.minimize_scalar(loss, bounds=(low + 1e-12, high - 1e-12), method="bounded", options={"xatol": 1e-12}).x
    return float((b - c - n * delta) / math.sqrt(n * (2 * q + delta - delta**2)))


@pytest.mark.parametrize(("b", "c", "n"), [(9, 3, 40), (1, 0, 15), (30, 15, 500), (5, 5, 20), (12, 1, 30)])
def test_tango_ends_where_the_score_statistic_with_brute_force_likelihood_is_1_96(b: int, c: int, n: int) -> None:
    found = tango(b, c, n)
    assert constrained_statistic(found.low, b, c, n) == pytest.approx(1.959964, abs=1e-4)
    assert constrained_statistic(found.high, b, c, n) == pytest.approx(-1.959964, abs=1e-4)


def test_no_difference_seen_is_no_certainty_of_none() -> None:
    for options in ({}, {"subsets": {f"q{i}": str(i % 4) for i in range(20)}}):
        found = compare([(1, 1)] * 20, **options)
        assert (found.net, found.p, found.standard_error) == (0, 1, 0)
        assert found.interval.low < -0.1
        assert found.interval.high > 0.1
    z = stats.norm.ppf(0.975)
    assert tango(0, 0, 20).high == pytest.approx(z**2 / (20 + z**2))


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))).flatmap(
    lambda known: st.tuples(st.just(known[0]), st.integers(0, known[1] - known[0]), st.just(known[1]))))  # fmt: skip
def test_a_tango_interval_surrounds_the_difference_inside_minus_1_and_1(counts: tuple[int, int, int]) -> None:
    b, c, n = counts
    found = tango(b, c, n)
    assert -1 <= found.low <= (b - c) / n + 1e-9
    assert (b - c) / n - 1e-9 <= found.high <= 1


def test_values_that_are_not_0_or_1_get_the_paired_t_test_of_scipy() -> None:
    rng = np.random.default_rng(1)
    pairs = [(float(x), float(x + e)) for x, e in zip(rng.random(40), rng.normal(0.02, 0.1, 40), strict=True)]
    found = compare(pairs)
    expected = stats.ttest_rel([x for x, _ in pairs], [y for _, y in pairs])
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.correlation == pytest.approx(stats.pearsonr(*zip(*pairs, strict=True)).statistic)


@pytest.mark.parametrize("pair", [(0.3, 0.5), (0.5, 0.5)])
def test_one_question_tells_nothing(pair: tuple[float, float]) -> None:
    found = compare([pair])
    assert found.p == 1.0
    assert found.interval.low < -0.7
    assert found.interval.high > 0.7


def test_values_that_all_differ_alike_are_no_certainty() -> None:
    found = compare([(0.4, 0.2)] * 3)
    assert found.p == 0.25
    assert found.interval.low < 0 < found.interval.high
    assert compare([(0.4, 0.2)] * 30).interval.low > 0
    nothing = compare([(0.4, 0.4)] * 10, clusters={f"q{i}": i // 2 for i in range(10)})
    assert (nothing.p, nothing.net) == (1.0, 0.0)
    assert nothing.interval.low < 0 < nothing.interval.high


def test_clusters_widen_the_interval_where_questions_of_a_cluster_go_together() -> None:
    pairs = [(1, 0) if i % 3 == 0 else (1, 1) for i in range(12) for _ in range(5)]
    clusters = {f"q{i}": i // 5 for i in range(60)}
    plain, clustered = compare(pairs), compare(pairs, clusters=clusters)
    assert clustered.standard_error > 2 * plain.standard_error
    assert clustered.p > plain.p
    assert clustered.minimum_detectable_effect > 1.5 * plain.minimum_detectable_effect


def test_a_macro_difference_weighs_subsets_alike() -> None:
    pairs = [(1, 0)] * 2 + [(0, 0)] * 2 + [(0, 1)] * 10 + [(1, 1)] * 90
    subsets = {f"q{i}": "small" if i < 4 else "large" for i in range(104)}
    plain, even = compare(pairs), compare(pairs, subsets=subsets)
    assert plain.net == pytest.approx(-8 / 104)
    assert even.net == pytest.approx((2 / 4 - 10 / 100) / 2)
    assert even.churn == pytest.approx((2 / 4 + 10 / 100) / 2)
    errors = [math.sqrt(0.25 / 3), math.sqrt(0.09 / 99)]
    assert even.standard_error == pytest.approx(math.hypot(*errors) / 2)


def test_the_macro_test_agrees_with_mcnemar_where_all_questions_weigh_the_same() -> None:
    for b, c in ((9, 2), (14, 12), (70, 40)):
        pairs = [(1, 0)] * b + [(0, 1)] * c + [(1, 1)] * (200 - b - c)
        subsets = {f"q{i}": str(i % 4) for i in range(200)}
        found = compare(pairs, subsets=subsets).p
        exact = mcnemar(b, c)
        assert found == pytest.approx(exact, abs=0.01 if b + c < 50 else 0.002)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([(1, 0), (0, 1), (1, 1)]), min_size=8, max_size=14))
def test_the_macro_test_is_the_share_of_sign_flips_that_reach_as_far(pairs: list[tuple[float, float]]) -> None:
    subsets = {f"q{i}": "a" if i < 5 else "b" for i in range(len(pairs))}
    weights = [1 / 10 if i < 5 else 1 / (2 * (len(pairs) - 5)) for i in range(len(pairs))]
    terms = [w * (x - y) for w, (x, y) in zip(weights, pairs, strict=True)]
    flips = itertools.product((-1, 1), repeat=len(terms))
    reached = [abs(sum(s * t for s, t in zip(signs, terms, strict=True))) >= abs(sum(terms)) - 1e-9 for signs in flips]
    assert compare(pairs, subsets=subsets).p == pytest.approx(np.mean(reached), abs=0.015)


@pytest.mark.parametrize(
    ("churn", "gap", "n"),
    [
        (0.15, 0.01, 11766),
        (0.15, 0.02, 2936),
        (0.15, 0.1, 110),
        (0.25, 0.01, 19615),
        (0.25, 0.05, 777),
    ],
)
def test_the_power_table_of_the_literature_is_reproduced(churn: float, gap: float, n: int) -> None:
    assert questions_needed(gap, churn) == pytest.approx(n, abs=1)
    assert minimum_detectable_effect(n, churn) == pytest.approx(gap, rel=0.005)


def test_the_detectable_effect_is_found_with_the_promised_power() -> None:
    rng = np.random.default_rng(0)
    n, churn = 2000, 0.2
    gap = minimum_detectable_effect(n, churn)
    shares = [(churn + gap) / 2, (churn - gap) / 2, 1 - churn]
    found = np.mean([mcnemar(int(b), int(c)) < 0.05 for b, c, _ in rng.multinomial(n, shares, size=800)])
    assert 0.75 < found < 0.83


def test_holm_gives_the_values_of_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()
    assert holm([0.9, 0.8]) == (1.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_never_lowers_a_p(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= found <= 1 for p, found in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [adjusted[i] for i in order] == sorted(adjusted)
    assert adjusted[order[0]] == min(1.0, len(p_values) * p_values[order[0]])


def test_questions_drawn_from_a_bank_weigh_as_their_subsets_do_there() -> None:
    a = {"large/0": 1.0, "large/1": 1.0, "small/0": 0.0, "small/1": 0.0}
    b = {"large/0": 0.0, "large/1": 1.0, "small/0": 1.0, "small/1": 0.0}
    subsets = {name: name.partition("/")[0] for name in a}
    found = paired_difference(a, b, subsets=subsets, sizes={"large": 300, "small": 100})
    assert found.net == pytest.approx(0.75 * 0.5 - 0.25 * 0.5)
    assert [found.mean_a, found.mean_b] == pytest.approx([0.75, 0.375 + 0.125])


def test_a_part_drawn_in_proportion_is_a_plain_mean_and_has_its_exact_test() -> None:
    a = {f"{subset}/{i}": float(i < 6) for subset in "xy" for i in range(10)}
    b = {f"{subset}/{i}": float(i < 2) for subset in "xy" for i in range(10)}
    subsets = {name: name[0] for name in a}
    assert paired_difference(a, b, subsets=subsets, sizes={"x": 50, "y": 50}) == paired_difference(a, b)
