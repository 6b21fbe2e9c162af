"""What is said of benchmarks and runs."""

import math
import shlex
from dataclasses import asdict

from leaderbench.errors import LeaderbenchError
from leaderbench.models.baselines import is_baseline, prefix, rules
from leaderbench.records import Json, finite
from leaderbench.results.entries import Provenance
from leaderbench.results.listings import ListedRun
from leaderbench.results.recomputed import disagreements
from leaderbench.results.runs import Run
from leaderbench.results.settings import settings_sentence
from leaderbench.sentences import Sentence, counted
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown.scores import called, shown_score
from leaderbench.web.values.basics import Paged
from leaderbench.web.values.runs import RunDetail, ShownRun
from leaderbench.web.views import RunsView


def shown_runs(live: LiveStore, view: RunsView) -> Paged[ShownRun]:
    """A page of runs, newest first."""
    found = live.index.runs(
        view.page,
        view.rows,
        benchmark=view.benchmark or None,
        model=view.model or None,
        provenance=Provenance(view.provenance) if view.provenance else None,
        search=view.q,
    )
    items = tuple(short_run(live, item) for item in found.items)
    return Paged[ShownRun](items=items, page=found.number, size=found.size, total=found.total)


def short_run(live: LiveStore, item: ListedRun) -> ShownRun:
    """A run of the index as a value of the site."""
    return ShownRun(
        id=item.id,
        name=called(live, item.model, item.identity),
        model=item.model,
        identity=item.identity,
        benchmark=item.benchmark,
        dataset=item.dataset,
        revision=item.revision,
        created=item.created,
        settings=settings_sentence(item.settings),
        provenance=Sentence(item.provenance.value),
        source=live.said(item.source),
        problem=live.said(item.problem),
        notes=tuple(note.sentence for note in item.notes),
        scores=tuple(map(shown_score, item.scores)),
    )


def listed_run(live: LiveStore, name: str) -> ListedRun:
    """The run of exactly this id, as the index has it: no other name ever comes to the files. Raises `AbsentError`."""
    live.wait()  # a reader who comes with the server's start asks for runs that the index does not have yet
    try:
        found = live.index.run(name)
    except LeaderbenchError as error:
        raise AbsentError(Sentence("There is no run '{name}' here.", name=name[:100])) from error
    if found.id != name:
        raise AbsentError(Sentence("There is no run '{name}' here; one is called {id}.", name=name[:100], id=found.id))
    return found


def whole_run(live: LiveStore, name: str) -> Run:
    """A run with its samples, not read yet; kept for the next reader. Raises `LeaderbenchError` where it is damaged."""
    found = listed_run(live, name)
    return live.keep(("run", found.id), live.version(), lambda: live.store.run(found.id))


def shown_run(live: LiveStore, name: str) -> RunDetail:
    """A run with its manifest; a damaged one with its problem. Raises `AbsentError`."""
    found = listed_run(live, name)
    short = short_run(live, found)
    manifest: dict[str, Json] = {}
    samples, trouble = 0, ""
    try:
        run = whole_run(live, name)
        manifest = finite(asdict(run.manifest))
        samples = len(run.samples)
        if wrong := live.keep(("verified", run.id), live.version(), lambda: _wrong(run)):
            trouble = wrong
    except LeaderbenchError as error:
        trouble = live.told(error)
    known = trouble == short.problem  # the index has it too, as a text; here it is the sentence
    return RunDetail(
        **{field: getattr(short, field) for field in ShownRun.model_fields} | ({"problem": trouble} if known else {}),
        command=command(found),
        manifest=manifest,
        samples=samples,
        samples_problem="" if known else trouble,
    )


def _wrong(run: Run) -> str:
    """What the scores of a run say that its samples do not, in a sentence; empty where they agree."""
    found = [item for item in disagreements(run) if item.changes_the_score]
    if not found:
        return ""
    return counted(
        "The scores of this run do not agree with its samples: {what}.",
        "The scores of this run do not agree with its samples: {what}, and more, {n} numbers in all.",
        n=len(found),
        what=found[0].sentence,
    )


def command(run: ListedRun) -> str:
    """What repeats a run; empty where it was not made here or does not say what of."""
    if run.provenance is not Provenance.MADE_HERE or not (run.model and run.benchmark):
        return ""
    limits = run.limits
    words = ["leaderbench", "run", run.model, "--benchmark", run.benchmark]
    for name, option in (("limit", "--limit"), ("shots", "--shots"), ("questions", "--questions"), ("seed", "--seed")):
        value = limits.get(name)
        if isinstance(value, int) and not isinstance(limits.get("until_separated"), dict):
            words += [option, str(value)]
    subsets = limits.get("subsets")
    for subset in subsets if isinstance(subsets, list) else []:
        words += ["--subset", str(subset)]
    return shlex.join(words)


def commands(live: LiveStore, model: str, most: int = 50) -> tuple[str, ...]:
    """What repeats the runs of a model, the newest first."""
    found = live.index.runs(1, most, model=model, damaged=False)
    return tuple(dict.fromkeys(text for item in found.items if (text := command(item))))


def chance(live: LiveStore, run: ShownRun) -> dict[str, float]:
    """What models that know nothing scored on a run's benchmark, in the metric that it reports; by their names."""
    if not run.scores:
        return {}
    return {
        entry.model: entry.score.estimate
        for entry in live.index.entries([run.benchmark], [f"{prefix}{rule}" for rule in rules])
        if str(entry.score.metric) == run.scores[0].metric and math.isfinite(entry.score.estimate)
    }


def comparable(live: LiveStore, run: ShownRun, most: int = 50) -> tuple[ShownRun, ...]:
    """Other runs that share its questions: first those of the same implementation, asked in the same way."""
    family = run.benchmark.partition("/")[0]
    if not family or run.problem:
        return ()
    found = live.index.runs(1, 1000, benchmark=family, damaged=False).items
    others = [item for item in found if item.id != run.id]
    listed = [short_run(live, item) for item in others]
    listed.sort(
        key=lambda item: (item.benchmark != run.benchmark, item.settings != run.settings, is_baseline(item.model))
    )
    return tuple(listed[:most])
