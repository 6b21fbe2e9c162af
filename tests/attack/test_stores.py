"""Stores made to harm: runs whose checksums fit, odd things in the place of files, bombs of every format.

Whatever is done to one run, board, record or explanation, the others stay as they are.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from leaderbench.results.samples import columns as sample_columns
from leaderbench.results.samples import schema, to_table
from tests.attack.frame import Attack, contained
from tests.attack.ground import GOOD, SPOILT, instead, packed, sealed, spoilt
from tests.reliability.conftest import Commands
from tests.web.conftest import make_sample

STORE = "--store store"
LIST, BOARD, INDEX = f"list runs {STORE}", f"board mmlu {STORE}", f"index --rebuild {STORE}"
SHOW, SAMPLE = f"show {STORE}", f"sample {SPOILT} anatomy/3 {STORE}"
EXPORT = f"export {SPOILT} --output out.jsonl {STORE}"
DAMAGED = "is damaged: delete the folder"


def manifest(path: str, value: Any) -> Callable[[Path], object]:
    """One value of the manifest of a run, its checksums put right."""

    def change(content: dict[str, Any]) -> None:
        *tables, last = path.split(".")
        for name in tables:
            content = content[name]
        content[last] = value

    return lambda ground: sealed(spoilt(ground), change)


def scores(**changed: Any) -> Callable[[Path], object]:
    """Values of the scores of a run, its checksums put right."""

    def made(ground: Path) -> None:
        path = spoilt(ground) / "scores.json"
        path.write_text(json.dumps([score | changed for score in json.loads(path.read_text())]))
        sealed(spoilt(ground), lambda _: None)

    return made


def run_file(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Something else in the place of a file of a run."""
    return lambda ground: instead(spoilt(ground) / name, make)


def samples(make: Callable[[], bytes]) -> Callable[[Path], object]:
    """Another file of samples, with the right checksum."""

    def made(ground: Path) -> None:
        (spoilt(ground) / "samples.parquet").write_bytes(make())
        sealed(spoilt(ground), lambda _: None)

    return made


def sample_table(times: int, **changed: Any) -> "pa.Table":
    """One sample so many times, with other columns."""
    table = to_table([make_sample(3, right=True)])
    for name, values in changed.items():
        place = table.schema.get_field_index(name)
        column = pa.array(values, schema().field(name).type)
        table = table.slice(0, 1).set_column(place, schema().field(name), column)
    return pa.concat_tables([table] * times).combine_chunks()


def packed_table(table: "pa.Table") -> bytes:
    return packed({name: table.column(name) for name in table.column_names})


def with_gaps(name: str) -> bytes:
    return packed_table(sample_table(40, **{name: [None]}))


