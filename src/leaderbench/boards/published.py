"""Published numbers on a board: one that stands for a whole column of several parts, and how sure a share of so many
questions can be.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leaderbench.boards.rules import Rule
from leaderbench.boards.spec import Column, Part
from leaderbench.records import Metric, Score
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.imports.scores import binomial_error, published

closest = 1e-9
"""Difference from which on a raw value and a normalised one are not the same result."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A published number of a whole column."""

    parts: tuple[Entry, ...]
    """Each part as good as the whole, so that their mean after normalisation is the number published."""

    estimate: float
    """Before normalisation."""

    metric: Metric
    n: int
    implied: bool
    """Whether nothing but the number of questions says how sure it is."""


def effective(questions: Sequence[int]) -> float:
    """How many questions a mean of subset means is worth, whose subsets have these and equal shares: k² / Σ 1/n."""
    return len(questions) ** 2 / math.fsum(1 / n for n in questions)


def is_unsure(entry: Entry) -> bool:
    """Whether an entry is a published share of which nothing says how sure it is."""
    score = entry.score
    told = score.standard_error >= 0 or score.low < score.high
    return entry.provenance is Provenance.IMPORTED_SCORE and not told and 0 <= score.estimate <= 1


def implied(score: Score, questions: Sequence[int]) -> Score:
    """A share with the standard error and the interval that its questions imply: those of so many right answers, which
    no mean of values between 0 and 1 exceeds.
    """
    worth = min(effective(questions), score.n) if score.n else effective(questions)
    found = published(score.metric, score.subset, score.estimate, None, max(1, round(worth)), share=True)
    return replace(
        found, standard_error=binomial_error(score.estimate, max(1, round(worth))), n=score.n or sum(questions)
    )


def is_whole(entry: Entry) -> bool:
    """Whether an entry may be a number of a whole column."""
    known = entry.score.metric.name in ("normalised", "raw", "score") and entry.score.subset is None
    return known and entry.provenance is Provenance.IMPORTED_SCORE and 0 <= entry.score.estimate <= 1


def whole_of(
    column: Column, rule: Rule, entries: Sequence[Entry], choice: Callable[[Sequence[Entry]], Entry | None]
) -> Whole | None:
    """What these entries say of a whole column with parts; None where that is not enough for the rule, or a baseline is
    not known. `choice` takes one of several entries.
    """
    by_metric = {
        name: choice([entry for entry in entries if entry.score.metric.name == name])
        for name in ("normalised", "score", "raw")
    }
    raw, scaled = by_metric["raw"], by_metric["normalised"] or by_metric["score"]
    lower = [part.lower for part in column.parts]
    if any(value is None for value in lower):
        return None
    bases = [value for value in lower if value is not None]
    if rule is not Rule.NORMALISED_MEAN:
        raw = raw or by_metric["score"]
        return _whole(column, raw, raw, [raw.score.estimate] * len(bases)) if raw else None
    if len(bases) == 1 and raw and _agree(raw, scaled, bases[0]):
        return _whole(column, raw, raw, [raw.score.estimate])
    if scaled is None:
        return None
    return _whole(column, scaled, raw, [base + scaled.score.estimate * (1 - base) for base in bases])


def _agree(raw: Entry, scaled: Entry | None, base: float) -> bool:
    normalised = max(0.0, (raw.score.estimate - base) / (1 - base))
    return scaled is None or abs(normalised - scaled.score.estimate) < closest


def _whole(column: Column, entry: Entry, raw: Entry | None, values: Sequence[float]) -> Whole:
    """The number spread over the parts. Their errors are those of shares as large as the whole one: it is the largest
    that the mean of the parts' own can be.
    """
    estimate = raw.score.estimate if raw else math.fsum(values) / len(values)
    score = raw.score if raw else entry.score
    metric = Metric("mean of parts" if len(values) > 1 else score.metric.name, score.metric.aggregation)
    sure = raw is not None and not is_unsure(raw) and len(values) == 1
    errors = [score.standard_error if sure else _error(column, part, estimate) for part in column.parts]
    n = score.n or sum(column.questions) or sum(sum(part.questions) for part in column.parts)
    parts = tuple(
        replace(entry, score=replace(score, metric=metric, estimate=value, standard_error=error, n=own))
        for value, error, own in zip(values, errors, _shared(column, n), strict=True)
    )
    return Whole(parts, estimate, metric, n, implied=not sure and not any(map(math.isnan, errors)))


def _error(column: Column, part: Part, estimate: float) -> float:
    """The standard error of a part. Of parts that share their questions the errors go together, so that the mean has
    that of one.
    """
    if column.questions:
        return math.sqrt(len(column.parts)) * binomial_error(estimate, round(effective(column.questions)))
    return binomial_error(estimate, round(effective(part.questions))) if part.questions else math.nan


def _shared(column: Column, n: int) -> list[int]:
    """How many questions each part has."""
    own = [sum(part.questions) for part in column.parts]
    return own if all(own) else [n] * len(own)
