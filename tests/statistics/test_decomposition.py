import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from leaderbench.statistics import (
    Contribution,
    Interaction,
    Split,
    dividends,
    macro,
    order_range,
    paired_difference,
    remainder,
    shapley,
    split,
    standard_error,
)
from leaderbench.statistics.decomposition import Floats, weighted

names = ("template", "shots", "scoring", "encoding", "truncation", "cleaning")
scores = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
tables = st.tuples(st.integers(1, 12), st.integers(0, 5)).flatmap(
    lambda size: hnp.arrays(np.float64, (size[0], 2 ** size[1]), elements=scores)
)


def weights_of(table: Floats, kind: str, seed: int) -> Floats | None:
    shape = {"plain": None, "question": table.shape[:1], "both": table.shape}[kind]
    return None if shape is None else np.random.default_rng(seed).random(shape) / len(table)


def factors_of(table: Floats) -> tuple[str, ...]:
    return names[: table.shape[1].bit_length() - 1]


def coins(n: int, k: int, seed: int = 0) -> Floats:
    """Zeros and ones of questions that are alike in all configurations, up to a factor of its own weight each."""
    rng = np.random.default_rng(seed)
    bits = np.arange(2**k)[:, None] >> np.arange(k) & 1
    latent = rng.standard_normal((n, 1)) + (rng.standard_normal((n, k)) * 0.5 + np.linspace(-0.6, 0.3, k)) @ bits.T
    return (latent > 0).astype(float)


@given(tables, st.sampled_from(["plain", "question", "both"]), st.integers(0, 99))
def test_contributions_sum_to_the_difference_for_every_question(table: Floats, kind: str, seed: int) -> None:
    own = weighted(table, weights_of(table, kind, seed))
    assert np.abs(shapley(own).sum(axis=1) - (own[:, -1] - own[:, 0])).max() <= 1e-12


@given(tables, st.sampled_from(["plain", "question", "both"]), st.integers(0, 99))
def test_contributions_sum_to_the_difference_of_the_scores(table: Floats, kind: str, seed: int) -> None:
    weights = weights_of(table, kind, seed)
    found = split(table, factors_of(table), weights)
    assert math.fsum(item.estimate for item in found.contributions) == pytest.approx(
        found.score_b - found.score_a, abs=1e-12
    )
    assert found.difference.estimate == pytest.approx(found.score_b - found.score_a, abs=1e-12)
    spread = np.full(table.shape, 1 / len(table)) if weights is None else weights.reshape(len(table), -1)
    assert found.scores == pytest.approx((spread * table).sum(axis=0), abs=1e-12)


def by_orders(row: Floats, k: int) -> list[list[float]]:
    """What each factor changes, for every order of switching them: the definition, counted out."""
    changes: list[list[float]] = [[] for _ in range(k)]
    for order in itertools.permutations(range(k)):
        mask = 0
        for j in order:
            changes[j].append(row[mask | 1 << j] - row[mask])
            mask |= 1 << j
    return changes


@given(tables)
def test_a_contribution_is_the_mean_over_all_orders(table: Floats) -> None:
    k = table.shape[1].bit_length() - 1
    for row, found in zip(table, shapley(table), strict=True):
        assert found == pytest.approx([np.mean(item) for item in by_orders(row, k)], abs=1e-12)


@given(tables)
def test_the_range_is_over_all_orders_and_holds_the_contribution(table: Floats) -> None:
    k = table.shape[1].bit_length() - 1
    means = table.mean(axis=0)
    expected = np.array([[min(item), max(item)] for item in by_orders(means, k)]).reshape(k, 2)
    assert order_range(means) == pytest.approx(expected, abs=1e-12)
    for item in split(table, factors_of(table)).contributions:
        assert item.smallest - 1e-12 <= item.estimate <= item.largest + 1e-12


@given(tables)
def test_dividends_are_alternating_sums_over_subsets(table: Floats) -> None:
    found = dividends(table)
    for mask in range(table.shape[1]):
        inside = [s for s in range(table.shape[1]) if s & ~mask == 0]
        signs = [(-1) ** (mask.bit_count() - s.bit_count()) for s in inside]
        assert found[:, mask] == pytest.approx(table[:, inside] @ np.array(signs), abs=1e-11)


@given(tables)
def test_a_contribution_is_its_share_of_every_dividend(table: Floats) -> None:
    parts, phi = dividends(table), shapley(table)
    for j in range(phi.shape[1]):
        shares = [parts[:, mask] / mask.bit_count() for mask in range(table.shape[1]) if mask >> j & 1]
        assert phi[:, j] == pytest.approx(np.sum(shares, axis=0), abs=1e-12)


