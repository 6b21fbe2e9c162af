"""What is known of a model, as the site and its API show it."""

from leaderbench.web.values.basics import Value, Words


class ShownFact(Value):
    """Something known of a model."""

    name: str
    value: str | bool | int | tuple[str, ...]
    source: Words
    """Who says so, the most believed first; `guessed from the name` is no more than that."""

    evidence: str
    otherwise: tuple[Words, ...]
    """What other sources say."""
