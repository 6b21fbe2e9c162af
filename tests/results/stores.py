"""Stores as tests of the index want them, and what an index says of one."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from leaderbench.results.index import Index
from leaderbench.results.runs import Run
from leaderbench.results.store import Store


def changed(run: Run, **manifest: Any) -> Run:
    return dataclasses.replace(run, manifest=dataclasses.replace(run.manifest, **manifest))


def contents(index: Index) -> tuple[object, ...]:
    """Everything the index says, in a form in which not-a-number equals itself."""
    listed = index.runs(size=1000).items
    whole = [index.run(item.id) for item in listed]
    return repr(index.entries(overall_only=False)), repr(whole), index.models(), index.benchmarks()


def imported_line(**changes: object) -> dict[str, object]:
    return {
        "model": "org/paper",
        "benchmark": "mmlu/published",
        "metric": "acc",
        "aggregation": "micro",
        "subset": None,
        "estimate": 0.5,
        "standard_error": None,
        "low": None,
        "high": None,
        "n": None,
        "errors": 0,
        "source": "https://example.org/table",
        "created": "2025-05-05",
        "settings": "",
        **changes,
    }


def write_imported(store: Store, name: str, *lines: object) -> Path:
    folder = store.path / "imported"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path
