"""Charts of scores: what is in them, what is said of them, that each can be drawn."""

import json
import math
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report import charts_of_plots as of_plots
from leaderbench.explain.report import charts_of_scores as charts
from leaderbench.explain.report.charts_of_plots import Crowd, ModelPoint, Plot
from leaderbench.explain.report.charts_of_scores import Level, SubsetScore
from leaderbench.explain.report.values import Chart
from leaderbench.explain.report.wording import joined, spoken, told
from leaderbench.sentences import Sentence

HOSTILE = "</script><img src=x onerror=alert(1)>"
nan = math.nan


def rows(chart: Chart, name: str) -> list[dict[str, Any]]:
    """The rows of a chart's data that have this field."""
    datasets: Any = chart.spec["datasets"]
    return [row for values in datasets.values() for row in values if name in row]


def subset(name: str, value: float, reach: float = 0.05, **changes: Any) -> SubsetScore:
    return SubsetScore(name, value, value - reach, value + reach, 100, **changes)


def point(model: str, at: float, value: float, **changes: Any) -> ModelPoint:
    return ModelPoint(model, at, f"{at:g}", value, value - 0.02, value + 0.02, **changes)


def plot(**changes: Any) -> Plot:
    points = [
        point("a", 1e9, 0.4),
        point(HOSTILE, 7e9, 0.6, link="/en/model?name=x"),
        point("c", 7e10, 0.5, solid=False),
    ]
    return Plot(**({"points": points, "frontier": points[:2], "levels": [Level("chance", 0.25)]} | changes))


def every_chart() -> list[Chart]:
    crowd = [Crowd(1e9, 2e9, 0.3, 0.4, 12), Crowd(2e9, 4e9, 0.3, 0.4, 1)]
    moments = [point("a", 1.7e12, 0.4), point("b", 1.75e12, 0.6)]
    return [
        charts.by_subset([subset(f"s{i}", i / 60) for i in range(57)], [Level("all", 0.5), Level(HOSTILE, 0.25)]),
        charts.by_subset([subset("one", 0.5, nan), subset(HOSTILE, 0.6, nan)]),
        charts.distribution([0.3, 0.4, 0.41, 0.9], [Level("chance", 0.25)]),
        charts.distribution([12.5], percent=False),
        of_plots.size_against_score(plot(), score=HOSTILE),
        of_plots.size_against_score(plot(crowd=crowd), score="score", percent=False),
        of_plots.score_over_time(plot(points=moments, frontier=moments), score="score"),
        of_plots.score_over_time(plot(points=moments[:1], frontier=moments[:1], levels=()), score="score"),
    ]


def test_vega_lite_draws_every_chart_without_complaint(capfd: pytest.CaptureFixture[str]) -> None:
    import vl_convert

    for chart in every_chart():
        json.dumps(chart.spec, allow_nan=False)
        assert "config" not in chart.spec
        svg = vl_convert.vegalite_to_svg(chart.spec | {"width": 600})
        assert svg.count("<path") > 2
        assert chart.description
    assert "WARN" not in capfd.readouterr().err


def test_subsets_are_sorted_and_each_of_57_has_its_label() -> None:
    import vl_convert

    chart = charts.by_subset([subset(f"subject_{i}", i / 57) for i in range(57)], [Level("all", 0.5)])
    assert [row["subset"] for row in rows(chart, "subset")] == [f"subject_{i}" for i in reversed(range(57))]
    svg = vl_convert.vegalite_to_svg(chart.spec | {"width": 390})
    assert all(f">subject_{i}<" in svg for i in range(57))
    assert "from subject_0 with 0.0 to subject_56 with 98.2" in chart.description
    assert "all: 50.0." in chart.description


def test_a_subset_whose_interval_holds_the_whole_is_hollow() -> None:
    chart = charts.by_subset([subset("near", 0.52), subset("far", 0.9)], [Level("all", 0.5)])
    assert {row["subset"]: row["apart"] for row in rows(chart, "subset")} == {"near": False, "far": True}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_a_histogram_counts_every_score_once_in_a_bar_that_holds_it(scores: list[float]) -> None:
    found = rows(charts.distribution(scores), "count")
    assert sum(row["count"] for row in found) == len(scores)
    assert len(found) <= 42
    for score in scores:
        assert any(row["from"] - 1e-6 <= 100 * score <= row["to"] + 1e-6 for row in found)


def test_the_line_of_the_best_goes_on_to_the_last_model() -> None:
    line = [
        row for row in rows(of_plots.size_against_score(plot(), score="score"), "at") if set(row) == {"at", "value"}
    ]
    assert [(row["at"], round(row["value"], 6)) for row in line] == [(1e9, 40.0), (7e9, 60.0), (7e10, 60.0)]


