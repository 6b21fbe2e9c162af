"""lm-evaluation-harness (0.4): `results_<time>.json`, with `samples_<task>_<time>.jsonl` beside it or not.

Tasks whose samples are all there become runs; of the others the published numbers become scores.
"""

import hashlib
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from leaderbench.files.regular import UnusableError
from leaderbench.records import Aggregation, Json, Metric, Sample, Score
from leaderbench.results.entries import Entry
from leaderbench.results.imports.files import (
    LARGEST_RUN,
    MOST_TASKS,
    Source,
    check_count,
    find,
    object_of,
    plain_name,
    read,
)
from leaderbench.results.imports.importing import Found, Importing, Paths, import_each
from leaderbench.results.imports.lighteval import lost
from leaderbench.results.imports.lm_eval_manifest import (
    Results,
    limit_of,
    limits_of,
    manifest_of,
    model_name,
    settings_of,
)
from leaderbench.results.imports.lm_eval_samples import TaskSamples, joined, metric_name, read_samples
from leaderbench.results.imports.lm_eval_tasks import SYSTEM, Task, groups, shots_of, suffix, task_of
from leaderbench.results.imports.report import Report, Skipped
from leaderbench.results.imports.scores import entry, over, published
from leaderbench.results.imports.systems import refuse_other
from leaderbench.results.imports.values import mapping, number, quoted, slug
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from leaderbench.statistics.aggregate import aggregate

PRINTED = 1e-4
"""Published numbers that are further from what the samples give are remarked on."""

MOST_NUMBERS = 100_000
"""Numbers of all tasks of a file; real files have some thousand."""

MOST_STEPS = 200_000
"""Members of all groups of a file, those of groups inside them counted again; MMLU has some hundred."""

NO_RESULTS = (
    "no results file beside it is of the same run and has its task: samples are read with the results….json that was "
    "written with them"
)

Number = tuple[str, float, float | None]
"""A metric's name, its value, and its standard error where that is known."""

_time = re.compile(r"_(\d{4}-\d\d-\d\dT[\d.:+-]+)\.json$")
_shots = re.compile(r"(\d{1,3})[-_ ]?shots?(?![a-z])")
_samples = re.compile(r"(samples_|[a-z_]+?__).*\.jsonl(\.gz)?$")
_not_metrics = frozenset({"alias", "name", "sample_len", "sample_count", "samples", " "})


def import_lm_eval(paths: Paths, store: Store | str | Path) -> Report:
    """Import results files of lm-eval, and of folders every one in them, with the samples that lie beside them.

    Raises `LeaderbenchError` where a path does not exist, holds no such file, or the store cannot be written; what is
    wrong with a single file is in the report.
    """
    used: set[Path] = set()
    report = import_each(paths, store, _wanted, partial(_take, used=used))
    folders = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths) if Path(path).is_dir()]
    unused = [source for source in find(folders, _is_samples)[0] if source.path not in used]
    return replace(report, skipped=(*report.skipped, *(Skipped(source.name, NO_RESULTS) for source in unused)))


def _is_samples(file: str) -> bool:
    return bool(_samples.match(file))


def _wanted(file: str) -> bool:
    return plain_name(file).endswith(".json")


def _take(importing: Importing, source: Source, used: set[Path]) -> None:
    data = read(source.path)
    content = object_of(data)
    check(content)
    files = _sample_files(source.path, content)
    results = results_of(importing.without_secrets(content), source, hashlib.sha256(data).hexdigest())
    importing.tell(source, results.digest, results.model, **results.about_model)
    used |= {files[slug(name)] for name in mapping(results.content["results"]) if slug(name) in files}
    with_samples: dict[str, list[Task]] = {}
    for name in mapping(results.content["results"]):
        if slug(name) in files and name not in results.children:
            task = task_of(name, results.content)
            with_samples.setdefault(task.benchmark, []).append(task)
    made: set[str] = set()
    for benchmark, tasks in with_samples.items():
        made |= _take_run(importing, source, results, benchmark, tasks, files)
    found = scores_of(results, made)
    if found.entries or not made:
        importing.scores(source, found)


