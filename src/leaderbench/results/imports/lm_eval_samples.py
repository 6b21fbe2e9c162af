"""`samples_<task>_<time>.jsonl` of lm-evaluation-harness as samples.

A line is one question under one filter. What the file does not tell stays empty: tokens, their log-probabilities and
the length of the context. The margin is NaN where it is not known.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from leaderbench.files.regular import UnusableError
from leaderbench.metrics.choice import best, margin, per_character
from leaderbench.metrics.truthful import log_odds
from leaderbench.records import Flag, Sample
from leaderbench.results.imports.files import (
    LARGEST_LIST,
    LARGEST_SAMPLES,
    json_of,
    lines,
    open_plain,
    read,
)
from leaderbench.results.imports.lm_eval_tasks import Task
from leaderbench.results.imports.values import LONGEST_NAME, mapping, number, slug, unbroken
from leaderbench.results.secrets import redacted, without_tokens

MOST_METRICS = 20
"""Metrics of a sample that are kept."""

_not_metrics = frozenset({"doc_id", "target", "filter", "doc", "arguments", "resps", "filtered_resps", "metrics"})


@dataclass(frozen=True, slots=True)
class TaskSamples:
    """All samples of a task."""

    samples: tuple[Sample, ...]
    """In the order of the rows."""

    digest: str
    """SHA-256 of the file, unpacked."""

    size: int
    """Characters of prompts and answers."""


def read_samples(path: Path, task: Task, most: int) -> TaskSamples:
    """The samples of one task. Raises `UnusableError`, with the line and how many others are good, where the file is
    not whole: a run without some of its questions would pass for a run of all. Raises it also where prompts and answers
    have more than `most` characters.
    """
    digest, size = hashlib.sha256(), 0
    found: dict[object, Sample] = {}
    filters: set[tuple[object, str]] = set()
    good, wrong = 0, list[str]()
    for place, row in _rows(path, digest):
        try:
            if isinstance(row, UnusableError):
                raise row
            if not isinstance(row, dict):
                raise UnusableError("it is not an object")
            sample = sample_of(row, task)
        except UnusableError as error:
            wrong.append(f"{place}: {error}")
            continue
        good += 1
        size += len(sample.prompt) + sum(sample.characters)
        if size > most:
            raise UnusableError("they are too long to be held in memory")
        key = (row["doc_id"], slug(row.get("filter")))
        if key in filters:
            raise UnusableError(f"{place}: question {sample.example_id} stands there twice")
        filters.add(key)
        known = found.get(key[0])
        found[key[0]] = sample if known is None else _with_filter(known, sample)
    if wrong:
        number = f"{good:,} of {good + len(wrong):,} lines could be read" if good else "no line could be read"
        others = f", and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
        raise UnusableError(f"{number}; {wrong[0]}{others}")
    ordered = sorted(found, key=lambda row: (0, row, "") if isinstance(row, int) else (1, 0, str(row)))
    samples = tuple(found[row] for row in ordered)
    if len({sample.example_id for sample in samples}) < len(samples):
        raise UnusableError("several questions have the same doc_id")
    return TaskSamples(samples, digest.hexdigest(), size)


def _rows(path: Path, digest: "hashlib._Hash") -> Iterator[tuple[str, Any]]:
    """Each sample as the file has it, with where it stands; an `UnusableError` in the place of one that is no JSON.

    lm-eval 0.4.1 and 0.4.2 wrote all of them as one list.
    """
    with open_plain(path) as stream:
        is_list = stream.read(64).lstrip().startswith(b"[")
    if is_list:
        data = read(path, LARGEST_LIST)
        digest.update(data)
        yield from ((f"sample {place}", row) for place, row in enumerate(json_of(data), 1))
        return
    for count, line in enumerate(lines(path, digest, LARGEST_SAMPLES), 1):
        place = f"line {count}" + ("" if line.endswith(b"\n") else " is cut off")
        try:
            row = json_of(line) if line.strip() else None
        except UnusableError as error:
            yield place, error
            continue
        if line.strip():
            yield f"line {count}" if isinstance(row, dict) else place, row


def _with_filter(known: Sample, other: Sample) -> Sample:
    """A sample with the metrics of another filter of the same answer; the first filter's stand first."""
    metrics = {name: value for name, value in other.metrics.items() if name not in known.metrics}
    predictions = {name: value for name, value in other.predictions.items() if name not in known.predictions}
    return replace(known, metrics={**known.metrics, **metrics}, predictions={**known.predictions, **predictions})


