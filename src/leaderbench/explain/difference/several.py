"""Several runs side by side: which differences between them are real, and on which questions they part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.difference.first_cause import lead
from leaderbench.explain.difference.pairing import (
    Rows,
    Side,
    Weighing,
    require_shared,
    rows_of,
    scores_of,
    shared_by,
    side_of,
    weighing,
)
from leaderbench.models.baselines import is_baseline
from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.noise import epsilon, noise, rounding
from leaderbench.results.runs import Run
from leaderbench.results.samples import table_of
from leaderbench.results.subjects import names_of_models
from leaderbench.sentences import Sentence
from leaderbench.statistics.comparison import Difference, holm
from leaderbench.statistics.ranking import Comparison, alpha

if TYPE_CHECKING:
    import pyarrow as pa

most = 8
"""Runs that may be compared at once: a page holds the matrix of their pairs."""


@dataclass(frozen=True, slots=True)
class Compared(Side):
    """One of the runs."""

    name: str
    """What to call it here: what tells it from the others, its model or its benchmark or both."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of the runs, by their places in `Several.runs`."""

    a: int
    b: int
    difference: Difference
    """A minus B; its `churn` is the share of questions with another verdict."""

    adjusted: float
    """p after Holm's correction for all pairs: those below 0.05 are all real, with 95 % confidence."""

    agreement: float
    """Share of the questions on which both gave the same answer."""

    @property
    def real(self) -> bool:
        """Whether the two differ by more than noise."""
        return self.adjusted < alpha


