"""One loop: questions, minus what is stored, to the model, to the store, to a run."""

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from leaderbench.benchmarks.base import Benchmark
from leaderbench.benchmarks.mmlu import implementations
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.progress import Progress
from leaderbench.evaluation.run import evaluate, select
from leaderbench.models.fake import FakeModel
from leaderbench.records import Flag, Response, Sample
from leaderbench.requests import LogLikelihood, Request, digest
from leaderbench.results.store import Store
from tests.evaluation.conftest import Exam, benchmark

ANY = "original"


class Stubborn(FakeModel):
    """Answers in an order of its own."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        shuffled = list(requests)
        random.Random(len(shuffled)).shuffle(shuffled)
        return FakeModel.answer(self, shuffled)


class Interrupted(FakeModel):
    """Ctrl-C comes before it has answered this many more requests."""

    left = 0

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        for number, pair in enumerate(FakeModel.answer(self, requests)):
            if number == self.left:
                raise KeyboardInterrupt
            yield pair


def files(store: Store) -> dict[str, bytes]:
    """What the store's runs hold."""
    runs = store.path / "runs"
    return {str(path.relative_to(runs)): path.read_bytes() for path in sorted(runs.rglob("*")) if path.is_file()}


def stored(store: Store, model: FakeModel) -> int:
    """How many answers the log holds."""
    with store.read_log(model.name, model.identity) as log:
        return len(log)


@pytest.mark.parametrize("implementation", list(implementations))
def test_a_run_has_a_sample_a_question_in_dataset_order(implementation: str, exam: Exam, store: Store) -> None:
    run = evaluate(Stubborn(), benchmark(implementation), store=store, datasets=exam)
    expected = [f"rivers/{number}" for number in range(9)] + [f"peaks/{number}" for number in range(6)]
    assert [sample.example_id for sample in run.samples] == expected
    assert run.score().n == 15
    assert store.run(run.id).scores == run.scores
    assert list(store.run(run.id).samples) == list(run.samples)


def test_samples_say_what_was_asked_and_answered(exam: Exam, store: Store) -> None:
    run = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam)
    (question, *_) = select(benchmark(ANY), exam, (), 1)
    sample, (request,) = run.samples[0], question.requests
    assert isinstance(request, LogLikelihood)
    assert sample.prompt == request.context.text
    assert sample.request_digests == (digest(request),)
    assert sample.continuations == request.continuations == ("A", "B", "C", "D")
    assert sample.log_likelihoods == tuple(FakeModel().judge(request, text) for text in request.continuations)
    best = max(zip(sample.log_likelihoods, "ABCD", strict=True))[1]
    assert (sample.prediction, sample.target, sample.correct) == (best, "A", best == "A")
    assert (sample.error, sample.flags) == (None, ())


def test_the_same_run_again_asks_nothing_and_leaves_every_file_as_it_is(exam: Exam, store: Store) -> None:
    model = FakeModel()
    first = evaluate(model, benchmark(ANY), store=store, datasets=exam)
    before, asked = files(store), model.asked
    again = evaluate(model, benchmark(ANY), store=store, datasets=exam)
    assert (model.asked, files(store)) == (asked, before)
    assert (again.id, again.scores, list(again.samples)) == (first.id, first.scores, list(first.samples))


def test_in_two_stores_the_same_run_gives_the_same_samples_and_scores(exam: Exam, tmp_path: Path) -> None:
    one = evaluate(FakeModel(), benchmark(ANY), store=tmp_path / "one", datasets=exam)
    other = evaluate(FakeModel(), benchmark(ANY), store=tmp_path / "other", datasets=exam)
    assert one.id == other.id
    for name in ("samples.parquet", "scores.json"):
        paths = (tmp_path / place / "runs" / one.id / name for place in ("one", "other"))
        assert len({path.read_bytes() for path in paths}) == 1


