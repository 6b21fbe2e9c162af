"""Texts made to exhaust a parser: each ends in a reason, and ordinary ones are read as they stand."""

import subprocess
import sys

import pytest

from leaderbench.files.parsing import DEEPEST, csv_rows, entries_of, head_of, json_of, toml_of, yaml_of
from leaderbench.files.regular import UnusableError

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("9" * 5000, "too long"),
        ('{"a": 1,', r"not JSON \(line 1\)"),
        ("\n\nnull x", r"not JSON \(line 3\)"),
        ("", "not JSON"),
        (b"\xff{}", "not UTF-8"),
    ],
)
def test_json_that_cannot_be_read_has_a_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        json_of(text)


def test_json_is_read_with_a_mark_and_the_last_of_equal_keys() -> None:
    assert json_of(b'\xef\xbb\xbf{"a": 1, "a": [2.5, "\xc3\xa9"]}') == {"a": [2.5, "é"]}
    assert json_of("[" * DEEPEST + "]" * DEEPEST)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "-1e999", "9" * 401])
def test_numbers_may_have_to_be_finite(number: str) -> None:
    json_of(f"[{number}]")
    with pytest.raises(UnusableError, match="in it is no number"):
        json_of(f"[{number}]", finite=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (".".join(["a"] * 100_000) + " = 1", "a key of more than 32 parts"),
        ("[" + ".".join(['"a\\"."'] * 40) + "]", "a key of more than 32 parts"),
        ("x = {" + " . ".join(["'a'"] * 40) + " = 1}", "a key of more than 32 parts"),
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "{b = " * 100_000, "nested too deeply"),
        ("a = " + "9" * 5000, "no TOML"),
        ("a = 1\na = 2", r"no TOML, cannot overwrite a value \(at end"),
        ("a = 2025-13-41", "no TOML"),
        (b"a = '\xe9'", "not UTF-8"),
    ],
)
def test_toml_that_cannot_be_read_has_a_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        toml_of(text)


def test_toml_with_many_dots_that_are_no_key_is_read() -> None:
    numbers = ", ".join(["1.5"] * 100)
    assert (
        toml_of(f"# {'e.g. ' * 10}\na.b = [{numbers}]\ntext = 'www.{'example.' * 25}org …….....'")["a"]["b"][0] == 1.5
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS, "aliases stand for more"),
        ("a: &a [*a]", "an alias without an anchor"),
        ("path: *elsewhere", "an alias without an anchor"),
        ("[" * 5_000, "nested too deeply"),
        ("- " * 5_000 + "x", "nested too deeply"),
        ("? [a]\n: b", "a list or a table as a key"),
        ("a: [\n", r"not YAML \(line 2\)"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("a: \x07", "not YAML"),
        ("\t- @", "not YAML"),
    ],
)
def test_yaml_that_cannot_be_read_has_a_reason(text: str, reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        yaml_of(text)


def test_yaml_scalars_stay_texts_and_nothing_is_merged_or_constructed() -> None:
    text = "a: &x [no, 3.10, 1_000]\nb: *x\n<<: {c: 1}\nd: !!python/object/apply:os.system [ls]\n'e': \"f\"\ng:\n"
    assert yaml_of(text) == {
        "a": ["no", "3.10", "1_000"],
        "b": ["no", "3.10", "1_000"],
        "<<": {"c": "1"},
        "d": ["ls"],
        "e": "f",
        "g": "",
    }
    assert yaml_of("") is None


def test_the_head_of_a_readme_is_cut_before_it_is_parsed() -> None:
    readme = '\ufeff---\nlicense: mit\n"configs":\n- config_name: a\nbroken: [\n--- \n# Title\n---\n'
    head = head_of(readme)
    assert head is not None
    assert dict(entries_of(head))["configs"] == '"configs":\n- config_name: a'
    assert head_of("# no head\n---\n") is None
    assert head_of("---\nno end\n") is None
    assert head_of("\n" * 100_000) is None


def test_csv_rows_have_bounded_fields_and_columns() -> None:
    assert csv_rows('a,"b\nc"\n\n1,2\n') == [["a", "b\nc"], ["1", "2"]]
    with pytest.raises(UnusableError, match="not CSV"):
        csv_rows('"' + "x" * 200_000)
    with pytest.raises(UnusableError, match="more than 2,000 columns"):
        csv_rows("," * 2_000)


@pytest.mark.parametrize("call", ["toml_of('.'.join(['a'] * 100_000) + ' = 1')", "yaml_of(LAUGHS)"])
def test_a_text_of_little_size_takes_little_memory(call: str) -> None:
    code = f"""
import resource
from leaderbench.files.parsing import toml_of, yaml_of
LAUGHS = {LAUGHS!r}
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
try:
    {call}
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(("parts", "characters"))
