"""Results files of lm-eval, with samples and without."""

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from leaderbench.benchmarks import registry
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Flag
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.imports import Report, import_lm_eval, lm_eval, stored_entries
from leaderbench.results.imports.lm_eval import aggregation_of, leaves_of
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from tests.results.imports.conftest import TIME, Content, choice_row, choice_rows, mean, results

Write = Callable[..., Path]


def runs(store: Store) -> dict[str, Run]:
    return {item.benchmark: store.run(item.id) for item in store.runs()}


def entries(store: Store) -> list[Entry]:
    return list(stored_entries(store))


def with_samples(write: Write, store: Store, tasks: dict[str, Sequence[Content]], **changes: Any) -> Report:
    n = len(next(iter(tasks.values())))
    scores = {task: {"acc,none": mean(rows), "acc_stderr,none": 0.1} for task, rows in tasks.items()}
    return import_lm_eval([write(results(scores, n, **changes), tasks)], store)


def test_tasks_with_samples_become_one_run_a_benchmark_and_no_scores(write: Write, store: Store) -> None:
    tasks = {"mmlu_anatomy": choice_rows(seed=1), "mmlu_virology": choice_rows(seed=2), "piqa": choice_rows(seed=3)}
    report = with_samples(write, store, tasks)
    assert {item.benchmark for item in report.imported} == {"mmlu/lm-eval", "lm-eval/piqa"}
    assert not report.skipped
    assert not report.remarks
    assert entries(store) == []
    found = runs(store)["mmlu/lm-eval"]
    assert [sample.example_id for sample in found.samples[:5]] == [*(f"anatomy/{i}" for i in range(4)), "virology/0"]
    both = [*tasks["mmlu_anatomy"], *tasks["mmlu_virology"]]
    assert found.score("acc (micro)").estimate == pytest.approx(mean(both))
    assert found.score("acc (macro)").n == 8
    assert found.score("acc", "virology").estimate == mean(tasks["mmlu_virology"])
    assert runs(store)["lm-eval/piqa"].samples[0].example_id == "piqa/0"


