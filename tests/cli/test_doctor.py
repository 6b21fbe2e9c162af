"""`leaderbench doctor`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli import checks
from leaderbench.cli.exits import Exit
from leaderbench.models.fake import FakeModel
from leaderbench.records import Failure

Cli = Callable[..., Any]


def test_a_sound_machine_has_no_problems(cli: Cli, fakes: object) -> None:
    ending = cli("doctor", "--model", "m")
    assert ending.code == 0
    assert "everything is fine" in ending.out
    for name in ("python", "libraries", "memory", "store", "datasets", "model"):
        assert name in ending.out


def test_a_model_that_does_not_load_is_a_problem(cli: Cli, fakes: object) -> None:
    ending = cli("doctor", "--model", "absent/model")
    assert ending.code == Exit.MACHINE
    assert "There is no model absent/model." in ending.out
    assert "Traceback" not in ending.out + ending.err


def test_a_model_that_does_not_answer_is_a_problem(fakes: dict[str, FakeModel]) -> None:
    fakes["m"] = FakeModel("m", fails=lambda request: True)
    assert checks.model_loading("m").health is checks.Health.PROBLEM


def test_json_has_every_check_with_its_advice(cli: Cli, fakes: object) -> None:
    ending = cli("doctor", "--json", "--model", "absent")
    found = json.loads(ending.out)
    assert found["problems"] == 1
    (model,) = [check for check in found["checks"] if check["name"] == "model"]
    assert model["health"] == "problem"
    assert model["advice"]


def test_a_dataset_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert checks.dataset_folder(tmp_path / "nowhere").health is checks.Health.PROBLEM


def test_a_dataset_folder_without_datasets_is_a_warning(tmp_path: Path) -> None:
    assert checks.dataset_folder(tmp_path).health is checks.Health.WARNING


def test_a_dataset_folder_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "cais" / "mmlu").mkdir(parents=True)
    check = checks.dataset_folder(tmp_path)
    assert check.health is checks.Health.OK
    assert "cais/mmlu" in check.found
    assert "hellaswag" in check.advice


def test_a_store_on_a_full_disk_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    assert checks.disk(tmp_path / "store").health is checks.Health.PROBLEM


def test_a_store_below_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert checks.disk(tmp_path / "file" / "store").health is checks.Health.PROBLEM


def test_little_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "available_memory", lambda: 2**30)
    assert checks.memory().health is checks.Health.WARNING


def test_a_library_that_is_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "versions_that_matter", ("torch", "no-such-library"))
    found = list(checks.libraries())
    assert found[-1].health is checks.Health.PROBLEM
    assert "no-such-library" in found[-1].found


def test_offline_the_hub_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("asked"))
    assert checks.hub().health is checks.Health.OK


def test_a_hub_out_of_reach_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("socket.create_connection", unreachable)
    assert checks.hub().health is checks.Health.WARNING


def test_failures_are_said_as_the_model_says_them(fakes: dict[str, FakeModel]) -> None:
    fakes["m"] = FakeModel("m", fails=lambda request: True)
    ((_, response),) = fakes["m"].answer([checks.QUESTION])
    assert isinstance(response, Failure)
    assert response.message in checks.model_loading("m").found
