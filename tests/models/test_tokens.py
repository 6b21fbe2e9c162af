"""Requests become the tokens that each recipe asks for, and what does not fit gives way as each recipe says.

Most of these use a tokenizer with a token a character, so that every length can be counted by eye.
"""

from collections.abc import Callable

import pytest

from leaderbench.models.base import Encoded
from leaderbench.models.contexts import UNLIMITED
from leaderbench.models.tokens import Encoder, Limits
from leaderbench.requests import Encoding, Generate, LogLikelihood, Prompt, Request, Truncation
from tests.models import tiny

JOINT, SEPARATE, LAST = Encoding.JOINT, Encoding.SEPARATE, Encoding.LAST_TOKEN
CUT, DROP_2048, DROP = Truncation.KEEP_END, Truncation.DROP_SHOTS_2048, Truncation.DROP_SHOTS_THEN_CUT


class Spelling:
    """An encoder whose tokens are read as text."""

    def __init__(
        self,
        *merges: tuple[str, str],
        bos: bool = False,
        context: int = 100,
        hard: int | None = None,
        window: int = 100,
        start: str | None = "<s>",
        end: str | None = "</s>",
    ) -> None:
        self.tokenizer = tiny.wrap(tiny.characters(*merges, bos=bos), length=window, bos=start, eos=end)
        self.encoder = Encoder(self.tokenizer, Limits(context, hard))

    def __call__(self, request: Request) -> Encoded:
        (encoded,) = self.encoder.encode([request])
        return encoded

    def words(self, tokens: tuple[int, ...]) -> str:
        """Tokens with a bar between them."""
        return "|".join(self.tokenizer.convert_ids_to_tokens(list(tokens))).replace("Ġ", " ")

    def said(self, request: Request) -> tuple[str, ...]:
        """The context that the model sees for the first continuation, then the continuations."""
        encoded = self(request)
        assert encoded.problem is None, encoded.problem
        seen = encoded.context[len(encoded.context) - encoded.kept[0] :]
        return self.words(seen), *(self.words(tokens) for tokens in encoded.continuations)


def ask(text: str, *continuations: str, **settings: object) -> LogLikelihood:
    return LogLikelihood(Prompt("", (), text), continuations, **settings)


def shots(*texts: str, question: str = "q?", head: str = "") -> Prompt:
    return Prompt(head, texts, question)


def test_joint_tokens_are_those_of_the_whole_text_behind_as_many_as_the_context_has() -> None:
    spelling = Spelling(("a", "b"))
    assert spelling.said(ask("xa", "bc", "c")) == ("x|a", "c", "c")


def test_separate_tokens_never_merge_over_the_border() -> None:
    spelling = Spelling(("a", "b"), bos=True)
    assert spelling.said(ask("xa", "bc", encoding=SEPARATE)) == ("<s>|x|a", "b|c")


def test_the_last_token_of_a_continuation_encoded_by_itself_is_asked_alone() -> None:
    spelling = Spelling(("Ġ", "A"), bos=True)
    assert spelling.said(ask("x", "A", " A", "BA", encoding=LAST)) == ("<s>|x", "A", " A", "A")


def test_spaces_at_the_end_of_a_joint_context_go_to_the_continuation() -> None:
    assert Spelling().said(ask("x:  ", "A")) == ("x|:", " | |A")


def test_spaces_at_the_end_of_a_separate_context_stay() -> None:
    assert Spelling().said(ask("x: ", "A", encoding=SEPARATE)) == ("x|:| ", "A")


@pytest.mark.parametrize("encoding", list(Encoding))
def test_special_tokens_are_added_only_where_they_are_asked_for(encoding: Encoding) -> None:
    spelling = Spelling(bos=True)
    assert spelling.said(ask("x", "A", encoding=encoding, special_tokens=True))[0] == "<s>|x"
    assert spelling.said(ask("x", "A", encoding=encoding, special_tokens=False)) == ("x", "A")


def test_a_context_that_spells_out_its_beginning_gets_no_second_one() -> None:
    assert Spelling(bos=True).said(ask("<s>x", "A")) == ("<s>|x", "A")


@pytest.mark.parametrize("special", [True, False])
@pytest.mark.parametrize("encoding", list(Encoding))
def test_an_empty_context_is_the_token_that_begins_texts(encoding: Encoding, special: bool) -> None:
    for bos in (True, False):
        request = ask("", "A", encoding=encoding, special_tokens=special)
        assert Spelling(bos=bos).said(request) == ("<s>", "A")


def test_without_a_token_that_begins_texts_the_one_that_ends_them_stands_for_an_empty_context() -> None:
    assert Spelling(start=None).said(ask("", "A")) == ("</s>", "A")


