"""`board`: a leaderboard in the terminal, and as files that other programs read."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from leaderbench.models.fake import FakeModel

Cli = Callable[..., Any]
Fakes = dict[str, FakeModel]


@pytest.fixture
def asked(cli: Cli, fakes: Fakes) -> None:
    """Two models and a baseline under every implementation of the exam."""
    for model in ("org/one", "org/two", "baseline:random"):
        cli("run", model, "-b", "exam", "--limit", "4", "--quiet")


def test_without_a_name_the_boards_are_listed(cli: Cli) -> None:
    ending = cli("board")
    assert ending.code == 0
    for name in ("chinese", "demo", "mmlu", "open-llm-v1", "open-llm-v2"):
        assert f" {name} " in ending.out
    assert {item["name"] for item in json.loads(cli("board", "--json").out)} == {
        "chinese",
        "demo",
        "mmlu",
        "open-llm-v1",
        "open-llm-v2",
    }


def test_a_board_has_ranks_with_intervals_scores_and_its_formula(cli: Cli, asked: None) -> None:
    ending = cli("board", "demo")
    assert ending.code == 0
    said = " ".join(ending.out.split())
    assert "The demonstration exam, five implementations side by side" in said
    assert " 1 1-2 " in said
    for word in ("org/one", "org/two", "baseline:random", "original", "harness-2023", "limit 4"):
        assert word in said
    assert "Score = unweighted mean of the columns" in said
    assert "Formula version 1" in said
    assert "they show where chance lies" in said


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_it_fits_the_terminal_and_says_what_it_left_out(
    cli: Cli, asked: None, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    out = cli("board", "demo").out
    assert max(map(len, out.splitlines())) <= int(width)
    assert "org/one" in out
    assert ("Left out for want of room" in out) == (width != "200")


def test_all_columns_are_shown_on_demand(cli: Cli, asked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = cli("board", "demo", "--all-columns").out
    assert "open-llm-v1" in out
    assert "Left out" not in out


def test_csv_json_and_markdown_have_the_same_rows(cli: Cli, asked: None) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("board", "demo", "--csv").out, newline="")))
    plain = json.loads(cli("board", "demo", "--json").out)
    assert [row["model"] for row in rows] == [row["model"] for row in plain["rows"]]
    assert [float(row["score"]) for row in rows] == [row["score"] for row in plain["rows"]]
    markdown = cli("board", "demo", "--markdown").out
    assert "| org/one |" in markdown
    assert plain["formula"].split(";")[0] in markdown


def test_marginal_intervals_are_said_to_be_so(cli: Cli, asked: None) -> None:
    assert "each model's for itself alone" in " ".join(cli("board", "demo", "--rank", "marginal").out.split())
    assert json.loads(cli("board", "demo", "--rank", "marginal", "--json").out)["rank_intervals"] == "marginal"


@pytest.mark.parametrize(
    ("name", "command"),
    [("demo", "leaderbench demo --store"), ("mmlu", "leaderbench run MODEL --benchmark mmlu --store"),
     ("open-llm-v1", "leaderbench run MODEL --benchmark arc-challenge/open-llm-v1 --store")],
)  # fmt: skip
def test_an_empty_board_says_what_to_run(cli: Cli, name: str, command: str) -> None:
    ending = cli("board", name)
    assert ending.code == 0
    assert ending.out == ""
    assert command in ending.err


def test_a_board_of_ones_own_is_one_file_in_the_store(cli: Cli, asked: None) -> None:
    folder = Path("leaderbench-store/boards")
    folder.mkdir()
    text = 'title = "Mine [bold]"\nrule = "borda"\n[[columns]]\nbenchmark = "exam/helm"\n'
    (folder / "mine.toml").write_text(text)
    (folder / "demo.toml").write_text(text)
    (folder / "broken.toml").write_text(text.replace("borda", "bordo"))
    ending = cli("board")
    assert "Mine [bold] (yours)" in ending.out
    assert "Mine [bold] (yours, instead of the shipped one)" in ending.out
    assert "did you mean 'borda'?" in ending.err
    assert "Mine [bold]" in cli("board", "mine").out
    assert "it stands in the place of the shipped one" in " ".join(cli("board", "demo").out.split())
    broken = cli("board", "broken")
    assert broken.code == Exit.INPUT
    assert "line 2: rule = 'bordo' is not known" in broken.err
    assert broken.err.count("\n") == 1


def test_hostile_model_names_are_shown_and_do_nothing(cli: Cli, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["=cmd|' /C calc'!A0", 'a,b\n"c"', "[red]x[/red]", "\x1b[31mred", "x" * 300]
    for name in names:
        cli("run", name, "-b", "exam", "--limit", "2", "--quiet")
    monkeypatch.setenv("COLUMNS", "80")
    out = cli("board", "demo").out
    assert "\x1b" not in out
    assert "[red]x[/red]" in out
    assert max(map(len, out.splitlines())) <= 80
    rows = list(csv.DictReader(io.StringIO(cli("board", "demo", "--csv").out, newline="")))
    assert sorted(row["model"].removeprefix("'") for row in rows) == sorted(names)
    assert not any(row["model"].startswith("=") for row in rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chinse",), "did you mean 'chinese'?"),
        (("demo", "--csv", "--json"), "Choose one of --csv, --json and --markdown."),
        (("--csv",), "Name a board"),
        (("../../etc/passwd",), "There is no board"),
    ],
)
def test_bad_input_gives_one_sentence(cli: Cli, words: tuple[str, ...], said: str) -> None:
    ending = cli("board", *words)
    assert ending.code == Exit.INPUT
    assert said in ending.err
    assert ending.err.count("\n") == 1


def test_help_of_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys, leaderbench.cli.board, leaderbench.boards;"
        "print(sorted({'pydantic', 'numpy', 'scipy', 'rich', 'sqlalchemy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_benchmark_is_a_board_by_itself(cli: Cli, fakes: Fakes) -> None:
    for model in ("org/one", "org/two"):
        cli("run", model, "-b", "exam/original", "--limit", "4", "--quiet")
    ending = cli("board", "exam/original")
    assert ending.code == 0
    assert " 1 1-2 " in " ".join(ending.out.split())
    ending = cli("board", "mmlu/lm-eval")
    assert ending.code == Exit.INPUT
    assert "did you mean 'mmlu/harness'?" in ending.err


def test_a_board_on_which_nobody_has_a_rank_names_one_on_which_they_have(cli: Cli, fakes: Fakes) -> None:
    cli("run", "org/one", "-b", "exam/harness", "--limit", "4", "--quiet")
    assert "leaderbench board demo --columns exam/harness" in cli("board", "demo").out
    rows = json.loads(cli("board", "demo", "--columns", "exam/harness", "--json").out)["rows"]
    assert [row["static_rank"]["rank"] for row in rows] == [1]
    assert (
        "no column 'exam/hraness'; did you mean 'exam/harness'?"
        in cli("board", "demo", "--columns", "exam/hraness").err
    )


def test_a_column_is_known_by_its_title_as_by_its_key(cli: Cli, asked: None) -> None:
    by_title = cli("board", "demo", "--columns", "Harness,helm", "--sort", "helm", "--csv")
    by_key = cli("board", "demo", "--columns", "exam/harness,exam/helm", "--sort", "exam/helm", "--csv")
    assert by_title.code == 0
    assert by_title.out == by_key.out


def test_a_word_for_no_column_or_several_names_those_there_are(cli: Cli, asked: None) -> None:
    unknown = cli("board", "demo", "--sort", "zzzz")
    assert unknown.code == Exit.INPUT
    assert "no column 'zzzz'; it has original, helm, harness-2023, open-llm-v1, harness." in unknown.err
    boards = Path("leaderbench-store", "boards")
    boards.mkdir()
    columns = "".join(f'[[columns]]\nbenchmark = "{name}/harness"\n' for name in ("exam", "mmlu"))
    (boards / "two.toml").write_text(f'version = 1\ntitle = "Two"\nrule = "mean"\n{columns}')
    several = cli("board", "two", "--columns", "harness")
    assert "'harness' is several columns of the board two: name one of exam/harness, mmlu/harness." in several.err


def test_rows_may_be_searched_sorted_and_cut_and_what_is_left_out_is_counted(cli: Cli, asked: None) -> None:
    assert [row["name"] for row in json.loads(cli("board", "demo", "--search", "TWO", "--json").out)["rows"]] == [
        "org/two"
    ]
    rows = json.loads(cli("board", "demo", "--sort", "exam/helm", "--json").out)["rows"]
    scores = [row["cells"]["exam/helm"]["estimate"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert "2 of 3 rows are not shown" in cli("board", "demo", "--top", "1").out
    assert "No model of 3 is called 'nobody'." in cli("board", "demo", "--search", "nobody").err