@dataclass(frozen=True, slots=True)
class Given:
    """What one run made of a question."""

    prediction: str | None
    value: float
    """Of the metric that is compared."""

    near_tie: bool
    """Whether its margin is within float noise."""

    number: int
    """The place of the sample in its run, from 0."""

    @property
    def right(self) -> bool:
        """Whether the metric counts it as right."""
        return self.value > 0.5


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A question to which the runs gave different answers."""

    example_id: str
    subset: str
    target: str
    answers: tuple[Given, ...]
    """One a run, in the order of the runs."""

    @property
    def flips(self) -> bool:
        """Whether some are right and some are wrong."""
        return len({answer.right for answer in self.answers}) > 1

    @property
    def near_tie(self) -> bool:
        """Whether float noise could have turned one of the answers."""
        return any(answer.near_tie for answer in self.answers)

    def alone(self, place: int, *, right: bool) -> bool:
        """Whether the run in this place is the only one that is right, or that is wrong."""
        return all(answer.right is (right if i == place else not right) for i, answer in enumerate(self.answers))


@dataclass(frozen=True, slots=True, repr=False)
class Several:
    """What two or more runs say of each other on the questions that all of them answered."""

    runs: tuple[Compared, ...]
    """In the order given."""

    shared: int
    """Questions that all were asked."""

    n: int
    """Questions that all answered."""

    aggregation: Aggregation
    """How differences sum up the questions: as all runs report, a plain mean where they report otherwise."""

    drawn: bool
    """Whether the questions are a random part of a bank; then every subset weighs as much as it does there."""

    pairs: tuple[Pair, ...]
    """Every two of the runs: first with second, first with third, and so on."""

    disagreements: tuple[Disagreement, ...]
    """Questions with different answers, those that flip among them; in the order of the first run."""

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(run.name for run in self.runs)} on {self.n:,} questions>"

    @property
    def sentences(self) -> tuple[str, ...]:
        """What may be said of each pair in plain English, the largest real gap first."""
        found = sorted(self.pairs, key=lambda pair: (not pair.real, -abs(pair.difference.net)))
        return tuple(str(self._comparison(pair)) for pair in found)

    def _comparison(self, pair: Pair) -> Comparison:
        a, b, gap = self.runs[pair.a].name, self.runs[pair.b].name, pair.difference
        return Comparison(a, b, gap, pair.adjusted) if gap.net >= 0 else Comparison(b, a, gap.turned, pair.adjusted)


@dataclass(frozen=True, slots=True)
class _Side:
    """A run with what every comparison needs of it."""

    run: Run
    table: "pa.Table"
    rows: Rows
    score: Score
    values: Mapping[str, float]
    """Of the shared questions that it answered."""


def compare_runs(runs: Sequence[Run], metric: Metric | str | None = None) -> Several:
    """Compare runs on the questions that all of them answered, each by the metric that it reports or all by `metric`.

    Raises `LeaderbenchError` for fewer than two runs or more than `most`, where they share no question, where one lacks
    the metric, and where a file is damaged.
    """
    if not 2 <= len(runs) <= most:
        raise LeaderbenchError(Sentence("{n} runs cannot be compared: give 2 to {most}.", n=len(runs), most=most))
    if len({run.id for run in runs}) < len(runs):
        raise LeaderbenchError(Sentence("One run was given twice: give each run once."))
    scores = scores_of(runs, metric)
    tables = [table_of(run.samples) for run in runs]
    rows = [rows_of(run, table, score.metric.name) for run, table, score in zip(runs, tables, scores, strict=True)]
    for run, own in zip(runs[1:], rows[1:], strict=True):
        require_shared(runs[0], run, shared_by([rows[0], own]))
    shared = shared_by(rows)
    values = [own.answered(shared) for own in rows]
    sides = [_Side(*parts) for parts in zip(runs, tables, rows, scores, values, strict=True)]
    subset_of = {name: rows[0].subsets[rows[0].place[name]] for name in shared if all(name in own for own in values)}
    if not subset_of:
        raise LeaderbenchError(
            Sentence(
                "These {n} runs share {shared} questions, of which none was answered by all: leave one of them out.",
                n=len(runs),
                shared=len(shared),
            )
        )
    counts = weighing(runs, rows, scores, shared)
    return Several(
        runs=_compared(sides, len(shared)),
        shared=len(shared),
        n=len(subset_of),
        aggregation=counts.aggregation,
        drawn=counts.bank is not None,
        pairs=_pairs(sides, subset_of, counts),
        disagreements=_disagreements(sides, subset_of),
    )


def _compared(sides: Sequence[_Side], shared: int) -> tuple[Compared, ...]:
    found = (side_of(side.run, side.score, side.rows, shared, len(side.values)) for side in sides)
    called = names([side.run for side in sides])
    return tuple(
        Compared(one.run, one.model, one.benchmark, one.score, one.only, one.unanswered, one.stopped, name)
        for one, name in zip(found, called, strict=True)
    )


def names(runs: Sequence[Run]) -> tuple[str, ...]:
    """What to call runs beside each other: by model, by benchmark or by both, whichever differ; else by their ids."""
    benchmarks, models = [run.manifest.benchmark_name for run in runs], names_of_models(runs, last_resort=False)
    parts = [[models[run.id] for run in runs]] if len(set(models.values())) > 1 else []
    parts += [benchmarks] if len(set(benchmarks)) > 1 else []
    found = [", ".join(words) for words in zip(*parts, strict=True)] if parts else [""] * len(runs)
    return tuple(
        name if found.count(name) == 1 else ", ".join(filter(None, [name, f"run {run.id}"]))
        for name, run in zip(found, runs, strict=True)
    )


def _pairs(sides: Sequence[_Side], subset_of: Mapping[str, str], counts: Weighing) -> tuple[Pair, ...]:
    predictions = [[side.rows.prediction(name) for name in subset_of] for side in sides]
    places = list(combinations(range(len(sides)), 2))
    found = [counts.difference(sides[a].values, sides[b].values, subset_of) for a, b in places]
    adjusted = holm([difference.p for difference in found])
    same = [sum(x == y for x, y in zip(predictions[a], predictions[b], strict=True)) for a, b in places]
    return tuple(
        Pair(a, b, difference, p, alike / len(subset_of))
        for (a, b), difference, p, alike in zip(places, found, adjusted, same, strict=True)
    )


def _disagreements(sides: Sequence[_Side], subset_of: Mapping[str, str]) -> tuple[Disagreement, ...]:
    wanted = [
        name
        for name in subset_of
        if len({side.rows.prediction(name) for side in sides}) > 1
        or len({side.values[name] > 0.5 for side in sides}) > 1
    ]
    ties = _near_ties(sides, wanted)
    (targets,) = _columns(sides[0], wanted, "target")
    return tuple(
        Disagreement(
            name,
            subset_of[name],
            target,
            tuple(
                Given(side.rows.prediction(name), side.values[name], near[place], side.rows.place[name])
                for side, near in zip(sides, ties, strict=True)
            ),
        )
        for place, (name, target) in enumerate(zip(wanted, targets, strict=True))
    )


def _near_ties(sides: Sequence[_Side], wanted: Sequence[str]) -> list[list[bool]]:
    """For each run and question whether the margin is within float noise, in the coarsest dtype of the runs."""
    models = [side.run.manifest.model for side in sides]
    limit = partial(rounding, noise=max(map(noise, models)), epsilon=max(map(epsilon, models)))
    found = []
    for side in sides:
        columns = _columns(side, wanted, "log_likelihoods", "characters", "margin")
        metric, reported = side.score.metric.name, side.run.score().metric.name
        rows = zip(*columns, strict=True)
        leads = (lead(values, characters, margin, metric, reported, limit) for values, characters, margin in rows)
        chance = is_baseline(side.run.manifest.model_name)  # its margins are no answer's
        found.append([margin < least and not chance for margin, least in leads])
    return found


def _columns(side: _Side, wanted: Sequence[str], *columns: str) -> list[list[Any]]:
    """These columns of the samples of these questions."""
    import pyarrow as pa

    places = pa.array([side.rows.place[name] for name in wanted], pa.int64())
    return [side.table.column(name).take(places).to_pylist() for name in columns]
