"""Scoring one question with several candidate answers, by how likely the model finds each."""

import math
from collections.abc import Sequence


def best(values: Sequence[float]) -> int:
    """Index of the largest value; the first one where several are equal, as `numpy.argmax` has it.

    A NaN wins over every number, again as `numpy.argmax` has it, so that a broken model is not scored by accident.
    """
    for index, value in enumerate(values):
        if math.isnan(value):
            return index
    return max(range(len(values)), key=values.__getitem__)


def margin(values: Sequence[float]) -> float:
    """How far the largest value is ahead of the next; infinite where there is no other."""
    if len(values) < 2:
        return math.inf
    first, second = sorted(values, reverse=True)[:2]
    return 0.0 if first == second else first - second


def per_character(log_likelihoods: Sequence[float], choices: Sequence[str]) -> list[float]:
    """Log-likelihoods in nats per character (code point) of the choice, its leading space not counted.

    This is `acc_norm` of the lm-evaluation-harness. An empty choice counts as one character, where the harness would
    divide by zero.
    """
    return [value / max(len(choice), 1) for value, choice in zip(log_likelihoods, choices, strict=True)]


def accuracy(values: Sequence[float], target: int) -> float:
    """1.0 where the best value is the target's, else 0.0."""
    return 1.0 if best(values) == target else 0.0
