"""The pattern search agrees with Python's own, and takes no longer than the text is long."""

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models import patterns
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


@given(PATTERNS, TEXTS)
def test_the_end_is_that_of_the_longest_occurrence(text: str, searched: str) -> None:
    if (pattern := compiled(text)) is None or re.search(r"[\^$]|\\[bB]", text):
        return
    for start in range(len(searched) + 1):
        ends = [end for end in range(start, len(searched) + 1) if re.compile(text).fullmatch(searched, start, end)]
        assert pattern.end(searched, start) == max(ends, default=None)


@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=8))
def test_forgetting_steps_changes_nothing(text: str, texts: list[str]) -> None:
    if (pattern := compiled(text)) is None:
        return
    before, patterns.most_states = patterns.most_states, 2
    try:
        forgetful = Pattern(text)
        assert [forgetful.found_in(searched) for searched in texts] == [
            pattern.found_in(searched) for searched in texts
        ]
    finally:
        patterns.most_states = before


def test_one_pattern_serves_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "most_states", 5)
    pattern = Pattern("(a|b)*a(a|b){4}c")
    texts = [f"{number:b}".translate({48: "a", 49: "b"}) + "c" for number in range(2000)]
    expected = [bool(re.search("(a|b)*a(a|b){4}c", text)) for text in texts]
    found: list[list[bool]] = []
    threads = [
        threading.Thread(target=lambda: found.append([pattern.found_in(text) for text in texts])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@pytest.mark.parametrize(
    "text", ["(a+)+b", "(a|a)*b", "(.*)*x", "((a*)*)*b", ".*.*.*.*=.*", "(a|b)*a(a|b){20}", "(a?){50}a{50}"]
)
def test_a_pattern_that_hangs_others_does_a_bounded_number_of_steps(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = Pattern(text)
    steps = 0
    step = Pattern._step

    def counted(self: Pattern, state: patterns._State, character: str) -> patterns._State:
        nonlocal steps
        steps += 1
        return step(self, state, character)

    monkeypatch.setattr(Pattern, "_step", counted)
    pattern.found_in("ab" * 200 + "a" * 600)
    assert steps <= 1000  # one a character at most
    assert len(pattern._program) <= patterns.most_instructions


@pytest.mark.parametrize(
    "text",
    [
        "(",
        ")",
        "a)",
        "[",
        "[]",
        "[a",
        "*",
        "a**",
        "a++",
        "a{",
        "a{x}",
        "a{2",
        "a{3,2}",
        "a{99}",
        "a{1,2}{3}",
        "\\",
        "\\1",
        "(a)\\1",
    ]
    + ["(?=a)", "(?i)a", "(?P<n>a)", "\\p{L}", "[\\1]", "[z-a]", "(" * 30 + ")" * 30, "a" * 201, "(a{50}){50}", "{2}"],
)
def test_what_is_no_pattern_of_the_subset_is_refused(text: str) -> None:
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
