"""From the files of a store to the rows of the index: which files there are, in which state, and what they say."""

import json
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.files.parsing import json_of
from leaderbench.files.regular import UnusableError, read_bytes
from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results import index_seal
from leaderbench.results import store as stores
from leaderbench.results.entries import Provenance
from leaderbench.results.files import leads_out, said_plainly, sentence
from leaderbench.results.problems import FOREIGN
from leaderbench.results.runs import Manifest, manifest_from_json, manifest_to_json, score_from_json
from leaderbench.results.sealed import lines_in, lost, unsealed
from leaderbench.results.secrets import redacted, without_secrets
from leaderbench.results.subjects import facts_of
from leaderbench.sentences import Sentence

Row = dict[str, Any]

MOST_WRONG = 1_000
"""Lines of a file that cannot be read before the rest of it is left unread."""

unsettled = 50_000_000
"""Nanoseconds: a file that changed so recently may change again with the same time stamp, so it is read once more."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a run's folder, or a file of imported scores, says: one row of the index and its scores."""

    row: Row
    """The columns of `runs` or `imported_files`."""

    scores: list[Row]
    """The rows of `scores` or `imported` that belong to it."""

    @property
    def digest(self) -> str:
        """The same for the same contents."""
        return index_seal.digest(self.row, self.scores)


def run_folders(store: Path) -> dict[str, tuple[Path, str]]:
    """The folder and the fingerprint of every run, by its id. Raises `LeaderbenchError` where they cannot be listed."""
    before = time.time_ns() - unsettled
    folder = store / "runs"
    found = {}
    with said_plainly(folder):
        for item in _listed(folder):
            if not item.name.startswith(".") and _is(item.is_dir):
                files = (f"{item.path}/manifest.json", f"{item.path}/scores.json")
                found[plain(item.name)] = Path(item.path), fingerprint(files, before)
    return found


def imported_files(store: Path) -> dict[str, tuple[Path, str]]:
    """The path and the fingerprint of every file of imported scores, by its name without `.jsonl`."""
    before = time.time_ns() - unsettled
    folder = store / "imported"
    found = {}
    with said_plainly(folder):
        for item in _listed(folder):
            if item.name.endswith(".jsonl") and not item.name.startswith(".") and _is(item.is_file):
                found[plain(item.name.removesuffix(".jsonl"))] = Path(item.path), fingerprint((item.path,), before)
    return found


def _is(kind: Callable[[], bool]) -> bool:
    """Whether a name in a folder is of a kind; a loop of links is of none."""
    try:
        return kind()
    except OSError:
        return False


def _listed(folder: Path) -> Iterator["os.DirEntry[str]"]:
    if folder.exists():  # a file in its place is said
        with os.scandir(folder) as items:
            yield from items


def fingerprint(files: Iterable[str], before: int) -> str:
    """Times and sizes of files, which tell one state of them from another without reading them.

    Empty, so that it equals none, where one of them changed after `before` (nanoseconds since 1970).
    """
    parts = []
    for file in files:
        try:
            found = os.stat(file)  # noqa: PTH116 - a Path for each of 240,000 files takes longer than asking for them
        except OSError:
            parts.append("-")
            continue
        # The time of the last change of the file's own record can't be set back, as that of its contents can.
        if found.st_ctime_ns >= before or found.st_mtime_ns >= before:
            return ""
        parts.append(f"{found.st_mtime_ns:x}.{found.st_ctime_ns:x}.{found.st_size:x}")
    return " ".join(parts)


def run_rows(name: str, folder: Path) -> Found:
    """What a run's manifest and scores say; of a damaged one what could still be read, and its problem."""
    try:
        run = stores.read_folder(folder)
        return Found(_run_row(name, run.manifest), _score_rows(name, run.scores))
    except LeaderbenchError as error:
        problem = str(error)
    except (RecursionError, OverflowError):
        problem = Sentence(FOREIGN, folder=str(folder))
    left = Found(_nothing(name), []) if leads_out(folder, folder.parent.parent) else _remains(name, folder)
    return Found(left.row | {"problem": plain(problem)}, left.scores)


def _run_row(name: str, manifest: Manifest) -> Row:
    imported = manifest.model.get("provenance") == "imported"
    row = {
        "model": manifest.model.get("name", "?"),
        "identity": manifest.model.get("identity", ""),
        "benchmark": manifest.benchmark.get("name", "?"),
        "dataset": manifest.benchmark.get("dataset", ""),
        "revision": manifest.benchmark.get("revision", ""),
        "created": manifest.created,
        "settings": manifest.settings,
        "source": manifest.model.get("source", "") if imported else "",
    }
    provenance = Provenance.IMPORTED_RUN if imported else Provenance.MADE_HERE
    limits = json.dumps(manifest_to_json(manifest)["limits"], ensure_ascii=False).encode("utf-8", "replace").decode()
    texts = {key: "" if value is None else plain(str(value)) for key, value in row.items()}
    facts = facts_as_text(facts_of(manifest.model))
    counts = plain(json.dumps(manifest.counts)) if manifest.notes else ""
    known = {"provenance": provenance.value, "problem": "", "facts": facts, "counts": counts}
    return {"id": name, **texts, "limits": limits, **known}


def facts_as_text(facts: Mapping[str, str]) -> str:
    """Facts as the index keeps them."""
    return plain(json.dumps(dict(facts), ensure_ascii=False))


