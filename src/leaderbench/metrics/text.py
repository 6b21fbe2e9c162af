"""Scoring a short generated text."""

import math
from collections.abc import Sequence

from leaderbench.records import Candidate


def mapped_match(text: str, choices: Sequence[str], target: int, letters: Sequence[str]) -> float:
    """HELM's exact match of a one-token answer: strip the text, look its letter up, compare the choice's text.

    Any choice whose stripped text equals the right one's counts as right, so where the right text stands twice both
    letters do. A text that is no letter of the question scores 0.0.
    """
    answer = dict(zip(letters, choices, strict=False)).get(text.strip())
    if answer is None:
        return 0.0
    return 1.0 if answer.strip() == choices[target].strip() else 0.0


def candidate_margin(candidates: Sequence[Candidate]) -> float:
    """Log-probability of the best first token minus the runner-up's (nats); infinite where only one is known."""
    if len(candidates) < 2:
        return math.inf
    return candidates[0].log_probability - candidates[1].log_probability
