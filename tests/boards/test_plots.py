"""Models of a board by size and date: what is drawn, counted and missing; ranks by column."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from leaderbench.boards import plots
from leaderbench.boards.plots import Point, by_date, by_size, implementations, milliseconds
from leaderbench.boards.reading import boards


def point(name: str, score: float, parameters: int | None = None, date: str = "", **changes: Any) -> Point:
    return replace(Point(name, name, score, math.nan, math.nan, parameters, date, True), **changes)


def test_the_frontier_is_better_than_all_to_its_left() -> None:
    found = by_size(
        [point("d", 0.9, 9), point("a", 0.5, 1), point("b", 0.4, 2), point("c", 0.6, 2), point("e", 0.9, 10)]
    )
    assert [item.name for item in found.points] == ["a", "c", "b", "d", "e"]
    assert [item.name for item in found.frontier] == ["a", "c", "d"]


def test_a_size_that_is_guessed_is_drawn_and_not_on_the_frontier() -> None:
    found = by_size([point("a", 0.9, 1, size_guessed=True), point("b", 0.4, 2), point("c", 0.6, 3)])
    assert [item.name for item in found.points] == ["a", "b", "c"]
    assert [item.name for item in found.frontier] == ["b", "c"]
    assert (found.placed, found.guessed) == (3, 1)
    assert by_size([point("a", 0.9, 1, size_guessed=True)]).frontier == ()


def test_where_lower_is_better_the_frontier_goes_down() -> None:
    found = by_date(
        [point("a", 5.0, date="2023"), point("b", 6.0, date="2024"), point("c", 4.0, date="2025")], lower=True
    )
    assert [item.name for item in found.frontier] == ["a", "c"]


def test_models_of_unknown_size_or_date_are_counted() -> None:
    some = [point("a", 0.5, 7, "2024-05"), point("b", 0.6), point("c", 0.7, None, "soon")]
    assert (by_size(some).placed, by_size(some).missing) == (1, 2)
    assert (by_date(some).placed, by_date(some).missing) == (1, 2)
    assert by_size([]).points == ()


def test_many_models_are_counted_in_cells_and_none_is_lost() -> None:
    many = [point(f"m{i}", (i * 7919 % 997) / 997, 10 ** (6 + i % 5)) for i in range(plots.most_points + 1)]
    found = by_size(many)
    assert sum(cell.count for cell in found.cells) == len(many)
    assert found.points == found.frontier
    assert len(found.cells) <= plots.cells_across * plots.cells_up
    for cell in found.cells:
        inside = [item for item in many if cell.left <= (item.parameters or 0) * (1 + 1e-9)]
        assert inside
        assert cell.left < cell.right
        assert cell.low < cell.high
    assert by_size(many[:-1]).cells == ()


def test_models_that_are_all_alike_lie_in_one_cell() -> None:
    found = by_date([point(f"m{i}", 0.5, date="2024-01-01") for i in range(plots.most_points + 1)])
    assert [cell.count for cell in found.cells] == [plots.most_points + 1]


@pytest.mark.parametrize(
    ("date", "days"),
    [
        ("1970", 0),
        ("1970-02", 31),
        ("1970-01-03", 2),
        ("1970-01-02T12:00:00+00:00", 1.5),
        ("1970-01-02T12:00:00", 1.5),
        ("", None),
        ("yesterday", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("20", None),
        ("2024-13", None),
    ],
)
def test_dates_are_years_months_days_or_moments(date: str, days: float | None) -> None:
    assert milliseconds(date) == (None if days is None else days * 86_400_000)


def test_only_whole_implementations_of_one_family_are_compared() -> None:
    specs = {item.name: item.spec for item in boards(None)}
    shipped = {name: implementations(spec.columns) for name, spec in specs.items() if spec is not None}
    assert shipped["mmlu"] == "mmlu"
    assert shipped["demo"] == "exam"
    assert shipped["open-llm-v1"] == ""
    assert shipped["chinese"] == ""
    assert implementations(()) == ""


def cell(estimate: float) -> Any:
    return SimpleNamespace(lacking=None, estimate=estimate, low=estimate - 0.1, high=estimate + 0.1)


def test_ranks_are_among_the_models_shown_and_ties_share_the_better_place() -> None:
    (spec,) = (item.spec for item in boards(None) if item.name == "mmlu")
    assert spec
    columns = spec.columns[:2]
    scores = {"a": (0.9, 0.5), "b": (0.8, 0.7), "c": (0.8, 0.6), "d": (0.1, 0.9)}
    rows = [SimpleNamespace(name=name, baseline=False, cells=tuple(map(cell, both))) for name, both in scores.items()]
    rows.insert(1, SimpleNamespace(name="holey", baseline=False, cells=(cell(1.0), None)))
    rows.append(SimpleNamespace(name="chance", baseline=True, cells=(cell(0.25), cell(0.25))))
    table: Any = SimpleNamespace(rows=rows, spec=SimpleNamespace(columns=columns))
    found, models = plots.ranks(table, most=3)
    assert models == 4
    assert [(item.column == columns[0].name, item.name, item.rank) for item in found] == [
        (True, "a", 1),
        (True, "b", 2),
        (True, "c", 2),
        (False, "a", 3),
        (False, "b", 1),
        (False, "c", 2),
    ]