def sample_of(row: Mapping[str, Any], task: Task) -> Sample:
    """One line as a sample. Raises `UnusableError` where it does not say which question it is, or has no arguments."""
    number_of_row = row.get("doc_id")
    if isinstance(number_of_row, bool) or not isinstance(number_of_row, int | str):
        raise UnusableError("it has no doc_id")
    asked = _arguments(row.get("arguments"))
    if not asked:
        raise UnusableError("it has no arguments")
    metrics = _metrics(row, task)
    if all(len(pair) > 1 and isinstance(pair[1], str) for pair in asked):
        made = _choice(row, task, asked, metrics)
    else:
        made = _generation(row, asked, metrics)
    row_name = slug(number_of_row) if isinstance(number_of_row, str) else str(number_of_row)[:LONGEST_NAME]
    made = replace(made, example_id=f"{task.rows}/{row_name}", subset=task.subset)
    if metrics:
        return made
    return replace(made, error="the file gives no value for this question", flags=(*made.flags, Flag.ERROR))


def _arguments(value: Any) -> list[list[Any]]:
    """The arguments of each request: lists of lists, in older files; `{"gen_args_0": {"arg_0": …}}` in today's."""
    items = _numbered(value) if isinstance(value, dict) else value if isinstance(value, list) else []
    pairs = [_numbered(item) if isinstance(item, dict) else item for item in items]
    return [pair for pair in pairs if isinstance(pair, list) and pair]


def _numbered(value: Mapping[str, Any]) -> list[Any]:
    """The values of an object whose keys end in numbers, in that order."""

    def place(key: str) -> tuple[int, str]:
        digits = key.rpartition("_")[2]
        return (int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0, key)

    return [value[key] for key in sorted(value, key=place)]


def _metrics(row: Mapping[str, Any], task: Task) -> dict[str, float]:
    """The metrics of a line that are one number for one question."""
    named = row.get("metrics")
    if not isinstance(named, list):
        named = [key for key in row if key not in _not_metrics and not key.endswith("_hash")]
    found: dict[str, float] = {}
    for name in named[:MOST_METRICS]:
        if not isinstance(name, str):
            continue
        value = row.get(name)
        value = float(value) if isinstance(value, bool) else number(value)
        if value is not None:
            found[task.metric(metric_name(name, row.get("filter")))] = value
    return found


def metric_name(name: str, filtered: Any) -> str:
    """A metric as lm-eval's results spell it, the plain filter left out: `acc`, `exact_match,strict-match`."""
    said = slug(filtered)
    return slug(name) if said in ("", "none") else f"{slug(name)},{said}"


def _text(value: Any) -> str:
    """A prompt; the messages of a chat as JSON."""
    if isinstance(value, str):
        return without_tokens(unbroken(value))
    try:
        return without_tokens(unbroken(json.dumps(redacted(value), ensure_ascii=False, allow_nan=False)))
    except (ValueError, RecursionError):
        return ""


def _choice(row: Mapping[str, Any], task: Task, asked: list[list[Any]], metrics: Mapping[str, float]) -> Sample:
    """A question whose answers were compared, or one whose only answer was weighed."""
    continuations = tuple(_text(pair[1]) for pair in asked)
    values = _log_likelihoods(row, len(asked))
    half = len(asked) // 2
    if len(asked) % 2 == 0 and half > 1 and continuations[:half] == continuations[half:] and not asked[half][0]:
        continuations, values = continuations[:half], values[:half]  # the rest asks for the answers without a question
    texts = [text.removeprefix(" ") for text in continuations]
    target = _target(row, task, texts)
    predictions: dict[str, str | None] = dict.fromkeys(metrics)
    ahead = math.nan
    if "mc2" in metrics:
        ahead = _margin_of_mass(row, values)
    elif len(values) > 1:
        scaled = {"acc_norm": per_character(values, texts)}
        for name in metrics:
            if name in ("acc", "acc_norm", "mc1"):
                predictions[name] = _letter(best(scaled.get(name, values)))
        ahead = margin(scaled.get(_reported(task, metrics), values))
    reported = _reported(task, metrics)
    made = _sample(_text(asked[0][0]), continuations, predictions, target, metrics, reported)
    tie = (Flag.TIE,) if ahead == 0 else ()
    return replace(made, log_likelihoods=values, margin=ahead if math.isfinite(ahead) else math.nan, flags=tie)


