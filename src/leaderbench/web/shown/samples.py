"""What became of each question of a run: pages over the columns of its samples; only those shown become values."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.decisions import Decision, candidates, decisions
from leaderbench.records import Sample, TokenText
from leaderbench.results.noise import noise
from leaderbench.results.samples import from_table, table_of
from leaderbench.sentences import Sentence
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown.runs import whole_run
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.samples import (
    ListedSample,
    SamplePage,
    ShownContinuation,
    ShownDecision,
    ShownSample,
    ShownToken,
)
from leaderbench.web.views import SamplesView, Verdict

if TYPE_CHECKING:
    import pyarrow as pa

tail = 2000
"""Characters at the end of a prompt in which a search looks: the question, but not the solved examples before it."""

line = 300
"""Characters of a question in a listing."""


def shown_samples(live: LiveStore, name: str, view: SamplesView) -> SamplePage:
    """A page of the samples of a run that a view wants. Raises `AbsentError`, and `LeaderbenchError` where damaged."""
    run = whole_run(live, name)
    table = table_of(run.samples)
    subsets = _subsets(table)
    if view.subset and view.subset not in subsets:
        raise AbsentError(Sentence("Run {run} has no subset '{subset}'.", run=name, subset=view.subset[:100]))
    limit = noise(run.manifest.model)
    numbers = chosen(table, view, limit, _ends(live, name, table, view))
    start = (view.page - 1) * view.rows
    part = numbers[start : start + view.rows]
    items = tuple(
        _listed(number, sample, _split(table, number, sample), limit)
        for number, sample in zip(part, _rows(table, part), strict=True)
    )
    return SamplePage(
        run=name,
        model=run.manifest.model_name,
        benchmark=run.manifest.benchmark_name,
        subsets=subsets,
        noise=limit,
        samples=Paged[ListedSample](items=items, page=view.page, size=view.rows, total=len(numbers)),
    )


def questions(live: LiveStore, name: str, numbers: list[int]) -> list[str]:
    """The questions of these samples of a run, each in a line. Raises like `shown_samples`."""
    run = whole_run(live, name)
    table = table_of(run.samples)
    rows = zip(numbers, _rows(table, numbers), strict=True)
    return [_listed(number, sample, _split(table, number, sample), 0.0).question for number, sample in rows]


def _subsets(table: "pa.Table") -> tuple[str, ...]:
    import pyarrow.compute as pc

    return tuple(item for item in pc.unique(table.column("subset")).to_pylist() if item is not None)


def _rows(table: "pa.Table", numbers: list[int]) -> list[Sample]:
    import pyarrow as pa

    return list(from_table(table.take(pa.array(numbers, pa.int64()))))


def _ends(live: LiveStore, name: str, table: "pa.Table", view: SamplesView) -> Any:
    """The ends of all prompts where a view searches, kept for the next search: cutting them takes longer than that."""
    import pyarrow.compute as pc

    if not view.q:
        return None
    return live.keep(("ends", name), live.version(), lambda: pc.utf8_slice_codeunits(table.column("prompt"), -tail))


def chosen(table: "pa.Table", view: SamplesView, limit: float, ends: Any) -> list[int]:
    """The places of the rows that a view wants, in order; `limit` is the margin below which an answer is a near tie,
    `ends` are the ends of the prompts, in which it searches.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    failed = pc.is_valid(table.column("error"))
    right = pc.fill_null(table.column("correct"), False)
    masks: dict[Verdict, Any] = {
        Verdict.RIGHT: lambda: pc.and_not(right, failed),
        Verdict.WRONG: lambda: pc.and_not(pc.invert(right), failed),
        Verdict.ERROR: lambda: failed,
        Verdict.FLAGGED: lambda: pc.greater(pc.list_value_length(table.column("flags")), 0),
        Verdict.NEAR_TIE: lambda: pc.and_not(
            pc.less(pc.fill_null(table.column("margin"), float("inf")), limit), failed
        ),
    }
    mask = masks[view.show]() if view.show in masks else None
    if view.subset:
        mask = _both(mask, pc.equal(table.column("subset"), view.subset))
    if view.q:
        ids = table.column("example_id")
        found = [pc.match_substring(column, view.q, ignore_case=True) for column in (ends, ids)]
        mask = _both(mask, pc.or_(*found))
    if mask is None:
        return list(range(table.num_rows))
    places = pa.array(range(table.num_rows), pa.int64())
    return list(places.filter(pc.fill_null(_flat(mask), False)).to_pylist())


def _both(first: Any, second: Any) -> Any:
    import pyarrow.compute as pc

    return second if first is None else pc.and_(first, second)


def _flat(mask: Any) -> Any:
    import pyarrow as pa

    return mask.combine_chunks() if isinstance(mask, pa.ChunkedArray) else mask


def _split(table: "pa.Table", number: int, sample: Sample) -> int:
    """Where in its prompt the question begins: behind the last solved example."""
    return max(_behind_what_is_shared(table, number, sample), _behind_the_last_answer(sample.prompt))


def _behind_the_last_answer(prompt: str) -> int:
    """Where the question begins if examples end with the line that it ends with, such as `Answer:`; else 0."""
    text = prompt.rstrip()
    start = text.rfind("\n")
    line_before = text.rfind(text[start:], 0, start) if start >= 0 else -1
    end = text.find("\n\n", line_before + 1, start) if line_before >= 0 else -1
    return end + 2 if end >= 0 else 0


