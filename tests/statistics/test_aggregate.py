import math
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderbench.records import Aggregation, Metric, Sample, Score
from leaderbench.statistics import aggregate, macro, mean
from leaderbench.statistics.finite import drawn_scores
from leaderbench.statistics.sequential import stopped_scores

MakeSample = Callable[..., Sample]
micro, by_subject, other = (
    Metric("acc", Aggregation.MICRO),
    Metric("acc", Aggregation.MACRO),
    Metric("mc2", Aggregation.MICRO),
)


@pytest.fixture
def samples(sample: MakeSample) -> list[Sample]:
    rng = random.Random(0)
    return [
        sample(f"{subset}/{i}", subset, acc=float(rng.random() < 0.5), mc2=rng.random())
        for subset, size in (("anatomy", 12), ("virology", 5), ("law", 30))
        for i in range(size)
    ]


def found(scores: tuple[Score, ...], metric: Metric, subset: str | None) -> Score:
    (score,) = [item for item in scores if (item.metric, item.subset) == (metric, subset)]
    return score


def test_every_metric_comes_overall_first_then_for_each_subset(samples: list[Sample]) -> None:
    scores = aggregate(samples, (micro, by_subject, other))
    assert [(item.metric, item.subset) for item in scores] == [
        (metric, subset) for subset in (None, "anatomy", "virology", "law") for metric in (micro, by_subject, other)
    ]


def test_micro_is_the_mean_of_questions_and_macro_that_of_subsets(samples: list[Sample]) -> None:
    scores = aggregate(samples, (micro, by_subject))
    parts = [[s.metrics["acc"] for s in samples if s.subset == name] for name in ("anatomy", "virology", "law")]
    plain, even = found(scores, micro, None), found(scores, by_subject, None)
    assert plain.estimate == mean([value for part in parts for value in part]).estimate
    assert even.estimate == macro(parts).estimate
    assert even.standard_error == macro(parts).standard_error
    assert (even.low, even.high) == (macro(parts).interval.low, macro(parts).interval.high)
    assert plain.n == even.n == 47


@pytest.mark.parametrize("value", [1e16, -1e16, 1e200, -1e308, math.inf, -math.inf])
def test_values_that_nothing_measures_are_errors(samples: list[Sample], sample: MakeSample, value: float) -> None:
    wild = [sample(f"law/{place}", "law", acc=sign * value) for place, sign in enumerate((1, 1, 1, -1), 100)]
    plain, without = (found(aggregate(some, (micro,)), micro, None) for some in ([*wild, *samples], samples))
    assert (plain.estimate, plain.n, plain.errors) == (without.estimate, 47, 4)
    bank = {"anatomy": 100, "virology": 100, "law": 100}
    for scores in (drawn_scores, stopped_scores):
        assert all(score.n == 0 for score in scores(wild, (micro, by_subject), bank))


def test_errors_are_counted_and_are_no_wrong_answers(samples: list[Sample], sample: MakeSample) -> None:
    failed = [sample(f"law/{i}", "law", error="too long", acc=0.0, mc2=0.0) for i in range(100, 104)]
    with_errors, without = aggregate([*failed, *samples], (micro,)), aggregate(samples, (micro,))
    assert found(with_errors, micro, None).estimate == found(without, micro, None).estimate
    assert found(with_errors, micro, None).errors == 4
    assert found(with_errors, micro, "law").errors == 4
    assert found(with_errors, micro, "law").n == 30
    assert found(with_errors, micro, "anatomy").errors == 0


@pytest.mark.parametrize("metrics", [{"acc": math.nan, "mc2": 0.5}, {"mc2": 0.5}])
def test_a_value_that_is_missing_or_no_number_counts_as_an_error_of_that_metric_only(
    samples: list[Sample], sample: MakeSample, metrics: dict[str, float]
) -> None:
    scores = aggregate([*samples, sample("law/99", "law", **metrics)], (micro, other))
    assert (found(scores, micro, None).n, found(scores, micro, None).errors) == (47, 1)
    assert (found(scores, other, None).n, found(scores, other, None).errors) == (48, 0)
    assert not math.isnan(found(scores, micro, None).estimate)


def test_a_subset_that_failed_as_a_whole_is_shown_and_left_out_of_the_macro_mean(
    samples: list[Sample], sample: MakeSample
) -> None:
    failed = [sample(f"physics/{i}", "physics", error="too long") for i in range(3)]
    scores = aggregate([*samples, *failed], (by_subject,))
    without = aggregate(samples, (by_subject,))
    assert found(scores, by_subject, None).estimate == found(without, by_subject, None).estimate
    assert found(scores, by_subject, None).errors == 3
    empty = found(scores, by_subject, "physics")
    assert math.isnan(empty.estimate)
    assert (empty.n, empty.errors, empty.low, empty.high) == (0, 3, 0.0, 1.0)


def test_no_samples_give_scores_of_nothing() -> None:
    (score,) = aggregate([], (micro,))
    assert math.isnan(score.estimate)
    assert score.n == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_samples_changes_no_score(samples: list[Sample], rng: random.Random) -> None:
    shuffled = list(samples)
    rng.shuffle(shuffled)
    metrics = (micro, by_subject, other)
    assert set(aggregate(shuffled, metrics)) == set(aggregate(samples, metrics))
