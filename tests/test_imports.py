"""Which parts of the package import which others: from the top of the house down, and never in a circle."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1] / "src" / "leaderbench"

FLOORS = (
    {"errors", "sentences", "collecting", "stopping", "bundled", "text", "requests"},
    {"files", "records"},
    {"metrics", "statistics"},
    {"models"},
    {"results"},
    {"benchmarks"},
    {"evaluation", "boards"},
    {"explain"},
    {"web"},
    {"cli"},
    {"__init__", "__main__"},
)
"""Files and folders of the package; each imports only from those before it, or from its own."""

PLACES = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


@cache
def modules() -> dict[str, Path]:
    """The file of each module, by its name below the package, such as `results/store`."""
    names = {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in ROOT.rglob("*.py")}
    return {name.removesuffix("/__init__") if "/" in name else name: path for name, path in names.items()}


def room_of(module: str) -> str:
    return module.partition("/")[0]


def imported(path: Path, *, at_start: bool) -> Iterator[str]:
    """The modules of the package that a file imports, only those that its own import waits for where `at_start`."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if at_start and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if at_start and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "leaderbench":
            for alias in node.names:
                longer = f"{node.module}.{alias.name}".replace(".", "/").removeprefix("leaderbench/")
                shorter = node.module.replace(".", "/").removeprefix("leaderbench").removeprefix("/")
                yield longer if longer in modules() else shorter or "__init__"


def test_imports_run_down_the_house() -> None:
    upwards = [
        f"{module} imports {other}"
        for module, path in modules().items()
        for other in imported(path, at_start=False)
        if room_of(other) != room_of(module) and PLACES[room_of(other)] >= PLACES[room_of(module)]
    ]
    assert upwards == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    needs = {module: set(imported(path, at_start=True)) - {module} for module, path in modules().items()}
    assert len(list(TopologicalSorter(needs).static_order())) >= len(needs)
