"""Tables as files: the same numbers come back, and no text does more than be read."""

import csv
import io
import json
import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.boards.export import as_csv, as_json, as_markdown, escaped, formula_like, shown
from leaderbench.boards.standing import stand
from leaderbench.boards.table import BoardTable
from leaderbench.text.visible import one_line
from tests.boards.conftest import make_entry, make_spec

hostile = [
    "org/a,b",
    'say "hi"',
    "two\nlines",
    "two\r\nlines",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "'quoted",
    "＝1",
    "<script>alert(1)</script>",
    "a|b",
    "`code` *bold* [link](javascript:alert(1))",
    "\x1b[31mred",
    "\u202egnp.exe",
    "emoji 🤗",
    "../../etc/passwd",
    "",
]


def board_of(models: list[str]) -> BoardTable:
    entries = [make_entry(m, "a", 0.1 + 0.8 * i / len(models), 0.01 + i / 1000) for i, m in enumerate(models)]
    entries += [make_entry(models[0], "b", 1 / 3), make_entry("baseline:random", "a", 0.25)]
    return stand(make_spec("mean", "a", 'imported = "b"\ndirection = "none"'), entries, name="test")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_the_interval_of_a_filtered_rank_beside_that_of_the_static_one() -> None:
    entries = [make_entry(model, "a", share, 0.05) for model, share in (("x", 0.9), ("y", 0.5), ("z", 0.49))]
    spec = make_spec("mean", "a")
    table = stand(spec, entries, filters=lambda row: row.model != "x", name="test")
    for row, standing in zip(read(as_csv(table)), table.rows, strict=True):
        place = standing.filtered
        assert place is not None
        shown_place = row["filtered rank"], row["filtered rank low"], row["filtered rank high"]
        assert shown_place == (str(place.rank), str(place.low), str(place.high))
        assert row["rank low"] != row["filtered rank low"]
    assert {row["filtered rank low"] for row in read(as_csv(stand(spec, entries, name="test")))} == {""}


def test_csv_reads_back_to_the_same_models_and_numbers() -> None:
    table = board_of(hostile)
    rows = read(as_csv(table))
    assert len(rows) == len(table.rows)
    for row, standing in zip(rows, table.rows, strict=True):
        assert row["model"].removeprefix("'") == standing.model.removeprefix("'" * (row["model"] == standing.model))
        assert float(row["score"]) == standing.score
        assert float(row["score low"]) == standing.low
        cell = standing.cells[0]
        assert cell is not None
        assert (float(row["a"]), float(row["a low"]), int(row["a n"])) == (cell.estimate, cell.low, cell.n)
        if standing.static is None:
            assert row["rank"] == ""
            assert row["baseline"] == "true"
        else:
            assert [int(row[f"rank{end}"]) for end in ("", " low", " high")] == [
                standing.static.rank, standing.static.low, standing.static.high
            ]  # fmt: skip
        assert (row["b"] == "") == (standing.cells[1] is None)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_no_text_in_csv_is_a_formula_and_every_text_comes_back(name: str) -> None:
    (row,) = read(as_csv(stand(make_spec("mean", "a"), [make_entry(name, "a", 0.5)])))
    assert not row["model"].startswith(tuple(sign for sign in formula_like if sign != "'"))
    assert (row["model"].removeprefix("'")) == name


def test_what_is_not_a_number_is_an_empty_cell_and_null() -> None:
    table = stand(make_spec("mean", "a", "b"), [make_entry("m", "a", 0.5, math.nan, n=0)])
    (row,) = read(as_csv(table))
    assert [row[name] for name in ("score", "rank", "a low", "b")] == ["", "", "", ""]
    (plain,) = json.loads(json.dumps(as_json(table), allow_nan=False))["rows"]
    assert plain["score"] is None
    assert plain["cells"]["b"] is None
    assert plain["cells"]["a"]["standard_error"] is None


def test_json_has_everything_that_the_table_has() -> None:
    table = board_of(["x", "y"])
    found = json.loads(json.dumps(as_json(table), allow_nan=False))
    assert found["formula"] == table.formula.text
    assert found["notes"] == list(table.notes)
    assert [column["name"] for column in found["columns"]] == ["a", "b"]
    for row, standing in zip(found["rows"], table.rows, strict=True):
        assert row["model"] == standing.model
        assert row["score"] == standing.score
        assert (row["static_rank"] or {}).get("rank") == (standing.static.rank if standing.static else None)
        assert row["filtered_rank"] is None
        assert row["rank_interval_from"] == standing.basis.value


def test_markdown_is_one_line_a_row_whatever_models_are_called() -> None:
    table = board_of(hostile)
    lines = as_markdown(table).splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == len(table.rows) + 2
    for line in rows:
        assert line.replace("\\|", "").count("|") == 7
    assert not any("\x1b" in line or "\u202e" in line or "<script" in line.replace("\\<", "") for line in lines)
    assert any("formula version 1" in line for line in lines)


@pytest.mark.parametrize("text", hostile)
def test_a_text_on_one_line_has_no_control_characters(text: str) -> None:
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in one_line(text))
    assert len(one_line(text).splitlines()) <= 1
    assert "\n" not in escaped(text)


@pytest.mark.parametrize(
    ("value", "share", "text"),
    [(0.5421, None, "54.2"), (1.0, None, "100.0"), (12.34, None, "12.3"), (math.nan, None, "–"), (0.5, False, "0.50")],
)
def test_numbers_are_shown_to_one_decimal_and_small_ones_that_are_no_shares_to_two(
    value: float, share: bool | None, text: str
) -> None:
    assert shown(value, share=share) == text


@pytest.mark.parametrize(
    ("head", "values", "wanted"),
    [
        ("", [0.8, 0.25], ["80.0", "25.0"]),
        ("", [0.8, 1.25], ["0.80", "1.25"]),
        ('direction = "lower"', [0.8, 0.25], ["0.80", "0.25"]),
        ("", [1203.4, 998.0], ["1,203.4", "998.0"]),
    ],
    ids=["shares", "beyond one", "lower is better", "ratings"],
)
def test_only_a_column_of_shares_is_shown_in_percent(head: str, values: list[float], wanted: list[str]) -> None:
    spec = make_spec("borda", f'imported = "a"\n{head}')
    entries = [make_entry(f"m{i}", "a", value, math.nan, n=0) for i, value in enumerate(values)]
    text = as_markdown(stand(spec, entries))
    assert [word for word in wanted if f" {word} |" in text] == wanted
