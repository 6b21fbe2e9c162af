"""Result files, samples and tables made to harm: each beside good ones, which come in whatever becomes of it."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.attack.frame import Attack, contained
from tests.reliability.conftest import Commands

TIME = "2024-03-01T10-20-30.123456"
GOOD: dict[str, Any] = {"results": {"piqa": {"acc,none": 0.5}}, "config": {"model_args": "pretrained=org/fine"}}
SAMPLE = {"doc_id": 0, "target": 0, "arguments": [["Q", " a"], ["Q", " b"]], "resps": [[[-1.0]], [[-2.0]]], "acc": 1.0}

LM_EVAL = "import lm-eval in"
CSV = "import csv in"
MTEB = "import mteb in"


def packed(data: bytes | str | Any) -> bytes:
    if isinstance(data, bytes):
        return data
    return (data if isinstance(data, str) else json.dumps(data)).encode("utf-8", "surrogatepass")


def put(name: str, data: Any) -> Callable[[Path], object]:
    """A file of the folder `in`, beside a good one of each kind."""

    def made(ground: Path) -> None:
        for good, content in {"z.json": GOOD, "z.csv": "model,mmlu\norg/fine,65.2\n"}.items():
            path = ground / "in" / good
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(packed(content))
        path = ground / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(data):
            data(path)
        else:
            path.write_bytes(packed(data))

    return made


def results(data: Any) -> Callable[[Path], object]:
    return put(f"results_{TIME}.json", data)


def told(**more: Any) -> Callable[[Path], object]:
    """A good results file with something else in it."""
    return results(GOOD | more)


def table(data: bytes | str) -> Callable[[Path], object]:
    return put("a.csv", data)


def samples(data: Any) -> Callable[[Path], object]:
    """Samples beside the results file of their run."""

    def made(ground: Path) -> None:
        told(model_name="org/asked")(ground)
        put(f"samples_piqa_{TIME}.jsonl", data)(ground)

    return made


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def groups(members: dict[str, list[str]]) -> Callable[[Path], object]:
    return told(results={name: {"acc,none": 0.5} for name in members}, group_subtasks=members)


RESULTS = [
    Attack("a bomb", results(gzip.compress(b" " * (1 << 26))), LM_EVAL, 0, "larger than"),
    Attack("a bomb in a bomb", results(gzip.compress(gzip.compress(b"{}" * 1000))), LM_EVAL, 0, "letters|JSON"),
    Attack("half a packed file", results(gzip.compress(packed(GOOD))[:-9]), LM_EVAL, 0, "damaged"),
    Attack("brackets", results("[" * 1_000_000), LM_EVAL, 0, "nested|JSON"),
    Attack("objects in objects", results('{"results":' * 100_000), LM_EVAL, 0, "nested|JSON"),
    Attack("NUL", results(b"\0" * 1_000_000), LM_EVAL, 0, "JSON"),
    Attack("nothing", results(b""), LM_EVAL, 0, "JSON"),
    Attack("a long number", results(b'{"results":{"a":{"acc,none":' + b"9" * 100_000 + b"}}}"), LM_EVAL, 0),
    Attack("a large exponent", told(results={"piqa": {"acc,none": 1e308, "em,none": -1e308}}), LM_EVAL, 0),
    Attack("not finite", results('{"results":{"a":{"acc,none":NaN}},"model_name":"a"}'), LM_EVAL, 0, "no finite"),
    Attack("half a character", results('{"results":{"\\ud83d":{"acc,none":0.5}},"model_name":"\\ud83d"}'), LM_EVAL, 0),
    Attack("UTF-16", results(json.dumps(GOOD).encode("utf-16")), LM_EVAL, 0),
    Attack("no UTF-8", results(b'{"results":{"\xff":{"acc,none":1}}}'), LM_EVAL, 0, "letters"),
    Attack("the same key twice", results('{"results":{"a":{"acc,none":1},"a":{}},"model_name":"a"}'), LM_EVAL, 0),
    Attack("a list", results([GOOD] * 10), LM_EVAL, 0, "not an object"),
    Attack("texts for objects", told(results={"piqa": "acc"}, configs="x", group_subtasks=[1]), LM_EVAL, 0),
    Attack("lists for texts", told(model_name=["a"], config={"model_args": [["a"]]}), LM_EVAL, 0),
    Attack("many tasks", told(results={str(n): {} for n in range(30_000)}), LM_EVAL, 0, "more than the 20,000"),
    Attack(
        "many metrics",
        told(results={"a": {str(n): 1 for n in range(150_000)}}),
        LM_EVAL,
        0,
        "more than the 100,000",
    ),
    Attack("a group of itself", groups({"a": ["a"] * 1000}), LM_EVAL, 0),
    Attack("groups in circles", groups({str(n): [str(m) for m in range(500)] for n in range(500)}), LM_EVAL, 0),
    Attack("a chain of groups", groups({str(n): [str(n + 1)] for n in range(2_000)}), LM_EVAL, 0),
    Attack("a name that moves the terminal", told(model_name="\x1b[2J\x1b]0;owned\x07\u202e/evil"), LM_EVAL, 0),
    Attack("a task that moves the terminal", told(results={"\x1b[31m\r\nfine": {"acc,none": 0.5}}), LM_EVAL, 0),
    Attack("a name out of the store", told(model_name="../../../etc/passwd"), LM_EVAL, 0),
    Attack("a task out of the store", told(results={"../../x/y": {"acc,none": 0.5}}), LM_EVAL, 0),
    Attack("a long name", told(model_name="x" * 3_000_000), LM_EVAL, 0),
    Attack("markup for a name", told(model_name="<script>alert(1)</script>[red]x[/red]"), LM_EVAL, 0),
    Attack("nothing but directions for a name", told(model_name="\u202e\u202d\u2066"), LM_EVAL, 0),
    Attack("a name lost in coding", told(model_name="org/m\ufffdller"), LM_EVAL, 0, "lost before"),
    Attack("a template without end", told(chat_template="{{" * 1_000_000), LM_EVAL, 0),
    Attack("a date without end", told(date=1e300, total_evaluation_time_seconds="9" * 5000), LM_EVAL, 0),
    Attack("a folder for a file", results(Path.mkdir), LM_EVAL, 0),
    Attack("a pipe", results(os.mkfifo), LM_EVAL, 0, "pipe"),
    Attack("a link to itself", results(lambda path: path.symlink_to(path.name)), LM_EVAL, 0),
    Attack("a device", results(lambda path: path.symlink_to("/dev/zero")), LM_EVAL, 0),
    Attack("a name of a file that moves the terminal", put("\x1b[31m\nfine.json", b"x"), LM_EVAL, 0, "JSON"),
    Attack("a name of a file that is no text", put(os.fsdecode(b"\xff\xfe.json"), b"x"), LM_EVAL, 0, "JSON"),
]

SAMPLES = [
    Attack("a line without end", samples("x" * (20 << 20)), LM_EVAL, 0, "too large|longer than|too long"),
    Attack("a list cut short", samples("[" + lines(SAMPLE)[:-1]), LM_EVAL, 0, "JSON"),
    Attack("brackets for samples", samples("[" * 200_000), LM_EVAL, 0, "nested|JSON"),
    Attack("a bomb for samples", samples(gzip.compress(b" " * (1 << 26))), LM_EVAL, 0),
    Attack("lines of nothing", samples("\n" * 2_000_000), LM_EVAL, 0),
    Attack("numbers for samples", samples("1\n" * 1000), LM_EVAL, 0, "not an object"),
    Attack("a question twice", samples(lines(SAMPLE, SAMPLE)), LM_EVAL, 0, "twice"),
    Attack("a list for an id", samples(lines(SAMPLE | {"doc_id": [0]})), LM_EVAL, 0, "no doc_id"),
    Attack("an id out of the store", samples(lines(SAMPLE | {"doc_id": "../../x\x1b[2J"})), LM_EVAL, 0),
    Attack("no arguments", samples(lines(SAMPLE | {"arguments": []})), LM_EVAL, 0, "no arguments"),
    Attack("not finite answers", samples(lines(SAMPLE | {"resps": [[[float("nan")]], [["inf"]]]})), LM_EVAL, 0),
    Attack("deep answers", samples(lines(SAMPLE)[:-2] + ',"x":' + "[" * 900 + "]" * 900 + "}\n"), LM_EVAL, 0),
    Attack("samples from a device", samples(lambda path: path.symlink_to("/dev/zero")), LM_EVAL, 0),
    Attack("samples from a pipe", samples(os.mkfifo), LM_EVAL, 0),
]

TABLES = [
    Attack("commas", table("," * 3_000_000), CSV, 0),
    Attack("a quote without end", table('model,mmlu\n"' + "x" * 3_000_000), CSV, 0, "no CSV"),
    Attack("many cells", table("model,a,b\n" + "m,1,2\n" * 1_400_000), CSV, 0, "more than|larger than"),
    Attack(
        "many columns",
        table("model," + ",".join(f"c{n}" for n in range(50_000)) + "\na" + ",1" * 50_000),
        CSV,
        0,
        "columns",
    ),
    Attack(
        "one header many times",
        table("model" + ",mmlu" * 2_000 + "\na" + ",50" * 2_000),
        CSV,
        0,
        "More than one column",
    ),
    Attack("columns about columns", table("model" + ",a stderr" * 2_000 + "\na" + ",50" * 2_000), CSV, 0),
    Attack("NUL in a table", table(b"model,mmlu\na\0b,50\n"), CSV, 0),
    Attack("half a character in a table", table("model,mmlu\n\ud83d,50\n"), CSV, 0, "letters"),
    Attack("UTF-16 without its end", table("model,mmlu\na,50\n".encode("utf-16")[:-1]), CSV, 0, "letters"),
    Attack("letters of another land", table("model,mmlu\nmüller,50\n".encode("cp1252")), CSV, 0, "letters"),
    Attack("formulas", table('model,mmlu\n"=HYPERLINK(""http://x"",""y"")",50\n@SUM(1),60\n'), CSV, 0),
    Attack("cells that move the terminal", table("model,\x1b[31mx\x07\n\x1b]0;y\x07,50\n"), CSV, 0),
    Attack("numbers without end", table("model,mmlu\na," + "9" * 100_000 + "\nb,1e999\nc,50\n"), CSV, 0),
    Attack("blanks in numbers", table("model,mmlu\na,1" + " 1" * 50_000 + "x\nb,50\n"), CSV, 0),
    Attack("brackets in numbers", table("model,mmlu\na,50 " + "(" * 500 + "\nb,5 [" + "1," * 400 + "\nc,50\n"), CSV, 0),
    Attack("tags in names", table("model,mmlu\n" + "<a " * 5_000 + "x,50\n"), CSV, 0),
    Attack("a date without sense", table("model,date,mmlu\na,99999999999,50\nb,0000-00-00,50\n"), CSV, 0, "no date"),
    Attack("sizes without sense", table("model,params,mmlu\na,1e300,50\nb,-7B,50\nc," + "7" * 90 + "B,50\n"), CSV, 0),
    Attack("facts out of the store", table("model,license,mmlu\n../../x,../../y,50\n"), CSV, 0),
    Attack("an address that runs", table("model,link,mmlu\na,javascript:alert(1),50\n"), CSV, 0),
    Attack("a table from a device", put("a.csv", lambda path: path.symlink_to("/dev/zero")), CSV, 0),
    Attack("a table from a pipe", put("a.csv", os.mkfifo), CSV, 0, "pipe"),
]

EMBEDDINGS = [
    Attack("rows without end", put("a__b/1/T.json", {"scores": {"test": [{}] * 30_000}}), MTEB, 2, "more than"),
    Attack("splits without end", put("a__b/1/T.json", {"scores": {str(n): 0 for n in range(30_000)}}), MTEB, 2, "more"),
    Attack("no rows", put("a__b/1/T.json", {"scores": {"test": None, "dev": 3}}), MTEB, 2, "no finite number"),
    Attack(
        "a split that moves the terminal", put("a__b/1/T.json", {"scores": {"\x1b[2J": [{"main_score": 1}]}}), MTEB, 0
    ),
    Attack("a task that is a path", put("a__b/1/T.json", {"task_name": "../..", "scores": {"t": []}}), MTEB, 2),
]


@pytest.mark.parametrize("attack", RESULTS, ids=lambda attack: attack.name)
def test_a_results_file_is_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)


@pytest.mark.parametrize("attack", SAMPLES, ids=lambda attack: attack.name)
def test_samples_are_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)


@pytest.mark.parametrize("attack", TABLES, ids=lambda attack: attack.name)
def test_a_table_is_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)


@pytest.mark.parametrize("attack", EMBEDDINGS, ids=lambda attack: attack.name)
def test_a_result_of_embeddings_is_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)
