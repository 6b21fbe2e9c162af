"""Which of two models is better, with as few questions as it takes.

Both are asked the same questions in one random order, a function of the seed and the example ids only. Subsets are
mixed as chance will have it, since the test needs every arrangement of the bank to be equally likely. The test may be
looked at after every question, so the decision falls at the same question however many are asked between looks.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.base import Benchmark, Datasets
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.ask import ask
from leaderbench.evaluation.drawn import shuffled, sizes
from leaderbench.evaluation.progress import Progress
from leaderbench.evaluation.run import (
    Meter,
    context_of,
    dataset_source,
    keep,
    narrowing,
    record,
    remarks,
    select,
)
from leaderbench.evaluation.samples import sample_of
from leaderbench.evaluation.tokens import tokens_of
from leaderbench.models.base import Model
from leaderbench.records import Aggregation, Metric, Question, Sample
from leaderbench.results.runs import Run
from leaderbench.results.store import Store, store_at
from leaderbench.statistics.aggregate import aggregate, value
from leaderbench.statistics.sequential import Evidence, stopped_scores

BATCH = 256
"""Questions asked at a time at first, enough for many to share a prompt's beginning; later half as many as before."""


@dataclass(frozen=True, slots=True)
class Look:
    """A moment of the comparison."""

    progress: Progress
    """Of all questions there are; in `done` and `stored` one that only one of the two answered counts half."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Separation:
    """Who is better, or that this benchmark cannot tell."""

    benchmark: str
    metric: Metric
    """The one that the benchmark reports; questions are won by its value, whatever its aggregation."""

    models: tuple[str, str]
    evidence: Evidence
    """Wins are of the first model, losses of the second."""

    asked: int
    """Questions up to the decision, those that one of the two could not answer included."""

    bank: int
    """Questions there are."""

    seed: int
    runs: tuple[Run, Run]
    """The run of each model on the questions up to the decision; on all there are it is the plain run."""

    @property
    def ahead(self) -> str | None:
        """The name of the better model; None where the two are not told apart."""
        return self.models[0 if self.evidence.ahead > 0 else 1] if self.evidence.decided else None

    def __str__(self) -> str:
        return self.sentence(*self.models)

    def sentence(self, first: str, second: str) -> str:
        """The verdict, with these names for the models."""
        seen = self.evidence
        counts = ((first, seen.wins), (second, seen.losses))
        (better, most), (other, fewest) = counts if seen.ahead >= 0 else counts[::-1]
        alike = f"both alike on {seen.questions - most - fewest:,}"
        told = f"{better} did better on {most:,}, {other} on {fewest:,}, {alike}"
        p = "p < 0.0001" if seen.p < 0.0001 else f"p = {seen.p:.3g}"
        if seen.decided:
            return (
                f"{better} is ahead of {other} on {self.benchmark}, told apart after {self.asked:,} of {self.bank:,} "
                f"questions: {told} (anytime-valid {p})."
            )
        return (
            f"{first} and {second} are not distinguishable with this benchmark: of all {self.bank:,} questions of "
            f"{self.benchmark}, {told} (anytime-valid {p})."
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the verdict must know, a sentence each."""
        said = []
        if self.metric.aggregation is Aggregation.MACRO:
            said.append(
                f"{self.benchmark} reports a macro mean; this verdict counts questions, so it is about the micro mean "
                f"of {self.metric.name}."
            )
        values = {value(sample, self.metric.name) for run in self.runs for sample in run.samples}
        if values - {0.0, 1.0, None}:
            said.append(
                f"{self.metric.name} is more than right or wrong: the verdict is about who does better on more "
                "questions, not about by how much."
            )
        if left := self.asked - self.evidence.questions:
            said.append(f"{left:,} of the questions asked could not be answered by one of the two and were left out.")
        return tuple(said)


