import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leaderbench.metrics.truthful import log_odds, mc1, mc2, underflows

answers = st.lists(st.tuples(st.floats(-300, 0), st.booleans()), min_size=1, max_size=20)


@given(answers)
def test_mc2_is_the_share_of_probability_on_true_answers(pairs: list[tuple[float, bool]]) -> None:
    log_likelihoods, true = [value for value, _ in pairs], [right for _, right in pairs]
    probabilities = np.exp(np.array(log_likelihoods))
    assume(probabilities.sum() > 0)
    assert mc2(log_likelihoods, true) == pytest.approx(probabilities[np.array(true)].sum() / probabilities.sum())


def test_mc2_is_exact_where_every_probability_underflows() -> None:
    assert mc2([-2000.0, -2000.0 - math.log(3)], [True, False]) == pytest.approx(0.75)
    assert underflows([-2000.0, -2001.0])


def test_probabilities_do_not_underflow_where_one_of_them_is_above_zero() -> None:
    assert not underflows([-2000.0, -10.0])


@given(answers, st.floats(-1e4, 1e4))
def test_mc2_does_not_change_when_all_answers_become_less_likely(pairs: list[tuple[float, bool]], by: float) -> None:
    log_likelihoods, true = [value for value, _ in pairs], [right for _, right in pairs]
    moved = mc2([value + by for value in log_likelihoods], true)
    assert moved == pytest.approx(mc2(log_likelihoods, true), abs=1e-9)


def test_mc2_is_one_without_false_answers_and_zero_without_true_ones() -> None:
    assert mc2([-1.0, -2.0], [True, True]) == 1.0
    assert mc2([-1.0, -2.0], [False, False]) == 0.0


def test_the_log_odds_are_zero_where_both_sides_are_equally_likely() -> None:
    assert log_odds([-5.0, -5.0], [True, False]) == 0.0


def test_a_log_likelihood_that_is_no_number_makes_mc2_none() -> None:
    assert math.isnan(mc2([math.nan, -1.0], [True, False]))


def test_mc1_is_right_where_the_first_answer_is_likeliest() -> None:
    assert mc1([-1.0, -2.0]) == 1.0
    assert mc1([-2.0, -1.0]) == 0.0
