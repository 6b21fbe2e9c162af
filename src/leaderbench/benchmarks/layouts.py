"""Which files of a local dataset are which split of which config: as its README says, else by their names."""

import fnmatch
import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from leaderbench.benchmarks.local_files import COPY_AGAIN, LocalFiles
from leaderbench.errors import LeaderbenchError
from leaderbench.files.parsing import entries_of, head_of, yaml_of
from leaderbench.files.regular import UnusableError, named
from leaderbench.sentences import Sentence

Splits = dict[str, list[str]]
"""The files of each split, or patterns of their names."""

LARGEST_README = 16 << 20
"""Bytes."""

LONGEST_HEAD = 4_000_000
"""Characters of the entry `configs` of a README's head, which lists every file of a dataset; MMLU's has 16,000."""

_SPLIT = r"(?P<split>auxiliary_train|train|dev|valid|validation|val|test)"
_SHARD = r"(?:-\d{5}-of-\d{5})?"
_BESIDE = {"dataset_dict.json", "dataset_info.json", "dataset_infos.json", "state.json"}
"""What programs write beside the rows."""

_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        # What archives of exams unpack to: test/anatomy_test.csv, data/dev/law.csv
        rf"(?:.+/)?{_SPLIT}/(?P<config>[^/]+)_(?P=split)\.(?:csv|jsonl?|parquet)",
        rf"(?:data/)?{_SPLIT}/(?P<config>[^/]*[^/\d][^/]*?)\.(?:csv|jsonl?)",
        # A single config: test-00000-of-00001.parquet, data/test.jsonl
        rf"(?:data/)?{_SPLIT}{_SHARD}\.(?:csv|jsonl?|parquet)",
        # The Hub's own: <config>/<split>-00000-of-00001.parquet, <config>/<split>/0000.parquet
        r"(?P<config>[^/]+)/(?P<split>[^/.-]+)(?:-[^/]*)?\.(?:csv|jsonl?|parquet)",
        r"(?P<config>[^/]+)/(?P<split>[^/-]+)[^/]*/[^/]+\.parquet",
    )
)


def configs(files: LocalFiles, dataset: str) -> dict[str, Splits]:
    """The file patterns of each split of each config. Raises `LeaderbenchError` where no layout is recognised."""
    known: dict[str, Splits] = {}
    if "README.md" in files.paths:
        readme = files.folder / "README.md"
        with named(readme, COPY_AGAIN):
            known = _of_readme(files.read("README.md", LARGEST_README).decode("utf-8", errors="replace"), readme)
    known = known or _by_names(files.paths)
    if not known:
        raise LeaderbenchError(
            f"The local copy of {dataset} in {files.folder} has no README.md whose head names its `configs`, nor files"
            f" named <config>/<split>-….parquet: {_advice(files.paths)}."
        )
    return known


def _advice(names: Iterable[str]) -> str:
    """What to do about a layout that is not read."""
    last = {name.rsplit("/", 1)[-1] for name in names}
    if any(name.endswith(".arrow") for name in last):
        return (
            "it was written by `save_to_disk`; write each split again with"
            ' `datasets.load_from_disk(FOLDER)["test"].to_parquet("<config>/test-00000-of-00001.parquet")`'
        )
    if packed := sorted(name for name in last if name.endswith((".zip", ".tar", ".tar.gz", ".tgz", ".gz"))):
        return f"unpack {packed[0]} there"
    if scripts := sorted(name for name in last if name.endswith(".py")):
        return f"{scripts[0]} is a loading script, which is never run; copy the parquet files of the Hub's export"
    return "copy the whole repository"


@lru_cache(maxsize=64)
def _of_readme(text: str, readme: Path) -> dict[str, Splits]:
    """Parsed once, since it is asked for with every split."""
    entries = [block for key, block in entries_of(head_of(text) or "") if key == "configs"]
    if not entries:
        return {}
    if len(entries[-1]) > LONGEST_HEAD:
        raise UnusableError(Sentence("its head is longer than {n} characters", n=LONGEST_HEAD))
    content = yaml_of(entries[-1])["configs"]
    try:
        listed = content if isinstance(content, list) else []
        return {_text(entry.get("config_name", "default")): _splits(entry.get("data_files")) for entry in listed}
    except (AttributeError, KeyError, TypeError) as error:
        raise LeaderbenchError(f"The `configs` in the head of {readme} are malformed: copy it again.") from error


def _splits(data_files: Any) -> Splits:
    """`data_files` of a config: a list of {split, path}, a table of paths by split, or only the path or paths of a
    single split `train`. Raises `AttributeError`, `KeyError` or `TypeError` for anything else.
    """
    if isinstance(data_files, dict):
        return {split: _patterns(paths) for split, paths in data_files.items()}
    splits: Splits = {}
    for entry in [data_files] if isinstance(data_files, str) else data_files or []:
        split, paths = ("train", entry) if isinstance(entry, str) else (_text(entry["split"]), entry["path"])
        splits.setdefault(split, []).extend(_patterns(paths))
    return splits


def _patterns(paths: Any) -> list[str]:
    if not isinstance(paths, str | list):
        raise TypeError(paths)
    return [_text(path) for path in ([paths] if isinstance(paths, str) else paths)]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(value)
    return value


def _by_names(names: Iterable[str]) -> dict[str, Splits]:
    """Configs and splits as the names of the files tell them."""
    known: dict[str, Splits] = {}
    for name in names:
        for pattern in _NAMES if name.rsplit("/", 1)[-1] not in _BESIDE else ():
            if match := pattern.fullmatch(name):
                told = match.groupdict()
                known.setdefault(told.get("config") or "default", {}).setdefault(told["split"], []).append(name)
                break
    return known


def matching(files: LocalFiles, dataset: str, patterns: Sequence[str]) -> list[str]:
    """The names of the files that patterns stand for, each pattern's in order.

    Raises `LeaderbenchError` for a pattern that leads out of the folder, into a hidden one, or to nothing.
    """
    names: list[str] = []
    for pattern in patterns:
        parts = tuple(part for part in pattern.split("/") if part != ".")
        if ".." in parts or pattern.startswith(("/", "~")) or "://" in pattern or "\\" in pattern:
            raise LeaderbenchError(
                f"The README.md of {dataset} in {files.folder} names {pattern[:200]!r}, which leads out of that folder:"
                " put the file there, or a link to it, and name that."
            )
        if any(part.startswith(".") for part in parts):
            raise LeaderbenchError(
                f"The README.md of {dataset} in {files.folder} names {pattern[:200]!r}, which is hidden and so no part"
                " of the dataset's revision: give it a name without a leading dot."
            )
        found = [name for name in files.paths if _matches(tuple(name.split("/")), parts)]
        if not found:
            raise LeaderbenchError(
                f"The file {pattern[:200]} of {dataset} is missing in {files.folder}: copy it again."
            )
        names += sorted(found, key=lambda name: name.split("/"))
    return names


def _matches(name: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the parts of a name are as a pattern says: `*` is anything in one part, `**` any number of parts."""

    @cache
    def rest(place: int, step: int) -> bool:
        if step == len(pattern):
            return place == len(name)
        if pattern[step] == "**":
            return rest(place, step + 1) or (place < len(name) and rest(place + 1, step))
        return place < len(name) and fnmatch.fnmatchcase(name[place], pattern[step]) and rest(place + 1, step + 1)

    return rest(0, 0)
