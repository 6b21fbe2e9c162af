"""Charts as Vega-Lite."""

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report import charts
from leaderbench.explain.report.chart_basics import wrapped
from leaderbench.explain.report.charts_of_models import ticks
from leaderbench.explain.report.values import Chart
from tests.explain.report import sample_reports


def rows(chart: Chart) -> list[dict[str, Any]]:
    """All rows of a chart's data, layer by layer."""
    datasets: Any = chart.spec["datasets"]
    return [row for values in datasets.values() for row in values]


def parts(value: object) -> Iterator[dict[str, Any]]:
    """Every object within a specification."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from parts(item)


def having(chart: Chart, name: str) -> list[dict[str, Any]]:
    """The rows that have this field."""
    return [row for row in rows(chart) if name in row]


@pytest.mark.parametrize("names", [("a", "b", "c"), sample_reports.hostile], ids=["plain", "hostile"])
def test_a_chart_is_json_with_its_data_inside_and_no_configuration(names: tuple[str, ...]) -> None:
    for chart in sample_reports.all_charts(names):
        json.dumps(chart.spec, allow_nan=False).encode()
        assert "config" not in chart.spec
        assert chart.spec["width"] == "container"
        assert not any("url" in part or "href" in part for part in parts(chart.spec))
        assert chart.description
        assert chart.title


def test_vega_lite_draws_every_chart() -> None:
    import vl_convert

    for chart in sample_reports.all_charts():
        svg = vl_convert.vegalite_to_svg(chart.spec | {"width": 600})
        assert svg.count("<path") > 3


def test_contributions_lead_from_one_score_to_the_other() -> None:
    causes = sample_reports.contributions()
    chart = charts.contributions(("a", 63.7), causes, ("b", 64.2), -0.5)
    steps = having(chart, "cause")
    assert [step["cause"] for step in steps] == ["prompt template", "scoring rule", "not reproduced"]
    assert [(round(step["from"], 9), round(step["end"], 9)) for step in steps] == [
        (63.7, 65.7),
        (65.7, 64.7),
        (64.7, 64.2),
    ]
    assert (round(steps[0]["low"], 9), round(steps[0]["maximum"], 9)) == (64.9, 67.7)
    assert steps[2]["low"] is None
    assert [step["kind"] for step in steps] == ["up", "down", "rest"]
    assert "scoring rule −1.0 (−1.8 to −0.2)" in chart.description
    assert "Grey bar" in chart.note


def test_contributions_without_a_published_number_have_no_remainder() -> None:
    chart = charts.contributions(("a", 1.0), sample_reports.contributions(), ("b", 2.0))
    assert len(having(chart, "cause")) == 2
    assert "Grey" not in chart.note


def test_contributions_without_orders_have_no_thin_line() -> None:
    cause = charts.Contribution("only", 1.0, math.nan, math.nan, math.nan, math.nan)
    chart = charts.contributions(("a", 1.0), [cause], ("b", 2.0))
    assert "Thin line" not in chart.note
    assert not any(part.get("field") == "minimum" for part in parts(chart.spec["layer"]))


def test_interactions_are_a_triangle_outlined_where_sure() -> None:
    found = [
        charts.Interaction("a", "b", -4.0, -5.0, -3.0),
        charts.Interaction("c", "a", 1.0, -1.0, 3.0),
        charts.Interaction("b", "c", 0.0, math.nan, math.nan),
    ]
    squares = having(charts.interactions(found), "pair")
    assert [(square["row"], square["column"]) for square in squares] == [(0, 0), (1, 0), (1, 1)]
    assert [square["sure"] for square in squares] == [True, False, False]
    assert [square["strength"] for square in squares] == [1.0, 0.25, 0.0]
    assert [square["text"] for square in squares] == ["−4.0", "+1.0", "0.0"]


def test_churn_leaves_the_diagonal_free() -> None:
    squares = having(charts.churn(["a", "b"], [[0, 0.17], [0.17, 0]]), "pair")
    assert [(square["row"], square["column"], square["text"]) for square in squares] == [(0, 1, "17.0"), (1, 0, "17.0")]


def test_shift_or_reorder_has_a_label_a_cause_and_says_what_the_directions_mean() -> None:
    found = [charts.ShiftAndReordering(name, -2, -3, -1, 1, 0.5, 2) for name in ("a", "b", "c", "d", "e")]
    chart = charts.shift_or_reorder(found)
    text = json.dumps(chart.spec, ensure_ascii=False)
    assert "everybody moves: scores not comparable, ranks are" in text
    assert "changes who wins" in text
    heights = [part["dy"] for part in parts(chart.spec["layer"]) if part.get("type") == "text" and "dx" in part]
    assert len(heights) == 5
    assert len(set(heights)) == 4  # names of points at one place keep apart, as far as there is room


@pytest.mark.parametrize(("top", "expected"), [(1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (8.1, [0, 2, 4, 6, 8])])
def test_ticks_are_round_and_few(top: float, expected: list[float]) -> None:
    assert ticks(top) == expected


@given(st.floats(1e-6, 1e6))
def test_ticks_stay_within(top: float) -> None:
    assert 2 <= len(ticks(top)) <= 7
    assert max(ticks(top)) <= top * (1 + 1e-9)


def test_ranks_that_tie_carry_the_same_number_and_lie_side_by_side() -> None:
    found = [
        charts.Rank("x", "helm", 1, 60, 0.4),
        charts.Rank("z", "helm", 2, 50, 0.4),
        charts.Rank("y", "helm", 2, 50, math.nan),
        charts.Rank("x", "original", 3, 40, 0.4),
    ]
    points = having(charts.ranks(found), "slot")
    assert [(point["name"], point["slot"], point["label"]) for point in points] == [
        ("x", 0, "1"),
        ("y", 1, "2="),
        ("z", 2, "2="),
        ("x", 0, "3"),
    ]
    assert [point["score"] for point in points] == ["60.0 ± 0.4", "50.0", "50.0 ± 0.4", "40.0 ± 0.4"]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_every_model_has_a_height_of_its_own(places: list[int]) -> None:
    found = [charts.Rank(f"m{number}", "only", rank, 1.0, 0.1) for number, rank in enumerate(places)]
    slots = {point["name"]: point["slot"] for point in having(charts.ranks(found), "slot")}
    assert sorted(slots.values()) == list(range(len(places)))
    ordered = sorted(found, key=lambda item: slots[item.model])
    assert [item.rank for item in ordered] == sorted(places)


def test_models_can_share_a_name_with_nothing_in_javascript() -> None:
    (point,) = having(charts.ranks([charts.Rank("__proto__", "constructor", 1, 1.0, 0.1)]), "slot")
    assert point["model"] == 0


def test_subsets_are_sorted_and_filled_where_sure() -> None:
    found = [
        charts.SubsetDifference("a", -1.0, -2.0, 1.0, 10),
        charts.SubsetDifference("b", math.nan, math.nan, math.nan, 0),
        charts.SubsetDifference("c", 3.0, 2.0, 4.0, 10),
    ]
    chart = charts.subsets(found)
    points = having(chart, "subset")
    assert [(point["subset"], point["row"], point["sure"]) for point in points] == [
        ("c", 0, True),
        ("a", 1, False),
        ("b", 2, False),
    ]
    assert chart.description.endswith("excludes zero in: c +3.0 (+2.0 to +4.0).")


def test_every_known_margin_is_in_the_histogram() -> None:
    chart = charts.margins([1e-6, 2e-6, 0.0, -0.3, 0.3, math.nan, math.inf], 1e-4)
    bars = having(chart, "count")
    assert sum(bar["count"] for bar in bars) == 5
    assert sum(bar["count"] for bar in bars if bar["below"]) == 3
    assert chart.note.startswith("3 of 5 flipped questions are near ties")
    assert "The margins of 2 more are not known." in chart.note


@given(st.lists(st.floats(0, 1e3), min_size=1), st.floats(1e-8, 1))
def test_bars_of_the_histogram_do_not_overlap(found: list[float], near_tie: float) -> None:
    bars = having(charts.margins(found, near_tie), "count")
    assert sum(bar["count"] for bar in bars) == len(found)
    assert all(before["to"] <= after["from"] * (1 + 1e-9) for before, after in pairwise(bars))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: charts.contributions(("a", 1.0), [], ("b", 2.0)),
        lambda: charts.interactions([]),
        lambda: charts.churn(["only"], [[0.0]]),
        lambda: charts.shift_or_reorder([]),
        lambda: charts.ranks([]),
        lambda: charts.subsets([]),
        lambda: charts.margins([math.nan], 1e-4),
    ],
)
def test_nothing_to_draw_is_said_in_a_sentence(draw: Any) -> None:
    with pytest.raises(LeaderbenchError, match=r"^There is nothing to draw: give at least one .+\.$"):
        draw()


def test_a_number_that_is_unknown_everywhere_is_drawn_without_complaint() -> None:
    nan = math.nan
    for chart in (
        charts.contributions(("a", nan), [charts.Contribution("c", nan, nan, nan, nan, nan)], ("b", nan)),
        charts.interactions([charts.Interaction("a", "b", nan, nan, nan)]),
        charts.churn(["a", "b"], [[nan, nan], [nan, nan]]),
        charts.shift_or_reorder([charts.ShiftAndReordering("a", nan, nan, nan, nan, nan, nan)]),
        charts.subsets([charts.SubsetDifference("a", nan, nan, nan, 0)]),
    ):
        json.dumps(chart.spec, allow_nan=False)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("original", ["original"]),
        ("few-shot examples and their order", ["few-shot", "examples", "and their order"]),
        ("harness-2023", ["harness-", "2023"]),
        ("a/b", ["a/b"]),
        ("", [""]),
    ],
)
def test_names_are_broken_at_spaces_and_hyphens(name: str, lines: list[str]) -> None:
    assert wrapped(name, 11, 3) == lines