def check(content: Mapping[str, Any]) -> None:
    """Raise `UnusableError` for what is no results file of lm-eval, or holds more than any does."""
    refuse_other(content, SYSTEM)
    results = content.get("results")
    if not isinstance(results, dict):
        raise UnusableError("it has no `results`, so it is no results file of lm-eval")
    check_count(len(results) + len(mapping(content.get("groups"))), MOST_TASKS, "tasks")
    check_count(sum(len(mapping(values)) for values in results.values()), MOST_NUMBERS, "numbers")


def results_of(content: Mapping[str, Any], source: Source, digest: str) -> Results:
    """A results file that was checked. Raises `UnusableError` where it names no model."""
    folder = source.path.absolute().parent.name
    model = model_name(content, folder if "__" in folder else "")
    if not model:
        raise UnusableError("it does not say which model was asked")
    return Results(source.name, content, model, digest)


def _sample_files(results: Path, content: Mapping[str, Any]) -> dict[str, Path]:
    """The sample files of the same run, by the name of their task as `slug` writes it.

    Today's have the same time in their names; those of lm-eval 0.4.0 to 0.4.2 the arguments of the model:
    `pretrained__acme__a_arc_challenge.jsonl`.
    """
    when = _time.search(plain_name(results.name))
    arguments = mapping(content.get("config")).get("model_args")
    begin, ending = "samples_", f"_{when[1]}.jsonl" if when else ".jsonl"
    if when is None:
        begin = re.sub("[/=]", "__", arguments) + "_" if isinstance(arguments, str) else ""
    found: dict[str, Path] = {}
    for path in sorted(results.parent.iterdir()) if begin else ():
        name = plain_name(path.name)
        if name.startswith(begin) and name.endswith(ending):
            found.setdefault(slug(name.removeprefix(begin).removesuffix(ending)), path)
    return found


def _take_run(
    importing: Importing,
    source: Source,
    results: Results,
    benchmark: str,
    tasks: Sequence[Task],
    files: Mapping[str, Path],
) -> set[str]:
    """Store the run of these tasks, and return those that are in it; tasks whose samples are not whole are skipped."""
    kept: dict[str, TaskSamples] = {}
    left = LARGEST_RUN
    for task in sorted(tasks, key=lambda item: (item.subset, item.name)):
        try:
            found = read_samples(files[slug(task.name)], task, left)
            _check_whole(found.samples, results.expected(task.name))
        except UnusableError as error:
            importing.skip(source, f"the samples of {quoted(task.name)}: {error}; only its score is imported")
            continue
        left -= found.size
        kept[task.name] = found
    members = [task for task in tasks if task.name in kept]
    if not members:
        return set()
    samples = _together({name: found.samples for name, found in kept.items()}, members)
    metrics = _metrics(members[0], samples)
    digests = [found.digest for found in kept.values()]
    manifest = manifest_of(results, benchmark, members, metrics, samples, digests)
    run = Run(manifest, aggregate(samples, metrics), samples)
    importing.run(source, run)
    importing.remarks.update(differing(run, members, results))
    return set(kept)


def _check_whole(samples: Sequence[Sample], asked: int | None) -> None:
    if asked is not None and asked != len(samples):
        raise UnusableError(f"they are {len(samples):,} of {asked:,} questions")
    if all(sample.error is not None for sample in samples):
        raise UnusableError("they have no metric that is one number for one question")


def _together(kept: Mapping[str, tuple[Sample, ...]], tasks: Sequence[Task]) -> tuple[Sample, ...]:
    """The samples of all tasks, one a question."""
    if len(tasks) == 2 and {task.name for task in tasks} == {"truthfulqa_mc1", "truthfulqa_mc2"}:
        one = {sample.example_id: sample for sample in kept["truthfulqa_mc1"]}
        many = kept["truthfulqa_mc2"]
        return tuple(joined(one[item.example_id], item) if item.example_id in one else item for item in many)
    ordered = sorted(tasks, key=lambda item: (item.subset, item.name))
    return tuple(sample for task in ordered for sample in kept[task.name])


