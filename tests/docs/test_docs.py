"""The documentation says all there is, and what it says is current."""

import contextlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from leaderbench.benchmarks import registry
from leaderbench.cli.exits import Exit
from leaderbench.cli.main import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = load_generator()


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", [f"reference/{name}.md" for name in ("benchmarks", "commands", "exit-codes", "python", "site")]
)
def test_generated_pages_are_current(name: str) -> None:
    assert page(name) == generator.pages()[name], "out of date: run `make reference`"


def test_every_generated_page_is_checked_here() -> None:
    assert len(generator.pages()) == 5


@pytest.mark.parametrize("name", registry.names())
def test_every_benchmark_is_documented(name: str) -> None:
    assert f"### {name}\n" in page("reference/benchmarks.md")


def commands() -> list[tuple[str, Any]]:
    return list(generator.walk(typer.main.get_command(app), "leaderbench"))


@pytest.mark.parametrize(("path", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_and_option_is_documented_and_has_help(path: str, command: Any) -> None:
    _, _, section = page("reference/commands.md").partition(f"## {path}\n")
    section = section.partition("\n## ")[0]
    assert section, f"{path} is not in reference/commands.md"
    assert (command.help or "").strip()
    for parameter in command.params:
        if parameter.name in {"install_completion", "show_completion", "help"}:
            continue
        assert parameter.help, f"{path} {parameter.name} has no help"
        for option in parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]:
            assert f"`{option}" in section, f"{path} {option} is not in reference/commands.md"


def settings() -> set[str]:
    """Every environment setting of ours that the code names."""
    sources = [path for folder in ("src", "tests", "parity", "perf") for path in (ROOT / folder).rglob("*.py")]
    found = (re.findall(r"\bLEADERBENCH_[A-Z]+\b", path.read_text(encoding="utf-8")) for path in sources)
    return {name for names in found for name in names}


@pytest.mark.parametrize("name", sorted(settings()))
def test_every_environment_setting_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("reference/configuration.md")


@pytest.mark.parametrize("code", list(Exit))
def test_every_exit_code_is_documented(code: Exit) -> None:
    assert f"| {code.value} | {code.name} | " in page("reference/exit-codes.md")


def pins() -> list[str]:
    return (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def dependencies() -> set[str]:
    """Names of all dependencies of pyproject.toml, extras and the build included."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.split(r"[<>=\[; ]", item)[0] for item in wanted}
    return names - {"leaderbench"}


@pytest.mark.parametrize("name", sorted(dependencies()))
def test_every_dependency_has_its_reason_and_its_pin(name: str) -> None:
    assert f"| {name} | " in page("dependencies.md")
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in pins()}
    assert name.replace("_", "-") in pinned


def test_every_installed_version_is_the_pinned_one() -> None:
    from importlib.metadata import PackageNotFoundError, version

    if (ROOT / ".venv") not in Path(sys.executable).parents:
        pytest.skip("not in the environment that make made")
    for name, pinned in (line.split("==") for line in pins()):
        with contextlib.suppress(PackageNotFoundError):
            assert version(name).split("+")[0] == pinned


def test_constraints_are_plain_pins() -> None:
    for line in pins():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line), line


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for path in DOCS.rglob("*.md"):
        assert f": {path.relative_to(DOCS).as_posix()}\n" in navigation


def shown_commands() -> Iterator[tuple[str, str]]:
    """Every `leaderbench …` line in a code block of the README and the guides: where it stands, and the line."""
    for path in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for block in re.findall(r"```[a-z]*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                if line.startswith("leaderbench "):
                    yield path.name, line.split("  ")[0].split(" #")[0].strip()


@pytest.mark.parametrize(("where", "line"), sorted(set(shown_commands())))
def test_commands_in_the_guides_exist_with_these_options(where: str, line: str) -> None:
    known = dict(commands())
    words = line.split()
    depth = max(n for n in range(1, len(words) + 1) if " ".join(words[:n]) in known)
    command = known[" ".join(words[:depth])]
    assert not getattr(command, "commands", None), f"{where}: {line}"
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options, f"{where}: {line}"


def first_cells(name: str, heading: str) -> set[str]:
    """All names in the first cells of the table below a heading."""
    section = page(name).partition(f"\n{heading}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def test_every_word_of_a_boards_address_is_explained_and_no_other() -> None:
    from leaderbench.web.views import BoardView

    assert first_cells("boards.md", "## Search, filters, and what stands in the address") == {*BoardView.model_fields}


def test_every_shipped_board_is_named() -> None:
    from leaderbench.boards.reading import boards

    assert first_cells("boards.md", "## Boards that come with the package") == {board.name for board in boards()}


def test_every_part_of_the_site_is_placed() -> None:
    named = first_cells("contributing.md", "## The site")
    parts = {path.name + "/" * path.is_dir() for path in (ROOT / "src" / "leaderbench" / "web").iterdir()}
    assert parts - named - {"__init__.py", "__pycache__/"} == set()
    assert named - parts == set()
