"""`leaderbench run` with a fake model on the bundled exam."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from leaderbench.models.fake import FakeModel

Cli = Callable[..., Any]
Fakes = dict[str, FakeModel]


def test_a_run_ends_with_scores_and_intervals(cli: Cli, fakes: Fakes) -> None:
    ending = cli("run", "some/model", "-b", "exam/harness", "--limit", "3")
    assert ending.code == 0
    assert "exam/harness" in ending.out
    assert "acc (micro)" in ending.out
    assert "95 %" in ending.out
    assert " 18 " in ending.out  # three questions of six subjects


def test_a_family_runs_every_implementation(cli: Cli, fakes: Fakes) -> None:
    ending = cli("run", "m", "-b", "exam", "--limit", "1", "--json")
    names = [item["benchmark"] for item in json.loads(ending.out)["runs"]]
    assert names == ["exam/original", "exam/helm", "exam/harness-2023", "exam/open-llm-v1", "exam/harness"]


def test_a_benchmark_named_twice_runs_once(cli: Cli, fakes: Fakes) -> None:
    ending = cli("run", "m", "-b", "exam/helm", "-b", "exam/helm", "--limit", "1", "--quiet")
    assert len(ending.out.split()) == 1


def test_json_is_one_document_with_every_overall_metric(cli: Cli, fakes: Fakes) -> None:
    ending = cli("run", "m", "-b", "exam/harness-2023", "--limit", "2", "--json", "--no-progress")
    (run,) = json.loads(ending.out)["runs"]
    assert ending.err == ""
    assert [(score["metric"], score["aggregation"]) for score in run["scores"]][:2] == [
        ("acc_norm", "macro"),
        ("acc_norm", "micro"),
    ]
    for score in run["scores"]:
        assert score["low"] <= score["estimate"] <= score["high"]
        assert (score["n"], score["errors"], score["subset"]) == (12, 0, None)


def test_quiet_prints_only_run_ids_that_other_commands_take(cli: Cli, fakes: Fakes) -> None:
    ending = cli("run", "m", "-b", "exam/helm", "-b", "exam/harness", "--limit", "1", "--quiet")
    assert ending.err == ""
    for run in ending.out.split():
        assert len(cli("export", run).out.splitlines()) == 6


def test_subset_may_be_repeated(cli: Cli, fakes: Fakes) -> None:
    words = ("--subset", "opposites", "--subset", "capital_cities")
    ending = cli("run", "m", "-b", "exam/helm", *words, "--limit", "2", "--quiet")
    rows = [json.loads(line) for line in cli("export", ending.out.strip()).out.splitlines()]
    assert [row["subset"] for row in rows] == ["opposites"] * 2 + ["capital_cities"] * 2 or [
        row["subset"] for row in rows
    ] == ["capital_cities"] * 2 + ["opposites"] * 2


def test_an_unknown_subset_is_a_user_error_that_suggests_the_nearest(cli: Cli, fakes: Fakes) -> None:
    ending = cli("run", "m", "-b", "exam/helm", "--subset", "oposites")
    assert ending.code == Exit.INPUT
    assert "opposites" in ending.err


def test_the_same_command_asks_nothing_again(cli: Cli, fakes: Fakes) -> None:
    words = ("run", "m", "-b", "exam/harness", "--limit", "2", "--json")
    first = cli(*words)
    asked = fakes["m"].asked
    assert asked == 12
    assert cli(*words).out == first.out
    assert fakes["m"].asked == asked


def test_progress_is_on_stderr_and_says_what_was_resumed(cli: Cli, fakes: Fakes) -> None:
    cli("run", "m", "-b", "exam/harness", "--limit", "1")
    ending = cli("run", "m", "-b", "exam/harness", "--limit", "2")
    assert "resumed from 6" in ending.err
    assert "resumed" not in ending.out


def test_no_progress_leaves_stderr_empty(cli: Cli, fakes: Fakes) -> None:
    assert cli("run", "m", "-b", "exam/harness", "--limit", "1", "--no-progress").err == ""


def test_questions_without_an_answer_end_with_their_own_exit_code(cli: Cli, fakes: Fakes) -> None:
    fakes["m"] = FakeModel("m", fails=lambda request: "capital" in request.context.question)
    ending = cli("run", "m", "-b", "exam/harness", "--limit", "2", "--json")
    assert ending.code == Exit.QUESTIONS
    score = json.loads(ending.out)["runs"][0]["scores"][0]
    assert score["errors"] > 0
    assert score["n"] + score["errors"] == 12


def test_the_store_is_where_the_environment_says(cli: Cli, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADERBENCH_STORE", "elsewhere")
    cli("run", "m", "-b", "exam/helm", "--limit", "1")
    assert len(json.loads(cli("show", "--json", "--store", "elsewhere").out)["runs"]) == 1


def test_shots_change_the_prompt_and_the_run(cli: Cli, fakes: Fakes) -> None:
    words = ("run", "m", "-b", "exam/harness", "--limit", "1", "--quiet")
    usual, none = cli(*words).out, cli(*words, "--shots", "0").out
    assert usual != none
    rows = [json.loads(cli("export", run.strip(), "--prompts").out.splitlines()[0]) for run in (usual, none)]
    assert len(rows[0]["prompt"]) > len(rows[1]["prompt"])
    assert "0 shots" in cli("list", "runs").out


def test_several_models_are_asked_in_turn_and_each_has_its_table(cli: Cli, fakes: Fakes) -> None:
    words = ("run", "org/one", "org/two", "org/one", "-b", "exam/helm", "--limit", "1")
    assert [item["model"] for item in json.loads(cli(*words, "--json").out)["runs"]] == ["org/one", "org/two"]
    out = cli(*words).out
    assert out.index("org/one") < out.index("org/two")
    assert len(cli(*words, "--quiet").out.split()) == 2


def test_one_model_needs_no_title(cli: Cli, fakes: Fakes) -> None:
    assert "org/one" not in cli("run", "org/one", "-b", "exam/helm", "--limit", "1").out


def test_a_model_that_is_not_there_leaves_the_runs_before_it(cli: Cli, fakes: Fakes) -> None:
    assert cli("run", "one", "absent/two", "-b", "exam/helm", "--limit", "1").code == Exit.INPUT
    assert len(json.loads(cli("list", "runs", "--json").out)) == 1


def test_questions_drawn_at_random_are_marked_in_the_table_and_in_json(cli: Cli, fakes: Fakes) -> None:
    words = ("run", "m", "-b", "exam/harness", "--questions", "30")
    ending = cli(*words)
    assert ending.code == 0
    assert "≈" in ending.out
    assert "≈ exam/harness: 30 of 360 questions, drawn at random." in ending.out
    assert "about the score on all questions" in ending.out
    (run,) = json.loads(cli(*words, "--json").out)["runs"]
    assert run["selection"] == "30 of 360 questions, drawn at random"
    assert run["limits"] == {"limit": None, "subsets": [], "questions": 30, "seed": 0}
    score = run["scores"][0]
    assert (score["n"], score["bank"], score["interval_is_about"]) == (30, 360, "bank")


def test_a_whole_run_is_marked_nowhere(cli: Cli, fakes: Fakes) -> None:
    words = ("run", "m", "-b", "exam/harness")
    plain = cli(*words, "--json").out
    assert cli(*words, "--questions", "360", "--json").out == plain
    score = json.loads(plain)["runs"][0]["scores"][0]
    assert (score["bank"], score["interval_is_about"]) == (None, "new-questions")
    for shown in (words, ("show",), ("list", "runs"), ("show", "--by-subset")):
        assert "≈" not in cli(*shown).out


def test_a_seed_draws_other_questions(cli: Cli, fakes: Fakes) -> None:
    words = ("run", "m", "-b", "exam/harness", "--questions", "30", "--quiet")
    runs = [cli(*words).out.strip(), cli(*words, "--seed", "0").out.strip(), cli(*words, "--seed", "1").out.strip()]
    assert runs[0] == runs[1] != runs[2]
    drawn = [{json.loads(line)["example_id"] for line in cli("export", run).out.splitlines()} for run in runs]
    assert drawn[0] == drawn[1] != drawn[2]
    assert "seed 1" in cli("show").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--questions", "30", "--limit", "2"), "not both"),
        (("--questions", "3"), "3 questions cannot cover the 6 subsets of exam/harness"),
        (("--seed", "1"), "--seed draws nothing here"),
    ],
)
def test_options_that_contradict_each_other_are_said(cli: Cli, fakes: Fakes, words: tuple[str, ...], said: str) -> None:
    ending = cli("run", "m", "-b", "exam/harness", "--no-progress", *words)
    assert ending.code == Exit.INPUT
    assert said in ending.err
    assert ending.err.count("\n") == 1
