"""Two runs side by side: the causes that differ, the questions that flipped, and whether the gap is real."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.difference.causes import DATASET, Cause, compare_manifests
from leaderbench.explain.difference.first_cause import FirstCause, Terms, first_cause, standing
from leaderbench.explain.noise import SIGNIFICANT_BITS, noise
from leaderbench.records import Aggregation, Metric, Sample, Score
from leaderbench.results.runs import Run
from leaderbench.statistics.comparison import Difference, paired_difference
from leaderbench.statistics.ranking import alpha

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs."""

    run: str
    """Its id."""

    model: str
    benchmark: str
    score: Score
    """What the run says of the metric that is compared, on all its questions."""

    only: int
    """Questions that the other run was not asked; they are left out."""

    unanswered: int
    """Shared questions without a value of the metric, mostly errors; they are left out."""

    stopped: bool = False
    """Whether asking stopped because of what the answers said: p and interval take the number of questions as fixed,
    and are too sure of such a run."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run made of a flipped question."""

    prediction: str | None
    value: float
    """Of the metric that is compared; right above one half."""

    margin: float
    """How far ahead of the runner-up, in nats (a character, for `acc_norm`); NaN where unknown."""

    noise: float
    """Margins below this, in the same unit, are within float noise."""

    @property
    def right(self) -> bool:
        """Whether the metric counts it as right."""
        return self.value > 0.5


@dataclass(frozen=True, slots=True)
class Flipped:
    """A question that one run got right and the other wrong."""

    example_id: str
    subset: str
    target: str
    cause: FirstCause
    a: Answer
    b: Answer
    samples: tuple[Sample, Sample]
    """The two rows, with prompts and everything else."""

    @property
    def near_tie(self) -> bool:
        """Whether the margin of either side is within float noise."""
        return self.a.margin < self.a.noise or self.b.margin < self.b.noise


@dataclass(frozen=True, slots=True)
class SubsetDifference:
    """How far apart the two are in one subset."""

    subset: str
    difference: Difference
    adjusted: float
    """p after Benjamini and Hochberg's correction over all subsets: of the subsets below 0.05, at most about 5 % are
    there by chance."""

    @property
    def real(self) -> bool:
        """Whether the two differ here by more than noise."""
        return self.adjusted < alpha


