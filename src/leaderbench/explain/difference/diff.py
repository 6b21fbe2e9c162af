"""Two runs side by side: the causes that differ, the questions that flipped, and whether the gap is real."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.difference.causes import Cause, compare_manifests
from leaderbench.explain.difference.first_cause import FirstCause, Terms, first_cause, standing
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
from leaderbench.records import Aggregation, Metric, Sample
from leaderbench.results.noise import epsilon, noise
from leaderbench.results.runs import Run
from leaderbench.results.samples import table_of
from leaderbench.sentences import Sentence
from leaderbench.statistics.comparison import Difference
from leaderbench.statistics.ranking import alpha

if TYPE_CHECKING:
    import pyarrow as pa


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


@dataclass(frozen=True, slots=True, repr=False)
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

    drawn: bool
    """Whether the questions are a random part of a bank: then in a mean over questions every subset weighs as much as
    it does there."""

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

    def __repr__(self) -> str:
        gap = f"{100 * self.difference.net:+.1f} points on {self.difference.n:,} questions"
        return f"<Diff of runs {self.a.run} and {self.b.run}: {gap}, {len(self.flips):,} flips>"

    @property
    def real(self) -> bool:
        """Whether the gap is more than noise."""
        return self.difference.p < alpha

    @property
    def near_ties(self) -> int:
        """How many flipped questions have a margin within float noise."""
        return sum(flip.near_tie for flip in self.flips)


def diff(run_a: Run, run_b: Run, metric: Metric | str | None = None) -> Diff:
    """Compare two runs on the questions that both were asked, each by the metric that it reports or both by `metric`.

    Raises `LeaderbenchError` where they share no question, where one lacks the metric, and where a file is damaged.
    """
    runs = run_a, run_b
    scores = scores_of(runs, metric)
    names = scores[0].metric.name, scores[1].metric.name
    tables = table_of(run_a.samples), table_of(run_b.samples)
    rows = rows_of(run_a, tables[0], names[0]), rows_of(run_b, tables[1], names[1])
    shared = shared_by(rows)
    require_shared(run_a, run_b, shared)
    values = rows[0].answered(shared), rows[1].answered(shared)
    both = [name for name in shared if name in values[0] and name in values[1]]
    if not both:
        raise LeaderbenchError(
            Sentence(
                "Runs {a} and {b} share {n} questions, none answered by both.", a=run_a.id, b=run_b.id, n=len(shared)
            )
        )
    subset_of = {name: rows[0].subsets[rows[0].place[name]] for name in both}
    counts = weighing(runs, rows, scores, shared)
    flipped = [name for name in both if (values[0][name] > 0.5) != (values[1][name] > 0.5)]
    other = [name for name in both if rows[0].prediction(name) != rows[1].prediction(name)]
    causes = compare_manifests(run_a.manifest, run_b.manifest)
    terms = _terms(run_a, run_b, causes, names)
    return Diff(
        a=side_of(run_a, scores[0], rows[0], len(shared), len(values[0])),
        b=side_of(run_b, scores[1], rows[1], len(shared), len(values[1])),
        causes=causes,
        shared=len(shared),
        aggregation=counts.aggregation,
        drawn=counts.bank is not None,
        difference=counts.difference(*values, subset_of),
        flips=_flips(flipped, tables, rows, values, terms),
        changed=len(set(other) - set(flipped)),
        agreement=1 - len(other) / len(both),
        subsets=_subsets(*values, subset_of),
        noise=terms.noise,
    )


def _terms(run_a: Run, run_b: Run, causes: Sequence[Cause], names: tuple[str, str]) -> Terms:
    models = run_a.manifest.model, run_b.manifest.model
    return Terms(
        causes={cause.name: cause for cause in causes},
        metrics=names,
        reported=(run_a.score().metric.name, run_b.score().metric.name),
        noise=max(map(noise, models)),
        epsilon=max(map(epsilon, models)),
    )


def _subsets(
    a: Mapping[str, float], b: Mapping[str, float], subset_of: Mapping[str, str]
) -> tuple[SubsetDifference, ...]:
    members: dict[str, list[str]] = {}
    for name, subset in subset_of.items():
        members.setdefault(subset, []).append(name)
    if len(members) < 2:
        return ()
    from scipy.stats import false_discovery_control

    plain = Weighing(Aggregation.MICRO, None)
    found = {subset: plain.difference(a, b, dict.fromkeys(names, subset)) for subset, names in members.items()}
    adjusted = false_discovery_control([difference.p for difference in found.values()])
    return tuple(
        SubsetDifference(subset, difference, float(p))
        for (subset, difference), p in zip(found.items(), adjusted, strict=True)
    )


def _flips(
    names: Sequence[str],
    tables: "tuple[pa.Table, pa.Table]",
    rows: tuple[Rows, Rows],
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
            Answer(rows[side].prediction(name), values[side][name], *standing(pair[side], terms, side))
            for side in (0, 1)
        ]
        cause = first_cause(one, other, terms)
        found.append(Flipped(name, one.subset, one.target, cause, answers[0], answers[1], (one, other)))
    return tuple(found)
