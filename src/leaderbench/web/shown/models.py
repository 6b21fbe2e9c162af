"""What is known of models, and which of them a reader wants."""

from collections.abc import Callable, Iterable
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation import catalogue_files
from leaderbench.models.catalogue import FIELDS, ModelRecord
from leaderbench.models.facts import Fact
from leaderbench.models.search import SIZES, Query, matches
from leaderbench.results.listings import ListedModel
from leaderbench.sentences import Sentence
from leaderbench.web.live import LiveStore
from leaderbench.web.values.basics import Paged
from leaderbench.web.values.facts import ShownFact
from leaderbench.web.values.models import ShownModel
from leaderbench.web.views import ModelFilters, ModelsView

Records = Callable[[str], ModelRecord]


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
        hide_flagged=not view.warned,
        official=view.official,
    )


def listed(live: LiveStore) -> dict[str, ListedModel]:
    """The models that have scores, by name."""
    return live.keep("models", live.version(), lambda: {item.name: item for item in live.index.models()})


def shown_models(live: LiveStore, view: ModelsView) -> Paged[ShownModel]:
    """A page of the models that have scores, by name."""
    known_models = records(live)
    query = query_of(view)
    chosen = [model for name, model in listed(live).items() if matches(known_models(name), query)]
    start = (view.page - 1) * view.rows
    items = tuple(short_model(model, known_models(model.name)) for model in chosen[start : start + view.rows])
    return Paged[ShownModel](items=items, page=view.page, size=view.rows, total=len(chosen))


def short_model(model: ListedModel, record: ModelRecord) -> ShownModel:
    """A model in a line of a listing, with the facts of its record."""
    facts = shown_facts(record, FIELDS)
    return ShownModel(name=model.name, runs=model.runs, imported=model.imported, last=model.last, facts=facts)


def shown_facts(record: ModelRecord, names: Iterable[str]) -> tuple[ShownFact, ...]:
    """Those of these facts that are known of a model."""
    return tuple(_fact(name, fact) for name in names if (fact := getattr(record, name)) is not None)


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
