"""How much of an order of models survives the choice of implementation.

Observed agreement stands next to the noise ceiling, the agreement that two draws of questions under one and the same
implementation would show: only the shortfall is the implementation's.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.order import comparable, published
from leaderbench.results.runs import Run, RunSummary
from leaderbench.results.store import Store
from leaderbench.statistics.agreement import Agreement, Ceiling

if TYPE_CHECKING:
    from leaderbench.explain.order.values import Values
    from leaderbench.statistics.agreement import Array, Gaps


scores_only = (
    "Only scores are published: standard errors are binomial, worked out from the number of questions, and models are "
    "compared as if they had met different questions, which asks more of a difference than pairing would."
)


@dataclass(frozen=True, slots=True)
class Top:
    """How few questions decide which model is first."""

    first: str
    rival: str
    """The model that is ahead of it without these questions."""

    removed: tuple[str, ...]
    """The questions (example ids) to remove, those with most influence first."""


@dataclass(frozen=True, slots=True)
class Order:
    """The models under one implementation; what is listed is in the order of `Stability.models`."""

    implementation: str
    metric: str
    """Its name and aggregation, e.g. `acc (macro)`."""

    n: int
    """Questions; where only scores are known, those that the standard errors are worked out from."""

    scores: tuple[float, ...]
    standard_errors: tuple[float, ...]
    ranks: tuple[int, ...]
    """1 for the best; ties share the better place."""

    ceiling: Ceiling
    """The tau between two draws of questions under this implementation."""

    top: Top | None
    """None where answers are not known, or no removal of questions changes who is first."""

    runs: tuple[str, ...]
    """Ids of the runs; empty for a published table."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two models that really change places between two implementations, a and b."""

    ahead: str
    """The model that is ahead under a, and behind under b."""

    behind: str
    gap_a: float
    """`ahead` minus `behind` under a, above zero."""

    gap_b: float
    """The same under b, below zero."""

    p_a: float
    p_b: float
    """After Holm's correction over all pairs of models and all implementations."""


