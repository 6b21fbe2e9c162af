"""One run: a model asked one benchmark, every answer kept, scores with their uncertainty."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from logging import getLogger
from pathlib import Path

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.base import Benchmark, Datasets
from leaderbench.benchmarks.datasets import HubDatasets, chosen_subsets
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.ask import ask
from leaderbench.evaluation.drawn import draw, sizes
from leaderbench.evaluation.environment import environment
from leaderbench.evaluation.progress import Progress
from leaderbench.evaluation.samples import sample_of
from leaderbench.evaluation.tokens import tokens_of
from leaderbench.models.base import Model
from leaderbench.records import Failure, Flag, Json, Question, Response, Sample, Score
from leaderbench.requests import digest
from leaderbench.results.run_notes import counts_of, notes_of
from leaderbench.results.runs import Manifest, Run, run_id
from leaderbench.results.store import Store, read_folder, store_at
from leaderbench.results.tokens import RunTokens
from leaderbench.statistics.aggregate import aggregate
from leaderbench.statistics.finite import drawn_scores


def evaluate(
    model: str | Model,
    benchmark: str | Benchmark,
    *,
    store: str | Path | Store | None = None,
    datasets: str | Path | Datasets | None = None,
    subsets: Sequence[str] = (),
    limit: int | None = None,
    questions: int | None = None,
    seed: int = 0,
    shots: int | None = None,
    revision: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Ask a model one benchmark, keep every answer, and return the run with its scores.

    What the store already answers is not asked again, so an interrupted evaluation goes on where it was.

    Args:
        model: Hub id, local folder, `bundled:NAME`, or any `Model`.
        benchmark: `family/implementation`, or any `Benchmark`.
        store: Folder of the store; `LEADERBENCH_STORE` or `leaderbench-store` where not given.
        datasets: Folder of local copies of Hub datasets; `LEADERBENCH_DATASETS`, else the Hub.
        subsets: Only these subsets.
        limit: At most so many questions of each subset, the first in dataset order, the same for every implementation.
        questions: So many questions drawn at random, shared out over the subsets in proportion to their sizes; the
            intervals are then about the score on all questions. With as many as there are, or more, all are asked.
        seed: Another seed draws other questions; the same seed always draws the same ones.
        shots: Solved examples in the prompt, where the recipe lets them vary.
        revision: Commit, branch or tag of the model's Hub repository.
        dtype: See `load_model`.
        device: See `load_model`.
        progress: Called as questions are answered.

    Raises:
        LeaderbenchError: bad input, missing data, an unusable store; one sentence.
    """
    numbers: dict[str, object] = {"limit": limit, "questions": questions, "seed": seed, "shots": shots}
    for name, number in numbers.items():
        if not (number is None or isinstance(number, int)):
            raise LeaderbenchError(f"{name} is {number!r}: give a whole number.")
    if limit is not None and limit < 1:
        raise LeaderbenchError(f"A limit of {limit} leaves nothing to ask; give 1 or more, or none.")
    if limit is not None and questions is not None:
        raise LeaderbenchError(
            "Give either a limit, the first questions of each subset, or a number of questions to draw at random; "
            "not both."
        )
    recipe = registry.get(benchmark, shots=shots) if isinstance(benchmark, str) else benchmark
    place = store_at(store)
    source = dataset_source(datasets)
    every = select(recipe, source, subsets, limit)
    asked = every if questions is None else draw(every, questions, seed, recipe.name)
    bank = sizes(every) if len(asked) < len(every) else None
    if isinstance(model, str):
        from leaderbench.models.load import load_model

        model = load_model(model, revision=revision, dtype=dtype, device=device)
    limits = narrowing(recipe, subsets, limit)
    if bank is not None:
        limits |= {"questions": questions, "seed": seed}
    meter = Meter(recipe.name, asked, model, progress)
    responses = ask(model, (request for question in asked for request in question.requests), place, meter.seen)
    meter.report()
    context = context_of(model)
    samples = tuple(sample_of(recipe, question, responses, context) for question in asked)
    for sentence in remarks(recipe.name, samples):
        getLogger(__name__).warning(sentence)
    scores = aggregate(samples, recipe.metrics) if bank is None else drawn_scores(samples, recipe.metrics, bank)
    run = record(model, recipe, source, samples, scores, limits, bank, (meter.tokens_asked, meter.tokens_computed))
    return keep(run, place, tokens_of(model, asked, samples))


def context_of(model: Model) -> int | None:
    """The model's context length in tokens; None where it has none."""
    length = model.describe().get("max_length")
    return length if isinstance(length, int) else None


def keep(run: Run, store: Store, tokens: RunTokens | None) -> Run:
    """Store a run with the texts of its tokens, and beside it what is known of a model with files: boards then show its
    size, licence and type. Returns the run that is stored: an earlier one where that says the same but for float noise.
    """
    stored = read_folder(store.save(run, tokens))
    _describe(run, store)
    return run if repr(tuple(stored.scores)) == repr(tuple(run.scores)) else stored  # NaN is not equal to itself


def _describe(run: Run, store: Store) -> None:
    facts = run.manifest.model
    if facts.get("backend") != "transformers":
        return
    from leaderbench.evaluation import catalogue_files
    from leaderbench.models import catalogue

    revision = facts.get("revision")
    try:
        known = catalogue.describe(str(facts["name"]), revision if isinstance(revision, str) else None)
        catalogue_files.save(store.path, known)
    except LeaderbenchError as error:  # the run is what counts, and it is stored
        getLogger(__name__).warning(f"What is known of {facts['name']} is not kept: {error}")


