"""Open LLM Leaderboard, version 1: `results/{org}/{model}/results_{time}.json`.

Its MMLU is the macro mean over 57 subjects (the tasks `hendrycksTest-…`), which the file itself does not hold: it is
worked out where all of them are there. Its other means are left out: a board makes its own.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from leaderbench.files.regular import UnusableError
from leaderbench.records import Aggregation, Metric, Score
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
from leaderbench.results.imports.lighteval import lost, numbers
from leaderbench.results.imports.report import Report
from leaderbench.results.imports.scores import entry, identity, published
from leaderbench.results.imports.systems import refuse_other
from leaderbench.results.imports.values import count, mapping, moment_in, name, quoted, slug
from leaderbench.results.store import Store
from leaderbench.results.subjects import facts

SYSTEM = "open-llm-leaderboard"
SUBJECTS = 57

families = {
    "arc:challenge": ("arc-challenge", 25),
    "hellaswag": ("hellaswag", 10),
    "truthfulqa:mc": ("truthfulqa-mc", 0),
    "winogrande": ("winogrande", 5),
    "gsm8k": ("gsm8k", 5),
    "drop": ("drop", 3),
}
"""What each task but those of MMLU is called here, and the leaderboard's number of shots."""

_subject = re.compile(r"hendrycksTest-(\w+)")
_key = re.compile(r"[\w-]+\|([^|]+)\|(\d{1,3})(?:\|\d+)?", re.ASCII)

Placed = tuple[str, str, Score]
"""A score with its benchmark and settings."""

MEANS = "The files' own means over all tasks (`all`) are not imported: a board makes its own."
MACRO = "MMLU is the mean over its 57 subjects, worked out from their scores."


def import_open_llm_leaderboard(paths: Paths, store: Store | str | Path) -> Report:
    """Import result files of the Open LLM Leaderboard, and of folders every one in them.

    Raises `LeaderbenchError` where a path does not exist, holds no such file, or the store cannot be written; what is
    wrong with a single file is in the report.
    """
    return import_each(paths, store, lambda file: plain_name(file).endswith(".json"), _take)


def _take(importing: Importing, source: Source) -> None:
    data = read(source.path)
    digest = dated_digest(SYSTEM, source, data)
    found = scores_of(importing.without_secrets(object_of(data)), source.name, digest)
    importing.tell_of(source, found)
    importing.scores(source, found)


def scores_of(content: Mapping[str, Any], file: str, digest: str) -> Found:
    """What one file holds. Raises `UnusableError` where it is none of the leaderboard, or names no model."""
    refuse_other(content, "the Open LLM Leaderboard")
    general = content.get("config_general")
    if not isinstance(general, dict) or not isinstance(content.get("results"), dict):
        raise UnusableError("it has no `config_general` and `results`, so it is no file of the Open LLM Leaderboard")
    model = name(general.get("model_name"))
    if not model:
        raise UnusableError("it does not say which model was asked")
    check_count(len(content["results"]), MOST_TASKS, "tasks")
    limit = f"limit {most}" if (most := count(general.get("max_samples"))) else ""
    scores: list[Placed] = []
    left_out: list[str] = []
    for key, values in content["results"].items():
        parts = _key.fullmatch(key)
        rows = numbers(mapping(values))
        if key == "all":
            continue
        if parts is None:
            left_out.append(f"{quoted(key)} is no task of the leaderboard")
        elif not rows:
            left_out.append(f"{quoted(key)} has no finite number")
        else:
            left_out += lost(key, mapping(values))
            benchmark, subset, usual = place(parts[1])
            shots = "" if usual in (None, int(parts[2])) else f"{int(parts[2])} shots"
            settings = ", ".join(filter(None, [limit, shots]))
            for metric, estimate, error in rows:
                named = Metric(metric, Aggregation.MICRO)
                score = published(named, subset, estimate, error, _questions(content, key))
                scores.append((benchmark, settings, score))
    means = macro_scores(scores)
    remarks = [MEANS] * ("all" in content["results"]) + [MACRO] * bool(means)
    revision, dtype = name(general.get("model_sha")), name(general.get("model_dtype"))
    who = identity(SYSTEM, name=model, revision=revision, dtype=dtype)
    told = facts(system=SYSTEM, revision=revision, precision=dtype.removeprefix("torch."))
    created = moment_in(file)
    entries = (entry(model, who, where, score, file, created, how, told) for where, how, score in [*means, *scores])
    return Found(digest, tuple(entries), tuple(left_out), tuple(remarks))


def place(task: str) -> tuple[str, str | None, int | None]:
    """The benchmark of a task, such as `mmlu/open-llm-leaderboard`, its subject, and the usual number of shots."""
    if subject := _subject.fullmatch(task):
        return f"mmlu/{SYSTEM}", subject[1], 5
    if task in families:
        return f"{families[task][0]}/{SYSTEM}", None, families[task][1]
    return f"{SYSTEM}/{slug(task) or 'unnamed'}", None, None


def _questions(content: Mapping[str, Any], key: str) -> int | None:
    """How many questions were asked; most files do not say."""
    said = mapping(mapping(content.get("config_tasks")).get(key.rpartition("|")[0]))
    return count(said.get("effective_num_docs"))


def macro_scores(scores: Sequence[Placed]) -> list[Placed]:
    """The mean over the subjects of MMLU, where all are there: sum(x) / K with the standard error sqrt(sum(SE²)) / K of
    subjects that are fixed; no error where that of a subject is not known.
    """
    subjects: dict[tuple[str, str, str], dict[str, Score]] = {}
    for benchmark, settings, score in scores:
        if score.subset is not None:
            subjects.setdefault((benchmark, settings, score.metric.name), {})[score.subset] = score
    made = []
    for (benchmark, settings, metric), found in subjects.items():
        if len(found) == SUBJECTS:
            parts = list(found.values())
            estimate = math.fsum(part.estimate for part in parts) / SUBJECTS
            error = math.sqrt(math.fsum(part.standard_error**2 for part in parts)) / SUBJECTS
            n = sum(part.n for part in parts) if all(part.n for part in parts) else None
            score = published(
                Metric(metric, Aggregation.MACRO), None, estimate, None if math.isnan(error) else error, n
            )
            made.append((benchmark, settings, score))
    return made