def test_nothing_is_written_into_the_values() -> None:
    table = coins(20, 3)
    kept = table.copy()
    dividends(table), shapley(table), split(table, names[:3])
    assert (table == kept).all()


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_questions_changes_nothing(table: Floats, random: object) -> None:
    places = list(range(len(table)))
    random.shuffle(places)  # type: ignore[attr-defined]
    one, other = split(table, factors_of(table)), split(table[places], factors_of(table))
    assert other.scores == one.scores
    for a, b in zip(one.contributions, other.contributions, strict=True):
        assert (b.moved, b.smallest, b.largest) == (a.moved, a.smallest, a.largest)
        assert b.estimate == pytest.approx(a.estimate, abs=1e-15)
        assert (b.interval.low, b.interval.high) == pytest.approx((a.interval.low, a.interval.high), abs=1e-12)


@given(st.permutations(range(4)), st.integers(0, 20))
def test_the_order_of_factors_changes_nothing(order: list[int], seed: int) -> None:
    table = coins(40, 4, seed)
    masks = [sum((mask >> place & 1) << j for place, j in enumerate(order)) for mask in range(16)]
    one, other = split(table, names[:4]), split(table[:, masks], [names[j] for j in order])
    found = {item.factor: item for item in other.contributions}
    pairs = {frozenset(item.factors): item for item in other.interactions}
    for item in one.contributions:
        assert found[item.factor].estimate == pytest.approx(item.estimate, abs=1e-12)
        assert found[item.factor].standard_error == pytest.approx(item.standard_error, abs=1e-12)
    for pair in one.interactions:
        assert pairs[frozenset(pair.factors)].estimate == pytest.approx(pair.estimate, abs=1e-12)


def test_exchanging_a_and_b_only_changes_signs() -> None:
    table = coins(80, 3)
    one, other = split(table, names[:3]), split(table[:, ::-1], names[:3])
    for a, b in zip(one.contributions, other.contributions, strict=True):
        assert (b.estimate, b.standard_error, b.smallest) == pytest.approx((-a.estimate, a.standard_error, -a.largest))
        assert (b.interval.low, b.p) == pytest.approx((-a.interval.high, a.p))


def test_the_plain_interval_is_the_paired_t_interval() -> None:
    table = coins(300, 3)
    expected = stats.ttest_1samp(shapley(table), 0.0)
    interval = expected.confidence_interval(0.95)
    for j, item in enumerate(split(table, names[:3]).contributions):
        assert item.p == pytest.approx(expected.pvalue[j], rel=1e-9)
        assert (item.interval.low, item.interval.high) == pytest.approx((interval.low[j], interval.high[j]), rel=1e-9)


def test_clusters_widen_as_they_do_for_a_mean() -> None:
    table, clusters = coins(200, 2).repeat(2, axis=0), [f"passage {i // 4}" for i in range(400)]
    for j, item in enumerate(split(table, names[:2], clusters=clusters).contributions):
        column = shapley(table)[:, j].tolist()
        assert item.standard_error == pytest.approx(standard_error(column, clusters), rel=1e-12)
        half = stats.t.ppf(0.975, 99) * item.standard_error
        assert item.interval.high - item.estimate == pytest.approx(half, rel=1e-9)
        assert item.standard_error > 1.3 * standard_error(column)


def macro_weights(strata: list[str]) -> Floats:
    sizes = {name: strata.count(name) for name in strata}
    return np.array([1 / (len(sizes) * sizes[name]) for name in strata])


def test_strata_with_macro_weights_give_the_error_of_a_macro_difference() -> None:
    table = coins(160, 2)
    strata = [name for name, size in (("law", 20), ("ethics", 40), ("physics", 100)) for _ in range(size)]
    found = split(table, names[:2], macro_weights(strata), strata)
    columns = [{str(i): value for i, value in enumerate(table[:, s])} for s in (0, 3)]
    expected = paired_difference(columns[1], columns[0], subsets={str(i): name for i, name in enumerate(strata)})
    assert found.difference.estimate == pytest.approx(expected.net, abs=1e-12)
    assert found.difference.standard_error == pytest.approx(expected.standard_error, rel=1e-12)
    subsets = [table[np.array(strata) == name, 3].tolist() for name in dict.fromkeys(strata)]
    assert found.score_b == pytest.approx(macro(subsets).estimate, abs=1e-12)