def dataset_source(datasets: str | Path | Datasets | None) -> Datasets:
    """Where rows come from: a folder of local copies, `LEADERBENCH_DATASETS`, else the Hub."""
    if datasets is not None and not isinstance(datasets, str | Path):
        return datasets
    folder = datasets or os.environ.get("LEADERBENCH_DATASETS")
    return HubDatasets(Path(folder) if folder else None)


def select(benchmark: Benchmark, source: Datasets, subsets: Sequence[str], limit: int | None) -> list[Question]:
    """The questions to ask, in dataset order: all of the subsets wanted, or the first `limit` of each.

    Raises:
        LeaderbenchError: a subset that the benchmark does not have, or nothing left to ask.
    """
    questions: list[Question] = []
    for subset in chosen_subsets(benchmark.name, benchmark.subsets, tuple(subsets)):
        questions.extend(islice(benchmark.questions(source, [subset]), limit))
    if not questions:
        raise LeaderbenchError(f"{benchmark.name} has no questions in {', '.join(subsets) or 'its dataset'}.")
    return questions


def narrowing(benchmark: Benchmark, subsets: Sequence[str], limit: int | None) -> dict[str, Json]:
    """What was set by hand, in a form that is equal for equal sets of questions asked for."""
    every = set(subsets) == set(benchmark.subsets)
    chosen: list[Json] = [name for name in benchmark.subsets if name in subsets and not every]
    shots = benchmark.recipe().get("shots")
    own = registry.get(benchmark.name).recipe().get("shots") if benchmark.name in registry.names() else shots
    by_hand: dict[str, Json] = {"shots": shots} if shots != own else {}
    return {"limit": limit, "subsets": chosen, **by_hand}


def record(
    model: Model,
    benchmark: Benchmark,
    source: Datasets,
    samples: tuple[Sample, ...],
    scores: tuple[Score, ...],
    limits: dict[str, Json],
    bank: Mapping[str, int] | None,
    tokens: tuple[int, int],
) -> Run:
    """The run with its manifest.

    `bank` is the questions of each subset where only some were asked; `tokens` those asked about, and those computed.
    """
    recipe, revision = benchmark.recipe(), source.revision(benchmark.dataset)
    counts = counts_of(samples)
    if bank is not None:
        counts["bank"] = sum(bank.values())
    manifest = Manifest(
        run_id=run_id(model.identity, {**recipe, "revision": revision}, limits),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model={"name": model.name, "identity": model.identity, **model.describe()},
        benchmark={"name": benchmark.name, "recipe": recipe, "dataset": benchmark.dataset, "revision": revision},
        limits=limits,
        environment=environment(),
        engine={"tokens_asked": tokens[0], "tokens_computed": tokens[1]},
        counts=counts,
    )
    return Run(manifest, scores, samples)


def remarks(benchmark: str, samples: Sequence[Sample]) -> Iterator[str]:
    """What whoever started a run must know before reading its score, a sentence each."""
    failed = [sample for sample in samples if sample.error is not None]
    cut = [sample for sample in samples if sample.truncated_tokens]
    if failed:
        yield (
            f"{len(failed):,} of {len(samples):,} questions of {benchmark} could not be answered and are not in the "
            f"score; the first is {failed[0].example_id}: {failed[0].error}."
        )
    if cut:
        most = max(sample.truncated_tokens / sample.context_tokens for sample in cut)
        yield (
            f"{len(cut):,} of {len(samples):,} prompts of {benchmark} are longer than the model's context and were cut "
            f"as the benchmark says, by up to {100 * most:.0f} %; their samples are flagged."
        )
    for note in notes_of(counts_of(samples)):
        if note.about not in (Flag.ERROR, Flag.TRUNCATED):  # said above, with more
            yield f"{benchmark}: {note.sentence}"


class Meter:
    """Counts questions as their requests are answered, and reports a few times a second."""

    def __init__(
        self,
        benchmark: str,
        questions: Sequence[Question],
        model: Model,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.benchmark, self.total, self.model, self.progress = benchmark, len(questions), model, progress
        self.waiting: dict[str, list[int]] = {}
        self.open = [0] * len(questions)
        for number, question in enumerate(questions):
            for name in {digest(request) for request in question.requests}:
                self.waiting.setdefault(name, []).append(number)
                self.open[number] += 1
        self.done = self.stored = 0
        self.failed: set[int] = set()
        self.before = (model.effort.asked, model.effort.computed)
        self.began = self.reported = time.monotonic()

    @property
    def tokens_asked(self) -> int:
        """Tokens of this run that one forward pass for each (context, continuation) would have taken."""
        return self.model.effort.asked - self.before[0]

    @property
    def tokens_computed(self) -> int:
        """Tokens of this run that went through the model."""
        return self.model.effort.computed - self.before[1]

    def seen(self, responses: Mapping[str, Response], stored: bool) -> None:
        """Some requests are answered."""
        for name, response in responses.items():
            for number in self.waiting.pop(name, ()):
                self.open[number] -= 1
                self.done += not self.open[number]
                if isinstance(response, Failure):
                    self.failed.add(number)
        if stored:
            self.stored, self.began = self.done, time.monotonic()
        if stored or time.monotonic() - self.reported > 0.2:
            self.report()

    def report(self) -> None:
        """Tell how far it has come."""
        self.reported = time.monotonic()
        if self.progress is not None:
            self.progress(
                Progress(
                    self.benchmark,
                    self.total,
                    self.done,
                    self.stored,
                    len(self.failed),
                    self.tokens_asked,
                    self.tokens_computed,
                    self.reported - self.began,
                )
            )
