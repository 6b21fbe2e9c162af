"""Our Borda board against MTEB's own table: `python -m parity.borda --peer PYTHON`.

Tables full of edge cases become result files in MTEB's layout, are imported and ranked on a board; MTEB's own table
function ranks the same numbers. With `--write FILE` its answers are kept for the tests, which run without it.
"""

import argparse
import json
import math
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leaderbench.boards.reading import parse
from leaderbench.boards.standing import stand
from leaderbench.boards.table import BoardTable
from leaderbench.results.imports import import_mteb, stored_entries
from leaderbench.results.store import Store

Row = tuple[str, str, str, str, float | None]
"""Model, task, split, subset, score."""

tasks = {
    "Banking77Classification": "Classification",
    "ImdbClassification": "Classification",
    "STS12": "STS",
    "STSBenchmark": "STS",
    "NFCorpus": "Retrieval",
}
"""Names that MTEB knows, with their types; any others would do."""

models = (
    "intfloat/e5-small",
    "intfloat/e5-base",
    "intfloat/e5-large",
    "BAAI/bge-small-en",
    "thenlper/gte-small",
    "sentence-transformers/all-MiniLM-L6-v2",
)
"""Models that MTEB knows: it leaves out others."""

scores = [0.0, 0.25, 0.5, 0.5, 0.625, 0.75, 1.0]
"""Few, so that many tie; halves of halves, so that the mean of some is the same in whichever order they are summed."""

grid = [("test.1", "default"), ("test.1", "de"), ("test.2", "default"), ("test.2", "de")]
"""Splits and subsets of a task: MTEB takes every subset to be in every split, and blanks a task that lacks one."""


def tables(count: int, seed: int = 0) -> Iterator[list[Row]]:
    """Tables with ties at both ends, tasks run by one model, models with one task or none, and equal totals."""
    draw = random.Random(seed)
    for _ in range(count):
        names = draw.sample(models, draw.randint(1, len(models)))
        asked = draw.sample(list(tasks), draw.randint(1, len(tasks)))
        parts = {task: grid[: draw.choice([1, 1, 1, 2, 4])] for task in asked}
        missing = draw.choice([0.0, 0.2, 0.5])
        alone = draw.choice([None, *asked])
        silent = draw.choice([None, None, *names])
        rows: list[Row] = []
        for name in names:
            for task in asked:
                skipped = name == silent or draw.random() < missing or (task == alone and name != names[0])
                rows += [(name, task, *part, None if skipped else draw.choice(scores)) for part in parts[task]]
        yield rows


def board_of(rows: list[Row], folder: Path) -> BoardTable:
    """The board of one table, through result files on the disk."""
    files: dict[Path, dict[str, list[dict[str, Any]]]] = {}
    for model, task, split, subset, score in rows:
        path = folder / "results" / model.replace("/", "__") / "revision" / f"{task}.json"
        parts = files.setdefault(path, {}).setdefault(split, [])
        parts.append({"main_score": math.nan if score is None else score, "hf_subset": subset})
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"task_name": path.stem, "scores": content}), encoding="utf-8")
    store = Store(folder / "store")
    import_mteb([folder / "results"], store)
    asked = dict.fromkeys(task for _, task, *_ in rows)
    columns = [f'[[columns]]\nimported = "mteb/{task}"\ntype = "{tasks[task]}"\n' for task in asked]
    return stand(parse('title = "MTEB"\nrule = "borda"\n' + "".join(columns)), stored_entries(store))


def differences(rows: list[Row], wanted: dict[str, dict[str, Any]]) -> list[str]:
    """What our board says otherwise than MTEB's table."""
    with tempfile.TemporaryDirectory() as folder:
        found = {row.model: row for row in board_of(rows, Path(folder)).rows}
    told = [f"models: {sorted(found)} and {sorted(wanted)}"] if set(found) != set(wanted) else []
    for model in set(found) & set(wanted):
        row, theirs = found[model], dict(wanted[model])
        ours: dict[str, float | None] = {
            "Rank (Borda)": row.static.rank if row.static else None,
            "Mean (Task)": row.mean,
            "Mean (TaskType)": row.type_mean,
        }
        ours |= {name: row.types.get(name, math.nan) for name in set(tasks.values()) & set(theirs)}
        for name, value in ours.items():
            other = theirs.get(name)
            blank = value is None or math.isnan(value)
            same = other is None if blank else other is not None and math.isclose(value or 0.0, other, abs_tol=1e-12)
            told += [] if same else [f"{model}, {name}: {value} here, {other} there"]
    return told


def ask(peer: Path, asked: list[list[Row]]) -> dict[str, Any]:
    """MTEB's tables, from its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.json", Path(folder) / "out.json"
        source.write_text(json.dumps(asked), encoding="utf-8")
        command = [str(peer.absolute()), str(Path(__file__).with_name("mteb_peer.py")), str(source), str(target)]
        subprocess.run(command, check=True)
        found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Compare, print what differs, and end with 1 where anything does."""
    parser = argparse.ArgumentParser(description="Our Borda board against MTEB's own table.")
    parser.add_argument("--peer", type=Path, required=True, help="the Python of an environment that has mteb")
    parser.add_argument("--tables", type=int, default=300, help="how many tables are made up")
    parser.add_argument("--write", type=Path, help="keep the tables with MTEB's answers in this file")
    options = parser.parse_args()
    asked = list(tables(options.tables))
    answers = ask(options.peer, asked)
    wrong = 0
    for place, (rows, wanted) in enumerate(zip(asked, answers["tables"], strict=True)):
        told = differences(rows, wanted)
        wrong += bool(told)
        for line in told:
            print(f"table {place}: {line}")
    print(f"Borda and means, mteb {answers['version']}: {len(asked) - wrong} of {len(asked)} tables the same.")
    if options.write:
        kept = {
            "mteb": answers["version"],
            "tables": [list(pair) for pair in zip(asked, answers["tables"], strict=True)],
        }
        options.write.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
