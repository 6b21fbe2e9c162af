import math
from dataclasses import replace

import pytest

from leaderbench.boards.standing import stand
from tests.boards.conftest import make_entry, make_spec

known = ("alpha/published", "beta/published", "lm-eval/arc-x", "gamma/published")


def told(*columns: str, names: tuple[str, ...] = known) -> tuple[str, ...]:
    entries = [
        make_entry("m", "alpha/published", 0.5, metric="score"),
        make_entry("m", "alpha/published", 0.5, metric="f1"),
    ]
    return tuple(note for note in stand(make_spec("mean", *columns), entries, known=lambda: names).notes if "'" in note)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("alfa/published", "alpha/published"),
        ("ALPHAS/published", "alpha/published"),
        ("lm-eval/arc_x", "lm-eval/arc-x"),
    ],
)
def test_a_name_that_nothing_has_is_said_with_the_nearest_one(name: str, meant: str) -> None:
    assert told(name) == (f"Nothing in this store is called '{name}'; did you mean '{meant}'?",)


def test_a_name_in_the_other_case_is_suggested() -> None:
    assert told("Beta/published") == (
        "Nothing in this store is called 'Beta/published'; did you mean 'beta/published'?",
    )


def test_no_name_is_suggested_for_one_that_is_like_none() -> None:
    assert told("mm/published") == ("Nothing in this store is called 'mm/published'.",)


def test_an_empty_store_and_an_optional_column_say_nothing() -> None:
    assert told("alfa/published", names=()) == ()
    assert told("alpha/published", 'imported = "alfa/published"\noptional = true') == ()


def test_a_column_filled_by_another_of_its_names_is_not_missing() -> None:
    assert told('imported = "alfa/published"\nalso = ["alpha/published"]') == ()


@pytest.mark.parametrize(
    "names", ['imported = "alpha/published"', 'imported = "beta/published"\nalso = "alpha/published"']
)
def test_a_metric_that_no_score_has_is_said_with_those_that_there_are(names: str) -> None:
    assert told(f'{names}\nmetric = "acc"') == (
        "'alpha/published' has no scores under the metric 'acc'; it has f1, score.",
    )


def test_of_many_missing_names_the_first_are_said_and_the_others_counted() -> None:
    notes = told(*(f"qqq{place}/published" for place in range(20)))
    assert len(notes) == 5
    assert any("15 more such names." in note for note in missing_notes())


def missing_notes() -> tuple[str, ...]:
    spec = make_spec("mean", *(f"qqq{place}/published" for place in range(20)))
    return stand(spec, [replace(make_entry("m", "x", math.nan))], known=lambda: known).notes
