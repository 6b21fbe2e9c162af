import math

from leaderbench.metrics.text import candidate_margin, mapped_match
from leaderbench.records import Candidate

letters = ("A", "B", "C", "D")
choices = ("one", "two", "two", "three")


def test_a_letter_is_right_where_it_names_the_right_text() -> None:
    assert mapped_match(" D\n", choices, 3, letters) == 1.0


def test_where_the_right_text_stands_twice_both_letters_are_right() -> None:
    assert [mapped_match(letter, choices, 1, letters) for letter in letters] == [0.0, 1.0, 1.0, 0.0]


def test_texts_are_compared_without_the_space_around_them() -> None:
    assert mapped_match("A", ("4 ", "4", "5", "6"), 1, letters) == 1.0


def test_a_text_that_is_no_letter_of_the_question_is_wrong() -> None:
    assert [mapped_match(text, choices, 0, letters) for text in ("a", "A.", "overnment", "", "E")] == [0.0] * 5


def test_the_margin_of_a_generation_is_the_lead_of_its_first_token() -> None:
    found = candidate_margin((Candidate(1, "A", -0.5), Candidate(2, "B", -2.0), Candidate(3, "C", -3.0)))
    assert found == 1.5


def test_the_margin_of_a_lone_candidate_is_without_bound() -> None:
    assert candidate_margin((Candidate(1, "A", -0.5),)) == math.inf
