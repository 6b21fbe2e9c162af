"""The nearest known name to a misspelt one, for messages."""

from collections.abc import Sequence
from difflib import SequenceMatcher

aliases = {
    "lm-evaluation-harness": "harness",
    "lm_eval": "harness",
    "lm-eval": "harness",
    "hendrycks": "original",
    "crfm-helm": "helm",
    "open-llm-leaderboard": "open-llm-v1",
}
"""Other names of the systems that implementations are called after."""

ALIKE = 0.6
"""Likeness from which on a name may have been meant."""


def likeness(one: str, other: str) -> float:
    """How alike two names are, in family and in implementation, from 0 to 1; case does not matter."""
    parts = zip(one.lower().partition("/")[::2], other.lower().partition("/")[::2], strict=True)
    return min(SequenceMatcher(None, *pair).ratio() for pair in parts)


def suggestion(name: str, known: Sequence[str]) -> str:
    """The end of a sentence: the nearest known name, or all of them where they are few, or a full stop.

    The name itself is never suggested: where it is known, something else is wrong with it.
    """
    known = [other for other in known if other != name]
    meant = name
    for alias, system in aliases.items():
        meant = meant.replace(alias, system)
    if meant != name and meant in known:
        return f"; did you mean {meant!r}?"
    begun = [other for other in known if len(name) > 1 and other.lower().startswith(name.lower())]
    close = begun or [other for other in known if likeness(name, other) >= ALIKE]
    if close:
        return f"; did you mean {max(close, key=lambda other: likeness(name, other))!r}?"
    if 0 < len(known) <= 12:
        return f"; there are {', '.join(known)}."
    return "."