@pytest.mark.parametrize("implementation", list(implementations))
@pytest.mark.parametrize("after", [0, 1, 7, 14])
def test_the_resume_point_changes_no_sample_and_nothing_is_asked_twice(
    implementation: str, after: int, exam: Exam, tmp_path: Path
) -> None:
    undisturbed = evaluate(FakeModel(), benchmark(implementation), store=tmp_path / "one", datasets=exam)
    model = Interrupted()
    model.left, store = after, Store(tmp_path / "other")
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, benchmark(implementation), store=store, datasets=exam)
    assert stored(store, model) == after
    assert store.runs() == []
    model.left = -1
    model.asked = 0
    resumed = evaluate(model, benchmark(implementation), store=store, datasets=exam)
    assert model.asked == 15 - after
    assert list(resumed.samples) == list(undisturbed.samples)
    assert (resumed.id, resumed.scores) == (undisturbed.id, undisturbed.scores)


def test_a_smaller_run_leaves_its_answers_to_a_larger_one(exam: Exam, store: Store) -> None:
    model = FakeModel()
    small = evaluate(model, benchmark(ANY), store=store, datasets=exam, limit=2)
    assert model.asked == 4
    large = evaluate(model, benchmark(ANY), store=store, datasets=exam)
    assert model.asked == 15
    assert small.id != large.id
    assert {run.id for run in store.runs()} == {small.id, large.id}


def test_implementations_that_ask_the_same_share_answers(exam: Exam, store: Store) -> None:
    model, one = FakeModel(), benchmark("harness")
    evaluate(model, one, store=store, datasets=exam)
    run = evaluate(model, replace(one, name="exam/again"), store=store, datasets=exam)
    assert model.asked == 15
    assert run.score().n == 15


def test_the_answers_of_another_model_are_not_taken(exam: Exam, store: Store) -> None:
    evaluate(FakeModel("one"), benchmark(ANY), store=store, datasets=exam)
    other = FakeModel("other")
    evaluate(other, benchmark(ANY), store=store, datasets=exam)
    assert other.asked == 15


def fails_on(*numbers: int) -> FakeModel:
    return FakeModel(fails=lambda request: any(f"rivers test {n}?" in request.context.question for n in numbers))


def test_a_request_that_fails_is_an_error_that_is_counted_and_neither_scored_nor_stored(
    exam: Exam, store: Store
) -> None:
    model = fails_on(3)
    run = evaluate(model, benchmark(ANY), store=store, datasets=exam)
    sample = run.samples[3]
    assert sample.error == "the fake model was told to fail here"
    assert (sample.flags, sample.correct, sample.prediction, sample.metrics) == ((Flag.ERROR,), False, None, {})
    assert sample.target == "D"
    assert (run.score().n, run.score().errors) == (14, 1)
    assert (run.score(subset="rivers").n, run.score(subset="rivers").errors) == (8, 1)
    assert run.manifest.counts == {"questions": 15, "errors": 1, "flags": {"error": 1}}
    assert stored(store, model) == 14
    assert store.run(run.id).score().errors == 1


def test_a_request_that_failed_is_asked_again_and_the_better_run_takes_the_place(exam: Exam, store: Store) -> None:
    evaluate(fails_on(3, 4), benchmark(ANY), store=store, datasets=exam)
    model = fails_on(4)
    run = evaluate(model, benchmark(ANY), store=store, datasets=exam)
    assert model.asked == 2
    assert store.run(run.id).score().errors == 1
    sound = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam)
    assert store.run(sound.id).score().errors == 0
    assert [summary.id for summary in store.runs()] == [run.id]
    assert sound.samples == evaluate(FakeModel(), benchmark(ANY), store=store.path / "new", datasets=exam).samples


def test_a_worse_run_does_not_take_the_place(exam: Exam, store: Store, tmp_path: Path) -> None:
    sound = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam)
    worse = evaluate(fails_on(1), benchmark(ANY), store=tmp_path / "elsewhere", datasets=exam)
    store.save(worse)
    assert store.run(sound.id).score().errors == 0


def test_where_every_request_fails_there_is_a_run_without_an_estimate(exam: Exam, store: Store) -> None:
    run = evaluate(FakeModel(fails=lambda request: True), benchmark(ANY), store=store, datasets=exam)
    assert (run.score().n, run.score().errors) == (0, 15)
    assert run.score().estimate != run.score().estimate
    assert store.run(run.id).score().errors == 15