def separate(
    model_a: str | Model,
    model_b: str | Model,
    benchmark: str | Benchmark,
    *,
    store: str | Path | Store | None = None,
    datasets: str | Path | Datasets | None = None,
    subsets: Sequence[str] = (),
    seed: int = 0,
    shots: int | None = None,
    revision: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    batch: int = BATCH,
    progress: Callable[[Look], None] | None = None,
) -> Separation:
    """Ask two models the same questions in a random order until they are told apart, or none is left.

    The wrong verdict on two models that do not differ has a chance of 5 % at most; see `statistics.sequential`.
    Every answer is kept: an interrupted comparison goes on to the same verdict, and a later full run asks only the
    rest. Both models are in memory together. The run of each on the questions up to the verdict is saved; where asking
    stopped early it says so, and its intervals allow for it (`stopped_scores`).

    Args:
        model_a: As `evaluate` takes it.
        model_b: Another model.
        benchmark: One `family/implementation`, or any `Benchmark`; its first metric decides who does better.
        store: See `evaluate`.
        datasets: See `evaluate`.
        subsets: Only these subsets.
        seed: Another seed asks in another order. To try several until one decides voids the 5 %.
        shots: See `evaluate`.
        revision: See `evaluate`; for both models.
        dtype: See `load_model`.
        device: See `load_model`.
        batch: Questions asked at least between looks; it changes no verdict.
        progress: Called as questions are answered.

    Raises:
        LeaderbenchError: the two are the same model; bad input, missing data, an unusable store; one sentence.
    """
    from leaderbench.models.load import load_model

    recipe = registry.get(benchmark, shots=shots) if isinstance(benchmark, str) else benchmark
    place, source = store_at(store), dataset_source(datasets)
    every = select(recipe, source, subsets, None)
    models = [
        load_model(one, revision=revision, dtype=dtype, device=device) if isinstance(one, str) else one
        for one in (model_a, model_b)
    ]
    first, second = (Respondent(model, recipe, place) for model in models)
    names = first.model.name, second.model.name
    if first.model.identity == second.model.identity:
        raise LeaderbenchError(f"{names[0]} and {names[1]} are the same model: there is nothing to tell apart.")
    order = shuffled(every, seed)
    evidence, asked = _ask_until_decided((first, second), order, batch, progress)
    wanted = [question.example.id for question in order[:asked]]
    bank = sizes(every) if asked < len(every) else None
    runs = []
    for one, other in ((first, second), (second, first)):
        samples = one.samples_of(every, wanted)
        for sentence in remarks(recipe.name, samples):
            getLogger(__name__).warning(f"{one.model.name}: {sentence}")
        limits = narrowing(recipe, subsets, None)
        if bank is None:
            scores = aggregate(samples, recipe.metrics)
        else:
            scores = stopped_scores(samples, recipe.metrics, bank)
            limits |= {"until_separated": {"questions": asked, "from": other.model.name}, "seed": seed}
        run = record(one.model, recipe, source, samples, scores, limits, bank, one.tokens)
        runs.append(keep(run, place, tokens_of(one.model, every, samples)))
    return Separation(recipe.name, recipe.metrics[0], names, evidence, asked, len(every), seed, (runs[0], runs[1]))


def _ask_until_decided(
    pair: "tuple[Respondent, Respondent]",
    order: Sequence[Question],
    batch: int,
    progress: Callable[[Look], None] | None,
) -> tuple[Evidence, int]:
    """The evidence at the decision, or at the end, and how many questions of this order came up to there."""
    began, evidence, seen, asked = time.monotonic(), Evidence(), 0, 0
    metric = pair[0].benchmark.metrics[0].name

    def report() -> None:
        if progress is not None:
            progress(Look(_progress(pair, len(order), time.monotonic() - began), evidence))

    while seen < len(order) and not evidence.decided:
        part = order[asked : asked + max(batch, asked // 2)]
        for one in pair:
            one.ask(part, report)
        asked += len(part)
        while seen < asked and not evidence.decided:
            a, b = (value(one.samples[seen], metric) for one in pair)
            seen += 1
            if a is not None and b is not None:
                evidence = evidence.after(a, b)
        report()
    return evidence, seen


def _progress(pair: "tuple[Respondent, Respondent]", total: int, seconds: float) -> Progress:
    first, second = (one.progress for one in pair)
    return Progress(
        pair[0].benchmark.name,
        total,
        done=(first.done + second.done) // 2,
        stored=(first.stored + second.stored) // 2,
        errors=first.errors + second.errors,
        tokens_asked=first.tokens_asked + second.tokens_asked,
        tokens_computed=first.tokens_computed + second.tokens_computed,
        seconds=seconds,
    )


class Respondent:
    """One of the two models, with all that it was asked so far."""

    def __init__(self, model: Model, benchmark: Benchmark, store: Store) -> None:
        self.model, self.benchmark, self.store = model, benchmark, store
        self.samples: list[Sample] = []
        """In the order asked."""
        self.progress = Progress(benchmark.name, 0, 0, 0, 0, 0, 0, 0.0)
        """Over all that was asked."""

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens asked about, and those computed."""
        return self.progress.tokens_asked, self.progress.tokens_computed

    def ask(self, questions: Sequence[Question], report: Callable[[], None]) -> None:
        """Ask what is not stored yet and add the samples; `report` is called as answers come."""
        before = self.progress

        def add(now: Progress) -> None:
            self.progress = Progress(
                now.benchmark,
                before.total + now.total,
                before.done + now.done,
                # A question that was stored only because one like it was just asked is not resumed from.
                before.stored + (now.stored if before.stored == before.done else 0),
                before.errors + now.errors,
                before.tokens_asked + now.tokens_asked,
                before.tokens_computed + now.tokens_computed,
                before.seconds + now.seconds,
            )
            report()

        meter = Meter(self.benchmark.name, questions, self.model, add)
        requests = (request for question in questions for request in question.requests)
        responses = ask(self.model, requests, self.store, meter.seen)
        meter.report()
        self.samples += [
            sample_of(self.benchmark, question, responses, context_of(self.model)) for question in questions
        ]

    def samples_of(self, questions: Sequence[Question], wanted: Sequence[str]) -> tuple[Sample, ...]:
        """The samples of the examples wanted, in the order of the questions."""
        ids = set(wanted)
        found = {sample.example_id: sample for sample in self.samples if sample.example_id in ids}
        return tuple(found[question.example.id] for question in questions if question.example.id in ids)
