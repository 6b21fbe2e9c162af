"""One odd run is named by every command, and hides no other."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.store import Store, digest, dumped
from tests.cli.conftest import Ending
from tests.web.conftest import BOARD, make_run

Cli = Callable[..., Ending]
COMMANDS = (["show"], ["list", "runs"], ["index"], ["board", "own"], ["verify"], ["export", "good"], ["list", "models"])


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a manifest and put its checksum right."""
    content = json.loads((folder / "manifest.json").read_bytes())
    change(content)
    said = {name: value for name, value in content.items() if name not in ("format", "sha256")}
    content["sha256"]["manifest"] = digest(dumped(said))
    (folder / "manifest.json").write_bytes(dumped(content))


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """The folder of a second run in the store `s`, to be made odd."""
    store = Store(tmp_path / "s")
    store.save(make_run("org/good-model", "mmlu/harness", run_id="good"))
    (store.path / "boards").mkdir()
    (store.path / "boards" / "own.toml").write_text(BOARD)
    return store.save(make_run("org/odd", "mmlu/harness", run_id="odd"))


def check(cli: Cli, name: str = "odd") -> None:
    for words in COMMANDS:
        ending = cli(*words, "--store", "s")
        assert ending.code in (0, 3), ending
        if words[0] in ("show", "list", "board"):
            assert "good-model" in ending.out, ending
        if name and words[0] in ("show", "index", "verify"):
            assert name in ending.err, ending


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["counts"].update(bank="many"),
        lambda content: content["counts"].update(questions=[12]),
        lambda content: content["counts"].update(errors=None),
        lambda content: content["counts"].update(flags=3),
        lambda content: content["limits"].update(limit={"a": 1}),
        lambda content: content["limits"].update(subsets="anatomy"),
        lambda content: content["model"].update(name=["org/model"]),
        lambda content: content["model"].update(identity=7),
        lambda content: content["benchmark"].update(name=None),
        lambda content: content["benchmark"].update(recipe="five shots"),
        lambda content: content.update(created=2026),
        lambda content: content.update(limits=[]),
        lambda content: content.update(model=None),
        lambda content: content.pop("benchmark"),
    ],
)
def test_a_manifest_with_values_of_other_kinds_is_named(
    cli: Cli, odd: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    rewrite(odd, change)
    check(cli)


@pytest.mark.parametrize("kind", ["loop", "pipe", "device", "file", "empty", "dangling"])
def test_whatever_else_lies_among_the_runs_stops_nothing(cli: Cli, odd: Path, kind: str) -> None:
    path = odd.with_name("zzz")
    {
        "loop": lambda: path.symlink_to("zzz"),
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "file": lambda: path.write_text("x"),
        "empty": lambda: path.mkdir(),
        "dangling": lambda: path.symlink_to("nowhere"),
    }[kind]()
    check(cli, name="zzz" if kind == "empty" else "")


@pytest.mark.parametrize("name", ["manifest.json", "scores.json", "samples.parquet"])
@pytest.mark.parametrize("kind", ["loop", "pipe", "device", "folder"])
def test_whatever_stands_for_a_file_of_a_run_stops_nothing(cli: Cli, odd: Path, name: str, kind: str) -> None:
    path = odd / name
    path.unlink()
    {
        "loop": lambda: path.symlink_to(name),
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "folder": lambda: path.mkdir(),
    }[kind]()
    check(cli, name="" if name == "samples.parquet" else "odd")


@pytest.mark.parametrize("how", ["another letter", "no JSON"])
def test_a_run_whose_manifest_is_damaged_is_named_on_every_board(cli: Cli, odd: Path, how: str) -> None:
    path = odd / "manifest.json"
    path.write_text(path.read_text().replace("mmlu/harness", "mmlu/harneSs") if how == "another letter" else "{")
    ending = cli("board", "own", "--store", "s")
    assert "A row may be missing here, and others rank higher for it" in " ".join(ending.out.split())
    assert "odd/manifest.json is damaged" in ending.out.replace("\n", "")
