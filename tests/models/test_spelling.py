"""A token's text is what it adds to a text, whatever way the vocabulary is spelt."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import decoders

from leaderbench.models.spelling import byte, byte_texts, characters, readable, size, spelling, texts_of
from leaderbench.records import TokenText
from tests.models import tiny

texts = st.text(st.characters(codec="utf-8", exclude_characters="<\r"), max_size=40)


def joined(tokens: list[TokenText]) -> bytes:
    """What tokens spell together: their texts, with the bytes in them as bytes."""
    found = b""
    for token in tokens:
        if not token.special:
            parts = byte.split(token.text)
            for place, part in enumerate(parts):
                found += bytes([int(part, 16)]) if place % 2 else part.encode()
    return found


@pytest.mark.parametrize("split", list(tiny.SPLITS))
@given(text=texts)
def test_byte_level_tokens_spell_the_whole_text(split: str, text: str) -> None:
    tokenizer = tiny.wrap(tiny.byte_level(split, bos=True))
    ids = tokenizer(text)["input_ids"]
    known = texts_of(tokenizer, ids)
    assert joined([known[token] for token in ids]) == text.encode()
    assert known[ids[0]] == TokenText("<s>", special=True)


@given(text=texts.filter(lambda text: "▁" not in text))
def test_tokens_with_marked_spaces_spell_the_whole_text_behind_the_space_that_begins_it(text: str) -> None:
    tokenizer = tiny.wrap(tiny.metaspace())
    ids = tokenizer(text)["input_ids"]
    known = texts_of(tokenizer, ids)
    spelt = joined([known[token] for token in ids]).decode()
    assert spelt.removeprefix(" ") == text.removeprefix(" ")


def test_parts_of_a_character_are_shown_as_bytes_and_whole_ones_as_themselves() -> None:
    assert readable(b" \xe5\x8c\x97 \xe4\xba") == " 北 <0xE4><0xBA>"
    assert [item.text for item in byte_texts([65, 10, 0xE4, 300, -1]).values()] == ["A", "\n", "<0xE4>"]


def test_a_byte_of_sentencepiece_that_is_a_character_is_that_character() -> None:
    assert [spelling({})(piece) for piece in ("<0x0A>", "<0xE2>", "<0x0", "x")] == ["\n", "<0xE2>", "<0x0", "x"]


@pytest.mark.parametrize(
    ("decoder", "piece", "text"),
    [
        (decoders.WordPiece(), "##ing", "ing"),
        (decoders.BPEDecoder(), "low</w>", "low "),
        (decoders.Metaspace(), "▁low", " low"),
        (decoders.Replace("▁", " "), "▁▁", "  "),
        (decoders.ByteLevel(), "Ġlow", " low"),
        (decoders.ByteLevel(), "北", "北"),
        (None, "Ġlow", "Ġlow"),
    ],
)
def test_each_way_of_spelling_is_undone(decoder: decoders.Decoder | None, piece: str, text: str) -> None:
    import json

    assert spelling({} if decoder is None else json.loads(decoder.__getstate__()))(piece) == text


def test_an_added_token_is_as_it_was_added_and_a_number_without_a_token_is_left_out() -> None:
    tokenizer = tiny.wrap(tiny.added(tiny.byte_level(), "Ġ<tab>"))
    token = len(tokenizer) - 1
    assert texts_of(tokenizer, [token, 0, 10**6, -1]) == {
        token: TokenText("Ġ<tab>"),
        0: TokenText("<s>", special=True),
    }


def test_bytes_count_once_and_marks_of_places_count_nothing() -> None:
    assert [size(TokenText(text)) for text in (" A", "é", "<0xE4>", " <0xE4><0xBA>", "")] == [2, 2, 1, 3, 0]
    assert size(TokenText("<s>", special=True)) == 0


def test_it_needs_neither_torch_nor_transformers() -> None:
    heavy = "any(name in sys.modules for name in ('torch', 'transformers'))"
    code = f"import sys, leaderbench.models.spelling; sys.exit({heavy})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([" A", "b"], [(" A", 1), ("b", 1)]),
        (["<0xE5>", "<0x9C><0xA8>", "x"], [("在", 2), ("x", 1)]),
        ([" <0xE4>", "<0xB8>", "<0xAD>!"], [(" 中!", 3)]),
        (["<0xE5>", "x"], [("<0xE5>", 1), ("x", 1)]),
        (["<0xA8>", "<0xE5>"], [("<0xA8>", 1), ("<0xE5>", 1)]),
        (["<0xE5>", "", "<0x9C><0xA8>"], [("<0xE5>", 1), ("", 1), ("<0x9C><0xA8>", 1)]),
        ([], []),
    ],
)
def test_tokens_that_hold_parts_of_a_character_are_put_together(texts: list[str], found: list[tuple[str, int]]) -> None:
    assert characters(texts) == found


@given(st.text(st.characters(codec="utf-8", exclude_characters="<")))
def test_characters_spread_over_bytes_are_found_again(text: str) -> None:
    found = characters([known.text for token in text.encode() for known in byte_texts([token]).values()])
    assert [piece for piece, _ in found] == list(text)
    assert [count for _, count in found] == [len(letter.encode()) for letter in text]
