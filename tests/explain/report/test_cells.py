"""Numbers and texts of table cells."""

import math

import pytest

from leaderbench.explain.report import cells
from leaderbench.explain.report.values import Bar, Cell, Table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (14042, "14,042"),
        (0.0, "0"),
        (0.637, "0.637"),
        (0.0357, "0.036"),
        (0.00079, "0.00079"),
        (2.34e-31, "2.3e−31"),
        (-0.5, "−0.500"),
        (12.345, "12.35"),
        (1234.56, "1,234.6"),
        (math.nan, "–"),
        (-math.inf, "−∞"),
    ],
)
def test_a_number_has_as_many_digits_as_say_something(value: float, text: str) -> None:
    assert cells.number(value) == text


def test_a_sign_is_shown_where_asked_and_never_before_zero() -> None:
    assert [cells.number(value, 1, signed=True) for value in (1.25, -1.25, 0.0, -0.01, 0.01)] == [
        "+1.2",
        "−1.2",
        "0.0",
        "0.0",
        "0.0",
    ]


def test_bars_of_a_column_with_a_negative_end_are_signed() -> None:
    assert cells.is_signed([Bar(1, 0.5, 2), Bar(1, -0.1, 2)])
    assert not cells.is_signed([Bar(1, math.nan, math.nan)])


def test_an_interval_is_empty_where_there_is_none() -> None:
    assert cells.interval(Bar(1.0, math.nan, math.nan)) == ""
    assert cells.interval(Bar(1.0, -0.5, 2.5), signed=True) == "−0.5 to +2.5"


@pytest.mark.parametrize("column", [("63.7 %", None, "–"), (1, 2.5, Bar(1, 0, 2)), ("-6.1 to +0.4", ""), ("< 1e-9",)])
def test_columns_of_numbers_are_recognised(column: tuple[Cell, ...]) -> None:
    assert cells.is_numeric(column)


@pytest.mark.parametrize("column", [("1", "a"), (None, ""), (), ("mmlu/1",), (True,)])
def test_columns_with_anything_else_are_text(column: tuple[Cell, ...]) -> None:
    assert not cells.is_numeric(column)


def test_a_row_that_ends_early_has_nothing_there() -> None:
    assert cells.column(Table("", ("a", "b"), (("x", 1), ("y",))), 1) == (1, None)


def test_the_scale_of_bars_has_zero_within() -> None:
    assert cells.scale([Bar(2, 1, 3)]) == (0, 3)
    assert cells.scale([Bar(-2, -4, -1), Bar(1, math.nan, math.nan)]) == (-4, 1)
    assert cells.scale([Bar(math.nan, math.nan, math.nan)]) == (0, 1)
