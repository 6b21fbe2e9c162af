"""Questions to the index's tables, each answered with values."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, null, or_, select, union

from leaderbench.collecting import paused
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Metric, Score, View
from leaderbench.results.entries import Entry, Provenance, not_stated
from leaderbench.results.listings import ListedBenchmark, ListedModel, ListedRun, Page
from leaderbench.results.rows import plain
from leaderbench.results.run_notes import Note, notes_of
from leaderbench.results.subjects import Facts, Subject
from leaderbench.results.tables import imported, imported_files, runs, scores

most = 500
"""Names that the database is asked to look for; where there are more, they are compared here."""

largest_page = 1000

nan = math.nan
score_columns = (
    *("metric", "aggregation", "subset", "estimate", "standard_error", "low", "high"),
    *("n", "errors", "view", "bank"),
)


def entries(
    connection: Connection, benchmarks: Iterable[str] | None, models: Iterable[str] | None, overall_only: bool
) -> list[Entry]:
    """The scores that `Index.entries` describes."""
    names = None if models is None else {plain(name) for name in models}
    wanted = None if benchmarks is None else known_benchmarks(connection, benchmarks)

    def chosen(query: Select[Any], table: Table) -> Select[Any]:
        if wanted is not None:
            query = query.where(table.c.benchmark.in_(wanted))
        return query if names is None or len(names) > most else query.where(table.c.model.in_(names))

    with paused():
        found = _of_runs(connection, chosen(select(runs), runs), overall_only)
        found += _imported(connection, chosen(select(imported), imported), overall_only)
    return found if names is None or len(names) <= most else [item for item in found if item.model in names]


def _of_runs(connection: Connection, query: Select[Any], overall_only: bool) -> list[Entry]:
    # A board of 10,000 models has 120,000 of these. In the order of the key the database need not sort them; they are
    # brought into that of time here, where those of a run stay together.
    of_runs = (
        "model",
        "identity",
        "benchmark",
        "facts",
        "id",
        "provenance",
        "source",
        "created",
        "settings",
        "problem",
        "counts",
    )
    columns = (*(runs.c[name] for name in of_runs), *(scores.c[name] for name in score_columns))
    query = query.with_only_columns(*columns)
    query = query.join_from(runs, scores, scores.c.run == runs.c.id)
    query = query.where(scores.c.narrow.in_([False] if overall_only else [False, True]))
    rows = connection.execute(query.order_by(scores.c.narrow, scores.c.run, scores.c.place))
    times = select(runs.c.model, runs.c.identity, func.min(runs.c.created)).where(runs.c.problem == "")
    times = times.group_by(runs.c.model, runs.c.identity)
    first = {(name, identity): created for name, identity, created in connection.execute(times)}
    found = []
    for model, who, benchmark, facts, run, kind, source, created, settings, problem, counts, *score in rows:
        before = (model, who, benchmark, _score(*score), run, _provenances[kind], source, created, settings, problem)
        asked_first = first.get((model, who), created)
        found.append(Entry(*before, not_stated, _facts(facts), notes=_notes(counts), first=asked_first))
    return sorted(found, key=lambda item: (item.created, item.run))


def _imported(connection: Connection, query: Select[Any], overall_only: bool) -> list[Entry]:
    before = ("model", "identity", "benchmark", "source", "created", "settings", "file", "place", "facts", "parts")
    wanted = (*before, *score_columns)
    query = query.with_only_columns(*(imported.c[name] for name in wanted)).order_by(imported.c.file, imported.c.place)
    query = query.where(imported.c.subset.is_(null())) if overall_only else query
    kind = Provenance.IMPORTED_SCORE
    found = []
    for model, who, benchmark, source, created, settings, file, place, facts, parts, *score in connection.execute(
        query
    ):
        texts = (source, created, settings, "")
        told = ((file, place), _facts(facts), _parts(parts))
        found.append(Entry(model, who, benchmark, _score(*score), "", kind, *texts, *told))
    return found


@lru_cache(maxsize=10_000)
def _parts(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


@lru_cache(maxsize=10_000)
def _facts(text: str) -> Facts:
    known: dict[str, str] = json.loads(text)
    return known


@lru_cache(maxsize=10_000)
def _notes(counts: str) -> tuple[Note, ...]:
    return notes_of(json.loads(counts)) if counts else ()


_views = {item.value: item for item in View}
_provenances = {item.value: item for item in Provenance}


@lru_cache
def _metric(name: str, aggregation: str) -> Metric:
    return Metric(name, Aggregation(aggregation))


def _score(
    name: str,
    aggregation: str,
    subset: str | None,
    estimate: float | None,
    error: float | None,
    low: float | None,
    high: float | None,
    n: int,
    errors: int,
    view: str,
    bank: int | None,
) -> Score:
    return Score(
        _metric(name, aggregation),
        subset,
        nan if estimate is None else estimate,
        nan if error is None else error,
        nan if low is None else low,
        nan if high is None else high,
        n,
        errors,
        _views[view],
        bank,
    )


def known_benchmarks(connection: Connection, wanted: Iterable[str]) -> list[str]:
    """Those in the index that are one of these, or an implementation of one of these."""
    names = {plain(name) for name in ([wanted] if isinstance(wanted, str) else wanted)}
    known = connection.execute(union(select(runs.c.benchmark), select(imported.c.benchmark))).scalars()
    return [name for name in known if name in names or name.split("/")[0] in names]


def page_of_runs(
    connection: Connection,
    page: int,
    size: int,
    *,
    benchmark: str | None,
    model: str | None,
    provenance: Provenance | None,
    damaged: bool | None,
    search: str,
) -> Page[ListedRun]:
    """The page that `Index.runs` describes."""
    if page < 1 or not 1 <= size <= largest_page:
        raise LeaderbenchError(f"A page is 1 or more, of 1 to {largest_page:,} runs; not {page}, of {size}.")
    query = select(runs)
    if benchmark is not None:
        query = query.where(runs.c.benchmark.in_(known_benchmarks(connection, benchmark)))
    if model is not None:
        query = query.where(runs.c.model == plain(model))
    if provenance is not None:
        query = query.where(runs.c.provenance == provenance.value)
    if damaged is not None:
        query = query.where(runs.c.problem != "" if damaged else runs.c.problem == "")
    if search:
        texts = (runs.c.id, runs.c.model, runs.c.benchmark, runs.c.settings)
        query = query.where(or_(*(text.icontains(plain(search), autoescape=True) for text in texts)))
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    before = (page - 1) * size
    if before >= total:
        return Page((), page, size, total)
    query = query.order_by(runs.c.created.desc(), runs.c.id.desc()).limit(size).offset(before)
    return Page(tuple(_listed(connection, connection.execute(query).all(), overall_only=True)), page, size, total)


def run(connection: Connection, name: str) -> ListedRun:
    """The run of this id, or of an id that begins so. Raises `LeaderbenchError` for none or several."""
    name = plain(name)
    found = connection.execute(select(runs).where(runs.c.id == name)).all()
    if name and not found:
        query = select(runs).where(runs.c.id.startswith(name, autoescape=True)).order_by(runs.c.id)
        found = [row for row in connection.execute(query) if row.id.startswith(name)]  # the database ignores the case
    if not found:
        raise LeaderbenchError(f"There is no run {name!r} here: `leaderbench list runs` shows those there are.")
    if len(found) > 1:
        several = ", ".join(row.id for row in found[:5])
        raise LeaderbenchError(f"Several runs begin with {name!r} ({several}): give more of the id.")
    return next(_listed(connection, found, overall_only=False))


def _listed(connection: Connection, found: Sequence[Row[Any]], *, overall_only: bool) -> Iterator[ListedRun]:
    query = select(scores.c.run, *(scores.c[name] for name in score_columns))
    query = query.where(scores.c.run.in_([row.id for row in found])).order_by(scores.c.narrow, scores.c.place)
    query = query.where(scores.c.narrow.in_([False] if overall_only else [False, True]))
    own: dict[str, list[Score]] = {}
    for name, *score in connection.execute(query):
        own.setdefault(name, []).append(_score(*score))
    texts = ("id", "model", "identity", "benchmark", "dataset", "revision", "created", "settings", "source", "problem")
    for row in found:
        yield ListedRun(
            **{text: getattr(row, text) for text in texts},
            limits=json.loads(row.limits),
            facts=_facts(row.facts),
            notes=_notes(row.counts),
            provenance=_provenances[row.provenance],
            scores=tuple(own.get(row.id, ())),
        )


def models(connection: Connection) -> list[ListedModel]:
    """Every model, by name."""
    good = runs.c.problem == ""
    identities: dict[str, list[str]] = {}
    query = select(runs.c.model, runs.c.identity).where(good).distinct().order_by(runs.c.identity)
    for name, identity in connection.execute(query):
        identities.setdefault(name, []).append(identity)
    ours = _numbers(connection, runs, "model", good)
    theirs = _numbers(connection, imported, "model")
    return [
        ListedModel(
            name,
            tuple(filter(None, identities.get(name, ()))),
            ours.get(name, nothing)[0],
            theirs.get(name, nothing)[0],
            max(ours.get(name, nothing)[1], theirs.get(name, nothing)[1]),
        )
        for name in sorted(ours.keys() | theirs.keys())
    ]


def subjects(connection: Connection) -> list[Subject]:
    """Everybody who was asked, each name and identity once."""
    found: dict[tuple[str, str], Subject] = {}
    for table, condition in ((runs, runs.c.problem == ""), (imported, imported.c.model != "")):
        first = func.min(func.nullif(table.c.created, ""))
        query = select(table.c.model, table.c.identity, func.max(table.c.facts), first)
        for name, identity, facts, created in connection.execute(
            query.where(condition).group_by(*query.selected_columns[:2])
        ):
            found.setdefault((name, identity), Subject(name, identity, _facts(facts), created or ""))
    return list(found.values())


def benchmarks(connection: Connection) -> list[ListedBenchmark]:
    """Every benchmark, by name."""
    good = runs.c.problem == ""
    pairs = union(
        select(runs.c.benchmark, runs.c.model).where(good), select(imported.c.benchmark, imported.c.model)
    ).subquery()
    query = select(pairs.c.benchmark, func.count()).group_by(pairs.c.benchmark)
    asked: dict[str, int] = dict(connection.execute(query).all())
    ours = _numbers(connection, runs, "benchmark", good)
    theirs = _numbers(connection, imported, "benchmark")
    overall = select(runs.c.benchmark, func.max(scores.c.n)).join_from(runs, scores, scores.c.run == runs.c.id)
    overall = overall.where(good, scores.c.narrow.in_([False])).group_by(runs.c.benchmark)
    questions: dict[str, int] = dict(connection.execute(overall).all())
    return [
        ListedBenchmark(
            name, asked[name], ours.get(name, nothing)[0], theirs.get(name, nothing)[0], questions.get(name, 0)
        )
        for name in sorted(asked)
    ]


nothing = 0, ""


def _numbers(connection: Connection, table: Table, column: str, *conditions: Any) -> dict[str, tuple[int, str]]:
    """How many rows there are of each value of a column, and the newest of them."""
    query = select(table.c[column], func.count(), func.max(table.c.created)).group_by(table.c[column])
    return {name: (count, last) for name, count, last in connection.execute(query.where(*conditions))}


def problems(connection: Connection) -> tuple[str, ...]:
    """What cannot be read, a sentence each."""
    return (*_problems(connection, runs), *import_problems(connection))


def import_problems(connection: Connection) -> tuple[str, ...]:
    """The same of files of imported scores alone."""
    return _problems(connection, imported_files)


def unplaced(connection: Connection) -> tuple[str, ...]:
    """What cannot be read and may belong to any board: runs of which it is not known for sure of what they are, and
    imported scores.
    """
    query = select(runs.c.problem).where(runs.c.problem != "", runs.c.identity == "").order_by(runs.c.id)
    return (*connection.execute(query).scalars(), *import_problems(connection))


def _problems(connection: Connection, table: Table) -> tuple[str, ...]:
    query = select(table.c.problem).where(table.c.problem != "").order_by(table.c.id)
    return tuple(connection.execute(query).scalars())
