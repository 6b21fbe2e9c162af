"""Questions that runs share, and how much each counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Metric, Score, View, largest
from leaderbench.results.runs import Run
from leaderbench.sentences import Sentence
from leaderbench.statistics.comparison import Difference, paired_difference

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Side:
    """One of the runs that are compared."""

    run: str
    """Its id."""

    model: str
    benchmark: str
    score: Score
    """What the run says of the metric that is compared, on all its questions."""

    only: int
    """Questions that not all of the others were asked; they are left out."""

    unanswered: int
    """Shared questions without a value of the metric, mostly errors; they are left out."""

    stopped: bool
    """Whether asking stopped because of what the answers said: p and intervals take the number of questions as fixed,
    and are too sure of such a run."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What every question of a run needs to be compared, by column."""

    place: Mapping[str, int]
    """The row of each example id."""

    subsets: Sequence[str]
    predictions: Sequence[str | None]
    values: Sequence[float | None]
    """Of the metric that is compared; None where the question has none, mostly because it was not answered."""

    def answered(self, names: Sequence[str]) -> dict[str, float]:
        """The values of those questions that have one."""
        found = ((name, self.values[self.place[name]]) for name in names)
        return {name: value for name, value in found if value is not None}

    def prediction(self, name: str) -> str | None:
        """What was answered to a question."""
        return self.predictions[self.place[name]]


@dataclass(frozen=True, slots=True)
class Weighing:
    """How much each question counts in a difference of means."""

    aggregation: Aggregation
    """As the runs report, a plain mean over questions where they report otherwise."""

    bank: Mapping[str, int] | None
    """Where the questions are a random part of a bank: how many each of its subsets has. Then a mean over questions is
    the one over the bank, in which every subset weighs as much as it is large."""

    def difference(self, a: Mapping[str, float], b: Mapping[str, float], subsets: Mapping[str, str]) -> Difference:
        """A minus B on the questions of `subsets` (example id to subset), which both answered."""
        pair = [{name: values[name] for name in subsets} for values in (a, b)]
        if len(set(subsets.values())) < 2:
            return paired_difference(*pair)
        if self.aggregation is Aggregation.MACRO:
            return paired_difference(*pair, subsets=subsets)
        if self.bank is not None:
            return paired_difference(*pair, subsets=subsets, sizes=self.bank)
        return paired_difference(*pair)


def rows_of(run: Run, table: "pa.Table", metric: str) -> Rows:
    """What every question needs. Raises `LeaderbenchError` where two rows have one example id."""
    wanted = ("example_id", "subset", "prediction", "predictions", "metrics", "error")
    columns: dict[str, list[Any]] = {name: table.column(name).to_pylist() for name in wanted}
    values: list[float | None] = []
    for metrics, error in zip(columns["metrics"], columns["error"], strict=True):
        found = dict(metrics or ()).get(metric)
        values.append(float(found) if error is None and found is not None and abs(found) <= largest else None)
    own = [dict(found or ()) for found in columns["predictions"]]
    predictions = [found.get(metric, first) for found, first in zip(own, columns["prediction"], strict=True)]
    place = {name: number for number, name in enumerate(columns["example_id"])}
    if len(place) != table.num_rows:
        twice = Counter(columns["example_id"]).most_common(1)[0][0]
        raise LeaderbenchError(
            Sentence(
                "Question {id} stands twice in run {run}: its questions cannot be paired.", id=str(twice), run=run.id
            )
        )
    return Rows(place, columns["subset"], predictions, values)


def scores_of(runs: Sequence[Run], metric: Metric | str | None = None) -> tuple[Score, ...]:
    """The scores compared: what each run reports, or its `metric`; a bare name means one aggregation for all where all
    have it. Raises `LeaderbenchError` where a run lacks the metric.
    """
    found = tuple(run.score(metric) for run in runs)
    if metric is not None and len({score.metric for score in found}) > 1:
        for wanted in dict.fromkeys(score.metric for score in found):
            if all(any(s.metric == wanted and s.subset is None for s in run.scores) for run in runs):
                return tuple(run.score(wanted) for run in runs)
    return found


def shared_by(rows: Sequence[Rows]) -> list[str]:
    """The questions that all were asked, in the order of the first."""
    first, *others = rows
    return [name for name in first.place if all(name in other.place for other in others)]


def side_of(run: Run, score: Score, rows: Rows, shared: int, answered: int) -> Side:
    """What a comparison says of a run, of whose questions so many are shared and so many of these answered."""
    manifest = run.manifest
    only, unanswered = len(rows.place) - shared, shared - answered
    return Side(run.id, manifest.model_name, manifest.benchmark_name, score, only, unanswered, manifest.stopped_early)


def weighing(runs: Sequence[Run], rows: Sequence[Rows], scores: Sequence[Score], shared: Sequence[str]) -> Weighing:
    """How the shared questions are summed up; they are a random part of a bank where they are all that a run drew."""
    found = {score.metric.aggregation for score in scores}
    aggregation = found.pop() if len(found) == 1 else Aggregation.MICRO
    subsets = {rows[0].subsets[rows[0].place[name]] for name in shared}
    drawn = (bank_of(run) for run, own in zip(runs, rows, strict=True) if len(own.place) == len(shared))
    return Weighing(aggregation, next((bank for bank in drawn if bank is not None and subsets <= bank.keys()), None))


def bank_of(run: Run) -> dict[str, int] | None:
    """How many questions each subset has in the bank from which a run's were drawn at random, so many of each; None for
    other runs.
    """
    if "questions" not in run.manifest.limits:
        return None
    subsets = {score.subset: score.bank for score in run.scores if score.view is View.BANK}
    found = {subset: size for subset, size in subsets.items() if subset is not None and size}
    return found or None


def require_shared(a: Run, b: Run, shared: Sequence[str]) -> None:
    """Equal ids are equal questions only inside one dataset or one family of benchmarks.

    Raises `LeaderbenchError` where the two were asked other questions.
    """
    one, other = a.manifest.benchmark_name, b.manifest.benchmark_name
    datasets = _dataset(a), _dataset(b)
    strangers = one.split("/")[0] != other.split("/")[0] and None not in datasets and datasets[0] != datasets[1]
    if strangers or not shared:
        raise LeaderbenchError(
            Sentence(
                "Runs {a} ({one}) and {b} ({other}) share no question: "
                "give two runs that were asked the same questions of one benchmark.",
                a=a.id,
                one=one,
                b=b.id,
                other=other,
            )
        )


def _dataset(run: Run) -> object:
    from leaderbench.explain.difference.causes import DATASET, facts

    return facts(run.manifest)[DATASET].get("dataset")
