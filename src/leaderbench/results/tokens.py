"""What a run's tokens are as text, and one question exactly as its model saw it: `tokens.json` beside the samples."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leaderbench.files.parsing import json_of
from leaderbench.records import TokenText


@dataclass(frozen=True, slots=True)
class AskedTokens:
    """One request as tokens."""

    context: tuple[int, ...]
    """Tokens that the model saw before the answer, special ones included, after truncation."""

    opening: int
    """How many of them stand before the question: instructions and solved examples."""

    continuations: tuple[tuple[int, ...], ...]
    """Tokens of each candidate answer; of a generation those written."""


@dataclass(frozen=True, slots=True)
class RunTokens:
    """Texts for the numbers that samples hold."""

    texts: Mapping[int, TokenText] = field(default_factory=dict)
    """Of every token of the run's continuations and of its example."""

    example: str = ""
    """Id of the question that stands as the example."""

    requests: tuple[AskedTokens, ...] = ()
    """What was asked about it; empty where it could not be asked."""


def to_json(tokens: RunTokens) -> bytes:
    """The contents of `tokens.json`."""
    content = {
        "texts": {str(token): known.text for token, known in sorted(tokens.texts.items())},
        "special": sorted(token for token, known in tokens.texts.items() if known.special),
        "example": tokens.example,
        "requests": [
            {"context": asked.context, "opening": asked.opening, "continuations": asked.continuations}
            for asked in tokens.requests
        ],
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def from_json(data: bytes) -> RunTokens:
    """What `to_json` was given. Raises `ValueError`, `LookupError` or `TypeError` for anything else."""
    content: dict[str, Any] = json_of(data)
    special = {_whole(token) for token in content["special"]}
    return RunTokens(
        {int(token): TokenText(_text(text), int(token) in special) for token, text in content["texts"].items()},
        _text(content["example"]),
        tuple(
            AskedTokens(
                _tokens(asked["context"]), _whole(asked["opening"]), tuple(map(_tokens, asked["continuations"]))
            )
            for asked in content["requests"]
        ),
    )


def _tokens(value: Any) -> tuple[int, ...]:
    return tuple(map(_whole, value))


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
