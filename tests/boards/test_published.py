"""Published tables on boards: whole columns, intervals that n implies, and boards of what was imported."""

import csv
import math
from pathlib import Path

import pytest

from leaderbench.boards import offer
from leaderbench.boards.export import as_csv, as_json
from leaderbench.boards.published import effective
from leaderbench.boards.reading import parse
from leaderbench.boards.rules import Rule
from leaderbench.boards.stored import board_table
from leaderbench.boards.table import Basis
from leaderbench.errors import LeaderbenchError
from leaderbench.results.imports import import_csv
from leaderbench.results.imports.scores import binomial_error
from leaderbench.results.store import Store

NAMES = "IFEval", "BBH", "MATH Lvl 5", "GPQA", "MUSR", "MMLU-PRO"
HEAD = ",".join(["model", "Average", *(f"{name} Raw,{name}" for name in NAMES)])
ROWS = """
a/one,21.5,0.5,50.0,0.40,14.0,0.1,10.0,0.325,10.0,0.40,15.0,0.37,30.0
b/two,8.0,0.3,30.0,0.31,4.0,0.0,0.0,0.20,0.0,0.36,4.0,0.19,10.0
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def bring_in(store: Store, folder: Path, text: str, name: str = "table.csv") -> None:
    (folder / name).write_text(text, encoding="utf-8")
    import_csv([folder / name], store)


def test_the_second_open_llm_board_shows_its_published_table(store: Store, tmp_path: Path) -> None:
    bring_in(store, tmp_path, HEAD + ROWS)
    table = board_table("open-llm-v2", store)
    assert [(row.model, round(100 * row.score, 9)) for row in table.rows] == [("a/one", 21.5), ("b/two", 8.0)]
    one, two = (dict(zip((c.name for c in table.spec.columns), row.cells, strict=True)) for row in table.rows)
    assert [cell.estimate for cell in one.values() if cell] == pytest.approx([0.5, 0.4, 0.1, 0.325, 0.4, 0.37])
    assert [cell.normalised for cell in one.values() if cell] == pytest.approx([0.5, 0.14, 0.1, 0.1, 0.15, 0.3])
    assert [cell.n for cell in one.values() if cell] == [541, 5761, 1324, 1192, 756, 12032]
    gpqa, ifeval = two["gpqa"], one["ifeval"]
    assert gpqa
    assert ifeval
    assert gpqa.implied
    assert gpqa.estimate == 0.2
    assert gpqa.standard_error == pytest.approx(binomial_error(0.2, 1192))
    assert ifeval.standard_error == pytest.approx(binomial_error(0.5, 541))  # its two parts share their questions
    assert table.rows[0].basis is Basis.STANDARD_ERRORS
    assert table.rows[0].static
    assert (table.rows[0].static.low, table.rows[0].static.high) == (1, 1)
    assert table.share
    assert any("that the number of questions of each benchmark implies" in note for note in table.notes)
    assert "intervals implied by n" in table.rows[0].flags


def test_a_table_without_raw_columns_gives_the_same_average(store: Store, tmp_path: Path) -> None:
    bring_in(store, tmp_path, "model,IFEval,BBH,MATH Lvl 5,GPQA,MUSR,MMLU-PRO\na,50,14,10,10,15,30\nb,30,4,0,0,4,10\n")
    table = board_table("open-llm-v2", store)
    assert [round(100 * row.score, 9) for row in table.rows] == [21.5, 8.0]


def test_what_the_evaluation_cost_is_shown_and_does_not_count(store: Store, tmp_path: Path) -> None:
    lines = (HEAD + ROWS).splitlines()
    bring_in(store, tmp_path, "\n".join([f"{lines[0]},CO₂ cost (kg)", f"{lines[1]},1.5", f"{lines[2]},0.5"]) + "\n")
    table = board_table("open-llm-v2", store)
    assert table.spec.columns[-1].name == "co2"
    assert [row.cells[-1].estimate for row in table.rows if row.cells[-1]] == [1.5, 0.5]
    assert [round(100 * row.score, 9) for row in table.rows] == [21.5, 8.0]
    assert table.shares == (*[True] * 6, False)


def test_the_first_open_llm_board_shows_its_tables_with_the_columns_that_they_had(store: Store, tmp_path: Path) -> None:
    head = "Model,Average,ARC (25-shot),HellaSwag (10-shot),MMLU (5-shot),TruthfulQA (0-shot),Parameters"
    bring_in(store, tmp_path, f"{head}\na,50,40,70,50,40,7\nb,40,30,60,40,30,7\n")
    table = board_table("open-llm-v1", store)
    assert [round(row.score, 9) for row in table.rows] == [0.5, 0.4]
    arc, mmlu = table.rows[0].cells[0], table.rows[0].cells[2]
    assert arc
    assert mmlu
    assert arc.n == 1172
    assert arc.standard_error == pytest.approx(binomial_error(0.4, 1172))
    assert mmlu.n == 14042
    assert mmlu.standard_error > binomial_error(0.5, 14042)  # its subjects are of different sizes
    assert not any("has no scores under" in note for note in table.notes)


def test_a_table_that_only_has_a_column_of_the_same_name_is_not_on_it(store: Store, tmp_path: Path) -> None:
    bring_in(store, tmp_path, "model,MMLU,HumanEval\na,60,30\nb,50,20\n")
    assert not board_table("open-llm-v1", store).rows
    notes = board_table("open-llm-v1", store).notes
    assert "Not shown: 2 rows of published tables, which lack a column that this board needs." in notes


def test_equal_shares_of_unequal_subsets_are_worth_fewer_questions() -> None:
    assert effective([100]) == pytest.approx(100)
    assert effective([100, 100]) == pytest.approx(200)
    assert effective([100, 900]) == pytest.approx(360)


def test_an_unknown_number_of_questions_is_no_zero(store: Store, tmp_path: Path) -> None:
    bring_in(store, tmp_path, "model,x,y\na,60,30\nb,50,20\n")
    path = offer.free_path("mine", store.path)
    offer.make(path, "Mine", ["x/published", "y/published"], store)
    table = board_table("mine", store)
    assert [cell["n"] for row in as_json(table)["rows"] for cell in row["cells"].values()] == [None] * 4
    (first, *_) = csv.DictReader(as_csv(table).splitlines())
    assert first["x/published n"] == ""


def test_a_board_of_what_was_imported(store: Store, tmp_path: Path) -> None:
    bring_in(store, tmp_path, "model,x,y,CO2 cost\na,60,30,1.5\nb,50,20,0.5\n")
    names = ["x/published", "y/published", "co2-cost/published"]
    offer.make(offer.free_path("mine", store.path), 'My "board"', names, store)
    spec = parse((store.path / "boards" / "mine.toml").read_text(encoding="utf-8"))
    assert (spec.title["en"], spec.rule) == ('My "board"', Rule.MEAN)
    assert [(c.name, c.direction.value, c.ranked) for c in spec.columns] == [
        ("x/published", "higher", True),
        ("y/published", "higher", True),
        ("co2-cost/published", "lower", False),
    ]
    assert [row.score for row in board_table("mine", store).rows] == pytest.approx([0.45, 0.35])
    assert offer.showing(names, store.path) == ["mine"]
    with pytest.raises(LeaderbenchError, match="is there already"):
        offer.free_path("mine", store.path)
    with pytest.raises(LeaderbenchError, match="cannot be called"):
        offer.free_path("../mine", store.path)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("model,elo,acc\na,1300,0.5\nb,1200,0.4\n", Rule.BORDA),
        ("model,x,perplexity\na,0.3,12\nb,0.4,13\n", Rule.BORDA),
        ("model,x,y,z\na,50,,\nb,,60,\nc,,,70\nd,10,20,30\n", Rule.BORDA),
        ("model,elo\na,1300\nb,1200\n", Rule.MEAN),
    ],
)
def test_numbers_of_several_scales_are_ranked_and_not_averaged(
    store: Store, tmp_path: Path, text: str, rule: Rule
) -> None:
    bring_in(store, tmp_path, text)
    names = [f"{name}/published" for name in text.partition("\n")[0].split(",")[1:]]
    offer.make(offer.free_path("mine", store.path), "Mine", names, store)
    table = board_table("mine", store)
    assert table.spec.rule is rule
    assert all(row.ranked for row in table.rows)


def test_every_published_average_of_the_second_board_is_reproduced(shared: Path, store: Store) -> None:
    path = shared / "cases" / "tables-of-leaderboards" / "open_llm_leaderboard_v2_120rows.csv"
    import_csv([path], store)
    with path.open(encoding="utf-8-sig", newline="") as file:
        told = {row["fullname"]: float(row["Average ⬆️"]) for row in csv.DictReader(file)}
    found = {row.model: 100 * row.score for row in board_table("open-llm-v2", store).rows}
    assert found.keys() == told.keys()
    assert all(math.isclose(found[name], told[name], rel_tol=0, abs_tol=1e-9) for name in told)


def test_every_published_average_of_the_first_board_is_reproduced(shared: Path, store: Store) -> None:
    path = shared / "cases" / "tables-of-leaderboards" / "open_llm_leaderboard_v1_40rows.csv"
    import_csv([path], store)
    with path.open(encoding="utf-8-sig", newline="") as file:
        told = {row["Model"]: float(row["Average"]) for row in csv.DictReader(file)}
    found = {row.model: 100 * row.score for row in board_table("open-llm-v1", store).rows}
    assert found.keys() == told.keys()
    assert all(abs(found[name] - told[name]) < 0.0501 for name in told)  # published with one decimal
