import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.results.imports import values


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, True, None, "0.5", [0.5], {}, 1e300])
def test_what_is_no_number_of_a_result_is_none(value: Any) -> None:
    assert values.number(value) is None


@pytest.mark.parametrize(("value", "expected"), [("-1.25", -1.25), ("NaN", None), ("-inf", None), ("N/A", None)])
def test_a_text_is_a_number_only_where_numbers_are_written_as_texts(value: str, expected: float | None) -> None:
    assert values.number(value) is None
    assert values.number(value, written=True) == expected


@pytest.mark.parametrize("value", [-1, 0, 1.5, math.nan, True, "7", 2**40])
def test_minus_one_and_zero_are_no_counts(value: Any) -> None:
    assert values.count(value) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('<a target="_blank" href="https://h/x">org/model</a>', "org/model"),
        ("<script>alert(1)</script>org/model<img src=x onerror=alert(1)>", "org/model"),
        ("<<b>i>x</i>", "x"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("one\ttwo\n three\x00", "one two three"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("模型 7B", "模型 7B"),
        ("lone \ud800 half", "lone � half"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("   ", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_name_is_its_text_on_one_line(written: Any, read: str) -> None:
    assert values.name(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("../../x", "x"),
        ("Average ⬆️", "Average"),
        ("mmlu pro", "mmlu-pro"),
        ("<b>t</b>", "t"),
        ("⬆️", ""),
        ("中文", "中文"),
    ],
)
def test_a_slug_can_be_typed_and_holds_no_separator(written: str, read: str) -> None:
    assert values.slug(written) == read


@given(st.text())
def test_names_and_slugs_can_be_written_and_stay_short(text: str) -> None:
    for made in (values.name(text), values.slug(text)):
        assert made.encode().decode() == made
        assert len(made) <= values.LONGEST_NAME
        assert "\n" not in made
    assert "/" not in values.slug(text)
    assert values.slug(values.slug(text)) == values.slug(text)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=30))
def test_what_is_kept_of_any_value_is_json_without_odd_numbers(value: Any) -> None:
    json.dumps(values.kept(value), allow_nan=False, ensure_ascii=False).encode()


def test_nesting_beyond_some_levels_is_cut() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    assert json.dumps(values.kept(deep)).count("[") == values.DEEPEST


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("results_2023-09-14T02-19-19.412895.json", "2023-09-14T02:19:19+00:00"),
        ("a/2024-01-02 03:04:05.json", "2024-01-02T03:04:05+00:00"),
        ("results_2023-99-14T02-19-19.json", ""),
        ("results.json", ""),
    ],
)
def test_the_time_in_a_files_name(file: str, expected: str) -> None:
    assert values.moment_in(file) == expected


@pytest.mark.parametrize("seconds", [0, -1, 1e12, math.nan, "now", None])
def test_what_cannot_be_the_time_of_a_result_is_unknown(seconds: Any) -> None:
    assert values.moment(seconds) == ""


def test_seconds_since_1970_are_a_time() -> None:
    assert values.moment(1709288430.0) == "2024-03-01T10:20:30+00:00"
