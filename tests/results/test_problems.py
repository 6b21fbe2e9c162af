"""Why runs cannot be used, read back."""

from pathlib import Path

import pytest

from leaderbench.results.problems import problem_sentence
from leaderbench.results.samples import damaged
from leaderbench.sentences import Sentence


def test_a_stored_problem_is_the_sentence_that_it_was() -> None:
    made = damaged(Path("/store/runs/abc/scores.json")).args[0]
    found = problem_sentence(str(made))
    assert isinstance(found, Sentence)
    assert found == made
    assert (found.template, found.values) == (made.template, made.values)


@pytest.mark.parametrize("text", ["", "It rains.", " is damaged: delete the folder", "{path} is damaged"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert not isinstance(problem_sentence(text), Sentence)