@pytest.mark.parametrize("name", ["manifest.json", "scores.json", "samples.parquet"])
def test_importing_again_mends_a_damaged_run_and_leaves_a_whole_one(write: Write, store: Store, name: str) -> None:
    tasks = {"piqa": choice_rows(seed=3)}
    (first,) = with_samples(write, store, tasks).imported
    file = store.path / "runs" / first.run / name
    whole, state = file.read_bytes(), file.stat()
    assert [item.new for item in with_samples(write, store, tasks).imported] == [False]
    assert file.stat().st_ino == state.st_ino
    file.write_bytes(whole[: len(whole) // 2])
    assert [item.new for item in with_samples(write, store, tasks).imported] == [True]
    assert len(store.run(first.run).samples) == 4


def test_paths_and_stores_may_be_texts(write: Write, store: Store) -> None:
    path = write(results({"piqa": {"acc,none": 0.5, "acc_stderr,none": 0.1}}))
    assert import_lm_eval(str(path), str(store.path)).imported


def test_a_sample_has_all_that_its_line_tells_and_nothing_else(write: Write, store: Store) -> None:
    rows = [choice_row(3, [-1.5, -1.0, -4.0, -9.0], 1), choice_row(7, [-1.0, -2.0, -2.5, -3.0], 2)]
    with_samples(write, store, {"mmlu_anatomy": rows})
    one, other = runs(store)["mmlu/lm-eval"].samples
    assert one.example_id == "anatomy/3"
    assert one.subset == "anatomy"
    assert one.prompt == "Question 3?\nAnswer:"
    assert one.continuations == (" answer 0", " answer 1", " answer 2", " answer 3")
    assert one.characters == one.bytes == (8, 8, 8, 8)
    assert one.log_likelihoods == (-1.5, -1.0, -4.0, -9.0)
    assert (one.prediction, one.target, one.correct, one.margin) == ("B", "B", True, 0.5)
    assert (one.predictions, one.metrics) == ({"acc": "B"}, {"acc": 1.0})
    assert (other.prediction, other.target, other.correct) == ("A", "C", False)
    assert (one.continuation_tokens, one.token_log_probabilities, one.request_digests) == ((), (), ())
    assert (one.context_tokens, one.error, one.flags) == (0, None, ())


def test_the_manifest_has_the_causes_that_the_file_tells_and_leaves_out_the_others(write: Write, store: Store) -> None:
    with_samples(write, store, {"arc_challenge": choice_rows()}, chat_template="{{x}}", system_instruction="Be brief.")
    (found,) = runs(store).values()
    manifest = found.manifest
    assert manifest.created == "2024-03-01T10:20:42+00:00"
    model = manifest.model
    assert (model["name"], model["dtype"], model["device"], model["backend"]) == (
        "maker/tiny",
        "float32",
        "cpu",
        "transformers",
    )
    assert (model["max_length"], model["bos"], model["provenance"]) == (2048, "<s>", "imported")
    assert str(model["source"]).startswith(f"maker__tiny/results_{TIME}.json (sha256 ")
    assert "weights" not in model
    assert "revision" not in manifest.benchmark
    recipe: Any = manifest.benchmark["recipe"]
    assert (recipe["dataset"], recipe["config"], recipe["shots"]) == ("allenai/ai2_arc", "ARC-Challenge", 25)
    assert (recipe["seed"], recipe["task_version"], recipe["chat_template"]) == (1234, 1.0, "{{x}}")
    assert recipe["system_instruction"] == "Be brief."
    assert "special_tokens" not in recipe
    assert manifest.environment["python"] == "3.12.1"
    assert manifest.environment["versions"] == {
        "lm_eval": "0.4.13",
        "lm_eval_commit": "abc123",
        "transformers": "5.1.0",
        "torch": "2.9.0+cpu",
    }
    assert manifest.limits == {"limit": None, "subsets": []}


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({}, "only anatomy"),
        ({"n-shot": {"mmlu_anatomy": 0}}, "only anatomy, 0 shots"),
        ({"config": {"limit": 4.0}}, "limit 4, only anatomy"),
        ({"config": {"limit": 0.5}}, "limit 0.5, only anatomy"),
        ({"config": {"limit": -1}}, "only anatomy"),
    ],
)
def test_what_narrows_a_run_is_said_as_in_runs_made_here(
    write: Write, store: Store, changes: Content, settings: str
) -> None:
    with_samples(write, store, {"mmlu_anatomy": choice_rows()}, **changes)
    assert runs(store)["mmlu/lm-eval"].manifest.settings == settings


def test_a_chat_template_makes_another_benchmark(write: Write, store: Store) -> None:
    with_samples(write, store, {"piqa": choice_rows()}, chat_template="{{ messages }}")
    assert list(runs(store)) == ["lm-eval/piqa-chat"]


def test_no_imported_benchmark_has_a_name_of_ours(write: Write, store: Store) -> None:
    tasks = {task: choice_rows() for task in ("mmlu_anatomy", "arc_challenge", "hellaswag", "winogrande", "piqa")}
    with_samples(write, store, tasks)
    assert not set(runs(store)) & set(registry.names())
    assert len(runs(store)) == 5


@pytest.mark.parametrize(
    "change", [{"dataset_path": "evil/mmlu"}, {"test_split": "dev"}, {"output_type": "generate_until"}]
)
def test_a_task_is_ours_only_on_the_same_rows_of_the_same_dataset(write: Write, store: Store, change: Content) -> None:
    content = results({"mmlu_anatomy": {"acc,none": 0.5}})
    content["configs"]["mmlu_anatomy"] |= change
    import_lm_eval([write(content, {"mmlu_anatomy": choice_rows()})], store)
    assert list(runs(store)) == ["lm-eval/mmlu_anatomy"]


