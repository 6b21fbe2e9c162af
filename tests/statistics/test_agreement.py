import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from leaderbench.statistics import agreement as found
from leaderbench.statistics.agreement import Array, Gap

scores = st.integers(2, 9).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 6).map(lambda k: k / 6), min_size=n, max_size=n)] * 2)
)
"""Two scorings of the same models, with ties."""


def varies(values: list[float]) -> bool:
    return len(set(values)) > 1


@given(scores)
def test_tau_and_rho_are_those_of_scipy_with_and_without_ties(both: tuple[list[float], list[float]]) -> None:
    a, b = both
    measured = found.agreement(a, b)
    if varies(a) and varies(b):
        assert measured.tau == pytest.approx(stats.kendalltau(a, b).statistic, abs=1e-12)
        assert measured.rho == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)
        assert measured.weighted_tau == pytest.approx(stats.weightedtau(a, b).statistic, abs=1e-12)
    else:
        assert math.isnan(measured.tau)
        assert math.isnan(measured.rho)
        assert math.isnan(measured.weighted_tau)


def test_top_weighted_tau_counts_an_exchange_at_the_top_more_than_one_at_the_bottom() -> None:
    a = [5.0, 4.0, 3.0, 2.0, 1.0]
    top, bottom = found.agreement(a, [4.0, 5.0, 3.0, 2.0, 1.0]), found.agreement(a, [5.0, 4.0, 3.0, 1.0, 2.0])
    assert top.tau == bottom.tau == pytest.approx(0.8)
    assert top.weighted_tau < bottom.weighted_tau - 0.2


def test_top_weighted_tau_has_a_direction_of_each_scoring() -> None:
    a, b = [4.0, 3.0, 2.0, 1.0], [1.0, 4.0, 3.0, 2.0]
    measured, turned = found.agreement(a, b), found.agreement(b, a)
    assert measured.weighted_tau_a == pytest.approx(turned.weighted_tau_b)
    assert measured.weighted_tau_a < measured.weighted_tau_b
    assert measured.weighted_tau == pytest.approx((measured.weighted_tau_a + measured.weighted_tau_b) / 2)


@given(scores, st.randoms(use_true_random=False))
def test_the_order_of_the_models_changes_nothing(both: tuple[list[float], list[float]], random: object) -> None:
    a, b = both
    places = list(range(len(a)))
    random.shuffle(places)  # type: ignore[attr-defined]
    one, other = found.agreement(a, b), found.agreement([a[i] for i in places], [b[i] for i in places])
    assert (other.tau, other.rho, other.weighted_tau) == pytest.approx(
        (one.tau, one.rho, one.weighted_tau), abs=1e-9, nan_ok=True
    )
    assert other.rank_changes == tuple(one.rank_changes[i] for i in places)
    assert other.top == one.top


def test_ties_share_the_better_place() -> None:
    assert found.ranks([0.5, 0.7, 0.5, 0.2]) == (2, 1, 2, 4)


def test_scores_that_differ_by_rounding_only_are_tied() -> None:
    assert found.ranks([0.1 + 0.2, 0.3]) == (1, 1)
    assert math.isnan(found.agreement([0.1 + 0.2, 0.3], [0.1, 0.2]).tau)


def test_rank_changes_say_who_rose_and_who_fell() -> None:
    measured = found.agreement([0.9, 0.8, 0.7, 0.6], [0.6, 0.9, 0.8, 0.7])
    assert measured.rank_changes == (3, -1, -1, -1)
    assert (measured.largest_change, measured.mean_change) == (3, 1.5)


def test_top_overlap_is_the_share_of_one_top_that_is_in_the_other() -> None:
    measured = found.agreement([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0.8, 0.9, 0.4, 0.6, 0.5, 0.7])
    assert dict(measured.top) == pytest.approx({1: 0, 3: 2 / 3, 5: 4 / 5})