def test_one_stratum_is_no_stratum() -> None:
    table = coins(50, 2)
    clusters = [i // 2 for i in range(50)]
    assert repr(split(table, names[:2], None, ["s"] * 50, clusters)) == repr(split(table, names[:2], clusters=clusters))


def test_clusters_inside_strata_sum_the_variances_of_the_strata() -> None:
    table, clusters = coins(120, 1), [i // 3 for i in range(120)]
    strata = ["s"] * 60 + ["t"] * 60
    found = split(table, names[:1], strata=strata, clusters=clusters).contributions[0]
    column = shapley(table)[:, 0].tolist()
    parts = [standard_error(column[:60], clusters[:60]), standard_error(column[60:], clusters[60:])]
    assert found.standard_error == pytest.approx(math.hypot(*parts) / 2, rel=1e-12)


def test_the_spread_of_a_stratum_with_one_question_is_bounded_by_its_distance_from_zero() -> None:
    table = np.array([[0.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = split(table, names[:1], strata=["s", "s", "s", "alone"]).contributions[0]
    assert found.standard_error == pytest.approx(math.sqrt(3 * np.var([1, 0, -1], ddof=1) + 1) / 4, rel=1e-12)


def test_degrees_of_freedom_lie_between_the_smallest_stratum_and_all_questions() -> None:
    table = coins(64, 1, 3)
    strata = ["s"] * 4 + ["t"] * 60
    weights = macro_weights(strata)
    found = split(table, names[:1], weights, strata).contributions[0]
    half = found.interval.high - found.estimate
    assert stats.t.ppf(0.975, 62) < half / found.standard_error < stats.t.ppf(0.975, 3)


def test_a_factor_that_changes_nothing_contributes_nothing_on_these_questions() -> None:
    table = coins(100, 2)
    found = split(np.concatenate([table, table], axis=1), names[:3])
    idle = found.contributions[2]
    assert (idle.estimate, idle.standard_error, idle.p, idle.moved) == (0, 0, 1, 0)
    assert (idle.smallest, idle.largest) == (0, 0)
    assert idle.interval.high == -idle.interval.low == pytest.approx(1 - 0.05 ** (1 / len(table)))
    assert [item.estimate for item in found.contributions[:2]] == pytest.approx(
        [item.estimate for item in split(table, names[:2]).contributions], abs=1e-15
    )
    for pair in found.interactions[1:]:
        assert (pair.estimate, pair.p) == (0, 1)
        assert pair.interval.high == -pair.interval.low == pytest.approx(2 * idle.interval.high)


def test_a_difference_of_rounding_alone_is_none() -> None:
    table = coins(49, 2)
    weights = np.full(table.shape, 1 / 49)
    weights[:, 2:] *= 1 + 2**-52
    idle = split(np.concatenate([table[:, :2], table[:, :2]], axis=1), names[:2], weights).contributions[1]
    assert (idle.estimate, idle.p, idle.moved) == (0, 1, 0)
    assert idle.interval.low < 0 < idle.interval.high


def test_room_is_left_where_all_questions_move_alike() -> None:
    table = np.tile([0.0, 1.0], (50, 1))
    found = split(table, names[:1]).contributions[0]
    assert (found.estimate, found.standard_error) == (1, 0)
    z = stats.norm.ppf(0.975)
    assert found.interval.high - 1 == pytest.approx(z**2 / 50)
    assert 0 < found.p < 1e-6


def test_room_is_left_where_every_effect_cancels() -> None:
    found = split(np.tile([0.0, 0.5, 0.5, 0.0], (30, 1)), names[:2]).contributions[0]
    assert (found.estimate, found.smallest, found.largest, found.moved) == (0, -0.5, 0.5, 30)
    assert found.interval.low < 0 < found.interval.high
    assert found.p == 1


def test_two_questions_that_moved_prove_nothing() -> None:
    table = np.zeros((1000, 2))
    table[:2, 1] = 1
    found = split(table, names[:1]).contributions[0]
    assert found.moved == 2
    assert found.interval.low < 0 < found.interval.high
    assert found.p > 0.05


@given(tables)
def test_the_interval_excludes_0_where_p_says_so(table: Floats) -> None:
    found = split(table, factors_of(table))
    items: list[Contribution | Interaction] = [*found.contributions, *found.interactions]
    for item in items:
        if abs(item.p - 0.05) > 1e-9:
            assert (item.p < 0.05) == clear(item)


def test_a_factor_may_change_the_weights() -> None:
    strata = ["easy"] * 90 + ["hard"] * 10
    correct = np.array([1.0] * 90 + [0.0] * 10)
    weights = np.column_stack([np.full(100, 0.01), macro_weights(strata)])
    found = split(np.column_stack([correct, correct]), ("aggregation",), weights, strata)
    assert (found.score_a, found.score_b) == pytest.approx((0.9, 0.5))
    assert found.contributions[0].estimate == pytest.approx(-0.4)


def test_no_factor_leaves_nothing_to_split() -> None:
    found = split(np.array([[1.0], [0.0]]), ())
    assert (found.score_a, found.score_b, found.scores) == (0.5, 0.5, (0.5,))
    assert (found.contributions, found.interactions, found.higher_orders) == ((), (), ())
    assert (found.difference.estimate, found.difference.standard_error, found.difference.n) == (0, 0, 2)
    assert (found.difference.interval.low, found.difference.interval.high) == (0, 0)


def test_one_question_says_nothing_about_others() -> None:
    found = split(np.array([[0.0, 1.0, 0.0, 0.0]]), names[:2])
    assert math.isnan(found.difference.standard_error)
    for item in found.contributions:
        assert (item.interval.low, item.interval.high, item.p) == (-1, 1, 1)
    assert (found.interactions[0].interval.low, found.interactions[0].interval.high) == (-2, 2)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (np.full((3, 2), np.nan), {}, "NaN"),
        (np.zeros((0, 2)), {}, "no question"),
        (np.zeros((3, 3)), {}, "2\\^k"),
        (np.zeros(3), {}, "2\\^k"),
        (np.zeros((3, 4)), {}, "1 factors need 2 configurations, not 4"),
        (np.zeros((3, 2)), {"weights": np.zeros(2)}, "weights have shape"),
        (np.zeros((3, 2)), {"weights": np.full(3, np.inf)}, "weight is NaN"),
        (np.zeros((3, 2)), {"strata": ["s"]}, "1 names for 3 questions"),
        (np.zeros((3, 2)), {"clusters": ["s"] * 4}, "4 names for 3 questions"),
        (np.zeros((2, 2)), {"strata": ["s", "t"], "clusters": ["c", "c"]}, "two strata"),
    ],
)
def test_what_does_not_fit_is_refused(table: Floats, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(table, names[:1], **options)


def test_the_remainder_is_what_rebuilding_does_not_show() -> None:
    assert remainder(0.637, 0.488, 0.630, 0.500) == pytest.approx(-0.019)


def planted(seed: int, cause: int, noise: float = 0.0) -> Split:
    """500 questions that depend only on whether all factors in the mask `cause` are switched, with chance flips."""
    rng = np.random.default_rng(seed)
    before, moved = rng.random(500) < 0.6, rng.random(500) < 0.4
    after = np.where(moved, rng.random(500) < 0.2, before)
    switched = np.arange(16) & cause == cause
    outcomes = np.where(switched, after[:, None], before[:, None])
    return split((outcomes ^ (rng.random((500, 16)) < noise)).astype(float), names[:4])


def clear(item: Contribution | Interaction) -> bool:
    """Whether an interval excludes 0."""
    return not item.interval.low <= 0 <= item.interval.high


def quiet(items: Sequence[Contribution | Interaction]) -> float:
    """The share of intervals that contain 0."""
    return sum(not clear(item) for item in items) / len(items)


def test_a_planted_cause_is_found_and_no_other() -> None:
    found = [planted(seed, 0b0100) for seed in range(100)]
    assert all(clear(item.contributions[2]) for item in found)
    for j in (0, 1, 3):
        assert quiet([item.contributions[j] for item in found]) >= 0.93
    assert quiet([pair for item in found for pair in item.interactions]) >= 0.93


def test_a_planted_interaction_is_found_and_no_other() -> None:
    found = [planted(seed, 0b0011) for seed in range(100)]
    assert all(item.interactions[0].factors == ("template", "shots") for item in found)
    assert all(clear(item.interactions[0]) for item in found)
    assert quiet([pair for item in found for pair in item.interactions[1:]]) >= 0.93
    for j in (2, 3):
        assert quiet([item.contributions[j] for item in found]) >= 0.93
    for item in found:
        halves = [item.contributions[j].estimate for j in (0, 1)]
        assert halves == pytest.approx([item.difference.estimate / 2] * 2, abs=1e-12)


def test_among_chance_flips_a_planted_cause_is_found_and_others_as_rarely_as_they_should() -> None:
    # Flips by chance make every other contribution an estimate of 0 that is hardly ever 0 itself.
    found = [planted(seed, 0b0100, noise=0.02) for seed in range(200)]
    assert all(clear(item.contributions[2]) for item in found)
    others = [item.contributions[j] for item in found for j in (0, 1, 3)]
    assert min(item.moved for item in others) > 0
    assert 0.93 <= quiet(others) <= 0.97
    assert 0.93 <= quiet([pair for item in found for pair in item.interactions]) <= 0.97


def test_an_interaction_of_three_is_shown_only_where_it_is_significant() -> None:
    three = [planted(seed, 0b0111, noise=0.02).higher_orders for seed in range(100)]
    assert all(("template", "shots", "scoring") in [item.factors for item in found] for found in three)
    none = [planted(seed, 0b0001, noise=0.02).higher_orders for seed in range(100)]
    assert sum(bool(found) for found in none) <= 10
