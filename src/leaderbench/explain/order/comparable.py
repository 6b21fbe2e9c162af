"""Which runs may be compared: the same models under the same implementations, asked the same questions."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from leaderbench.benchmarks import registry
from leaderbench.errors import LeaderbenchError
from leaderbench.models.baselines import is_baseline
from leaderbench.results.runs import Manifest, RunSummary
from leaderbench.results.subjects import names_of_models

Model = tuple[str, str]
"""A model's name and identity."""


@dataclass(frozen=True, slots=True)
class Comparable:
    """One run of each of several models under each of several implementations, all with the same settings."""

    models: tuple[str, ...]
    """Short names, in alphabetical order."""

    implementations: tuple[str, ...]
    """Without the family, in the order of `leaderbench list benchmarks`."""

    runs: tuple[tuple[RunSummary, ...], ...]
    """Implementations × models."""

    settings: str
    """How the runs differ from the whole plain benchmark; empty where they do not."""

    left_out: tuple[str, ...]
    """What else there was, in sentences."""


@dataclass(frozen=True, slots=True)
class _Settings:
    """What must be the same in all runs that are compared."""

    key: str
    """Everything that narrows a run, and the number of shots where it was set by hand."""

    text: str
    """The same for a reader; empty for the whole plain benchmark."""


_Table = dict[Model, dict[str, RunSummary]]
"""The newest run of each model under each implementation."""


def comparable(summaries: Iterable[RunSummary], family: str) -> Comparable:
    """The runs of a family that can be compared: of the settings with most of them, the models and implementations
    for which every run is there, as many as possible.

    Raises `LeaderbenchError` where the family is unknown or a single implementation, and where there are not two
    models with two implementations in common.
    """
    known = sorted(summaries, key=lambda item: (item.created, item.id))
    whole = [
        item
        for item in known
        if item.manifest
        and item.scores
        and item.benchmark.split("/")[0] == family
        and not is_baseline(item.model)  # which know nothing: their places are chance
    ]
    of_family = [item for item in whole if item.manifest and not item.manifest.stopped_early]
    _check(family, of_family, stopped_early=len(whole) - len(of_family))
    tables: dict[_Settings, _Table] = {}
    for item in of_family:
        assert item.manifest is not None
        table = tables.setdefault(_settings(item.manifest), {})
        table.setdefault(_model(item), {})[item.benchmark] = item
    settings = max(reversed(tables), key=lambda key: _size(tables[key]))
    table = tables[settings]
    names = _implementations(table)
    models = [model for model, runs in table.items() if runs.keys() >= names]
    if len(models) < 2 or len(names) < 2:
        raise _too_little(family, tables)
    order = _ordered(names)
    short = _names([table])
    models.sort(key=lambda model: short[model])
    others = [str(item.problem) for item in known if item.problem]
    if len(of_family) < len(whole):
        others.append(
            "Runs that stopped early are left out: what a test would say of them depends on where they stopped."
        )
    return Comparable(
        tuple(short[model] for model in models),
        tuple(_implementation(name) for name in order),
        tuple(tuple(table[model][name] for model in models) for name in order),
        settings.text,
        (*_left_out(table, order, short), *_other_settings(tables, settings), *others),
    )


def _check(family: str, of_family: Sequence[RunSummary], stopped_early: int) -> None:
    """Raise where a name is not that of a family with runs of several implementations."""
    if stopped_early and not of_family:
        raise LeaderbenchError(
            f"All runs of {family} in this store stopped early, so that what they answered decided where they stopped: "
            f"run them whole with `leaderbench run MODEL --benchmark {family}`."
        )
    if not of_family:
        found = registry.find(family)
        name = found[0].name.split("/")[0]
        if "/" in family:
            raise LeaderbenchError(
                f"{family} is a single implementation; give the family, {name}, to compare its order with others."
            )
        if len(found) < 2:
            raise _no_other(family, found[0].name)
        raise LeaderbenchError(
            f"There is no run of {family} in this store: make some with `leaderbench run MODEL --benchmark {family}`."
        )
    names = {item.benchmark for item in of_family}
    if len(names) == 1:
        (name,) = names
        others = [other for other in registry.names() if other.split("/")[0] == family and other != name]
        if not others:
            raise _no_other(family, name)
        raise LeaderbenchError(
            f"All runs of {family} in this store are of one implementation, {name}: "
            f"run the same models on another, such as {others[0]}."
        )


def _no_other(family: str, name: str) -> LeaderbenchError:
    return LeaderbenchError(f"{family} has a single implementation, {name}: there is no order to compare its with.")


def _settings(manifest: Manifest) -> _Settings:
    return _Settings(json.dumps(manifest.limits, sort_keys=True), manifest.settings)


def _model(summary: RunSummary) -> Model:
    return summary.model, summary.identity


def _implementation(benchmark: str) -> str:
    return benchmark.partition("/")[2] or benchmark


def _ordered(names: Collection[str]) -> list[str]:
    known = registry.names()
    return sorted(names, key=lambda name: (known.index(name) if name in known else len(known), name))


def _implementations(table: _Table) -> frozenset[str]:
    """The implementations to compare: those that give the most runs, two models and two implementations at least."""
    sets = {frozenset(runs) for runs in table.values()}
    candidates = sets | {one & other for one, other in combinations(sets, 2)}
    return max(sorted(candidates, key=sorted), key=lambda names: _runs(table, names), default=frozenset())


def _runs(table: _Table, names: frozenset[str]) -> tuple[bool, int, int]:
    models = sum(runs.keys() >= names for runs in table.values())
    return models > 1 and len(names) > 1, models * len(names), models


def _size(table: _Table) -> tuple[bool, int, int]:
    return _runs(table, _implementations(table))


def _too_little(family: str, tables: Mapping[_Settings, _Table]) -> LeaderbenchError:
    names = _names(tables.values())
    if len(names) == 1:
        return LeaderbenchError(
            f"Only {next(iter(names.values()))} has runs of {family} in this store, and an order needs two models: "
            f"run another with `leaderbench run MODEL --benchmark {family}`."
        )
    return LeaderbenchError(
        f"No two models have runs of the same two implementations of {family} with the same settings in this store: "
        f"run them all with `leaderbench run MODEL --benchmark {family}`."
    )


def _left_out(table: _Table, order: Sequence[str], short: Mapping[Model, str]) -> list[str]:
    found = [
        f"{short[model]} is left out: it has no run of {', '.join(missing)}."
        for model, runs in table.items()
        if (missing := [name for name in order if name not in runs])
    ]
    others = _ordered({name for runs in table.values() for name in runs} - set(order))
    if others:
        found.append(f"{', '.join(others)} is left out: not all of these models have a run of it.")
    return found


def _other_settings(tables: Mapping[_Settings, _Table], chosen: _Settings) -> list[str]:
    others = [settings.text or "the whole benchmark" for settings in tables if settings != chosen]
    return [f"Runs with other settings are left out: {'; '.join(others)}."] if others else []


def _names(tables: Iterable[_Table]) -> dict[Model, str]:
    """Short names, told apart where two models share one."""
    runs = [run for table in tables for runs in table.values() for run in runs.values()]
    names = names_of_models(runs)
    return {_model(run): names[run.id] for run in runs}
