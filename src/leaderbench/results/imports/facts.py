"""What imported tables say of models, in `<store>/models/published`: a file a table, a line a model.

Each line is an object with a checksum (`results.sealed`): `model`, `facts` as `models.fact_values` has them, and `of`,
how many lines the file has. A file is called after the digest of its table, and the one that was imported later is
believed first.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leaderbench.files.regular import read_bytes
from leaderbench.models.fact_values import fact_from_json, fact_to_json
from leaderbench.models.facts import Fact, combine
from leaderbench.results.files import make_folder, replace_durably, said_plainly
from leaderbench.results.sealed import seal, unsealed
from leaderbench.results.store import Store

Facts = Mapping[str, Fact[Any]]
"""Facts of one model, by the field of its record."""

largest = 64 << 20
"""Bytes of a file of facts that are read; 10,000 models have about 20 million."""

_line = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def folder_of(store: Path) -> Path:
    """Where a store keeps what tables say."""
    return store / "models" / "published"


def save(store: Store, digest: str, models: Mapping[str, Facts]) -> None:
    """Keep what a table says, in the place of what the same table said before. Raises `LeaderbenchError`."""
    folder = folder_of(store.path)
    make_folder(folder)
    path = folder / f"{digest[:32]}.jsonl"
    lines = b"".join(_sealed(model, facts, len(models)) for model, facts in models.items())
    with said_plainly(path):
        if path.is_file() and path.stat().st_size == len(lines) and path.read_bytes() == lines:
            return
        replace_durably(path, lines)
        folder.parent.touch()  # whoever looks only at the folder of models sees that something changed


def _sealed(model: str, facts: Facts, of: int) -> bytes:
    values = {"model": model, "of": of, "facts": {name: fact_to_json(fact) for name, fact in facts.items()}}
    return seal(_line(values).removeprefix("{").encode())


def stored_facts(store: Path) -> tuple[dict[str, dict[str, Fact[Any]]], tuple[str, ...]]:
    """What all tables say of each model, and a sentence for each file that is damaged: what it says is not believed.

    Raises `OSError` where the folder cannot be read.
    """
    found: dict[str, dict[str, Fact[Any]]] = {}
    problems: list[str] = []
    folder = folder_of(store)
    paths = [path for path in folder.glob("*.jsonl") if path.is_file()] if folder.is_dir() else []
    for path in sorted(paths, key=lambda path: (-path.stat().st_mtime_ns, path.name)):
        try:
            models = _read(path)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError, OSError):
            problems.append(f"{path} is damaged: delete it and import the same table again.")
            continue
        for model, facts in models.items():
            own = found.setdefault(model, {})
            for name, fact in facts.items():
                own[name] = combine([own[name], fact]) or fact if name in own else fact
    return found, tuple(problems)


def _read(path: Path) -> dict[str, dict[str, Fact[Any]]]:
    lines = [unsealed(line) for line in read_bytes(path, largest).splitlines()]
    if any(line["of"] != len(lines) for line in lines):
        raise ValueError("lines are missing")
    return {
        str(line["model"]): {name: fact_from_json(name, value) for name, value in line["facts"].items()}
        for line in lines
    }
