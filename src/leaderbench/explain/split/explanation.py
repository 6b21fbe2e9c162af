"""What each cause contributes to the difference between implementations, for one model or several."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from logging import getLogger
from pathlib import Path

import numpy as np

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.base import Benchmark, Datasets
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.drawn import draw, sizes
from leaderbench.evaluation.progress import Progress
from leaderbench.evaluation.run import dataset_source
from leaderbench.explain.split.design import Design, design
from leaderbench.explain.split.fill import Forecast, Scope, fill, lockstep
from leaderbench.explain.split.flips import FactorFlips, factor_flips
from leaderbench.explain.split.grid import Grid, file_name, save
from leaderbench.models.base import Model
from leaderbench.records import Aggregation
from leaderbench.results.store import Store, store_at
from leaderbench.statistics.comparison import Difference, paired_difference
from leaderbench.statistics.decomposition import Split, remainder, shapley, split, weighted
from leaderbench.statistics.finite import Stratum, bank_mean
from leaderbench.statistics.intervals import Estimate, Interval, mean
from leaderbench.statistics.reordering import Reordering, reordering
from leaderbench.statistics.stratified import macro


@dataclass(frozen=True, slots=True)
class ModelSplit:
    """One model's difference between two implementations, split by cause."""

    model: str
    design: Design | None
    """Its factors are those that change anything on these questions. None where it was read from a stored grid."""

    grid: Grid
    a: Estimate
    """The score under A, with its interval."""

    b: Estimate
    split: Split
    flips: tuple[FactorFlips, ...]
    """What each factor alone does to A's questions."""

    remainder: float | None = None
    """The part of a published difference that this one does not show; None where nothing published was given."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The difference between two implementations."""

    a: str
    b: str
    splits: tuple[ModelSplit, ...]
    """One a model."""

    reorderings: tuple[Reordering, ...] = ()
    """For each factor, how far it moves everybody and how far it reorders; empty for one model."""

    whole: Reordering | None = None
    """The same for the implementation as a whole."""


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why the scores of some models differ between implementations."""

    models: tuple[str, ...]
    pairs: tuple[Pair, ...]
    """The first implementation against each other one."""

    scope: Scope | None
    """Which questions, and where they are read; None where all was read from stored grids."""

    def __repr__(self) -> str:
        pairs = ", ".join(f"{pair.a} → {pair.b}" for pair in self.pairs)
        return f"<Explanation of {pairs} for {', '.join(self.models)}>"

    @property
    def limits(self) -> str:
        """What narrows the questions, in words; empty for all of them."""
        return self.pairs[0].splits[0].grid.cause.limits


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how an explanation comes along."""

    model: Callable[[str], None] = lambda name: None
    """A model is asked next."""

    forecast: Callable[[str, Forecast], None] = lambda pair, forecast: None
    """What a pair of implementations will cost, after a few questions."""

    progress: Callable[[Progress], None] | None = None


def explanation(
    models: str | Model | Sequence[str | Model],
    implementations: str | Benchmark | Sequence[str | Benchmark],
    *,
    factors: Sequence[str] = (),
    published: Mapping[str, float] | None = None,
    store: str | Path | Store | None = None,
    datasets: str | Path | Datasets | None = None,
    subsets: Sequence[str] = (),
    limit: int | None = None,
    questions: int | None = None,
    seed: int = 0,
    revision: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    listener: Listener | None = None,
) -> Explanation:
    """Split the difference between implementations into what each cause contributes.

    All recipes between two implementations are asked on the same questions, and what a store already answers is not
    asked again. Every question's difference is shared out by Shapley values, so that contributions sum to it.

    Args:
        models: One or several: Hub ids, local folders, `bundled:NAME`, or any `Model`.
        implementations: A family such as `mmlu`, or implementations by name; the first is compared with each other.
        factors: Only these causes, one name each or several joined by `+`; what is left is one cause more.
        published: Scores that somebody published, by implementation, for one model: the part that is not reproduced
            is told.
        store: Folder of the store; `LEADERBENCH_STORE` or `leaderbench-store` where not given.
        datasets: Folder of local copies of Hub datasets; `LEADERBENCH_DATASETS`, else the Hub.
        subsets: Only these subsets.
        limit: At most so many questions of each subset, the first ones.
        questions: So many questions in all, drawn at random inside each subset.
        seed: Of that draw.
        revision: Commit, branch or tag of a Hub model.
        dtype: See `load_model`.
        device: See `load_model`.
        listener: Who is told how it comes along.

    Raises:
        LeaderbenchError: bad input, missing data, an unusable store; one sentence.
    """
    asked = [models] if isinstance(models, str) or not isinstance(models, Sequence) else list(models)
    recipes = chosen(implementations)
    plans = [design(recipes[0], other, factors) for other in recipes[1:]]
    _check_published(published, recipes, asked)
    place = store_at(store)
    scope = _scope(recipes[0], dataset_source(datasets), place, subsets, limit, questions, seed)
    told = listener or Listener()
    _check_found(asked, revision)
    filled: list[list[tuple[Design | None, Grid]]] = [[] for _ in plans]
    known: dict[str, str] = {}
    for item in asked:
        model = _load(item, revision, dtype, device, told)
        if model.identity in known:
            raise LeaderbenchError(f"{model.name} and {known[model.identity]} are one model: name each model once.")
        known[model.identity] = model.name
        for plan, found in zip(plans, filled, strict=True):
            found.append(_fill(model, plan, scope, told))
    pairs = tuple(_pair(found, published) for found in filled)
    return Explanation(tuple(item.model for item in pairs[0].splits), pairs, scope)


