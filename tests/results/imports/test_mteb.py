import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.records import Aggregation
from leaderbench.results.entries import Entry
from leaderbench.results.imports import import_mteb, stored_entries
from leaderbench.results.imports.mteb import splits_of
from leaderbench.results.store import Store

File = Callable[[str, Any], Path]


def content(task: str, scores: Any) -> dict[str, Any]:
    return {"dataset_revision": "b" * 40, "task_name": task, "mteb_version": "1.14.0", "scores": scores}


def row(value: Any, subset: str = "default") -> dict[str, Any]:
    return {"accuracy": 0.9, "main_score": value, "hf_subset": subset, "languages": ["eng-Latn"]}


def entries(store: Store) -> list[Entry]:
    return list(stored_entries(store))


def test_a_tasks_score_is_the_plain_mean_of_the_subsets_of_its_test_split(store: Store, file: File) -> None:
    scores = {"test": [row(0.2, "en"), row(0.4, "de")], "dev": [row(0.9)]}
    report = import_mteb([file("results/maker__tiny/rev1/Sorting.json", content("Sorting", scores)).parents[2]], store)
    whole, *parts = entries(store)
    assert (whole.model, whole.benchmark, whole.source) == (
        "maker/tiny",
        "mteb/Sorting",
        "maker__tiny/rev1/Sorting.json",
    )
    assert (whole.score.metric.name, whole.score.metric.aggregation) == ("main_score", Aggregation.MACRO)
    assert whole.score.estimate == pytest.approx(0.3)
    assert whole.parts == ("test/de", "test/en")
    assert math.isnan(whole.score.low)
    assert [(item.score.subset, item.score.estimate) for item in parts] == [
        ("test/en", 0.2),
        ("test/de", 0.4),
        ("dev", 0.9),
    ]
    assert any("no interval" in sentence for sentence in report.remarks)


def test_revisions_of_a_model_are_kept_apart_by_identity(store: Store, file: File) -> None:
    for revision in ("rev1", "rev2"):
        path = file(f"results/maker__tiny/{revision}/Sorting.json", content("Sorting", {"test": [row(0.5)]}))
    import_mteb([path.parents[2]], store)
    assert len(entries(store)) == 4  # the whole and its only part, twice
    assert len({item.identity for item in entries(store)}) == 2


def test_files_of_two_models_that_are_alike_to_the_byte_are_both_imported(store: Store, file: File) -> None:
    for model in ("a__one", "b__two"):
        path = file(f"results/{model}/rev/Sorting.json", content("Sorting", {"test": [row(0.5)]}))
    import_mteb([path.parents[2]], store)
    assert {item.model for item in entries(store)} == {"a/one", "b/two"}


def test_the_record_of_a_model_is_not_taken_for_a_result(store: Store, file: File) -> None:
    file("results/maker__tiny/rev/model_meta.json", {"name": "maker/tiny"})
    path = file("results/maker__tiny/rev/Sorting.json", content("Sorting", {"test": [row(0.5)]}))
    assert not import_mteb([path.parents[2]], store).skipped


def test_a_row_without_a_number_is_skipped_and_voids_the_mean(store: Store, file: File) -> None:
    scores = {"test": [row(math.nan, "en"), row(0.4, "de"), row(0.9, "de"), "odd"], "dev": 7}
    report = import_mteb([file("maker__tiny/rev/Sorting.json", content("Sorting", scores))], store)
    assert [(item.score.subset, item.score.estimate) for item in entries(store)] == [("test/de", 0.4)]
    assert len(report.skipped) == 5
    assert "the mean of its parts" in report.skipped[-1].reason


def test_a_row_without_a_number_in_another_split_voids_nothing(store: Store, file: File) -> None:
    scores = {"test": [row(0.4)], "validation": [row(None)]}
    import_mteb([file("maker__tiny/rev/Sorting.json", content("Sorting", scores))], store)
    assert [(item.score.subset, item.score.estimate) for item in entries(store)] == [(None, 0.4), ("test", 0.4)]


@pytest.mark.parametrize(
    ("task", "splits", "counted"),
    [
        ("ATEC", ("validation", "test"), ("test",)),
        ("MSMARCO", ("train", "dev", "test"), ("dev",)),
        ("LEMBNeedleRetrieval", ("test_256", "test_512", "dev"), ("test_256", "test_512")),
        ("AFQMC", ("train", "validation"), ("validation",)),
        ("X", ("train",), ("train",)),
    ],
)
def test_the_splits_of_a_tasks_score(task: str, splits: tuple[str, ...], counted: tuple[str, ...]) -> None:
    assert splits_of(task, splits) == counted


def test_a_part_is_a_column_also_of_a_file_that_has_no_other(store: Store, file: File) -> None:
    for model, subsets in (("a__b", ("en", "de")), ("c__d", ("en",))):
        scores = {"test": [row(0.5, subset) for subset in subsets]}
        path = file(f"results/{model}/rev/Sorting.json", content("Sorting", scores))
    import_mteb([path.parents[2]], store)
    assert {item.model for item in entries(store) if item.score.subset == "test/en"} == {"a/b", "c/d"}


@pytest.mark.parametrize(
    ("name", "odd", "reason"),
    [
        ("tiny/rev/Sorting.json", content("Sorting", {"test": [row(0.5)]}), "folders"),
        ("a__b/rev/Sorting.json", {"mteb_dataset_name": "Sorting", "test": {"accuracy": 1}}, "before 1.11"),
        ("a__b/rev/Sorting.json", {"task_name": "Sorting"}, "no `scores`"),
        ("a__b/rev/Sorting.json", content("Sorting", {}), "no score"),
    ],
)
def test_what_cannot_be_imported_is_reported(store: Store, file: File, name: str, odd: Any, reason: str) -> None:
    report = import_mteb([file(name, odd)], store)
    assert not report.imported
    assert reason in report.skipped[0].reason


def test_a_hostile_task_name_is_a_text(store: Store, file: File) -> None:
    import_mteb([file("a__b/rev/x.json", content("../../<b>up", {"test": [row(0.5)]}))], store)
    assert {item.benchmark for item in entries(store)} == {"mteb/up"}


def test_a_score_above_one_is_none_of_mteb(store: Store, file: Callable[[str, Any], Path]) -> None:
    path = file("a__b/1/T.json", {"task_name": "T", "scores": {"test": [{"main_score": 52.1, "hf_subset": "default"}]}})
    report = import_mteb(path, store)
    assert not report.imported
    assert "main_score is 52.1, and MTEB's are between -1 and 1" in report.skipped[0].reason
