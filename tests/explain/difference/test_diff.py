"""Any two runs: the causes that differ, the questions that flipped, and whether the gap is real."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import leaderbench as lb
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.run import evaluate
from leaderbench.explain.difference.causes import naming
from leaderbench.explain.difference.diff import Diff, diff
from leaderbench.explain.difference.diff_report import report
from leaderbench.explain.difference.first_cause import Kind
from leaderbench.explain.report.values import Chart, Flips, Report, Table, Text
from leaderbench.models.fake import FakeModel
from leaderbench.records import Aggregation, Metric, Sample
from leaderbench.requests import Request
from leaderbench.results.runs import Manifest, Run
from leaderbench.results.store import Store
from leaderbench.statistics import aggregate, paired_difference
from leaderbench.statistics.finite import drawn_scores
from tests.evaluation.conftest import Exam, benchmark

MICRO, MACRO = (Metric("acc", how) for how in Aggregation)


def sample(name: str, *, correct: bool, metric: str = "acc", **changes: Any) -> Sample:
    """A question of two choices whose right answer is B."""
    answer = "B" if correct else "A"
    fields: dict[str, Any] = {
        "example_id": name,
        "subset": name.split("/")[0],
        "prompt": f"{name}?\nAnswer:",
        "request_digests": ("0" * 64,),
        "continuations": (" A", " B"),
        "continuation_tokens": ((5,), (6,)),
        "token_log_probabilities": ((-1.0,), (-2.0,)),
        "log_likelihoods": (-3.0, -2.0) if correct else (-1.0, -2.0),
        "characters": (1, 1),
        "bytes": (1, 1),
        "context_tokens": 40,
        "truncated_tokens": 0,
        "shots_dropped": 0,
        "prediction": answer,
        "predictions": {metric: answer},
        "target": "B",
        "correct": correct,
        "margin": 1.0,
        "metrics": {metric: float(correct)},
        "flags": (),
    }
    return Sample(**(fields | changes))


def made(samples: list[Sample], run: str = "a", metrics: tuple[Metric, ...] = (MICRO, MACRO), **parts: Any) -> Run:
    """A run of these samples; parts of its manifest may be replaced."""
    content: dict[str, Any] = {
        "model": {"name": "org/model", "identity": "1" * 64, "weights": "a" * 64, "dtype": "float32"},
        "benchmark": {"name": "exam/x", "dataset": "some/exam", "revision": "1", "recipe": {"shots": 5}},
        "limits": {"limit": None, "subsets": []},
        "environment": {},
        "engine": {},
        "counts": {"questions": len(samples), "errors": 0, "flags": {}},
    }
    return Run(Manifest(run * 12, "", **(content | parts)), aggregate(samples, metrics), tuple(samples))


def right_at(pattern: str, subset: str = "rivers", **changes: Any) -> list[Sample]:
    """Questions answered right where the pattern has a 1."""
    return [sample(f"{subset}/{place}", correct=bit == "1", **changes) for place, bit in enumerate(pattern)]


def pair(a: str, b: str, **changes: Any) -> Diff:
    return diff(made(right_at(a)), made(right_at(b, **changes), "b"))


def texts(made_report: Report) -> str:
    """Everything that a reader sees, charts aside."""
    parts = [made_report.title, made_report.answer, *(" ".join(fact) for fact in made_report.facts)]
    for section in made_report.sections:
        if isinstance(section, Table):
            parts += [section.title, section.note, *(str(cell) for row in section.rows for cell in row)]
        elif isinstance(section, Text):
            parts += [section.title, *section.sentences]
    return "\n".join(parts)


def test_the_difference_is_a_minus_b_paired_by_question() -> None:
    found = pair("1111000", "1100100")
    values = [{f"rivers/{i}": float(bit) for i, bit in enumerate(bits)} for bits in ("1111000", "1100100")]
    assert found.difference == paired_difference(*values)
    assert (found.difference.b, found.difference.c) == (2, 1)
    assert found.difference.net == pytest.approx(1 / 7)


def test_flips_are_the_questions_with_another_verdict_and_other_changed_answers_are_counted_apart() -> None:
    a, b = right_at("1100"), right_at("1010")
    b[3] = replace(b[3], prediction="C", predictions={"acc": "C"})
    found = diff(made(a), made(b, "b"))
    assert [flip.example_id for flip in found.flips] == ["rivers/1", "rivers/2"]
    assert [(flip.a.right, flip.b.right) for flip in found.flips] == [(True, False), (False, True)]
    assert (found.changed, found.agreement) == (1, 0.25)


def test_a_clear_gap_is_real_and_a_small_one_may_be_noise() -> None:
    assert pair("1" * 40, "1" * 20 + "0" * 20).real
    assert not pair("1" * 40, "1" * 39 + "0").real


def test_a_flip_carries_both_answers_their_margins_and_both_rows() -> None:
    (flip,) = pair("10", "11").flips
    assert (flip.a.prediction, flip.b.prediction, flip.target) == ("A", "B", "B")
    assert (flip.a.margin, flip.b.margin, flip.near_tie) == (1.0, 1.0, False)
    assert [item.prompt for item in flip.samples] == ["rivers/1?\nAnswer:"] * 2


def test_a_margin_within_noise_on_either_side_is_a_near_tie() -> None:
    a = made([sample("rivers/0", correct=False, margin=3e-5, log_likelihoods=(-1.99997, -2.0))])
    b = made([sample("rivers/0", correct=True, margin=1e-5, log_likelihoods=(-2.00001, -2.0))], "b")
    (flip,) = diff(a, b).flips
    assert flip.near_tie
    assert flip.cause.kind is Kind.NUMERICS
    assert "1 of them a near tie" in report(diff(a, b)).answer


def test_bfloat16_of_one_run_widens_the_noise_of_both() -> None:
    a = made(right_at("0", margin=0.05))
    model = {"name": "org/model", "identity": "2", "weights": "a" * 64, "dtype": "bfloat16"}
    b = made(right_at("1"), "b", model=model)
    assert diff(a, b).flips[0].near_tie
    assert not diff(a, made(right_at("1"), "b")).flips[0].near_tie
    assert naming(diff(a, b).causes, True) == ("dtype",)


def test_runs_that_partly_overlap_are_compared_on_what_they_share() -> None:
    a, b = made(right_at("111000")), made(right_at("1010"), "b")
    found = diff(a, b)
    assert (found.shared, found.difference.n, found.a.only, found.b.only) == (4, 4, 2, 0)
    assert "2 of A and 0 of B are left out" in texts(report(found))


def test_questions_that_one_run_could_not_answer_are_left_out_and_counted() -> None:
    a = right_at("111")
    a[0] = replace(a[0], error="too long", metrics={})
    b = right_at("001")
    b[1] = replace(b[1], metrics={"acc": float("nan")})
    found = diff(made(a), made(b, "b"))
    assert (found.difference.n, found.a.unanswered, found.b.unanswered, found.flips) == (1, 1, 1, ())
    assert "1 in A, 1 in B" in texts(report(found))


@pytest.mark.parametrize("other", [right_at("11", "peaks"), []])
def test_runs_that_share_no_question_are_refused_in_one_sentence(other: list[Sample]) -> None:
    with pytest.raises(LeaderbenchError, match=r"share no question: .*\.$"):
        diff(made(right_at("11")), made(other, "b"))


def test_equal_ids_in_another_dataset_of_another_family_are_other_questions() -> None:
    elsewhere = {"name": "quiz/x", "dataset": "some/quiz", "revision": "1", "recipe": {}}
    with pytest.raises(LeaderbenchError, match="share no question"):
        diff(made(right_at("11")), made(right_at("10"), "b", benchmark=elsewhere))
    copied = elsewhere | {"name": "exam/y"}
    assert len(diff(made(right_at("11")), made(right_at("10"), "b", benchmark=copied)).flips) == 1


def test_runs_without_a_common_answer_are_refused() -> None:
    failed = [replace(item, error="too long") for item in right_at("11")]
    with pytest.raises(LeaderbenchError, match="none answered by both"):
        diff(made(failed), made(right_at("11"), "b"))


def test_a_question_that_stands_twice_in_a_run_is_refused() -> None:
    with pytest.raises(LeaderbenchError, match=r"rivers/0 stands twice in run a+"):
        diff(made(right_at("1") * 2), made(right_at("1"), "b"))


def test_manifests_without_anything_but_names_are_compared_and_what_is_unknown_is_said() -> None:
    parts: dict[str, Any] = {name: {} for name in ("limits", "environment", "engine", "counts")}
    parts |= {"model": {"name": "m"}, "benchmark": {"name": "exam/x"}}
    found = diff(made(right_at("11"), **parts), made(right_at("10"), "b", **parts))
    assert naming(found.causes, True) == ()
    answer = report(found).answer
    assert "differ in nothing that both record; unknown: model, dataset revision" in answer


def test_each_run_is_compared_by_the_metric_that_it_reports_and_that_is_said() -> None:
    match = (Metric("exact_match", Aggregation.MICRO),)
    found = diff(made(right_at("110")), made(right_at("100", metric="exact_match"), "b", match))
    assert [side.score.metric.name for side in (found.a, found.b)] == ["acc", "exact_match"]
    assert len(found.flips) == 1
    assert "A is scored by acc, B by exact_match" in texts(report(found))


def test_a_metric_can_be_chosen_where_both_have_it() -> None:
    norm, acc = (Metric(name, Aggregation.MICRO) for name in ("acc_norm", "acc"))
    samples = [replace(item, metrics={"acc": 1.0, "acc_norm": 0.0}) for item in right_at("10")]
    a, b = made(right_at("10")), made(samples, "b", (norm, acc))
    assert len(diff(a, b).flips) == 1
    assert [flip.example_id for flip in diff(a, b, "acc").flips] == ["rivers/1"]
    with pytest.raises(LeaderbenchError, match="no score 'acc_norm'"):
        diff(a, b, "acc_norm")


def two_subsets(first: str, second: str) -> list[Sample]:
    return right_at(first) + right_at(second, "peaks")


def test_macro_means_are_compared_as_macro_means() -> None:
    a, b = two_subsets("1111", "1"), two_subsets("1111", "0")
    micro = diff(made(a), made(b, "b")).difference.net
    found = diff(made(a, metrics=(MACRO, MICRO)), made(b, "b", (MACRO, MICRO)))
    assert (micro, found.difference.net) == pytest.approx((0.2, 0.5))


def test_runs_that_sum_up_differently_are_compared_as_plain_means_and_a_named_metric_in_one_way() -> None:
    a, b = made(two_subsets("1111", "1")), made(two_subsets("1111", "0"), "b", (MACRO, MICRO))
    found = diff(a, b)
    assert found.aggregation is Aggregation.MICRO
    assert found.difference.net == pytest.approx(0.2)
    assert "plain means over questions, 100.0 and 80.0 %" in texts(report(found))
    named = diff(a, b, "acc")
    assert [side.score.metric for side in (named.a, named.b)] == [MICRO, MICRO]


def test_subsets_that_differ_are_told_from_those_that_do_not_with_their_corrected_p() -> None:
    from scipy.stats import false_discovery_control

    found = diff(made(two_subsets("1" * 30, "10" * 15)), made(two_subsets("0" * 30, "10" * 15), "b"))
    assert [(item.subset, item.real) for item in found.subsets] == [("rivers", True), ("peaks", False)]
    plain = [item.difference.p for item in found.subsets]
    assert [item.adjusted for item in found.subsets] == pytest.approx(false_discovery_control(plain))


def test_one_subset_is_not_listed_again() -> None:
    assert pair("10", "11").subsets == ()


def test_a_run_compared_with_itself_has_no_difference_at_all() -> None:
    run = made(right_at("1100"))
    found = diff(run, run)
    assert (found.flips, found.difference.net, found.agreement) == ((), 0.0, 1.0)
    assert report(found).answer.startswith(f"Both are run {run.id}")


def test_a_run_that_stopped_when_the_answers_told_is_marked() -> None:
    stopped = made(right_at("10"), "b", limits={"limit": None, "until_separated": {"questions": 2}})
    found = diff(made(right_at("11")), stopped)
    assert (found.a.stopped, found.b.stopped) == (False, True)
    assert "B stopped asking" in texts(report(found))


patterns = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12)


@given(patterns, st.randoms(use_true_random=False))
def test_the_order_of_the_questions_changes_nothing_and_that_of_the_runs_the_sign(
    verdicts: list[tuple[bool, bool]], random: Any
) -> None:
    a = [sample(f"{'xy'[i % 2]}/{i}", correct=verdict) for i, (verdict, _) in enumerate(verdicts)]
    b = [sample(f"{'xy'[i % 2]}/{i}", correct=verdict) for i, (_, verdict) in enumerate(verdicts)]
    found = diff(made(a), made(b, "b"))
    random.shuffle(b)
    assert diff(made(a), made(b, "b")) == found
    back = diff(made(b, "b"), made(a))
    assert back.difference.net == pytest.approx(-found.difference.net)
    assert back.difference.p == pytest.approx(found.difference.p)
    assert len(back.flips) == len(found.flips)
    assert found.difference.b + found.difference.c == len(found.flips)


def asked(implementation: str, exam: Exam, store: Store, model: FakeModel, **changes: Any) -> Run:
    found = benchmark(implementation)
    return evaluate(model, replace(found, choices=replace(found.choices, **changes)), store=store, datasets=exam)


@pytest.fixture
def exam() -> Exam:
    return Exam()


@pytest.fixture
def store(tmp_path: Any) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.parametrize(
    ("changes", "kind", "behind"),
    [
        ({"shots": 4}, Kind.SHOTS, ("few-shot draw",)),
        ({"leading_space": False}, Kind.ASKED, ("boundary",)),
        ({"special_tokens": False}, Kind.ASKED, ("special tokens",)),
    ],
)
def test_real_runs_that_differ_in_one_choice_flip_because_of_it(
    changes: Mapping[str, Any], kind: Kind, behind: tuple[str, ...], exam: Exam, store: Store
) -> None:
    runs = [asked("harness", exam, store, FakeModel(), **extra) for extra in ({}, changes)]
    found = diff(*runs)
    assert found.flips
    assert {(flip.cause.kind, flip.cause.behind) for flip in found.flips} == {(kind, behind)}
    assert behind[0] in naming(found.causes, True)


def test_two_models_are_a_plain_comparison_and_the_model_is_the_cause(exam: Exam, store: Store) -> None:
    def other(request: Request, text: str) -> float:
        return -float(len(text) + text.encode()[-1] % 7 + len(request.context.text) % 3)

    runs = [asked("harness", exam, store, model) for model in (FakeModel("one"), FakeModel("two", judge=other))]
    found = diff(*runs)
    assert naming(found.causes, True) == ("model",)
    assert {(flip.cause.kind, flip.cause.behind) for flip in found.flips} == {(Kind.LOG_LIKELIHOODS, ("model",))}
    assert report(found).title == "one against two"


def test_a_stored_run_and_a_fresh_one_compare_alike(exam: Exam, store: Store) -> None:
    fresh = [asked(name, exam, store, FakeModel()) for name in ("harness", "helm")]
    assert diff(*fresh) == lb.diff(*(store.run(run.id) for run in fresh))


def test_a_changed_dataset_is_the_text_that_differs(store: Store) -> None:
    class Other(Exam):
        def rows(self, dataset: str, config: str, split: str) -> list[dict[str, object]]:
            rows = super().rows(dataset, config, split)
            return [row | {"question": str(row["question"]).upper()} for row in rows] if split == "test" else rows

    runs = [asked("harness", exam, store, FakeModel()) for exam in (Exam(), Other(version="second"))]
    found = diff(*runs)
    assert {(flip.cause.kind, flip.cause.behind) for flip in found.flips} == {(Kind.TEXT, ("dataset revision",))}


def test_a_damaged_run_is_said_in_one_sentence(exam: Exam, store: Store) -> None:
    run = asked("harness", exam, store, FakeModel())
    (store.path / "runs" / run.id / "samples.parquet").write_bytes(b"no")
    with pytest.raises(LeaderbenchError, match="is damaged"):
        diff(store.run(run.id), run)


def test_the_report_answers_first_and_lists_causes_gap_flips_and_subsets(exam: Exam, store: Store) -> None:
    runs = [asked(name, exam, store, FakeModel()) for name in ("original", "harness-2023")]
    found = diff(*runs)
    written = report(found)
    flipped = f"{len(found.flips)} questions ({100 * len(found.flips) / 15:.1f} %) flipped"
    for part in ("gap", "%", "95 % interval", "They differ in cleaning, prompt, few-shot draw", flipped):
        assert part in written.answer
    titles = [section.title for section in written.sections]
    wanted = ["Causes that differ", "The gap", "What made questions flip", "By subset", "Questions that flipped"]
    assert [title for title in titles if title in wanted] == wanted
    causes = next(item for item in written.sections if item.title == "Causes that differ")
    assert isinstance(causes, Table)
    assert [row[0] for row in causes.rows] == [
        *naming(found.causes, True),
        *map("{} (unknown)".format, naming(found.causes, None)),
    ]
    assert sum(isinstance(section, Chart) for section in written.sections) == 2
    flips = written.sections[-1]
    assert isinstance(flips, Flips)
    assert (flips.total, len(flips.flips)) == (len(found.flips), len(found.flips))
    assert flips.flips[0].a.prompt == found.flips[0].samples[0].prompt


def test_the_report_lists_no_more_flips_than_wanted_and_says_how_many_there_are() -> None:
    flips = report(pair("1" * 9, "0" * 9), limit=4).sections[-1]
    assert isinstance(flips, Flips)
    assert (len(flips.flips), flips.total) == (4, 9)
    assert "--json lists all" in flips.note


def test_many_subsets_are_all_on_the_page_and_only_those_that_differ_in_the_terminal() -> None:
    names = [f"subject{i}" for i in range(20)]
    a = [item for name in names for item in right_at("1" * 20, name)]
    b = [item for name in names for item in right_at(("0" if name == "subject3" else "1") * 20, name)]
    tables = [item for item in report(diff(made(a), made(b, "b"))).sections if isinstance(item, Table)]
    shown = next(item for item in tables if item.title == "Subsets that differ")
    every = next(item for item in tables if item.title == "By subset")
    assert [row[0] for row in shown.rows] == ["subject3"]
    assert (shown.in_terminal, every.in_terminal, len(every.rows)) == (True, False, 20)


def test_without_any_difference_the_smallest_gap_is_unknown_and_no_chart_of_margins_is_drawn() -> None:
    written = report(pair("1100", "1100"))
    assert ("smallest gap that could be shown", "unknown") in next(
        item.rows for item in written.sections if isinstance(item, Table) and item.title == "The gap"
    )
    assert not any(isinstance(section, Chart | Flips) for section in written.sections)
    assert "There is no gap" in written.answer


def drawn(pattern: str, subset: str, bank: dict[str, int], run: str = "d") -> Run:
    """A run on questions drawn from a bank: those of `rivers` and of another subset."""
    samples = two_subsets(pattern, subset)
    limits: dict[str, Any] = {"limit": None, "subsets": [], "questions": len(samples), "seed": 0}
    counts = {"questions": len(samples), "errors": 0, "flags": {}, "bank": sum(bank.values())}
    plain = made(samples, run, limits=limits, counts=counts)
    return replace(plain, scores=drawn_scores(samples, (MICRO, MACRO), bank))


def test_a_drawn_run_against_a_whole_one_weighs_each_subset_as_the_bank_does_and_says_so() -> None:
    whole = made(two_subsets("1" * 8, "0" * 4))
    part = drawn("00", "11", {"rivers": 8, "peaks": 4})
    found = diff(part, whole)
    assert found.drawn
    assert found.difference.net == pytest.approx(8 / 12 * -1 + 4 / 12 * 1)
    assert found.difference.mean_a == pytest.approx(part.score().estimate)
    said = texts(report(found))
    assert "questions 4; seed 0 questions all; seed –" in said.replace("\n", " ")
    assert "drawn at random, every subset weighing as it does among all questions" in said


def test_questions_shared_by_chance_with_a_limited_run_are_no_random_part_of_the_bank() -> None:
    part = drawn("0011", "11", {"rivers": 8, "peaks": 4})
    limited = made(two_subsets("11", "1"), limits={"limit": 2, "subsets": []})
    assert not diff(part, limited).drawn


def test_a_run_that_names_subsets_otherwise_is_compared_as_plain_means() -> None:
    part = drawn("00", "11", {"rivers": 8, "peaks": 4})
    other = made([replace(item, subset="all") for item in two_subsets("1" * 8, "0" * 4)])
    assert not diff(other, part).drawn
    assert diff(other, part).difference.net == pytest.approx(0.0)
