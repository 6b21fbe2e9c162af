"""Every model that a store knows, with what is known of it; and the bundled ones, which are always there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderbench.bundled import model_folders
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation import catalogue_files
from leaderbench.models import search
from leaderbench.models.catalogue import ModelRecord, describe
from leaderbench.results.index import Index
from leaderbench.results.store import Store
from leaderbench.results.subjects import told_apart


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model with its results."""

    record: ModelRecord
    runs: int
    """Runs of it in the store that can be used."""

    imported: int
    """Scores of it that others published."""

    bundled: bool
    """Whether it comes with leaderbench."""

    variants: tuple[str, ...] = ()
    """Where other weights, revisions or precisions of it were asked: what each is called."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.record.name


@dataclass(frozen=True, slots=True)
class KnownModels:
    """Models, bundled ones first, then by name."""

    models: tuple[KnownModel, ...]
    problems: tuple[str, ...]
    """What could not be read, a sentence each; the models are then what the rest says."""


def known_models(store: Store | str | Path, query: search.Query | str = "") -> KnownModels:
    """The models with runs or imported scores in a store, and the bundled ones, that a query looks for.

    `query` is a search (see `models.search`) or one with filters. Records that cannot be read, and what the host
    declares wrongly, are said in `problems`. Raises `LeaderbenchError` where the store cannot be listed.
    """
    place = store if isinstance(store, Store) else Store(store)
    with Index(place) as index:
        problems = [*index.catch_up().problems]
        listed = {item.name: item for item in index.models()}
        variants: dict[str, list[str]] = {}
        for subject, name in zip(subjects := index.subjects(), told_apart(subjects), strict=True):
            variants.setdefault(subject.name, []).append(name)
    try:
        catalogue = catalogue_files.load(place.path)
    except LeaderbenchError as error:
        catalogue = catalogue_files.Catalogue({}, (str(error),))
    problems += catalogue.problems
    bundled = {f"bundled:{name}" for name in model_folders()}
    unknown = {name for name in listed if name not in catalogue.records and listed[name].runs}
    seen = _seen(place) if unknown else {}
    found = []
    for name in sorted(bundled | listed.keys(), key=lambda name: (name not in bundled, name)):
        if name in bundled and name not in catalogue.records:
            record = catalogue.completed(describe(name))
        else:
            record = catalogue.record(name, seen.get(name))
        problems += [f"{name}: {problem}" for problem in record.problems]
        if search.matches(record, query):
            counts = listed.get(name)
            several = tuple(sorted(variants[name])) if len(variants.get(name, ())) > 1 else ()
            runs, imported = (counts.runs, counts.imported) if counts else (0, 0)
            found.append(KnownModel(record, runs, imported, name in bundled, several))
    return KnownModels(tuple(found), tuple(problems))


def _seen(store: Store) -> Mapping[str, Mapping[str, Any]]:
    """What the newest run of each model saw of it."""
    return {item.model: item.manifest.model for item in store.runs() if item.manifest is not None}
