"""Each rule against a slow literal reading of its definition, on tables full of ties and holes."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.boards import rules
from leaderbench.boards.rules import Floats

values = st.sampled_from([math.nan, 0.0, 0.25, 0.5, 0.5, 0.7, 1.0])


@st.composite
def tables(draw: st.DrawFn, least: int = 1) -> Floats:
    """Up to 7 models in up to 4 columns; few values, so many ties, and holes down to whole rows and columns."""
    columns = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(values, min_size=columns, max_size=columns), min_size=least, max_size=7))
    return np.array(rows, dtype=np.float64)


def same(found: Floats, wanted: list[float]) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=0, equal_nan=True)


def literal_borda(table: list[list[float]]) -> list[float]:
    present = [row for row in table if any(not math.isnan(x) for x in row)]
    points = []
    for row in table:
        total = 0.0
        for column, x in enumerate(row):
            if not math.isnan(x):
                others = [other[column] for other in table if not math.isnan(other[column])]
                first = 1 + sum(y > x for y in others)
                last = sum(y >= x for y in others)
                total += len(present) - (first + last) / 2
        points.append(total if any(not math.isnan(x) for x in row) else math.nan)
    return points


@given(tables())
def test_borda_is_its_definition(table: Floats) -> None:
    same(rules.borda(table), literal_borda(table.tolist()))


def literal_win_rate(table: list[list[float]]) -> list[float]:
    found = []
    for row in table:
        rates = []
        for column, x in enumerate(row):
            others = [other[column] for other in table if not math.isnan(other[column])]
            if not math.isnan(x) and len(others) >= 2:
                rates.append((sum(y < x for y in others) + (sum(y == x for y in others) - 1) / 2) / (len(others) - 1))
        found.append(sum(rates) / len(rates) if rates else math.nan)
    return found


@given(tables())
def test_mean_win_rate_is_its_definition(table: Floats) -> None:
    same(rules.mean_win_rate(table), literal_win_rate(table.tolist()))


@given(tables(least=2))
def test_a_win_rate_is_the_share_of_opponents_beaten_where_nothing_is_missing(table: Floats) -> None:
    full = np.nan_to_num(table, nan=0.1)
    beaten = np.zeros(len(full))
    for a, b in combinations(range(len(full)), 2):
        wins = ((full[a] > full[b]) + 0.5 * (full[a] == full[b])).mean()
        beaten[a] += wins
        beaten[b] += 1 - wins
    same(rules.mean_win_rate(full), (beaten / (len(full) - 1)).tolist())


@given(tables())
def test_language_win_rate_is_its_definition(table: Floats) -> None:
    languages = [("python", "java"), ("python",), ("c",), ("c", "java")][: table.shape[1]]
    names = {name for column in languages for name in column}
    models = sum(any(not math.isnan(x) for x in row) for row in table.tolist())
    wanted = []
    by_language = {
        name: [
            sum(row[i] for i, column in enumerate(languages) if name in column)
            / sum(name in column for column in languages)
            for row in table.tolist()
        ]
        for name in names
    }
    for row in range(len(table)):
        wins = []
        for scores in by_language.values():
            known = [x for x in scores if not math.isnan(x)]
            if not math.isnan(x := scores[row]):
                better, equal = sum(y > x + 1e-12 for y in known), sum(abs(y - x) <= 1e-12 for y in known)
                wins.append(models - (better + (equal + 1) / 2 - 1))
        wanted.append(sum(wins) / len(wins) if wins else math.nan)
    same(rules.language_win_rate(table, languages), wanted)


@given(tables())
def test_a_mean_is_missing_where_a_column_is(table: Floats) -> None:
    same(rules.mean(table), [math.nan if any(map(math.isnan, row)) else sum(row) / len(row) for row in table.tolist()])


def test_a_mean_over_types_weighs_every_type_the_same() -> None:
    weights = rules.type_weights(["a", "b", "a", "a"])
    same(rules.mean(np.array([[0.3, 1.0, 0.6, 0.9]]), weights), [(0.6 + 1.0) / 2])


@given(tables())
def test_ties_share_the_better_place(table: Floats) -> None:
    scores = table[:, 0].tolist()
    wanted = [0 if math.isnan(x) else 1 + sum(y > x for y in scores) for x in scores]
    assert rules.places(table[:, 0]).tolist() == wanted


def test_means_of_the_same_numbers_in_another_order_tie() -> None:
    table = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.3, 0.1, 0.2]])
    assert len({float(x) for x in rules.mean(table)}) > 1, "otherwise this shows nothing"
    assert rules.places(rules.mean(table)).tolist() == [1, 1, 1]


@given(tables())
def test_the_order_of_rows_and_columns_changes_no_place(table: Floats) -> None:
    rows, columns = np.random.default_rng(1).permutation(len(table)), np.arange(table.shape[1])[::-1]
    for rule in (rules.borda, rules.mean_win_rate, rules.mean):
        places = rules.places(rule(table))
        assert rules.places(rule(table[rows][:, columns])).tolist() == places[rows].tolist()


@given(tables())
def test_a_model_that_is_worse_everywhere_changes_nobody_elses_order_under_the_mean(table: Floats) -> None:
    more = np.concatenate([table, np.full((1, table.shape[1]), -1.0)])
    assert rules.places(rules.mean(more))[:-1].tolist() == rules.places(rules.mean(table)).tolist()


def test_an_empty_table_has_no_scores() -> None:
    nothing = np.empty((0, 3))
    for rule in (rules.borda, rules.mean_win_rate, rules.mean):
        assert rule(nothing).tolist() == []
    assert rules.places(np.array([])).tolist() == []
    assert rules.language_win_rate(nothing, [("a",)] * 3).tolist() == []


def test_missing_data_can_lift_a_model_to_first_place_under_the_mean_win_rate() -> None:
    table = np.array([[0.9, 0.5], [0.8, 0.6], [0.95, math.nan]])
    assert rules.places(rules.mean_win_rate(table)).tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("raw", "choices", "wanted"),
    [(0.7, 2, 40.0), (0.4, 5, 25.0), (0.6, 3, 40.0), (0.6, 4, 46.67), (0.1, 4, 0.0), (0.25, 4, 0.0), (1.0, 10, 100.0)],
)
def test_normalisation_gives_the_published_examples(raw: float, choices: int, wanted: float) -> None:
    assert round(100 * float(rules.normalise(raw, 1 / choices)), 2) == wanted


@given(st.fractions(0, 1), st.integers(2, 20))
def test_normalisation_is_its_formula(raw: Fraction, choices: int) -> None:
    lower = Fraction(1, choices)
    wanted = Fraction(0) if raw < lower else (raw - lower) / (1 - lower)
    assert float(rules.normalise(float(raw), float(lower))) == pytest.approx(float(wanted), abs=1e-12)


def test_what_is_missing_stays_missing_when_normalised() -> None:
    assert np.isnan(rules.normalise([math.nan, 0.5], [0.25, math.nan])).all()
