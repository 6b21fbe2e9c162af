"""A test that may be looked at after every question, and intervals that hold whenever asking stopped."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, special, stats

from leaderbench.records import Aggregation, Metric, Sample, View
from leaderbench.statistics.intervals import wilson
from leaderbench.statistics.sequential import (
    Evidence,
    anytime_interval,
    decisions,
    log_e_value,
    prior,
    stopped_scores,
)

BANK = 14042
counts = st.integers(0, 400)


def fed(outcomes: str) -> Evidence:
    """What is known after these questions: `+` won by the first, `-` by the second, `=` by neither."""
    evidence = Evidence()
    for outcome in outcomes:
        evidence = evidence.after(float(outcome in "+="), float(outcome in "-="))
    return evidence


@given(counts, counts)
def test_the_e_value_is_the_ratio_of_beta_functions(wins: int, losses: int) -> None:
    exact = (wins + losses) * math.log(2) + special.betaln(wins + 20, losses + 20) - special.betaln(20, 20)
    assert log_e_value(wins, losses) == pytest.approx(exact, abs=1e-9)
    assert log_e_value(wins, losses) == log_e_value(losses, wins)


@given(counts, counts)
def test_the_bet_is_fair_where_neither_is_better(wins: int, losses: int) -> None:
    now = log_e_value(wins, losses)
    after = [math.exp(log_e_value(wins + 1, losses) - now), math.exp(log_e_value(wins, losses + 1) - now)]
    assert sum(after) / 2 == pytest.approx(1, abs=1e-9)


@given(st.integers(1, 150), st.data())
def test_the_bet_does_not_gain_on_a_bank_that_both_win_equally(half: int, data: st.DataObject) -> None:
    wins, losses = data.draw(st.integers(0, half)), data.draw(st.integers(0, half - 1))
    win = (half - wins) / (2 * half - wins - losses)
    now = log_e_value(wins, losses)
    won, lost = math.exp(log_e_value(wins + 1, losses) - now), math.exp(log_e_value(wins, losses + 1) - now)
    assert win * won + (1 - win) * lost <= 1 + 1e-9


def test_at_first_nothing_is_known() -> None:
    assert (Evidence().e_value, Evidence().p, Evidence().decided, Evidence().ahead) == (1, 1, False, 0)


def test_questions_on_which_both_do_equally_well_only_count() -> None:
    with_ties, without = fed("+=+=-==+"), fed("++-+")
    assert (with_ties.questions, without.questions) == (8, 4)
    assert (with_ties.wins, with_ties.losses, with_ties.p) == (without.wins, without.losses, without.p)


def test_the_decision_falls_when_the_e_value_reaches_one_over_alpha() -> None:
    evidence, seen = Evidence(), []
    for _ in range(30):
        evidence = evidence.after(1.0, 0.0)
        seen.append(log_e_value(evidence.wins, 0))
        assert evidence.decided == (seen[-1] >= math.log(20))
    assert evidence.ahead == 1
    assert evidence.e_value >= 20
    assert evidence.p == pytest.approx(1 / evidence.e_value)
    assert fed("-" * 30).ahead == -1


def test_a_decision_stays_as_it_was_taken() -> None:
    decided = fed("+" * 30)
    assert fed("+" * 30 + "-" * 200) == decided


def test_p_is_one_over_the_largest_e_value_seen() -> None:
    up = fed("+" * 8)
    down = fed("+" * 8 + "-" * 8)
    assert down.e_value < 1 < up.e_value
    assert down.p == up.p == pytest.approx(1 / up.e_value)


def test_a_smaller_alpha_needs_more() -> None:
    strict = Evidence(alpha=0.001)
    for _ in range(20):
        strict = strict.after(1.0, 0.0)
    assert fed("+" * 20).decided
    assert not strict.decided


def test_huge_evidence_is_no_overflow() -> None:
    assert Evidence(wins=14042).e_value == math.inf


@given(st.lists(st.integers(-1, 1), max_size=250), st.integers(0, 250))
def test_the_test_of_many_pairs_is_the_test_of_each(differences: list[int], turns: int) -> None:
    differences = [1] * min(turns, 60) + differences
    evidence = Evidence()
    for item in differences:
        evidence = evidence.after(float(item > 0), float(item < 0))
    (taken,), (ahead,) = decisions(np.array([differences], dtype=np.int8).reshape(1, -1))
    assert (taken, ahead) == (evidence.questions if evidence.decided else 0, evidence.ahead)


def pairs(count: int, gap: float, churn: float, rng: np.random.Generator) -> NDArray[np.int8]:
    """Which of two models does better on each question, a row a pair."""
    draws = rng.random((count, BANK))
    first = (churn + gap) / 2
    return (draws < first).astype(np.int8) - ((draws >= first) & (draws < churn)).astype(np.int8)


def outcome(gap: float, churn: float, count: int, seed: int = 0) -> tuple[float, float, float]:
    """Share of pairs for whom the first, and the second, is declared ahead, and the mean number of questions."""
    rng = np.random.default_rng(seed)
    found = [decisions(pairs(100, gap, churn, rng)) for _ in range(count // 100)]
    taken, ahead = (np.concatenate(part) for part in zip(*found, strict=True))
    return float(np.mean(ahead == 1)), float(np.mean(ahead == -1)), float(np.where(taken, taken, BANK).mean())


def test_few_pairs_without_a_difference_are_told_apart() -> None:
    first, second, questions = outcome(0.0, 0.15, 200)
    assert first + second <= 0.05
    assert questions > 13_000


def test_a_gap_of_five_points_takes_hundreds_of_questions_not_thousands() -> None:
    first, second, questions = outcome(0.05, 0.15, 200)
    assert (first, second) == (1, 0)
    assert questions < 750


@pytest.mark.slow
@pytest.mark.parametrize("churn", [0.05, 0.15, 0.25, 0.5])
def test_of_two_thousand_pairs_without_a_difference_at_most_five_percent_are_told_apart(churn: float) -> None:
    first, second, _ = outcome(0.0, churn, 2000)
    assert first + second <= 0.05


@pytest.mark.slow
def test_two_thousand_pairs_five_points_apart_take_less_than_750_questions_on_average() -> None:
    first, second, questions = outcome(0.05, 0.15, 2000)
    assert first > 0.999
    assert second == 0
    assert questions < 750


@pytest.mark.slow
def test_equal_scores_on_the_whole_bank_are_told_apart_even_less_often() -> None:
    rng = np.random.default_rng(4)
    half = [1] * 1053 + [-1] * 1053
    bank = np.array(half + [0] * (BANK - len(half)), dtype=np.int8)
    _, ahead = decisions(np.array([rng.permutation(bank) for _ in range(1000)]))
    assert np.mean(ahead != 0) <= 0.05


def test_the_interval_keeps_every_mean_that_the_bet_does_not_refute() -> None:
    for total, n in ((0, 10), (1, 10), (7, 10), (10, 10), (130, 400), (399, 400)):
        found = anytime_interval(total, n)
        for mean in np.linspace(0.001, 0.999, 999):
            bet = special.betaln(2 * prior * mean + total, 2 * prior * (1 - mean) + n - total)
            bet -= special.betaln(2 * prior * mean, 2 * prior * (1 - mean))
            bet -= total * math.log(mean) + (n - total) * math.log1p(-mean)
            assert (found.low - 1e-9 <= mean <= found.high + 1e-9) == (bet < math.log(20)) or abs(
                bet - math.log(20)
            ) < 0.1


def test_the_bet_is_a_mixture_of_likelihood_ratios() -> None:
    """By numerical integration, at the ends of an interval: there it has gained the factor 20."""
    found = anytime_interval(130, 400)
    for mean in (found.low, found.high):
        bets = stats.beta(2 * prior * mean, 2 * prior * (1 - mean))

        def ratio(q: float, mean: float = mean, bets: stats.rv_continuous = bets) -> float:
            return float(math.exp(130 * math.log(q / mean) + 270 * math.log((1 - q) / (1 - mean))) * bets.pdf(q))

        assert integrate.quad(ratio, 1e-9, 1 - 1e-9, limit=200)[0] == pytest.approx(20, rel=1e-6)


def test_the_anytime_interval_is_wider_than_that_of_a_fixed_number() -> None:
    fixed, found = wilson(300, 600), anytime_interval(300, 600)
    assert found.low < fixed.low < fixed.high < found.high
    assert found.high - found.low < 2 * (fixed.high - fixed.low)


def test_the_anytime_interval_closes_when_the_bank_is_used_up() -> None:
    assert anytime_interval(30, 100, 100).low == anytime_interval(30, 100, 100).high == 0.3
    found = anytime_interval(90, 98, 100)
    assert 0.90 <= found.low <= found.high <= 0.92


def test_before_the_first_question_everything_is_possible() -> None:
    assert (anytime_interval(0, 0).low, anytime_interval(0, 0).high) == (0, 1)


@given(st.integers(0, 300), st.integers(1, 300))
def test_right_and_wrong_are_treated_alike(total: int, n: int) -> None:
    total = min(total, n)
    one, other = anytime_interval(total, n), anytime_interval(n - total, n)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)
    assert one.low <= total / n <= one.high


def ever_outside(mean: float, bank: int | None, length: int, repetitions: int) -> float:
    """How often the interval misses the mean at any of the looks, the worst moment chosen for each repetition."""
    rng, missed = np.random.default_rng(7), 0
    known: dict[tuple[int, int], bool] = {}
    for _ in range(repetitions):
        if bank is None:
            values = rng.random(length) < mean
        else:
            values = rng.permutation(np.arange(bank) < round(mean * bank))[:length]
        for n, total in enumerate(np.cumsum(values).tolist(), start=1):
            if (n, total) not in known:
                found = anytime_interval(total, n, bank)
                known[n, total] = not found.low - 1e-9 <= mean <= found.high + 1e-9
            if known[n, total]:
                missed += 1
                break
    return missed / repetitions


@pytest.mark.parametrize("bank", [None, 200])
def test_the_anytime_interval_holds_at_every_look_at_once(bank: int | None) -> None:
    assert ever_outside(0.3, bank, 150, 300) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("bank", [None, 600])
@pytest.mark.parametrize("mean", [0.1, 0.5, 0.8])
def test_the_anytime_interval_holds_at_every_look_of_long_runs(mean: float, bank: int | None) -> None:
    assert ever_outside(mean, bank, 500, 2000) <= 0.05


def test_scores_of_a_stopped_run_have_intervals_that_allow_for_it(sample: Callable[..., Sample]) -> None:
    samples = [sample(f"a/{i}", "a", acc=float(i % 2)) for i in range(8)]
    samples += [sample("b/0", "b", acc=1.0), sample("b/1", "b", error="too long")]
    metrics = [Metric("acc", Aggregation.MICRO), Metric("acc", Aggregation.MACRO)]
    scores = stopped_scores(samples, metrics, {"a": 100, "b": 50, "c": 10})
    micro, macro, in_a = scores[:3]
    assert {score.view for score in scores} == {View.STOPPED}
    assert all(math.isnan(score.standard_error) for score in scores)
    expected = anytime_interval(5, 9, 160)
    assert micro.estimate == pytest.approx(5 / 9)
    assert (micro.low, micro.high) == (expected.low, expected.high)
    assert (micro.n, micro.errors, micro.bank) == (9, 1, 160)
    assert macro.estimate == pytest.approx(0.75)
    assert math.isnan(macro.low)
    assert math.isnan(macro.high)
    assert (in_a.subset, in_a.bank, in_a.low) == ("a", 100, anytime_interval(4, 8, 100).low)