def test_a_tie_at_the_edge_of_a_top_is_in_it_and_still_no_more_than_all_overlap() -> None:
    measured = found.agreement([0.9, 0.9, 0.5], [0.9, 0.8, 0.5])
    assert measured.top == ((1, 0.5),)
    assert found.agreement([0.9, 0.9, 0.5], [0.9, 0.9, 0.5]).top == ((1, 1.0),)


def answers(rng: np.random.Generator, abilities: list[float], questions: int) -> Array:
    """Models × questions: right with these probabilities, each answer by itself."""
    return (rng.random((len(abilities), questions)) < np.array(abilities)[:, np.newaxis]).astype(np.float64)


def even(questions: int, implementations: int = 1) -> Array:
    return np.full((implementations, questions), 1 / questions)


def test_all_models_and_implementations_meet_the_same_resampled_questions() -> None:
    rng = np.random.default_rng(0)
    row = answers(rng, [0.5], 80)[0]
    drawn = found.resample(np.array([[row, row], [1 - row, row]]), even(80, 2), None, rng, 50)
    assert drawn.shape == (50, 2, 2)
    assert np.array_equal(drawn[:, 0, 0], drawn[:, 1, 1])
    assert drawn[:, 0, 0] + drawn[:, 1, 0] == pytest.approx(1)
    assert len(set(drawn[:, 0, 0])) > 5


def test_resampled_scores_spread_as_their_standard_errors_say() -> None:
    rng = np.random.default_rng(1)
    values = answers(rng, [0.3, 0.6], 400)[np.newaxis]
    drawn = found.resample(values, even(400), None, rng, 4000)
    expected = np.sqrt(values[0].mean(axis=1) * (1 - values[0].mean(axis=1)) / 400)
    assert drawn[:, 0].std(axis=0) == pytest.approx(expected, rel=0.05)
    assert drawn[:, 0].mean(axis=0) == pytest.approx(values[0].mean(axis=1), abs=0.002)


def test_subsets_keep_their_number_of_questions_when_resampled() -> None:
    subsets = ["a", "b"] * 20 + ["a"] * 40
    values = np.array([[[1.0 if name == "a" else 0.0 for name in subsets]]])
    weights = np.array([[1 / (2 * subsets.count(name)) for name in subsets]])
    drawn = found.resample(values, weights, subsets, np.random.default_rng(2), 200)
    assert drawn == pytest.approx(0.5)


def test_redrawn_scores_spread_as_the_binomial_does() -> None:
    given_scores = np.array([[0.2, 0.5], [0.7, 0.9]])
    drawn = found.redraw(given_scores, [100, 900], np.random.default_rng(3), 4000)
    assert drawn.mean(axis=0) == pytest.approx(given_scores, abs=0.004)
    expected = np.sqrt(given_scores * (1 - given_scores) / np.array([[100], [900]]))
    assert drawn.std(axis=0) == pytest.approx(expected, rel=0.05)


def noise(rng: np.random.Generator, values: Array, draws: int = 200) -> Array:
    weights = even(values.shape[1])
    one, other = (found.resample(values[np.newaxis], weights, None, rng, draws)[:, 0] for _ in range(2))
    return found.noise_taus(values.mean(axis=1), one, other)


def inside(rng: np.random.Generator, abilities: list[float], questions: int) -> bool:
    """Whether two implementations that change nothing but noise agree as the ceiling says."""
    one, other = answers(rng, abilities, questions), answers(rng, abilities, questions)
    tau = found.agreement(one.mean(axis=1).tolist(), other.mean(axis=1).tolist()).tau
    limits = found.ceiling(np.concatenate([noise(rng, one), noise(rng, other)]))
    return limits.low - 1e-9 <= tau <= limits.high + 1e-9


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
def test_orders_that_differ_by_noise_alone_mostly_agree_as_the_ceiling_says(spread: float) -> None:
    rng = np.random.default_rng(4)
    abilities = [0.5 + spread * (place / 3.5 - 1) for place in range(8)]
    held = [inside(rng, abilities, 300) for _ in range(60)]
    assert np.mean(held) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize(("models", "spread"), [(8, 0.0), (8, 0.05), (8, 0.1), (20, 0.0), (20, 0.05), (20, 0.1)])
