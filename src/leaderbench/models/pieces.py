"""Encoding many texts that begin alike, without encoding the beginning again.

A byte-level tokenizer first splits text into pieces with a regular expression, then encodes each piece by itself. The
splits are found from left to right, so a text that begins like another one has the same pieces up to a little before
the place where they part. From a piece boundary there, only the rest needs encoding. Prompts of one subject share their
shots and the continuations of one question share the whole prompt, so this saves most of the work. It is used only for
tokenizers of that kind, and checked against whole encodings on a sample of every batch.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import pre_tokenizers
from transformers import PreTrainedTokenizerBase

Tokens = tuple[int, ...]

MARGIN = 24
"""Characters encoded again, at least, before the place where texts part: more than the splitting looks ahead."""

CHECKED = 4
"""Texts of every batch that are also encoded whole."""


class UnequalError(Exception):
    """Encoding in parts gave other tokens than encoding whole; parts can't be used with this tokenizer."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of every text that begins in a certain way."""

    tokens: Tokens
    """Tokens up to a piece boundary."""

    place: int
    """That boundary, in characters."""


class Pieces:
    """A tokenizer that can be asked for the rest of a text."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.backend = tokenizer.backend_tokenizer
        self.start = {False: (), True: tuple(self.backend.encode("").ids)}
        added = self.backend.get_added_tokens_decoder().values()
        self.margin = max([MARGIN, *(len(token.content) for token in added)])

    @staticmethod
    def suit(tokenizer: PreTrainedTokenizerBase) -> bool:
        """Whether a tokenizer splits by byte-level regular expressions and adds special tokens only in front."""
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None or backend.pre_tokenizer is None or getattr(tokenizer, "split_special_tokens", False):
            return False
        if type(backend.model).__name__ != "BPE" or type(backend.normalizer).__name__ not in ("NoneType", "NFC"):
            return False
        rule = json.loads(backend.pre_tokenizer.__getstate__())
        parts = rule["pretokenizers"] if rule["type"] == "Sequence" else [rule]
        byte_level = [part for part in parts if part["type"] == "ByteLevel"]
        splits = [part for part in parts if part["type"] in ("Split", "Digits") and part.get("behavior") != "Removed"]
        if len(byte_level) != 1 or len(byte_level) + len(splits) != len(parts) or byte_level[0]["add_prefix_space"]:
            return False
        if any(backend.token_to_id(letter) is None for letter in pre_tokenizers.ByteLevel.alphabet()):
            # A byte without a token vanishes, and what is left no longer spells the text.
            return False
        start, plain = tuple(backend.encode("").ids), tuple(backend.encode("word", add_special_tokens=False).ids)
        return tuple(backend.encode("word").ids) == start + plain

    def whole(self, texts: Sequence[str], special: bool) -> list[Tokens]:
        """Token ids of texts, each encoded as one."""
        return [tuple(encoding.ids) for encoding in self.backend.encode_batch_fast(texts, add_special_tokens=special)]

    def encode(self, texts: Sequence[str], beginnings: Sequence[Beginning], special: bool) -> list[Tokens]:
        """Token ids of texts, each with a beginning that is already encoded.

        Raises:
            UnequalError: a text that was also encoded whole came out differently.
        """
        rests = [text[known.place :] for text, known in zip(texts, beginnings, strict=True)]
        encoded = self.backend.encode_batch_fast(rests, add_special_tokens=False)
        result = [known.tokens + tuple(rest.ids) for known, rest in zip(beginnings, encoded, strict=True)]
        self._check(texts, result, special)
        return result

    def begin(
        self, texts: Sequence[str], beginnings: Sequence[Beginning], special: bool
    ) -> tuple[list[Tokens], list[Beginning]]:
        """As `encode`; each text is then a beginning itself, of which as much is known as is sure."""
        rests = [text[known.place :] for text, known in zip(texts, beginnings, strict=True)]
        encoded = self.backend.encode_batch(rests, add_special_tokens=False)
        tokens, known = [], []
        for text, base, rest in zip(texts, beginnings, encoded, strict=True):
            ids = tuple(rest.ids)
            tokens.append(base.tokens + ids)
            keep, back = self._last_sure_boundary(text, len(text) - base.place, rest.tokens, rest.word_ids)
            known.append(Beginning(base.tokens + ids[:keep], len(text) - back) if keep else base)
        self._check(texts, tokens, special)
        return tokens, known

    def nothing(self, special: bool) -> Beginning:
        """The beginning of every text."""
        return Beginning(self.start[special], 0)

    def _check(self, texts: Sequence[str], result: Sequence[Tokens], special: bool) -> None:
        picked = range(0, len(texts), max(1, len(texts) // CHECKED))
        if [result[i] for i in picked] != self.whole([texts[i] for i in picked], special):
            raise UnequalError

    def _last_sure_boundary(
        self, text: str, length: int, tokens: Sequence[str], words: Sequence[int | None]
    ) -> tuple[int, int]:
        """The last token of a rest that begins a piece and that no longer text can change: its index, and how many
        characters lie behind its beginning; (0, 0) where there is none.

        Tokens of a byte-level vocabulary are spelt with one character a byte.
        """
        back = 0
        for index in range(len(tokens) - 1, 0, -1):
            back += len(tokens[index])
            if back > length:
                break
            if back < self.margin or words[index] == words[index - 1]:
                continue
            tail = text[-back:]
            if not tail.isascii():
                # Bytes are characters only in ASCII; what lies further back is harder to place, so it is left alone.
                break
            before = text[-back - 1 : -back]
            # Runs of spaces and of digits may be split by how they end.
            in_run = before.isspace() or (before.isdigit() and tail[0].isdigit())
            if before.isascii() and before and not in_run:
                return index, back
        return 0, 0
