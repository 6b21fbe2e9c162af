"""lighteval's result files, and what tells them from those of the Open LLM Leaderboard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.entries import Entry
from leaderbench.results.imports import (
    Report,
    import_lighteval,
    import_lm_eval,
    import_open_llm_leaderboard,
    stored_entries,
)
from leaderbench.results.store import Store

File = Callable[[str, Any], Path]


def content(results: dict[str, Any]) -> dict[str, Any]:
    general = {"lighteval_sha": "abc", "model_name": "maker/tiny", "model_sha": "1a2b", "model_dtype": "torch.bfloat16"}
    return {"config_general": general, "results": results, "versions": {}, "config_tasks": {}}


many = {
    "leaderboard|arc:challenge|25": {"acc": 0.4, "acc_stderr": 0.01},
    "lighteval|arc:challenge|0": {"acc": 0.3},
    "leaderboard|mmlu:anatomy|5": {"acc": 0.4},
    "leaderboard|mmlu:virology|5": {"acc": 0.2},
    "leaderboard|mmlu:_average|5": {"acc": 0.3},
    "extended|ifeval|0|0": {"strict": 0.2},
    "all": {"acc": 0.36},
    "odd": {"acc": 1},
}


def by_benchmark(store: Store) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for item in stored_entries(store):
        found.setdefault(item.benchmark, []).append(item)
    return found


def test_numbers_are_lightevals_own_with_suite_shots_and_subjects(store: Store, file: File) -> None:
    report = import_lighteval(file("results_2025-01-10T03-33-20.000000.json", content(many)), store)
    found = by_benchmark(store)
    assert set(found) == {
        "lighteval/leaderboard-arc:challenge",
        "lighteval/lighteval-arc:challenge",
        "lighteval/leaderboard-mmlu",
        "lighteval/extended-ifeval",
    }
    whole, *subjects = sorted(found["lighteval/leaderboard-mmlu"], key=lambda item: item.score.subset or "")
    assert [(item.score.subset, item.score.estimate) for item in subjects] == [("anatomy", 0.4), ("virology", 0.2)]
    assert (whole.score.estimate, whole.parts) == (0.3, ("anatomy", "virology"))
    assert [item.settings for item in found["lighteval/leaderboard-arc:challenge"]] == ["25 shots"]
    assert whole.facts == {"system": "lighteval", "revision": "1a2b", "precision": "bfloat16"}
    assert [item.reason for item in report.skipped] == ["'odd' is no task such as `lighteval|gsm8k|0`"]


@pytest.mark.parametrize("bring_in", [import_open_llm_leaderboard, import_lm_eval])
def test_other_imports_say_whose_file_it_is(store: Store, file: File, bring_in: Callable[..., Report]) -> None:
    report = bring_in(file("results_2025-01-10T03-33-20.000000.json", content(many)), store)
    assert not report.imported
    assert "a file of lighteval: import it with `leaderbench import lighteval`" in report.skipped[0].reason


def test_files_of_the_open_llm_leaderboard_are_not_lightevals(store: Store, file: File) -> None:
    path = file("results_2023-01-10T03-33-20.000000.json", content({"harness|arc:challenge|25": {"acc": 0.4}}))
    assert not import_lighteval(path, store).imported
    assert "open-llm-leaderboard" in import_lm_eval(path, store).skipped[0].reason
    assert import_open_llm_leaderboard(path, store).imported


def test_later_files_have_no_suite_and_say_more_under_model_config(store: Store, file: File) -> None:
    general = {
        "model_config": {"model_name": "maker/tiny", "revision": "1a2b", "dtype": "bfloat16"},
        "max_samples": "10",
    }
    results = {"gsm8k|5": {"em": 0.5, "em_stderr": 0.1}, "mmlu:anatomy|5|0": {"acc": 0.4, "f1": float("nan")}}
    report = import_lighteval(file("results.json", {"config_general": general, "results": results}), store)
    found = by_benchmark(store)
    assert found.keys() == {"lighteval/gsm8k", "lighteval/mmlu:anatomy"}
    assert found["lighteval/gsm8k"][0].settings == "limit 10, 5 shots"
    assert found["lighteval/gsm8k"][0].facts == {"system": "lighteval", "revision": "1a2b", "precision": "bfloat16"}
    assert [item.reason for item in report.skipped] == ["'mmlu:anatomy|5|0': 'f1': no finite number"]
