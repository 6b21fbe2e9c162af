"""What each cause contributes: planted causes are found, contributions sum to the difference, bad input is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from leaderbench.benchmarks import registry
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.progress import Progress
from leaderbench.explain.report.html import to_html
from leaderbench.explain.report.values import Flips, Table
from leaderbench.explain.split.explanation import Explanation, Listener, ModelSplit, explanation
from leaderbench.explain.split.explanation_report import report
from leaderbench.explain.split.explanation_texts import real
from leaderbench.explain.split.fill import Forecast
from leaderbench.explain.split.grid import load
from leaderbench.models.fake import FakeModel
from leaderbench.results.store import Store
from leaderbench.statistics.decomposition import shapley, weighted
from tests.explain.split.planted import Exam, Features, benchmark, planted

FACTORS = ("template", "shots", "scoring", "encoding")


def only(name: str) -> Callable[[Features], float]:
    return lambda features: 0.8 if features[name] else 0.4


def both(first: str, second: str) -> Callable[[Features], float]:
    return lambda features: 0.8 if features[first] and features[second] else 0.4


def split_of(model: FakeModel, folder: Path, exam: Exam | None = None) -> ModelSplit:
    pair = [benchmark("original"), benchmark("harness-2023")]
    found = explanation(model, pair, store=folder, datasets=exam or Exam())
    return found.pairs[0].splits[0]


@pytest.mark.parametrize("name", FACTORS)
def test_a_planted_cause_is_named_and_no_other(name: str, tmp_path: Path) -> None:
    wrong = 0
    for seed in range(4):
        item = split_of(planted(seed, only(name)), tmp_path)
        found = {part.factor: part for part in item.split.contributions}
        assert found[name].interval.low > 0
        wrong += sum(real(part) for factor, part in found.items() if factor != name)
    assert wrong <= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FACTORS, "template+encoding"])
def test_planted_causes_are_found_in_nearly_all_seeds(name: str, tmp_path: Path) -> None:
    """Each other contribution has an interval that contains 0 in at least 93 of 100 seeds."""
    causes = name.split("+")
    right = only(name) if len(causes) == 1 else both(causes[0], causes[1])
    named, contains = 0, dict.fromkeys(set(FACTORS) - set(causes), 0)
    for seed in range(100):
        item = split_of(planted(seed, right), tmp_path / str(seed), Exam({"rivers": 100, "peaks": 60}))
        found = {part.factor: part for part in item.split.contributions}
        named += all(found[cause].interval.low > 0 for cause in causes)
        if len(causes) > 1:
            together = next(part for part in item.split.interactions if set(part.factors) == set(causes))
            named -= together.interval.low <= 0
        for factor in contains:
            contains[factor] += not real(found[factor])
    assert named >= 93
    assert min(contains.values()) >= 93, contains


def test_contributions_sum_to_the_difference_for_every_question(tmp_path: Path) -> None:
    item = split_of(planted(0, only("template")), tmp_path)
    grid = item.grid
    values = weighted(grid.values, grid.weights())
    assert np.allclose(shapley(values).sum(axis=1), values[:, -1] - values[:, 0], rtol=0, atol=1e-12)
    total = sum(part.estimate for part in item.split.contributions)
    assert total == pytest.approx(item.split.score_b - item.split.score_a, abs=1e-12)


def test_both_ends_score_as_a_run_of_the_implementation_does(tmp_path: Path) -> None:
    from leaderbench.evaluation.run import evaluate

    model = planted(3, both("template", "scoring"))
    item = split_of(model, tmp_path)
    for name, estimate in (("original", item.a), ("harness-2023", item.b)):
        score = evaluate(model, benchmark(name), store=tmp_path, datasets=Exam()).score()
        assert estimate.estimate == pytest.approx(score.estimate, abs=1e-12)
        assert (estimate.interval.low, estimate.interval.high) == pytest.approx((score.low, score.high), abs=1e-12)


def test_runs_and_explanations_share_their_answers(tmp_path: Path) -> None:
    from leaderbench.evaluation.run import evaluate

    model = planted(0, only("shots"))
    split_of(model, tmp_path)
    before = model.asked
    evaluate(model, benchmark("original"), store=tmp_path, datasets=Exam())
    split_of(model, tmp_path)
    assert model.asked == before


def test_what_changes_nothing_costs_nothing(tmp_path: Path) -> None:
    item = split_of(planted(0, only("shots")), tmp_path)
    assert item.grid.cause.fixed == ("cleaning", "truncation")
    assert item.grid.cause.factors == (*FACTORS, "aggregation")
    even = split_of(planted(0, only("shots")), tmp_path, Exam({"rivers": 20, "peaks": 20}))
    assert even.grid.cause.factors == FACTORS
    assert even.grid.cause.fixed == ("cleaning", "truncation", "aggregation")


def test_cleaning_counts_where_a_cell_is_read_differently(tmp_path: Path) -> None:
    item = split_of(planted(0, only("shots")), tmp_path, Exam(strange="None right 1"))
    assert "cleaning" in item.grid.cause.fixed
    strange = Exam(strange="None")
    model = FakeModel("any")
    item = split_of(model, tmp_path / "strange", strange)
    assert "cleaning" in item.grid.cause.factors


def test_named_factors_leave_the_rest_as_one_more(tmp_path: Path) -> None:
    pair = [benchmark("original"), benchmark("harness-2023")]
    found = explanation(
        planted(0, only("shots")), pair, factors=["scoring", "template+shots"], store=tmp_path, datasets=Exam()
    )
    item = found.pairs[0].splits[0]
    assert item.grid.cause.factors == ("template+shots", "scoring", "everything else")
    assert item.split.score_b == pytest.approx(split_of(planted(0, only("shots")), tmp_path).split.score_b)


def test_an_unanswered_question_is_left_out_and_counted(tmp_path: Path) -> None:
    model = planted(0, only("shots"))
    model.fails = lambda request: "rivers test 7?" in request.context.question and features_of(request)["template"]
    item = split_of(model, tmp_path)
    assert item.grid.cause.errors == 1
    assert "rivers/7" not in item.grid.example_ids
    assert len(item.grid.example_ids) == 59


def features_of(request: object) -> Features:
    from tests.explain.split.planted import features

    return features(request)


def test_a_model_that_cannot_answer_one_configuration_is_said(tmp_path: Path) -> None:
    model = planted(0, only("shots"))
    model.fails = lambda request: features_of(request)["encoding"]
    with pytest.raises(LeaderbenchError, match=r"planted-0 answered no question of .*encoding changed.*told to fail"):
        split_of(model, tmp_path)


def test_the_grid_is_kept_and_reads_back_the_same(tmp_path: Path) -> None:
    item = split_of(planted(0, only("scoring")), tmp_path)
    (path,) = (tmp_path / "explanations").iterdir()
    grid = load(path)
    assert grid.cause == item.grid.cause
    assert (grid.example_ids, grid.subsets, grid.targets) == (
        item.grid.example_ids,
        item.grid.subsets,
        item.grid.targets,
    )
    assert np.array_equal(grid.values, item.grid.values)
    assert np.array_equal(grid.margins, item.grid.margins)
    assert np.array_equal(grid.predictions, item.grid.predictions)


def test_a_damaged_grid_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(LeaderbenchError, match="no whole explanation"):
        load(path)


def several(folder: Path) -> Explanation:
    models = [planted(seed, only("template") if seed % 2 else only("scoring")) for seed in range(4)]
    pair = [benchmark("original"), benchmark("harness-2023")]
    return explanation(models, pair, store=folder, datasets=Exam())


def test_several_models_tell_shift_from_reordering(tmp_path: Path) -> None:
    found = several(tmp_path)
    by_name = {item.factor: item for item in found.pairs[0].reorderings}
    assert by_name["template"].reorder > by_name["shots"].reorder
    assert by_name["scoring"].reorder > by_name["encoding"].reorder
    assert found.pairs[0].whole is not None
    assert all(0 <= item.reorder_interval.high <= 1 for item in found.pairs[0].reorderings)


def test_the_forecast_counts_configurations_passes_and_questions(tmp_path: Path) -> None:
    told: list[Forecast] = []
    pair = [benchmark("original"), benchmark("harness-2023")]
    explanation(
        planted(0, only("shots")),
        pair,
        store=tmp_path,
        datasets=Exam(),
        listener=Listener(forecast=lambda pair, forecast: told.append(forecast)),
    )
    assert [(item.configurations, item.passes, item.questions) for item in told] == [(32, 8, 60)]


def test_progress_ends_with_every_question_done(tmp_path: Path) -> None:
    seen: list[Progress] = []
    pair = [benchmark("original"), benchmark("harness-2023")]
    model = planted(0, only("shots"))
    explanation(model, pair, store=tmp_path, datasets=Exam(), listener=Listener(progress=seen.append))
    assert (seen[-1].done, seen[-1].total) == (60, 60)
    assert all(item.done <= item.total for item in seen)


def test_published_scores_leave_a_remainder(tmp_path: Path) -> None:
    pair = [benchmark("original"), benchmark("harness-2023")]
    scores = {"exam/original": 0.5, "exam/harness-2023": 0.9}
    found = explanation(planted(0, only("shots")), pair, published=scores, store=tmp_path, datasets=Exam())
    item = found.pairs[0].splits[0]
    assert item.remainder is not None
    total = sum(part.estimate for part in item.split.contributions) + item.remainder
    assert total == pytest.approx(0.4, abs=1e-12)
    (table,) = [s for s in report(found).sections if isinstance(s, Table) and s.title == "What each cause contributes"]
    assert [row[0] for row in table.rows][-1] == "not reproduced"


@pytest.mark.parametrize("limits", [{"limit": 3}, {"subsets": ("peaks",)}, {"questions": 10}])
def test_fewer_questions_are_marked(limits: dict[str, object], tmp_path: Path) -> None:
    pair = [benchmark("original"), benchmark("harness-2023")]
    found = explanation(planted(0, only("shots")), pair, store=tmp_path, datasets=Exam(), **limits)
    n = len(found.pairs[0].splits[0].grid.example_ids)
    assert n == {"limit": 6, "subsets": 20, "questions": 10}[next(iter(limits))]
    assert found.limits
    assert any(found.limits in value for _, value in report(found).facts)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"implementations": "cmmlu"}, "cmmlu/harness is a single implementation: name another"),
        ({"implementations": ["exam/helm"]}, "exam/helm is a single implementation"),
        ({"implementations": ["exam/helm", "exam/helm"]}, "named twice"),
        ({"implementations": ["exam/helm", "mmlu/helm"]}, "do not ask the same questions"),
        ({"implementations": "exams"}, "did you mean"),
        ({"factors": ["templat"]}, "has no factor 'templat'; did you mean 'template'"),
        ({"factors": ["cleaning", "cleaning"]}, "named twice"),
        ({"implementations": ["exam/open-llm-v1", "exam/harness"], "factors": ["shots"]}, "do not differ in shots"),
        ({"published": {"exam/original": 0.5}}, "give one for each"),
        ({"published": {"exam/original": 50, "exam/harness-2023": 0.5}}, "between 0 and 1"),
        ({"limit": 0}, "leaves nothing to ask"),
        ({"limit": 5, "questions": 5}, "exclude each other"),
        ({"subsets": ["nothing"]}, "nothing"),
    ],
)
def test_bad_input_is_one_clear_sentence(given: dict[str, object], sentence: str, tmp_path: Path) -> None:
    settings: dict[str, object] = {"implementations": ["exam/original", "exam/harness-2023"]} | given
    with pytest.raises(LeaderbenchError, match=sentence):
        explanation(FakeModel(), store=tmp_path, **settings)


def test_drawn_questions_count_as_a_run_of_them_counts_them(tmp_path: Path) -> None:
    from leaderbench.evaluation.run import evaluate

    model, exam = planted(3, both("template", "scoring")), Exam({"rivers": 90, "peaks": 7})
    pair = [benchmark("original"), benchmark("harness-2023")]
    found = explanation(model, pair, questions=20, store=tmp_path, datasets=exam)
    item = found.pairs[0].splits[0]
    for name, estimate, share in (
        ("original", item.a, item.split.score_a),
        ("harness-2023", item.b, item.split.score_b),
    ):
        score = evaluate(model, benchmark(name), questions=20, store=tmp_path, datasets=exam).score()
        assert share == pytest.approx(score.estimate, abs=1e-12)
        assert estimate.estimate == pytest.approx(score.estimate, abs=1e-12)
        assert (estimate.interval.low, estimate.interval.high) == pytest.approx((score.low, score.high), abs=1e-12)
    assert "≈" in report(found).answer


def test_the_difference_is_the_one_that_two_runs_show(tmp_path: Path) -> None:
    from leaderbench.evaluation.run import evaluate
    from leaderbench.explain.difference.diff import diff

    model, exam = planted(3, only("encoding")), Exam({"rivers": 8, "peaks": 8})
    pair = [benchmark("original"), benchmark("harness")]
    gap = explanation(model, pair, store=tmp_path, datasets=exam).pairs[0].splits[0].split.difference
    runs = [evaluate(model, recipe, store=tmp_path, datasets=exam) for recipe in pair]
    found = diff(runs[1], runs[0]).difference
    assert (gap.estimate, gap.interval) == (found.net, found.interval)
    assert gap.interval.high > gap.interval.low


def test_one_model_under_two_names_is_refused(tmp_path: Path) -> None:
    one = planted(0, only("shots"))
    with pytest.raises(LeaderbenchError, match="planted-0 and planted-0 are one model"):
        explanation([one, one], [benchmark("original"), benchmark("harness-2023")], store=tmp_path, datasets=Exam())


def test_what_was_left_out_stands_in_the_answer_with_its_reason(tmp_path: Path) -> None:
    model = planted(0, only("shots"))
    model.fails = lambda request: "rivers test 7?" in request.context.question
    pair = [benchmark("original"), benchmark("harness-2023")]
    said = report(explanation(model, pair, store=tmp_path, datasets=Exam())).answer
    assert "on 59 questions. 1 more question cannot be asked in every recipe" in said
    assert "the fake model was told to fail here" in said


def test_what_changes_nothing_is_a_row_of_zeros(tmp_path: Path) -> None:
    pair = [benchmark("original"), benchmark("harness-2023")]
    told = report(explanation(planted(0, only("shots")), pair, store=tmp_path, datasets=Exam()))
    (table,) = [s for s in told.sections if isinstance(s, Table) and s.title == "What each cause contributes"]
    assert [row[0] for row in table.rows if row[-1] == 0] == ["cleaning", "truncation"]


def test_a_store_that_may_only_be_read_is_explained_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(grid: object, path: Path) -> None:
        raise LeaderbenchError(f"Access to {path} is denied.")

    monkeypatch.setattr("leaderbench.explain.split.explanation.save", refuse)
    item = split_of(planted(0, only("shots")), tmp_path)
    assert len(item.split.contributions) == 5
    assert "are not kept" in caplog.text


def test_the_report_says_the_answer_first_and_names_the_cause(tmp_path: Path) -> None:
    pair = [benchmark("original"), benchmark("harness-2023")]
    found = explanation(planted(1, only("scoring")), pair, store=tmp_path, datasets=Exam({"rivers": 200, "peaks": 100}))
    told = report(found)
    assert "What makes it: scoring +" in told.answer
    (flips,) = [section for section in told.sections if isinstance(section, Flips)]
    assert flips.total >= len(flips.flips) > 0
    one = flips.flips[0]
    assert one.a.prompt != one.b.prompt
    assert "[asked: how likely is each of" in one.a.prompt
    assert to_html(told).lower().startswith("<!doctype html>")


def test_the_report_of_several_models_has_both_views(tmp_path: Path) -> None:
    told = report(several(tmp_path))
    assert "models move by" in told.answer
    titles = [section.title for section in told.sections]
    assert "Does everybody move, or do places change?" in titles
    assert "What each cause contributes, by model" in titles


@pytest.mark.parametrize(("a", "b"), [("exam/helm", "exam/open-llm-v1"), ("exam/original", "exam/helm")])
def test_every_pair_of_the_bundled_exam_can_be_explained(a: str, b: str, tmp_path: Path) -> None:
    found = explanation(FakeModel(), [registry.get(a), registry.get(b)], limit=2, store=Store(tmp_path))
    assert len(found.pairs[0].splits[0].grid.example_ids) == 12
    report(found)
