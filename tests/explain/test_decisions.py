"""By which number an answer was chosen is told from the sample alone, and never contradicts its prediction."""

import math
from dataclasses import replace

import pytest

from leaderbench.explain.decisions import Measure, candidates, decisions
from leaderbench.records import Sample
from tests.web.conftest import make_sample


def sample(**changes: object) -> Sample:
    """Four texts of which the likeliest is not the likeliest per character."""
    fields: dict[str, object] = {
        "continuations": (" fish", " reptile", " bird", " mammal"),
        "log_likelihoods": (-3.6, -5.6, -6.7, -5.9),
        "characters": (4, 7, 4, 6),
        "prediction": "B",
        "predictions": {"acc": "A", "acc_norm": "B"},
        "target": "C",
    }
    return replace(make_sample(0, right=False), **(fields | changes))


def test_each_metric_is_told_with_what_it_compares_and_the_one_that_is_reported_first() -> None:
    reported, other = decisions(sample())
    assert (reported.metric, reported.answer, reported.measure) == ("acc_norm", "B", Measure.PER_CHARACTER)
    assert reported.value == pytest.approx(-5.6 / 7)
    assert (other.metric, other.answer, other.measure, other.value) == ("acc", "A", Measure.LOG_LIKELIHOOD, -3.6)


def test_a_metric_with_any_name_is_told_by_the_measure_that_chooses_as_it_did() -> None:
    (found,) = decisions(sample(predictions={"exact": "B"}))
    assert found.measure is Measure.PER_CHARACTER


def test_of_equal_candidates_the_first_was_chosen() -> None:
    (found,) = decisions(sample(log_likelihoods=(-1.0, -1.0, -2.0, -2.0), prediction="A", predictions={"acc": "A"}))
    assert found.measure is Measure.LOG_LIKELIHOOD


def test_nothing_is_made_up_where_no_measure_chooses_what_was_chosen_or_numbers_are_missing() -> None:
    for odd in (
        sample(prediction="D", predictions={"acc": "D"}),
        sample(log_likelihoods=(), prediction="A", predictions={"acc": "A"}),
    ):
        (found,) = decisions(odd)
        assert found.measure is None
        assert math.isnan(found.value)


def test_a_text_that_was_written_has_no_letter_and_no_decision() -> None:
    written = sample(continuations=("B",), prediction="B", predictions={"exact_match": "B"})
    assert candidates(written) == ("",)
    assert decisions(written) == ()


def test_truthful_answers_that_are_asked_about_again_have_no_letter() -> None:
    again = sample(
        continuations=(" Yes", " No", " Yes", " No", " Maybe"),
        log_likelihoods=(-2.0, -1.0, -2.0, -1.0, -0.1),
        characters=(3, 2, 3, 2, 5),
        prediction="B",
        predictions={"mc2": None, "mc1": "B"},
        target="A",
    )
    assert candidates(again) == ("A", "B", "", "", "")
    (found,) = decisions(again)
    assert (found.metric, found.answer, found.measure) == ("mc1", "B", Measure.LOG_LIKELIHOOD)
