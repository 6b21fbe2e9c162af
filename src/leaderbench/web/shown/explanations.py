"""Why implementations differ: the explanations that a store keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report.values import Report
from leaderbench.explain.split.explanation import Explanation, ModelSplit, explained
from leaderbench.explain.split.flips import Flipped, flipped, flipped_in_all
from leaderbench.explain.split.grid import Grid, load
from leaderbench.explain.split.stored import FOLDER, Stored, StoredExplanation, StoredGrid, explanations
from leaderbench.results.samples import table_of
from leaderbench.sentences import Sentence
from leaderbench.statistics.intervals import Interval
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown.runs import whole_run
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.explanations import (
    Estimated,
    ExplainedFlip,
    ListedExplanation,
    ShownContribution,
    ShownExplanation,
    ShownExplanations,
    ShownReordering,
    ShownSplit,
)
from leaderbench.web.views import ExplainedFlips, ExplanationsView, ExplanationView

most_models = 6
"""Models that a page explains at once."""


@dataclass(frozen=True, slots=True)
class Read:
    """An explanation that was read, as far as its files are whole."""

    explanation: Explanation
    problems: tuple[str, ...]


def listed(live: LiveStore, view: ExplanationsView) -> ShownExplanations:
    """A page of the explanations of a store, the newest first."""
    found = _stored(live)
    start = (view.page - 1) * view.rows
    items = tuple(_listed(item) for item in found.explanations[start : start + view.rows])
    paged = Paged[ListedExplanation](items=items, page=view.page, size=view.rows, total=len(found.explanations))
    return ShownExplanations(explanations=paged, problems=tuple(map(live.said, found.problems[:50])))


def for_(live: LiveStore, *implementations: str, model: str = "") -> tuple[ListedExplanation, ...]:
    """The explanations in which each of these implementations is an end, and of this model where one is named."""
    return tuple(
        _listed(item)
        for item in _stored(live).explanations
        if {item.a, item.b}.issuperset(implementations) and (not model or model in item.models)
    )


def _stored(live: LiveStore) -> Stored:
    folder = live.store.path / FOLDER
    files = [folder, *sorted(folder.glob("*.parquet"))]
    return live.keep_of_files(("explanations",), files, lambda: explanations(live.store))


def _listed(item: StoredExplanation) -> ListedExplanation:
    return ListedExplanation(
        id=item.id,
        a=item.a,
        b=item.b,
        models=item.models,
        questions=max(grid.questions for grid in item.grids),
        limits=item.grids[0].cause.limits,
        made=item.made,
    )


def shown_explanation(live: LiveStore, name: str, view: ExplanationView) -> ShownExplanation:
    """One explanation with a page of flipped questions.

    Raises `AbsentError` for an unknown explanation, model or cause, `LeaderbenchError` where all its files are damaged.
    """
    found = _find(live, name)
    read = _read(live, found, view.model)
    (pair,) = read.explanation.pairs
    short = _listed(found)
    runs = {item.grid.cause.identity: _runs(live, item.grid) for item in pair.splits}
    return ShownExplanation(
        **{field: getattr(short, field) for field in ListedExplanation.model_fields},
        answer=shown_report(live, name, view).answer,
        splits=tuple(_split(item, runs[item.grid.cause.identity]) for item in pair.splits),
        reorderings=tuple(
            ShownReordering(
                factor=item.factor,
                shift=_estimated(item.shift, item.shift_interval),
                reordering=_estimated(item.reorder, item.reorder_interval),
            )
            for item in pair.reorderings
        ),
        flips=_flips(live, pair.splits, runs, view),
        problems=read.problems,
    )


def shown_report(live: LiveStore, name: str, view: ExplanationView) -> Report:
    """The same as a report: the answer, tables and charts. Raises as `shown_explanation`."""
    from leaderbench.explain.split.explanation_report import report

    found = _find(live, name)
    names = _chosen(found, view.model)
    key = "report", name, *names
    files = [item.path for item in _wanted(found, names)]
    return live.keep_of_files(key, files, lambda: report(_read(live, found, view.model).explanation))


def _find(live: LiveStore, name: str) -> StoredExplanation:
    for item in _stored(live).explanations:
        if item.id == name:
            return item
    raise AbsentError(Sentence("There is no explanation {name} here.", name=name[:100]))


def _chosen(found: StoredExplanation, models: Sequence[str]) -> tuple[str, ...]:
    for model in models:
        if model not in found.models:
            raise AbsentError(Sentence("This explanation has no model {name}.", name=model[:200]))
    return tuple(name for name in found.models if name in models) if models else found.models[:most_models]


def _read(live: LiveStore, found: StoredExplanation, models: Sequence[str]) -> Read:
    names = _chosen(found, models)[:most_models]

    def read() -> Read:
        grids: list[Grid] = []
        problems = []
        for item in _wanted(found, names):
            try:
                grids.append(load(item.path))
            except LeaderbenchError as error:
                problems.append(live.told(error))
        if not grids:
            raise LeaderbenchError(problems[0])
        return Read(explained(grids), tuple(problems))

    files = [item.path for item in _wanted(found, names)]
    return live.keep_of_files(("explanation", found.id, *names), files, read)


def _wanted(found: StoredExplanation, names: Sequence[str]) -> Iterator[StoredGrid]:
    for item in found.grids:
        if item.cause.model in names:
            yield item


def _estimated(value: float, interval: Interval) -> Estimated:
    return Estimated(estimate=known(value), low=known(interval.low), high=known(interval.high))


def _split(item: ModelSplit, runs: tuple[str, str]) -> ShownSplit:
    return ShownSplit(
        model=item.model,
        a=_estimated(item.a.estimate, item.a.interval),
        b=_estimated(item.b.estimate, item.b.interval),
        difference=_estimated(item.split.difference.estimate, item.split.difference.interval),
        contributions=tuple(
            ShownContribution(
                factor=part.factor,
                estimate=known(part.estimate),
                low=known(part.interval.low),
                high=known(part.interval.high),
                smallest=known(part.smallest),
                largest=known(part.largest),
                moved=part.moved,
                lost=flips.lost,
                won=flips.won,
                near_ties=flips.near_ties,
                p=known(flips.adjusted),
            )
            for part, flips in zip(item.split.contributions, item.flips, strict=True)
        ),
        idle=item.grid.cause.fixed,
        questions=len(item.grid.example_ids),
        errors=item.grid.cause.errors,
        run_a=runs[0],
        run_b=runs[1],
    )


def _runs(live: LiveStore, grid: Grid) -> tuple[str, str]:
    """The newest runs of both ends by the same model, whole ones before others; empty where there is none."""
    cause = grid.cause
    ends = []
    for benchmark in (cause.a, cause.b):
        listed = live.index.runs(1, 200, benchmark=benchmark, model=cause.model, damaged=False).items
        same = [run for run in listed if run.identity == cause.identity and run.benchmark == benchmark]
        same.sort(key=lambda run: bool(run.settings))
        ends.append(same[0].id if same else "")
    return ends[0], ends[1]


def _flips(
    live: LiveStore, splits: Sequence[ModelSplit], runs: dict[str, tuple[str, str]], view: ExplanationView
) -> Paged[ExplainedFlip]:
    causes = {name for item in splits for name in item.grid.cause.factors}
    if view.cause and view.cause not in causes:
        raise AbsentError(Sentence("No cause is called {name} here.", name=view.cause))
    found = [(item, one) for item in splits for one in _flipped(item.grid, view.cause) if _asked_for(one, view.show)]
    start = (view.page - 1) * view.rows
    part = found[start : start + view.rows]
    places: dict[tuple[str, str], int] = {}
    for item in splits:
        ids = [one.example_id for owner, one in part if owner is item]
        for run in {*runs[item.grid.cause.identity]} if ids else ():
            places |= {(run, name): place for name, place in _places(live, run, ids).items()}

    def flip(item: ModelSplit, one: Flipped) -> ExplainedFlip:
        run_a, run_b = runs[item.grid.cause.identity]
        return ExplainedFlip(
            model=item.model,
            example_id=one.example_id,
            subset=one.subset,
            target=one.target,
            a=one.prediction_a,
            b=one.prediction_b,
            a_right=one.right_a,
            near_tie=one.near_tie,
            a_run=run_a,
            a_number=places.get((run_a, one.example_id)),
            b_run=run_b,
            b_number=None if view.cause else places.get((run_b, one.example_id)),
        )

    items = tuple(flip(item, one) for item, one in part)
    return Paged[ExplainedFlip](items=items, page=view.page, size=view.rows, total=len(found))


def _flipped(grid: Grid, cause: str) -> tuple[Flipped, ...]:
    if not cause:
        return flipped_in_all(grid)
    return flipped(grid, grid.cause.factors.index(cause)) if cause in grid.cause.factors else ()


def _asked_for(one: Flipped, show: ExplainedFlips) -> bool:
    if show is ExplainedFlips.NEAR_TIE:
        return one.near_tie
    return show is ExplainedFlips.ALL or one.right_a is (show is ExplainedFlips.LOST)


def _places(live: LiveStore, run: str, ids: Sequence[str]) -> dict[str, int]:
    """Where in a run's samples these examples stand; nothing where its samples cannot be read."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not run:
        return {}
    try:
        column = table_of(whole_run(live, run).samples).column("example_id").combine_chunks()
    except LeaderbenchError:
        return {}
    found = pc.index_in(pa.array(ids, pa.string()), value_set=column).to_pylist()
    return {name: place for name, place in zip(ids, found, strict=True) if place is not None}
