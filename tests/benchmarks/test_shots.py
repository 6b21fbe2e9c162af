from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.benchmarks.shots import label_cycle, require, sequential_draws, shuffled_draws
from leaderbench.errors import LeaderbenchError


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12), st.integers(1, 12))
def test_the_cycle_through_answers_takes_no_row_twice(answers: list[str], count: int) -> None:
    order = label_cycle(answers, count)
    assert len(set(order)) == len(order) == min(count, len(answers))


@given(st.lists(st.sampled_from("abcdef"), min_size=6, max_size=12))
def test_the_cycle_takes_each_answer_once_before_any_twice(answers: list[str]) -> None:
    distinct = len(set(answers))
    assert set(Counter(answers[row] for row in label_cycle(answers, distinct)).values()) == {1}


def test_the_cycle_begins_with_the_answer_that_most_rows_share() -> None:
    assert ["b", "a", "b", "c"][label_cycle(["b", "a", "b", "c"], 4)[0]] == "b"


def test_the_cycle_depends_on_the_sorted_texts_not_on_their_number() -> None:
    # Worked by hand from HELM's rule with Python's generator seeded 0: shuffle, then one randrange a row.
    generator = Random(0)
    labels = ["p", "q", "r", "s", "t"]
    generator.shuffle(labels)
    rows = {"t": 0, "s": 1, "r": 2, "q": 3, "p": 4}
    assert label_cycle(["t", "s", "r", "q", "p"], 5) == [rows[label] for label in labels]


def test_draws_for_shuffled_questions_follow_the_shuffled_order() -> None:
    generator = Random(42)
    order = list(range(30))
    generator.shuffle(order)
    expected = {question: generator.sample(range(9), 6) for question in order}
    assert shuffled_draws(30, 9, 6) == [expected[question] for question in range(30)]


def test_sequential_draws_of_the_first_questions_do_not_depend_on_how_many_follow() -> None:
    rows, pool = [f"q{number}" for number in range(20)], [f"p{number}" for number in range(30)]
    every = list(sequential_draws(rows, pool, 5, excluding=True))
    assert list(sequential_draws(rows[:3], pool, 5, excluding=True)) == every[:3]


def test_an_excluding_draw_leaves_out_rows_equal_to_the_question() -> None:
    pool = ["same" if number % 3 == 0 else f"p{number}" for number in range(12)]
    for draw in sequential_draws(["same"] * 50, pool, 5, excluding=True):
        assert len(draw) == 5
        assert not any(pool[row] == "same" for row in draw)


def test_a_draw_without_exclusion_may_hold_the_question() -> None:
    draws = sequential_draws(["same"] * 50, ["same", "a", "b"], 2, excluding=False)
    assert any(0 in draw for draw in draws)


def test_no_shots_draw_nothing() -> None:
    assert list(sequential_draws(["q"], [], 0, excluding=True)) == [[]]


def test_too_small_a_pool_is_named_with_both_numbers() -> None:
    with pytest.raises(LeaderbenchError, match=r"some/exam, tiny/dev has 3 rows, but 5 are needed"):
        require(5, 3, "some/exam, tiny/dev")
