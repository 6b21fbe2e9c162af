"""How far a run has come, as a plain value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a run."""

    benchmark: str
    total: int
    """Questions of the run."""

    done: int
    """Questions answered, stored ones included."""

    stored: int
    """Questions that the response log answered before the model was asked anything."""

    errors: int
    """Questions that the model could not answer."""

    tokens_asked: int
    """Tokens that one forward pass for each (context, continuation) would have taken so far."""

    tokens_computed: int
    """Tokens that went through the model."""

    seconds: float
    """Time since the model was first asked."""
