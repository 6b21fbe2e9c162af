"""How much of a log-likelihood is float noise."""

import math
from collections.abc import Mapping

from leaderbench.records import Json

SIGNIFICANT_BITS = {"float32": 23, "float16": 10, "bfloat16": 7}
"""Bits behind the leading one of each type."""

LEAST = 1e-4
"""Nats by which float32 log-likelihoods of one text differ between machines, batches and libraries."""


def noise(model: Mapping[str, Json]) -> float:
    """The difference in log-likelihood (nats) below which two answers of this model are the same but for rounding.

    `model` is what a manifest records of it: of its dtype, and of the self-check that scored a sample two ways. A type
    of fewer bits rounds each layer's values by as much more; 16 epsilon is what its sums then differ by.
    """
    check = model.get("self_check")
    seen = check.get("difference") if isinstance(check, dict) else None
    return max(LEAST, 16 * epsilon(model), 2 * seen if isinstance(seen, float) else 0.0)


def epsilon(model: Mapping[str, Json]) -> float:
    """The relative rounding step of the dtype that a manifest records of a model; float32 where it records none."""
    return 2.0 ** -SIGNIFICANT_BITS.get(str(model.get("dtype")), 23)


def rounding(log_likelihood: float, noise: float, epsilon: float) -> float:
    """Nats below which a difference from this log-likelihood is float noise: never less than `noise`, and an epsilon
    of its size, since the sum over the tokens of a long text rounds at every one.
    """
    return max(noise, epsilon * abs(log_likelihood)) if math.isfinite(log_likelihood) else noise