def test_another_task_on_the_rows_of_a_known_dataset_has_the_same_example_ids(write: Write, store: Store) -> None:
    content = results({"mmlu_continuation_anatomy": {"acc,none": 0.5}})
    content["configs"]["mmlu_continuation_anatomy"] |= {
        "dataset_path": "cais/mmlu",
        "dataset_name": "anatomy",
        "test_split": "test",
        "output_type": "multiple_choice",
    }
    import_lm_eval([write(content, {"mmlu_continuation_anatomy": choice_rows()})], store)
    (found,) = runs(store).values()
    assert found.manifest.benchmark["name"] == "lm-eval/mmlu_continuation_anatomy"
    assert found.samples[2].example_id == "anatomy/2"


def test_acc_norm_is_reported_where_this_program_reports_it(write: Write, store: Store) -> None:
    row = choice_row(0, [-1.0, -1.1], 1, metrics=("acc", "acc_norm"))
    row["arguments"]["gen_args_1"]["arg_1"] = " a much longer answer"
    row["acc_norm"] = 1.0
    with_samples(write, store, {"hellaswag": [row]})
    found = runs(store)["hellaswag/lm-eval"]
    (sample,) = found.samples
    assert found.scores[0].metric.name == "acc_norm"
    assert (sample.prediction, sample.correct) == ("B", True)
    assert sample.predictions == {"acc": "A", "acc_norm": "B"}
    assert sample.margin == pytest.approx(1.0 / 8 - 1.1 / 20)


def test_mc1_and_mc2_become_one_run_with_both(write: Write, store: Store) -> None:
    one = [choice_row(0, [-1.0, -2.0], 0)]
    many = [choice_row(0, [-1.0, -3.0, -2.0], 0)]
    many[0] |= {"acc": 0.7, "doc": {"mc2_targets": {"labels": [1, 1, 0]}}}
    with_samples(write, store, {"truthfulqa_mc1": one, "truthfulqa_mc2": many})
    found = runs(store)["truthfulqa-mc/lm-eval"]
    (sample,) = found.samples
    assert [str(score.metric) for score in found.scores[:2]] == ["mc2 (micro)", "mc1 (micro)"]
    assert sample.metrics == {"mc2": 0.7, "mc1": 1.0}
    assert sample.log_likelihoods == (-1.0, -2.0, -1.0, -3.0, -2.0)
    assert (sample.prediction, sample.target, sample.correct) == ("A", "A", True)
    odds = math.log(math.exp(-1) + math.exp(-3)) + 2
    assert sample.margin == pytest.approx(odds)


def test_winogrande_has_its_target_from_the_row(write: Write, store: Store) -> None:
    row = choice_row(0, [-2.0, -1.0], 1) | {"target": "the rest.", "doc": {"answer": "2"}}
    with_samples(write, store, {"winogrande": [row]})
    assert runs(store)["winogrande/lm-eval"].samples[0].target == "B"


def test_a_written_answer_under_two_filters_is_one_sample_with_both_metrics(write: Write, store: Store) -> None:
    base = {
        "doc_id": 0,
        "target": "worked out\n#### 4",
        "arguments": {"gen_args_0": {"arg_0": "2 + 2?", "arg_1": {"until": ["\n"]}}},
        "resps": [["it is 4"]],
        "metrics": ["exact_match"],
    }
    rows = [
        base | {"filter": "strict-match", "filtered_resps": ["[invalid]"], "exact_match": 0.0},
        base | {"filter": "flexible-extract", "filtered_resps": ["4"], "exact_match": 1.0},
    ]
    scores = {"gsm8k": {"exact_match,strict-match": 0.0, "exact_match,flexible-extract": 1.0}}
    import_lm_eval([write(results(scores, 1), {"gsm8k": rows})], store)
    (found,) = runs(store).values()
    (sample,) = found.samples
    assert found.manifest.settings == ""
    assert [score.metric.name for score in found.scores[:2]] == list(sample.metrics)
    assert next(iter(sample.metrics)) == "exact_match,strict-match"
    assert sample.metrics == {"exact_match,strict-match": 0.0, "exact_match,flexible-extract": 1.0}
    assert sample.predictions == {"exact_match,strict-match": "[invalid]", "exact_match,flexible-extract": "4"}
    assert (sample.prompt, sample.continuations, sample.log_likelihoods) == ("2 + 2?", ("it is 4",), ())
    assert math.isnan(sample.margin)


