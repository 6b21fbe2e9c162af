"""Copies of datasets as people have them give the same questions as the Hub's layout, or say what to do."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from leaderbench.benchmarks.datasets import HubDatasets
from leaderbench.benchmarks.registry import get
from leaderbench.errors import LeaderbenchError

SUBJECT = "anatomy"
DEV = [(f"Shot {number}, or not?", ["a", "b", "c", "d"], number % 4) for number in range(5)]
TEST = [('What is "1", 2?', ["one", "two, three", "None", "5"], 2), ("Next\nline?", ["w", "x", "y", "z"], 0)]
SPLITS = {"dev": DEV, "val": DEV, "test": TEST}


def parquet(path: Path, rows: list[dict[str, object]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def csv(path: Path, rows: Sequence[Sequence[object]]) -> None:
    import csv as library

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        library.writer(file).writerows(rows)


def hub(folder: Path) -> None:
    for split, rows in SPLITS.items():
        table = [{"question": q, "subject": SUBJECT, "choices": c, "answer": a} for q, c, a in rows]
        parquet(folder / SUBJECT / f"{split}-00000-of-00001.parquet", table)


def archive(folder: Path) -> None:
    for split, rows in SPLITS.items():
        csv(folder / "data" / split / f"{SUBJECT}_{split}.csv", [[q, *c, "ABCD"[a]] for q, c, a in rows])


def archive_without_its_folder(folder: Path) -> None:
    for split, rows in SPLITS.items():
        csv(folder / split / f"{SUBJECT}.csv", [[q, *c, "ABCD"[a]] for q, c, a in rows])


def archive_with_headers(folder: Path) -> None:
    for split, rows in SPLITS.items():
        lines = [["", q, *c, "ABCD"[a]] for q, c, a in rows]
        csv(folder / "mmlu" / split / f"{SUBJECT}_{split}.csv", [["id", "question", *"ABCD", "answer"], *lines])


def one_config(folder: Path) -> None:
    for split, rows in SPLITS.items():
        others = [{"question": "?", "subject": "other", "choices": ["a", "b", "c", "d"], "answer": 0}] * 3
        table = [{"question": q, "subject": SUBJECT, "choices": c, "answer": a} for q, c, a in rows]
        parquet(folder / "all" / f"{split}-00000-of-00001.parquet", others + table + others)


def one_config_at_the_top(folder: Path) -> None:
    one_config(folder)
    (folder / "all").rename(folder / "data")


def letters(folder: Path) -> None:
    for split, rows in SPLITS.items():
        table = [{"question": q, "choices": c, "answer": "ABCD"[a]} for q, c, a in rows]
        parquet(folder / SUBJECT / f"{split}-00000-of-00001.parquet", table)


def numbers_as_texts(folder: Path) -> None:
    for split, rows in SPLITS.items():
        lines = [[q, *c, str(a)] for q, c, a in rows]
        csv(folder / SUBJECT / f"{split}.csv", [["question", *"ABCD", "answer"], *lines])


@pytest.mark.parametrize(
    "layout",
    [
        archive,
        archive_without_its_folder,
        archive_with_headers,
        one_config,
        one_config_at_the_top,
        letters,
        numbers_as_texts,
    ],
)
def test_every_layout_gives_the_questions_of_the_hubs(layout: object, tmp_path: Path) -> None:
    hub(tmp_path / "hub" / "cais" / "mmlu")
    layout(tmp_path / "own" / "cais" / "mmlu")  # type: ignore[operator]
    wanted, own = (
        list(get("mmlu/original").questions(HubDatasets(tmp_path / root), [SUBJECT])) for root in ("hub", "own")
    )
    assert len(wanted) == 2
    assert own == wanted


def test_an_unpacked_exam_with_splits_in_folders_is_read(tmp_path: Path) -> None:
    for split in ("dev", "val"):
        lines = [[number, f"问题{number}?", "甲", "乙", "丙", "丁", "ABCD"[number % 4], ""] for number in range(5)]
        header = ["id", "question", *"ABCD", "answer", "explanation"]
        csv(tmp_path / "ceval" / "ceval-exam" / "formal_ceval" / split / f"law_{split}.csv", [header, *lines])
    questions = list(get("ceval/harness").questions(HubDatasets(tmp_path), ["law"]))
    assert [question.example.target for question in questions] == [0, 1, 2, 3, 0]
    assert len(questions[0].requests[0].context.shots) == 5


def test_a_subject_that_no_row_is_of_is_named(tmp_path: Path) -> None:
    one_config(tmp_path / "cais" / "mmlu")
    with pytest.raises(LeaderbenchError, match="has no subset 'astronomy'"):
        HubDatasets(tmp_path).rows("cais/mmlu", "astronomy", "test")


def test_rows_of_another_config_never_stand_in(tmp_path: Path) -> None:
    parquet(tmp_path / "allenai" / "ai2_arc" / "test-00000-of-00001.parquet", [{"question": "q"}])
    with pytest.raises(LeaderbenchError, match="has no subset 'ARC-Challenge'"):
        HubDatasets(tmp_path).rows("allenai/ai2_arc", "ARC-Challenge", "test")


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (["dataset_dict.json", "test/data-00000-of-00001.arrow", "test/state.json"], "written by `save_to_disk`"),
        (["data.tar"], r"unpack data\.tar there"),
        (["mmlu.py"], r"mmlu\.py is a loading script, which is never run"),
        (["notes.txt"], "copy the whole repository"),
    ],
)
def test_a_layout_that_is_not_read_is_told_with_what_to_do(tmp_path: Path, names: list[str], advice: str) -> None:
    for name in names:
        (tmp_path / "cais" / "mmlu" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cais" / "mmlu" / name).write_text("x")
    with pytest.raises(LeaderbenchError, match=advice):
        HubDatasets(tmp_path).rows("cais/mmlu", SUBJECT, "test")


@pytest.mark.parametrize(("layout", "first"), [("csv", "What is 1+1?"), ("one-config", "Q0?"), ("letters", "Q0?")])
def test_the_layouts_of_the_case_are_read(layout: str, first: str, shared: Path) -> None:
    source = HubDatasets(shared / "cases" / "local-datasets-as-people-have-them" / layout)
    questions = list(get("mmlu/original").questions(source, [SUBJECT]))
    assert questions[0].example.question == first
