"""`leaderbench import`: results of other systems."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from leaderbench.records import Sample
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from tests.results.imports.conftest import TIME, choice_rows, mean, results

Cli = Callable[..., Any]

TABLE = "model,benchmark,implementation,score,n\norg/a,mmlu,helm,45.5,1000\norg/b,mmlu,helm,55.5,1000\n"


@pytest.fixture
def lm_eval(tmp_path: Path) -> str:
    """A folder as lm-eval writes it: one task with samples, one without."""
    rows = choice_rows(6)
    scores = {"mmlu_anatomy": {"acc,none": mean(rows)}, "piqa": {"acc,none": 0.5, "acc_stderr,none": 0.1}}
    folder = tmp_path / "out" / "maker__tiny"
    folder.mkdir(parents=True)
    (folder / f"results_{TIME}.json").write_text(json.dumps(results(scores, 6)))
    (folder / f"samples_mmlu_anatomy_{TIME}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "out"


def test_a_table_says_what_came_in(cli: Cli, lm_eval: str) -> None:
    ending = cli("import", "lm-eval", lm_eval)
    assert ending.code == Exit.OK
    for part in ("mmlu/lm-eval", "lm-eval/piqa", "models", "runs", "scores"):
        assert part in ending.out
    assert ending.err == ""


def test_json_has_every_benchmark_of_every_file(cli: Cli, lm_eval: str) -> None:
    found = json.loads(cli("import", "lm-eval", lm_eval, "--json").out)
    one, other = found["imported"]
    assert (one["benchmark"], one["model"], one["new"]) == ("mmlu/lm-eval", "maker/tiny", True)
    assert one["run"].startswith("imported-")
    assert (other["benchmark"], other["run"], other["scores"]) == ("lm-eval/piqa", None, 1)
    assert (found["skipped"], found["remarks"]) == ([], [])


def test_an_imported_run_is_listed_shown_and_exported(cli: Cli, lm_eval: str) -> None:
    run = json.loads(cli("import", "lm-eval", lm_eval, "--json").out)["imported"][0]["run"]
    assert run in cli("list", "runs").out
    assert "lm-eval" in cli("show").out
    assert len(cli("export", run).out.splitlines()) == 6


def made_here(folder: str) -> Run:
    """A run as made here, of the same questions with other answers."""
    store = Store(folder)
    (summary,) = store.runs()
    other = store.run(summary.id)
    model = {"name": "org/here", "identity": "ab" * 32}
    manifest = dataclasses.replace(other.manifest, run_id="abcdef012345", model=model)
    benchmark: Any = {**manifest.benchmark, "name": "mmlu/harness"}

    def flipped(sample: Sample) -> Sample:
        return dataclasses.replace(sample, metrics={"acc": 1 - sample.metrics["acc"]}, correct=not sample.correct)

    samples = tuple(map(flipped, other.samples))
    return Run(dataclasses.replace(manifest, benchmark=benchmark), other.scores, samples)


def test_an_imported_run_is_compared_question_by_question_with_one_made_here(cli: Cli, lm_eval: str) -> None:
    run = json.loads(cli("import", "lm-eval", lm_eval, "--json").out)["imported"][0]["run"]
    here = made_here("leaderbench-store")
    Store("leaderbench-store").save(here)
    ending = cli("diff", here.id, run, "--json")
    assert ending.code == Exit.OK
    found = json.loads(ending.out)
    assert (found["shared"], len(found["flips"])) == (6, 6)
    assert found["flips"][0]["example_id"] == "anatomy/0"


def test_importing_again_is_no_failure_and_brings_nothing_new(cli: Cli, lm_eval: str) -> None:
    cli("import", "lm-eval", lm_eval)
    ending = cli("import", "lm-eval", lm_eval, "--json")
    assert ending.code == Exit.OK
    assert [item["new"] for item in json.loads(ending.out)["imported"]] == [False, False]


def test_skipped_files_are_said_with_their_reason_once_a_reason(cli: Cli, lm_eval: str) -> None:
    for name in ("a.json", "b.json"):
        Path(lm_eval, name).write_text("{}")
    Path(lm_eval, "c.json").write_text('{"results": {"\\u001b[31m": NaN}, "model_name": "[bold]m"}')
    ending = cli("import", "lm-eval", lm_eval)
    assert ending.code == Exit.OK
    assert ending.out.count("no `results`") == 1
    assert "a.json …" in ending.out
    assert "\x1b[31m" not in ending.out
    assert len(json.loads(cli("import", "lm-eval", lm_eval, "--json").out)["skipped"]) == 3


def test_nothing_that_could_be_imported_is_an_error_of_input(cli: Cli, tmp_path: Path) -> None:
    Path("odd.json").write_text('{"results": ')
    ending = cli("import", "lm-eval", "odd.json")
    assert ending.code == Exit.INPUT
    assert "not JSON" in ending.out
    assert ending.err == "Nothing was imported.\n"
    assert json.loads(cli("import", "lm-eval", "odd.json", "--json").out)["imported"] == []


@pytest.mark.parametrize("system", ["lm-eval", "open-llm-leaderboard", "mteb", "csv"])
def test_a_path_that_is_not_there_is_one_sentence(cli: Cli, system: str) -> None:
    ending = cli("import", system, "absent")
    assert ending.code == Exit.INPUT
    assert ending.err.count("\n") == 1
    assert "absent does not exist" in ending.err


def test_a_csv_comes_in_and_says_how_its_numbers_were_read(cli: Cli) -> None:
    Path("table.csv").write_text(TABLE)
    ending = cli("import", "csv", "table.csv", "--store", "other")
    assert ending.code == Exit.OK
    assert "mmlu/helm-published" in ending.out
    assert "read as percent" in ending.out
    assert list(Path("other/imported").glob("*.jsonl"))


def test_the_other_systems_come_in_by_their_own_commands(cli: Cli) -> None:
    old = Path("results/maker/tiny/results_2023-09-14T02-19-19.412895.json")
    old.parent.mkdir(parents=True)
    scores = {"harness|hellaswag|10": {"acc_norm": 0.5, "acc_norm_stderr": 0.01}}
    old.write_text(json.dumps({"config_general": {"model_name": "maker/tiny"}, "results": scores}))
    assert "hellaswag/open-llm-leaderboard" in cli("import", "open-llm-leaderboard", "results").out
    new = Path("mteb/maker__tiny/rev/Sorting.json")
    new.parent.mkdir(parents=True)
    new.write_text(json.dumps({"task_name": "Sorting", "scores": {"test": [{"main_score": 0.5}]}}))
    assert "mteb/Sorting" in cli("import", "mteb", "mteb").out


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_it_fits_the_terminal(cli: Cli, lm_eval: str, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    Path(lm_eval, "a.json").write_text("{}")
    assert max(map(len, cli("import", "lm-eval", lm_eval).out.splitlines())) <= int(width)


def test_a_store_that_cannot_be_written_is_one_sentence(cli: Cli) -> None:
    Path("table.csv").write_text(TABLE)
    Path("file").write_text("")
    ending = cli("import", "csv", "table.csv", "--store", "file")
    assert ending.code == Exit.INPUT
    assert ending.err.count("\n") == 1


def test_a_table_is_seen_on_a_shipped_board_or_becomes_one(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "v1.csv").write_text(
        "Model,ARC (25-shot),HellaSwag (10-shot),MMLU (5-shot),TruthfulQA (0-shot)\na,1,2,3,4\n"
    )
    assert "To see it: leaderbench board open-llm-v1" in cli("import", "csv", "v1.csv").out
    (tmp_path / "own.csv").write_text("model,x,y\na,50,60\nb,40,30\n")
    assert "--board NAME" in cli("import", "csv", "own.csv").out
    ending = cli("import", "csv", "own.csv", "--board", "mine")
    assert (ending.code, "To see it: leaderbench board mine" in ending.out) == (Exit.OK, True)
    board = json.loads(cli("board", "mine", "--json").out)
    assert [(row["model"], round(row["score"], 9)) for row in board["rows"]] == [("a", 0.55), ("b", 0.35)]
    assert cli("import", "csv", "own.csv", "--board", "mine").code == Exit.INPUT


def test_facts_alone_are_an_import(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("model,license\norg/a,mit\n")
    ending = cli("import", "csv", "facts.csv", "--json")
    assert (ending.code, json.loads(ending.out)["models"]) == (Exit.OK, 1)


def test_letters_of_another_encoding_are_read_where_it_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes("model,x\nMüller,50\n".encode("cp1252"))
    refused = cli("import", "csv", "old.csv")
    assert (refused.code, "--encoding" in refused.out) == (Exit.INPUT, True)
    assert cli("import", "csv", "old.csv", "--encoding", "cp1252").code == Exit.OK
    assert "no encoding" in cli("import", "csv", "old.csv", "--encoding", "klingon").out


@pytest.mark.parametrize("system", ["open-llm-leaderboard", "lm-eval", "mteb"])
def test_who_gives_tables_to_another_import_is_shown_the_way(cli: Cli, tmp_path: Path, system: str) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "table.csv").write_text("model,x\na,50\n")
    ending = cli("import", system, "v1")
    assert ending.code == Exit.INPUT
    assert "leaderbench import csv" in ending.err + ending.out
