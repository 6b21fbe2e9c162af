"""Whether the scores of a run are those that its samples give."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from leaderbench.records import Aggregation, Sample, Score, View
from leaderbench.results.export import nothing
from leaderbench.results.runs import Run
from leaderbench.results.samples import table_of
from leaderbench.sentences import Sentence
from leaderbench.statistics.aggregate import aggregate
from leaderbench.statistics.finite import drawn_scores
from leaderbench.statistics.sequential import stopped_scores

_AGREES = 1e-9
"""Two estimates that differ by no more are the same but for the order of a sum."""


_SPREAD = ("standard_error", "low", "high")

_WORDS = {
    "estimate": Sentence("estimate"),
    "n": Sentence("number of questions"),
    "errors": Sentence("number of errors"),
    "standard_error": Sentence("standard error"),
    "low": Sentence("lower end"),
    "high": Sentence("upper end"),
    "interval": Sentence("order of the interval's ends"),
    "score": Sentence("score"),
}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A number of a stored score that is not what the run's samples give."""

    metric: str
    subset: str | None
    what: str
    """The field of `Score`, or `score` where there is none on one of the two sides."""

    stored: float
    """NaN where nothing is stored."""

    recomputed: float
    """NaN where the samples give nothing."""

    formula_changed: bool = False
    """Whether it is computed by another formula than version 1, see `aggregate.formula_version`."""

    @property
    def changes_the_score(self) -> bool:
        """Whether the score itself is another, or its interval none: an interval alone may be an older version's."""
        return self.what not in _SPREAD

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> Sentence:
        """What is wrong, as `the estimate of acc (micro) is stored as 0.9 and the samples give 0.2`."""
        names = {"what": _WORDS[self.what], "metric": self.metric, "subset": self.subset or "-"}
        values = {"stored": f"{self.stored:.6g}", "recomputed": f"{self.recomputed:.6g}"}
        if self.subset is None:
            return Sentence(
                "the {what} of {metric} is stored as {stored} and the samples give {recomputed}", **names, **values
            )
        return Sentence(
            "the {what} of {metric} for subset {subset} is stored as {stored} and the samples give {recomputed}",
            **names,
            **values,
        )


def disagreements(run: Run) -> Iterator[Disagreement]:
    """Every number of the scores of a run that its samples do not give, overall and by subset.

    Raises `LeaderbenchError` where the samples are damaged.
    """
    given = {(score.metric, score.subset): score for score in _recomputed(run)}
    stored = {(score.metric, score.subset): score for score in run.scores}
    for key, score in stored.items():
        if score.low > score.high or score.standard_error < 0:
            yield Disagreement(str(key[0]), key[1], "interval", score.low, score.high)
        if key not in given:
            yield Disagreement(str(key[0]), key[1], "score", score.estimate, math.nan)
            continue
        for what in ("estimate", "n", "errors", *_SPREAD):
            one, other = float(getattr(score, what)), float(getattr(given[key], what))
            if not _same(one, other):
                other_formula = key[0].aggregation is Aggregation.MACRO or score.view is not View.NEW_QUESTIONS
                yield Disagreement(str(key[0]), key[1], what, one, other, other_formula and what in _SPREAD)
    for key in given.keys() - stored.keys():
        yield Disagreement(str(key[0]), key[1], "score", math.nan, given[key].estimate)


def _recomputed(run: Run) -> tuple[Score, ...]:
    metrics = list(dict.fromkeys(score.metric for score in run.scores if score.subset is None))
    bank = {score.subset: score.bank for score in run.scores if score.subset is not None and score.bank is not None}
    whole = next((score for score in run.scores if score.subset is None), None)
    if whole is None:
        return ()
    samples = list(_values(run))
    if whole.view is View.BANK:
        return drawn_scores(samples, metrics, bank)
    if whole.view is View.STOPPED:
        rest = (whole.bank or 0) - sum(bank.values())
        return stopped_scores(samples, metrics, bank | ({"": rest} if rest else {}))
    return aggregate(samples, metrics)


def _values(run: Run) -> Iterator[Sample]:
    """The samples with nothing but what scores are computed from."""
    table = table_of(run.samples)
    subsets, errors, metrics = (table.column(name).to_pylist() for name in ("subset", "error", "metrics"))
    for subset, error, values in zip(subsets, errors, metrics, strict=True):
        yield replace(nothing, subset=subset, error=error, metrics=dict(values))


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _AGREES * max(1.0, abs(one)) or (math.isnan(one) and math.isnan(other)) or one == other
