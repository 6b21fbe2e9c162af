"""Scores of the index as values of the site."""

from functools import lru_cache

from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.settings import settings_sentence
from leaderbench.results.subjects import told_apart
from leaderbench.sentences import Sentence
from leaderbench.web.live import LiveStore
from leaderbench.web.values.basics import known
from leaderbench.web.values.models import ModelScore
from leaderbench.web.values.runs import ShownScore


def called(live: LiveStore, model: str, identity: str) -> str:
    """What a model is called where others share its name; see `subjects.told_apart`."""

    def names() -> dict[tuple[str, str], str]:
        known = live.index.subjects()
        keys = ((subject.name, subject.identity) for subject in known)
        return dict(zip(keys, told_apart(known), strict=True))

    return live.keep("subjects", live.version(), names).get((model, identity), model)


def model_score(live: LiveStore, entry: Entry) -> ModelScore:
    """An entry of the index as a value of the site."""
    score = shown_score(entry.score)
    if entry.provenance is Provenance.IMPORTED_SCORE and not entry.score.n:
        score = score.model_copy(update={"n": None})
    return ModelScore(
        name=called(live, entry.model, entry.identity),
        model=entry.model,
        identity=entry.identity,
        benchmark=entry.benchmark,
        score=score,
        provenance=Sentence(entry.provenance.value),
        source=live.said(entry.source),
        run=entry.run,
        created=entry.created,
        settings=settings_sentence(entry.settings),
        problem=live.said(entry.problem),
    )


def shown_score(score: Score) -> ShownScore:
    """A score as a value of the site."""
    return ShownScore(
        metric=named(score.metric),
        subset=score.subset,
        estimate=known(score.estimate),
        standard_error=known(score.standard_error),
        low=known(score.low),
        high=known(score.high),
        n=score.n,
        errors=score.errors,
        interval_is_about=score.view.value,
    )


@lru_cache(maxsize=1000)
def named(metric: Metric) -> Sentence:
    """The name of a metric with how its values become one number: `acc (micro)`."""
    return (
        Sentence("{metric} (micro)", metric=metric.name)
        if metric.aggregation is Aggregation.MICRO
        else Sentence("{metric} (macro)", metric=metric.name)
    )
