"""Several runs on the questions that all of them answered."""

from dataclasses import replace
from itertools import combinations

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.difference.diff import diff
from leaderbench.explain.difference.several import Several, compare_runs, most
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from leaderbench.statistics import holm
from tests.explain.difference.test_diff import drawn, made, right_at, sample, two_subsets


def run(pattern: str, letter: str, model: str = "", benchmark: str = "exam/x", **changes: object) -> Run:
    """A run that is right where the pattern has a 1."""
    plain = made(right_at(pattern, **changes), letter)
    about = {"name": model or f"org/{letter}", "identity": letter * 64, "weights": letter * 64, "dtype": "float32"}
    named = {"name": benchmark, "dataset": "some/exam", "revision": "1", "recipe": {"shots": 5}}
    return replace(plain, manifest=replace(plain.manifest, model=about, benchmark=named))


def three() -> Several:
    return compare_runs([run("1" * 24 + "0" * 6, "a"), run("1" * 22 + "0" * 8, "b"), run("0" * 28 + "11", "c")])


def test_every_pair_is_the_paired_difference_that_diff_gives() -> None:
    runs = [run("110100", "a"), run("011100", "b"), run("000111", "c")]
    for pair, (a, b) in zip(compare_runs(runs).pairs, combinations(runs, 2), strict=True):
        alone = diff(a, b)
        assert pair.difference == alone.difference
        assert pair.agreement == pytest.approx(alone.agreement)


def test_which_differences_are_real_is_decided_after_holm_over_all_pairs() -> None:
    found = three()
    assert [pair.adjusted for pair in found.pairs] == list(holm([pair.difference.p for pair in found.pairs]))
    assert [(pair.a, pair.b, pair.real) for pair in found.pairs] == [(0, 1, False), (0, 2, True), (1, 2, True)]


def test_the_sentences_name_who_is_ahead_and_what_is_noise_the_largest_real_gap_first() -> None:
    first, second, last = three().sentences
    assert first.startswith("org/a is ahead of org/c: 80.0 against 6.7 %, difference 73.3 ±")
    assert second.startswith("org/b is ahead of org/c")
    assert last.startswith("org/a and org/b cannot be told apart on 30 questions")


def test_only_questions_that_all_answered_count_and_the_others_are_counted() -> None:
    failed = right_at("1111")
    failed[3] = sample("rivers/3", correct=False, error="too long")
    found = compare_runs([run("11110", "a"), made(failed, "b"), run("111100", "c")])
    assert (found.shared, found.n) == (4, 3)
    assert [item.only for item in found.runs] == [1, 0, 2]
    assert [item.unanswered for item in found.runs] == [0, 1, 0]


def test_questions_with_different_answers_are_listed_with_every_answer_and_its_place() -> None:
    found = compare_runs([run("110", "a"), run("100", "b"), run("110", "c")])
    (question,) = found.disagreements
    assert (question.example_id, question.flips) == ("rivers/1", True)
    assert [(item.right, item.prediction, item.number) for item in question.answers] == [
        (True, "B", 1),
        (False, "A", 1),
        (True, "B", 1),
    ]


def test_another_wrong_answer_is_a_disagreement_that_does_not_flip() -> None:
    odd = [sample("rivers/0", correct=False, prediction="C", predictions={})]
    found = compare_runs([run("0", "a"), made(odd, "b")])
    assert [item.flips for item in found.disagreements] == [False]


def test_a_run_stands_alone_where_only_it_is_right_or_wrong() -> None:
    found = compare_runs([run("10", "a"), run("01", "b"), run("01", "c")])
    first, second = found.disagreements
    assert [first.alone(place, right=True) for place in range(3)] == [True, False, False]
    assert [second.alone(place, right=False) for place in range(3)] == [True, False, False]
    assert not any(second.alone(place, right=True) for place in range(3))


def test_a_margin_within_the_noise_of_the_coarsest_dtype_is_a_near_tie() -> None:
    close = run("1", "a", margin=0.01)
    plain, coarse = run("0", "b", margin=3.0), run("0", "c", margin=3.0)
    coarse.manifest.model["dtype"] = "bfloat16"
    assert not compare_runs([close, plain]).disagreements[0].near_tie
    assert [item.near_tie for item in compare_runs([close, coarse]).disagreements[0].answers] == [True, False]


@pytest.mark.parametrize(
    ("models", "benchmarks", "names"),
    [
        (("org/m", "/models/n"), ("exam/x", "exam/x"), ("org/m", "n")),
        (("org/m", "org/m"), ("exam/x", "exam/y"), ("exam/x", "exam/y")),
        (("org/m", "org/n"), ("exam/x", "exam/y"), ("org/m, exam/x", "org/n, exam/y")),
        (("org/m", "org/m"), ("exam/x", "exam/x"), ("run aaaaaaaaaaaa", "run bbbbbbbbbbbb")),
    ],
)
def test_runs_are_called_by_what_tells_them_apart(
    models: tuple[str, str], benchmarks: tuple[str, str], names: tuple[str, str]
) -> None:
    runs = [run("1", letter, *about) for letter, *about in zip("ab", models, benchmarks, strict=True)]
    assert tuple(item.name for item in compare_runs(runs).runs) == names


def test_a_drawn_run_weighs_subsets_as_the_bank_does() -> None:
    whole = made(two_subsets("1" * 8, "0" * 4), "a")
    part = drawn("00", "11", {"rivers": 8, "peaks": 4})
    found = compare_runs([part, whole])
    assert found.drawn
    assert found.pairs[0].difference == diff(part, whole).difference


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ([run("1", "a")], "1 runs cannot be compared"),
        ([run("1", letter) for letter in "abcdef012"], f"give 2 to {most}"),
        ([run("1", "a"), run("1", "a")], "given twice"),
        ([run("1", "a"), made(right_at("1", "peaks"), "b")], "share no question"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(runs: list[Run], sentence: str) -> None:
    with pytest.raises(LeaderbenchError, match=sentence):
        compare_runs(runs)


def test_stored_runs_compare_like_fresh_ones(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    runs = [run("1100", "a"), run("1010", "b"), run("0110", "c")]
    for item in runs:
        store.save(item)
    assert compare_runs([store.run(item.id) for item in runs]) == compare_runs(runs)
