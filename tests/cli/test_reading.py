"""`show`, `sample`, `export`, `list`: reading what was recorded."""

import csv
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from leaderbench.cli.exits import Exit
from leaderbench.models.fake import FakeModel
from leaderbench.records import TokenText
from leaderbench.results.store import Store
from leaderbench.results.tokens import RunTokens

Cli = Callable[..., Any]
Fakes = dict[str, FakeModel]


@pytest.fixture
def run(cli: Cli, fakes: Fakes) -> str:
    """The id of a run of the exam, two questions a subject."""
    return str(cli("run", "org/fake", "-b", "exam/harness", "--limit", "2", "--quiet").out.strip())


def test_show_has_models_by_benchmarks_with_intervals(cli: Cli, run: str) -> None:
    out = cli("show").out
    assert "exam" in out
    assert "org/fake" in out
    assert "harness" in out
    assert "n 12" in out
    assert "–" in out


def test_show_json_has_every_run_with_its_scores(cli: Cli, run: str) -> None:
    (found,) = json.loads(cli("show", "--json").out)["runs"]
    assert (found["run"], found["model"], found["benchmark"]) == (run, "org/fake", "exam/harness")
    assert found["scores"][0]["n"] == 12


def test_show_by_subset_has_a_line_a_subset(cli: Cli, run: str) -> None:
    assert "opposites" in cli("show", "--by-subset").out
    scores = json.loads(cli("show", "--by-subset", "--json").out)["runs"][0]["scores"]
    assert "opposites" in {score["subset"] for score in scores}


