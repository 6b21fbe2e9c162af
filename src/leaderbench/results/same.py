"""Whether two sets of samples under one run id say the same, float noise apart."""

import math
from collections.abc import Iterator, Mapping, Sequence

from leaderbench.records import Json, Sample
from leaderbench.results.noise import epsilon, noise, rounding

LEAST = 1e-3
"""Nats: two log-likelihoods that are no further apart than this, or than the model's own noise, are taken for equal."""


def differences(stored: Sequence[Sample], fresh: Sequence[Sample], model: Mapping[str, Json]) -> Iterator[str]:
    """What differs between two answers to each question that both have answered, one text a question.

    The same is: the same questions with the same requests and right answers; log-likelihoods within float noise of
    each other (`noise` of what a manifest records of the `model`, at least `LEAST`); and the same prediction, unless
    its lead over the next one is within that noise too. Where log-likelihoods are equal bit for bit, or there are
    none, metrics are the same.
    """
    before = {sample.example_id: sample for sample in stored}
    after = {sample.example_id: sample for sample in fresh}
    for name in before.keys() ^ after.keys():
        yield f"{name} is in one of the two only"
    limit, step = max(LEAST, noise(model)), epsilon(model)
    for name, sample in after.items():
        other = before.get(name)
        if other is None or other.error is not None or sample.error is not None:
            continue
        if what := _difference(other, sample, limit, step):
            yield f"{what} of {name}"


def _difference(stored: Sample, fresh: Sample, limit: float, step: float) -> str:
    """What differs between two samples of one question; empty where they say the same."""
    if stored.request_digests != fresh.request_digests:
        return "what was asked"
    if (stored.target, stored.subset) != (fresh.target, fresh.subset):
        return "the right answer"
    pairs = list(zip(stored.log_likelihoods, fresh.log_likelihoods, strict=False))
    if len(stored.log_likelihoods) != len(fresh.log_likelihoods) or not all(
        _close(one, other, rounding(one, limit, step)) for one, other in pairs
    ):
        return "the log-likelihoods"
    noisy = any(one != other and not (math.isnan(one) and math.isnan(other)) for one, other in pairs)
    lead = min(abs(stored.margin), abs(fresh.margin))
    if stored.prediction != fresh.prediction and not (noisy and lead <= 2 * limit):
        return "the prediction"
    shared = stored.metrics.keys() & fresh.metrics.keys()
    if not noisy and not all(_close(stored.metrics[name], fresh.metrics[name], 1e-9) for name in shared):
        return "the metrics"
    return ""


def _close(one: float, other: float, limit: float) -> bool:
    return one == other or abs(one - other) <= limit or (math.isnan(one) and math.isnan(other))