def in_store(name: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda ground: instead(ground / "store" / name, make)


def text(content: str | bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def link_out(path: Path) -> None:
    """A link to a copy of the run's file outside of the store."""
    outside = path.parents[3] / "outside"
    outside.mkdir(exist_ok=True)
    shutil.copy(path.parents[1] / GOOD / path.name, outside / path.name)
    path.symlink_to(outside / path.name)


def sparse(path: Path) -> None:
    """3 GB that take no space."""
    with path.open("wb") as file:
        file.truncate(3 << 30)


ODD: list[Any] = [None, "many", [], {}, -1, 10**400, 1e308, True, "\x1b[31m\u202e", "9" * 5_000, {"a": {"b": []}}]
PLACES = [
    "run_id",
    "created",
    "format",
    "model",
    "model.name",
    "model.identity",
    "benchmark",
    "benchmark.name",
    "benchmark.recipe",
    "limits",
    "limits.limit",
    "limits.subsets",
    "environment",
    "counts",
    "counts.questions",
    "counts.bank",
    "sha256",
]
MANIFESTS = [
    Attack(f"{place} {number}", manifest(place, value), LIST, 0, "org/good")
    for place in PLACES
    for number, value in enumerate(ODD)
]

THINGS: list[tuple[str, Callable[[Path], object]]] = [
    ("a pipe", os.mkfifo),
    ("a device", link("/dev/zero")),
    ("a loop", link("loop")),
    ("a folder", Path.mkdir),
    ("nothing", lambda path: None),
    ("a sparse file", sparse),
    ("brackets", text("[" * 1_000_000)),
    ("a number", text("9" * 1_000_000)),
    ("no text", text(b"\xff\xfe\x00")),
    ("a link out of the store", link_out),
]
RUN_FILES = [
    Attack(f"{name} {thing}", run_file(name, make), EXPORT if name != "samples.parquet" else SAMPLE)
    for name in ("manifest.json", "scores.json", "samples.parquet")
    for thing, make in THINGS
] + [
    Attack(f"{name} {thing}, {words.split()[0]}", run_file(name, make), words, 0, "org/good")
    for name in ("manifest.json", "scores.json")
    for thing, make in THINGS
    for words in (LIST, BOARD)
]

SAMPLES = [
    Attack("200,000 rows", samples(lambda: packed_table(sample_table(200_000))), SAMPLE, 2, DAMAGED),
    Attack("a million rows", samples(lambda: packed_table(sample_table(1_000_000))), SAMPLE, 2, DAMAGED),
    Attack(
        "a prompt of 600 MB",
        samples(lambda: packed_table(sample_table(1, prompt=["x" * (600 << 20)]))),
        SAMPLE,
        2,
        DAMAGED,
    ),
    Attack("other columns", samples(lambda: packed({"a": [1]})), SAMPLE, 2, DAMAGED),
    Attack("no rows", samples(lambda: packed_table(sample_table(1).slice(0, 0))), SAMPLE, 2, DAMAGED),
] + [
    Attack(f"gaps in {name}", samples(partial(with_gaps, name)), SAMPLE, 2, DAMAGED)
    for name in sample_columns
    if name not in ("prediction", "error")
]


FOLDERS = [
    Attack(
        f"{thing} among the runs, {words.split()[0]}",
        in_store("runs/zzz", make),
        words,
        0,
        "org/good|[23] runs, 1 imported",
    )
    for thing, make in THINGS
    if thing != "a link out of the store"
    for words in (LIST, BOARD, INDEX, SHOW)
] + [
    Attack(f"{thing} for {name}", in_store(name, make), words, 0, "org/good")
    for thing, make in THINGS
    if thing not in ("a link out of the store", "nothing")
    for name, words in (
        ("imported/zzz.jsonl", BOARD),
        ("boards/zzz.toml", BOARD),
        ("models.toml", f"list models {STORE}"),
        ("models/zzz.json", f"list models {STORE}"),
        ("explanations/zzz.parquet", BOARD),
        ("index.db", BOARD),
        (".index.seal", BOARD),
        ("runs/.lock", LIST),
        ("imported/.lock", BOARD),
    )
]

BOARDS = [
    ("a dotted key", ".".join(["a"] * 100_000) + " = 1", "key of more than 32 parts"),
    ("a dotted table", "[" + ".".join(["a"] * 100_000) + "]", "key of more than 32 parts"),
    ("a dotted key in a table", "a = {" + ".".join(["a"] * 100_000) + " = 1}", "key of more than 32 parts"),
    ("quoted keys", ".".join(['"a"'] * 50_000) + " = 1", "key of more than 32 parts"),
    ("brackets", "a = " + "[" * 100_000, "nested too deeply"),
    ("braces", "a = " + "{a = " * 50_000, "nested too deeply"),
    ("a number", "a = " + "9" * 100_000, "no TOML"),
    ("many keys", "".join(f"a{number} = 1\n" for number in range(20_000)), "no setting"),
    ("many columns", "[[columns]]\nbenchmark = 'mmlu/harness'\n" * 6_000, "cannot be used"),
    ("many wrong columns", "[[columns]]\nx = 1\n" * 10_000, "more"),
    ("300 kB", "# " + "x" * 300_000, "larger than"),
    ("no text", "title = '\udcff'", "not UTF-8"),
    ("no TOML", "title =", "no TOML"),
    ("a list for columns", "columns = 1", "cannot be used"),
    ("a title of control characters", 'title = "\\u001b[31m\\u202e"\ncolumns = []', ""),
]
BOARD_FILES = [
    Attack(
        name,
        in_store("boards/zzz.toml", text(content.encode("utf-8", "surrogateescape"))),
        f"board zzz {STORE}",
        2,
        says,
    )
    for name, content, says in BOARDS
]
DECLARATIONS = [
    Attack(
        name,
        in_store("models.toml", text(content.encode("utf-8", "surrogateescape"))),
        f"list models {STORE}",
        0,
        "org/good",
    )
    for name, content, _ in BOARDS
]

LINE = json.dumps({"model": "m", "benchmark": "mmlu/harness", "metric": "acc", "aggregation": "micro", "estimate": 0.5})
IMPORTED = [
    Attack(name, in_store("imported/zzz.jsonl", make), BOARD, 0, "org/good")
    for name, make in (
        ("one endless line", sparse),
        ("a line of 2 MB", text("x" * 2_000_000)),
        ("brackets", text("[" * 500_000 + "\n")),
        ("many lines that are none", text("x\n" * 1_000_000)),
        ("many empty lines", text("\n" * 1_000_000)),
        ("an infinite estimate", text(LINE.replace("0.5", "1e999"))),
        ("no number", text(LINE.replace("0.5", "NaN"))),
        ("a number of 5,000 digits", text(LINE.replace("0.5", "9" * 5_000))),
        ("a count beyond", text(LINE.replace("}", ', "n": 1e300}'))),
        ("lists for texts", text(LINE.replace('"m"', "[]"))),
        ("half a character", text(LINE.replace('"m"', '"\\ud800"'))),
        ("control characters", text(LINE.replace('"m"', '"\\u001b[31m\\u202e"'))),
    )
]

EXPLANATIONS = [
    Attack(name, in_store("explanations/zzz.parquet", make), BOARD, 0, "org/good")
    for name, make in (
        ("other columns", lambda path: path.write_bytes(packed({"a": [1]}))),
        ("many rows", lambda path: path.write_bytes(packed({"a": [1] * 2_000_000}))),
        ("no parquet", text("PAR1" * 100)),
    )
]
VALUES: list[Any] = ["many", [], -1, 1e308, 10**400, None]
SCORES = [
    Attack(f"{name} {place}", scores(**{name: value}), LIST, 0, "org/good")
    for name in ("estimate", "standard_error", "low", "n", "errors", "metric", "subset", "view", "bank")
    for place, value in enumerate(VALUES)
]

TABLES = {
    "manifests": MANIFESTS,
    "files of runs": RUN_FILES,
    "samples": SAMPLES,
    "folders": FOLDERS,
    "boards": BOARD_FILES,
    "declarations": DECLARATIONS,
    "imported": IMPORTED,
    "explanations": EXPLANATIONS,
    "scores": SCORES,
}


QUICK = (0, 1, 5)
"""Places in `ODD` of values that stand for the others outside of the slow suite."""

HEAVY = ("a million rows", "a prompt of 600 MB")
"""What takes long to make."""


def rows() -> Iterator[Any]:
    """All attacks of this file; those that are much like others are slow ones."""
    for subject, table in TABLES.items():
        for place, attack in enumerate(table):
            alike = subject == "manifests" and place % len(ODD) not in QUICK
            slow = alike or attack.name in HEAVY
            yield pytest.param(attack, id=f"{subject}: {attack.name}", marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize("attack", list(rows()))
def test_a_store_made_to_harm_is_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)
