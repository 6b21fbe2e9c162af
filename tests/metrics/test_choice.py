import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.metrics.choice import accuracy, best, margin, per_character

values = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=12)


@given(values)
def test_the_best_value_is_the_one_that_numpy_argmax_finds(numbers: list[float]) -> None:
    assert best(numbers) == int(np.argmax(numbers))


def test_of_equal_values_the_first_wins() -> None:
    assert best([-3.0, -1.0, -1.0]) == 1


@given(st.lists(st.floats(-1e6, 0), min_size=2, max_size=12))
def test_the_margin_is_the_distance_of_the_two_largest_values(numbers: list[float]) -> None:
    ranked = sorted(numbers)
    assert margin(numbers) == ranked[-1] - ranked[-2]


def test_the_margin_of_a_tie_is_zero_even_where_all_is_impossible() -> None:
    assert margin([-math.inf, -math.inf]) == 0.0


def test_a_single_answer_leads_without_bound() -> None:
    assert margin([-2.0]) == math.inf


def test_accuracy_per_character_counts_code_points_not_bytes() -> None:
    assert per_character([-6.0, -6.0], ["日本", "abcd"]) == [-3.0, -1.5]


def test_an_empty_choice_counts_as_one_character() -> None:
    assert per_character([-2.0], [""]) == [-2.0]


def test_accuracy_per_character_refuses_lists_of_different_length() -> None:
    with pytest.raises(ValueError, match="zip"):
        per_character([-1.0, -2.0], ["a"])


@pytest.mark.parametrize(("target", "value"), [(0, 0.0), (1, 1.0)])
def test_an_answer_is_right_where_its_value_is_the_largest(target: int, value: float) -> None:
    assert accuracy([-2.0, -1.0], target) == value