def chosen(implementations: str | Benchmark | Sequence[str | Benchmark]) -> list[Benchmark]:
    """Two or more implementations of one benchmark.

    Raises:
        LeaderbenchError: a name is unknown, or there are not two.
    """
    if isinstance(implementations, str):
        found: list[Benchmark] = list(registry.find(implementations))
    elif isinstance(implementations, Sequence):
        found = [registry.get(item) if isinstance(item, str) else item for item in implementations]
    else:
        found = [implementations]
    names = [item.name for item in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LeaderbenchError(f"{twice} is named twice and has no difference to itself: name each once.")
    if len(found) < 2:
        name = found[0].name if found else "nothing"
        raise LeaderbenchError(f"{name} is a single implementation: name another one to compare it with.")
    return found


def _check_found(models: Sequence[str | Model], revision: str | None) -> None:
    """Raise for a model that cannot be found before any other is asked for minutes."""
    from leaderbench.models.baselines import is_baseline
    from leaderbench.models.sources import find

    for item in models:
        if isinstance(item, str) and not is_baseline(item):
            find(item, revision)


def _check_published(
    published: Mapping[str, float] | None, recipes: Sequence[Benchmark], models: Sequence[str | Model]
) -> None:
    if not published:
        return
    for name, score in published.items():
        if not 0 <= score <= 1:
            raise LeaderbenchError(f"The published score of {name} must be a share between 0 and 1, not {score:g}.")
    names = [recipe.name for recipe in recipes]
    if set(published) != set(names) or len(models) != 1:
        raise LeaderbenchError(
            f"Published scores are compared for one model and two implementations: give one for each of "
            f"{' and '.join(names)}."
        )


def _scope(
    recipe: Benchmark,
    source: Datasets,
    store: Store,
    subsets: Sequence[str],
    limit: int | None,
    questions: int | None,
    seed: int,
) -> Scope:
    """Which questions are asked; the draw of a random part is the one that `evaluate` makes."""
    if limit is not None and limit < 1:
        raise LeaderbenchError(f"A limit of {limit} leaves nothing to ask; give 1 or more, or none.")
    if limit is not None and questions is not None:
        raise LeaderbenchError("A limit and a number of questions exclude each other: give one of them.")
    words = ", ".join(filter(None, [", ".join(subsets), f"the first {limit} of each subset" if limit else ""]))
    scope = Scope(source, store, tuple(subsets), limit, words=words)
    if questions is None:
        return scope
    every = [asked for (asked,) in lockstep([recipe], scope)]
    drawn = {asked.example.id for asked in draw(every, questions, seed, recipe.name)}
    if len(drawn) == len(every):
        return scope
    drawing = f"{len(drawn):,} of {len(every):,} questions, drawn at random (seed {seed})"
    wanted = ", ".join(filter(None, [words, drawing]))
    return replace(scope, wanted=drawn.__contains__, words=wanted, bank=sizes(every))


def _load(item: str | Model, revision: str | None, dtype: str, device: str, told: Listener) -> Model:
    if not isinstance(item, str):
        told.model(item.name)
        return item
    from leaderbench.models.load import load_model

    told.model(item)
    return load_model(item, revision=revision, dtype=dtype, device=device)


def _fill(model: Model, plan: Design, scope: Scope, told: Listener) -> tuple[Design, Grid]:
    """One model in all configurations; the numbers are kept beside the runs."""
    found, grid = fill(model, plan, scope, told.progress, lambda forecast: told.forecast(plan.between, forecast))
    try:
        save(grid, scope.store.path / "explanations" / file_name(grid))
    except LeaderbenchError as error:  # a store that may only be read can still be explained
        getLogger(__name__).warning(f"The numbers behind this explanation are not kept: {error}")
    return found, grid


def explained(grids: Sequence[Grid]) -> Explanation:
    """What the grids of one or several models say of the difference between the same two implementations.

    It is what `explanation` gave when it kept them, but for the prompts of flipped questions and for published scores.

    Raises:
        LeaderbenchError: there is no grid, they are of different implementations, or share no question.
    """
    ends = {(grid.cause.a, grid.cause.b) for grid in grids}
    if len(ends) != 1:
        raise LeaderbenchError("Give at least one grid, and only grids of the same two implementations.")
    pair = _pair([(None, grid) for grid in grids], None)
    return Explanation(tuple(item.model for item in pair.splits), (pair,), None)


def _pair(filled: Sequence[tuple[Design | None, Grid]], published: Mapping[str, float] | None) -> Pair:
    splits = tuple(_split(found, grid, published) for found, grid in filled)
    a, b = splits[0].grid.cause.a, splits[0].grid.cause.b
    if len(splits) < 2:
        return Pair(a, b, splits)
    reorderings, whole = _reorderings([grid for _, grid in filled])
    return Pair(a, b, splits, reorderings, whole)


def _split(plan: Design | None, grid: Grid, published: Mapping[str, float] | None) -> ModelSplit:
    strata = grid.strata()
    found = split(grid.values, grid.cause.factors, grid.weights(), None if strata is None else strata.tolist())
    found = replace(found, difference=_difference(grid) or found.difference)
    rest = None
    if published:
        rest = remainder(published[grid.cause.a], published[grid.cause.b], found.score_a, found.score_b)
    a, b = (score(grid, mask) for mask in (0, grid.values.shape[1] - 1))
    return ModelSplit(grid.cause.model, plan, grid, a, b, found, factor_flips(grid), rest)


def by_subset(grid: Grid) -> tuple[tuple[str, Difference], ...]:
    """B minus A in each subset, in the order of the dataset."""
    found = []
    for subset in dict.fromkeys(grid.subsets):
        places = [place for place, name in enumerate(grid.subsets) if name == subset]
        a, b = ({grid.example_ids[place]: float(grid.values[place, end]) for place in places} for end in (0, -1))
        found.append((subset, paired_difference(b, a)))
    return tuple(found)


def _difference(grid: Grid) -> Estimate | None:
    """B minus A as `diff` has it for two runs; None where the two are summed up in different ways, or drawn."""
    first, last = grid.cause.aggregations[0], grid.cause.aggregations[-1]
    if first != last or grid.cause.bank is not None:
        return None
    a, b = (dict(zip(grid.example_ids, grid.values[:, end].tolist(), strict=True)) for end in (0, -1))
    subsets = dict(zip(grid.example_ids, grid.subsets, strict=True)) if first == Aggregation.MACRO else None
    found = paired_difference(b, a, subsets=subsets)
    return Estimate(found.net, found.standard_error, found.interval, found.n)


def score(grid: Grid, mask: int) -> Estimate:
    """The score of one configuration with its interval, as a run of it has them."""
    column, subsets = grid.values[:, mask], np.array(grid.subsets)
    parts = {name: column[subsets == name].tolist() for name in dict.fromkeys(grid.subsets)}
    aggregation = Aggregation(grid.cause.aggregations[mask])
    if grid.cause.bank is not None:
        return bank_mean([Stratum(values, grid.cause.bank[name]) for name, values in parts.items()], aggregation)
    return macro(list(parts.values())) if aggregation is Aggregation.MACRO else mean(column.tolist())


def _reorderings(whole_grids: Sequence[Grid]) -> tuple[tuple[Reordering, ...], Reordering]:
    """Shift and reordering of every factor that does something for some model, on the questions all answered."""
    shared = set.intersection(*(set(grid.example_ids) for grid in whole_grids))
    if not shared:
        raise LeaderbenchError("The models share no answered question: nothing can be said about their order.")
    grids = [grid.only(shared) for grid in whole_grids]
    names = tuple(dict.fromkeys(name for grid in grids for name in grid.cause.factors))
    phi = np.stack([_contributions(grid, names) for grid in grids])
    strata = grids[0].strata()
    groups = None if strata is None else strata.tolist()
    found = tuple(_possible(item) for item in reordering(phi, names, groups))
    (whole,) = reordering(phi.sum(axis=2, keepdims=True), ["implementation"], groups)
    return found, _possible(whole)


def _possible(item: Reordering) -> Reordering:
    """With intervals that say no more than can be: shares differ by at most 1, and so does what they vary by."""
    shift, reorder = item.shift_interval, item.reorder_interval
    return replace(
        item,
        shift_interval=Interval(max(shift.low, -1.0), min(shift.high, 1.0)),
        reorder_interval=Interval(reorder.low, min(reorder.high, 1.0)),
    )


def _contributions(grid: Grid, names: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Per-question contributions of shape (questions, names); 0 where a factor does nothing for this model."""
    own = shapley(weighted(grid.values, grid.weights()))
    result = np.zeros((len(own), len(names)))
    for column, name in enumerate(grid.cause.factors):
        result[:, names.index(name)] = own[:, column]
    return result


def overall(explanation: Explanation) -> Iterator[tuple[Pair, Reordering]]:
    """Every pair with what its implementation as a whole does to many models."""
    for pair in explanation.pairs:
        if pair.whole is not None:
            yield pair, pair.whole
