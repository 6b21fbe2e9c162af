"""Answers as JSON and back, every float exactly as it was."""

import json
import math
from collections.abc import Sequence
from typing import Any

from leaderbench.records import Answer, Candidate, GenerateResponse, LogLikelihoodResponse, ScoredContinuation


def number(value: float) -> float | str:
    """A float as JSON can hold it: `"nan"`, `"inf"` and `"-inf"` where JSON has no number."""
    return value if math.isfinite(value) else repr(value)


def numbers(values: Sequence[float]) -> list[float | str]:
    """Floats as JSON can hold them; see `number`."""
    return [number(value) for value in values]


def to_json(answer: Answer) -> str:
    """An answer as one line of ASCII; floats are written so that they read back as the same bits."""
    if not isinstance(answer, LogLikelihoodResponse | GenerateResponse):
        raise TypeError(f"only answers are stored, not a {type(answer).__name__}")
    fields: dict[str, Any] = {
        "context_tokens": answer.context_tokens,
        "truncated": answer.truncated,
        "shots_dropped": answer.shots_dropped,
    }
    if isinstance(answer, LogLikelihoodResponse):
        fields |= {"type": "log-likelihood", "continuations": [_continuation(item) for item in answer.continuations]}
    else:
        fields |= {
            "type": "generate",
            "text": answer.text,
            "tokens": answer.tokens,
            "log_probabilities": numbers(answer.log_probabilities),
            "candidates": [[item.token, item.text, number(item.log_probability)] for item in answer.candidates],
        }
    return json.dumps(fields, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _continuation(item: ScoredContinuation) -> dict[str, Any]:
    return {"tokens": item.tokens, "log_probabilities": numbers(item.log_probabilities), "greedy": item.greedy}


def from_json(text: str | bytes) -> Answer:
    """The answer that `to_json` wrote."""
    fields = json.loads(text)
    counts = {name: fields[name] for name in ("context_tokens", "truncated", "shots_dropped")}
    if fields["type"] == "log-likelihood":
        continuations = tuple(
            ScoredContinuation(tuple(item["tokens"]), tuple(map(float, item["log_probabilities"])), item["greedy"])
            for item in fields["continuations"]
        )
        return LogLikelihoodResponse(continuations, **counts)
    return GenerateResponse(
        text=fields["text"],
        tokens=tuple(fields["tokens"]),
        log_probabilities=tuple(map(float, fields["log_probabilities"])),
        candidates=tuple(Candidate(token, text, float(value)) for token, text, value in fields["candidates"]),
        **counts,
    )
