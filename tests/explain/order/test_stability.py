import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leaderbench
from leaderbench.errors import LeaderbenchError
from leaderbench.explain.order import published
from leaderbench.explain.order.stability import Stability, stability
from leaderbench.explain.order.stability_report import answer, report
from leaderbench.explain.report.values import Chart, Report, Table, Text
from leaderbench.records import Aggregation, Metric, Sample, Score
from leaderbench.results.runs import Manifest, Run
from leaderbench.results.store import Store
from leaderbench.statistics import macro

QUESTIONS = 400
MakeRun = Callable[..., Run]

EXCHANGED: dict[str, dict[str, float]] = {
    "helm": {"a": 0.8, "b": 0.6, "c": 0.3},
    "original": {"a": 0.6, "b": 0.8, "c": 0.3},
}
"""Implementations to models to abilities, so that a and b really change places."""


def sample(name: str, subset: str, value: float, error: str | None = None) -> Sample:
    fields: dict[str, Any] = dict.fromkeys(
        ("request_digests", "continuations", "continuation_tokens", "token_log_probabilities", "log_likelihoods"), ()
    )
    fields |= {"characters": (), "bytes": (), "prompt": name, "context_tokens": 1, "truncated_tokens": 0}
    fields |= {"shots_dropped": 0, "prediction": "A", "predictions": {}, "target": "A", "margin": 1.0, "flags": ()}
    return Sample(name, subset, correct=value > 0.5, metrics={"acc": value}, error=error, **fields)


def run(
    model: str,
    implementation: str,
    values: Sequence[float],
    *,
    family: str = "mmlu",
    aggregation: Aggregation = Aggregation.MICRO,
    created: str = "2026-01-01",
    limits: dict[str, Any] | None = None,
    errors: Sequence[int] = (),
    identity: str = "",
    revision: str = "r1",
    counts: dict[str, Any] | None = None,
) -> Run:
    """A run with these values on questions q0, q1, …, in four subsets."""
    samples = tuple(
        sample(f"q{i}", f"s{i % 4}", value, "too long" if i in errors else None) for i, value in enumerate(values)
    )
    manifest = Manifest(
        sha256(repr((family, model, implementation, created, identity, limits)).encode()).hexdigest()[:12],
        created,
        {"name": model, "identity": identity or model},
        {"name": f"{family}/{implementation}", "recipe": {}, "dataset": "cais/mmlu", "revision": revision},
        limits or {"limit": None, "subsets": []},
        {},
        {},
        {"questions": len(values), **(counts or {})},
    )
    score = Score(Metric("acc", aggregation), None, float(np.mean(values)), 0.02, 0.0, 1.0, len(values))
    return Run(manifest, (score,), samples)


def runs(
    abilities: dict[str, dict[str, float]], seed: int = 0, questions: int = QUESTIONS, **settings: Any
) -> list[Run]:
    """Runs of every model under every implementation, right with these probabilities."""
    rng = random.Random(seed)
    return [
        run(model, implementation, [float(rng.random() < p) for _ in range(questions)], **settings)
        for implementation, models in abilities.items()
        for model, p in models.items()
    ]


def same(implementations: Sequence[str], **models: float) -> dict[str, dict[str, float]]:
    return dict.fromkeys(implementations, models)


# What is found


def test_a_planted_exchange_is_found_and_nothing_else() -> None:
    (item,) = stability(runs(EXCHANGED), "mmlu").comparisons
    (exchange,) = item.exchanges
    assert (item.a, item.b) == ("original", "helm")
    assert (exchange.ahead, exchange.behind) == ("b", "a")
    assert exchange.gap_a > 0.1
    assert exchange.gap_b < -0.1
    assert max(exchange.p_a, exchange.p_b) < 0.001
    assert item.flip_probabilities[0].probability > 0.99
    assert {item.flip_probabilities[0].one, item.flip_probabilities[0].other} == {"a", "b"}
    assert item.flip_probabilities[-1].probability < 0.01


