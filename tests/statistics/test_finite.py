"""Scores from a random part of a bank: shares, standard errors, and intervals that hold their level."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.records import Aggregation, Metric, Sample, View
from leaderbench.statistics.finite import Stratum, allocate, bank_mean, drawn_scores
from leaderbench.statistics.intervals import mean, wilson

MICRO, MACRO = Aggregation.MICRO, Aggregation.MACRO
MMLU = [
    100, 135, 152, 265, 144, 100, 100, 100, 173, 102, 100, 235, 114, 145, 378, 126, 100, 310, 203, 100, 165, 198, 193,
    390, 270, 238, 151, 545, 216, 204, 237, 223, 131, 121, 108, 163, 112, 103, 234, 100, 783, 346, 895, 311, 306, 324,
    282, 1534, 272, 612, 110, 245, 201, 100, 166, 171, 100,
]  # fmt: skip

banks = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(banks, st.data())
def test_every_question_is_given_to_a_subset_that_has_it(sizes: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(len(sizes), sum(sizes) + 3))
    given_ = allocate(sizes, n)
    assert sum(given_) == min(n, sum(sizes))
    assert all(1 <= count <= size for count, size in zip(given_, sizes, strict=True))


@given(banks, st.data())
def test_one_question_more_takes_none_away(sizes: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(len(sizes), sum(sizes)))
    assert all(a <= b for a, b in zip(allocate(sizes, n), allocate(sizes, n + 1), strict=True))


def test_shares_are_in_proportion_to_the_sizes() -> None:
    assert allocate([100, 200, 700], 100) == [10, 20, 70]
    for n in (300, 1000, 5000):
        exact = [n * size / sum(MMLU) for size in MMLU]
        assert max(abs(count - share) for count, share in zip(allocate(MMLU, n), exact, strict=True)) < 1.2


def test_a_tiny_subset_gets_its_one_question() -> None:
    assert allocate([5000, 3, 1], 20) == [18, 1, 1]


def test_fewer_questions_than_subsets_cannot_be_shared_out() -> None:
    with pytest.raises(ValueError, match="2 questions for 3 subsets"):
        allocate([5, 5, 5], 2)


def strata(*parts: tuple[list[float], int]) -> list[Stratum]:
    return [Stratum(values, size) for values, size in parts]


def test_the_standard_error_is_that_of_a_stratified_sample_without_replacement() -> None:
    first, second = [1, 0, 1, 0, 1], [0, 0, 1, 1]  # they vary as much as zeros and ones can: nothing is to be borrowed
    parts = strata((first, 10), (second, 30))
    spread = [(1 - 5 / 10) * np.var(first, ddof=1) / 5, (1 - 4 / 30) * np.var(second, ddof=1) / 4]
    micro, macro = bank_mean(parts, MICRO), bank_mean(parts, MACRO)
    assert micro.estimate == pytest.approx(0.25 * 0.6 + 0.75 / 2, abs=1e-12)
    assert micro.standard_error == pytest.approx(math.sqrt(0.25**2 * spread[0] + 0.75**2 * spread[1]), abs=1e-12)
    assert macro.estimate == pytest.approx((0.6 + 0.5) / 2, abs=1e-12)
    assert macro.standard_error == pytest.approx(math.sqrt(spread[0] + spread[1]) / 2, abs=1e-12)
    assert micro.n == macro.n == 9


def test_a_subset_with_one_value_takes_the_spread_of_all() -> None:
    found = bank_mean(strata(([1, 0, 1, 1], 10), ([1], 30)), MACRO)
    own = np.var([1, 0, 1, 1], ddof=1)
    whole = (0.875 - 0.875**2) / (1 - 0.5**2 / 4 - 0.5**2)
    assert found.standard_error == pytest.approx(math.sqrt(0.6 * own / 4 + 29 / 30 * whole) / 2, abs=1e-12)


def test_a_small_part_of_a_large_bank_is_a_plain_sample() -> None:
    values = [1.0] * 30 + [0.0] * 70
    found, plain = bank_mean(strata((values, 10**9)), MICRO), mean(values)
    assert found.standard_error == pytest.approx(plain.standard_error, rel=1e-6)
    assert found.interval.low == pytest.approx(plain.interval.low, abs=1e-3)
    assert found.interval.high == pytest.approx(plain.interval.high, abs=1e-3)


def test_the_more_of_the_bank_is_asked_the_narrower_the_interval_until_nothing_is_open() -> None:
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]
    widths = []
    for size in (1000, 20, 12, 9, 8):
        found = bank_mean(strata((values, size)), MICRO)
        widths.append(found.interval.high - found.interval.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == 0
    assert bank_mean(strata((values, 8)), MICRO).standard_error == 0


def test_the_interval_stays_within_what_is_still_possible() -> None:
    found = bank_mean(strata(([1.0] * 90 + [0.0] * 8, 100)), MICRO)
    assert 0.90 <= found.interval.low <= found.estimate <= found.interval.high <= 0.92


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_answers_all_alike_leave_room_for_others(value: float) -> None:
    found = bank_mean(strata(([value] * 20, 1000), ([value] * 10, 500)), MICRO)
    expected = wilson(value * 30 / 0.98, 30 / 0.98)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high), abs=1e-3)


def test_subsets_that_are_each_all_alike_are_not_taken_for_known() -> None:
    found = bank_mean(strata(([1.0, 1.0], 50), ([0.0, 0.0], 50)), MICRO)
    assert found.standard_error > 0.1
    assert found.interval.high - found.interval.low > 0.4


def test_one_answer_leaves_nearly_everything_open() -> None:
    found = bank_mean(strata(([1.0], 100)), MICRO)
    assert math.isnan(found.standard_error)
    assert found.interval.low < 0.25
    assert found.interval.high == 1


def test_nothing_answered_is_unknown() -> None:
    found = bank_mean(strata(([], 5)), MICRO)
    assert math.isnan(found.estimate)
    assert (found.interval.low, found.interval.high, found.n) == (0, 1, 0)


@given(st.lists(st.tuples(st.lists(st.floats(0, 1), max_size=6), st.integers(6, 30)), min_size=1, max_size=5))
def test_the_estimate_lies_in_its_interval_and_that_between_zero_and_one(parts: list[tuple[list[float], int]]) -> None:
    for aggregation in Aggregation:
        found = bank_mean([Stratum(values, size) for values, size in parts], aggregation)
        if found.n:
            low, high = found.interval.low, found.interval.high
            assert -1e-9 <= low <= found.estimate + 1e-9
            assert found.estimate - 1e-9 <= high <= 1 + 1e-9


@given(st.permutations(range(6)), st.permutations(range(3)))
def test_the_order_of_subsets_and_questions_changes_nothing(questions: list[int], subsets: list[int]) -> None:
    parts = [([0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 20), ([1.0, 1.0, 0.0, 1.0, 1.0, 1.0], 9), ([0.0] * 6, 70)]
    mixed = [Stratum([parts[place][0][i] for i in questions], parts[place][1]) for place in subsets]
    for aggregation in Aggregation:
        assert bank_mean(mixed, aggregation) == bank_mean(strata(*parts), aggregation)


def test_scores_say_that_they_are_about_the_bank(sample: Callable[..., Sample]) -> None:
    samples = [sample(f"a/{i}", "a", acc=float(i % 2)) for i in range(4)]
    samples += [sample("b/0", "b", acc=1.0), sample("b/1", "b", error="too long")]
    metrics = [Metric("acc", MICRO), Metric("acc", MACRO)]
    scores = drawn_scores(samples, metrics, {"a": 10, "b": 30})
    assert [(score.metric.aggregation, score.subset, score.bank) for score in scores] == [
        (MICRO, None, 40), (MACRO, None, 40), (MICRO, "a", 10), (MACRO, "a", 10), (MICRO, "b", 30), (MACRO, "b", 30),
    ]  # fmt: skip
    assert {score.view for score in scores} == {View.BANK}
    assert [(score.n, score.errors) for score in scores] == [(5, 1), (5, 1), (4, 0), (4, 0), (1, 1), (1, 1)]
    assert scores[0].estimate == pytest.approx(0.25 * 0.5 + 0.75)
    assert scores[2].estimate == 0.5


def coverage(sizes: list[int], n: int, average: float, aggregation: Aggregation, repetitions: int) -> float:
    """How often the interval holds the bank's score, over banks whose subsets differ and draws from each."""
    rng, inside = np.random.default_rng(len(sizes) * n), 0
    counts = allocate(sizes, n)
    for repetition in range(repetitions):
        if repetition % 10 == 0:
            shares = rng.beta(average * 12, (1 - average) * 12, len(sizes))
            bank = [(rng.random(size) < share).astype(float) for size, share in zip(sizes, shares, strict=True)]
            parts = [part.mean() for part in bank]
            truth = np.mean(parts) if aggregation is MACRO else np.concatenate(bank).mean()
        drawn = [
            Stratum(rng.choice(part, count, replace=False).tolist(), len(part))
            for part, count in zip(bank, counts, strict=True)
        ]
        found = bank_mean(drawn, aggregation).interval
        inside += found.low - 1e-12 <= truth <= found.high + 1e-12
    return inside / repetitions