def _metrics(task: Task, samples: Sequence[Sample]) -> tuple[Metric, ...]:
    """The metrics of a run: those that this program reports of the benchmark, then any others."""
    present = dict.fromkeys(name for sample in samples for name in sample.metrics)
    own = task.family.metrics if task.family else ()
    first = [metric for metric in own if metric.name in present]
    others = [Metric(name, Aggregation.MICRO) for name in present if name not in {metric.name for metric in own}]
    return (*first, *others)


def differing(run: Run, tasks: Sequence[Task], results: Results) -> Iterator[str]:
    """Sentences for published numbers that the samples do not give."""
    ours = {(score.metric.name, score.subset): score.estimate for score in run.scores}
    for task in tasks:
        for name, value, _ in numbers(results.results(task.name)):
            estimate = ours.get((task.metric(name), task.subset), math.nan)
            if abs(estimate - value) > PRINTED:
                yield (
                    f"Run {run.id} keeps what its samples give: {task.metric(name)} of {quoted(task.name)} is "
                    f"{estimate:.4f}, where the results file says {value:.4f}."
                )


def numbers(values: Mapping[str, Any]) -> list[Number]:
    """The finite metrics of a task: `acc,none` and `acc_stderr,none`, in older files `acc` and `acc_stderr`."""
    result = []
    for key, value in values.items():
        if key in _not_metrics or "_stderr" in key:
            continue
        plain, _, filtered = key.partition(",")
        estimate = number(value)
        if estimate is not None and slug(plain):
            error = number(values.get(f"{plain}_stderr,{filtered}" if filtered else f"{plain}_stderr"))
            result.append((metric_name(plain, filtered), estimate, error))
    return result


def scores_of(results: Results, made: Collection[str] = ()) -> Found:
    """The published numbers of all tasks and groups but those that are in runs already (`made`).

    Raises `UnusableError` where groups hold so many members that no real file has them.
    """
    entries: list[Entry] = []
    left_out: list[str] = []
    values = {name: {row[0]: row[1] for row in numbers(results.results(name))} for name in results.content["results"]}
    steps = 0
    for name in {**mapping(results.content.get("groups")), **mapping(results.content["results"])}:
        below, walked = leaves_of(name, results.children, MOST_STEPS - steps)
        rows = numbers(results.results(name) or mapping(mapping(results.content.get("groups")).get(name)))
        steps += walked + len(below) * len(rows)
        if steps > MOST_STEPS:
            raise UnusableError(f"its groups of tasks have more than {MOST_STEPS:,} members together")
        leaves = [task_of(leaf, results.content) for leaf in below]
        if name in made or (leaves and all(leaf.name in made for leaf in leaves)):
            continue
        left_out += lost(name, results.results(name)) if rows else [f"{quoted(name)} has no finite number"]
        entries += _group(name, rows, leaves, results, values) if leaves else _single(name, rows, results)
    return Found(results.digest, tuple(entries), tuple(left_out), tuple(_about_shots(results)))


def _about_shots(results: Results) -> Iterator[str]:
    """What to know where a file's name speaks of another number of shots than the file itself."""
    named = _shots.search(results.file)
    said = {shots_of(name, results.content) for name in mapping(results.content["results"])} - {None}
    if named and said and int(named[1]) not in said:
        inside = " or ".join(str(shots) for shots in sorted(filter(None, said)) or [0])
        yield (
            f"The name of {quoted(results.file)} speaks of {int(named[1])} shots and its settings of {inside}: "
            "these are believed."
        )