def test_older_sample_files_with_lists_and_numbers_are_read(write: Write, store: Store) -> None:
    row = choice_row(0, [-1.0, -2.0], 0)
    row |= {"arguments": [["Q", " a"], ["Q", " b"]], "resps": [[[-1.0, True]], [[-2.0, False]]], "target": 0}
    del row["metrics"], row["filter"]
    with_samples(write, store, {"piqa": [row]})
    (sample,) = runs(store)["lm-eval/piqa"].samples
    assert (sample.prompt, sample.log_likelihoods, sample.prediction) == ("Q", (-1.0, -2.0), "A")
    assert sample.metrics == {"acc": 1.0}


@pytest.mark.parametrize("value", ["nan", "-inf", "x", None])
def test_log_likelihoods_of_a_question_are_unknown_where_one_is_no_number(
    write: Write, store: Store, value: str | None
) -> None:
    row = choice_row(0, [-1.0, -2.0], 0)
    row["resps"][1][0][0] = row["filtered_resps"][1][0] = value
    with_samples(write, store, {"piqa": [row]})
    (sample,) = runs(store)["lm-eval/piqa"].samples
    assert (sample.log_likelihoods, sample.prediction, sample.correct) == ((), None, True)
    assert math.isnan(sample.margin)


def test_a_question_without_a_value_is_an_error(write: Write, store: Store) -> None:
    rows = choice_rows(3)
    rows[1]["acc"] = math.nan
    report = with_samples(write, store, {"piqa": rows})
    (found,) = runs(store).values()
    assert [sample.error is None for sample in found.samples] == [True, False, True]
    assert found.samples[1].flags == (Flag.ERROR,)
    assert (found.scores[0].n, found.scores[0].errors) == (2, 1)
    assert found.manifest.counts == {"questions": 3, "errors": 1, "flags": {"error": 1}}
    assert report.imported[0].run == found.id


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text[: len(text) // 2], "not JSON"),
        (lambda text: text.splitlines()[0] + "\n", "1 of 4 questions"),
        (lambda text: text + text, "twice"),
        (lambda text: text.replace('"doc_id": 2', '"doc_id": null'), "no doc_id"),
        (lambda text: text.replace('"acc": ', '"acc": "x", "b": '), "no metric"),
        (
            lambda text: text.replace("gen_args_", "").replace('"arguments": {', '"arguments": 1, "x": {'),
            "no arguments",
        ),
        (lambda _: "", "0 of 4 questions"),
        (lambda _: "[1]\n", "not an object"),
    ],
)
def test_samples_that_are_not_whole_make_no_run_but_the_score_comes_in(
    write: Write, store: Store, spoil: Callable[[str], str], reason: str
) -> None:
    folder = write(results({"piqa": {"acc,none": 0.5}}), {"piqa": choice_rows()})
    (path,) = folder.rglob("*.jsonl")
    path.write_text(spoil(path.read_text()))
    report = import_lm_eval([folder], store)
    assert runs(store) == {}
    assert [item.benchmark for item in entries(store)] == ["lm-eval/piqa"]
    (skipped,) = report.skipped
    assert reason in skipped.reason
    assert "'piqa'" in skipped.reason


def test_one_line_that_is_cut_off_is_said_with_the_number_of_good_lines(write: Write, store: Store) -> None:
    folder = write(results({"piqa": {"acc,none": 0.5}}), {"piqa": choice_rows()})
    (path,) = folder.rglob("*.jsonl")
    path.write_text(path.read_text()[:-40])
    (skipped,) = import_lm_eval([folder], store).skipped
    assert "3 of 4 lines could be read; line 4 is cut off: it is not JSON" in skipped.reason
    assert skipped.reason.endswith("only its score is imported")
    assert runs(store) == {}


