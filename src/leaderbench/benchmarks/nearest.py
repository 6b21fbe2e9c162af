"""The nearest known name to a misspelt one, for messages."""

from collections.abc import Sequence
from difflib import get_close_matches

aliases = {
    "lm-evaluation-harness": "harness",
    "lm_eval": "harness",
    "lm-eval": "harness",
    "hendrycks": "original",
    "crfm-helm": "helm",
}
"""Other names of the systems that implementations are called after."""


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
    close = begun or get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    if 0 < len(known) <= 12:
        return f"; there are {', '.join(known)}."
    return "."
