"""Manifests compared cause by cause, whatever their version."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.benchmarks import registry
from leaderbench.evaluation.environment import environment
from leaderbench.explain.difference.causes import Cause, compare_manifests, facts, naming
from leaderbench.results.runs import Manifest

ORDER = (
    "model",
    "dataset revision",
    "cleaning",
    "question subset",
    "prompt",
    "few-shot draw",
    "chat template",
    "special tokens",
    "boundary",
    "truncation",
    "scoring",
    "aggregation",
    "dtype",
    "device",
    "library versions",
    "hardware",
    "engine path",
)


def manifest(of: str = "mmlu/harness", /, **parts: dict[str, Any]) -> Manifest:
    """A manifest as a run of a local model writes it; keys of its parts may be replaced, and with `...` left out."""
    found = registry.get(of)
    model = {
        "name": "org/model",
        "identity": "1" * 64,
        "revision": None,
        "weights": "a" * 64,
        "dtype": "float32",
        "device": "cpu",
        "backend": "transformers",
        "max_length": 2048,
        "bos": "<s>",
        "self_check": {"plain_attention": "sdpa", "difference": 1e-6, "allowed": 1e-3},
        "versions": {"torch": "2.7"},
        "path": "tree",
        "pack_tokens": 2048,
    }
    content: dict[str, dict[str, Any]] = {
        "model": model,
        "benchmark": {"name": of, "dataset": found.dataset, "revision": "c30699e", "recipe": found.recipe()},
        "limits": {"limit": None, "subsets": []},
        "environment": environment() | {"threads": 2},
        "engine": {"tokens_asked": 10, "tokens_computed": 5},
        "counts": {"questions": 100, "errors": 0, "flags": {}},
    }
    recipe = parts.pop("recipe", {})
    content["benchmark"]["recipe"] = changed(content["benchmark"]["recipe"], recipe)
    content |= {name: changed(content[name], changes) for name, changes in parts.items()}
    return Manifest("0" * 12, "2026-01-02T03:04:05+00:00", **content)


def changed(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (old | changes).items() if value is not ...}


def one(causes: tuple[Cause, ...], name: str) -> Cause:
    return next(cause for cause in causes if cause.name == name)


def test_causes_come_in_the_order_in_which_a_score_is_made() -> None:
    assert tuple(cause.name for cause in compare_manifests(manifest(), manifest())) == ORDER


@pytest.mark.parametrize("benchmark", ["mmlu/helm", "arc-challenge/harness", "truthfulqa-mc/open-llm-v1"])
def test_equal_manifests_differ_in_nothing_and_leave_nothing_unknown(benchmark: str) -> None:
    causes = compare_manifests(manifest(benchmark), manifest(benchmark))
    assert {cause.differs for cause in causes} == {False}
    assert not any(cause.differing for cause in causes)


@pytest.mark.parametrize(
    ("cause", "part", "changes"),
    [
        ("model", "model", {"weights": "b" * 64, "identity": "2"}),
        ("dataset revision", "benchmark", {"revision": "0000000"}),
        ("dataset revision", "benchmark", {"dataset": "other/copy"}),
        ("cleaning", "recipe", {"cleaning": "pandas-missing"}),
        ("question subset", "limits", {"limit": 10}),
        ("question subset", "limits", {"subsets": ["anatomy"]}),
        ("question subset", "limits", {"questions": 300, "seed": 0}),
        ("prompt", "recipe", {"template": {"header": "Now:"}}),
        ("few-shot draw", "recipe", {"shots": 0}),
        ("few-shot draw", "recipe", {"shots_from": "dev-by-answer"}),
        ("chat template", "recipe", {"chat_template": "chatml"}),
        ("special tokens", "recipe", {"special_tokens": False}),
        ("boundary", "recipe", {"encoding": "separate"}),
        ("boundary", "recipe", {"leading_space": False}),
        ("truncation", "recipe", {"truncation": "drop-shots-2048"}),
        ("truncation", "model", {"max_length": 1024}),
        ("scoring", "recipe", {"asked": "texts"}),
        ("scoring", "recipe", {"per_character": True}),
        ("scoring", "recipe", {"metrics": ["acc_norm (micro)"]}),
        ("aggregation", "recipe", {"aggregation": "macro"}),
        ("dtype", "model", {"dtype": "bfloat16", "identity": "2"}),
        ("device", "model", {"device": "cuda", "identity": "2"}),
        ("device", "model", {"backend": "server", "identity": "2"}),
        ("library versions", "environment", {"versions": {"torch": "1.0"}}),
        ("hardware", "environment", {"processor": "abacus"}),
        ("hardware", "environment", {"threads": 64}),
        ("engine path", "model", {"path": "plain"}),
        ("other choices", "recipe", {"thinking": "long"}),
    ],
)
def test_one_change_is_named_as_its_own_cause_alone(cause: str, part: str, changes: dict[str, Any]) -> None:
    base = {"recipe": {"thinking": "short"}} if cause == "other choices" else {}
    causes = compare_manifests(manifest(**base), manifest(**{part: changes}))
    assert naming(causes, True) == (cause,)


def test_a_recipe_of_the_other_shape_has_its_draw_and_pool_named() -> None:
    a = manifest("arc-challenge/open-llm-v1")
    b = manifest("arc-challenge/harness")
    causes = compare_manifests(a, b)
    assert naming(causes, True) == ("few-shot draw", "special tokens", "scoring")
    assert one(causes, "scoring").differing == ("target",)
    assert one(causes, "few-shot draw").differing == ("draws",)
    assert one(causes, "few-shot draw").a["shots_from"] == "train"


def test_the_aggregation_of_a_recipe_without_that_key_is_its_first_metrics() -> None:
    a, b = (manifest("cmmlu/harness", recipe={"metrics": [f"acc ({how})"]}) for how in ("micro", "macro"))
    causes = compare_manifests(a, b)
    assert naming(causes, True) == ("aggregation",)
    assert one(causes, "aggregation").b == {"aggregation": "macro"}


def test_the_same_weights_under_two_names_are_the_same_model() -> None:
    causes = compare_manifests(manifest(), manifest(model={"name": "/elsewhere/model"}))
    assert one(causes, "model").differs is False
    assert one(causes, "model").differing == ("name",)


def test_without_weights_the_identity_says_that_the_model_is_the_same() -> None:
    bare = manifest(model={"weights": ..., "dtype": ..., "device": ..., "backend": ...})
    causes = compare_manifests(bare, bare)
    assert [one(causes, name).differs for name in ("model", "dtype", "device")] == [False, False, False]


def test_without_weights_another_identity_under_one_name_is_unknown() -> None:
    a, b = (manifest(model={"weights": ..., "identity": identity}) for identity in "12")
    assert one(compare_manifests(a, b), "model").differs is None


def test_a_fact_that_one_manifest_lacks_makes_its_cause_unknown() -> None:
    causes = compare_manifests(manifest(), manifest(model={"dtype": ..., "identity": "2"}))
    assert one(causes, "dtype").differs is None
    assert one(causes, "dtype").b == {}


def test_a_known_difference_counts_though_another_fact_is_missing() -> None:
    causes = compare_manifests(manifest(), manifest(recipe={"encoding": ..., "leading_space": False}))
    assert one(causes, "boundary").differs is True
    assert one(causes, "boundary").differing == ("encoding", "leading_space")


def test_what_neither_records_is_unknown() -> None:
    bare = Manifest("0" * 12, "", {"name": "org/model", "identity": ""}, {"name": "mmlu/x"}, {}, {}, {}, {})
    causes = compare_manifests(bare, bare)
    assert naming(causes, True) == naming(causes, False) == ()
    assert naming(causes, None) == tuple(name for name in ORDER if name != "cleaning")


def test_a_recipe_of_this_program_without_a_chat_template_has_none_and_one_of_another_program_is_unknown() -> None:
    foreign = manifest(environment={"versions": {"lm_eval": "0.4.13"}})
    assert facts(manifest())["chat template"] == {"chat_template": None}
    assert one(compare_manifests(manifest(), foreign), "chat template").differs is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("spaced-letters", {"asked": "letters", "leading_space": True}),
        ("letters", {"asked": "letters", "leading_space": False}),
        ("spaced-texts", {"asked": "texts", "leading_space": True}),
    ],
)
def test_recipes_from_before_the_leading_space_was_a_choice_read_the_same(old: str, new: dict[str, Any]) -> None:
    causes = compare_manifests(manifest(recipe={"asked": old, "leading_space": ...}), manifest(recipe=new))
    assert {cause.differs for cause in causes} == {False}


def test_nulls_of_the_environment_are_unknown_and_nulls_of_limits_are_values() -> None:
    causes = compare_manifests(manifest(), manifest(environment={"threads": None}, limits={"limit": 5}))
    assert one(causes, "hardware").differs is None
    assert one(causes, "question subset").differs is True


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
known = st.sampled_from(
    ["name", "identity", "weights", "recipe", "template", "metrics", "asked", "versions", "self_check"]
)
parts = st.dictionaries(known | st.text(max_size=8), json_values, max_size=6)


@given(st.lists(parts, min_size=6, max_size=6), st.lists(parts, min_size=6, max_size=6))
def test_no_manifest_is_too_strange_to_compare_and_the_order_of_the_two_decides_nothing(
    a: list[dict[str, Any]], b: list[dict[str, Any]]
) -> None:
    one_way = compare_manifests(Manifest("a", "", *a), Manifest("b", "", *b))
    back = compare_manifests(Manifest("b", "", *b), Manifest("a", "", *a))
    assert [(cause.name, cause.differs) for cause in one_way] == [(cause.name, cause.differs) for cause in back]
    assert replace(one_way[0], a=one_way[0].b, b=one_way[0].a) == back[0]
