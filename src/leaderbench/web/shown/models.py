"""What is said of models: listings, their scores and the facts of their records."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from leaderbench.boards.reading import boards
from leaderbench.boards.spec import said
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation import catalogue_files
from leaderbench.models.catalogue import FIELDS, ModelRecord
from leaderbench.models.facts import Fact
from leaderbench.models.search import SIZES, Query, matches
from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.entries import Entry
from leaderbench.results.listings import ListedModel
from leaderbench.results.settings import settings_sentence
from leaderbench.sentences import Sentence
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.models import BoardPlace, ModelDetail, ModelScore, ShownFact, ShownModel
from leaderbench.web.values.runs import ShownScore
from leaderbench.web.views import BoardView, ModelFilters, ModelsView

Records = Callable[[str], ModelRecord]

most_scores = 1000
"""Scores that a model's page shows at most."""

most_explanations = 50
"""Of a model that its page leads to."""


class _Records:
    """Records by name, each worked out once."""

    def __init__(self, catalogue: catalogue_files.Catalogue) -> None:
        self.problems = catalogue.problems
        self._catalogue = catalogue
        self._found: dict[str, ModelRecord] = {}

    def __call__(self, name: str) -> ModelRecord:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._catalogue.record(name)
        return found


def records(live: LiveStore) -> _Records:
    """The record of each model, from what the store keeps and what names say."""

    def read() -> _Records:
        try:
            return _Records(catalogue_files.load(live.store.path))
        except LeaderbenchError as error:
            return _Records(catalogue_files.Catalogue({}, (live.told(error),)))

    return live.keep("records", live.version_of_models(), read)


def query_of(view: ModelFilters) -> Query:
    """The search that a view's words are."""
    return Query(
        search=view.q,
        types=frozenset(view.type),
        sizes=tuple(SIZES[name] for name in view.size),
        commercial=frozenset(view.commercial),
        languages=frozenset(view.language),
        precisions=frozenset(view.precision),
        hide_merges=not view.merges,
        hide_mixtures=not view.mixtures,
    )


def shown_models(live: LiveStore, view: ModelsView) -> Paged[ShownModel]:
    """A page of the models that have scores, by name."""
    version = live.version()
    listed: dict[str, ListedModel] = live.keep(
        "models", version, lambda: {item.name: item for item in live.index.models()}
    )
    known_models = records(live)
    query = query_of(view)
    chosen = [model for name, model in listed.items() if matches(known_models(name), query)]
    start = (view.page - 1) * view.rows
    items = tuple(_shown(model, known_models(model.name)) for model in chosen[start : start + view.rows])
    return Paged[ShownModel](items=items, page=view.page, size=view.rows, total=len(chosen))


def shown_model(live: LiveStore, name: str, language: str = "en") -> ModelDetail:
    """A model with its scores, its places and what is known of it. Raises `AbsentError`."""
    from leaderbench.web.shown import explanations  # which needs this file

    version = live.version()
    listed: dict[str, ListedModel] = live.keep(
        "models", version, lambda: {item.name: item for item in live.index.models()}
    )
    if name not in listed:
        raise AbsentError(Sentence("No model '{name}' has a score here.", name=name[:200]))
    found = records(live)
    record = found(name)
    entries = live.index.entries(models=[name])
    short = _shown(listed[name], record)
    return ModelDetail(
        **{field: getattr(short, field) for field in ShownModel.model_fields},
        identities=listed[name].identities,
        scores=tuple(model_score(live, entry) for entry in entries[:most_scores]),
        places=_places(live, name, {entry.benchmark for entry in entries}, language),
        explanations=explanations.for_(live, model=name)[:most_explanations],
        problems=tuple(map(live.said, (*record.problems, *found.problems))),
    )


def _places(live: LiveStore, name: str, benchmarks: set[str], language: str) -> tuple[BoardPlace, ...]:
    from leaderbench.web.shown import boards as board_pages

    found = []
    for item in boards(live.store.path):
        if item.spec is None or benchmarks.isdisjoint(
            source for column in item.spec.columns for part in column.pieces for source in part.sources
        ):
            continue
        table = board_pages.board_file(live, item.name, BoardView())
        found += [
            BoardPlace(
                board=item.name,
                title=said(item.spec.title, language),
                rank=board_pages.shown_place(row.static),
                score=known(row.score),
                low=known(row.low),
                high=known(row.high),
                score_is_share=table.share,
            )
            for row in table.rows
            if row.model == name
        ]
    return tuple(found)


def _shown(listed: ListedModel, record: ModelRecord) -> ShownModel:
    facts = tuple(_fact(field, fact) for field in FIELDS if (fact := getattr(record, field)) is not None)
    return ShownModel(name=listed.name, runs=listed.runs, imported=listed.imported, last=listed.last, facts=facts)


def _fact(name: str, fact: Fact[Any]) -> ShownFact:
    value = fact.value if isinstance(fact.value, int | tuple) else str(fact.value)
    others = tuple(
        Sentence("{value} ({source})", value=_words(other.value), source=Sentence(other.source.value))
        for other in fact.others
    )
    source = Sentence(fact.source.value)
    return ShownFact(name=name, value=value, source=source, evidence=fact.evidence, otherwise=others)


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def model_score(live: LiveStore, entry: Entry) -> ModelScore:
    """An entry of the index as a value of the site."""
    return ModelScore(
        model=entry.model,
        identity=entry.identity,
        benchmark=entry.benchmark,
        score=shown_score(entry.score),
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