def test_samples_that_would_fill_the_memory_are_left_out(
    write: Write, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lm_eval, "LARGEST_RUN", 300)
    with_samples(write, store, {"hellaswag": choice_rows(), "piqa": choice_rows(seed=1)})
    assert len(runs(store)) == 2
    monkeypatch.setattr(lm_eval, "LARGEST_RUN", 100)
    report = with_samples(write, store, {"winogrande": choice_rows()})
    assert "too long" in report.skipped[0].reason
    assert [item.benchmark for item in entries(store)] == ["winogrande/lm-eval"]


def test_published_numbers_that_the_samples_do_not_give_are_remarked_on(write: Write, store: Store) -> None:
    report = import_lm_eval([write(results({"piqa": {"acc,none": 0.987}}), {"piqa": choice_rows()})], store)
    assert any("0.9870" in sentence for sentence in report.remarks)


def test_samples_of_another_time_are_not_taken(write: Write, store: Store) -> None:
    folder = write(results({"piqa": {"acc,none": 0.5}}), {"piqa": choice_rows()})
    (path,) = folder.rglob("*.jsonl")
    path.rename(path.with_name("samples_piqa_2025-01-01T00-00-00.000000.jsonl"))
    import_lm_eval([folder], store)
    assert runs(store) == {}
    assert len(entries(store)) == 1


def test_scores_without_samples_have_an_interval_from_error_or_n(write: Write, store: Store) -> None:
    scores = {
        "mmlu_anatomy": {"acc,none": 0.5, "acc_stderr,none": 0.05},
        "hellaswag": {"acc,none": 0.25, "acc_stderr,none": "N/A", "acc_norm,none": 1.0, "acc_norm_stderr,none": 0.0},
        "piqa": {"perplexity,none": 12.0, "perplexity_stderr,none": 1.0, "bleu,none": 3.5, "acc,none": math.nan},
    }
    report = import_lm_eval([write(results(scores, 100))], store)
    found = {(item.benchmark, item.score.metric.name): item for item in entries(store)}
    assert len(found) == 5
    anatomy = found["mmlu/lm-eval", "acc"]
    assert (anatomy.score.subset, anatomy.score.n, anatomy.provenance) == ("anatomy", 100, Provenance.IMPORTED_SCORE)
    assert anatomy.score.low == pytest.approx(0.4033, abs=1e-3)
    assert found["hellaswag/lm-eval", "acc"].score.high == pytest.approx(0.3430, abs=1e-3)
    assert math.isnan(found["hellaswag/lm-eval", "acc"].score.standard_error)
    assert (
        found["hellaswag/lm-eval", "acc_norm"].score.low,
        found["hellaswag/lm-eval", "acc_norm"].score.high,
    ) == pytest.approx((0.9630, 1.0), abs=1e-3)
    assert found["lm-eval/piqa", "perplexity"].score.high == pytest.approx(13.96, abs=1e-2)
    assert math.isnan(found["lm-eval/piqa", "bleu"].score.low)
    assert (anatomy.model, anatomy.created, anatomy.source) == (
        "maker/tiny",
        "2024-03-01T10:20:42+00:00",
        f"maker__tiny/results_{TIME}.json",
    )
    assert report.imported[0].scores == 1


def test_a_group_is_the_whole_benchmark_only_with_all_its_parts(write: Write, store: Store) -> None:
    leaves = [f"mmlu_subject_{i}" for i in range(57)]
    scores: dict[str, Any] = {leaf: {"acc,none": 0.5} for leaf in leaves} | {"mmlu": {"acc,none": 0.5}}
    content = results(scores, 10)
    for leaf in leaves:
        content["configs"][leaf] = {
            "dataset_path": "cais/mmlu",
            "dataset_name": leaf[5:],
            "test_split": "test",
            "output_type": "multiple_choice",
        }
        content["n-shot"][leaf] = 5
    content["group_subtasks"] = {"mmlu": ["mmlu_all"], "mmlu_all": leaves}
    import_lm_eval([write(content, folder="whole")], store)
    (whole,) = [item for item in entries(store) if item.score.subset is None]
    assert (whole.benchmark, whole.score.n, whole.settings) == ("mmlu/lm-eval", 570, "")
    content["group_subtasks"]["mmlu_all"] = leaves[1:]
    other = Store(store.path.parent / "other")
    import_lm_eval([write(content, folder="part")], other)
    assert {item.benchmark for item in entries(other) if item.score.subset is None} == {"lm-eval/mmlu"}


