"""`leaderbench diff`: two runs of a store, or of two stores."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from leaderbench.models.fake import FakeModel

Cli = Callable[..., Any]
Fakes = dict[str, FakeModel]


@pytest.fixture
def runs(cli: Cli, fakes: Fakes) -> list[str]:
    """The ids of two runs of the exam, under two implementations, six questions a subject."""
    return [run(cli, f"exam/{name}") for name in ("harness", "harness-2023")]


def run(cli: Cli, benchmark: str, *words: str, model: str = "org/fake") -> str:
    return str(cli("run", model, "-b", benchmark, "--limit", "6", "--quiet", *words).out.strip())


def test_the_answer_the_causes_and_the_flips_are_printed(cli: Cli, runs: list[str]) -> None:
    out = " ".join(cli("diff", *runs).out.split())
    for part in (
        "gap",
        "exam/harness-2023",
        "Causes that differ",
        "few-shot draw",
        "What made questions flip",
        "flipped",
    ):
        assert part in out


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_it_fits_the_terminal(cli: Cli, runs: list[str], width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert max(map(len, cli("diff", *runs).out.splitlines())) <= int(width)


def test_json_has_every_flip_with_cause_predictions_and_margins(cli: Cli, runs: list[str]) -> None:
    found = json.loads(cli("diff", *runs, "--json").out)
    rows = [[json.loads(line) for line in cli("export", run).out.splitlines()] for run in runs]
    flipped = [one["example_id"] for one, other in zip(*rows, strict=True) if one["correct"] != other["correct"]]
    assert [flip["example_id"] for flip in found["flips"]] == flipped
    by_id = [{row["example_id"]: row for row in side} for side in rows]
    for flip in found["flips"]:
        for side, samples in zip(("a", "b"), by_id, strict=True):
            row = samples[flip["example_id"]]
            assert (flip[side]["prediction"], flip[side]["margin"]) == (row["prediction"], row["margin"])
            assert flip[side]["right"] == row["correct"]
        assert flip["cause"] == "layout of the question"
        assert {"subset", "target", "detail", "made_by", "near_tie"} <= flip.keys()
    difference = found["difference"]
    assert difference["net"] == pytest.approx(difference["mean_a"] - difference["mean_b"])
    assert (found["a"]["run"], found["b"]["run"]) == tuple(runs)
    assert [cause["differs"] for cause in found["causes"] if cause["cause"] == "prompt"] == [True]


def test_a_run_is_named_by_the_beginning_of_its_id_or_by_its_folder(cli: Cli, runs: list[str]) -> None:
    whole = cli("diff", *runs, "--json").out
    assert cli("diff", *(name[:6] for name in runs), "--json").out == whole
    folders = [str(Path("leaderbench-store/runs") / name) for name in runs]
    assert cli("diff", *folders, "--json", "--store", "elsewhere").out == whole


def test_runs_of_two_stores_can_be_compared(cli: Cli, runs: list[str]) -> None:
    other = run(cli, "exam/helm", "--store", "other")
    found = json.loads(cli("diff", runs[0], f"other/runs/{other}", "--json").out)
    assert (found["a"]["run"], found["b"]["run"]) == (runs[0], other)


def test_html_is_one_file(cli: Cli, runs: list[str]) -> None:
    assert cli("diff", *runs, "--html", "diff.html").code == 0
    page = Path("diff.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "exam/harness against exam/harness-2023" in page


def test_a_metric_that_one_run_lacks_is_a_user_error(cli: Cli, runs: list[str]) -> None:
    assert json.loads(cli("diff", *runs, "--metric", "acc", "--json").out)["b"]["score"]["metric"] == "acc"
    ending = cli("diff", *runs, "--metric", "mc2")
    assert (ending.code, ending.out) == (Exit.INPUT, "")
    assert "mc2" in ending.err
    assert ending.err.count("\n") == 1


def test_runs_that_share_no_question_are_a_user_error(cli: Cli, runs: list[str]) -> None:
    only = run(cli, "exam/helm", "--subset", "opposites")
    other = run(cli, "exam/helm", "--subset", "irregular_verbs")
    ending = cli("diff", only, other)
    assert ending.code == Exit.INPUT
    assert "share no question" in ending.err
    assert ending.err.count("\n") == 1


def test_runs_that_overlap_in_part_say_what_is_left_out(cli: Cli, runs: list[str]) -> None:
    found = json.loads(cli("diff", runs[0], run(cli, "exam/helm", "--subset", "opposites"), "--json").out)
    assert (found["shared"], found["a"]["only"], found["b"]["only"]) == (6, 30, 0)


@pytest.mark.parametrize("name", ["zzz", "", "."])
def test_an_unknown_run_is_a_user_error(cli: Cli, runs: list[str], name: str) -> None:
    ending = cli("diff", runs[0], name)
    assert ending.code == Exit.INPUT
    assert "There is no run" in ending.err


def test_a_damaged_run_is_said_in_one_sentence(cli: Cli, runs: list[str]) -> None:
    (Path("leaderbench-store/runs") / runs[1] / "samples.parquet").write_bytes(b"no")
    ending = cli("diff", *runs)
    assert ending.code == Exit.INPUT
    assert "is damaged" in ending.err
    assert ending.err.count("\n") == 1


def test_all_flips_are_listed_where_wanted(cli: Cli, runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaderbench.cli.diff.LISTED", 3)
    cli("diff", *runs, "--html", "some.html")
    cli("diff", *runs, "--html", "all.html", "--all-flips")
    total = len(json.loads(cli("diff", *runs, "--json").out)["flips"])
    assert [Path(name).read_text().count('class="flip"') for name in ("some.html", "all.html")] == [3, total]
    assert total > 3