def _nothing(name: str) -> Row:
    texts = ("model", "identity", "benchmark", "dataset", "revision", "created", "settings", "source")
    known = {"limits": "{}", "facts": "{}", "counts": "", "provenance": Provenance.MADE_HERE.value}
    return {"id": name, **dict.fromkeys(texts, ""), **known}


def _remains(name: str, folder: Path) -> Found:
    """What is left of a damaged run: its manifest where that has the right form, and scores with a right checksum.

    Where the manifest's own checksum does not fit, names in it may be others': no score is believed, nor an identity.
    Where there are no scores, the metrics that its recipe names have some of which nothing is known, so that boards can
    show where a score is missing and why.
    """
    left = Found(_nothing(name), [])
    try:
        content = json_of(read_bytes(folder / "manifest.json", stores.LARGEST_JSON))
        manifest = manifest_from_json(content)
        is_signed = stores.is_signed(content)
        row = _run_row(name, manifest) | ({} if is_signed else {"identity": ""})
        left = Found(row, _score_rows(name, _lost(manifest)))
        if is_signed and int(content["format"]) <= stores.format_version:
            data = read_bytes(folder / "scores.json", stores.LARGEST_JSON)
            if stores.digest(data) == content["sha256"]["scores.json"]:
                left = Found(left.row, _score_rows(name, [score_from_json(item) for item in json_of(data)]))
    except (OSError, ValueError, LookupError, TypeError, RecursionError, OverflowError):
        return left
    return left


def _lost(manifest: Manifest) -> Iterator[Score]:
    recipe = manifest.benchmark.get("recipe")
    metrics = recipe.get("metrics") if isinstance(recipe, dict) else None
    for metric in metrics if isinstance(metrics, list) else ():
        if named := re.fullmatch(r"(.+) \((micro|macro)\)", str(metric)):
            yield Score(Metric(named[1], Aggregation(named[2])), None, math.nan, math.nan, math.nan, math.nan, 0)


def _score_rows(run: str, scores: Iterable[Score]) -> list[Row]:
    """Rows of scores."""
    return [
        {"run": run, "narrow": score.subset is not None, "place": place, **_score_row(score)}
        for place, score in enumerate(scores)
    ]


def _score_row(score: Score) -> Row:
    return {
        "metric": plain(str(score.metric.name)),
        "aggregation": score.metric.aggregation.value,
        "subset": None if score.subset is None else plain(str(score.subset)),
        "estimate": score.estimate,
        "standard_error": score.standard_error,
        "low": score.low,
        "high": score.high,
        "n": score.n,
        "errors": score.errors,
        "view": score.view.value,
        "bank": score.bank,
    }


def plain(text: str) -> str:
    """A text that a database can hold: halves of a character pair are written out, everything else stays."""
    return text.encode("utf-8", "backslashreplace").decode()


def imported_rows(name: str, path: Path) -> Found:
    """What a file of imported scores says; lines that cannot be read are passed over, and the first one is said."""
    scores: list[Row] = []
    wrong: list[str] = []
    intact: list[tuple[str, int]] = []
    try:
        for place, line in enumerate(lines_in(path), 1):
            try:
                if line.strip():
                    values = unsealed(line)
                    source = str(values.get("digest")), int(values.get("of", 0))
                    scores.append({"file": name, "place": place, **_imported_row(values)})
                    intact.append(source)
            except (ValueError, LookupError, TypeError, RecursionError, OverflowError) as error:
                wrong.append(f"line {place} of {path} ({_why(error)})")
                if len(wrong) > MOST_WRONG:
                    break
        problem = ""
    except OSError as error:
        problem = sentence(error, path)
    except UnusableError as error:
        problem = f"{path} cannot be read to its end ({error}): import its sources again."
    if wrong:
        others = f" and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
        problem = f"{wrong[0]}{others} is no score and was passed over: import its source again."
        problem = problem[0].upper() + problem[1:]
    elif not problem and (missing := sum(lost(intact).values())):
        problem = f"{path} lost {missing:,} of its scores: import their source again."
    return Found({"id": name, "problem": plain(problem)}, scores)


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"without {error}"
    return " ".join(str(error).split())[:100] or type(error).__name__


def _imported_row(content: Mapping[str, Any]) -> Row:
    """A line of `imported/<name>.jsonl`: the fields of an `Entry` in one object, null for numbers that are unknown.

    Raises `LookupError`, `TypeError`, `ValueError` or `OverflowError` for anything else.
    """
    texts = {key: content[key] for key in ("model", "benchmark", "metric")}
    texts |= {key: content.get(key) or "" for key in ("identity", "source", "created", "settings")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise TypeError(f"{key} is no text")
    metric = {"name": texts.pop("metric"), "aggregation": content["aggregation"]}
    counts = {key: content.get(key) or 0 for key in ("n", "errors")}
    known = {"subset": None, "standard_error": None, "low": None, "high": None} | dict(content)
    score = score_from_json(known | counts | {"metric": metric})
    # Older versions kept credentials.
    texts |= {key: without_secrets(texts[key]) for key in ("model", "source", "settings")}
    facts = {str(key): str(value) for key, value in redacted(dict(content.get("facts") or {})).items()}
    more = {"facts": facts_as_text(facts), "parts": plain(json.dumps(_parts(content), ensure_ascii=False))}
    return {key: plain(value) for key, value in texts.items()} | more | _score_row(score)


def _parts(content: Mapping[str, Any]) -> list[str]:
    parts = content.get("parts") or []
    if not isinstance(parts, list):
        raise TypeError("parts is no list")
    return [without_secrets(str(part)) for part in parts]