def test_a_group_that_the_run_sums_up_is_not_imported_beside_it(write: Write, store: Store) -> None:
    rows = choice_rows()
    scores = {"mmlu_anatomy": {"acc,none": mean(rows)}, "mmlu": {"acc,none": mean(rows)}}
    content = results(scores, group_subtasks={"mmlu": ["mmlu_anatomy"]})
    report = import_lm_eval([write(content, {"mmlu_anatomy": rows})], store)
    assert entries(store) == []
    assert [item.benchmark for item in report.imported] == ["mmlu/lm-eval"]


@pytest.mark.parametrize(
    ("estimate", "expected"), [(0.25, Aggregation.MICRO), (0.4, Aggregation.MACRO), (0.3, Aggregation.MICRO)]
)
def test_micro_and_macro_are_told_apart_by_the_numbers(estimate: float, expected: Aggregation) -> None:
    assert aggregation_of(estimate, [0.2, 0.6], [7, 1]) is expected


def test_groups_that_contain_themselves_are_followed_once() -> None:
    children = {"a": ["b", "x"], "b": ["a", "y"]}
    assert sorted(leaves_of("a", children, 100)[0]) == ["x", "y"]


def test_importing_twice_changes_nothing(write: Write, store: Store) -> None:
    folder = write(results({"piqa": {"acc,none": 0.5}, "hellaswag": {"acc,none": 0.5}}), {"piqa": choice_rows()})
    first = import_lm_eval([folder], store)
    files = {path: path.stat().st_mtime_ns for path in store.path.rglob("*") if path.is_file() and path.suffix}
    again = import_lm_eval([folder], store)
    assert {path: path.stat().st_mtime_ns for path in store.path.rglob("*") if path.is_file() and path.suffix} == files
    assert [item.new for item in first.imported] == [True, True]
    assert [item.new for item in again.imported] == [False, False]
    assert len(files) == 5  # a run of three files, scores, and facts


def test_a_run_made_here_is_never_replaced(write: Write, store: Store) -> None:
    with_samples(write, store, {"piqa": choice_rows()})
    (found,) = runs(store).values()
    assert found.id.startswith("imported-")
    assert not str(found.manifest.model["identity"]).isalnum()
    here = dataclasses.replace(found.manifest, run_id=found.id.removeprefix("imported-"))
    store.save(dataclasses.replace(found, manifest=here))
    with_samples(write, store, {"piqa": choice_rows()})
    assert len(store.runs()) == 2


def test_files_of_one_model_with_the_same_settings_have_one_identity(write: Write, store: Store) -> None:
    write(results({"piqa": {"acc,none": 0.5}}))
    folder = write(results({"hellaswag": {"acc,none": 0.5}}), time="2024-03-02T10-20-30.1")
    other = results({"arc_challenge": {"acc,none": 0.5}})
    other["config"]["model_dtype"] = "torch.float16"
    write(other, time="2024-03-03T10-20-30.1")
    import_lm_eval([folder], store)
    identities = {item.benchmark: item.identity for item in entries(store)}
    assert identities["lm-eval/piqa"] == identities["hellaswag/lm-eval"] != identities["arc-challenge/lm-eval"]


