"""lighteval: `results_{time}.json`, with tasks as `suite|task|shots` under `results`.

The suite and the shots are part of what was asked, so they are in the benchmark's name and its settings. Subjects, such
as those of `mmlu:anatomy`, come in as subsets, and lighteval's mean over them (`mmlu:_average`) as the whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderbench.files.regular import UnusableError
from leaderbench.records import Aggregation, Metric
from leaderbench.results.imports.files import (
    MOST_TASKS,
    Source,
    check_count,
    dated_digest,
    object_of,
    plain_name,
    read,
)
from leaderbench.results.imports.importing import Found, Importing, Paths, import_each
from leaderbench.results.imports.report import Report
from leaderbench.results.imports.scores import entry, identity, over, published
from leaderbench.results.imports.systems import is_lighteval, refuse_other
from leaderbench.results.imports.values import count, mapping, moment_in, name, number, quoted, slug
from leaderbench.results.store import Store
from leaderbench.results.subjects import facts

SYSTEM = "lighteval"

_key = re.compile(r"(?:([\w-]+)\|)?((?!\d+\|)[^|]+?)\|(\d{1,3})(?:\|\d+)?", re.ASCII)
_means = ("_average", "average")

MEANS = "lighteval's mean over all tasks (`all`) is not imported: a board makes its own."


def import_lighteval(paths: Paths, store: Store | str | Path) -> Report:
    """Import result files of lighteval, and of folders every one in them.

    Raises `LeaderbenchError` where a path does not exist, holds no such file, or the store cannot be written; what is
    wrong with a single file is in the report.
    """
    return import_each(paths, store, lambda file: plain_name(file).endswith(".json"), _take)


def _take(importing: Importing, source: Source) -> None:
    data = read(source.path)
    digest = dated_digest(SYSTEM, source, data)
    content = object_of(data)
    refuse_other(content, SYSTEM)
    results = content.get("results")
    if not isinstance(results, dict) or not is_lighteval(results):
        raise UnusableError("it has no `results` of tasks such as `lighteval|gsm8k|0`, so it is no file of lighteval")
    check_count(len(results), MOST_TASKS, "tasks")
    check_count(sum(len(mapping(values)) for values in results.values()), MOST_TASKS * 5, "numbers")
    found = scores_of(importing.without_secrets(content), source.name, digest)
    importing.tell_of(source, found)
    importing.scores(source, found)


def scores_of(content: Mapping[str, Any], file: str, digest: str) -> Found:
    """What one file holds. Raises `UnusableError` where it names no model."""
    general = mapping(content.get("config_general"))
    model = name(general.get("model_name")) or name(mapping(general.get("model_config")).get("model_name"))
    if not model:
        raise UnusableError("it does not say which model was asked")
    config = mapping(general.get("model_config"))
    dtype = (name(general.get("model_dtype")) or name(config.get("dtype"))).removeprefix("torch.")
    revision = name(general.get("model_sha")) or name(config.get("revision"))
    told = facts(system=SYSTEM, revision=revision, precision="" if dtype == "auto" else dtype)
    who, created = identity(SYSTEM, name=model, facts=told), moment_in(file)
    limit = f"limit {most}" if (most := count(number(general.get("max_samples"), written=True))) else ""
    tasks = {key: task for key in content["results"] if (task := task_of(key))}
    subjects: dict[tuple[str, str], list[str]] = {}
    for task in tasks.values():
        if task.subject and task.subject not in _means:
            subjects.setdefault((task.family, task.shots), []).append(task.subject)
    entries = []
    left_out: list[str] = []
    for key, values in content["results"].items():
        task, rows = tasks.get(key), numbers(mapping(values))
        if task is None or not rows:
            what = "has no finite number" if task else "is no task such as `lighteval|gsm8k|0`"
            left_out += [f"{quoted(key)} {what}"] if key != "all" else []
            continue
        left_out += lost(key, mapping(values))
        parts = subjects.get((task.family, task.shots), [])
        is_mean = task.subject in _means
        named = task.family if is_mean or len(parts) > 1 or not task.subject else f"{task.family}:{task.subject}"
        settings = ", ".join(filter(None, [limit, f"{task.shots} shots"]))
        for metric, value, error in rows:
            kind = Aggregation.MACRO if is_mean else Aggregation.MICRO
            subset = task.subject if task.subject and not is_mean and len(parts) > 1 else None
            score = published(Metric(metric, kind), subset, value, error)
            suite = f"{task.suite}-" if task.suite else ""
            item = entry(model, who, f"{SYSTEM}/{suite}{named}", score, file, created, settings, told)
            entries.append(over(item, parts) if is_mean else item)
    return Found(digest, tuple(entries), tuple(left_out), (MEANS,) if "all" in content["results"] else ())


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a file, as its key has it."""

    suite: str
    """Empty in files of later versions, which have none."""

    family: str
    subject: str
    """Empty where the task has none."""

    shots: str


def task_of(key: str) -> Task | None:
    """The task of a key such as `leaderboard|mmlu:anatomy|5`; None for any other."""
    found = _key.fullmatch(key)
    if found is None:
        return None
    family, _, subject = found[2].partition(":")
    challenge = subject in ("challenge", "easy")  # of ARC: two benchmarks, no subjects
    family, subject = (found[2], "") if challenge else (family, subject)
    return Task(slug(found[1] or ""), slug(family) or "unnamed", slug(subject), str(int(found[3])))


def lost(key: str, values: Mapping[str, Any]) -> list[str]:
    """What to say of metrics of a task that are no finite number."""
    names = [name for name, value in values.items() if isinstance(value, float) and number(value) is None]
    names = [quoted(name) for name in names if "_stderr" not in name]
    return [f"{quoted(key)}: {', '.join(names[:5])}: no finite number"] if names else []


def numbers(values: Mapping[str, Any]) -> list[tuple[str, float, float | None]]:
    """Name, value and standard error of each finite metric of a task."""
    found = ((key, number(value)) for key, value in values.items() if not key.endswith("_stderr") and slug(key))
    return [(slug(key), value, number(values.get(f"{key}_stderr"))) for key, value in found if value is not None]
