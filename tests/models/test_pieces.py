"""Texts that begin alike are encoded in pieces, with the tokens that they have as wholes."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerBase

from leaderbench.models.pieces import CHECKED, Pieces, UnequalError
from tests.models import tiny

KINDS = {
    "gpt2": lambda: tiny.byte_level("gpt2"),
    "gpt2 with BOS": lambda: tiny.byte_level("gpt2", bos=True),
    "llama3": lambda: tiny.byte_level("llama3", bos=True),
    "qwen": lambda: tiny.byte_level("qwen", nfc=True),
    "thousands from the right": lambda: tiny.byte_level("thousands"),
    "an added token": lambda: tiny.added(tiny.byte_level("llama3"), "<turn>", special=True),
    "an added word": lambda: tiny.added(tiny.byte_level("gpt2"), "capital", normalized=True, single_word=True),
    "an added token that takes spaces before it": lambda: tiny.added(tiny.byte_level("gpt2"), "<turn>", lstrip=True),
    "an added token that takes spaces behind it": lambda: tiny.added(tiny.byte_level("gpt2"), "<turn>", rstrip=True),
    "a long added token": lambda: tiny.added(tiny.byte_level("gpt2"), "<|a_token_longer_than_any_word|>", special=True),
}


@cache
def made(kind: str) -> PreTrainedTokenizerBase:
    return tiny.wrap(KINDS[kind]())


fragments = st.one_of(
    st.sampled_from(
        [
            *(
                "capital",
                " Paris",
                "Ques",
                "tion: ",
                "<turn>",
                " <turn> ",
                "<s>",
                "</s>",
                "'s",
                "they'LL",
                " it's ",
                "<tu",
            ),
            *("\n", "\r\n", "\n\n  ", "\t", " ", "\u00a0", "\u3000", "\x1c", "\u200b", "\u0301", "e\u0301", "\u212a"),
            *("Straße ", "你好,世界。", "Привет", "👩‍👩‍👧", "\ufb01", "_", "...", "!?", '"', ". A. ", "Ａ"),
        ]
    ),
    st.builds(
        lambda text, count: text * count,
        st.sampled_from([" ", "\n", "7", "12", "a", "ab", "-", "\r"]),
        st.integers(1, 40),
    ),
    st.text(max_size=6),
    st.from_regex(r"[A-Za-z0-9 ,.]{0,30}", fullmatch=True),
)
texts = st.lists(fragments, max_size=10).map("".join)


@pytest.mark.parametrize("kind", list(KINDS))
@given(st.booleans(), texts, texts, texts)
@example(True, "a" * 30 + " " * 30, "\n", "b")
@example(True, "It costs 1" + "2" * 40, "3", "4")
@example(True, "one two three four   <turn>five six", " seven", "")
@example(True, "one two three four<turn>   five six", " seven", "")
@example(True, "x " * 20 + "<|a_token_longer_than_any_wor", "d|>", "")
@settings(max_examples=60)
def test_pieces_give_the_tokens_of_the_whole(kind: str, special: bool, opening: str, middle: str, end: str) -> None:
    tokenizer = made(kind)
    pieces = Pieces(tokenizer)
    context, text = opening + middle, opening + middle + end
    opened, known = pieces.begin([opening], [pieces.nothing(special)], special)
    begun, further = pieces.begin([context], known, special)
    whole = tokenizer([opening, context, text], add_special_tokens=special)["input_ids"]
    assert [list(tokens) for tokens in (*opened, *begun, *pieces.encode([text], further, special))] == whole


@pytest.mark.parametrize("kind", list(KINDS))
def test_byte_level_tokenizers_are_encoded_in_pieces(kind: str) -> None:
    assert Pieces.suit(made(kind))


def test_most_of_a_long_beginning_is_not_encoded_again() -> None:
    pieces, text = Pieces(made("llama3")), "A question of some length with its answer. " * 20
    (whole,), (known,) = pieces.begin([text], [pieces.nothing(True)], True)
    assert len(text) - known.place < 40
    assert known.tokens == whole[: len(known.tokens)]


def with_parts(**parts: object) -> Tokenizer:
    """A byte-level tokenizer with some parts replaced."""
    tokenizer = tiny.byte_level()
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    return tokenizer


UNSUITED = {
    "metaspace": tiny.metaspace,
    "a space before every text": lambda: with_parts(pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True)),
    "spaces removed": lambda: with_parts(
        pre_tokenizer=pre_tokenizers.Sequence(
            [pre_tokenizers.Split(" ", behavior="removed"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    ),
    "lower case": lambda: with_parts(normalizer=normalizers.Lowercase()),
    "a token at the end": lambda: with_parts(
        post_processor=processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    ),
    "a byte without a token": lambda: Tokenizer.from_str(tiny.byte_level().to_str().replace('"Z":', '"<lost>":')),
}
"""Tokenizers that encode a text otherwise where it begins elsewhere, or whose tokens do not spell it."""


@pytest.mark.parametrize("kind", list(UNSUITED))
def test_other_tokenizers_are_left_to_encode_wholes(kind: str) -> None:
    assert not Pieces.suit(tiny.wrap(UNSUITED[kind]()))


def test_a_tokenizer_that_gives_other_tokens_in_pieces_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = Pieces(made("gpt2"))
    texts = [f"text number {number}" for number in range(CHECKED)]
    monkeypatch.setattr(pieces, "start", {True: (7,), False: (7,)})
    with pytest.raises(UnequalError):
        pieces.encode(texts, [pieces.nothing(True)] * CHECKED, True)