def test_show_says_what_all_answers_of_a_run_have_in_common(cli: Cli, fakes: Fakes) -> None:
    fakes["org/flat"] = FakeModel("org/flat", judge=lambda request, text: -1.0)
    ending = cli("run", "org/flat", "-b", "exam/harness", "--limit", "2", "--json")
    said = "All log-likelihoods are equal: the model tells no answer from another."
    assert json.loads(ending.out)["runs"][0]["notes"] == [said]
    assert f"flat (limit 2), exam/harness: {said}" in " ".join(cli("show").out.split())
    assert json.loads(cli("show", "--json").out)["runs"][0]["notes"] == [said]


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_show_fits_the_terminal(cli: Cli, run: str, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    lines = cli("show").out.splitlines()
    assert max(map(len, lines)) <= int(width)
    assert any("harness" in line for line in lines)


def test_show_keeps_runs_of_different_limits_apart(cli: Cli, run: str) -> None:
    cli("run", "org/fake", "-b", "exam/harness", "--limit", "1", "--quiet")
    out = cli("show").out
    assert "limit 2" in out
    assert "limit 1" in out


def test_show_of_an_empty_store_says_how_to_fill_it(cli: Cli) -> None:
    ending = cli("show")
    assert ending.code == 0
    assert "leaderbench run" in ending.err
    assert json.loads(cli("show", "--json").out) == {"runs": []}


def test_show_goes_on_past_a_damaged_run_and_says_so(cli: Cli, run: str) -> None:
    other = cli("run", "org/fake", "-b", "exam/helm", "--limit", "2", "--quiet").out.strip()
    (Path("leaderbench-store/runs") / other / "scores.json").write_text("{")
    ending = cli("show")
    assert "harness" in ending.out
    assert other in ending.err
    assert "damaged" in ending.err


def test_a_store_that_is_a_file_is_a_user_error(cli: Cli) -> None:
    Path("file").write_text("")
    ending = cli("show", "--store", "file")
    assert ending.code == Exit.INPUT
    assert ending.err.count("\n") == 1


def test_sample_shows_the_question_the_answers_and_the_target(cli: Cli, run: str) -> None:
    row = json.loads(cli("export", run).out.splitlines()[0])
    out = cli("sample", run, row["example_id"]).out
    assert f"target  {row['target']}" in out
    assert f"prediction  {row['prediction']}" in out
    assert f"{row['log_likelihoods'][0]:.4f}" in out
    assert "margin" in out


def test_sample_shows_tokens_as_text_where_the_run_has_it_and_as_numbers_where_not(cli: Cli, run: str) -> None:
    store = Store("leaderbench-store")
    made = store.run(run)
    first = made.samples[0]
    known, unknown = 71, 72
    samples = (
        replace(first, continuation_tokens=((known, unknown), *first.continuation_tokens[1:]),
                token_log_probabilities=((-0.5, -0.25), *first.token_log_probabilities[1:])),
        *list(made.samples)[1:],
    )  # fmt: skip
    other = replace(made, manifest=replace(made.manifest, run_id="eeeeeeeeeeee"), samples=samples)
    store.save(other, RunTokens({known: TokenText(" [b]bold", special=False)}))
    out = "".join(cli("sample", other.id, first.example_id).out.split())
    assert "'[b]bold':-0.5000" in out
    assert f"{unknown}:-0.2500" in out
    (store.path / "runs" / other.id / "tokens.json").write_text("{")
    ending = cli("sample", other.id, first.example_id)
    assert ending.code == 0
    assert f"{known}: -0.5000" in ending.out
    assert "tokens.json is damaged" in ending.err


def test_sample_folds_the_shots_unless_asked(cli: Cli, run: str) -> None:
    row = json.loads(cli("export", run, "--prompts").out.splitlines()[0])
    first_line = row["prompt"].splitlines()[0]
    assert first_line not in cli("sample", run, row["example_id"]).out
    assert first_line in cli("sample", run, row["example_id"], "--full").out


def test_sample_json_has_the_whole_prompt(cli: Cli, run: str) -> None:
    row = json.loads(cli("export", run, "--prompts").out.splitlines()[0])
    assert json.loads(cli("sample", run, row["example_id"], "--json").out) == {"run": run} | row


def test_sample_of_an_unknown_example_names_near_ones(cli: Cli, run: str) -> None:
    ending = cli("sample", run, "opposites/00")
    assert ending.code == Exit.INPUT
    assert "opposites/0" in ending.err


def test_the_beginning_of_a_run_id_is_enough(cli: Cli, run: str) -> None:
    assert cli("export", run[:5]).out == cli("export", run).out


def test_an_unknown_run_is_a_user_error(cli: Cli, run: str) -> None:
    ending = cli("export", "zzz")
    assert ending.code == Exit.INPUT
    assert "zzz" in ending.err


def test_the_three_export_formats_hold_the_same_rows(cli: Cli, run: str) -> None:
    lines = [json.loads(line) for line in cli("export", run, "--format", "jsonl").out.splitlines()]
    table = list(csv.DictReader(io.StringIO(cli("export", run, "--format", "csv").out)))
    cli("export", run, "--format", "parquet", "--output", "samples.parquet")
    columns = pq.read_table("samples.parquet").to_pylist()
    assert len(lines) == 12
    for line, cells, row in zip(lines, table, columns, strict=True):
        for name in ("example_id", "subset", "prediction", "target"):
            assert line[name] == cells[name] == row[name]
        assert line["log_likelihoods"] == json.loads(cells["log_likelihoods"]) == row["log_likelihoods"]
        assert line["margin"] == float(cells["margin"]) == row["margin"]
        assert line["correct"] == (cells["correct"] == "true") == row["correct"]


def test_export_to_a_file_writes_the_same_as_stdout(cli: Cli, run: str) -> None:
    cli("export", run, "--output", "samples.jsonl")
    assert Path("samples.jsonl").read_text(encoding="utf-8") == cli("export", run).out


def test_export_into_a_missing_folder_is_a_user_error(cli: Cli, run: str) -> None:
    ending = cli("export", run, "--output", "nowhere/samples.jsonl")
    assert ending.code == Exit.INPUT
    assert "nowhere" in ending.err


def test_parquet_is_not_printed_on_a_terminal(cli: Cli, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    ending = cli("export", run, "--format", "parquet")
    assert ending.code == Exit.INPUT
    assert "--output" in ending.err


def test_export_does_not_replace_a_device(cli: Cli, run: str) -> None:
    assert cli("export", run, "--output", "/dev/null").code == 0
    assert not Path("/dev/null").is_file()


def test_list_runs_names_runs_with_their_settings(cli: Cli, run: str) -> None:
    out = cli("list", "runs").out
    assert run in out
    assert "limit 2" in out
    assert json.loads(cli("list", "runs", "--json").out)[0]["run"] == run


def test_list_models_has_bundled_ones_and_those_with_runs(cli: Cli, run: str) -> None:
    found = {item["model"]: item for item in json.loads(cli("list", "models", "--json").out)}
    assert found["org/fake"]["runs"] == 1
    assert sum(item["bundled"] for item in found.values()) == 3


def test_list_benchmarks_names_every_benchmark(cli: Cli) -> None:
    from leaderbench.benchmarks import registry

    assert [item["name"] for item in json.loads(cli("list", "benchmarks", "--json").out)] == registry.names()
    out = cli("list", "benchmarks").out
    assert all(name in out for name in registry.names())


@pytest.fixture
def drawn(cli: Cli, fakes: Fakes) -> str:
    """The id of a run of 30 questions of the exam, drawn at random."""
    return str(cli("run", "org/fake", "-b", "exam/harness", "--questions", "30", "--quiet").out.strip())


@pytest.mark.parametrize("width", ["40", "80", "200"])
@pytest.mark.parametrize("words", [("show",), ("show", "--by-subset"), ("list", "runs")])
def test_drawn_questions_are_marked_wherever_their_score_is(
    cli: Cli, drawn: str, words: tuple[str, ...], width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    out = cli(*words).out
    assert "≈" in out
    assert "drawn at random" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= int(width)


def test_a_drawn_run_stands_beside_the_whole_one(cli: Cli, drawn: str) -> None:
    cli("run", "org/fake", "-b", "exam/harness", "--quiet")
    out = cli("show").out
    assert "30 of 360 questions, drawn at random" in out
    assert (out.count("n 30"), out.count("n 360")) == (1, 1)
    found = {item["settings"] for item in json.loads(cli("show", "--json").out)["runs"]}
    assert found == {"", "30 of 360 questions, drawn at random"}


def test_drawn_questions_are_marked_in_every_form_of_export(cli: Cli, drawn: str, run: str) -> None:
    mark = "30 of 360 questions, drawn at random"
    assert {json.loads(line)["selection"] for line in cli("export", drawn).out.splitlines()} == {mark}
    table = list(csv.DictReader(io.StringIO(cli("export", drawn, "--format", "csv").out)))
    assert {cells["selection"] for cells in table} == {mark}
    cli("export", drawn, "--format", "parquet", "--output", "samples.parquet")
    assert set(pq.read_table("samples.parquet").column("selection").to_pylist()) == {mark}
    assert "selection" not in json.loads(cli("export", run).out.splitlines()[0])