def test_each_order_has_scores_errors_ranks_and_the_runs_it_comes_from() -> None:
    made = runs(EXCHANGED)
    found = stability(made, "mmlu")
    original = found.orders[0]
    values = [s.metrics["acc"] for s in made[3].samples]
    assert (original.implementation, original.metric, original.n) == ("original", "acc (micro)", QUESTIONS)
    assert original.scores[0] == pytest.approx(np.mean(values))
    assert original.standard_errors[0] == pytest.approx(np.std(values, ddof=1) / math.sqrt(QUESTIONS))
    assert (found.models, original.ranks) == (("a", "b", "c"), (2, 1, 3))
    assert original.runs == tuple(item.id for item in made[3:])


def test_a_macro_metric_weighs_subsets_alike_everywhere() -> None:
    values = [1.0] * 40 + [0.0, 0.0, 0.0, 1.0] * 40
    made = [
        run(model, name, values[::step], aggregation=Aggregation.MACRO)
        for name in ("helm", "harness-2023")
        for model, step in (("a", 1), ("b", -1))
    ]
    found = stability(made, "mmlu")
    parts = [[s.metrics["acc"] for s in made[0].samples if s.subset == f"s{k}"] for k in range(4)]
    order = found.orders[0]
    assert order.scores[0] == pytest.approx(np.mean([np.mean(part) for part in parts]))
    assert order.standard_errors[0] == pytest.approx(macro(parts).standard_error)


def test_the_top_falls_with_the_questions_that_are_named() -> None:
    made = runs(same(["helm", "original"], a=0.62, b=0.6, c=0.3))
    found = stability(made, "mmlu")
    for order, start in zip(found.orders, (3, 0), strict=True):
        assert order.top is not None
        left = {
            item.manifest.model["name"]: np.mean(
                [s.metrics["acc"] for s in item.samples if s.example_id not in order.top.removed]
            )
            for item in made[start : start + 3]
        }
        assert max(left, key=lambda name: left[name]) == order.top.rival != order.top.first


def test_churn_is_the_share_of_questions_with_another_outcome() -> None:
    made = [
        run("a", "helm", [1, 1, 0, 0]),
        run("b", "helm", [1, 0, 0, 0]),
        run("a", "original", [1, 0, 1, 0]),
        run("b", "original", [1, 0, 0, 0]),
    ]
    (item,) = stability(made, "mmlu").comparisons
    assert item.churn == 2 / 8


def test_orders_that_differ_by_noise_alone_mostly_agree_as_the_ceiling_says() -> None:
    abilities = same(["helm", "original"], a=0.5, b=0.52, c=0.54, d=0.56, e=0.58, f=0.6)
    found = [stability(runs(abilities, seed, 150), "mmlu", seed=seed).comparisons[0] for seed in range(25)]
    assert sum(item.beyond_noise for item in found) <= 3
    assert not any(item.exchanges for item in found)


def test_the_same_seed_gives_the_same_values_and_another_other_draws() -> None:
    made = runs(same(["helm", "original"], a=0.5, b=0.52, c=0.54))
    assert stability(made, "mmlu", seed=1) == stability(made, "mmlu", seed=1)
    assert stability(made, "mmlu", seed=1).orders[0].ceiling != stability(made, "mmlu", seed=2).orders[0].ceiling


def test_neither_the_order_of_runs_nor_of_samples_changes_anything() -> None:
    made = runs(EXCHANGED)
    shuffled = [replace(item, samples=tuple(reversed(item.samples))) for item in reversed(made)]
    assert stability(shuffled, "mmlu") == stability(made, "mmlu")


def test_a_store_its_folder_and_its_runs_give_the_same(tmp_path: Path) -> None:
    made = runs(EXCHANGED, questions=60)
    store = Store(tmp_path)
    for item in made:
        store.save(item)
    found = stability(made, "mmlu")
    assert stability(store, "mmlu") == found
    assert stability(str(tmp_path), "mmlu") == found
    assert leaderbench.stability(tmp_path, "mmlu") == found


