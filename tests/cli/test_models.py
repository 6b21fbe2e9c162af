"""`leaderbench list models`: what is known of models, and choosing among them."""

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

from leaderbench.evaluation import catalogue_files
from leaderbench.evaluation.known_models import known_models
from leaderbench.results.store import Store
from tests.cli.conftest import Command
from tests.web.conftest import make_run

DECLARED = """
["org/known"]
parameters = 46_700_000_000
active_parameters = 12_900_000_000
type = "merge"
precision = "bfloat16"
context = 32_768
licence = "apache-2.0"
languages = ["zh"]
"""


@pytest.fixture
def filled(cli: Command) -> Store:
    """A store of a model of which its host says everything, one with nothing but a name, and a hostile one."""
    store = Store("leaderbench-store")
    for place, name in enumerate(["org/known", "Qwen/Qwen2.5-7B-Instruct", "=HYPERLINK(1)"]):
        store.save(make_run(name, "mmlu/harness", run_id=f"aaaaaaaaaaa{place}"))
    (store.path / "models.toml").write_text(DECLARED)
    return store


def names(cli: Command, *words: str) -> set[str]:
    found = json.loads(cli("list", "models", "--json", *words).out)
    return {item["model"] for item in found if not item["bundled"]}


def test_a_table_says_what_is_known_and_marks_guesses(cli: Command, filled: Store) -> None:
    out = cli("list", "models").out
    (known,) = [line.split() for line in out.splitlines() if line.startswith(" org/known")]
    assert known == ["org/known", "merge", "46.7B", "(12.9B", "active)", "bfloat16", "32,768", "Apache-2.0", "1"]
    (guessed,) = [line for line in out.splitlines() if "Qwen2.5" in line]
    assert "chat ?" in guessed
    assert "7B ?" in guessed
    assert "? guessed from the model's name." in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--search qwen", {"Qwen/Qwen2.5-7B-Instruct"}),
        ("--search @licence:apache-2.0", {"org/known"}),
        ("--type merge", {"org/known"}),
        ("--type merge --type chat", {"org/known", "Qwen/Qwen2.5-7B-Instruct"}),
        ("--precision bfloat16", {"org/known"}),
        ("--size 3-7b", {"Qwen/Qwen2.5-7B-Instruct"}),
        ("--size '≤ 3B'", set()),
        ("--commercial yes", {"org/known"}),
        ("--language Chinese", {"org/known"}),
        ("--hide merges", {"Qwen/Qwen2.5-7B-Instruct", "=HYPERLINK(1)"}),
        ("--hide mixtures", {"Qwen/Qwen2.5-7B-Instruct", "=HYPERLINK(1)"}),
    ],
)
def test_filters_leave_the_models_that_fit(cli: Command, filled: Store, words: str, expected: set[str]) -> None:
    assert names(cli, *shlex.split(words)) == expected


def test_csv_holds_every_fact_and_no_formula(cli: Command, filled: Store) -> None:
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(cli("list", "models", "--csv").out))}
    assert rows["org/known"]["active_parameters"] == "12900000000"
    assert "type" in rows["Qwen/Qwen2.5-7B-Instruct"]["guessed"].split("; ")
    assert "'=HYPERLINK(1)" in rows


def test_json_says_where_each_value_is_from(cli: Command, filled: Store) -> None:
    found = {item["model"]: item for item in json.loads(cli("list", "models", "--json").out)}
    assert found["org/known"]["facts"]["licence"]["source"] == "declared"
    assert found["bundled:owl-1m"]["facts"]["parameters"]["source"] == "safetensors headers"
    assert found["org/known"]["runs"] == 1


@pytest.mark.parametrize("words", ["--type merged", "--size 5B", "--commercial maybe", "--hide all"])
def test_a_word_that_is_none_is_one_sentence_with_those_there_are(cli: Command, words: str) -> None:
    ending = cli("list", "models", *words.split())
    assert ending.code == 2
    assert "is unknown: give one of" in ending.err
    assert ending.err.count("\n") == 1


def test_what_cannot_be_read_is_said_and_hides_no_model(cli: Command, filled: Store) -> None:
    catalogue_files.file_of(filled.path, "org/known").parent.mkdir(exist_ok=True)
    catalogue_files.file_of(filled.path, "org/known").write_text("{")
    (filled.path / "models.toml").write_text("[[")
    (filled.path / "runs" / "aaaaaaaaaaa2" / "scores.json").write_text("[]")
    ending = cli("list", "models")
    assert "org/known" in ending.out
    assert "models.toml" in ending.err
    assert "is damaged: remove it" in ending.err
    assert "aaaaaaaaaaa2" in ending.err


def test_a_store_that_does_not_exist_has_the_bundled_models_and_stays_away(tmp_path: Path) -> None:
    found = known_models(tmp_path / "absent")
    assert {item.bundled for item in found.models} == {True}
    assert not (tmp_path / "absent").exists()


def test_a_pattern_that_cannot_be_read_is_named(cli: Command) -> None:
    ending = cli("list", "models", "--search", "/qwen.*/ /[[/")
    assert "'[[' is no pattern that can be read" in ending.err
    assert "no pattern" not in cli("list", "models", "--search", "/qwen.*/ [[").err
