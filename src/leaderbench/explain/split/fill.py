"""Ask one model every configuration of a design, as cheaply as the shared beginnings of their prompts allow."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from leaderbench.benchmarks.base import Benchmark, Datasets, Wanted, everything
from leaderbench.benchmarks.datasets import chosen_subsets
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.ask import ask
from leaderbench.evaluation.progress import Progress
from leaderbench.evaluation.run import Meter
from leaderbench.explain.split.design import Design
from leaderbench.explain.split.grid import Cause, Grid
from leaderbench.models.base import Model
from leaderbench.records import Answer, Example, Failure, LogLikelihoodResponse, Question, Response
from leaderbench.requests import Request, digest
from leaderbench.results.noise import noise
from leaderbench.results.store import Store

BLOCK = 16_384
"""Requests asked in one go at most, so that memory stays bounded; prompts share their beginnings inside a block."""

PILOT = 8
"""Questions asked first, to tell how long the rest will take."""

POST_HOC, TRUNCATION, CLEANING = "aggregation", "truncation", "cleaning"
"""Factors that cost less than a doubling: the first changes no question's own score, the others often no prompt."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which questions, of what, and where the answers are kept."""

    source: Datasets
    store: Store
    subsets: tuple[str, ...] = ()
    """Only these; all where empty."""

    limit: int | None = None
    """At most so many questions of each subset, the first ones."""

    wanted: Wanted = everything
    """Which examples are asked, by id."""

    words: str = ""
    """What narrows the questions, in words; empty for all of them."""

    bank: Mapping[str, int] | None = None
    """Questions of each subset, where `wanted` draws some of them at random."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an explanation will cost, known after a few questions."""

    configurations: int
    passes: int
    """Sets of different prompts, special tokens included; scoring rules of one prompt share its pass."""

    questions: int
    seconds: float
    """About how long the rest takes."""


@dataclass(slots=True)
class Column:
    """One recipe's outcome on each question; NaN and None where it could not be answered."""

    values: list[dict[str, float]] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    predictions: list[str | None] = field(default_factory=list)
    longest: tuple[int, Request | None] = (-1, None)
    """The most tokens of any request, and that request."""

    cut: int = 0
    """Questions whose prompt truncation changed."""

    failure: str = ""
    """The last reason for which a question could not be answered."""

    def add(self, benchmark: Benchmark, question: Question, responses: Mapping[str, Response]) -> None:
        """Score one question."""
        given = [responses[digest(request)] for request in question.requests]
        answers: list[Answer] = [item for item in given if not isinstance(item, Failure)]
        self.cut += any(answer.truncated or answer.shots_dropped for answer in answers)
        for request, answer in zip(question.requests, answers, strict=False):
            if (tokens := length(answer)) > self.longest[0]:
                self.longest = (tokens, request)
        if len(answers) < len(given):
            self.failure = next(item.message for item in given if isinstance(item, Failure))
            self.values.append({})
            self.margins.append(np.nan)
            self.predictions.append(None)
            return
        outcome = benchmark.score(question.example, answers)
        self.values.append(dict(outcome.metrics))
        self.margins.append(outcome.margin)
        self.predictions.append(outcome.prediction)


def fill(
    model: Model,
    plan: Design,
    scope: Scope,
    progress: Callable[[Progress], None] | None = None,
    foretold: Callable[[Forecast], None] | None = None,
) -> tuple[Design, Grid]:
    """Ask every configuration on the same questions; what the log answers already is not asked again.

    Returns the design without the factors that change nothing on these questions, and its grid. The order of
    telling: `foretold` once, after a few questions; `progress` as questions are answered in all configurations.

    Raises:
        LeaderbenchError: nothing to ask, missing data, an unusable store, or no question answered everywhere.
    """
    plan = without_idle_cleaning(plan, scope)
    examples = [question.example for (question,) in lockstep([plan.a], scope)]
    total = len(examples)
    if not examples:
        raise LeaderbenchError(f"{plan.a.name} has no questions in {', '.join(scope.subsets) or 'its dataset'}.")
    columns: dict[int, Column] = {}
    if TRUNCATION in plan.parts:
        # As long as no prompt is too long for either rule, half of the configurations are the other half.
        shorter = plan.without(TRUNCATION)
        _ask(model, shorter, total, columns, scope, progress, foretold)
        if _is_idle(model, plan, scope, columns.values()):
            return _settled(model, shorter, examples, columns, scope)
        columns, foretold = {}, None
    _ask(model, plan, total, columns, scope, progress, foretold)
    return _settled(model, plan, examples, columns, scope)


def lockstep(recipes: Sequence[Benchmark], scope: Scope) -> Iterator[tuple[Question, ...]]:
    """Each question as each recipe asks it."""
    for subset in chosen_subsets(recipes[0].name, recipes[0].subsets, scope.subsets):
        together = zip(*(recipe.questions(scope.source, [subset], scope.wanted) for recipe in recipes), strict=True)
        yield from islice(together, scope.limit)


def without_idle_cleaning(plan: Design, scope: Scope) -> Design:
    """The design without a cleaning of cells that changes no cell of these questions and their shots.

    Both ends are looked at, since each has its own shots; a recipe in between has the shots of one of them.
    """
    if CLEANING not in plan.parts:
        return plan
    others = [part for part in plan.parts if part != CLEANING]
    pairs = ((plan.a, plan.a.mixed(plan.b, [CLEANING])), (plan.b, plan.a.mixed(plan.b, others)))
    for one, other in pairs:
        if any(first.requests != second.requests for first, second in lockstep([one, other], scope)):
            return plan
    return plan.without(CLEANING)


