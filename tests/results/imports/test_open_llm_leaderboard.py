import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.benchmarks import registry
from leaderbench.records import Aggregation
from leaderbench.results.entries import Entry
from leaderbench.results.imports import import_open_llm_leaderboard, stored_entries
from leaderbench.results.store import Store

File = Callable[[str, Any], Path]
NAME = "results/maker/tiny/results_2023-09-14T02-19-19.412895.json"


def content(results: dict[str, Any], **general: Any) -> dict[str, Any]:
    said = {"model_name": "maker/tiny", "model_sha": "a" * 40, "model_dtype": "torch.float16"}
    return {"config_general": said | general, "results": results}


def subjects(value: float = 0.25, error: float = 0.04, count: int = 57) -> dict[str, Any]:
    return {f"harness|hendrycksTest-subject_{i}|5": {"acc": value, "acc_stderr": error} for i in range(count)}


def entries(store: Store) -> list[Entry]:
    return list(stored_entries(store))


def test_scores_come_in_under_our_families_with_intervals(store: Store, file: File) -> None:
    results = {
        "harness|arc:challenge|25": {"acc": 0.4, "acc_stderr": 0.014, "acc_norm": 0.5, "acc_norm_stderr": 0.0146},
        "harness|truthfulqa:mc|0": {"mc1": 0.3, "mc1_stderr": 0.01, "mc2": 0.45, "mc2_stderr": 0.015},
        "harness|gsm8k|5": {"acc": 0.0, "acc_stderr": 0.0},
        "all": {"acc": 0.99},
    }
    report = import_open_llm_leaderboard([file(NAME, content(results)).parents[2]], store)
    found = {(item.benchmark, item.score.metric.name): item for item in entries(store)}
    assert list(found) == [
        ("arc-challenge/open-llm-leaderboard", "acc"),
        ("arc-challenge/open-llm-leaderboard", "acc_norm"),
        ("truthfulqa-mc/open-llm-leaderboard", "mc1"),
        ("truthfulqa-mc/open-llm-leaderboard", "mc2"),
        ("gsm8k/open-llm-leaderboard", "acc"),
    ]
    arc = found["arc-challenge/open-llm-leaderboard", "acc_norm"]
    assert (arc.model, arc.created, arc.settings) == ("maker/tiny", "2023-09-14T02:19:19+00:00", "")
    assert (arc.score.low, arc.score.high) == pytest.approx((0.4714, 0.5286), abs=1e-3)
    zero = found["gsm8k/open-llm-leaderboard", "acc"].score
    assert zero.estimate == 0
    assert math.isnan(zero.low)
    assert any("`all`" in sentence for sentence in report.remarks)
    assert not {item.benchmark for item in entries(store)} & set(registry.names())


def test_mmlu_is_the_mean_of_all_its_subjects(store: Store, file: File) -> None:
    report = import_open_llm_leaderboard([file(NAME, content(subjects()))], store)
    (whole,) = [item.score for item in entries(store) if item.score.subset is None]
    assert whole.metric.aggregation is Aggregation.MACRO
    assert whole.estimate == pytest.approx(0.25)
    assert whole.standard_error == pytest.approx(0.04 / math.sqrt(57))
    assert any("57 subjects" in sentence for sentence in report.remarks)


def test_mmlu_has_no_mean_where_a_subject_is_missing(store: Store, file: File) -> None:
    import_open_llm_leaderboard([file(NAME, content(subjects(count=56)))], store)
    assert {item.score.subset for item in entries(store)} == {f"subject_{i}" for i in range(56)}


def test_settings_say_other_shots_and_limits(store: Store, file: File) -> None:
    results = {"harness|hellaswag|0": {"acc": 0.5}, "harness|unheard of|7": {"acc": 0.5}}
    import_open_llm_leaderboard([file(NAME, content(results, max_samples=100))], store)
    assert [(item.benchmark, item.settings) for item in entries(store)] == [
        ("hellaswag/open-llm-leaderboard", "limit 100, 0 shots"),
        ("open-llm-leaderboard/unheard-of", "limit 100"),
    ]


def test_odd_parts_are_skipped_with_the_reason_and_the_rest_comes_in(store: Store, file: File) -> None:
    results = {
        "harness|hellaswag|10": {"acc": "NaN", "acc_norm": None},
        "no bars": {"acc": 0.5},
        "harness|winogrande|5": [0.5],
        "harness|drop|3": {"f1": 0.1, "em": 0.2},
    }
    report = import_open_llm_leaderboard([file(NAME, content(results))], store)
    assert [item.score.metric.name for item in entries(store)] == ["f1", "em"]
    assert [item.reason.partition("'")[2].partition("'")[0] for item in report.skipped] == [
        "harness|hellaswag|10",
        "no bars",
        "harness|winogrande|5",
    ]


def test_results_of_two_days_that_are_alike_to_the_byte_are_two(store: Store, file: File) -> None:
    other = NAME.replace("09-14", "09-15")
    for name in (NAME, other):
        file(name, content({"harness|hellaswag|10": {"acc": 0.5}}))
    import_open_llm_leaderboard([file(NAME, content({"harness|hellaswag|10": {"acc": 0.5}})).parent], store)
    assert [item.created[:10] for item in entries(store)] == ["2023-09-14", "2023-09-15"]


def test_another_precision_is_another_identity(store: Store, file: File) -> None:
    results = {"harness|hellaswag|10": {"acc": 0.5}}
    file(NAME, content(results))
    path = file(NAME.replace("09-14", "09-15"), content(results, model_dtype="4bit"))
    import_open_llm_leaderboard([path.parent], store)
    assert len({item.identity for item in entries(store)}) == 2


@pytest.mark.parametrize("odd", [{}, {"config_general": {}, "results": {}}, {"config_general": [], "results": {}}])
def test_what_is_no_file_of_the_leaderboard_is_reported(store: Store, file: File, odd: Any) -> None:
    report = import_open_llm_leaderboard([file(NAME, odd)], store)
    assert not report.imported
    assert len(report.skipped) == 1