def _behind_what_is_shared(table: "pa.Table", number: int, sample: Sample) -> int:
    """Where the question begins if other questions of its subset share what stands before."""
    for other in (number + 1, number - 1):
        if 0 <= other < table.num_rows and table.column("subset")[other].as_py() == sample.subset:
            shared = _shared(sample.prompt, table.column("prompt")[other].as_py() or "")
            place = sample.prompt.rfind("\n\n", 0, shared)
            if place >= 0:
                return place + 2
            place = sample.prompt.rfind("\n", 0, shared)
            if place >= 0:
                return place + 1
    return max(0, sample.prompt.rstrip().rfind("\n\n") + 2) if "\n\n" in sample.prompt.rstrip() else 0


def _shared(a: str, b: str) -> int:
    """How many characters two texts begin with alike; each step halves what is not known yet."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _verdict(sample: Sample) -> str:
    if sample.error is not None:
        return "error"
    return "right" if sample.correct else "wrong"


def _listed(number: int, sample: Sample, split: int, limit: float) -> ListedSample:
    question = " ".join(sample.prompt[split:].split())
    return ListedSample(
        number=number,
        example_id=sample.example_id,
        subset=sample.subset,
        question=question if len(question) <= line else question[: line - 1] + "…",
        prediction=sample.prediction,
        target=sample.target,
        verdict=_verdict(sample),
        margin=known(sample.margin),
        near_tie=sample.error is None and sample.margin < limit,
        flags=tuple(flag.value for flag in sample.flags),
    )


def shown_sample(live: LiveStore, name: str, number: int) -> ShownSample:
    """One sample by its place in a run, from 0. Raises `AbsentError`, and `LeaderbenchError` where damaged."""
    run = whole_run(live, name)
    table = table_of(run.samples)
    if not 0 <= number < table.num_rows:
        raise AbsentError(
            Sentence(
                "Run {run} has {samples} samples, from 0 on; there is no number {number}.",
                run=name,
                samples=table.num_rows,
                number=number,
            )
        )
    (sample,) = _rows(table, [number])
    split = _split(table, number, sample)
    short = _listed(number, sample, split, noise(run.manifest.model))
    letters = candidates(sample)
    texts, trouble = token_texts(live, name)
    return ShownSample(
        **{field: getattr(short, field) for field in ListedSample.model_fields},
        shots=sample.prompt[:split],
        prompt_end=sample.prompt[split:],
        continuations=tuple(_continuation(sample, place, letter, texts) for place, letter in enumerate(letters)),
        decisions=tuple(map(_decision, decisions(sample))),
        context_tokens=sample.context_tokens,
        truncated_tokens=sample.truncated_tokens,
        shots_dropped=sample.shots_dropped,
        metrics={name: known(value) for name, value in sample.metrics.items()},
        error=sample.error,
        tokens_problem=trouble,
    )


def token_texts(live: LiveStore, run: str) -> tuple[Mapping[int, TokenText], str]:
    """The texts of a run's tokens, and why they cannot be read; both empty where the run keeps none."""

    def read() -> tuple[Mapping[int, TokenText], str]:
        try:
            found = live.store.tokens(run)
        except LeaderbenchError as error:
            return {}, live.told(error)
        return {} if found is None else found.texts, ""

    return live.keep(("tokens", run), live.version(), read)


def _continuation(sample: Sample, place: int, letter: str, texts: Mapping[int, TokenText]) -> ShownContinuation:
    def at(values: tuple[Any, ...], absent: Any) -> Any:
        return values[place] if place < len(values) else absent  # imported runs may lack some

    tokens = at(sample.continuation_tokens, ())
    logs = at(sample.token_log_probabilities, ())
    likelihood = known(at(sample.log_likelihoods, math.nan))
    characters = at(sample.characters, 0)
    return ShownContinuation(
        letter=letter,
        text=sample.continuations[place],
        log_likelihood=likelihood,
        per_character=likelihood / characters if likelihood is not None and characters else None,
        tokens=tuple(
            ShownToken(id=token, text=texts[token].text if token in texts else None, log_probability=known(value))
            for token, value in zip(tokens, logs, strict=False)
        ),
        chosen=letter != "" and letter == sample.prediction,
        right=letter != "" and letter == sample.target,
    )


def _decision(decision: Decision) -> ShownDecision:
    return ShownDecision(
        metric=decision.metric,
        answer=decision.answer,
        measure=Sentence(decision.measure.value) if decision.measure else "",
        value=known(decision.value),
    )


def place_before_and_after(live: LiveStore, name: str, view: SamplesView, number: int) -> tuple[int | None, int | None]:
    """The numbers of the samples before and after one, among those that a view wants."""
    from bisect import bisect_left, bisect_right

    run = whole_run(live, name)
    try:
        table = table_of(run.samples)
        numbers = chosen(table, view, noise(run.manifest.model), _ends(live, name, table, view))
    except LeaderbenchError:
        return None, None
    before, after = bisect_left(numbers, number), bisect_right(numbers, number)
    return (numbers[before - 1] if before else None), (numbers[after] if after < len(numbers) else None)
