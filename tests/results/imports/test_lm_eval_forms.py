"""Forms of lm-eval's files that changed over its versions, and files that no version would write."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.imports import import_lm_eval, stored_entries
from leaderbench.results.store import Store


def results(tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A results file of lm-eval 0.4.2."""
    config = {"model": "hf", "model_args": "pretrained=acme/v042"}
    return {"results": tasks, "group_subtasks": {task: [] for task in tasks}, "config": config, **more}


def samples(count: int) -> list[dict[str, Any]]:
    arguments = [["Q", " a"], ["Q", " b"]]
    shared = {"arguments": arguments, "resps": [[[-1.0, False]], [[-2.0, False]]], "filter": "none"}
    return [{"doc_id": number, "target": 0, **shared, "acc": float(number % 2 == 0)} for number in range(count)]


@pytest.mark.parametrize(
    ("result", "sample"),
    [
        ("results.json", "pretrained__acme__v042_piqa.jsonl"),
        ("results_2024-06-17T17-37-25.144953.json", "samples_piqa_2024-06-17T17-37-25.144953.jsonl"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_samples_that_are_one_list_become_a_run(
    store: Store, tmp_path: Path, result: str, sample: str, indent: int | None
) -> None:
    (tmp_path / result).write_text(json.dumps(results({"piqa": {"acc,none": 0.5}})))
    (tmp_path / sample).write_text(json.dumps(samples(8), indent=indent))
    report = import_lm_eval(tmp_path, store)
    assert not report.skipped
    run = store.run(report.imported[0].run)
    assert (len(run.samples), run.score("acc").estimate) == (8, 0.5)


def test_a_damaged_list_of_samples_is_said_and_the_score_stays(store: Store, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results({"piqa": {"acc,none": 0.5}})))
    (tmp_path / "pretrained__acme__v042_piqa.jsonl").write_text(json.dumps(samples(8))[:-5])
    report = import_lm_eval(tmp_path, store)
    assert "it is not JSON" in report.skipped[0].reason
    assert [item.run for item in report.imported] == [""]


def test_samples_of_no_results_file_are_named(store: Store, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results({"piqa": {"acc,none": 0.5}})))
    (tmp_path / "pretrained__other_piqa.jsonl").write_text(json.dumps(samples(2)))
    report = import_lm_eval(tmp_path, store)
    assert [item.file for item in report.skipped] == ["pretrained__other_piqa.jsonl"]
    assert "no results file beside it" in report.skipped[0].reason


def test_groups_in_circles_end_in_a_sentence(store: Store, tmp_path: Path) -> None:
    names = [f"g{number}" for number in range(600)]
    circles = {name: [*names[place + 1 :], *names[:place]] for place, name in enumerate(names)}
    content = results({name: {"acc,none": 0.5} for name in names}) | {"group_subtasks": circles}
    (tmp_path / "results.json").write_text(json.dumps(content))
    report = import_lm_eval(tmp_path, store)
    assert "its groups of tasks have more than" in report.skipped[0].reason
    assert not report.imported


def test_too_many_numbers_end_in_a_sentence(store: Store, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results({"t": {f"m{number}": 0.5 for number in range(100_001)}})))
    report = import_lm_eval(tmp_path, store)
    assert "numbers, more than the 100,000" in report.skipped[0].reason


def test_a_group_names_the_tasks_that_its_mean_is_over(store: Store, tmp_path: Path) -> None:
    from leaderbench.results.imports import stored_entries

    tasks = {"g": {"acc,none": 0.4}, "one": {"acc,none": 0.3}, "two": {"acc,none": 0.5}, "three": {"acc,none": "N/A"}}
    content = results(tasks) | {"group_subtasks": {"g": ["one", "two", "three"]}}
    (tmp_path / "results.json").write_text(json.dumps(content))
    import_lm_eval(tmp_path, store)
    assert {item.benchmark: item.parts for item in stored_entries(store)}["lm-eval/g"] == ("one", "two")


@pytest.mark.parametrize(("inside", "told"), [(0, True), (5, False)])
def test_a_name_that_speaks_of_other_shots_than_the_file_is_told(
    store: Store, tmp_path: Path, inside: int, told: bool
) -> None:
    content = results({"piqa": {"acc": 0.5}})
    content["config"]["num_fewshot"] = inside
    (tmp_path / "tiny-5shot_step1000.json").write_text(json.dumps(content))
    report = import_lm_eval(tmp_path, store)
    assert any(f"speaks of 5 shots and its settings of {inside}" in remark for remark in report.remarks) is told


def test_a_group_of_tasks_with_different_shots_says_all_of_them(store: Store, file: Callable[[str, Any], Path]) -> None:
    content = {
        "results": {"top": {"acc,none": 0.5}, "t1": {"acc,none": 0.4}, "t2": {"acc,none": 0.6, "f1,none": math.nan}},
        "group_subtasks": {"top": ["t1", "t2"]},
        "n-shot": {"t1": 3, "t2": 5},
        "config": {"model_args": "pretrained=a/b", "limit": 10},
    }
    report = import_lm_eval(file("results.json", content), store)
    settings = {item.benchmark: item.settings for item in stored_entries(store)}
    assert settings["lm-eval/top"] == "limit 10, 3 or 5 shots"
    assert settings["lm-eval/t1"] == "limit 10, 3 shots"
    assert [item.reason for item in report.skipped] == ["'t2': 'f1,none': no finite number"]
