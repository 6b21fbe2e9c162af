import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Json, Metric, Score, View
from leaderbench.results.runs import Run, run_id, score_from_json, score_to_json

recipe: dict[str, Json] = {"name": "mmlu/helm", "shots": 5}
limits: dict[str, Json] = {"limit": 100, "subsets": ["anatomy"]}


def test_a_run_id_does_not_depend_on_the_order_of_keys() -> None:
    assert run_id("ab", recipe, limits) == run_id("ab", dict(reversed(recipe.items())), limits)


def test_a_run_id_depends_on_model_recipe_and_limits() -> None:
    ids = {
        run_id("ab", recipe, limits),
        run_id("cd", recipe, limits),
        run_id("ab", recipe | {"shots": 4}, limits),
        run_id("ab", recipe, limits | {"limit": None}),
    }
    assert len(ids) == 4


def test_a_run_id_is_the_same_in_every_process() -> None:
    code = f"from leaderbench.results.runs import run_id; print(run_id('ab', {recipe!r}, {limits!r}))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == run_id("ab", recipe, limits)


def test_the_first_score_is_the_one_reported(run: Callable[..., Run]) -> None:
    assert run().score() == run().scores[0]


def test_a_score_is_found_by_name_by_full_name_by_metric_and_by_subset(run: Callable[..., Run]) -> None:
    made = run()
    assert made.score("acc") == made.scores[0]
    assert made.score("acc (macro)") == made.scores[1]
    assert made.score(Metric("acc", Aggregation.MACRO)) == made.scores[1]
    assert made.score("acc", "anatomy") == made.scores[2]
    assert made.score(subset="anatomy") == made.scores[2]


@pytest.mark.parametrize(("metric", "subset"), [("f1", None), ("acc", "history"), ("acc (macro)", "anatomy")])
def test_an_unknown_score_is_said_with_those_there_are(
    run: Callable[..., Run], metric: str, subset: str | None
) -> None:
    with pytest.raises(LeaderbenchError, match=r"its metrics are acc \(micro\), acc \(macro\)"):
        run().score(metric, subset)


def test_a_score_says_what_its_interval_is_about_also_after_storing() -> None:
    for view in View:
        score = Score(Metric("acc", Aggregation.MICRO), None, 0.5, 0.1, 0.3, 0.7, 30, 1, view=view, bank=360)
        assert score_from_json(json.loads(json.dumps(score_to_json(score)))) == score


def test_a_score_stored_before_there_were_views_is_about_new_questions(run: Callable[..., Run]) -> None:
    content = score_to_json(run().score())
    del content["view"], content["bank"]
    assert score_from_json(content) == run().score()


def test_only_a_part_that_chance_chose_is_a_selection(run: Callable[..., Run]) -> None:
    whole = run().manifest
    assert (whole.selection, whole.stopped_early) == ("", False)
    counts: dict[str, Json] = {"questions": 300, "bank": 14042}
    drawn = replace(whole, counts=counts, limits={"questions": 300, "seed": 0})
    assert (drawn.selection, drawn.stopped_early) == ("300 of 14,042 questions, drawn at random", False)
    early = replace(whole, counts=counts, limits={"until_separated": {"questions": 300, "from": "b"}, "seed": 7})
    assert (early.selection, early.stopped_early) == ("300 of 14,042 questions, stopped early, seed 7", True)
