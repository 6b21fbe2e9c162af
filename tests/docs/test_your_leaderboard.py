"""The guide to a leaderboard of one's own, done literally: its files written, its commands run, its site asked."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from leaderbench.boards.rules import Rule
from leaderbench.boards.spec import BoardSpec, Column, Filters, Part
from leaderbench.models.catalogue import FIELDS
from tests.results.imports.conftest import TIME, results

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "your-leaderboard.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- (run|serve|file)(?:: (\S+))? -->\n```\w*\n(.*?)```", re.DOTALL)
STEPS = BLOCK.findall(TEXT)
FILES = {name: content for kind, name, content in STEPS if kind == "file"}


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "COLUMNS": "140"}


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[str]:
    """The address that a server prints, while it runs."""
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def answer(url: str, host: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as got:
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """The folder after every file and command of the guide, in its order, and what each command printed."""
    folder = tmp_path_factory.mktemp("my-leaderboard")
    (folder / "results").mkdir()  # the reader's own, from lm-eval
    made = results({"piqa": {"acc,none": 0.75, "acc_stderr,none": 0.25}})
    (folder / "results" / f"results_{TIME}.json").write_text(json.dumps(made), encoding="utf-8")
    printed = []
    for kind, name, content in STEPS:
        if kind == "file":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
        for command in content.splitlines() if kind == "run" else ():
            done = subprocess.run(
                command.split(), cwd=folder, env=environment(), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            printed.append((command, done.stdout))
    return folder, printed


def test_the_chinese_guide_has_the_same_files_and_commands() -> None:
    chinese = (ROOT / "docs" / "your-leaderboard.zh-CN.md").read_text(encoding="utf-8")
    assert BLOCK.findall(chinese) == STEPS


def test_every_step_leads_to_a_board_with_runs_imports_and_baselines(
    journey: tuple[Path, list[tuple[str, str]]],
) -> None:
    (table,) = (printed for command, printed in journey[1] if command == "leaderbench board mine")
    places = {model: table.index(model) for model in ("phoenix-3b", "owl-1m", "heron-1m", "baseline:random")}
    assert sorted(places, key=places.__getitem__) == list(places)
    assert "71.3" in table
    assert "imported score" in table


def test_what_is_declared_of_a_model_can_be_filtered_by(journey: tuple[Path, list[tuple[str, str]]]) -> None:
    (table,) = (printed for command, printed in journey[1] if command == "leaderbench list models --commercial yes")
    assert re.search(r"acme/phoenix-3b +chat +3\.1B .*MIT", table)


def test_the_site_shows_the_board_to_those_who_call_it_by_the_name_of_the_guide(
    journey: tuple[Path, list[tuple[str, str]]],
) -> None:
    (command,) = (content.split() for kind, _, content in STEPS if kind == "serve")
    with served([*command, "--port", "0"], journey[0]) as site:
        status, page = answer(f"{site}/zh/boards/mine", "board.example.org")
        assert status == 200
        assert "我们可用的小模型" in page
        assert "phoenix-3b" in page
        assert answer(f"{site}/zh/boards/mine", "elsewhere.example.org")[0] == 421


only_these = """
import importlib.abc, sys
gone = set(sys.argv[1].split())
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from leaderbench.cli.main import main
sys.argv = ["leaderbench", *sys.argv[2:]]
main()
"""
"""The command in an environment that lacks the modules named first."""


def absent(packages: list[str]) -> set[str]:
    """Every module here that these packages do not bring along."""
    from importlib import metadata

    there, waiting = {"leaderbench"}, [*packages]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # of another platform
            continue
        if name not in there:
            there.add(name)
            waiting += [re.split(r"[^\w.-]", item)[0] for item in wanted if "extra ==" not in item]
    modules = metadata.packages_distributions()
    return {name for name, of in modules.items() if not there & {re.sub(r"[-_.]+", "-", one).lower() for one in of}}


def test_the_container_installs_all_that_the_site_needs(journey: tuple[Path, list[tuple[str, str]]]) -> None:
    found = re.search(r"--constraint \S+ \\\n(.*?)\\\n", FILES["Dockerfile"])
    assert found is not None
    gone = absent(found[1].split())
    assert {"torch", "transformers", "datasets"} <= gone
    command = [sys.executable, "-c", only_these, " ".join(gone), "serve", "--port", "0"]
    with served(command, journey[0]) as site:
        runs = json.loads(answer(f"{site}/api/v1/runs")[1])["items"]
        one, other = (run["id"] for run in runs if run["benchmark"] == "exam/helm" and "bundled" in run["model"])
        paths = ("", "boards/mine", "boards/mine/plots", "models", "model?name=bundled:owl-1m", "runs", f"runs/{one}")
        more = ("benchmarks", "benchmark?name=exam/helm", f"runs/{one}/samples/3", f"compare?run={one}&run={other}")
        for path in (*paths, *more, "explanations", "about"):
            assert answer(f"{site}/en/{path}")[0] == 200, path


def test_the_container_serves_the_store_that_it_copies_where_its_port_is_open() -> None:
    lines = FILES["Dockerfile"].splitlines()
    command = json.loads(next(line for line in lines if line.startswith("CMD ")).removeprefix("CMD "))
    assert command[:2] == ["leaderbench", "serve"]
    assert f"EXPOSE {command[command.index('--port') + 1]}" in lines
    assert any(line.startswith("COPY") and line.endswith(command[command.index("--store") + 1]) for line in lines)
    assert "app_port: 7860" in TEXT


def settings(heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    return re.findall(r"^\| `(\w+)` \|", TEXT.partition(f"{heading}\n")[2].partition("\n#")[0], re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        ("### Every setting of a board", [*BoardSpec.model_fields]),
        ("### Every setting of a column", [*Column.model_fields]),
        ("### Every filter", [*Filters.model_fields]),
    ],
)
def test_every_setting_of_a_board_is_explained_and_no_other(heading: str, fields: list[str]) -> None:
    assert sorted(settings(heading)) == sorted(fields)


def test_the_first_settings_of_a_column_are_those_of_a_part() -> None:
    assert settings("### Every setting of a column")[: len(Part.model_fields)] == [*Part.model_fields]
    assert len(Part.model_fields) == 10
    assert "any of the first ten settings" in TEXT


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_is_named(rule: Rule) -> None:
    assert f"`{rule.value}`" in TEXT


def test_every_fact_that_may_be_declared_is_named() -> None:
    named = re.search(r"Facts\s+are\s+(.*?)\.\s+A\s+known\s+licence", TEXT, re.DOTALL)
    assert named is not None
    assert sorted(re.findall(r"`(\w+)`", named[1])) == sorted(FIELDS)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".toml")])
def test_files_of_the_guide_are_toml(name: str) -> None:
    content: dict[str, Any] = tomllib.loads(FILES[name])
    assert content