@pytest.mark.parametrize("aggregation", list(Aggregation))
@pytest.mark.parametrize(("sizes", "n", "average"), [([60] * 6, 30, 0.6), ([60] * 6, 200, 0.95), (MMLU, 200, 0.3)])
def test_the_interval_holds_its_level(sizes: list[int], n: int, average: float, aggregation: Aggregation) -> None:
    assert 0.92 < coverage(sizes, n, average, aggregation, 400) < 0.985


@pytest.mark.slow
@pytest.mark.parametrize("aggregation", list(Aggregation))
@pytest.mark.parametrize("average", [0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    ("sizes", "n"),
    [([1000], 30), ([1000], 300), ([100], 50), ([60] * 6, 30), ([60] * 6, 200), (MMLU, 100), (MMLU, 300), (MMLU, 1000)],
)
def test_the_interval_holds_its_level_in_many_banks(
    sizes: list[int], n: int, average: float, aggregation: Aggregation
) -> None:
    # Wilson's interval moves around its level by a point or two where few questions are wrong.
    assert 0.925 < coverage(sizes, n, average, aggregation, 4000) < 0.985


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "drawn", "shares"),
    [((2000, 30), (200, 3), (0.6, 0.6)), ((3000, 100), (300, 10), (0.9, 0.9)), ((5000, 30), (500, 3), (0.95, 0.5))],
)
def test_the_interval_of_a_macro_mean_holds_its_level_with_a_small_subset(
    sizes: tuple[int, ...], drawn: tuple[int, ...], shares: tuple[float, ...]
) -> None:
    rng, held = np.random.default_rng(3), 0
    for _ in range(300):
        bank = [(rng.random(size) < share).astype(float) for size, share in zip(sizes, shares, strict=True)]
        parts = [Stratum(part[:count].tolist(), len(part)) for part, count in zip(bank, drawn, strict=True)]
        found = bank_mean(parts, MACRO).interval
        held += found.low <= np.mean([part.mean() for part in bank]) <= found.high
    assert held / 300 > 0.92


def test_the_interval_of_values_between_zero_and_one_holds_its_level() -> None:
    rng, inside = np.random.default_rng(3), 0
    for _ in range(2000):
        bank = rng.beta(1.5, 2.5, 800)
        found = bank_mean([Stratum(bank[:60].tolist(), 800)], MICRO).interval
        inside += found.low <= bank.mean() <= found.high
    assert 0.935 < inside / 2000 < 0.97