def test_many_points_have_no_whiskers() -> None:
    def drawn(count: int) -> str:
        points = [point(f"m{i}", 1e9 + i, random.Random(i).random()) for i in range(count)]
        return json.dumps(of_plots.size_against_score(plot(points=points), score="score").spec)

    assert '"high"' in drawn(of_plots.intervals_up_to)
    assert "Whiskers" in of_plots.size_against_score(plot(), score="score").note
    none = [replace(item, low=nan, high=nan) for item in plot().points]
    assert "Whiskers" not in of_plots.size_against_score(plot(points=none), score="score").note
    assert '{"field": "high"}' not in drawn(of_plots.intervals_up_to + 1)


@pytest.mark.parametrize("days", [0, 3, 20, 100, 500, 4000, 20000])
def test_a_time_axis_has_some_dates_and_not_too_many(days: int) -> None:
    low = 1.7e12
    found = of_plots._dates(low - 2 * of_plots.day, low + (days + 2) * of_plots.day)
    assert 2 <= len(found) <= 8
    assert all(date % of_plots.day == 0 for date in found)


@pytest.mark.parametrize(("low", "high"), [(7e9, 7e9), (1e6, 1e12), (1e9, 3e9), (5e8, 7e10)])
def test_a_size_axis_has_round_numbers(low: float, high: float) -> None:
    found = of_plots._sizes(low / 1.6, high * 1.6)
    assert 1 <= len(found) <= 9
    assert all(f"{size:e}"[0] in "1235" for size in found)


def test_nothing_to_draw_is_an_error() -> None:
    for wrong in (
        lambda: charts.by_subset([]),
        lambda: charts.distribution([nan]),
        lambda: of_plots.size_against_score(Plot((), ()), score="score"),
    ):
        with pytest.raises(LeaderbenchError, match="nothing to draw"):
            wrong()


def test_every_word_of_a_chart_is_told_in_another_language_and_no_name_is() -> None:
    chart = told(of_plots.size_against_score(plot(), score=Sentence("score")), lambda text: "@")
    text = json.dumps(chart.spec)
    titles = [part for part in text.split('"title": ')[1:] if not part.startswith('"@"')]
    assert titles == []
    assert HOSTILE[3:9] in text
    assert chart.description == chart.note == chart.title == "@"


def test_parts_of_a_list_stay_sentences() -> None:
    found = joined("; ", [Sentence("score"), "", "name {x}", Sentence("{n} models", n=3)])
    assert found == "score; name {x}; 3 models"
    assert isinstance(found, Sentence)
    assert joined("; ", []) == ""
    assert spoken(["a", "b", "c"]) == "a, b and c"
    assert spoken(["a"]) == "a"
    assert spoken([]) == ""


def test_names_on_an_axis_are_told_and_broken_anew() -> None:
    from leaderbench.explain.report import charts as others
    from leaderbench.explain.report.charts import Contribution

    causes = [
        Contribution(Sentence("template"), 1.0, 0.5, 1.5, nan, nan),
        Contribution("plain", 1.0, 0.5, 1.5, nan, nan),
    ]
    made = others.contributions(("mmlu/original", 60.0), causes, ("mmlu/harness", 62.0))
    assert json.dumps(made.spec).count('\\"template\\"') == 1
    chinese = json.dumps(told(made, lambda text: "模板" if text == "template" else "?").spec, ensure_ascii=False)
    assert '[\\"mmlu/original\\", \\"' in chinese
    assert "\\u6a21\\\\u677f" in chinese or "模板" in chinese
    assert '\\"template\\"' not in chinese
    assert '\\"plain\\"' in chinese


@pytest.mark.parametrize(
    ("draw", "place", "apart", "said"),
    [
        (of_plots.size_against_score, 1e9, 1.0, "All of these models have one size, so no line"),
        (of_plots.score_over_time, 1.7e12, of_plots.day, "All of these dates lie within one day, so no line"),
    ],
)
def test_a_line_along_the_best_is_drawn_and_said_only_where_it_leads_somewhere(
    draw: Any, place: float, apart: float, said: str
) -> None:
    same = [point("a", place, 0.4), point("b", place + (apart > 1), 0.6)]
    other = [same[0], point("b", place + apart, 0.6)]
    (still, led) = (draw(plot(points=item, frontier=item), score="score") for item in (same, other))
    assert said in still.note
    assert "Line:" not in still.note
    assert '"interpolate": "step-after"' not in json.dumps(still.spec)
    assert "Line: the best score" in led.note
    assert '"interpolate": "step-after"' in json.dumps(led.spec)
