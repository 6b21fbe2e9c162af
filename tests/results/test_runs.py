import subprocess
import sys
from collections.abc import Callable

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Json, Metric
from leaderbench.results.runs import Run, run_id

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
