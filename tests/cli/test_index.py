"""`leaderbench index`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.models.fake import FakeModel

Cli = Callable[..., Any]


@pytest.fixture
def run(cli: Cli, fakes: dict[str, FakeModel]) -> str:
    """The id of a run of the exam, two questions a subject."""
    return str(cli("run", "org/fake", "-b", "exam/harness", "--limit", "2", "--quiet").out.strip())


def test_it_says_what_it_found(cli: Cli, run: str) -> None:
    ending = cli("index")
    assert ending.code == 0
    assert ending.out == "1 run, 0 imported scores, 1 model, 1 benchmark.\nRead: 1; as before: 0; gone: 0.\n"
    assert ending.err == ""
    assert Path("leaderbench-store/index.db").exists()


def test_only_what_changed_is_read_unless_all_is_wanted(cli: Cli, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaderbench.results.rows.unsettled", 0)
    cli("index")
    assert "Read: 0; as before: 1; gone: 0." in cli("index").out
    assert "Read: 1; as before: 0; gone: 0." in cli("index", "--rebuild").out


def test_json_has_counts_and_problems(cli: Cli, run: str) -> None:
    path = Path("leaderbench-store") / "runs" / run / "scores.json"
    path.write_text("")
    ending = cli("index", "--json")
    found = json.loads(ending.out)
    assert (found["runs"], found["read"], found["index"]) == (1, 1, "leaderbench-store/index.db")
    assert "scores.json is damaged" in found["problems"][0]
    assert "scores.json is damaged" in ending.err
    assert ending.code == 0


def test_many_problems_are_counted_after_the_first_ones(cli: Cli) -> None:
    for number in range(30):
        (Path("leaderbench-store") / "runs" / f"r{number}").mkdir(parents=True)
    lines = cli("index").err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "10 more cannot be read: `leaderbench index --json` names them."


def test_many_runs_are_read_with_a_bar(cli: Cli, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaderbench.cli.index.many", 1)
    assert "reading" in cli("index", "--rebuild").err


def test_a_damaged_index_is_built_anew_and_said(cli: Cli, run: str) -> None:
    expected = cli("index").out
    Path("leaderbench-store/index.db").write_bytes(b"nothing")
    ending = cli("index")
    assert ending.out == expected
    assert "was damaged: it is set aside as index.db.set-aside" in ending.err
    assert ending.code == 0


def test_a_store_that_is_not_there_is_said_and_not_created(cli: Cli) -> None:
    ending = cli("index", "--store", "nowhere")
    assert (ending.code, ending.out) == (2, "")
    assert ending.err.startswith("leaderbench: There is no store nowhere: name the folder of your runs with --store")
    assert not Path("nowhere").exists()


def test_a_store_that_is_a_file_is_one_sentence(cli: Cli) -> None:
    Path("file").write_text("")
    ending = cli("index", "--store", "file")
    assert (ending.code, ending.err) == (2, "leaderbench: The store file is a file: give a folder.\n")