class Forgetful(FakeModel):
    """Leaves out an answer."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        return FakeModel.answer(self, requests[1:])


def test_a_request_that_a_model_passes_over_is_an_error(exam: Exam, store: Store) -> None:
    run = evaluate(Forgetful(), benchmark(ANY), store=store, datasets=exam)
    assert [sample.error is not None for sample in run.samples] == [True] + [False] * 14


@pytest.mark.parametrize("limit", [1, 4, 7, 100])
def test_a_limit_takes_the_first_questions_of_each_subset_in_every_implementation(limit: int, exam: Exam) -> None:
    expected = [f"{name}/{number}" for name, size in exam.sizes.items() for number in range(min(limit, size))]
    for implementation in implementations:
        whole = {question.example.id: question for question in select(benchmark(implementation), exam, (), None)}
        chosen = select(benchmark(implementation), exam, (), limit)
        assert [question.example.id for question in chosen] == expected
        # A limit changes no request: not the question, not its shots.
        assert chosen == [whole[name] for name in expected]


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_that_leaves_nothing_is_refused(limit: int, exam: Exam, store: Store) -> None:
    with pytest.raises(LeaderbenchError, match="leaves nothing to ask"):
        evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam, limit=limit)


def test_subsets_are_asked_once_each_in_the_benchmark_s_order(exam: Exam, store: Store) -> None:
    model = FakeModel()
    one = evaluate(model, benchmark(ANY), store=store, datasets=exam, subsets=("peaks", "rivers", "peaks"))
    assert [sample.example_id for sample in one.samples][:2] == ["rivers/0", "rivers/1"]
    assert len(one.samples) == model.asked == 15
    whole = evaluate(model, benchmark(ANY), store=store, datasets=exam)
    assert (whole.id, whole.samples) == (one.id, one.samples)
    part = evaluate(model, benchmark(ANY), store=store, datasets=exam, subsets=("peaks", "peaks"))
    assert part.id != one.id
    assert [sample.subset for sample in part.samples] == ["peaks"] * 6


def test_an_unknown_subset_is_refused_with_the_nearest(exam: Exam, store: Store) -> None:
    with pytest.raises(LeaderbenchError, match="did you mean 'rivers'"):
        evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam, subsets=("riverz",))
    assert not store.path.exists()


def test_a_dataset_at_another_revision_makes_another_run(exam: Exam, store: Store) -> None:
    one = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam)
    other = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=Exam(version="later"))
    assert one.id != other.id


def test_the_manifest_holds_every_cause_of_the_score(exam: Exam, store: Store) -> None:
    run = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam, limit=3, subsets=("peaks",))
    manifest = store.run(run.id).manifest
    assert manifest.limits == {"limit": 3, "subsets": ["peaks"]}
    assert manifest.model["identity"] == FakeModel().identity
    assert manifest.benchmark["recipe"] == json.loads(json.dumps(benchmark(ANY).recipe()))
    assert (manifest.benchmark["dataset"], manifest.benchmark["revision"]) == ("some/exam", "memory")
    assert {"python", "versions", "processor"} <= set(manifest.environment)


class Counting(FakeModel):
    """Notes the work that a local model would."""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        for pair in FakeModel.answer(self, requests):
            self.effort.asked += 10
            self.effort.computed += 4
            yield pair


def test_a_run_records_its_own_work_and_not_that_of_runs_before(exam: Exam, store: Store) -> None:
    model = Counting()
    evaluate(model, benchmark("original"), store=store, datasets=exam)
    run = evaluate(model, benchmark("harness"), store=store, datasets=exam)
    assert run.manifest.engine == {"tokens_asked": 150, "tokens_computed": 60}


def progress_of(
    model: FakeModel, asked: Benchmark, exam: Exam, store: Store, limit: int | None = None
) -> list[Progress]:
    seen: list[Progress] = []
    evaluate(model, asked, store=store, datasets=exam, limit=limit, progress=seen.append)
    return seen


def test_progress_goes_from_what_is_stored_to_everything(exam: Exam, store: Store) -> None:
    progress_of(Counting(), benchmark(ANY), exam, store, limit=2)
    seen = progress_of(Counting(seconds=0.05), benchmark(ANY), exam, store)
    assert len(seen) > 2
    assert {(item.benchmark, item.total, item.stored) for item in seen} == {("exam/original", 15, 4)}
    assert (seen[0].done, seen[0].tokens_asked) == (4, 0)
    assert (seen[-1].done, seen[-1].tokens_asked, seen[-1].tokens_computed) == (15, 110, 44)
    for before, after in itertools.pairwise(seen):
        assert before.done <= after.done
        assert before.seconds <= after.seconds
    assert seen[-1].seconds >= 11 * 0.05


def test_progress_counts_questions_that_failed_while_they_fail(exam: Exam, store: Store) -> None:
    model = fails_on(0, 1)
    model.seconds = 0.05
    seen = progress_of(model, benchmark(ANY), exam, store)
    assert seen[-1].errors == 2
    assert (seen[-1].done, seen[-1].total) == (15, 15)
    assert any(item.errors and item.done < 15 for item in seen)


def test_a_run_that_is_stored_already_reports_itself_done(exam: Exam, store: Store) -> None:
    model = FakeModel()
    evaluate(model, benchmark(ANY), store=store, datasets=exam)
    seen = progress_of(model, benchmark(ANY), exam, store)
    assert all((item.stored, item.done, item.total) == (15, 15, 15) for item in seen)


def test_where_nobody_asks_for_progress_a_run_is_the_same(exam: Exam, store: Store) -> None:
    run = evaluate(FakeModel(), benchmark(ANY), store=store, datasets=exam)
    silent = evaluate(FakeModel(), benchmark(ANY), store=store.path / "other", datasets=exam, progress=None)
    assert run.samples == silent.samples


def test_the_samples_do_not_depend_on_the_order_of_answers(exam: Exam, tmp_path: Path) -> None:
    for implementation in implementations:
        one = evaluate(FakeModel(), benchmark(implementation), store=tmp_path / "a", datasets=exam)
        other = evaluate(Stubborn(), benchmark(implementation), store=tmp_path / "b", datasets=exam)
        assert (one.samples, one.scores) == (other.samples, other.scores)


def test_the_store_is_where_the_environment_says(exam: Exam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADERBENCH_STORE", str(tmp_path / "there"))
    run = evaluate(FakeModel(), benchmark(ANY), datasets=exam)
    assert Store(tmp_path / "there").run(run.id).id == run.id


def test_names_are_enough(tmp_path: Path) -> None:
    import leaderbench as lb

    run = lb.evaluate(FakeModel(), "exam/harness", store=tmp_path / "store", limit=1)
    assert len(run.samples) == 6
    assert all(isinstance(sample, Sample) for sample in run.samples)


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'datasets', 'pyarrow.parquet', 'scipy.stats'}"
    code = f"import sys, leaderbench; leaderbench.evaluate; print(*(sys.modules.keys() & {heavy}))"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == ""


def test_requests_of_equal_text_are_asked_once(exam: Exam, store: Store) -> None:
    class Twice:
        """Asks every question twice."""

        def __getattr__(self, name: str) -> object:
            return getattr(benchmark(ANY), name)

        def questions(self, datasets: Exam, subsets: Sequence[str]) -> Iterator[object]:
            for question in benchmark(ANY).questions(datasets, subsets):
                yield from (question, question)

    model = FakeModel()
    run = evaluate(model, Twice(), store=store, datasets=exam)
    assert model.asked == 15
    assert len(run.samples) == run.score().n == 30


def test_a_run_leaves_what_is_known_of_its_model_beside_it(tmp_path: Path) -> None:
    from leaderbench.evaluation import catalogue_files

    run = evaluate("bundled:owl-1m", "exam/harness", limit=1, store=tmp_path)
    (record,) = catalogue_files.load(tmp_path).records.values()
    assert record.name == "bundled:owl-1m"
    assert record.parameters is not None
    assert record.parameters.value == run.manifest.model["parameters"]


def test_a_run_is_stored_also_where_what_is_known_of_its_model_cannot_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("a file where a folder is needed")
    run = evaluate("bundled:owl-1m", "exam/harness", limit=1, store=tmp_path)
    assert Store(tmp_path).run(run.id).id == run.id
    assert "is not kept" in caplog.text


def test_what_all_answers_have_in_common_is_in_the_manifest_and_said(
    exam: Exam, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    run = evaluate(FakeModel(judge=lambda request, text: -1.0), benchmark("harness"), store=store, datasets=exam)
    (note,) = run.manifest.notes
    assert note.sentence == "All log-likelihoods are equal: the model tells no answer from another."
    assert f"exam/harness: {note.sentence}" in caplog.messages
    assert store.run(run.id).manifest.notes == run.manifest.notes
