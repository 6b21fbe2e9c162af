"""What differs between two prompts."""

from hypothesis import given
from hypothesis import strategies as st

from leaderbench.explain.report.prompt_differences import MAX_WORDS, Changed, Passage, Same, compare, lines, shortened

texts = st.text(st.sampled_from("ab \n.é\t"), max_size=60) | st.text(max_size=30)


def sides(passages: tuple[Passage, ...]) -> tuple[str, str]:
    """Both prompts again."""
    a = b = ""
    for passage in passages:
        match passage:
            case Same(text):
                a, b = a + text, b + text
            case Changed(one, other):
                a += "".join(piece.text for piece in one)
                b += "".join(piece.text for piece in other)
    return a, b


def marked(passages: tuple[Passage, ...]) -> tuple[list[str], list[str]]:
    """What is marked in each prompt."""
    changed = [passage for passage in passages if isinstance(passage, Changed)]
    return (
        [piece.text for passage in changed for piece in passage.a if piece.changed],
        [piece.text for passage in changed for piece in passage.b if piece.changed],
    )


@given(texts, texts)
def test_no_character_is_lost(a: str, b: str) -> None:
    assert sides(compare(a, b)) == (a, b)


@given(texts, texts)
def test_something_is_marked_exactly_where_prompts_differ(a: str, b: str) -> None:
    assert any(any(side) for side in marked(compare(a, b))) == (a != b)


@given(texts)
def test_equal_prompts_are_one_shared_passage(text: str) -> None:
    assert compare(text, text) == ((Same(text),) if text else ())


def test_words_are_marked_within_a_line() -> None:
    a = "Question: what is it?\nA. one\nB. two\nC. three\nAnswer:"
    found = compare(a, a.replace("what", "who"))
    assert marked(found) == (["what"], ["who"])
    assert isinstance(found[-1], Same)


def test_a_space_more_is_marked_as_that_space() -> None:
    assert marked(compare("about  anatomy", "about anatomy")) == (["  "], [" "])
    assert marked(compare("Answer:", "Answer: ")) == ([], [" "])


def test_passages_without_anything_in_common_are_marked_whole() -> None:
    (found,) = compare("The sky is blue over there.\n", "Name 7 primes (in order)!\n")
    assert isinstance(found, Changed)
    assert [piece.changed for piece in found.a[:1]] == [True]
    assert len(found.a) == 2  # all but the line's end


def test_a_few_equal_lines_between_changes_do_not_break_them_up() -> None:
    found = compare("one two\n\nthree four\n", "five six\n\nseven eight\n")
    assert len(found) == 1


def test_only_a_line_feed_ends_a_line() -> None:
    assert lines("a\u2028b\x0cc\r\nd") == ["a\u2028b\x0cc\r\n", "d"]


def test_long_passages_are_marked_whole_instead_of_compared() -> None:
    a = " ".join(str(number) for number in range(MAX_WORDS))
    b = " ".join(str(number) for number in range(1, MAX_WORDS + 1))
    assert [len(side) for side in marked(compare(a, b))] == [1, 1]


def test_very_long_prompts_are_compared_all_the_same() -> None:
    shared = "x y\n" * 200_000
    assert marked(compare(shared + "left", shared + "right")) == (["left"], ["right"])
    assert sides(compare("a b\n" * 50_000, "b a\n" * 50_000)) == ("a b\n" * 50_000, "b a\n" * 50_000)


@given(texts, texts, st.integers(0, 40))
def test_a_shortened_prompt_keeps_within_its_allowance(a: str, b: str, allowance: int) -> None:
    short = shortened(compare(a, b), allowance)
    kept_a, kept_b = sides(short)
    gap = len(" […9,999 characters are not shown…] ")
    assert len(kept_a) <= allowance + gap * len(short)
    assert len(kept_b) <= allowance + gap * len(short)


@given(texts, texts)
def test_what_fits_is_not_shortened(a: str, b: str) -> None:
    found = compare(a, b)
    assert shortened(found, max(len(a), len(b))) == found


def test_a_cut_says_how_much_it_took_and_keeps_what_differs() -> None:
    shared = "".join(f"line {number}\n" for number in range(1000))
    short = shortened(compare(shared + "left", shared + "right"), 100)
    assert marked(short) == (["left"], ["right"])
    assert isinstance(short[0], Same)
    assert "characters are not shown" in short[0].text
    assert short[0].text.endswith("line 999\n")
