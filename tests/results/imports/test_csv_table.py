import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.benchmarks import registry
from leaderbench.boards.filling import standard_error
from leaderbench.records import Aggregation
from leaderbench.results.entries import Entry
from leaderbench.results.imports import Report, import_csv, stored_entries
from leaderbench.results.imports.csv_columns import Scale, column_of, written_number
from leaderbench.results.imports.scores import is_share
from leaderbench.results.store import Store

File = Callable[[str, Any], Path]


@pytest.fixture
def read(store: Store, file: File) -> Callable[..., tuple[list[Entry], Report]]:
    def bring_in(text: str | bytes, name: str = "table.csv") -> tuple[list[Entry], Report]:
        report = import_csv([file(name, text)], store)
        return list(stored_entries(store)), report

    return bring_in


Read = Callable[..., tuple[list[Entry], Report]]


def test_a_score_a_row_with_everything_known(read: Read) -> None:
    (item,), report = read(
        "Model,Benchmark,Implementation,Metric,Score,N,Standard Error,Source URL,Date\n"
        "org/a,mmlu,helm,acc (macro),45.5,14042,0.5,https://example.org/a,2023-06-23\n"
    )
    assert (item.model, item.benchmark, item.source) == ("org/a", "mmlu/helm-published", "https://example.org/a")
    assert (item.created, item.settings) == ("2023-06-23", "")
    score = item.score
    assert (score.metric.name, score.metric.aggregation, score.n) == ("acc", Aggregation.MACRO, 14042)
    assert (score.estimate, score.standard_error) == pytest.approx((0.455, 0.005))
    assert (score.low, score.high) == pytest.approx((0.4452, 0.4648), abs=1e-3)
    assert report.remarks == ("Column 'Score' is read as percent.",)


def test_n_alone_gives_wilsons_interval_and_nothing_gives_none(read: Read) -> None:
    (one, other), _ = read("model,task,accuracy,questions\na,x,0.5,100\nb,x,0.5,-1\n")
    assert (one.score.low, one.score.high) == pytest.approx((0.4038, 0.5962), abs=1e-3)
    assert one.score.metric.name == "accuracy"
    assert (other.score.n, math.isnan(other.score.low)) == (0, True)


def test_an_interval_that_the_table_gives_is_kept_and_the_file_stands_for_the_benchmark(read: Read) -> None:
    (item,), _ = read(
        "model,score,rating_q025,rating_q975,CI,avg_tokens\nm,82.63,80.75,84.6,(-2),662.0\n", "arena hard.csv"
    )
    assert item.benchmark == "arena-hard/published"
    assert (item.score.low, item.score.high) == pytest.approx((0.8075, 0.846))


def test_a_model_a_row_with_a_column_a_benchmark(read: Read) -> None:
    text = (
        '\ufeffT,Model,Average ⬆️,ARC,"HellaSwag 🔥",Type,Precision,Hub License,#Params (B),Hub ❤️,Available on the hub\n'
        '🟢,"<a target=""_blank"" href=""https://h.co/o/m"" style=""color"">o/m</a>  <a href=""x"">📑</a>",'
        "60.0,50.0,70.0,pretrained,float16,,7.0,-1,true\n"
        "🟢,o/n,10.0,20.0,40.0,pretrained,float16,mit,0,3,true\n"
    )
    found, report = read(text)
    assert [(item.model, item.benchmark, item.score.estimate) for item in found] == [
        ("o/m", "arc/published", 0.5),
        ("o/n", "arc/published", 0.2),
        ("o/m", "hellaswag/published", 0.7),
        ("o/n", "hellaswag/published", 0.4),
    ]
    assert any("Average" in said and "1 of 2 rows it is not the mean" in said for said in report.remarks)
    assert not report.skipped


