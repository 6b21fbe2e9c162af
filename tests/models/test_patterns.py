"""The pattern search agrees with Python's own, and takes no longer than the text is long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models.patterns import Pattern, PatternError, fold

ATOMS = st.sampled_from(
    ["a", "b", ".", "-", "_", "1", "[ab]", "[^a]", "[a-c1]", r"\w", r"\d", r"\s", r"\W", r"\b", r"\B", r"\.", "^", "$"]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        inner.map("({}|)".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,3}", "{2,}"])).map("(?:{0[0]}){0[1]}".format),
    ),
    max_leaves=8,
)
TEXTS = st.text(alphabet="abc -_1.", max_size=10)


def compiled(text: str) -> Pattern | None:
    try:
        return Pattern(text)
    except PatternError:
        return None


@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=8))
def test_what_is_found_is_what_python_finds(text: str, texts: list[str]) -> None:
    if (pattern := compiled(text)) is None:
        return
    for searched in texts:
        if searched or r"\B" not in text:  # of an empty text Python versions differ
            assert pattern.found_in(searched) == bool(re.search(text, searched))


@pytest.mark.parametrize(
    "text", ["(a+)+b", "(a|a)*b", "(.*)*x", "((a*)*)*b", ".*.*.*.*=.*", "(a|b)*b(a|b){20}", "(a?){50}b"]
)
def test_a_pattern_that_hangs_others_comes_to_an_end(text: str) -> None:
    assert not Pattern(text).found_in("a" * 50_000)


@pytest.mark.parametrize(
    "text",
    [
        "(",
        ")",
        "a)",
        "[",
        "[a",
        "*",
        "a**",
        "a++",
        "a{3,2}",
        "a{1,2}{3}",
        "\\",
        "\\1",
        "(a)\\1",
    ]
    + ["(?=a)", "(?<!a)", "[\\1]", "[z-a]", "a" * 201, "a{1001}", "((a{50}){50}){50}"],
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternError):
        Pattern(text)


@given(st.text(max_size=60), TEXTS)
def test_any_text_is_a_pattern_or_refused(text: str, searched: str) -> None:
    if (pattern := compiled(text)) is not None:
        pattern.found_in(searched)


@given(st.text(max_size=40))
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_case_does_not_matter() -> None:
    assert Pattern("[A-C]X+").found_in(fold("bxx"))
    assert Pattern("É").found_in(fold("é"))
    assert not Pattern(r"\D").found_in("123")