def test_without_either_an_empty_context_cannot_be_asked() -> None:
    assert Spelling(start=None, end=None)(ask("", "A")).problem == "the context has no tokens"


@pytest.mark.parametrize("bos", [True, False])
@pytest.mark.parametrize("special", [True, False])
def test_a_context_of_spaces_takes_nothing_from_the_continuation(bos: bool, special: bool) -> None:
    assert Spelling(bos=bos).said(ask(" ", "AB", special_tokens=special)) == ("<s>", " |A|B")


def test_a_generation_is_a_context_without_continuations() -> None:
    encoded = Spelling(bos=True)(Generate(shots("s", question="q")))
    assert (len(encoded.context), encoded.continuations, encoded.kept) == (3, (), (3,))


def test_a_continuation_that_merges_into_the_context_cannot_be_asked() -> None:
    problem = Spelling(("a", "b"))(ask("xa", "b")).problem
    assert problem == "a continuation has no tokens of its own after the context"


def test_an_empty_continuation_cannot_be_asked() -> None:
    assert Spelling()(ask("x", "")).problem == "a continuation has no tokens of its own after the context"


def test_what_fits_exactly_is_not_cut() -> None:
    # 8 tokens of context and 3 of continuation: the last one is predicted, never read.
    encoded = Spelling(context=10)(ask("12345678", "abc"))
    assert (encoded.kept, encoded.truncated) == ((8,), 0)


def test_keeping_the_end_cuts_each_continuation_s_own_context() -> None:
    spelling = Spelling(context=6, bos=True)
    encoded = spelling(ask("12345678", "abc", "x"))
    assert encoded.kept == (4, 6)
    assert (encoded.context_tokens, encoded.truncated) == (9, 5)
    assert spelling.said(ask("12345678", "abc"))[0] == "5|6|7|8"


def test_a_continuation_as_long_as_the_model_s_context_keeps_one_token_before_it() -> None:
    assert Spelling(context=4).said(ask("1234", "abcd")) == ("4", "a|b|c|d")


def test_a_continuation_longer_than_the_model_s_context_cannot_be_asked() -> None:
    problem = Spelling(context=4)(ask("1234", "ab", "abcde")).problem
    assert problem == "a continuation of 5 tokens does not fit the model's context of 4"


def test_shots_are_dropped_from_the_last_until_2048_tokens_hold_the_rest() -> None:
    spelling = Spelling(bos=True, context=64, window=64)
    prompt = shots("a" * 1000, "b" * 1000, "c" * 1000, question="d" * 47)
    encoded = spelling(LogLikelihood(prompt, ("A",), LAST, truncation=DROP_2048))
    # 1 + 1000 + 1000 + 47 tokens are 2048, with the one that begins the text counted.
    assert (len(encoded.context), encoded.shots_dropped, encoded.truncated) == (2048, 1, 0)
    assert (encoded.context_tokens, encoded.problem) == (3048, None)
    longer = shots("a" * 1000, "b" * 1000, "c" * 1000, question="d" * 48)
    assert spelling(LogLikelihood(longer, ("A",), LAST, truncation=DROP_2048)).shots_dropped == 2


def test_a_table_of_positions_lowers_the_limit_of_2048() -> None:
    spelling = Spelling(context=10, hard=10)
    encoded = spelling(LogLikelihood(shots("aaaa", "bbbb", question="cc"), ("A",), LAST, truncation=DROP_2048))
    assert (len(encoded.context), encoded.shots_dropped) == (10, 0)
    encoded = spelling(LogLikelihood(shots("aaaa", "bbbb", question="ccc"), ("A",), LAST, truncation=DROP_2048))
    assert (len(encoded.context), encoded.shots_dropped) == (7, 1)


def test_a_long_answer_takes_its_room_from_the_shots_where_positions_end() -> None:
    prompt = shots("x" * 30, "y" * 30, question="q" * 20)
    settings = {"truncation": DROP_2048, "encoding": Encoding.SEPARATE}
    assert Spelling(hard=80)(LogLikelihood(prompt, ("a",), **settings)).shots_dropped == 0
    long = Spelling(hard=80)(LogLikelihood(prompt, ("a", "b" * 10), **settings))
    assert (long.shots_dropped, long.problem) == (1, None)
    assert Spelling(hard=None)(LogLikelihood(prompt, ("a", "b" * 10), **settings)).shots_dropped == 0