def asked_masks(plan: Design) -> list[int]:
    """One mask for each recipe that asks or scores a question in its own way: aggregation is as in `a`."""
    bit = _post_hoc_bit(plan)
    return [mask for mask in range(plan.size) if not mask & bit]


def _post_hoc_bit(plan: Design) -> int:
    return next((1 << place for place, item in enumerate(plan.factors) if item.parts == (POST_HOC,)), 0)


def length(answer: Answer) -> int:
    """Tokens of the longest sequence that was asked about."""
    if isinstance(answer, LogLikelihoodResponse):
        return answer.context_tokens + max(len(scored.tokens) for scored in answer.continuations)
    return answer.context_tokens + len(answer.tokens)


def _is_idle(model: Model, plan: Design, scope: Scope, columns: Iterable[Column]) -> bool:
    """Whether the truncation of `b` would change no prompt either: then it would not change the longest ones."""
    longest = []
    for column in columns:
        if column.cut or column.longest[1] is None:
            return False
        longest.append(column.longest[1])
    (question,) = next(lockstep([plan.b], scope))
    rule = question.requests[0].truncation
    other = model.encode([replace(request, truncation=rule) for request in longest])
    return not any(item.truncated or item.shots_dropped or item.problem for item in other)


def _ask(
    model: Model,
    plan: Design,
    total: int,
    columns: dict[int, Column],
    scope: Scope,
    progress: Callable[[Progress], None] | None,
    foretold: Callable[[Forecast], None] | None,
) -> None:
    """Ask every recipe of a design on all questions, in blocks, and score them into new columns."""
    masks = asked_masks(plan)
    recipes = [plan.configurations[mask] for mask in masks]
    columns |= {mask: Column() for mask in masks}
    done, asked = 0, lockstep(recipes, scope)
    size, began = PILOT, time.monotonic()
    while block := list(islice(asked, size)):
        together = [Question(row[0].example, tuple(r for item in row for r in item.requests)) for row in block]
        meter = Meter(plan.between, together, model, _shifted(progress, done, total))
        responses = ask(model, (request for item in together for request in item.requests), scope.store, meter.seen)
        meter.report()
        for row in block:
            for mask, recipe, question in zip(masks, recipes, row, strict=True):
                columns[mask].add(recipe, question, responses)
        done += len(block)
        if size == PILOT and foretold is not None:
            seconds = (time.monotonic() - began) / len(block) * (total - done)
            foretold(Forecast(plan.size, _passes(block), total, seconds))
        size = max(PILOT + 1, BLOCK // sum(len(question.requests) for question in block[0]))


def _shifted(progress: Callable[[Progress], None] | None, before: int, total: int) -> Callable[[Progress], None] | None:
    """Progress of a block as progress of the whole."""
    if progress is None:
        return None
    return lambda item: progress(replace(item, total=total, done=before + item.done, stored=before + item.stored))


def _passes(block: Sequence[tuple[Question, ...]]) -> int:
    """Sets of prompts that differ; what is asked after one prompt shares its pass."""
    return len(
        {
            tuple((request.context.text, request.special_tokens) for row in block for request in row[place].requests)
            for place in range(len(block[0]))
        }
    )


def _settled(
    model: Model, plan: Design, examples: Sequence[Example], columns: Mapping[int, Column], scope: Scope
) -> tuple[Design, Grid]:
    """The grid of a design, without aggregation where every question weighs the same either way."""
    grid = _grid(model, plan, examples, columns, scope)
    weights = grid.weights()
    if POST_HOC in plan.parts and np.allclose(weights, weights[:, :1], rtol=1e-12, atol=0):
        # Aggregation is the last of the factors, so the masks of the others stay what they are.
        plan = plan.without(POST_HOC)
        grid = _grid(model, plan, examples, columns, scope)
    return plan, grid


def _grid(model: Model, plan: Design, examples: Sequence[Example], columns: Mapping[int, Column], scope: Scope) -> Grid:
    """The columns of all configurations side by side, without the questions that some of them could not answer."""
    bit = _post_hoc_bit(plan)
    metrics = [recipe.metrics[0] for recipe in plan.configurations]
    own = [columns[mask & ~bit] for mask in range(plan.size)]
    values = np.array(
        [[row.get(metric.name, np.nan) for row in column.values] for metric, column in zip(metrics, own, strict=True)]
    ).T
    answered = ~np.isnan(values).any(axis=1)
    if not answered.any():
        raise _unanswered(model, plan, own)
    kept = [example for example, all_there in zip(examples, answered, strict=True) if all_there]
    cause = Cause(
        model.name,
        model.identity,
        plan.a.name,
        plan.b.name,
        tuple(item.name for item in plan.factors),
        plan.fixed,
        tuple(metric.name for metric in metrics),
        tuple(metric.aggregation.value for metric in metrics),
        scope.source.revision(plan.a.dataset),
        scope.words,
        noise(model.describe()),
        len(examples) - len(kept),
        next((column.failure for column in own if column.failure), ""),
        tuple(column.cut for column in own),
        None if scope.bank is None else dict(scope.bank),
    )
    return Grid(
        cause,
        tuple(example.id for example in kept),
        tuple(example.subset for example in kept),
        tuple(plan.a.target(example) for example in kept),
        values[answered],
        np.array([column.margins for column in own]).T[answered],
        np.array([column.predictions for column in own], dtype=object).T[answered],
    )


def _unanswered(model: Model, plan: Design, columns: Sequence[Column]) -> LeaderbenchError:
    """Names the configuration with the fewest answers, and a reason."""
    mask = min(range(plan.size), key=lambda number: len([row for row in columns[number].values if row]))
    reason = columns[mask].failure or "no configuration answered the same question as all others"
    return LeaderbenchError(f"{model.name} answered no question of “{plan.named(mask)}”: {reason}.")