# Which runs are compared


def test_the_newest_run_of_each_model_and_implementation_is_taken() -> None:
    newer = run("a", "helm", [0.0] * QUESTIONS, created="2026-02-02")
    for made in ([*runs(EXCHANGED), newer], [newer, *runs(EXCHANGED)]):
        assert stability(made, "mmlu").orders[1].scores[0] == 0


def test_a_model_without_every_implementation_is_left_out_and_said() -> None:
    found = stability([*runs(EXCHANGED), run("d", "helm", [1.0] * QUESTIONS)], "mmlu")
    assert found.models == ("a", "b", "c")
    assert "d is left out: it has no run of mmlu/original." in found.notes


def test_baselines_take_no_part_in_an_order() -> None:
    chance = [run("baseline:random", name, [float(i % 4 == 0) for i in range(QUESTIONS)]) for name in EXCHANGED]
    assert stability([*runs(EXCHANGED), *chance], "mmlu").models == stability(runs(EXCHANGED), "mmlu").models


def test_an_implementation_that_few_models_have_is_left_out_and_said() -> None:
    found = stability([*runs(EXCHANGED), run("a", "harness", [1.0] * QUESTIONS)], "mmlu")
    assert [order.implementation for order in found.orders] == ["original", "helm"]
    assert "mmlu/harness is left out: not all of these models have a run of it." in found.notes


def test_runs_with_other_settings_are_not_mixed_in() -> None:
    limit = {"limit": 10, "subsets": []}
    few = runs({"helm": {"a": 0.1, "b": 0.9}, "original": {"a": 0.9, "b": 0.1}}, questions=40, limits=limit)
    found = stability([*runs(EXCHANGED), *few], "mmlu")
    assert found.questions == QUESTIONS
    assert "Runs with other settings are left out: limit 10." in found.notes
    only = stability(few, "mmlu")
    assert (only.questions, only.notes[0]) == (40, "All runs have these settings: limit 10.")


def test_runs_that_stopped_early_are_left_out_and_said() -> None:
    limits: dict[str, Any] = {"limit": None, "subsets": [], "until_separated": {"questions": 9, "from": "b"}}
    stopped = run("a", "helm", [0.0] * 9, created="2026-02-02", limits=limits, counts={"bank": 400})
    found = stability([*runs(EXCHANGED), stopped], "mmlu")
    assert found == replace(stability(runs(EXCHANGED), "mmlu"), notes=found.notes)
    assert "stopped early" in found.notes[0]
    with pytest.raises(LeaderbenchError, match="All runs of mmlu in this store stopped early"):
        stability([stopped], "mmlu")


def test_only_questions_that_all_runs_answered_count() -> None:
    made = [
        run("a", "helm", [1, 1, 1, 0], errors=[3]),
        run("b", "helm", [1, 0, 0, 0, 1]),
        run("a", "original", [1, 1, 1, 1]),
        run("b", "original", [1, 1, 0, 0], errors=[0]),
    ]
    found = stability(made, "mmlu")
    assert found.questions == 2
    assert found.notes == ("3 questions are left out: not all runs answered.",)
    assert [order.scores for order in found.orders] == [(1.0, 0.5), (1.0, 0.0)]


def test_two_models_of_one_name_are_told_apart_and_folders_go_by_their_last_part() -> None:
    made = [
        run(name, implementation, [1.0, 0.0], identity=identity)
        for implementation in ("helm", "original")
        for name, identity in (("/models/x", "1"), ("org/y", "2" * 12), ("org/y", "3" * 12))
    ]
    assert stability(made, "mmlu").models == ("org/y [22222222]", "org/y [33333333]", "x")


