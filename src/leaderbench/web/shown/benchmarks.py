"""What is said of benchmarks: what they ask, how their implementations differ, what their scores can show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderbench.benchmarks import choices, registry
from leaderbench.boards.detectable import Detectable, assumed, detectable
from leaderbench.boards.filling import choice
from leaderbench.boards.outcomes import reader
from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report.values import Chart
from leaderbench.models.baselines import is_baseline
from leaderbench.records import Metric
from leaderbench.results.entries import Entry
from leaderbench.results.listings import ListedBenchmark
from leaderbench.results.tokens import AskedTokens, RunTokens
from leaderbench.sentences import Sentence
from leaderbench.web import charts
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown import explanations
from leaderbench.web.shown.scores import called, model_score, named
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.benchmarks import (
    BenchmarkDetail,
    ExampleRequest,
    ExampleToken,
    ImplementationScores,
    ScoresSideBySide,
    ShownBenchmark,
    ShownChoice,
    ShownDetectable,
    ShownExample,
)
from leaderbench.web.values.models import ModelScore

most_tokens = 2000
"""Tokens of one part of an example that are shown at most."""

most_continuations = 100
most_explanations = 20

tried = 50
"""Runs that are looked through for an example, the newest."""


def shown_benchmarks(live: LiveStore) -> tuple[ShownBenchmark, ...]:
    """Every benchmark that can be asked or has scores: those that are both first, imported ones last."""
    counts = _counts(live)
    known = registry.names()
    names = [*counts, *(name for name in known if name not in counts)]
    names.sort(key=lambda name: (name not in known, name not in counts))
    return tuple(_benchmark(name, counts) for name in names)


def _counts(live: LiveStore) -> dict[str, ListedBenchmark]:
    return live.keep("benchmarks", live.version(), lambda: {item.name: item for item in live.index.benchmarks()})


def _benchmark(name: str, counts: Mapping[str, ListedBenchmark]) -> ShownBenchmark:
    plain = registry.get(name) if name in registry.names() else None
    count = counts.get(name, ListedBenchmark(name, 0, 0, 0))
    return ShownBenchmark(
        name=name,
        summary=Sentence(plain.summary) if plain else "",
        dataset=plain.dataset if plain else "",
        metrics=tuple(map(named, plain.metrics)) if plain else (),
        models=count.models,
        runs=count.runs,
        imported=count.imported,
        questions=count.questions,
        gap=assumed(count.questions),
    )


def listed_benchmark(live: LiveStore, name: str) -> ShownBenchmark:
    """One benchmark in short. Raises `AbsentError`."""
    counts = _counts(live)
    if name not in counts and name not in registry.names():
        raise AbsentError(Sentence("There is no benchmark '{name}' here.", name=name[:200]))
    return _benchmark(name, counts)


def shown_benchmark(live: LiveStore, name: str) -> BenchmarkDetail:
    """One benchmark with all that is known of it. Raises `AbsentError`."""
    short = listed_benchmark(live, name)
    own = choices.implementations(name)
    scores = _scores(live, name)
    return BenchmarkDetail(
        **{field: getattr(short, field) for field in ShownBenchmark.model_fields},
        subsets=len(registry.get(name).subsets) if own else 0,
        implementations=tuple(item.name for item in own),
        choices=tuple(
            ShownChoice(factor=item.factor, name=item.name, chosen=item.said, text=item.code, differs=item.differs)
            for item in choices.side_by_side(own)
        ),
        explanations=explanations.for_(live, name)[:most_explanations],
        detectable=_detectable(scores.detectable),
        example=live.keep(("example", name), live.version(), lambda: _example(live, name)),
    )


def _detectable(found: Detectable | None) -> ShownDetectable | None:
    if found is None:
        return None
    return ShownDetectable(
        gap=known(found.gap),
        questions=found.questions,
        churn=known(found.churn),
        pairs=found.pairs,
        graded=found.graded,
    )


@dataclass(frozen=True, slots=True)
class _Scores:
    """The scores of a benchmark and of its other implementations, worked out once for a state of the store."""

    entries: tuple[Entry, ...]
    """Its own, one a run, the highest first."""

    implementations: tuple[str, ...]
    """Those that have scores."""

    rows: tuple[tuple[Entry | None, ...], ...]
    """For each model the entry in each implementation."""

    detectable: Detectable | None


def _scores(live: LiveStore, name: str) -> _Scores:
    return live.keep(("benchmark", name), live.version(), lambda: _read_scores(live, name))


def _read_scores(live: LiveStore, name: str) -> _Scores:
    family = name.partition("/")[0]
    every: dict[str, list[Entry]] = {}
    for entry in live.index.entries([family, name]):
        every.setdefault(entry.benchmark, []).append(entry)
    order = [item.name for item in choices.implementations(name)]
    columns = [item for item in order if item in every] + sorted(item for item in every if item not in order)
    cells: dict[tuple[str, str], dict[str, list[Entry]]] = {}
    for column in columns:
        metric = reported(column, every[column])
        for entry in every[column]:
            if entry.score.metric == metric:
                cells.setdefault((entry.model, entry.identity), {}).setdefault(column, []).append(entry)
    rows = [tuple(choice(row.get(column, ())) for column in columns) for row in cells.values()]
    own = every.get(name, [])
    return _Scores(
        tuple(sorted(_one_a_run(own), key=_highest_first)),
        tuple(columns),
        tuple(sorted((row for row in rows if any(row)), key=lambda row: _best_first(row, columns, name))),
        detectable(own, reported(name, own), reader(live.store)) if own else None,
    )


def reported(name: str, entries: Sequence[Entry]) -> Metric:
    """The metric that a benchmark reports; where that is not known, or no entry has it, the one that most have."""
    counts = Counter(entry.score.metric for entry in entries)
    own = registry.get(name).metrics[0] if name in registry.names() else None
    return own if own is not None and own in counts else min(counts, key=lambda metric: (-counts[metric], str(metric)))


def _one_a_run(entries: Sequence[Entry]) -> list[Entry]:
    """The first score of each run, and every imported score."""
    seen: set[str] = set()
    found = []
    for entry in entries:
        if not entry.run or entry.run not in seen:
            seen.add(entry.run)
            found.append(entry)
    return found


def _highest_first(entry: Entry) -> tuple[bool, float, str]:
    value = known(entry.score.estimate)
    return value is None, -(value or 0.0), entry.model


def _best_first(row: Sequence[Entry | None], columns: Sequence[str], name: str) -> tuple[bool, float, str, str]:
    own = row[columns.index(name)] if name in columns else None
    value = None if own is None else known(own.score.estimate)
    some = next(entry for entry in row if entry is not None)
    return value is None, -(value or 0.0), some.model, some.identity


def benchmark_scores(live: LiveStore, name: str, page: int = 1, size: int = 100) -> Paged[ModelScore]:
    """A page of the scores of a benchmark in its first metric of each run, the highest first."""
    listed_benchmark(live, name)
    found = _scores(live, name).entries
    start = (page - 1) * size
    items = tuple(model_score(live, entry) for entry in found[start : start + size])
    return Paged[ModelScore](items=items, page=page, size=size, total=len(found))


def side_by_side(live: LiveStore, name: str, page: int = 1, size: int = 100) -> ScoresSideBySide:
    """A page of models with their scores in each implementation of a benchmark, best in this one first."""
    listed_benchmark(live, name)
    found = _scores(live, name)
    start = (page - 1) * size
    rows = []
    for row in found.rows[start : start + size]:
        some = next(entry for entry in row if entry is not None)
        scores = tuple(None if entry is None else model_score(live, entry) for entry in row)
        name = called(live, some.model, some.identity)
        rows.append(ImplementationScores(model=some.model, name=name, identity=some.identity, scores=scores))
    return ScoresSideBySide(
        implementations=found.implementations, models=tuple(rows), page=page, size=size, total=len(found.rows)
    )


def distribution(live: LiveStore, name: str, language: str) -> Chart | None:
    """How the scores of a benchmark's models are distributed, as a chart; None where there are too few."""

    def draw() -> Chart | None:
        found = _scores(live, name)
        if name not in found.implementations:
            return None
        place = found.implementations.index(name)
        own = {entry.model: known(entry.score.estimate) for row in found.rows if (entry := row[place]) is not None}
        return charts.distribution(own, language)

    return live.keep(("distribution", name, language), live.version(), draw)


