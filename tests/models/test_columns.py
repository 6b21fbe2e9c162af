"""Choosing among thousands at once says the same as asking each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models import columns
from leaderbench.models.catalogue import ModelRecord
from leaderbench.models.columns import Columns
from leaderbench.models.facts import Commercial, ModelType
from leaderbench.models.search import SIZES, Query, choose, matches
from tests.models.test_search import ALL, TERMS

QUERIES = st.builds(
    Query,
    search=st.lists(TERMS, max_size=4).map(";".join) | st.text(alphabet="qwen.*-37b/(|)\\^$", max_size=12),
    types=st.frozensets(st.sampled_from(ModelType), max_size=2),
    precisions=st.frozensets(st.sampled_from(["float16", "4-bit", "GPTQ"]), max_size=2),
    sizes=st.lists(st.sampled_from(list(SIZES.values())), max_size=2).map(tuple),
    commercial=st.frozensets(st.sampled_from(Commercial), max_size=2),
    languages=st.frozensets(st.sampled_from(["en", "zh"]), max_size=2),
    hide_merges=st.booleans(),
    hide_mixtures=st.booleans(),
)


@given(QUERIES)
def test_what_is_chosen_of_many_is_what_matches_one_by_one(query: Query) -> None:
    assert Columns(ALL).chosen(query).tolist() == [matches(record, query) for record in ALL]


@given(st.lists(st.text(alphabet="ab\nİ", max_size=6), max_size=40), st.text(alphabet="ab\nİ", max_size=3))
def test_a_text_is_found_in_the_names_that_have_it_and_in_no_two_together(names: list[str], text: str) -> None:
    records = [ModelRecord(name) for name in names]
    assert Columns(records).chosen(text).tolist() == [matches(record, text) for record in records]


def test_a_question_asked_again_is_answered_the_same_however_many_came_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "most_remembered", 3)
    models = Columns(ALL)
    for _ in range(3):
        for word in ("qwen", "^eleuther", "@license:apache", "@type:merge"):
            assert [record for record, kept in zip(ALL, models.chosen(word), strict=True) if kept] == choose(ALL, word)


def test_models_are_counted_by_kind() -> None:
    counts = Columns(ALL).counts()
    assert counts["size"] == {"≤ 3B": 1, "3-7B": 1, "7-65B": 1, "65B+": 0}
    assert counts["type"] == {"chat": 1, "pretrained": 1, "merge": 1}
    assert counts["languages"] == {"en": 2, "zh": 1}
    assert counts["guessed"] == {"size": 0, "type": 0, "precision": 0}


PARTS = st.sampled_from(
    [
        "a",
        "B",
        "bc",
        ".",
        "[ab]",
        "[^a]",
        r"\s",
        "(ab|b)",
        "(b)",
        "a*",
        "c?",
        "a{2,3}",
        "^",
        "$",
        r"\b",
        "|",
        "(ab)+",
        "é",
    ]
)


@given(
    st.lists(PARTS, min_size=1, max_size=6).map("".join),
    st.lists(st.text(alphabet="abcé \n", max_size=8), max_size=20),
)
def test_a_pattern_is_found_in_all_names_at_once_as_in_each(text: str, names: list[str]) -> None:
    records = [ModelRecord(name) for name in names]
    assert Columns(records).chosen(text).tolist() == [matches(record, text) for record in records]
