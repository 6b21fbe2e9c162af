"""Which gap can a benchmark show? From the runs there are, or from an assumption that is said as one."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from leaderbench.boards.detectable import Detectable, assumed, assumed_churn, churn, detectable, weights
from leaderbench.boards.outcomes import Outcomes, Reader
from leaderbench.records import Aggregation, Metric
from leaderbench.results.entries import Entry, Provenance
from leaderbench.statistics.comparison import minimum_detectable_effect, paired_difference
from tests.boards.conftest import make_entry

MICRO, MACRO = Metric("acc", Aggregation.MICRO), Metric("acc", Aggregation.MACRO)


def outcomes(values: Sequence[float], subsets: Sequence[str] = (), bank: str = "bank") -> Outcomes:
    ids = tuple(f"q/{place}" for place in range(len(values)))
    return Outcomes(bank, ids, tuple(subsets) or ("q",) * len(values), np.array(values, dtype=np.float64))


def run(model: str, name: str, created: str = "2026-01-01", n: int = 100, **changes: object) -> Entry:
    facts: dict[str, object] = {"run": name, "created": created, "n": n, "provenance": Provenance.MADE_HERE}
    return make_entry(model, "mmlu/harness", 0.5, **(facts | changes))  # type: ignore[arg-type]


def reading(**known: Outcomes) -> Reader:
    return lambda name, _metric: known.get(name)


nothing = reading()


def found(entries: list[Entry], read: Reader = nothing, metric: Metric = MICRO) -> Detectable:
    made = detectable(entries, metric, read)
    assert made
    return made


RNG = np.random.default_rng(7)
A, B, C = (RNG.integers(0, 2, 200).astype(float) for _ in range(3))


def test_two_runs_say_how_often_models_differ() -> None:
    made = found([run("a", "1"), run("b", "2")], reading(**{"1": outcomes(A), "2": outcomes(B)}))
    share = float(np.mean(A != B))
    assert (made.questions, made.pairs) == (200, 1)
    assert made.churn == pytest.approx(share)
    assert made.gap == pytest.approx(minimum_detectable_effect(200, share))


def test_of_several_pairs_the_median_counts() -> None:
    read = reading(**{"1": outcomes(A), "2": outcomes(B), "3": outcomes(C)})
    made = found([run("a", "1"), run("b", "2"), run("c", "3")], read)
    assert made.pairs == 3
    assert made.churn == pytest.approx(sorted(float(np.mean(x != y)) for x, y in ((A, B), (A, C), (B, C)))[1])


@pytest.mark.parametrize("metric", [MICRO, MACRO])
def test_the_gap_is_the_one_that_a_comparison_of_the_two_names(metric: Metric) -> None:
    subsets = ["small"] * 20 + ["large"] * 180
    one, other = outcomes(A, subsets), outcomes(B, subsets)
    made = found(
        [run("a", "1", aggregation=metric.aggregation), run("b", "2", aggregation=metric.aggregation)],
        reading(**{"1": one, "2": other}),
        metric,
    )
    values = [dict(zip(item.ids, item.values.tolist(), strict=True)) for item in (one, other)]
    named = dict(zip(one.ids, subsets, strict=True)) if metric is MACRO else None
    difference = paired_difference(*values, subsets=named)
    assert made.gap == pytest.approx(difference.minimum_detectable_effect)
    assert made.churn == pytest.approx(difference.churn)


def test_a_macro_mean_over_uneven_subsets_shows_less() -> None:
    subsets = ["small"] * 5 + ["large"] * 195
    uneven = weights(outcomes(A, subsets), Aggregation.MACRO)
    assert uneven.sum() == pytest.approx(1)
    assert 1 / np.square(uneven).sum() < 200 / 5
    assert 1 / np.square(weights(outcomes(A, subsets), Aggregation.MICRO)).sum() == pytest.approx(200)


def test_values_between_right_and_wrong_differ_by_their_squares() -> None:
    one, other = outcomes([0.2, 1.0] * 20), outcomes([0.7, 1.0] * 20)
    assert churn(one, other, Aggregation.MICRO) == pytest.approx(0.125)


def test_only_shared_questions_count_and_too_few_say_nothing() -> None:
    one, enough, too_few = outcomes(A[:60]), outcomes([1.0] * 30), outcomes([1.0] * 29)
    assert churn(one, enough, Aggregation.MICRO) == pytest.approx(float(np.mean(A[:30] != 1)))
    assert churn(one, too_few, Aggregation.MICRO) is None


def test_values_between_right_and_wrong_are_said_to_be_no_share_of_questions() -> None:
    entries = [run("a", "1"), run("b", "2")]
    assert found(entries, reading(**{"1": outcomes(A / 2), "2": outcomes(B / 2)})).graded
    assert not found(entries, reading(**{"1": outcomes(A), "2": outcomes(B)})).graded


def test_one_model_is_no_pair_and_the_assumption_stands() -> None:
    read = reading(**{"1": outcomes(A), "2": outcomes(B), "3": outcomes(C)})
    made = found([run("a", "1"), run("a", "2", "2026-02-01"), run("baseline:random", "3")], read)
    assert (made.questions, made.churn, made.pairs) == (200, assumed_churn, 0)


def test_without_answers_the_number_of_questions_is_that_of_the_scores() -> None:
    made = found([run("a", "1", n=50), run("b", "2", n=400)])
    assert (made.questions, made.churn, made.pairs) == (400, assumed_churn, 0)
    assert made.gap == assumed(400) == minimum_detectable_effect(400, 0.25)


def test_runs_of_other_questions_make_no_pair() -> None:
    read = reading(**{"1": outcomes(A), "2": outcomes(B, bank="another revision")})
    assert found([run("a", "1"), run("b", "2")], read).pairs == 0


def test_five_models_with_the_newest_whole_runs_are_compared() -> None:
    entries = [run(f"m{place}", f"{place}", f"2026-01-{place + 10}") for place in range(8)]
    entries.append(run("limited", "9", "2026-03-01", settings="limit 5"))
    asked: list[str] = []

    def read(name: str, _metric: str) -> Outcomes:
        asked.append(name)
        return outcomes(A)

    assert found(entries, read).pairs == 10
    assert asked == ["7", "6", "5", "4", "3"]


def test_nobody_asked_is_nothing_known() -> None:
    assert detectable([], MICRO, reading()) is None
    assert detectable([run("a", "", n=0)], MICRO, reading()) is None
    assert detectable([run("a", "1", metric="other")], MICRO, reading()) is None
    assert assumed(0) is None


def test_a_gap_is_found_four_times_in_five() -> None:
    gap, n, differ, hits = minimum_detectable_effect(600, 0.3), 600, 0.3, 0
    for seed in range(400):
        draw = np.random.default_rng(seed).choice([1, -1, 0], n, p=[(differ + gap) / 2, (differ - gap) / 2, 1 - differ])
        hits += abs(draw.mean()) / (draw.std(ddof=1) / math.sqrt(n)) > 1.96
    assert 0.74 < hits / 400 < 0.86