def _example(live: LiveStore, name: str) -> ShownExample | None:
    """The first question of the newest run of a benchmark that keeps its tokens; models that know something first."""
    found = [item for item in live.index.runs(1, tried, benchmark=name, damaged=False).items if item.benchmark == name]
    for run in sorted(found, key=lambda item: is_baseline(item.model)):
        try:
            tokens = live.store.tokens(run.id)
        except LeaderbenchError:
            continue  # the page of its samples says so
        if tokens is not None and tokens.requests:
            requests = tuple(_request(tokens, asked) for asked in tokens.requests[:most_continuations])
            return ShownExample(run=run.id, model=run.model, example_id=tokens.example, requests=requests)
    return None


def _request(tokens: RunTokens, asked: AskedTokens) -> ExampleRequest:
    place = min(max(0, asked.opening), len(asked.context))
    question = asked.context[place:][-most_tokens:]
    opening = asked.context[:place][-most_tokens:] if len(asked.context) - place <= most_tokens else ()
    return ExampleRequest(
        tokens=len(asked.context),
        opening=_shown_tokens(tokens, opening),
        left_out=len(asked.context) - len(opening) - len(question),
        question=_shown_tokens(tokens, question),
        continuations=tuple(
            _shown_tokens(tokens, item[:most_tokens]) for item in asked.continuations[:most_continuations]
        ),
    )


def _shown_tokens(tokens: RunTokens, ids: Sequence[int]) -> tuple[ExampleToken, ...]:
    found = []
    for token in ids:
        text = tokens.texts.get(token)
        found.append(
            ExampleToken(id=token, text=None if text is None else text.text, special=bool(text and text.special))
        )
    return tuple(found)
