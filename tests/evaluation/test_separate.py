"""Two models, the same questions in random order, until one is known to be better."""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.drawn import shuffled
from leaderbench.evaluation.run import evaluate, select
from leaderbench.evaluation.separate import Look, Separation, separate
from leaderbench.models.fake import FakeModel
from leaderbench.records import Response, View
from leaderbench.requests import Request
from leaderbench.results.store import Store
from leaderbench.statistics.sequential import Evidence
from tests.evaluation.conftest import Exam, benchmark

ANY = "original"


def knows(share: float) -> Callable[[Request, str], float]:
    """Right on about this share of the questions, the same ones for every model and always the same."""

    def judge(request: Request, text: str) -> float:
        number = int(re.findall(r"\d+", request.context.question)[0])
        luck = int.from_bytes(sha256(request.context.question.encode()).digest()[:4], "big") / 2**32
        right = text.strip() == "ABCD"[number % 4]
        return -1.0 if right == (luck < share) else -2.0

    return judge


@dataclass(slots=True)
class Interrupted(FakeModel):
    """Ctrl-C comes before it has answered this many requests."""

    left: int = 0

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        for pair in FakeModel.answer(self, requests):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            yield pair


@dataclass(slots=True)
class Counting(FakeModel):
    """Notes which questions it was asked."""

    questions: list[str] = field(default_factory=list)

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        self.questions += [request.context.question for request in requests]
        yield from FakeModel.answer(self, requests)


@pytest.fixture
def large() -> Exam:
    return Exam({"rivers": 400, "peaks": 200})


def good() -> FakeModel:
    return FakeModel("good", knows(0.8))


def poor() -> FakeModel:
    return FakeModel("poor", knows(0.5))


def stored(store: Store, model: FakeModel) -> int:
    """How many answers the log holds."""
    with store.read_log(model.name, model.identity) as log:
        return len(log)


def test_the_better_model_is_found_with_a_part_of_the_questions(large: Exam, store: Store) -> None:
    found = separate(good(), poor(), benchmark(ANY), store=store, datasets=large)
    assert found.ahead == "good"
    assert found.asked < found.bank == 600
    assert found.evidence.wins > found.evidence.losses == 0
    assert found.evidence.e_value >= 20


def test_which_of_the_two_is_named_first_makes_no_difference(large: Exam, store: Store) -> None:
    one = separate(good(), poor(), benchmark(ANY), store=store, datasets=large)
    other = separate(poor(), good(), benchmark(ANY), store=store, datasets=large)
    assert (one.ahead, one.asked, one.evidence.p) == (other.ahead, other.asked, other.evidence.p)
    assert (one.evidence.wins, one.evidence.losses) == (other.evidence.losses, other.evidence.wins)
    assert [run.id for run in one.runs] == [run.id for run in other.runs][::-1]


def test_the_verdict_is_that_of_the_test_on_the_random_order(large: Exam, store: Store) -> None:
    found = separate(good(), poor(), benchmark(ANY), store=store, datasets=large, seed=3)
    values = [
        {sample.example_id: sample.metrics["acc"] for sample in run.samples}
        for run in (evaluate(model, benchmark(ANY), store=store, datasets=large) for model in (good(), poor()))
    ]
    evidence = Evidence()
    for question in shuffled(select(benchmark(ANY), large, (), None), 3):
        evidence = evidence.after(*(value[question.example.id] for value in values))
    assert found.evidence == evidence
    assert found.asked == evidence.questions


@pytest.mark.parametrize("batch", [1, 7, 50, 1000])
def test_how_many_are_asked_between_looks_changes_no_verdict_and_no_run(batch: int, large: Exam, store: Store) -> None:
    one = separate(good(), poor(), benchmark(ANY), store=store, datasets=large)
    other = separate(good(), poor(), benchmark(ANY), store=store.path / "other", datasets=large, batch=batch)
    assert (one.evidence, one.asked) == (other.evidence, other.asked)
    for a, b in zip(one.runs, other.runs, strict=True):
        assert (a.id, a.samples) == (b.id, b.samples)
        assert repr(tuple(a.scores)) == repr(tuple(b.scores))  # NaN is not equal to itself


def test_both_are_asked_the_same_questions_and_little_beyond_the_verdict(large: Exam, store: Store) -> None:
    first, second = Counting("good", knows(0.8)), Counting("poor", knows(0.5))
    found = separate(first, second, benchmark(ANY), store=store, datasets=large, batch=10)
    assert first.questions == second.questions
    assert len(first.questions) < 1.5 * found.asked + 10


def test_another_seed_asks_in_another_order(large: Exam, store: Store) -> None:
    runs = [separate(good(), poor(), benchmark(ANY), store=store, datasets=large, seed=seed).runs[0] for seed in (0, 1)]
    assert {sample.example_id for sample in runs[0].samples} != {sample.example_id for sample in runs[1].samples}
    assert runs[0].id != runs[1].id


def test_runs_that_stopped_early_say_so_and_their_intervals_allow_for_it(large: Exam, store: Store) -> None:
    found = separate(good(), poor(), benchmark(ANY), store=store, datasets=large)
    for run, other in zip(found.runs, ("poor", "good"), strict=True):
        stored = store.run(run.id)
        assert stored.manifest.stopped_early
        assert stored.manifest.selection == f"{found.asked} of 600 questions, stopped early"
        assert stored.manifest.limits["until_separated"] == {"questions": found.asked, "from": other}
        assert len(stored.samples) == stored.score().n == found.asked
        assert {score.view for score in stored.scores} == {View.STOPPED}
        assert math.isnan(stored.score().standard_error)
        order = [sample.example_id for sample in stored.samples]
        every = [question.example.id for question in select(benchmark(ANY), large, (), None)]
        assert order == [name for name in every if name in set(order)]


