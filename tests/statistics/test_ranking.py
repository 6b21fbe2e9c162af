import random
import subprocess
import sys
from collections.abc import Callable

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Metric, Sample
from leaderbench.statistics import compare, sentences

MakeSample = Callable[..., Sample]
micro, macro = Metric("acc", Aggregation.MICRO), Metric("acc", Aggregation.MACRO)


@pytest.fixture
def runs(sample: MakeSample) -> Callable[..., dict[str, list[Sample]]]:
    """Runs by name, each right on about the share of 360 questions that is given; hard ones are hard for all."""

    def make(**shares: float) -> dict[str, list[Sample]]:
        rng = random.Random(3)
        questions = [rng.random() for _ in range(360)]
        return {
            name: [
                sample(f"q{i}", f"s{i % 6}", acc=float(0.7 * hard + 0.3 * rng.random() < share))
                for i, hard in enumerate(questions)
            ]
            for name, share in shares.items()
        }

    return make


def test_a_real_difference_is_said_with_its_numbers(runs: Callable[..., dict[str, list[Sample]]]) -> None:
    (said,) = sentences(runs(weak=0.4, strong=0.6), micro)
    assert said.startswith("strong is ahead of weak: ")
    assert " against " in said
    assert " points (p < 0.0001 after Holm)." in said


def test_noise_is_said_with_the_number_of_questions(runs: Callable[..., dict[str, list[Sample]]]) -> None:
    (said,) = sentences(runs(one=0.5, other=0.505), micro)
    assert "cannot be told apart on 360 questions" in said


def test_three_that_cannot_be_told_apart_share_a_sentence(runs: Callable[..., dict[str, list[Sample]]]) -> None:
    said = sentences(runs(best=0.8, a=0.5, b=0.505, c=0.495), micro)
    assert len(said) == 2
    assert said[0].startswith("best is ahead of ")
    assert said[0].endswith(" as well.")
    assert " and " in said[1]
    assert "cannot be told apart on 360 questions: the widest difference, " in said[1]


def test_a_chain_of_ties_still_says_who_is_ahead_at_its_ends(sample: MakeSample) -> None:
    def right(count: int) -> list[Sample]:
        return [sample(f"q{i}", acc=float(i < count)) for i in range(100)]

    said = sentences({"low": right(50), "middle": right(55), "high": right(60)}, micro)
    assert [text.split(":")[0] for text in said] == [
        "high and middle cannot be told apart on 100 questions",
        "high is ahead of low",
        "middle and low cannot be told apart on 100 questions",
    ]


def test_p_values_are_corrected_for_all_pairs(runs: Callable[..., dict[str, list[Sample]]]) -> None:
    made = runs(a=0.5, b=0.55, c=0.6)
    together = {(item.ahead, item.behind): item.adjusted for item in compare(made, micro)}
    assert len(together) == 3
    for (ahead, behind), adjusted in together.items():
        (alone,) = compare({ahead: made[ahead], behind: made[behind]}, micro)
        assert alone.adjusted <= adjusted


def test_macro_scores_are_compared_with_macro_weights(sample: MakeSample) -> None:
    def make(small: int, large: int) -> list[Sample]:
        return [sample(f"a/{i}", "a", acc=float(i < small)) for i in range(20)] + [
            sample(f"b/{i}", "b", acc=float(i < large)) for i in range(200)
        ]

    made = {"one": make(18, 100), "other": make(6, 115)}
    assert [item.ahead for item in compare(made, micro)] == ["other"]
    assert [item.ahead for item in compare(made, macro)] == ["one"]


def test_questions_with_errors_are_left_out_of_the_comparison(sample: MakeSample) -> None:
    good = [sample(f"q{i}", acc=1.0) for i in range(10)]
    failed = [sample(f"q{i}", acc=0.0, error="too long" if i < 4 else None) for i in range(10)]
    (item,) = compare({"good": good, "failed": failed}, micro)
    assert (item.difference.n, item.difference.unpaired) == (6, 4)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_runs_give_no_sentence(sample: MakeSample, count: int) -> None:
    assert sentences({"a": [sample("q", acc=1.0)]} if count else {}, micro) == ()


def test_runs_of_different_questions_are_said_to_be_incomparable(sample: MakeSample) -> None:
    with pytest.raises(LeaderbenchError, match="share no answered question"):
        sentences({"a": [sample("q1", acc=1.0)], "b": [sample("q2", acc=1.0)]}, micro)


def test_importing_statistics_loads_neither_scipy_nor_pandas() -> None:
    code = "import sys, leaderbench.statistics; print(sorted({'scipy', 'pandas', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
