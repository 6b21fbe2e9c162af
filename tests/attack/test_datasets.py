"""Local datasets made to harm: READMEs, names of files, and files of every format."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.attack.frame import Attack, contained
from tests.attack.ground import QUESTIONS, instead, packed, readme
from tests.reliability.conftest import Commands

ASK = "requests mmlu/original --subset anatomy --limit 1 --datasets hub"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
)


def mmlu(ground: Path) -> Path:
    return ground / "hub" / "cais" / "mmlu"


def head(text: str) -> Callable[[Path], object]:
    return lambda ground: (mmlu(ground) / "README.md").write_bytes(text.encode("utf-8", "surrogateescape"))


def asked(make: Callable[[Path], object], name: str = "test-00000-of-00001.parquet") -> Callable[[Path], object]:
    """Something else in the place of the split that is asked."""

    def made(ground: Path) -> None:
        instead(mmlu(ground) / "anatomy" / name, make)
        (mmlu(ground) / "README.md").write_text(readme(f"anatomy/{name}"))

    return made


def content(data: bytes | str, name: str) -> Callable[[Path], object]:
    data = data.encode() if isinstance(data, str) else data
    return asked(lambda path: path.write_bytes(data), name)


def parquet(**table: Any) -> Callable[[Path], object]:
    """A parquet file of these columns, or of what makes them."""
    return asked(
        lambda path: path.write_bytes(
            packed({name: values() if callable(values) else values for name, values in table.items()})
        )
    )


def columns(**changed: Any) -> Callable[[Path], object]:
    """The parquet file with other columns."""
    return parquet(**{name: [row[name] for row in QUESTIONS] for name in QUESTIONS[0]} | changed)


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(here)


def outside(ground: Path) -> None:
    (ground / "outside.csv").write_text("question,A,B,C,D,answer\nq,1,2,3,4,A\n")


def names(path: str) -> Callable[[Path], object]:
    """A README that names this in the place of a file."""

    def made(ground: Path) -> None:
        outside(ground)
        (mmlu(ground) / ".hidden").mkdir()
        (mmlu(ground) / "README.md").write_text(readme(path))

    return made


def repeated(text: str, times: int) -> object:
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), pa.array([text]))


HEADS = [
    # A head that names nothing leaves the names of the files.
    Attack("line ends", head("\n" * 30_000), ASK, 0, "Question 0"),
    Attack("line ends in the head", head("---" + "\n" * 30_000), ASK, 0, "Question 0"),
    Attack("blanks in the head", head("---" + " \n" * 30_000 + "--- x"), ASK, 0, "Question 0"),
    Attack("dashes", head("---\n" * 50_000), ASK, 0, "Question 0"),
    Attack("no UTF-8", head("---\nlicense: \udcff\n---\n"), ASK, 0, "Question 0"),
    Attack("a byte order mark", head("\ufeff" + readme("anatomy/test-*")), ASK, 0, "Question 0"),
    Attack("aliases elsewhere", head(f"---\n{LAUGHS}---\n"), ASK, 0, "Question 0"),
    Attack(
        "aliases", head("---\nconfigs:\n  " + LAUGHS.replace("\n", "\n  ") + "\n---\n"), ASK, 2, "aliases stand for"
    ),
    Attack("an alias of itself", head("---\nconfigs: &a [*a]\n---\n"), ASK, 2, "alias without an anchor"),
    Attack("an alias of nothing", names("*alias"), ASK, 2, "alias without an anchor"),
    Attack("merges", head("---\nconfigs:\n- &a {b: c}\n" + "- &a {<<: *a}\n" * 5_000 + "---\n"), ASK),
    Attack("brackets", head("---\nconfigs: " + "[" * 5_000 + "\n---\n"), ASK, 2, "nested too deeply"),
    Attack("braces", head("---\nconfigs: " + "{a: " * 5_000 + "\n---\n"), ASK, 2, "nested too deeply"),
    Attack("lists in lists", head("---\nconfigs:\n" + "- " * 5_000 + "x\n---\n"), ASK, 2, "nested too deeply"),
    Attack("a tag", head("---\nconfigs: !!python/object/apply:os.system [id]\n---\n"), ASK, 2, "malformed"),
    Attack("a list as a key", head("---\nconfigs:\n- ? [a]\n  : b\n---\n"), ASK, 2, "as a key"),
    Attack("a control character", head("---\nconfigs: \x1b[31m\n---\n"), ASK, 2, "not YAML"),
    Attack("a long text", head("---\nconfigs: " + "x" * 5_000_000 + "\n---\n"), ASK, 2, "longer than"),
    Attack("many anchors", head("---\nconfigs:\n" + "".join(f"- &a{n} b\n" for n in range(50_000)) + "---\n"), ASK),
    Attack("a text for a config", head("---\nconfigs: [word]\n---\n"), ASK, 2, "malformed"),
    Attack("a text for the files", head("---\nconfigs:\n- config_name: anatomy\n  data_files: x\n---\n"), ASK),
    Attack(
        "tables for the files", head("---\nconfigs:\n- config_name: anatomy\n  data_files: {a: {b: c}}\n---\n"), ASK
    ),
    Attack("a list as a name", head("---\nconfigs:\n- config_name: [a]\n  data_files: x\n---\n"), ASK, 2, "malformed"),
    Attack("a folder", lambda ground: instead(mmlu(ground) / "README.md", Path.mkdir), ASK, 0),
    Attack("a pipe", lambda ground: instead(mmlu(ground) / "README.md", os.mkfifo), ASK, 2, "it is a pipe"),
    Attack(
        "a device", lambda ground: instead(mmlu(ground) / "README.md", lambda path: path.symlink_to("/dev/zero")), ASK
    ),
    Attack("a loop", lambda ground: instead(mmlu(ground) / "README.md", lambda path: path.symlink_to(path.name)), ASK),
    Attack("17 MiB", head("x" * (17 << 20)), ASK, 2, "larger than"),
]

NAMES = [
    Attack("above the folder", names("../../../outside.csv"), ASK, 2, "leads out of that folder"),
    Attack("above by a way round", names("anatomy/../../../../outside.csv"), ASK, 2, "leads out of that folder"),
    Attack("absolute", names("/etc/passwd"), ASK, 2, "leads out of that folder"),
    Attack("of the home", names("~/x.csv"), ASK, 2, "leads out of that folder"),
    Attack("on the web", names("https://example.org/x.csv"), ASK, 2, "leads out of that folder"),
    Attack("a file URL", names("file:///etc/passwd"), ASK, 2, "leads out of that folder"),
    Attack("empty", names('""'), ASK, 2, "malformed"),
    Attack("a dot", names("."), ASK, 2, "is missing"),
    Attack("slashes", names('"//"'), ASK, 2, "leads out of that folder"),
    Attack("hidden", names(".hidden/x.csv"), ASK, 2, "is hidden"),
    Attack("NUL", names('"a\\0b"'), ASK, 2, "is missing"),
    Attack("control characters", names('"\\e[31m\\u202e"'), ASK, 2, "is missing"),
    Attack("stars", names('"' + "*a" * 5_000 + '"'), ASK, 2, "is missing"),
    Attack("double stars", names('"' + "**/" * 300 + 'x"'), ASK, 2, "is missing"),
    Attack("brackets", names('"[' * 3 + 'a-z"'), ASK, 2),
    Attack("a long name", names("x" * 100_000), ASK, 2, "is missing"),
    Attack("no list", names("{a: b}"), ASK, 2, "malformed"),
]

FILES = [
    Attack("a pipe", asked(os.mkfifo), ASK, 2, "it is a pipe"),
    Attack("a socket", asked(a_socket), ASK, 2, "it is a socket"),
    Attack("a device", asked(lambda path: path.symlink_to("/dev/zero")), ASK, 2, "it is a device"),
    Attack("a loop", asked(lambda path: path.symlink_to(path.name)), ASK, 2, "cannot be read"),
    Attack("a link to nothing", asked(lambda path: path.symlink_to("absent")), ASK, 2, "cannot be read"),
    Attack("a folder", asked(Path.mkdir), ASK, 2, "is missing"),
    Attack("a pickle", content(b"\x80\x04.", "x.pkl"), ASK, 2, "no parquet, JSON or CSV file"),
    Attack("a program", content("import os", "x.py"), ASK, 2, "no parquet, JSON or CSV file"),
    Attack("empty parquet", content(b"", "x.parquet"), ASK, 2, "no parquet file"),
    Attack("parquet that is none", content(b"PAR1" * 100, "x.parquet"), ASK, 2, "no parquet file"),
    Attack("a footer of 2 GB", content(b"PAR1" + b"\xff\xff\xff\x7fPAR1" * 2, "x.parquet"), ASK, 2, "no parquet file"),
    Attack("one long text", columns(question=lambda: ["x" * (300 << 20), *"abcde"]), ASK, 2, "more than"),
    Attack("long texts", parquet(question=lambda: repeated("x" * 900_000, 50_000)), ASK, 2, "more than"),
    Attack("many rows", parquet(a=lambda: [0] * 2_000_000), ASK, 2, "rows, more than"),
    Attack("many values", parquet(a=lambda: [[0] * 5_000_000]), ASK, 2, "values, more than"),
    Attack("no rows", parquet(question=lambda: pa.array([], pa.string())), ASK, 2, "has no questions"),
    Attack("missing values", columns(question=[None] * 6), ASK, 2, "not a text"),
    Attack("numbers for texts", columns(question=[1] * 6), ASK, 2, "not a text"),
    Attack("texts for lists", columns(choices=["a"] * 6), ASK, 2, "not a list of texts"),
    Attack("gaps in lists", columns(choices=[["a", None, "c", "d"]] * 6), ASK, 2, "other than texts"),
    Attack("too few choices", columns(choices=[["a"]] * 6), ASK, 2, "choices, not 4"),
    Attack("an answer beyond", columns(answer=[4] * 6), ASK, 2, "not 0 to 3"),
    Attack("an answer below", columns(answer=[-1] * 6), ASK, 2, "not 0 to 3"),
    Attack("a truth as the answer", columns(answer=[True] * 6), ASK, 2, "not 0 to 3"),
    Attack("a fraction as the answer", columns(answer=[1.5] * 6), ASK, 2, "not a whole number or a letter"),
    Attack("days for texts", columns(question=pa.array([10**9] * 6, pa.date32())), ASK, 2),
    Attack("bytes for texts", columns(question=pa.array([b"\xff"] * 6, pa.binary())), ASK, 2, "not a text"),
    Attack("odd letters", columns(question=["\x00\u202e\x1b[31m"] * 6), ASK, 0),
    Attack("JSON brackets", content("[" * 100_000, "x.json"), ASK, 2, "nested too deeply"),
    Attack("JSON lines of brackets", content("[" * 100_000 + "\n", "x.jsonl"), ASK, 2, "nested too deeply"),
    Attack("JSON that is no list", content('{"a": 1}', "x.json"), ASK, 2, "no list of records"),
    Attack("JSON of lists", content("[[1]]", "x.json"), ASK, 2, "no list of records"),
    Attack("JSON with a huge number", content('[{"a": ' + "9" * 10_000 + "}]", "x.json"), ASK, 2, "too long"),
    Attack("JSON with half a character", content('[{"question": "\\ud83d"}]', "x.json"), ASK, 2, "halves"),
    Attack("JSON cut short", content('[{"question": "q"', "x.json"), ASK, 2, "not JSON"),
    Attack("JSON of many values", content("[" + "[]," * 10_000_000 + "0]", "x.json"), ASK, 2, "values"),
    Attack("JSON lines that are none", content("x\n" * 100_000, "x.jsonl"), ASK, 2, "not JSON"),
    Attack("UTF-16", content('[{"question": "q"}]'.encode("utf-16"), "x.json"), ASK, 2, "not UTF-8"),
    Attack("CSV of commas", content("," * 100_000, "x.csv"), ASK, 2, "columns"),
    Attack("CSV of a quote", content('"' + "x" * 1_000_000, "x.csv"), ASK, 2, "not CSV"),
    Attack("CSV of many cells", content("a,b\n" + "1,2\n" * 3_000_000, "x.csv"), ASK, 2, "cells"),
    Attack("CSV of ragged rows", content("question,answer\na\nb,c,d\n", "x.csv"), ASK, 2, "cells, its header"),
    Attack("CSV with NUL", content("question\x00,answer\na\x00,b\n", "x.csv"), ASK, 2),
    Attack("CSV in Latin-1", content(b"question,answer\ncaf\xe9,A\n", "x.csv"), ASK, 2, "not UTF-8"),
    Attack("CSV of nothing", content("", "x.csv"), ASK, 2, "has no questions"),
    Attack("CSV of a header", content("question,A,B,C,D,answer\n", "x.csv"), ASK, 2, "has no questions"),
    Attack("a packed file", content(b"\x1f\x8b\x08", "x.json.gz"), ASK, 2, "no parquet, JSON or CSV file"),
]


@pytest.mark.parametrize("attack", HEADS, ids=lambda attack: attack.name)
def test_a_head_of_a_readme_is_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)


@pytest.mark.parametrize("attack", NAMES, ids=lambda attack: attack.name)
def test_a_name_in_a_readme_is_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)


@pytest.mark.parametrize("attack", FILES, ids=lambda attack: attack.name)
def test_a_file_of_a_dataset_is_contained(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)
