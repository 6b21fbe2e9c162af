"""A mean over other parts than the rest of its column is shown, said to be one, and takes no part in the order."""

from dataclasses import replace

import pytest

from leaderbench.boards.arranged import Arranged, Choice
from leaderbench.boards.export import as_json
from leaderbench.boards.plots import ranks
from leaderbench.boards.spec import BoardSpec
from leaderbench.boards.standing import stand
from leaderbench.boards.table import BoardTable
from leaderbench.models.catalogue import ModelRecord
from leaderbench.results.entries import Entry
from tests.boards.conftest import make_entry, make_spec


def over(model: str, estimate: float, parts: str, **more: str) -> Entry:
    """A published mean over parts, a letter each."""
    return replace(make_entry(model, "x", estimate, identity=model, **more), parts=tuple(parts))  # type: ignore[arg-type]


def board(*entries: Entry, spec: BoardSpec | None = None) -> BoardTable:
    return stand(spec or make_spec("mean", "x"), entries)


def flags(table: BoardTable) -> dict[str, tuple[str, ...]]:
    return {row.name: row.flags[:1] for row in table.rows if row.cells[0] and row.cells[0].lacking}


def test_a_mean_over_fewer_parts_has_no_place_among_those_over_all() -> None:
    table = board(over("a", 0.7, "de"), over("b", 0.6, "de"), over("small", 0.9, "e"))
    assert {row.name: row.static and row.static.rank for row in table.rows} == {"a": 1, "b": 2, "small": None}
    assert flags(table) == {"small": ("x* lacks d of 2 parts and does not count",)}
    assert [row.cells[0].estimate for row in table.rows if row.cells[0]] == [0.7, 0.6, 0.9]


def test_the_most_parts_are_the_whole_however_few_scores_have_them() -> None:
    table = board(*(over(f"m{number}", 0.5 + number / 100, "e") for number in range(9)), over("all", 0.4, "abcdefg"))
    assert [row.name for row in table.rows if row.ranked] == ["all"]
    assert flags(table)["m0"] == ("x* lacks a, b, c and 3 more of 7 parts and does not count",)


def test_of_as_many_other_parts_those_of_most_scores_are_the_whole() -> None:
    table = board(over("a", 0.7, "t"), over("b", 0.6, "t"), over("c", 0.9, "v"))
    assert flags(table) == {"c": ("x* lacks t of 1 parts and does not count",)}


def test_scores_that_do_not_say_their_parts_are_compared_as_before() -> None:
    table = board(over("a", 0.7, "de"), over("b", 0.8, ""), over("c", 0.6, "de"))
    assert [row.name for row in table.rows if row.ranked] == ["b", "a", "c"]


def test_rules_that_rank_inside_columns_know_nothing_of_it() -> None:
    spec = make_spec("borda", "x", "y")
    rest = [make_entry(model, "y", 0.5, identity=model) for model in ("a", "b", "small")]
    table = board(over("a", 0.7, "de"), over("b", 0.6, "de"), over("small", 0.9, "e"), *rest, spec=spec)
    assert {row.name: row.score for row in table.rows} == {"a": 3.0, "b": 2.0, "small": 1.0}
    assert next(row for row in table.rows if row.name == "small").columns == 1


def test_sorting_by_the_column_and_its_ranks_leave_it_out() -> None:
    table = board(over("a", 0.7, "de"), over("b", 0.6, "de"), over("small", 0.9, "e"))
    arranged = Arranged(table, lambda name: ModelRecord(name))
    order = [table.rows[place].name for place in arranged.chosen(Choice(sort="-x"))]
    assert order == ["a", "b", "small"]
    assert {item.name for item in ranks(table)[0]} == {"a", "b"}
    rows = {row["name"]: row["cells"]["x"] for row in as_json(table)["rows"]}
    assert (rows["small"]["counts"], rows["small"]["lacks_parts"]) == (False, ["d"])
    assert (rows["a"]["counts"], rows["a"]["lacks_parts"]) == (True, [])


def revised(model: str, benchmark: str, estimate: float, revision: str, created: str) -> Entry:
    made = make_entry(model, benchmark, estimate, identity=f"{model}{revision}", created=created)
    return replace(made, facts={"revision": revision, "system": "mteb"})


def test_revisions_are_rows_of_their_own_or_one_as_the_board_says() -> None:
    entries = [
        revised("a", "x", 0.5, "one", "2024-01-01"),
        revised("a", "y", 0.6, "two", "2024-02-01"),
        revised("a", "x", 0.7, "two", "2024-02-01"),
        revised("b", "x", 0.4, "one", "2024-01-01"),
        revised("b", "y", 0.4, "one", "2024-01-01"),
    ]
    apart = board(*entries, spec=make_spec("mean", "x", "y"))
    assert sorted(row.name for row in apart.rows) == ["a @ one", "a @ two", "b"]
    assert any("1 model has several revisions" in note for note in apart.notes)
    together = board(*entries, spec=make_spec("mean", "x", "y", head='revisions = "together"'))
    assert [row.name for row in together.rows] == ["a", "b"]
    assert [row.score for row in together.rows] == pytest.approx([0.65, 0.4])
    assert not any("revisions" in note for note in together.notes)


def test_rows_of_which_no_revision_is_known_are_never_taken_together() -> None:
    entries = [make_entry("a", "x", 0.5, identity="1"), make_entry("a", "x", 0.6, identity="2")]
    table = board(*entries, spec=make_spec("mean", "x", head='revisions = "together"'))
    assert len(table.rows) == 2
