"""How people write numbers, their certainty, headers and what is missing in tables, and what is read of it."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.entries import Entry
from leaderbench.results.imports import Report, import_csv, stored_entries
from leaderbench.results.imports.csv_cells import parts_of
from leaderbench.results.imports.facts import stored_facts
from leaderbench.results.imports.values import day
from leaderbench.results.store import Store

File = Callable[[str, Any], Path]
Read = Callable[[str], tuple[dict[tuple[str, str], Entry], Report]]


@pytest.fixture
def read(store: Store, file: File) -> Read:
    def bring_in(text: str) -> tuple[dict[tuple[str, str], Entry], Report]:
        report = import_csv([file("table.csv", text)], store)
        whole = [item for item in stored_entries(store) if item.score.subset is None]
        return {(item.model, item.benchmark.removesuffix("/published")): item for item in whole}, report

    return bring_in


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("**66.1**", "66.1"),
        ("_66.1_", "66.1"),
        ("<b>66.1</b>", "66.1"),
        ("\\textbf{66.1}", "66.1"),
        ("$66.1$", "66.1"),
        ("63.9*", "63.9"),
        ("63.9†", "63.9"),
        ("65.2¹", "65.2"),
        ("🥇 66.1", "66.1"),
        ("66.1 ↑", "66.1"),
        ("６６．１", "66.1"),
        ("65.2 (+1.3)", "65.2"),
        ("65.2 (5-shot)", "65.2"),
        ("1 287,5", "1 287,5"),
        ("1_000", "1_000"),
        ("7B", "7B"),
        ("65/100", "65/100"),
        ("x" * 5000, "x" * 100),
    ],
)
def test_a_number_is_read_without_its_dress(cell: str, number: str) -> None:
    assert parts_of(cell).number == number


@pytest.mark.parametrize("cell", ["65.2 ± 0.3", "65.2±0.3", "65.2 +/- 0.3", "65.2 (±0.3)", "$65.2_{\\pm 0.3}$"])
def test_an_error_behind_a_number_is_its_standard_error(read: Read, cell: str) -> None:
    found, report = read(f"model,mmlu,arc\na,{cell},40\nb,70.1 ± 0.4,50\n")
    score = found["a", "mmlu"].score
    assert [score.estimate, score.standard_error] == pytest.approx([0.652, 0.003])
    assert score.low == pytest.approx(0.646, abs=0.001)
    assert "What stands behind ± in 'mmlu' is read as the standard error of the number." in report.remarks


@pytest.mark.parametrize("cell", ['"64.2 [63.1, 65.3]"', "64.2 (63.1–65.3)", "64.2 +1.1/-1.1", "64.2 (63.1 to 65.3)"])
def test_an_interval_behind_a_number_is_its_interval(read: Read, cell: str) -> None:
    score = read(f"model,mmlu,arc\na,{cell},40\nb,70.1,50\n")[0]["a", "mmlu"].score
    assert [score.estimate, score.low, score.high] == pytest.approx([0.642, 0.631, 0.653])


def test_the_header_of_an_interval_makes_no_percent(read: Read) -> None:
    score = read('model,Arena Elo (95% CI),Votes\na,"1287 (1280, 1294)",12.3k\n')[0]["a", "arena-elo"].score
    assert (score.estimate, score.low, score.high, score.n) == (1287, 1280, 1294, 12_300)


@pytest.mark.parametrize(
    "header", ["mmlu,mmlu_stderr,arc,arc_stderr", "MMLU,MMLU (SE),ARC,ARC std err", "mmlu,±,arc,±"]
)
def test_columns_of_errors_belong_to_the_columns_that_they_name(read: Read, header: str) -> None:
    found, _ = read(f"model,{header}\na,65.2,0.3,50,1\nb,70,0.4,55,1\n")
    assert {benchmark for _, benchmark in found} == {"mmlu", "arc"}
    assert [found["a", name].score.standard_error for name in ("mmlu", "arc")] == [
        pytest.approx(0.003),
        pytest.approx(0.01),
    ]


def test_columns_of_intervals_and_numbers_of_questions_belong_to_a_column(read: Read) -> None:
    found, _ = read(
        "model,mmlu,mmlu_ci_low,mmlu_ci_high,arc,arc num questions\na,65.2,64.9,65.5,50,1172\nb,70,69,71,5,\n"
    )
    assert {benchmark for _, benchmark in found} == {"mmlu", "arc"}
    assert (found["a", "mmlu"].score.low, found["a", "mmlu"].score.high) == (0.649, 0.655)
    assert (found["a", "arc"].score.n, found["b", "arc"].score.n) == (1172, 0)


def test_the_error_beside_a_score_column_is_its_error(read: Read) -> None:
    found, _ = read("model,benchmark,acc,acc_stderr\na,mmlu,0.652,0.003\n")
    assert found["a", "mmlu"].score.standard_error == 0.003


@pytest.mark.parametrize("word", ["N/A", "—", "pending", "TBD", "OOM", "failed", "…", "#DIV/0!", "coming soon", "待测"])
def test_words_for_nothing_are_nothing(read: Read, word: str) -> None:
    found, report = read(f"model,mmlu,arc\na,{word},60\nb,{word},61\nc,65.2,62\n")
    assert len(found) == 4
    assert not report.skipped


@pytest.mark.parametrize("name", ["Elo", "Arena rating", "MT-Bench", "Quality (1-10)", "MT-bench (score)"])
def test_scales_of_their_own_are_no_percent(read: Read, name: str) -> None:
    found, _ = read(f"model,{name}\na,8.1\nb,7.9\n")
    assert sorted(item.score.estimate for item in found.values()) == [7.9, 8.1]


def test_costs_are_known_by_sign_and_unit_and_speeds_and_differences_are_no_scores(read: Read) -> None:
    header = "model,mmlu,$/M tokens,First chunk (s),Total cost,tokens/s,TPS,Δ Elo,mmlu rank"
    found, report = read(f"{header}\na,65,$0.50,0.4,$12,90,80,+12,1\nb,60,$0.10,0.2,$3,70,60,-3,2\n")
    metrics = {benchmark: item.score.metric.name for (_, benchmark), item in found.items()}
    assert metrics == {"mmlu": "score", "m-tokens": "cost", "first-chunk-s": "cost", "total-cost": "cost"}
    assert found["a", "m-tokens"].score.estimate == 0.5
    assert "Columns 'tokens/s', 'TPS', 'Δ Elo' and 'mmlu rank' are not kept." in report.remarks


def test_costs_in_different_units_are_not_mixed(read: Read) -> None:
    found, report = read("model,mmlu,latency\na,65,1.2 s\nb,60,800 ms\n")
    assert {benchmark for _, benchmark in found} == {"mmlu"}
    assert "Column 'latency' is not kept." in report.remarks


def test_headers_may_be_chinese(read: Read, store: Store) -> None:
    found, _ = read(
        "模型,参数量,得分,数据集,许可证,发布日期\na,70亿,65.2,C-Eval,MIT,2024年6月1日\nb,13B,70.1,C-Eval,Apache 2.0,\n"
    )
    assert found["a", "c-eval"].score.estimate == pytest.approx(0.652)
    facts = stored_facts(store.path)[0]
    assert {name: fact.value for name, fact in facts["a"].items() if name != "commercial"} == {
        "parameters": 7_000_000_000,
        "licence": "MIT",
        "date": "2024-06-01",
    }


@pytest.mark.parametrize(
    ("cell", "parameters"),
    [
        ("7.24B", 7_240_000_000),
        ("7240M", 7_240_000_000),
        ("~7B", 7_000_000_000),
        ("7 B params", 7_000_000_000),
        ("46.7B (12.9B active)", 46_700_000_000),
        ("30B-A3B", 30_000_000_000),
        ("7.24e9", 7_240_000_000),
        ("8x7B", None),
    ],
)
def test_how_sizes_are_written(read: Read, store: Store, cell: str, parameters: int | None) -> None:
    read(f'model,Parameters,mmlu\na,"{cell}",65\nb,"13,000,000,000",60\n')
    facts = stored_facts(store.path)[0]
    assert (facts["a"]["parameters"].value if "a" in facts else None) == parameters
    assert facts["b"]["parameters"].value == 13_000_000_000


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-06-01", "2024-06-01"),
        ("2024/6/1", "2024-06-01"),
        ("20240601", "2024-06-01"),
        ("2024-06-01T12:00:00Z", "2024-06-01"),
        ("June 2024", "2024-06"),
        ("Jun 5, 2024", "2024-06-05"),
        ("5th June 2024", "2024-06-05"),
        ("31/12/2023", "2023-12-31"),
        ("12/31/2023", "2023-12-31"),
        ("5.6.2024", "2024-06-05"),
        ("2024年6月", "2024-06"),
        ("2024", "2024"),
        ("01/02/2024", ""),
        ("2024-13-01", ""),
        ("45444", ""),
        ("Smarch 2024", ""),
    ],
)
def test_days_as_people_write_them(text: str, iso: str) -> None:
    assert day(text) == iso


def test_a_date_that_is_not_understood_is_named(read: Read) -> None:
    report = read("model,date,mmlu\na,01/02/2024,65\nb,2024-06-01,66\n")[1]
    assert [item.reason for item in report.skipped] == ["line 2: column 'date' has no date that is understood"]


def test_languages_are_parts_and_a_mean_has_all_of_them(read: Read) -> None:
    found, report = read("model,task,language,accuracy\na,x,en,0.8\na,x,zh,0.7\nb,x,en,0.82\n")
    assert found["a", "x"].score.estimate == pytest.approx(0.75)
    assert ("b", "x") not in found
    assert "1 of 2 parts" in report.skipped[0].reason


def test_rows_told_apart_by_an_unknown_column_are_refused(read: Read) -> None:
    found, report = read("model,benchmark,prompt,score\na,x,p,1\na,x,q,2\nb,x,p,3\nb,x,q,4\n")
    assert not found
    assert "told apart by column 'prompt': rename it to subset" in report.skipped[0].reason


def test_a_column_that_stands_there_twice_is_read_once(read: Read) -> None:
    found, report = read("model,mmlu,mmlu\na,65.2,1.5\nb,70,1.4\n")
    assert [item.score.estimate for item in found.values()] == [pytest.approx(0.652), pytest.approx(0.7)]
    assert "More than one column is called 'mmlu': the first one is read." in report.remarks


def test_shares_among_percent_are_told(read: Read) -> None:
    report = read("model,mmlu\na,65.2%\nb,0.701\n")[1]
    assert any(remark.startswith("In 'mmlu' 1 number is at most 1") for remark in report.remarks)


@pytest.mark.parametrize(
    "text", ["Results of 2024\n\nmodel,mmlu\na,65.2\n", "| model | mmlu |\n|---|---:|\n| a | 65.2 |\n"]
)
def test_titles_and_lines_of_markdown_are_passed_over(read: Read, text: str) -> None:
    found, report = read(text)
    assert found["a", "mmlu"].score.estimate == pytest.approx(0.652)
    assert not report.skipped


def test_a_table_with_models_as_columns_is_refused_in_a_sentence(read: Read) -> None:
    reason = read("benchmark,one,two\nmmlu,65.2,60\narc,70,50\n")[1].skipped[0].reason
    assert "call that of the models `model`; if each model is a column, turn it round" in reason


def test_means_of_parts_are_scores_where_there_is_nothing_else(read: Read) -> None:
    found, _ = read("model,Global Average,Reasoning Average,Coding Average\na,60,50,70\nb,50,40,60\n")
    assert {benchmark for _, benchmark in found} == {"reasoning-average", "coding-average"}


def test_a_score_without_certainty_has_no_interval(read: Read) -> None:
    score = read("model,mmlu,mmlu_std,arc\na,65.2,0.3,50\nb,70,0.4,55\n")[0]["a", "mmlu"].score
    assert math.isnan(score.standard_error)
    assert math.isnan(score.low)