def test_runs_of_different_revisions_of_the_dataset_are_said() -> None:
    made = [*runs({"helm": EXCHANGED["helm"]}), *runs({"original": EXCHANGED["original"]}, revision="r2")]
    assert any("different revisions" in note for note in stability(made, "mmlu").notes)


def test_a_damaged_run_is_said_and_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for item in [*runs(EXCHANGED, questions=20), run("d", "helm", [1.0] * 20)]:
        folder = store.save(item)
    (folder / "scores.json").write_text("{")
    found = stability(store, "mmlu")
    assert found.models == ("a", "b", "c")
    assert str(folder) in found.notes[-1]


few: dict[str, Any] = {"questions": 2}
HELM = {"helm": {"a": 1.0, "b": 1.0}}


@pytest.mark.parametrize(
    ("made", "benchmark", "said"),
    [
        ([], "mmul", r"no benchmark 'mmul'; did you mean 'mmlu'\?"),
        ([], "mmlu", "There is no run of mmlu in this store"),
        ([], "cmmlu", "cmmlu has a single implementation, cmmlu/[a-z-]+: there is no order"),
        (runs(EXCHANGED, **few), "mmlu/helm", "a single implementation; give the family, mmlu,"),
        (runs(HELM, **few), "mmlu", "of one implementation, mmlu/helm: run the same models on another"),
        (runs(HELM, family="mine", **few), "mine", "mine has a single implementation, mine/helm: there is no order"),
        (runs(same(["helm", "original"], a=1), **few), "mmlu", "Only a has runs of mmlu in this store"),
        (runs({"helm": {"a": 1}, "original": {"b": 1}}, **few), "mmlu", "No two models have runs of the same two"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_sentence(made: list[Run], benchmark: str, said: str) -> None:
    with pytest.raises(LeaderbenchError, match=said) as error:
        stability(made, benchmark)
    assert "\n" not in str(error.value)


def test_runs_that_share_no_answered_question_are_refused() -> None:
    made = [run("a", "helm", [1, 0], errors=[0]), run("b", "helm", [1, 0], errors=[1])]
    made += [run(name, "original", [1, 0]) for name in "ab"]
    with pytest.raises(LeaderbenchError, match="No question was answered in all of these runs"):
        stability(made, "mmlu")


# The published table


@pytest.fixture(scope="module")
def june() -> Stability:
    return stability(published="huggingface-2023-06")


def test_the_published_table_has_another_first_under_the_harness(june: Stability) -> None:
    first = {order.implementation: june.models[order.ranks.index(1)] for order in june.orders}
    assert first == {"helm": "llama-65b", "harness-2023": "falcon-40b", "original": "llama-65b"}
    assert (len(june.models), june.questions, june.paired) == (8, 14042, False)


def test_scores_alone_have_the_binomial_error_of_their_number_of_questions(june: Stability) -> None:
    helm, _, original = june.orders
    place = june.models.index("llama-65b")
    assert original.standard_errors[place] == pytest.approx(math.sqrt(0.636 * 0.364 / 14042))
    assert helm.standard_errors[place] == pytest.approx(math.sqrt(0.637 * 0.363 / 9528))
    assert "Only scores are published" in june.notes[0]
    assert "9,528 questions, (number of subjects)² / Σ 1/(questions of a subject)" in june.notes[1]


def test_falcon_and_llama_really_change_places_in_the_published_table(june: Stability) -> None:
    exchanged = {(item.a, item.b): {(pair.ahead, pair.behind) for pair in item.exchanges} for item in june.comparisons}
    assert exchanged["helm", "harness-2023"] == {("llama-65b", "falcon-40b")}
    assert exchanged["harness-2023", "original"] == {("falcon-40b", "llama-65b"), ("falcon-40b", "llama-30b")}
    assert exchanged["helm", "original"] == set()


def test_the_bump_chart_of_the_published_table_says_who_is_first_under_each(june: Stability) -> None:
    (chart,) = [section for section in report(june).sections if isinstance(section, Chart)]
    rows = _rows(chart.spec)
    first = {row["implementation"]: row["name"] for row in rows if row.get("label") == "1"}
    assert first == {"helm": "llama-65b", "harness-2023": "falcon-40b", "original": "llama-65b"}
    places = {row["implementation"]: row["label"] for row in rows if row.get("name") == "falcon-40b"}
    assert places == {"helm": "3", "harness-2023": "1", "original": "3"}


def _rows(spec: Any) -> list[dict[str, Any]]:
    """All rows of data in a chart that name a model and an implementation."""
    if isinstance(spec, list):
        return [row for item in spec for row in _rows(item)]
    if not isinstance(spec, dict):
        return []
    return ([spec] if "implementation" in spec and "label" in spec else []) + [
        row for item in spec.values() for row in _rows(item)
    ]


def test_every_published_table_says_where_it_comes_from_and_is_whole() -> None:
    for name in published.names():
        table = published.get(name)
        assert table.source.startswith("https://")
        assert table.title
        assert name.endswith(table.date)
        assert len(table.implementations) > 1
        for item in table.implementations:
            assert len(item.scores) == len(table.models) == len(set(table.models))
            assert all(0 <= score <= 1 and round(score, table.digits) == score for score in item.scores)
            assert 0 < item.n <= table.questions


def test_an_unknown_published_table_lists_those_there_are() -> None:
    with pytest.raises(LeaderbenchError, match="no published table 'june': there is huggingface-2023-06"):
        stability(published="june")


def test_a_published_table_of_another_benchmark_is_refused() -> None:
    with pytest.raises(LeaderbenchError, match="huggingface-2023-06 is of mmlu, not of exam"):
        stability(None, "exam", published="huggingface-2023-06")
    assert stability(None, "mmlu", published="huggingface-2023-06").table == "huggingface-2023-06"


def test_neither_benchmark_nor_table_is_refused() -> None:
    with pytest.raises(LeaderbenchError, match="Name a benchmark"):
        stability()


# What is said


def test_the_answer_counts_the_pairs_that_really_change_places() -> None:
    said = answer(stability(runs(EXCHANGED), "mmlu"))
    assert said.startswith(
        "The implementation decides part of this order: between original and helm 1 of 3 pairs of models really "
        "changes places (tau 0.33, where noise alone would leave "
    )
    assert said.endswith("First: b under original; a under helm.")


def test_the_answer_says_in_how_many_pairs_of_implementations_that_happens(june: Stability) -> None:
    said = answer(june)
    assert "between harness-2023 and original 2 of 28 pairs of models really change places (tau 0.64, where " in said
    assert "Models really change places in 2 of 3 pairs of implementations." in said
    assert said.endswith("First: llama-65b under helm and original; falcon-40b under harness-2023.")


def test_all_pairs_that_change_places_are_the_whole_order() -> None:
    reversed_ = {"helm": {"a": 0.9, "b": 0.6, "c": 0.3}, "original": {"a": 0.3, "b": 0.6, "c": 0.9}}
    said = answer(stability(runs(reversed_), "mmlu"))
    assert "decides this order: between original and helm all 3 pairs of models really change places (tau −1.00" in said
    two = {name: {"a": models["a"], "b": models["b"]} for name, models in reversed_.items()}
    assert "between original and helm the two models really change places (tau −1.00" in answer(
        stability(runs(two), "mmlu")
    )


def test_equal_orders_are_said_with_what_other_questions_might_change() -> None:
    sure = same(["helm", "original", "harness"], a=0.9, b=0.6, c=0.3)
    assert answer(stability(runs(sure), "mmlu")) == (
        "All 3 implementations put the 3 models in the same order. a is first under all of them."
    )
    values = [float(i < 205) for i in range(400)], [float(i >= 200) for i in range(400)]
    unsure = [run(m, name, v) for name in ("helm", "original") for m, v in zip("ab", values, strict=True)]
    said = answer(stability(unsure, "mmlu"))
    assert said.startswith("Both implementations put the two models in the same order, though other questions might")
    assert said.endswith("a is first under both.")


def test_orders_that_differ_by_noise_are_said_to_be_noise() -> None:
    one = [float(i < 100) for i in range(200)], [float(i < 99) for i in range(200)]
    made = [
        run(m, name, v)
        for name, both in (("helm", one), ("original", one[::-1]))
        for m, v in zip("ab", both, strict=True)
    ]
    said = answer(stability(made, "mmlu"))
    assert said.startswith("No pair of models really changes places: the orders differ no more than noise would make")


def test_a_shuffle_beyond_noise_without_a_single_real_exchange_is_said() -> None:
    models = {f"m{k:02}": 0.5 + 0.006 * k for k in range(12)}
    turned = dict(zip(models, reversed(models.values()), strict=True))
    found = stability(runs({"helm": models, "original": turned}, questions=600), "mmlu")
    assert not found.comparisons[0].exchanges
    assert answer(found).startswith("The implementation shuffles this order more than noise does, though no single")


def test_an_implementation_that_ties_all_models_has_no_tau() -> None:
    made = [run(m, "helm", [1.0, 0.0]) for m in "ab"] + [run("a", "original", [1, 1]), run("b", "original", [0, 0])]
    found = stability(made, "mmlu")
    assert math.isnan(found.comparisons[0].agreement.tau)
    assert "no tau: one of them ties all models" in answer(found)
    assert "a and b under helm" in answer(found)
    assert _table(report(found), "Agreement of orders").rows[0][1] == "–"


def test_the_report_has_a_row_a_model_and_a_row_a_pair_of_implementations(june: Stability) -> None:
    made = report(june)
    ranks = {row[0]: row[1:] for row in _table(made, "Ranks and scores").rows}
    assert ranks["falcon-40b"] == ("3  (57.1 %)", "1  (52.7 %)", "3  (55.8 %)")
    rows = _table(made, "Agreement of orders").rows
    assert [row[0] for row in rows] == ["harness-2023 / original", "helm / harness-2023", "helm / original"]
    assert [row[5] for row in rows] == ["2 of 28", "1 of 28", "0 of 28"]
    exchanged = _table(made, "Models that really change places").rows
    assert ("llama-65b", "falcon-40b", "helm +6.6, original +7.8", "harness-2023 −3.9") in exchanged
    facts = dict(made.facts)
    assert "https://huggingface.co/blog/open-llm-leaderboard-mmlu" in facts["published"]
    assert made.sections[-1] == Text("What to know", june.notes)


def test_a_report_of_runs_says_how_few_questions_decide_who_is_first() -> None:
    found = stability(runs(EXCHANGED), "mmlu")
    rows = _table(report(found), "How few questions decide who is first").rows
    top = found.orders[0].top
    assert top is not None
    assert rows[0] == ("original", "b", "a", str(len(top.removed)))


def test_a_report_of_runs_names_them() -> None:
    found = stability(runs(EXCHANGED), "mmlu")
    assert _table(report(found), "Runs").rows[0] == ("a", found.orders[0].runs[0], found.orders[1].runs[0])


def test_a_report_without_exchanges_has_no_table_of_them() -> None:
    found = stability(runs(same(["helm", "original"], a=0.9, b=0.6)), "mmlu")
    assert not [s for s in report(found).sections if s.title == "Models that really change places"]


def _table(made: Report, title: str) -> Table:
    (table,) = [section for section in made.sections if section.title == title]
    assert isinstance(table, Table)
    return table


def test_values_are_plain_enough_for_json(june: Stability) -> None:
    content = asdict(june)
    assert content["orders"][0]["ranks"] == june.orders[0].ranks
    assert content["comparisons"][0]["agreement"]["tau"] == june.comparisons[0].agreement.tau