def test_several_results_of_a_model_are_all_kept_with_their_dates(write: Write, store: Store) -> None:
    write(results({"piqa": {"acc,none": 0.9}}))
    folder = write(results({"piqa": {"acc,none": 0.1}}, date=1709374830.0), time="2024-03-02T10-20-30.1")
    report = import_lm_eval([folder], store)
    assert [(item.score.estimate, item.created[:10]) for item in entries(store)] == [
        (0.9, "2024-03-01"),
        (0.1, "2024-03-02"),
    ]
    assert any("the newest" in sentence for sentence in report.remarks)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "no `results`"),
        ({"results": []}, "no `results`"),
        ({"results": {}, "config_general": {}}, "open-llm-leaderboard"),
        ({"results": {"piqa": {"acc,none": 0.5}}}, "which model"),
        ({"results": {}, "model_name": "m"}, "no score"),
        ({"results": {"piqa": None}, "model_name": "m"}, "no finite number"),
        ([1], "not an object"),
        ({"results": dict.fromkeys(map(str, range(20_001))), "model_name": "m"}, "20,001 tasks"),
    ],
)
def test_what_is_no_result_is_reported(
    store: Store, file: Callable[[str, Any], Path], content: Any, reason: str
) -> None:
    report = import_lm_eval([file("results_1.json", content)], store)
    assert not report.imported
    assert reason in report.skipped[0].reason


def test_the_model_is_named_by_the_arguments_or_the_folder_where_the_file_does_not_name_it(
    store: Store, file: Callable[[str, Any], Path]
) -> None:
    bare = {"results": {"piqa": {"acc": 0.5}}}
    given = bare | {"config": {"model_args": "dtype=float16,pretrained=org/base,peft=org/adapter"}}
    file("in/x/results_1.json", given)
    file("in/org__other__x/results_2.json", bare)
    import_lm_eval([file("in/x/results_1.json", given).parents[1]], store)
    assert {item.model for item in entries(store)} == {"org/adapter", "org/other__x"}


def test_hostile_names_are_texts_and_never_paths(write: Write, store: Store, tmp_path: Path) -> None:
    name = '../../<script>alert(1)</script><a href="x">evil</a>\x00/model'
    task = "../../../task <b>"
    content = results({task: {"acc,none": 0.5}, "piqa": {"acc,none": 0.5}}, model_name=name)
    before = {path for path in tmp_path.rglob("*") if store.path not in path.parents}
    import_lm_eval([write(content, {"piqa": choice_rows()})], store)
    assert {item.model for item in entries(store)} == {"../../evil /model"}
    assert {item.benchmark for item in entries(store)} == {"lm-eval/task"}
    assert {item.model for item in store.runs()} == {"../../evil /model"}
    written = {path for path in tmp_path.rglob("*") if path not in before and "out" not in path.parts}
    assert all(path == store.path or store.path in path.parents for path in written)


def test_texts_that_no_file_can_hold_do_not_stop_an_import(write: Write, store: Store) -> None:
    row = choice_row(0, [-1.0, -2.0], 0) | {"target": "\ud800"}
    row["arguments"]["gen_args_0"] = {"arg_0": "half \udfff", "arg_1": " \ud83d"}
    with_samples(write, store, {"piqa": [row]}, system_instruction="\ud800")
    (sample,) = runs(store)["lm-eval/piqa"].samples
    assert sample.prompt == "half �"
    json.dumps(dataclasses.asdict(sample), ensure_ascii=False).encode()


def test_a_folder_without_result_files_is_a_user_error(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LeaderbenchError, match="no result file"):
        import_lm_eval([tmp_path / "empty"], store)


def test_what_all_answers_of_a_file_have_in_common_is_noted(write: Write, store: Store) -> None:
    tied = [choice_row(place, [-2.0, -2.0, -2.0], 0) for place in range(3)]
    broken = [choice_row(place, [math.nan, math.nan], 0) for place in range(3)]
    with_samples(write, store, {"piqa": tied, "sciq": broken})
    said = {name: [str(note.sentence) for note in run.manifest.notes] for name, run in runs(store).items()}
    assert said == {
        "lm-eval/piqa": ["All log-likelihoods are equal: the model tells no answer from another."],
        "lm-eval/sciq": ["In 3 of 3 questions a log-likelihood is missing or not a number."],
    }