@dataclass(frozen=True, slots=True)
class FlipProbability:
    """How probable it is, over draws of questions, that two models stand in another order under a than under b."""

    one: str
    other: str
    probability: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The orders under two implementations, a and b."""

    a: str
    b: str
    agreement: Agreement
    ceiling: Ceiling
    """What noise alone would leave of the agreement: draws of questions under a, and under b."""

    place: float
    """The share of these draws that agree no better than the two implementations do; NaN where tau is."""

    churn: float
    """Share of questions, over all models, that got another value of the metric; NaN where answers are not known."""

    exchanges: tuple[Exchange, ...]
    flip_probabilities: tuple[FlipProbability, ...]
    """Every pair of models, the most probable flip first."""

    @property
    def beyond_noise(self) -> bool:
        """Whether the two agree less than 95 % of draws of questions under one implementation do."""
        return self.agreement.tau < self.ceiling.low - 1e-9


@dataclass(frozen=True, slots=True, repr=False)
class Stability:
    """How much of an order of models survives the choice of implementation."""

    benchmark: str
    """The family."""

    models: tuple[str, ...]
    orders: tuple[Order, ...]
    """One an implementation."""

    comparisons: tuple[Comparison, ...]
    """One a pair of implementations."""

    questions: int
    """Questions that all runs answered; for a published table, those of the benchmark."""

    paired: bool
    """Whether answers are known, so that models are compared question by question."""

    table: str | None
    """The name of the published table; None for runs."""

    notes: tuple[str, ...]
    """What was left out, and what is not known, in sentences."""

    draws: int
    """Draws of questions behind each ceiling and each flip probability."""

    def __repr__(self) -> str:
        return f"<Stability of {len(self.models)} models under {len(self.orders)} implementations of {self.benchmark}>"

    seed: int

    @property
    def pairs(self) -> int:
        """Pairs of models."""
        return math.comb(len(self.models), 2)


def stability(
    store: Store | str | Path | Iterable[Run] | None = None,
    benchmark: str | None = None,
    *,
    published: str | None = None,
    seed: int = 0,
) -> Stability:
    """Compare the orders that the implementations of a family give to the same models.

    `store` is a store, its folder, or runs; of each model and implementation the newest run with the same settings is
    taken, and the questions that all of them answered. With `published`, the name of a published table, that table is
    read instead, and `benchmark` may be left out. Random draws follow from `seed`.

    Raises `LeaderbenchError` where there are not two models that share two implementations, no question that all
    answered, or no such family or table.
    """
    if published is not None:
        return _of_table(published, benchmark, seed)
    if benchmark is None or store is None:
        raise LeaderbenchError("Name a benchmark and its store, or a published table.")
    return _of_runs(store, benchmark, seed)


def _of_table(name: str, benchmark: str | None, seed: int) -> Stability:
    import numpy as np

    from leaderbench.statistics import agreement

    table = published.get(name)
    if benchmark is not None and benchmark != table.benchmark:
        raise LeaderbenchError(f"The published table {name} is of {table.benchmark}, not of {benchmark}.")
    scores = np.array([item.scores for item in table.implementations])
    n = [item.n for item in table.implementations]
    errors = np.sqrt(scores * (1 - scores) / np.array(n)[:, np.newaxis])
    rng = np.random.default_rng(seed)
    one, other = agreement.redraw(scores, n, rng), agreement.redraw(scores, n, rng)
    gaps = [agreement.unpaired_gaps(*both) for both in zip(scores.tolist(), errors.tolist(), strict=True)]
    noise = _noise(scores, one, other)
    orders = [
        Order(
            item.name,
            item.metric,
            item.n,
            item.scores,
            tuple(errors[place].tolist()),
            agreement.ranks(item.scores),
            agreement.ceiling(noise[place]),
            None,
            (),
        )
        for place, item in enumerate(table.implementations)
    ]
    return Stability(
        table.benchmark,
        table.models,
        tuple(orders),
        _comparisons(table.models, orders, gaps, noise, one, None),
        table.questions,
        paired=False,
        table=name,
        notes=(scores_only, *_effective_sizes(table)),
        draws=agreement.draws,
        seed=seed,
    )


def _effective_sizes(table: published.PublishedTable) -> list[str]:
    """Which scores got the standard error of another number of questions, in a sentence."""
    fewer: dict[int, list[str]] = {}
    for item in table.implementations:
        if item.n != table.questions:
            fewer.setdefault(item.n, []).append(item.name)
    return [
        f"The scores of {' and '.join(names)} are means over subjects, which are less certain than a mean over all "
        f"{table.questions:,} questions: they got the standard error of {n:,} questions, (number of subjects)² / "
        "Σ 1/(questions of a subject), as if all subjects were equally hard."
        for n, names in fewer.items()
    ]


def _of_runs(store: Store | str | Path | Iterable[Run], benchmark: str, seed: int) -> Stability:
    import numpy as np

    from leaderbench.explain.order import values
    from leaderbench.statistics import agreement

    summaries, get = _source(store)
    chosen = comparable.comparable(summaries, benchmark)
    runs = [[get(item.id) for item in row] for row in chosen.runs]
    known = values.read(runs)
    rng = np.random.default_rng(seed)
    subsets = known.subsets if any(known.macro) else None
    one = agreement.resample(known.values, known.weights, subsets, rng)
    other = agreement.resample(known.values, known.weights, subsets, rng)
    scores = np.round(np.einsum("imq,iq->im", known.values, known.weights), 12)
    noise = _noise(scores, one, other)
    orders = [
        Order(
            name,
            str(runs[place][0].scores[0].metric),
            len(known.ids),
            tuple(scores[place].tolist()),
            known.standard_errors(place),
            agreement.ranks(scores[place].tolist()),
            agreement.ceiling(noise[place]),
            _top(known, place, chosen.models),
            tuple(run.id for run in runs[place]),
        )
        for place, name in enumerate(chosen.implementations)
    ]
    by_subset = [dict(zip(known.ids, known.subsets, strict=True)) if is_macro else None for is_macro in known.macro]
    gaps = [agreement.paired_gaps(known.by_example(place), by_subset[place]) for place in range(len(orders))]
    return Stability(
        benchmark,
        chosen.models,
        tuple(orders),
        _comparisons(chosen.models, orders, gaps, noise, one, known),
        len(known.ids),
        paired=True,
        table=None,
        notes=(*_remarks(chosen, values.asked(runs) - len(known.ids)), *chosen.left_out),
        draws=agreement.draws,
        seed=seed,
    )


def _source(store: Store | str | Path | Iterable[Run]) -> tuple[list[RunSummary], Callable[[str], Run]]:
    """Listings of runs, and a way to get one by its id."""
    if isinstance(store, str | Path):
        store = Store(store)
    if isinstance(store, Store):
        return store.runs(), store.run
    by_id = {run.id: run for run in store}
    return [RunSummary(run.id, run.manifest, run.scores) for run in by_id.values()], by_id.__getitem__


def _top(known: "Values", implementation: int, models: Sequence[str]) -> Top | None:
    from leaderbench.statistics.agreement import fragility

    found = fragility(known.values[implementation], known.by_subset(implementation))
    if found is None:
        return None
    return Top(models[found.first], models[found.rival], tuple(known.ids[place] for place in found.removed))


def _remarks(chosen: comparable.Comparable, unanswered: int) -> list[str]:
    """What the runs have in common, and what of them is not used, in sentences."""
    said = [f"All runs have these settings: {chosen.settings}."] if chosen.settings else []
    if unanswered:
        questions = "1 question is" if unanswered == 1 else f"{unanswered:,} questions are"
        said.append(f"{questions} left out: not all runs answered.")
    if len({str(run.manifest.benchmark.get("revision")) for row in chosen.runs for run in row if run.manifest}) > 1:
        said.append("The runs read different revisions of the dataset: a question may not be the same in all of them.")
    return said


def _noise(scores: "Array", one: "Array", other: "Array") -> "list[Array]":
    """The taus that noise leaves under each implementation, from two sets of replicates."""
    from leaderbench.statistics.agreement import noise_taus

    return [noise_taus(row, one[:, place], other[:, place]) for place, row in enumerate(scores)]


def _comparisons(
    models: Sequence[str],
    orders: Sequence[Order],
    gaps: "Sequence[Gaps]",
    noise: "Sequence[Array]",
    draws: "Array",
    known: "Values | None",
) -> tuple[Comparison, ...]:
    """Every pair of implementations; `gaps` and `noise` are one an implementation, `draws` are joint replicates."""
    import numpy as np

    from leaderbench.statistics import agreement

    corrected = agreement.corrected(gaps)
    found = []
    for a, b in combinations(range(len(orders)), 2):
        measured = agreement.agreement(orders[a].scores, orders[b].scores)
        pooled = np.concatenate([noise[a], noise[b]])
        found.append(
            Comparison(
                orders[a].implementation,
                orders[b].implementation,
                measured,
                agreement.ceiling(pooled),
                agreement.place(measured.tau, pooled),
                float(np.mean(known.values[a] != known.values[b])) if known else math.nan,
                _exchanges(models, corrected[a], corrected[b]),
                _flips(models, agreement.flip_probabilities(draws[:, a], draws[:, b])),
            )
        )
    return tuple(found)


def _exchanges(models: Sequence[str], a: "Gaps", b: "Gaps") -> tuple[Exchange, ...]:
    from leaderbench.statistics.agreement import exchanges

    found = []
    for ahead, behind in exchanges(a, b):
        pair, sign = ((ahead, behind), 1) if (ahead, behind) in a else ((behind, ahead), -1)
        gap_a, gap_b = a[pair], b[pair]
        found.append(Exchange(models[ahead], models[behind], sign * gap_a.net, sign * gap_b.net, gap_a.p, gap_b.p))
    return tuple(sorted(found, key=lambda item: -min(item.gap_a, -item.gap_b)))


def _flips(models: Sequence[str], probabilities: "Array") -> tuple[FlipProbability, ...]:
    found = [
        FlipProbability(models[one], models[other], float(probabilities[one, other]))
        for one, other in combinations(range(len(models)), 2)
    ]
    return tuple(sorted(found, key=lambda item: -item.probability))
