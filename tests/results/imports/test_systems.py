"""A file of another system is named, with the command that reads it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.imports import (
    Report,
    import_lighteval,
    import_lm_eval,
    import_mteb,
    import_open_llm_leaderboard,
)
from leaderbench.results.store import Store

files: dict[str, Any] = {
    "lm-eval": {"results": {"t": {"acc,none": 0.5}}, "config": {"model_args": "pretrained=a/b"}},
    "lighteval": {"config_general": {"model_name": "a/b"}, "results": {"lighteval|gsm8k|0": {"em": 0.5}}},
    "open-llm-leaderboard": {"config_general": {"model_name": "a/b"}, "results": {"harness|drop|3": {"f1": 0.5}}},
    "mteb": {"task_name": "T", "scores": {"test": [{"main_score": 0.5, "hf_subset": "default"}]}},
}
imports: dict[str, Callable[[Path, Store], Report]] = {
    "lm-eval": import_lm_eval,
    "lighteval": import_lighteval,
    "open-llm-leaderboard": import_open_llm_leaderboard,
    "mteb": import_mteb,
}


@pytest.mark.parametrize("written", files)
@pytest.mark.parametrize("asked", imports)
def test_each_import_names_the_one_that_reads_a_file(
    store: Store, file: Callable[[str, Any], Path], written: str, asked: str
) -> None:
    path = file("a__b/1/T.json", files[written])
    report = imports[asked](path, store)
    if written == asked:
        assert report.imported
    else:
        assert not report.imported
        assert report.skipped[0].reason.endswith(f"import it with `leaderbench import {written}`")


@pytest.mark.parametrize(
    ("content", "system"),
    [
        ({"version": 2, "status": "success", "eval": {"task": "t"}, "results": {"scores": []}}, "Inspect"),
        ({"name": "mmlu", "scenario_spec": {}, "adapter_spec": {}}, "HELM"),
    ],
)
def test_a_system_that_nothing_reads_is_named(
    store: Store, file: Callable[[str, Any], Path], content: Any, system: str
) -> None:
    reason = import_lm_eval(file("log.json", content), store).skipped[0].reason
    assert reason.startswith(f"it is a file of {system}, which is not read: make a table")
