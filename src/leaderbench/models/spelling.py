"""What a token is as text: how vocabularies spell bytes, spaces and parts of words, undone.

Byte-level vocabularies write one character a byte (`Ġ` for a space), those of SentencePiece write `▁` for a space and
`<0xE2>` for a byte. A token may hold a part of a character only: such bytes are shown as `<0xE2>` whatever the
vocabulary, so that nothing is lost and nothing is guessed.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from leaderbench.records import TokenText

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Spelling = Callable[[str], str]
"""From what the vocabulary says of a token to its text."""

byte = re.compile(r"<0x([0-9A-Fa-f]{2})>")
"""How a byte that is no character by itself is written."""

longest_character = 8
"""Tokens that one character, and what stands with it in them, is spread over at most."""


def texts_of(tokenizer: "PreTrainedTokenizerBase", tokens: Iterable[int]) -> dict[int, TokenText]:
    """The text of each of these tokens; a number that the tokenizer has no token for is left out."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return _decoded(tokenizer, tokens)
    added = backend.get_added_tokens_decoder()
    special = set(tokenizer.all_special_ids)
    text = spelling(json.loads(backend.decoder.__getstate__()) if backend.decoder is not None else {})
    found = {}
    for token in tokens:
        if token in added and not byte.fullmatch(added[token].content):
            # Written as they are, whatever the rest of the vocabulary does.
            found[token] = TokenText(added[token].content, added[token].special or token in special)
        elif token >= 0 and (piece := backend.id_to_token(token)) is not None:
            found[token] = TokenText(text(piece), token in special and not byte.fullmatch(piece))
    return found


def _decoded(tokenizer: "PreTrainedTokenizerBase", tokens: Iterable[int]) -> dict[int, TokenText]:
    """The same for a tokenizer of plain Python, which does not say how its vocabulary is spelt."""
    special = set(tokenizer.all_special_ids)
    found = {}
    for token in tokens:
        if 0 <= token < len(tokenizer):
            text = str(tokenizer.decode([token], clean_up_tokenization_spaces=False))
            if not text or "\ufffd" in text:
                text = str(tokenizer.convert_ids_to_tokens(token))
            found[token] = TokenText(text, token in special)
    return found


def spelling(decoder: dict[str, Any]) -> Spelling:
    """How a vocabulary is spelt, from the rules by which its tokenizer decodes (as its file writes them)."""
    rules = decoder.get("decoders", [decoder])
    kinds = {rule.get("type") for rule in rules}
    if "ByteLevel" in kinds:
        return byte_level
    swaps = {"▁": " "} if "Metaspace" in kinds else {}
    swaps |= {rule["prefix"]: "" for rule in rules if rule.get("type") == "WordPiece"}
    swaps |= {rule["suffix"]: " " for rule in rules if rule.get("type") == "BPEDecoder"}
    for rule in rules:
        if rule.get("type") == "Replace" and "String" in rule["pattern"]:
            swaps[rule["pattern"]["String"]] = rule["content"]

    def text(piece: str) -> str:
        if match := byte.fullmatch(piece):
            return readable(bytes([int(match[1], 16)]))
        for spelt, meant in swaps.items():
            piece = piece.replace(spelt, meant)
        return piece

    return text


def byte_level(piece: str) -> str:
    """The text of a token that is spelt with one character a byte; as it is where it is spelt otherwise."""
    letters = _bytes()
    if any(letter not in letters for letter in piece):
        return piece
    return readable(bytes(letters[letter] for letter in piece))


@cache
def _bytes() -> dict[str, int]:
    """The byte of each character of byte-level vocabularies: itself where it is printable in Latin-1, else the next
    free character from 256 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(256) if value not in printable]
    return {chr(value): value for value in printable} | {chr(256 + place): v for place, v in enumerate(others)}


def byte_texts(tokens: Iterable[int]) -> dict[int, TokenText]:
    """The texts of tokens that are bytes."""
    return {token: TokenText(readable(bytes([token]))) for token in tokens if 0 <= token < 256}


def readable(data: bytes) -> str:
    """Bytes as text; those that are no characters by themselves as `<0xE2>`."""
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda match: f"<0x{ord(match[0]) - 0xDC00:02X}>", text)


def size(token: TokenText) -> int:
    """Bytes of text that a token stands for."""
    return 0 if token.special else len(raw(token.text))


def characters(texts: Sequence[str]) -> list[tuple[str, int]]:
    """The texts of tokens in a row, where several hold the parts of one character put together to what they spell:
    each text with the number of tokens that it takes. Bytes that spell no character stay by themselves.
    """
    found: list[tuple[str, int]] = []
    place = 0
    while place < len(texts):
        found.append(_first(texts[place : place + longest_character]))
        place += found[-1][1]
    return found


def _first(texts: Sequence[str]) -> tuple[str, int]:
    if byte.search(texts[0]):
        data = b""
        for count, text in enumerate(texts, 1):
            data += raw(text)
            try:
                return data.decode(), count
            except UnicodeDecodeError as error:
                if error.reason != "unexpected end of data" or not text:
                    break
    return texts[0], 1


def raw(text: str) -> bytes:
    """The bytes of a token's text."""
    parts = byte.split(text)
    return b"".join(bytes([int(part, 16)]) if place % 2 else part.encode() for place, part in enumerate(parts))