@dataclass(frozen=True, slots=True)
class Diff:
    """What two runs say of each other. Differences are A minus B."""

    a: Side
    b: Side
    causes: tuple[Cause, ...]
    """Every cause of a score, in order, with what both manifests say."""

    shared: int
    """Questions that both were asked."""

    aggregation: Aggregation
    """How the difference sums up the questions: as both runs report, a plain mean where they report otherwise."""

    difference: Difference
    """Over the shared questions that both answered; its `minimum_detectable_effect` is what they could have shown."""

    flips: tuple[Flipped, ...]
    """In the order of run A."""

    changed: int
    """Questions with another answer and the same verdict."""

    agreement: float
    """Share of the questions on which both gave the same answer."""

    subsets: tuple[SubsetDifference, ...]
    """In the order of run A; empty where there is only one."""

    noise: float
    """Nats by which two log-likelihoods differ without a reason, in the coarser dtype of the two."""

    @property
    def real(self) -> bool:
        """Whether the gap is more than noise."""
        return self.difference.p < alpha

    @property
    def near_ties(self) -> int:
        """How many flipped questions have a margin within float noise."""
        return sum(flip.near_tie for flip in self.flips)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The columns of a run that every question needs, by example id."""

    place: dict[str, int]
    subsets: list[str]
    predictions: list[str | None]
    values: list[float | None]


def diff(run_a: Run, run_b: Run, metric: Metric | str | None = None) -> Diff:
    """Compare two runs on the questions that both were asked, each by the metric that it reports or both by `metric`.

    Raises `LeaderbenchError` where they share no question, where one lacks the metric, and where a file is damaged.
    """
    scores = _scores(run_a, run_b, metric)
    names = scores[0].metric.name, scores[1].metric.name
    tables = _table(run_a), _table(run_b)
    rows_a, rows_b = _rows(run_a, tables[0], names[0]), _rows(run_b, tables[1], names[1])
    causes = compare_manifests(run_a.manifest, run_b.manifest)
    shared = [name for name in rows_a.place if name in rows_b.place]
    _require_shared(run_a, run_b, shared, causes)
    values_a, values_b = _values(rows_a, shared), _values(rows_b, shared)
    both = [name for name in shared if name in values_a and name in values_b]
    if not both:
        raise LeaderbenchError(f"Runs {run_a.id} and {run_b.id} share {len(shared)} questions, none answered by both.")
    subset_of = {name: rows_a.subsets[rows_a.place[name]] for name in both}
    same = scores[0].metric.aggregation is scores[1].metric.aggregation
    aggregation = scores[0].metric.aggregation if same else Aggregation.MICRO
    macro = aggregation is Aggregation.MACRO and len(set(subset_of.values())) > 1
    flipped = [name for name in both if (values_a[name] > 0.5) != (values_b[name] > 0.5)]
    other = [name for name in both if _prediction(rows_a, name) != _prediction(rows_b, name)]
    terms = _terms(run_a, run_b, causes, names)
    return Diff(
        a=_side(run_a, scores[0], len(rows_a.place) - len(shared), len(shared) - len(values_a)),
        b=_side(run_b, scores[1], len(rows_b.place) - len(shared), len(shared) - len(values_b)),
        causes=causes,
        shared=len(shared),
        aggregation=aggregation,
        difference=_difference(values_a, values_b, both, subset_of if macro else None),
        flips=_flips(flipped, tables, (rows_a, rows_b), (values_a, values_b), terms),
        changed=len(set(other) - set(flipped)),
        agreement=1 - len(other) / len(both),
        subsets=_subsets(values_a, values_b, subset_of),
        noise=terms.noise,
    )


def _scores(run_a: Run, run_b: Run, metric: Metric | str | None) -> tuple[Score, Score]:
    """The scores compared; a bare name means one aggregation for both, where both have it."""
    a, b = run_a.score(metric), run_b.score(metric)
    if metric is not None and a.metric != b.metric:
        for wanted, other in ((a.metric, run_b), (b.metric, run_a)):
            if any(score.metric == wanted and score.subset is None for score in other.scores):
                return run_a.score(wanted), run_b.score(wanted)
    return a, b


def _table(run: Run) -> "pa.Table":
    from leaderbench.results.samples import StoredSamples, to_table

    return run.samples.table if isinstance(run.samples, StoredSamples) else to_table(run.samples)


def _rows(run: Run, table: "pa.Table", metric: str) -> _Rows:
    """What every question needs. Raises `LeaderbenchError` where two rows have one example id."""
    wanted = ("example_id", "subset", "prediction", "predictions", "metrics", "error")
    columns: dict[str, list[Any]] = {name: table.column(name).to_pylist() for name in wanted}
    values: list[float | None] = []
    for metrics, error in zip(columns["metrics"], columns["error"], strict=True):
        found = dict(metrics or ()).get(metric)
        values.append(None if error is not None or found is None or math.isnan(found) else float(found))
    own = [dict(found or ()) for found in columns["predictions"]]
    predictions = [found.get(metric, first) for found, first in zip(own, columns["prediction"], strict=True)]
    place = {name: number for number, name in enumerate(columns["example_id"])}
    if len(place) != table.num_rows:
        twice = Counter(columns["example_id"]).most_common(1)[0][0]
        raise LeaderbenchError(f"Question {twice} stands twice in run {run.id}: its questions cannot be paired.")
    return _Rows(place, columns["subset"], predictions, values)


def _values(rows: _Rows, names: Sequence[str]) -> dict[str, float]:
    found = ((name, rows.values[rows.place[name]]) for name in names)
    return {name: value for name, value in found if value is not None}


def _prediction(rows: _Rows, name: str) -> str | None:
    return rows.predictions[rows.place[name]]


def _require_shared(run_a: Run, run_b: Run, shared: Sequence[str], causes: Sequence[Cause]) -> None:
    """Equal ids are equal questions only inside one dataset or one family of benchmarks."""
    a, b = (str(run.manifest.benchmark.get("name", "?")) for run in (run_a, run_b))
    dataset = next(cause for cause in causes if cause.name == DATASET)
    datasets = dataset.a.get("dataset"), dataset.b.get("dataset")
    strangers = a.split("/")[0] != b.split("/")[0] and None not in datasets and datasets[0] != datasets[1]
    if strangers or not shared:
        raise LeaderbenchError(
            f"Runs {run_a.id} ({a}) and {run_b.id} ({b}) share no question: "
            "give two runs that were asked the same questions of one benchmark."
        )


def _side(run: Run, score: Score, only: int, unanswered: int) -> Side:
    model, benchmark = (str(part.get("name", "?")) for part in (run.manifest.model, run.manifest.benchmark))
    return Side(run.id, model, benchmark, score, only, unanswered, "until_separated" in run.manifest.limits)


def _terms(run_a: Run, run_b: Run, causes: Sequence[Cause], names: tuple[str, str]) -> Terms:
    models = run_a.manifest.model, run_b.manifest.model
    return Terms(
        causes={cause.name: cause for cause in causes},
        metrics=names,
        reported=(run_a.score().metric.name, run_b.score().metric.name),
        noise=max(map(noise, models)),
        epsilon=max(2.0 ** -SIGNIFICANT_BITS.get(str(model.get("dtype")), 23) for model in models),
    )


def _difference(
    a: Mapping[str, float], b: Mapping[str, float], names: Sequence[str], subsets: Mapping[str, str] | None
) -> Difference:
    return paired_difference({name: a[name] for name in names}, {name: b[name] for name in names}, subsets=subsets)


def _subsets(
    a: Mapping[str, float], b: Mapping[str, float], subset_of: Mapping[str, str]
) -> tuple[SubsetDifference, ...]:
    members: dict[str, list[str]] = {}
    for name, subset in subset_of.items():
        members.setdefault(subset, []).append(name)
    if len(members) < 2:
        return ()
    from scipy.stats import false_discovery_control

    found = {subset: _difference(a, b, names, None) for subset, names in members.items()}
    adjusted = false_discovery_control([difference.p for difference in found.values()])
    return tuple(
        SubsetDifference(subset, difference, float(p))
        for (subset, difference), p in zip(found.items(), adjusted, strict=True)
    )


def _flips(
    names: Sequence[str],
    tables: "tuple[pa.Table, pa.Table]",
    rows: tuple[_Rows, _Rows],
    values: tuple[Mapping[str, float], Mapping[str, float]],
    terms: Terms,
) -> tuple[Flipped, ...]:
    """The flipped questions; only their rows become samples."""
    import pyarrow as pa

    from leaderbench.results.samples import from_table

    samples = [
        list(from_table(table.take(pa.array([own.place[name] for name in names], pa.int64()))))
        for table, own in zip(tables, rows, strict=True)
    ]
    found = []
    for name, *pair in zip(names, *samples, strict=True):
        one, other = pair
        answers = [
            Answer(_prediction(rows[side], name), values[side][name], *standing(pair[side], terms, side))
            for side in (0, 1)
        ]
        cause = first_cause(one, other, terms)
        found.append(Flipped(name, one.subset, one.target, cause, answers[0], answers[1], (one, other)))
    return tuple(found)
