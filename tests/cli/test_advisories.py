"""Known holes of libraries."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from leaderbench.cli import checks
from leaderbench.cli.advisories import ADVISORIES, known_holes

root = Path(__file__).parents[2]


def test_a_version_before_the_mended_one_is_named_and_the_mended_one_is_not() -> None:
    versions = {"transformers": "5.2.0", "torch": "2.6.0+cpu", "jinja2": "3.1.5.post1"}
    holes = [(advisory.identifier, present) for advisory, present in known_holes(versions.get)]
    assert holes == [("CVE-2026-4372", "5.2.0"), ("CVE-2026-5241", "5.2.0"), ("CVE-2025-27516", "3.1.5.post1")]


def test_a_version_that_cannot_be_read_is_no_hole() -> None:
    assert list(known_holes({"torch": "own-build"}.get)) == []


def test_doctor_calls_a_known_hole_a_problem_and_says_what_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "known_holes", lambda: known_holes({"transformers": "5.2.0"}.get))
    first, *_ = checks.holes()
    assert first.health is checks.Health.PROBLEM
    assert "CVE-2026-4372" in first.found
    assert "transformers>=5.3.0" in first.advice


def test_no_requirement_lets_a_version_with_a_known_hole_in() -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {given.name.lower(): given for given in map(Requirement, project["dependencies"])}
    for advisory in ADVISORIES:
        if requirement := required.get(advisory.package):
            (floor,) = (Version(given.version) for given in requirement.specifier if given.operator == ">=")
            assert floor >= Version(advisory.mended_in), f"{requirement} lets {advisory.identifier} in"


def test_no_pinned_version_has_a_known_hole() -> None:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {name.lower(): version for name, _, version in (line.partition("==") for line in lines)}
    assert list(known_holes(pinned.get)) == []


def test_actions_are_pinned_by_commit() -> None:
    for path in (root / ".github" / "workflows").glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{path.name}: {used}"