def test_empty_minus_one_nan_and_words_are_no_scores(read: Read) -> None:
    found, report = read("model,benchmark,score\na,x,0.5\nb,x,-1\nc,x,\nd,x,NaN\ne,x,inf\nf,x,good\n,x,0.5\ng,,0.5\n")
    assert [item.model for item in found] == ["a"]
    reasons = " ".join(item.reason for item in report.skipped)
    for part in ("no score", "no number", "no model", "no benchmark", "4 lines, the first 3"):
        assert part in reasons.replace("5 lines", "4 lines")
    assert any("-1 in column" in said for said in report.remarks)


def test_a_row_of_zeros_was_not_evaluated_but_one_zero_is_a_score(read: Read) -> None:
    found, report = read("model,arc,gsm8k\na,0,0\nb,50,0\n")
    assert [(item.model, item.score.estimate) for item in found] == [("b", 0.5), ("b", 0.0)]
    assert "not evaluated" in report.skipped[0].reason
    assert any("score of 0" in said for said in report.remarks)


def test_rows_that_are_alike_come_in_once_and_different_ones_all(read: Read) -> None:
    head = "model,precision,benchmark,score,date\n"
    same, other = "a,float16,x,0.5,2024-01-01\n", "a,float16,x,0.4,2024-01-02\n"
    found, report = read(head + same + same + other + "a,4bit,x,0.3,2024-01-02\n")
    assert [item.score.estimate for item in found] == [0.5, 0.4, 0.3]
    assert found[0].identity == found[1].identity != found[2].identity
    assert any("1 score stands there twice" in said for said in report.remarks)
    assert any("with different values" in said for said in report.remarks)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_seen(read: Read, separator: str) -> None:
    (item,), _ = read(separator.join(["model", "benchmark", "score\n"]) + separator.join(["a", "x", "50%\n"]))
    assert item.score.estimate == 0.5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_do_not_hide_the_first_column(read: Read, encoding: str) -> None:
    (item,), _ = read("model,benchmark,score\n模型,x,1\n".encode(encoding))
    assert (item.model, item.score.estimate) == ("模型", 1.0)


def test_no_name_of_ours_can_be_claimed(read: Read) -> None:
    text = "".join(f"m,{name},,0.5\n" for name in registry.names())
    found, _ = read("model,benchmark,implementation,score\n" + text)
    assert len(found) == len(registry.names())
    assert not {item.benchmark for item in found} & set(registry.names())
    assert found[0].benchmark == f"{registry.names()[0]}-published"


def test_shots_are_a_setting(read: Read) -> None:
    (item,), _ = read("model,benchmark,shots,score\na,x,5,0.5\n")
    assert item.settings == "5 shots"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no rows"),
        ("model,benchmark,score\n", "no rows"),
        ("a,b\n1,2\n", "no column of models"),
        ("model\nx\n", "no column of scores"),
        ("model,type\nx,y\n", "no column of scores"),
        ("model,remark\nx,y\n", "none of its columns holds numbers"),
        ("model," + ",".join(map(str, range(999))) + "\n" + "m,0.5\n" * 401, "more than the 400,000"),
        ('model,benchmark,score\n"' + "x" * 200_000 + '",x,1\n', "no CSV"),
    ],
)
def test_what_is_no_table_of_scores_is_reported(read: Read, text: str, reason: str) -> None:
    found, report = read(text)
    assert not found
    assert reason in report.skipped[0].reason


@pytest.mark.parametrize(
    ("cells", "scale"),
    [
        (["0.1", "1", "0"], Scale.SHARE),
        (["0.1", "1.5"], Scale.PERCENT),
        (["0.5%", "0.7%"], Scale.PERCENT),
        (["100", "0"], Scale.PERCENT),
        (["101", "50"], Scale.OTHER),
        (["-0.3", "0.5"], Scale.OTHER),
        (["-1", "0.5"], Scale.SHARE),
        (["1,250", "990"], Scale.OTHER),
    ],
)
def test_the_scale_is_decided_for_the_whole_column(cells: list[str], scale: Scale) -> None:
    assert column_of(cells).scale is scale