def test_a_question_beyond_2048_tokens_without_any_shot_cannot_be_asked() -> None:
    encoded = Spelling()(LogLikelihood(shots("a", question="b" * 2049), ("A",), LAST, truncation=DROP_2048))
    assert encoded.problem is not None
    assert "2049" in encoded.problem
    assert encoded.shots_dropped == 1


@pytest.mark.parametrize("truncation", [DROP_2048, DROP])
def test_a_question_beyond_a_table_of_positions_cannot_be_asked(truncation: Truncation) -> None:
    encoded = Spelling(hard=10)(LogLikelihood(shots(question="b" * 11), ("A",), LAST, truncation=truncation))
    assert encoded.problem == "a question of 11 tokens does not fit the model's context of 10"


def test_for_a_generation_shots_go_until_the_text_and_one_token_fit_the_tokenizer_s_length() -> None:
    spelling = Spelling(bos=True, window=11)
    # 4 + 4 + 2 characters and one new token are 11; the token that begins the text is not counted.
    encoded = spelling(Generate(shots("aaaa", "bbbb", question="cc")))
    assert (len(encoded.context), encoded.shots_dropped, encoded.truncated) == (11, 0, 0)
    encoded = spelling(Generate(shots("aaaa", "bbbb", question="ccc")))
    assert (spelling.words(encoded.context), encoded.shots_dropped) == ("<s>|a|a|a|a|c|c|c", 1)
    assert (encoded.context_tokens, encoded.truncated) == (12, 0)


def test_without_shots_left_a_generation_s_text_is_cut_at_its_end() -> None:
    spelling = Spelling(bos=True, window=6)
    encoded = spelling(Generate(Prompt("12", ("aaaa", "bbbb"), "345678")))
    assert spelling.words(encoded.context) == "<s>|1|2|3|4|5"
    assert (encoded.shots_dropped, encoded.truncated, encoded.context_tokens) == (2, 3, 17)


def test_a_text_cut_within_a_character_loses_that_character() -> None:
    # Three bytes may stay: one and a half of these characters, and half of one decodes as something longer.
    encoded = Spelling(window=4)(Generate(Prompt("", (), "ééé")))
    assert (len(encoded.context), encoded.truncated) == (2, 4)


def test_a_tokenizer_without_a_length_drops_and_cuts_nothing() -> None:
    encoded = Spelling(window=UNLIMITED)(Generate(shots("a" * 5000, question="b" * 5000)))
    assert (len(encoded.context), encoded.shots_dropped, encoded.truncated) == (10_000, 0, 0)


def many() -> list[Request]:
    """Requests of every kind, some of which share their beginnings or need cutting."""
    requests: list[Request] = []
    for number in range(6):
        prompt = Prompt("A head.\n\n", ("One shot. A\n\n", "Two shots! B\n\n" * (1 + 3 * (number % 3))), f"Q{number}?")
        for special in (True, False):
            requests.append(Generate(prompt, special_tokens=special))
            for encoding in Encoding:
                for truncation in Truncation:
                    texts = (" A", " the rest is it", "B")
                    requests.append(LogLikelihood(prompt, texts, encoding, special, truncation))
    return requests


KINDS: dict[str, Callable[[], object]] = {
    "llama3": lambda: tiny.byte_level("llama3", bos=True),
    "qwen": lambda: tiny.byte_level("qwen", nfc=True),
    "metaspace": tiny.metaspace,
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_else_is_encoded_changes_no_token(kind: str) -> None:
    encoder = Encoder(tiny.wrap(KINDS[kind](), length=90), Limits(80, 120))
    requests = many()
    together = encoder.encode(requests)
    assert together == [encoder.encode([request])[0] for request in requests]
    assert encoder.encode(requests[::-1]) == together[::-1]


def test_a_tokenizer_whose_pieces_do_not_fit_together_is_asked_for_wholes(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, requests = Encoder(tiny.wrap(tiny.byte_level("llama3", bos=True)), Limits(80, None)), many()
    expected = encoder.encode(requests)
    assert encoder.pieces is not None
    monkeypatch.setattr(encoder.pieces, "start", {True: (7, 7), False: (7,)})
    assert encoder.encode(requests) == expected
    assert encoder.pieces is None


def test_how_a_tokenizer_s_file_cuts_and_pads_is_not_heeded() -> None:
    backend = tiny.byte_level("llama3", bos=True)
    backend.enable_truncation(5)
    backend.enable_padding(length=9)
    asked = ask("one two three four five six seven eight nine ten", " eleven")
    (found,) = Encoder(tiny.wrap(backend), Limits(80, None)).encode([asked])
    assert [found] == Encoder(tiny.wrap(tiny.byte_level("llama3", bos=True)), Limits(80, None)).encode([asked])
