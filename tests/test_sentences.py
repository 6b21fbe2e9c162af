"""Sentences: plain English that remembers how it was made."""

import copy
import json
import pickle

from leaderbench.sentences import Sentence, counted


def test_a_sentence_is_its_english_text() -> None:
    sentence = Sentence("{path} has {n} lines.", path="a.csv", n=14042)
    assert sentence == "a.csv has 14,042 lines."
    assert json.dumps([sentence]) == '["a.csv has 14,042 lines."]'
    assert str(ValueError(sentence)) == "a.csv has 14,042 lines."


def test_a_sentence_without_values_is_taken_as_it_stands() -> None:
    assert Sentence("0 if {raw} < b") == "0 if {raw} < b"


def test_braces_of_a_value_are_no_places() -> None:
    assert Sentence("but: {other}", other="{n} {0} {") == "but: {n} {0} {"


def test_one_thing_and_any_other_number_have_their_own_words() -> None:
    said = [counted("{n} run of {all}", "{n} runs of {all}", n, all=2000) for n in (0, 1, 1500)]
    assert said == ["0 runs of 2,000", "1 run of 2,000", "1,500 runs of 2,000"]


def test_copies_and_pickles_keep_the_parts() -> None:
    inner = counted("{n} run", "{n} runs", 3)
    sentence = Sentence("but: {other}", other=inner)
    for other in (copy.copy(sentence), copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert other == sentence
        assert (other.template, other.values) == (sentence.template, sentence.values)
        assert other.values["other"].plural == "{n} runs"


def test_texts_in_a_sentence_can_be_changed_at_any_depth() -> None:
    inner = Sentence("{path} is damaged.", path="/home/me/store/runs/a")
    changed = Sentence("{n} problems: {what}", n=2, what=inner).mapped(lambda text: text.replace("/home/me/store/", ""))
    assert changed == "2 problems: runs/a is damaged."
    assert isinstance(changed.values["what"], Sentence)
