"""Settings in words, read back."""

import pytest

from leaderbench.results.settings import settings_sentence
from leaderbench.sentences import Sentence


@pytest.mark.parametrize(
    "text",
    [
        "300 of 14,042 questions, drawn at random, seed 3, limit 100, only anatomy, virology, 5 shots",
        "1,000 of 14,042 questions, stopped early",
        "57 subsets, 0 shots",
        "only anatomy",
        "limit 10",
        "some of the questions",
    ],
)
def test_settings_are_sentences_of_the_same_text(text: str) -> None:
    found = settings_sentence(text)
    assert isinstance(found, Sentence)
    assert found == text


@pytest.mark.parametrize("text", ["", "limit 10, and more", "limit 10 and more", "acc of {n} questions", "only "])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    found = settings_sentence(text)
    assert not isinstance(found, Sentence)
    assert found == text