def test_the_ceiling_holds_its_level(models: int, spread: float) -> None:
    rng = np.random.default_rng(5)
    abilities = [0.5 + spread * (2 * place / (models - 1) - 1) for place in range(models)]
    held = [inside(rng, abilities, 500) for _ in range(500)]
    assert 0.90 < np.mean(held) < 0.985


def test_more_questions_raise_the_ceiling() -> None:
    rng = np.random.default_rng(6)
    abilities = [0.4, 0.45, 0.5, 0.55, 0.6]
    few, many = (found.ceiling(noise(rng, answers(rng, abilities, n))) for n in (60, 4000))
    assert few.mean < many.mean - 0.2
    assert few.low < many.low <= many.mean <= many.high == 1


def test_a_ceiling_of_draws_that_tie_all_models_is_unknown() -> None:
    same = np.full((20, 3), 0.5)
    limits = found.ceiling(found.noise_taus(same[0], same, same))
    assert math.isnan(limits.mean)
    assert math.isnan(found.place(0.3, np.full(5, np.nan)))


def test_the_place_of_a_tau_is_the_share_of_draws_that_agree_no_better() -> None:
    drawn = np.array([0.2, 0.4, 0.6, 0.8, np.nan])
    assert found.place(0.4, drawn) == 0.5
    assert found.place(-1, drawn) == 0
    assert found.place(1, drawn) == 1


def test_a_flip_is_as_probable_as_it_is_frequent_and_ties_count_half() -> None:
    a = np.array([[0.6, 0.5], [0.6, 0.5], [0.6, 0.5], [0.6, 0.5]])
    b = np.array([[0.6, 0.5], [0.5, 0.6], [0.5, 0.5], [0.7, 0.5]])
    assert found.flip_probabilities(a, b) == pytest.approx(np.array([[0, 0.375], [0.375, 0]]))


def by_question(values: Array) -> list[dict[str, float]]:
    return [{f"q{i}": float(x) for i, x in enumerate(row)} for row in values]


def test_a_planted_reversal_is_found_and_nothing_else() -> None:
    rng = np.random.default_rng(7)
    one, other = answers(rng, [0.75, 0.6, 0.5, 0.5], 800), answers(rng, [0.6, 0.75, 0.5, 0.5], 800)
    a, b = found.corrected([found.paired_gaps(by_question(one)), found.paired_gaps(by_question(other))])
    assert found.exchanges(a, b) == [(0, 1)]
    assert found.exchanges(b, a) == [(1, 0)]
    assert a[0, 1].net > 0 > b[0, 1].net


def test_no_reversal_is_found_where_orders_differ_by_noise_alone() -> None:
    rng = np.random.default_rng(8)
    wrong = 0
    for _ in range(60):
        both = [found.paired_gaps(by_question(answers(rng, [0.5] * 4, 100))) for _ in range(2)]
        wrong += bool(found.exchanges(*found.corrected(both)))
    assert wrong <= 1


def test_pairing_finds_what_scores_alone_do_not() -> None:
    rng = np.random.default_rng(9)
    hard = rng.random(500) < 0.5
    better, worse = hard | (rng.random(500) < 0.06), hard & (rng.random(500) > 0.02)
    values = np.array([better, worse]).astype(np.float64)
    means = values.mean(axis=1)
    errors = np.sqrt(means * (1 - means) / 500)
    paired, unpaired = found.paired_gaps(by_question(values)), found.unpaired_gaps(means.tolist(), errors.tolist())
    assert paired[0, 1].net == pytest.approx(unpaired[0, 1].net)
    assert paired[0, 1].p < 0.001 < 0.05 < unpaired[0, 1].p