@pytest.mark.parametrize(
    ("cell", "value"),
    [(" 12.5 % ", 12.5), ("−3", -3.0), ("1,234.5", 1234.5), ("1e3", 1000.0), (".5", 0.5)]
    + [(odd, None) for odd in ("1,5", "0x10", "1_000", "١٢", "nan", "Infinity", "1e999", "", "12 a", "=1+1", "5.5.5")],
)
def test_what_is_a_number_in_a_cell(cell: str, value: float | None) -> None:
    assert written_number(cell) == value


def test_numbers_on_another_scale_have_no_interval_of_a_share(read: Read) -> None:
    found, _ = read("model,benchmark,score,n\na,elo,1250,100\nb,elo,0.5,100\n")
    assert [math.isnan(item.score.low) for item in found] == [True, True]


@pytest.mark.parametrize("benchmark", ["wiki2 ppl", "perplexity", "cross-entropy loss", "WER", "any ↓"])
def test_a_perplexity_is_no_percent_and_n_gives_it_no_interval(read: Read, benchmark: str) -> None:
    found, report = read(f"model,benchmark,score,n\na,{benchmark},12.3,1000\nb,{benchmark},8.1,1000\n")
    assert [item.score.estimate for item in found] == [12.3, 8.1]
    assert all(math.isnan(item.score.low) and math.isnan(standard_error(item.score)) for item in found)
    assert any("2 scores have n and still no interval" in said for said in report.remarks)


@pytest.mark.parametrize(
    ("head", "known"),
    [
        ("model,benchmark,score,n,metric\na,x,50,100,acc\nb,x,70,100,acc\n", True),
        ("model,benchmark,score,n,metric\na,x,0.5,100,exact_match\nb,x,0.7,100,exact_match\n", True),
        ("model,benchmark,score (%),n\na,x,50,100\nb,x,70,100\n", True),
        ("model,benchmark,score,n\na,x,50%,100\nb,x,70%,100\n", True),
        ("model,benchmark,score,n\na,x,50,100\nb,x,70,100\n", False),
        ("model,benchmark,score,n,metric\na,x,50,100,bleu\nb,x,70,100,bleu\n", False),
        ("model,benchmark,score,n,metric\na,x,50%,100,f1\nb,x,70%,100,f1\n", False),
    ],
)
def test_n_gives_an_interval_only_where_scores_are_known_to_be_shares(read: Read, head: str, known: bool) -> None:
    found, report = read(head)
    for item in found:
        assert item.score.n == 100
        assert math.isfinite(item.score.low) is known
        assert math.isfinite(standard_error(item.score)) is known
    assert any("still no interval" in said for said in report.remarks) is not known


@pytest.mark.parametrize(
    ("metric", "share"),
    [(name, True) for name in ("acc", "acc_norm", "Accuracy", "exact_match,strict-match", "mc1", "mc2", "em", "pass@1")]
    + [(name, True) for name in ("prompt_level_strict_acc", "quasi_exact_match")]
    + [(name, False) for name in ("score", "bleu", "f1", "word_perplexity", "balanced_accuracy", "elo", "vaccine", "")],
)
def test_which_metrics_are_known_to_be_shares(metric: str, share: bool) -> None:
    assert is_share(metric, 0.5) is share
    assert not is_share(metric, 12.3)


@pytest.mark.parametrize("header", ["MATH lvl (%)", "MATH pct", "percent MATH", "Percentage"])
def test_a_percent_sign_in_a_header_decides_the_scale(read: Read, header: str) -> None:
    found, report = read(f"model,{header}\na,0.9\nb,0.5\nc,0.0\n")
    assert [item.score.estimate for item in found] == pytest.approx([0.009, 0.005, 0.0])
    assert not any("guess" in said for said in report.remarks)


def test_a_column_up_to_1_without_a_sign_is_called_a_guess_that_can_be_overruled(store: Store, file: File) -> None:
    table = file("table.csv", "model,MATH\na,0.9\nb,0.5\n")
    report = import_csv([table], store)
    assert any("shares between 0 and 1; this is a guess" in said and "--scale" in said for said in report.remarks)
    report = import_csv([table], store, Scale.PERCENT)
    assert not any("guess" in said for said in report.remarks)
    assert sorted(item.score.estimate for item in stored_entries(store)) == pytest.approx([0.005, 0.009])
    import_csv([table], store)
    assert sorted(item.score.estimate for item in stored_entries(store)) == [0.5, 0.9]


