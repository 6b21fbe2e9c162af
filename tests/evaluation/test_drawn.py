"""Questions drawn at random: the same for everybody, whatever the order, and marked where they are recorded."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderbench.benchmarks.mmlu import implementations
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.drawn import draw, shuffled, sizes
from leaderbench.evaluation.run import evaluate, select
from leaderbench.models.fake import FakeModel
from leaderbench.records import Example, Question, Response, View
from leaderbench.requests import Request
from leaderbench.results.store import Store
from leaderbench.statistics import compare
from leaderbench.statistics.finite import drawn_scores
from tests.evaluation.conftest import Exam, benchmark

ANY = "original"
SIZES = {"rivers": 40, "peaks": 12, "seas": 3}


def bank(counts: dict[str, int] = SIZES) -> list[Question]:
    return [
        Question(Example(f"{subset}/{i}", subset, "", (), 0), ())
        for subset, size in counts.items()
        for i in range(size)
    ]


def ids(questions: list[Question]) -> list[str]:
    return [question.example.id for question in questions]


@pytest.fixture
def large() -> Exam:
    return Exam({"rivers": 30, "peaks": 10})


@given(st.integers(3, 60), st.integers(0, 5))
def test_a_larger_draw_holds_the_smaller_one(n: int, seed: int) -> None:
    assert set(ids(draw(bank(), n, seed, "b"))) <= set(ids(draw(bank(), n + 1, seed, "b")))


@given(st.integers(3, 55), st.integers(0, 5))
def test_a_draw_has_its_number_keeps_the_order_and_covers_every_subset(n: int, seed: int) -> None:
    drawn = draw(bank(), n, seed, "b")
    assert len(drawn) == n
    assert ids(drawn) == [name for name in ids(bank()) if name in set(ids(drawn))]
    assert set(sizes(drawn)) == set(SIZES)


@given(st.randoms(use_true_random=False), st.integers(3, 50))
def test_the_order_of_the_questions_changes_no_draw(generator: random.Random, n: int) -> None:
    mixed = bank()
    generator.shuffle(mixed)
    again = Counter(ids(draw(mixed, n, 1, "b")))
    # Among subsets with an equal claim the first gets the question; here no two have the same size.
    assert again == Counter(ids(draw(bank(), n, 1, "b")))


def test_other_subsets_change_only_how_many_are_drawn_from_one() -> None:
    alone = ids(draw(bank({"rivers": 40}), 20, 0, "b"))
    among = [name for name in ids(draw(bank(), 20, 0, "b")) if name.startswith("rivers")]
    assert set(among) < set(alone)


def test_another_seed_draws_others() -> None:
    draws = {tuple(ids(draw(bank(), 20, seed, "b"))) for seed in range(20)}
    assert len(draws) == 20


def test_every_question_of_a_subset_is_equally_likely() -> None:
    drawn = Counter(
        name for seed in range(2000) for name in ids(draw(bank({"rivers": 10, "peaks": 10}), 10, seed, "b"))
    )
    expected, spread = 1000, (2000 * 0.25) ** 0.5
    assert max(abs(count - expected) for count in drawn.values()) < 4 * spread
    assert len(drawn) == 20


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_asking_depends_on_seed_and_ids_only(generator: random.Random) -> None:
    mixed = bank()
    generator.shuffle(mixed)
    assert ids(shuffled(mixed, 3)) == ids(shuffled(bank(), 3))
    assert ids(shuffled(bank(), 3)) != ids(shuffled(bank(), 4))


def test_the_order_of_asking_mixes_subsets() -> None:
    places = [
        number for seed in range(300) for number, name in enumerate(ids(shuffled(bank(), seed))) if "seas" in name
    ]
    assert len(places) == 900
    assert abs(sum(places) / 900 - 27) < 4 * (55 / 12**0.5) / 30


def test_as_many_as_there_are_or_more_is_all_of_them() -> None:
    for n in (55, 56, 1000):
        assert draw(bank(), n, 0, "b") == bank()


def test_fewer_questions_than_subsets_are_refused() -> None:
    with pytest.raises(LeaderbenchError, match="2 questions cannot cover the 3 subsets of exam/helm: draw 3 or more"):
        draw(bank(), 2, 0, "exam/helm")


@pytest.mark.parametrize("n", [0, -1])
def test_no_question_is_refused(n: int) -> None:
    with pytest.raises(LeaderbenchError, match="leave nothing to ask"):
        draw(bank(), n, 0, "b")


def test_every_model_and_implementation_is_asked_the_same_questions(large: Exam, store: Store) -> None:
    asked = {
        tuple(sample.example_id for sample in run.samples)
        for implementation in implementations
        for model in (FakeModel("one"), FakeModel("two"))
        for run in [evaluate(model, benchmark(implementation), store=store, datasets=large, questions=12, seed=5)]
    }
    assert len(asked) == 1
    assert Counter(name.split("/")[0] for name in next(iter(asked))) == {"rivers": 9, "peaks": 3}


def test_a_draw_changes_no_request(large: Exam) -> None:
    for implementation in implementations:
        every = select(benchmark(implementation), large, (), None)
        assert all(question in every for question in draw(every, 12, 0, "b"))


def test_the_run_says_that_it_is_a_part_and_its_intervals_are_about_the_whole(large: Exam, store: Store) -> None:
    run = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=large, questions=12, seed=5)
    stored = store.run(run.id)
    assert stored.manifest.limits == {"limit": None, "subsets": [], "questions": 12, "seed": 5}
    assert stored.manifest.counts["bank"] == 40
    assert stored.manifest.selection == "12 of 40 questions, drawn at random, seed 5"
    assert not stored.manifest.stopped_early
    assert stored.scores == run.scores == drawn_scores(run.samples, benchmark(ANY).metrics, {"rivers": 30, "peaks": 10})
    assert {score.view for score in stored.scores} == {View.BANK}
    assert (stored.score().n, stored.score().bank, stored.score(subset="peaks").bank) == (12, 40, 10)


def test_number_and_seed_make_another_run_and_the_same_again_asks_nothing(large: Exam, store: Store) -> None:
    model = FakeModel()
    runs = [
        evaluate(model, benchmark(ANY), store=store, datasets=large, questions=n, seed=seed).id
        for n, seed in ((12, 0), (12, 1), (13, 0), (40, 0), (12, 0))
    ]
    assert len(set(runs)) == 4
    assert runs[0] == runs[-1]
    assert model.asked == 40


def test_all_questions_are_the_plain_run(large: Exam, store: Store) -> None:
    plain = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=large)
    for n in (40, 500):
        run = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=large, questions=n, seed=9)
        assert (run.id, run.scores, run.samples) == (plain.id, plain.scores, plain.samples)
        assert run.manifest.selection == ""
        assert {score.view for score in run.scores} == {View.NEW_QUESTIONS}


def test_a_part_of_a_subset_is_of_that_subset(large: Exam, store: Store) -> None:
    run = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=large, subsets=("rivers",), questions=4)
    assert run.manifest.selection == "4 of 30 questions, drawn at random"
    assert run.manifest.limits["subsets"] == ["rivers"]


def test_a_draw_and_a_limit_exclude_each_other(large: Exam, store: Store) -> None:
    with pytest.raises(LeaderbenchError, match="not both"):
        evaluate(FakeModel(), benchmark(ANY), store=store, datasets=large, questions=12, limit=3)
    assert not store.path.exists()


def test_a_part_and_the_whole_are_compared_on_the_questions_that_they_share(large: Exam, store: Store) -> None:
    part = evaluate(FakeModel("one"), benchmark(ANY), store=store, datasets=large, questions=12)
    whole = evaluate(FakeModel("two"), benchmark(ANY), store=store, datasets=large)
    (found,) = compare({"one": part.samples, "two": whole.samples}, part.score().metric)
    assert (found.difference.n, found.difference.unpaired) == (12, 28)


class Interrupted(FakeModel):
    """Ctrl-C comes before it has answered this many requests."""

    left = 0

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        for number, pair in enumerate(FakeModel.answer(self, requests)):
            if number == self.left:
                raise KeyboardInterrupt
            yield pair


@pytest.mark.parametrize("after", [0, 5, 11])
def test_an_interrupted_draw_goes_on_with_the_same_questions(after: int, large: Exam, store: Store) -> None:
    stopped = Interrupted()
    stopped.left = after
    with pytest.raises(KeyboardInterrupt):
        evaluate(stopped, benchmark(ANY), store=store, datasets=large, questions=12)
    model = FakeModel()
    resumed = evaluate(model, benchmark(ANY), store=store, datasets=large, questions=12)
    undisturbed = evaluate(FakeModel(), benchmark(ANY), store=store.path / "other", datasets=large, questions=12)
    assert model.asked == 12 - after
    assert (resumed.id, resumed.samples, resumed.scores) == (undisturbed.id, undisturbed.samples, undisturbed.scores)