def test_scores_alone_are_compared_by_a_z_test() -> None:
    gap = found.unpaired_gaps([0.6, 0.5], [0.03, 0.04])[0, 1]
    assert gap.p == pytest.approx(2 * stats.norm.sf(0.1 / 0.05))
    assert found.unpaired_gaps([1.0, 0.0], [0.0, 0.0])[0, 1].p == 0
    assert found.unpaired_gaps([1.0, 1.0], [0.0, 0.0])[0, 1].p == 1


def test_p_is_corrected_over_all_pairs_of_all_implementations() -> None:
    one, other = {(0, 1): Gap(0.1, 0.01)}, {(0, 1): Gap(-0.1, 0.03)}
    a, b = found.corrected([one, other])
    assert (a[0, 1].p, b[0, 1].p) == pytest.approx((0.02, 0.03))
    (alone,) = found.corrected([other])
    assert alone[0, 1].p == pytest.approx(0.03)


def macro(values: Array, subsets: list[str], kept: list[int]) -> list[float]:
    parts = [[i for i in kept if subsets[i] == name] for name in sorted(set(subsets))]
    return [float(np.mean([row[part].mean() for part in parts])) for row in values]


@settings(max_examples=40)
@given(
    st.integers(0, 10_000), st.integers(2, 3), st.integers(4, 9), st.sampled_from([(0.0, 1.0), (0.0, 0.25, 0.5, 1.0)])
)
def test_no_smaller_set_of_questions_changes_who_is_first(
    seed: int, models: int, questions: int, levels: tuple[float, ...]
) -> None:
    values = np.random.default_rng(seed).choice(levels, size=(models, questions))
    first = int(np.argmax(values.sum(axis=1)))

    def overtakes(removed: tuple[int, ...]) -> bool:
        left = np.delete(values, removed, axis=1).sum(axis=1)
        return bool(left.max() > left[first] + 1e-9)

    sizes = (k for k in range(questions) for gone in itertools.combinations(range(questions), k) if overtakes(gone))
    smallest = next(sizes, None)
    answer = found.fragility(values)
    assert (None if answer is None else len(answer.removed)) == smallest
    assert answer is None or (answer.first == first and overtakes(answer.removed))


def test_removing_the_questions_of_a_macro_mean_puts_the_rival_ahead_and_one_fewer_does_not() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        values = answers(rng, [0.6, 0.55, 0.4], 60)
        subsets = ["large"] * 40 + ["middle"] * 14 + ["small"] * 6
        answer = found.fragility(values, subsets)
        before = macro(values, subsets, list(range(60)))
        if answer is None:
            continue
        assert answer.first == int(np.argmax(np.round(before, 12)))
        for count, sign in ((len(answer.removed), -1), (len(answer.removed) - 1, 1)):
            kept = [i for i in range(60) if i not in answer.removed[:count]]
            left = macro(values, subsets, kept)
            assert sign * (left[answer.first] - left[answer.rival]) >= (1e-12 if sign < 0 else -1e-12)


def test_a_small_subset_decides_a_macro_mean_with_fewer_questions_than_a_plain_one() -> None:
    subsets = ["large"] * 90 + ["small"] * 10
    first, rival = np.zeros(100), np.zeros(100)
    first[:10] = first[90:94] = 1
    rival[10:14] = rival[94:97] = 1
    values = np.array([first, rival])
    plain, by_subset = found.fragility(values), found.fragility(values, subsets)
    assert plain is not None
    assert len(plain.removed) == 8
    assert by_subset is not None
    assert len(by_subset.removed) < 5
    assert all(question >= 90 for question in by_subset.removed)


def test_a_model_that_is_never_behind_stays_first_whatever_is_removed() -> None:
    values = np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    assert found.fragility(values) is None
    assert found.fragility(values, ["a", "a", "b"]) is None