def equally_good() -> tuple[FakeModel, FakeModel]:
    """Two models by name that never differ."""
    return FakeModel("one", knows(0.5)), FakeModel("other", knows(0.5))


def test_where_the_questions_run_out_the_benchmark_cannot_tell(large: Exam, store: Store) -> None:
    found = separate(*equally_good(), benchmark(ANY), store=store, datasets=large)
    assert (found.ahead, found.asked, found.evidence.decided) == (None, 600, False)
    assert "not distinguishable with this benchmark" in str(found)
    plain = evaluate(FakeModel("one", knows(0.5)), benchmark(ANY), store=store, datasets=large)
    assert (found.runs[0].id, found.runs[0].scores) == (plain.id, plain.scores)
    assert found.runs[0].manifest.selection == ""


def test_a_later_full_run_asks_only_the_rest(large: Exam, store: Store) -> None:
    model = good()
    separate(model, poor(), benchmark(ANY), store=store, datasets=large)
    before = model.asked
    run = evaluate(model, benchmark(ANY), store=store, datasets=large)
    assert 0 < before < model.asked == 600
    assert run.score().view is View.NEW_QUESTIONS


@pytest.mark.parametrize(("first", "second"), [(0, -1), (20, -1), (-1, 3), (-1, 25)])
def test_where_it_is_interrupted_changes_no_verdict_and_nothing_is_asked_twice(
    first: int, second: int, large: Exam, store: Store
) -> None:
    undisturbed = separate(good(), poor(), benchmark(ANY), store=store.path / "other", datasets=large, batch=16)
    models = Interrupted("good", knows(0.8), left=first), Interrupted("poor", knows(0.5), left=second)
    with pytest.raises(KeyboardInterrupt):
        separate(models[0], models[1], benchmark(ANY), store=store, datasets=large, batch=16)
    assert store.runs() == []
    kept = [stored(store, model) for model in models]
    fresh = good(), poor()
    resumed = separate(fresh[0], fresh[1], benchmark(ANY), store=store, datasets=large, batch=16)
    assert resumed.evidence == undisturbed.evidence
    assert [run.id for run in resumed.runs] == [run.id for run in undisturbed.runs]
    assert [model.asked for model in fresh] == [stored(store, model) - n for model, n in zip(fresh, kept, strict=True)]


def test_a_verdict_that_is_stored_asks_nothing_again(large: Exam, store: Store) -> None:
    one = separate(good(), poor(), benchmark(ANY), store=store, datasets=large)
    models = good(), poor()
    again = separate(*models, benchmark(ANY), store=store, datasets=large)
    assert [model.asked for model in models] == [0, 0]
    assert again.evidence == one.evidence


def test_a_question_that_one_cannot_answer_is_left_out_and_said(large: Exam, store: Store) -> None:
    lame = FakeModel("poor", knows(0.5), fails=lambda request: "7?" in request.context.question)
    found = separate(good(), lame, benchmark(ANY), store=store, datasets=large)
    left = found.asked - found.evidence.questions
    assert left > 0
    assert any(f"{left} of the questions asked could not be answered" in note for note in found.notes)
    assert found.runs[1].score().errors == left
    assert found.ahead == "good"


def test_the_same_model_twice_is_refused(large: Exam, store: Store) -> None:
    with pytest.raises(LeaderbenchError, match="same model"):
        separate(good(), good(), benchmark(ANY), store=store, datasets=large)
    assert not store.path.exists()


def test_a_benchmark_that_reports_a_macro_mean_is_judged_by_questions_and_says_so(large: Exam, store: Store) -> None:
    asked = "harness-2023"
    found = separate(FakeModel("one"), FakeModel("two"), benchmark(asked), store=store, datasets=large)
    assert any("macro mean" in note and "micro mean" in note for note in found.notes)
    micro = separate(good(), poor(), benchmark(ANY), store=store, datasets=large)
    assert not any("macro" in note for note in micro.notes)


def test_only_the_subsets_asked_for_are_asked(large: Exam, store: Store) -> None:
    found = separate(good(), poor(), benchmark(ANY), store=store, datasets=large, subsets=("peaks",))
    assert found.bank == 200
    assert {sample.subset for run in found.runs for sample in run.samples} == {"peaks"}


def test_the_verdict_is_a_sentence_with_its_numbers(large: Exam, store: Store) -> None:
    found = separate(poor(), good(), benchmark(ANY), store=store, datasets=large)
    wins = found.evidence.losses
    assert str(found).startswith(
        f"good is ahead of poor on exam/{ANY}, told apart after {found.asked} of 600 questions"
    )
    assert f"good did better on {wins}, poor on 0, both alike on {found.asked - wins}" in str(found)
    assert "anytime-valid p = 0.0" in str(found)
    assert found.sentence("B", "A").startswith("A is ahead of B")


def looks(large: Exam, store: Store) -> tuple[list[Look], Separation]:
    seen: list[Look] = []
    found = separate(good(), poor(), benchmark(ANY), store=store, datasets=large, batch=16, progress=seen.append)
    return seen, found


def test_progress_counts_towards_the_whole_bank_and_has_the_evidence(large: Exam, store: Store) -> None:
    seen, found = looks(large, store)
    assert {look.progress.total for look in seen} == {600}
    for before, after in itertools.pairwise(seen):
        assert before.progress.done <= after.progress.done
        assert before.evidence.questions <= after.evidence.questions
    assert seen[-1].evidence == found.evidence
    assert seen[-1].progress.done >= found.asked
    assert seen[-1].progress.stored == 0


def test_progress_says_what_was_answered_before(large: Exam, store: Store) -> None:
    looks(large, store)
    seen, _ = looks(large, store)
    assert seen[-1].progress.stored == seen[-1].progress.done
