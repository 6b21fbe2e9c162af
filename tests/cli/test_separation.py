"""`leaderbench run --until-separated` with fake models on the bundled exam."""

import json
import signal
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from leaderbench.cli.separation import describe
from leaderbench.evaluation.progress import Progress
from leaderbench.evaluation.separate import Look
from leaderbench.models.fake import FakeModel
from leaderbench.requests import Request
from leaderbench.statistics.sequential import Evidence
from tests.cli.test_interrupt import command, wait_for_answers

Cli = Callable[..., Any]
Fakes = dict[str, FakeModel]

WORDS = ("run", "--until-separated", "some/good", "some/poor", "-b", "exam/harness")


def likes(letter: str) -> Callable[[Request, str], float]:
    """Always the same letter; on a tenth of the questions a look at the dice instead."""

    def judge(request: Request, text: str) -> float:
        luck = sha256(f"{letter}{request.context.question}{text}".encode()).digest()
        return -luck[1] / 256 if luck[0] < 26 else -float(text.strip() != letter)

    return judge


@pytest.fixture
def different(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """One knows every answer, the other none."""
    from leaderbench.benchmarks import registry
    from leaderbench.benchmarks.datasets import HubDatasets

    exam = registry.get("exam/harness")
    targets = {
        question.requests[0].context.question: exam.target(question.example)
        for question in exam.questions(HubDatasets(), ())
    }
    fakes["some/good"] = FakeModel("some/good", lambda r, text: -float(text.strip() != targets[r.context.question]))
    fakes["some/poor"] = FakeModel("some/poor", lambda r, text: -float(text.strip() == targets[r.context.question]))
    return fakes


def test_the_last_words_say_who_is_ahead_and_on_what_evidence(cli: Cli, different: Fakes) -> None:
    ending = cli(*WORDS)
    assert ending.code == 0
    last = ending.out.strip().splitlines()[-1]
    assert last.startswith("some/good is ahead of some/poor on exam/harness, told apart after 20 of 360 questions")
    assert "some/good did better on 20, some/poor on 0, both alike on 0 (anytime-valid p = 0.0" in last
    assert "stopped early" in ending.out
    assert "≈" in ending.out


def test_the_models_may_stand_on_either_side_of_the_option(cli: Cli, different: Fakes) -> None:
    first = cli(*WORDS, "--json").out
    assert cli("run", "some/good", "some/poor", "--until-separated", "-b", "exam/harness", "--json").out == first


def test_json_has_the_verdict_its_evidence_and_both_runs(cli: Cli, different: Fakes) -> None:
    ending = cli(*WORDS, "--json", "--no-progress", "--seed", "4")
    found = json.loads(ending.out)
    assert ending.err == ""
    assert (found["decided"], found["ahead"], found["wins"], found["losses"]) == (True, "some/good", 20, 0)
    assert (found["questions"], found["bank"], found["seed"], found["alpha"]) == (20, 360, 4, 0.05)
    assert found["e_value"] >= 20
    assert found["p"] == pytest.approx(1 / found["e_value"])
    assert [run["model"] for run in found["runs"]] == ["some/good", "some/poor"]
    for run in found["runs"]:
        assert run["selection"] == "20 of 360 questions, stopped early, seed 4"
        assert run["scores"][0]["interval_is_about"] == "stopped"
        assert run["scores"][0]["standard_error"] is None


def test_quiet_prints_the_two_run_ids(cli: Cli, different: Fakes) -> None:
    ending = cli(*WORDS, "--quiet")
    assert ending.err == ""
    for run, model in zip(ending.out.split(), ("some/good", "some/poor"), strict=True):
        shown = {item["run"]: item["model"] for item in json.loads(cli("list", "runs", "--json").out)}
        assert shown[run] == model


def test_models_that_do_not_differ_are_not_distinguishable(cli: Cli, fakes: Fakes) -> None:
    for name in ("one", "two"):
        fakes[name] = FakeModel(name, likes("A"))
    ending = cli("run", "one", "two", "--until-separated", "-b", "exam/harness")
    assert ending.code == 0
    assert "one and two are not distinguishable with this benchmark: of all 360 questions" in ending.out
    assert "≈" not in ending.out  # everything was asked: the scores are plain ones


def test_a_macro_benchmark_says_what_the_verdict_is_about(cli: Cli, fakes: Fakes) -> None:
    assert "micro mean" in cli("run", "one", "two", "--until-separated", "-b", "exam/harness-2023").out


def test_an_answer_that_failed_ends_with_its_own_exit_code(cli: Cli, different: Fakes) -> None:
    different["some/poor"].fails = lambda request: sha256(request.context.question.encode()).digest()[0] < 128
    ending = cli(*WORDS, "--json")
    assert ending.code == Exit.QUESTIONS
    found = json.loads(ending.out)
    assert "left out" in found["notes"][0]
    assert found["ahead"] == "some/good"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("one", "-b", "exam/harness"), "compares two models, not 1"),
        (("one", "one", "-b", "exam/harness"), "compares two models, not 1"),
        (("one", "two", "three", "-b", "exam/harness"), "compares two models, not 3"),
        (("one", "two", "-b", "exam"), "takes one benchmark, not 5"),
        (("one", "two", "-b", "exam/harness", "-b", "exam/helm"), "choose one of exam/harness, exam/helm"),
        (("one", "two", "-b", "exam/harness", "--limit", "3"), "leave out --limit"),
        (("one", "two", "-b", "exam/harness", "--questions", "30"), "leave out --limit and --questions"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(cli: Cli, fakes: Fakes, words: tuple[str, ...], said: str) -> None:
    ending = cli("run", "--until-separated", *words)
    assert ending.code == Exit.INPUT
    assert said in ending.err
    assert ending.err.count("\n") == 1
    assert not fakes  # nothing was loaded


def test_the_same_weights_under_two_names_are_refused(cli: Cli, fakes: Fakes) -> None:
    fakes["one"] = fakes["two"] = FakeModel("one")
    ending = cli("run", "one", "two", "--until-separated", "-b", "exam/harness", "--no-progress")
    assert ending.code == Exit.INPUT
    assert "same model" in ending.err


def test_show_and_list_mark_what_stopped_early(cli: Cli, different: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    cli(*WORDS, "--quiet")
    for words in (("show",), ("show", "--by-subset"), ("list", "runs")):
        out = cli(*words).out
        assert "≈ 100.0 %" in out
        assert "stopped early" in out
        assert "leans towards that verdict" in out
    monkeypatch.setenv("COLUMNS", "60")
    assert "≈ 100.0 %" in cli("show").out


def test_export_marks_what_stopped_early(cli: Cli, different: Fakes) -> None:
    run = cli(*WORDS, "--quiet").out.split()[0]
    rows = [json.loads(line) for line in cli("export", run).out.splitlines()]
    assert {row["selection"] for row in rows} == {"20 of 360 questions, stopped early"}


def test_progress_has_speed_evidence_errors_and_what_was_resumed() -> None:
    now = Progress("exam/harness", 360, 100, 40, 2, 0, 0, 3.0)
    assert describe(Look(now, Evidence(wins=3))) == "20/s, e-value 1.07 of 20, 2 errors, resumed from 40"
    assert describe(Look(Progress("b", 9, 0, 0, 0, 0, 0, 0.0), Evidence())) == "e-value 1 of 20"


def test_kill_9_changes_no_verdict(tmp_path: Path) -> None:
    words = ["run", "m", "n", "--until-separated", "-b", "exam/harness", "--json", "--no-progress"]
    verdicts = []
    for name in ("killed", "undisturbed"):
        store = tmp_path / name
        if name == "killed":
            with command(store, "0.02", words) as process:
                wait_for_answers(store)
                process.send_signal(signal.SIGKILL)
                process.communicate(timeout=30)
        with command(store, "0", words) as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        verdicts.append(json.loads(out))
    assert verdicts[0] == verdicts[1]