def _reported(task: Task, metrics: Mapping[str, float]) -> str:
    """The metric that says whether a sample is right."""
    wanted = [metric.name for metric in task.family.metrics] if task.family else []
    return next((name for name in (*wanted, *metrics) if name in metrics), "")


def _log_likelihoods(row: Mapping[str, Any], asked: int) -> tuple[float, ...]:
    """Of each continuation, in nats; none where one of them is missing or not finite."""
    for name in ("resps", "filtered_resps"):
        answers = row.get(name)
        if not isinstance(answers, list) or len(answers) != asked:
            continue
        values = [_first_number(answer) for answer in answers]
        known = tuple(value for value in values if value is not None)
        if len(known) == asked:
            return known
    return ()


def _first_number(value: Any) -> float | None:
    """The first number in lists of lists, a few levels down."""
    for _ in range(4):
        if not isinstance(value, list) or not value:
            break
        value = value[0]
    return number(value, written=True)


def _target(row: Mapping[str, Any], task: Task, texts: Sequence[str]) -> str:
    """The letter of the right answer; the file's own text where it is not the number of one."""
    given: Any = row.get("target")
    if task.family is not None and task.family.name == "winogrande":  # its `target` is the text after either name
        answer = mapping(row.get("doc")).get("answer")
        given = {"1": 0, "2": 1}.get(answer, given) if isinstance(answer, str) else given
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 4:
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < len(texts) and len(texts) > 1:
        return _letter(given)
    return _text(given)


def _letter(place: int) -> str:
    """The name of a choice, as benchmarks here call it: A for 0; numbers from 27 on."""
    return ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)


def _margin_of_mass(row: Mapping[str, Any], values: Sequence[float]) -> float:
    """How far the log-odds of TruthfulQA's true answers are from even, in nats, as samples of mc2 have it here."""
    labels = mapping(mapping(row.get("doc")).get("mc2_targets")).get("labels")
    if not isinstance(labels, list) or len(labels) != len(values) or not values:
        return math.nan
    found = abs(log_odds(list(values), [label == 1 for label in labels]))
    return found if math.isfinite(found) else math.nan


def _generation(row: Mapping[str, Any], asked: list[list[Any]], metrics: Mapping[str, float]) -> Sample:
    """A question whose answer was written; of several tries the first."""
    written: Any = row.get("resps")
    while isinstance(written, list) and written:
        written = written[0]
    text = _text(written) if isinstance(written, str) else ""
    filtered: Any = row.get("filtered_resps")
    filtered = filtered[0] if isinstance(filtered, list) and filtered else filtered
    prediction = _text(filtered) if isinstance(filtered, str) else None
    predictions: dict[str, str | None] = dict.fromkeys(metrics, prediction)
    reported = next(iter(metrics), "")
    target = _text(row.get("target"))
    return replace(_sample(_text(asked[0][0]), (text,), predictions, target, metrics, reported), prediction=prediction)


def _sample(
    prompt: str,
    continuations: tuple[str, ...],
    predictions: Mapping[str, str | None],
    target: str,
    metrics: Mapping[str, float],
    reported: str,
) -> Sample:
    """What the file tells of any question; `example_id` and `subset` are filled in later."""
    texts = [text.removeprefix(" ") for text in continuations]
    return Sample(
        example_id="",
        subset="",
        prompt=prompt,
        request_digests=(),
        continuations=continuations,
        continuation_tokens=(),
        token_log_probabilities=(),
        log_likelihoods=(),
        characters=tuple(map(len, texts)),
        bytes=tuple(len(text.encode()) for text in texts),
        context_tokens=0,
        truncated_tokens=0,
        shots_dropped=0,
        prediction=predictions.get(reported),
        predictions=predictions,
        target=target,
        correct=metrics.get(reported, 0.0) > 0.5,
        margin=math.nan,
        metrics=metrics,
        flags=(),
    )


def joined(one: Sample, many: Sample) -> Sample:
    """TruthfulQA's mc1 and mc2 of one question, which lm-eval asks as two tasks, as the one sample that they are here.

    The answers of mc1 stand first; margin and verdict are mc2's.
    """
    whole = bool(one.log_likelihoods and many.log_likelihoods)
    return replace(
        many,
        continuations=one.continuations + many.continuations,
        log_likelihoods=one.log_likelihoods + many.log_likelihoods if whole else (),
        characters=one.characters + many.characters,
        bytes=one.bytes + many.bytes,
        prediction=one.prediction,
        predictions={**many.predictions, **one.predictions},
        metrics={**many.metrics, **one.metrics},
    )