def test_the_scale_of_a_long_table_is_decided_for_each_metric_of_each_benchmark(read: Read) -> None:
    found, report = read(
        "model,benchmark,metric,score\na,MM2,,65.0\na,WR2,,0.80\na,MM2,elo,1250\nb,MM2,,70.0\nb,WR2,,0.60\n"
    )
    values = {(item.model, item.benchmark, item.score.metric.name): item.score.estimate for item in found}
    assert values == {
        ("a", "mm2/published", "score"): 0.65,
        ("b", "mm2/published", "score"): 0.7,
        ("a", "wr2/published", "score"): 0.8,
        ("b", "wr2/published", "score"): 0.6,
        ("a", "mm2/published", "elo"): 1250.0,
    }
    assert any("read as shares between 0 and 1 for 'WR2'" in said for said in report.remarks)


def test_a_benchmark_has_the_same_name_from_a_table_of_either_shape(read: Read) -> None:
    found, _ = read("model,Alpha\na,50\n", "wide.csv")
    found, _ = read("model,benchmark,score\na,ALPHA,50\n", "long.csv")
    assert {item.benchmark for item in found} == {"alpha/published"}


def test_no_row_is_made_of_two_rows_of_one_model(read: Read) -> None:
    found, report = read("model,Dup1,Dup2\nd/x,70,21\nd/x,71,\nd/y,50,50\n")
    assert [(item.model, item.benchmark, item.score.estimate) for item in found] == [
        ("d/x", "dup1/published", 0.70),
        ("d/x", "dup1/published", 0.71),
        ("d/y", "dup1/published", 0.5),
        ("d/y", "dup2/published", 0.5),
    ]
    assert any(
        "line 2: the later row of its model has nothing in column 'Dup2'" in item.reason for item in report.skipped
    )


def test_the_last_value_of_a_table_stays_the_last_where_it_stood_there_before(read: Read) -> None:
    found, _ = read("model,benchmark,score\na,x,70\na,x,71\na,x,70\n")
    assert [item.score.estimate for item in found] == [0.71, 0.70]


def test_lines_that_cannot_be_used_are_counted_once_whatever_their_cells(read: Read) -> None:
    _, report = read("model,a,b,c\nm,1,2,3\n,4,5,6\nn,1,2,3\n")
    assert [item.reason for item in report.skipped] == ["line 3: no model"]


def test_one_thing_is_not_said_in_the_plural(read: Read) -> None:
    _, report = read("model,a,b\nm,0,60\nm,10,60\nm,10,60\n")
    said = " ".join(report.remarks)
    assert "(1 row)" in said
    assert "3 scores stand there twice, and are imported once." in said
    assert "1 score stands there with different values" in said
    assert not any(wrong in f" {said}" for wrong in (" 1 scores", " 1 models", "(1 rows)"))


@pytest.mark.parametrize(("name", "now"), [("foo\0bar", "foo bar"), ("A" * 90_000, "A" * 59 + "…")])
def test_a_name_that_is_cleaned_or_cut_is_reported(read: Read, name: str, now: str) -> None:
    _, report = read(f"model,x\n{name},5\nb,50\n")
    assert any("1 name of a model is not kept as written" in said and f"'{now}'" in said for said in report.remarks)


def test_a_name_of_which_tables_show_the_last_part_is_reported(read: Read) -> None:
    _, report = read("model,x\n../../etc/passwd,5\norg/model,50\n")
    assert (
        "'../../etc/passwd' looks like a folder, and is shown by the last part where that is unique." in report.remarks
    )
    assert not any("org/model" in said for said in report.remarks)


def test_a_remark_of_several_files_ends_with_one_stop(store: Store, file: File) -> None:
    tables = [file(f"{name}.csv", f"model,benchmark,score\n{name},x,50%\n") for name in "ab"]
    assert "Column 'score' is read as percent (so in 2 files)." in import_csv(tables, store).remarks