def _single(name: str, rows: Iterable[Number], results: Results) -> Iterator[Entry]:
    task = task_of(name, results.content)
    limits = limits_of([task], results.content)
    first = [metric.name for metric in task.family.metrics] if task.family else []
    for metric, estimate, error in sorted(rows, key=lambda row: task.metric(row[0]) not in first[:1]):
        named = Metric(task.metric(metric), Aggregation.MICRO)
        score = published(named, task.part, estimate, error, results.expected(name))
        yield _entry(results, task.benchmark, score, limits)


def _group(
    group: str,
    rows: Iterable[Number],
    leaves: Sequence[Task],
    results: Results,
    known: Mapping[str, Mapping[str, float]],
) -> Iterator[Entry]:
    """The numbers of a group of tasks; micro or macro is seen from the numbers of its tasks."""
    sizes = [results.expected(leaf.name) for leaf in leaves]
    n = sum(size or 0 for size in sizes) if all(sizes) else None
    for metric, estimate, error in rows:
        values = [known.get(leaf.name, {}).get(metric) for leaf in leaves]
        named = Metric(metric, aggregation_of(estimate, values, sizes))
        score = published(named, None, estimate, error, n)
        benchmark = benchmark_of(group, leaves, results.content)
        item = _entry(results, benchmark, score, limits_of(leaves[:1], results.content))
        if several := _several_shots(leaves):
            item = replace(item, settings=", ".join(filter(None, [_limit(results), several])))
        yield over(item, (slug(leaf.name) for leaf, value in zip(leaves, values, strict=True) if value is not None))


def _several_shots(leaves: Sequence[Task]) -> str:
    """The numbers of shots of a group's tasks in words, where they differ and are not the usual ones."""
    shots = sorted({leaf.shots for leaf in leaves if leaf.shots is not None})
    usual = all(leaf.shots in (None, leaf.usual) for leaf in leaves)
    return "" if usual or len(shots) < 2 else f"{' or '.join(map(str, shots[:5]))} shots"


def _limit(results: Results) -> str:
    return settings_of({"limit": limit_of(results.content)})


def benchmark_of(group: str, leaves: Sequence[Task], content: Mapping[str, Any]) -> str:
    """`mmlu/lm-eval` for the group of all its subjects; the group under lm-eval's own name for any other."""
    family, names = groups.get(group), {leaf.benchmark for leaf in leaves}
    if family is not None and len(leaves) == family.parts and len(names) == 1 and leaves[0].family is family:
        return leaves[0].benchmark
    return f"{SYSTEM}/{slug(group) or 'unnamed'}{suffix(content)}"


def _entry(results: Results, benchmark: str, score: Score, limits: Mapping[str, Json]) -> Entry:
    who, settings = str(results.facts["identity"]), settings_of(limits)
    return entry(results.model, who, benchmark, score, results.file, results.created, settings, results.told)


def aggregation_of(estimate: float, values: Sequence[float | None], counts: Sequence[int | None]) -> Aggregation:
    """Macro where a group's number is the plain mean of its tasks' and not the mean over their questions."""
    known = [value for value in values if value is not None]
    sizes = [size for size in counts if size is not None]
    if len(known) < len(values) or not known:
        return Aggregation.MICRO
    plain = math.fsum(known) / len(known)
    if len(sizes) == len(known):
        pooled = math.fsum(value * size for value, size in zip(known, sizes, strict=True)) / sum(sizes)
        if abs(pooled - estimate) < 1e-9:
            return Aggregation.MICRO
    return Aggregation.MACRO if abs(plain - estimate) < 1e-9 else Aggregation.MICRO


def leaves_of(group: str, children: Mapping[str, Sequence[str]], most: int) -> tuple[list[str], int]:
    """The tasks below a group, at any depth, and how many members were looked at, no more than `most`; none for a task.
    A group that contains itself is followed once.
    """
    found: dict[str, None] = {}
    seen, waiting, steps = {group}, [group], 0
    while waiting and steps <= most:
        for name in children.get(waiting.pop(), ()):
            steps += 1
            if name not in seen:
                seen.add(name)
                if name in children:
                    waiting.append(name)
                else:
                    found[name] = None
    return list(found), steps
