"""Small samples to draw conclusions from."""

from collections.abc import Callable

import pytest

from leaderbench.records import Sample


@pytest.fixture
def sample() -> Callable[..., Sample]:
    """A sample with this id, subset and metrics."""

    def make(example: str, subset: str = "s", *, error: str | None = None, **metrics: float) -> Sample:
        return Sample(
            example, subset, "", (), (), (), (), (), (), (), 0, 0, 0, "A", {}, "A",
            correct=True, margin=0.0, metrics=metrics, flags=(), error=error,
        )  # fmt: skip

    return make
