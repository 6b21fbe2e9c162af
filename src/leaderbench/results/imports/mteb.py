"""MTEB: `results/{org}__{model}/{revision}/{Task}.json`, with `scores{split: [{main_score, hf_subset, …}]}`.

The score of a model on a task is the plain mean of the rows (split, subset) of the splits that the task names (MTEB's
own rule). Files don't say which these are: `test`, and what begins so, where it is there; else the development splits;
else all. Every row comes in as a subset too. A row without a number voids the mean, as in MTEB. MTEB publishes neither
an error nor the number of questions, so its scores have no interval.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from leaderbench.files.regular import UnusableError
from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.entries import Entry
from leaderbench.results.imports.files import (
    MOST_TASKS,
    Source,
    check_count,
    object_of,
    plain_name,
    read,
)
from leaderbench.results.imports.importing import Found, Importing, Paths, import_each
from leaderbench.results.imports.report import Report
from leaderbench.results.imports.scores import entry, identity, over, published
from leaderbench.results.imports.systems import refuse_other
from leaderbench.results.imports.values import mapping, moment, moment_in, name, number, quoted, slug
from leaderbench.results.store import Store
from leaderbench.results.subjects import facts

SYSTEM = "mteb"
METRIC = "main_score"

ONE_SPLIT = (
    "Where a file has several splits, a task's score is that of its test split, as MTEB counts it; the others come in "
    "as parts, such as the subset `validation`."
)

named_splits = {"MSMARCO": ("dev",), "MSMARCO-PL": ("test",)}
"""Of tasks that name another split than files with several would tell."""

NO_INTERVAL = "MTEB publishes neither standard errors nor numbers of questions: its scores have no interval."


def import_mteb(paths: Paths, store: Store | str | Path) -> Report:
    """Import result files of MTEB, and of folders every one in them.

    Raises `LeaderbenchError` where a path does not exist, holds no such file, or the store cannot be written; what is
    wrong with a single file is in the report.
    """
    return import_each(paths, store, _wanted, _take)


def _wanted(file: str) -> bool:
    return plain_name(file).endswith(".json") and plain_name(file) != "model_meta.json"


def _take(importing: Importing, source: Source) -> None:
    data = read(source.path)
    content = object_of(data)
    refuse_other(content, "MTEB")
    model, revision = asked(source.path)
    if not model:
        raise UnusableError("its folders do not say which model was asked: they must be <org>__<model>/<revision>")
    told = "\n".join([SYSTEM, model, revision, source.path.name]).encode()
    digest = hashlib.sha256(told + b"\n" + data).hexdigest()
    importing.scores(source, scores_of(importing.without_secrets(content), model, revision, source.name, digest))


def asked(path: Path) -> tuple[str, str]:
    """Model and revision, as the two folders above a file name them; an empty model where they do not."""
    folders = path.absolute().parts[-3:-1]
    if len(folders) < 2 or "__" not in folders[0]:
        return "", ""
    return name(folders[0].replace("__", "/", 1)), name(folders[1])


def scores_of(content: Mapping[str, Any], model: str, revision: str, file: str, digest: str) -> Found:
    """What one file holds. Raises `UnusableError` where it is no result of a task."""
    task = slug(content.get("task_name")) or slug(plain_name(file.rpartition("/")[2]).removesuffix(".json"))
    splits = content.get("scores")
    if not isinstance(splits, dict) or not task:
        old = isinstance(content.get("mteb_dataset_name"), str)
        raise UnusableError(
            "it is of an MTEB before 1.11, which named its scores otherwise"
            if old
            else "it has no `scores` by split, so it is no result of MTEB"
        )
    check_count(sum(len(items) for items in splits.values() if isinstance(items, list)), MOST_TASKS, "rows")
    check_count(len(splits), MOST_TASKS, "splits")
    rows: dict[str, float] = {}
    left_out: list[str] = []
    counted = splits_of(task, tuple(name(split) for split in splits))
    whole: list[str] = []
    void = False
    for split, items in splits.items():
        for item in items if isinstance(items, list) else [None]:
            part = name(mapping(item).get("hf_subset"))
            value = number(mapping(item).get(METRIC))
            row = name(split) if part in ("", "default") else f"{name(split)}/{part}"
            if value is None or abs(value) > 1:
                void |= name(split) in counted
                what = "is no finite number" if value is None else f"is {value:g}, and MTEB's are between -1 and 1"
                left_out.append(f"{quoted(split)}, {quoted(part)}: {METRIC} {what}")
            elif row in rows:
                left_out.append(f"{quoted(row)} stands there twice: the first one is imported")
            else:
                rows[row] = value
                whole += [row] if name(split) in counted else []
    if not rows:
        return Found(digest, (), tuple(left_out))
    who, told = identity(SYSTEM, name=model, revision=revision), facts(system=SYSTEM, revision=revision)
    created = moment(content.get("date")) or moment_in(name(content.get("date")))

    def made(score: Score) -> Entry:
        return entry(model, who, f"{SYSTEM}/{task}", score, file, created, facts=told)

    entries = [made(published(Metric(METRIC, Aggregation.MICRO), row, value)) for row, value in rows.items()]
    if void:
        left_out.append("the mean of its parts: one of them is no number, and a mean without it is another one")
    elif whole:
        mean = math.fsum(rows[row] for row in whole) / len(whole)
        entries.insert(0, over(made(published(Metric(METRIC, Aggregation.MACRO), None, mean)), whole))
    remarks = [ONE_SPLIT] if len(counted) < len({name(split) for split in splits}) else []
    return Found(digest, tuple(entries), tuple(left_out), (NO_INTERVAL, *remarks))


def splits_of(task: str, splits: Sequence[str]) -> tuple[str, ...]:
    """The splits that a task's score is of, of those that a file has."""
    named = tuple(split for split in splits if split in named_splits.get(task, ()))
    tests = tuple(split for split in splits if split.startswith("test"))
    held_out = tuple(split for split in splits if split.startswith(("validation", "valid", "dev", "eval")))
    return named or (("test",) if "test" in tests else tests) or held_out or tuple(splits)
