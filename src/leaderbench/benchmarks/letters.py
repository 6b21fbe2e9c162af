"""Letters for choices, in the order in which a question lists them."""

from string import ascii_uppercase

from leaderbench.metrics.choice import best


def letter(index: int) -> str:
    """A for 0, B for 1, …; numbers from 27 on, so that every choice has a name."""
    return ascii_uppercase[index] if index < len(ascii_uppercase) else str(index + 1)


def best_letter(values: list[float]) -> str:
    """The letter of the largest value."""
    return letter(best(values))
