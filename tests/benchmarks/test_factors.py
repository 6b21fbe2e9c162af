"""Implementations taken apart into causes, and recipes in between."""

from itertools import combinations

import pytest

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.factors import differing, mixable
from leaderbench.errors import LeaderbenchError

PAIRS = [
    (one.name, other.name)
    for family in ("mmlu", "exam", "arc-challenge", "hellaswag", "truthfulqa-mc", "winogrande")
    for one, other in combinations(registry.find(family), 2)
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_taking_every_differing_factor_gives_the_other_implementation(one: str, other: str) -> None:
    a, b = mixable(registry.get(one)), mixable(registry.get(other))
    mixed = a.mixed(b, differing(a, b))
    assert mixed.recipe() == b.recipe() | {"benchmark": one}
    assert mixed.metrics == b.metrics


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_taking_no_factor_changes_nothing(one: str, other: str) -> None:
    a = mixable(registry.get(one))
    assert a.mixed(mixable(registry.get(other)), ()) == a


@pytest.mark.parametrize("name", registry.names())
def test_factors_hold_every_choice_of_a_recipe_once(name: str) -> None:
    benchmark = mixable(registry.get(name))
    chosen = [field for level in benchmark.levels().values() for field in level]
    assert len(chosen) == len(set(chosen))
    common = {"benchmark", "dataset", "evaluated", "metrics", "config"}
    assert set(benchmark.recipe()) - common <= {"template", *chosen, *benchmark.levels()}


def test_original_and_harness_2023_differ_in_seven_ways() -> None:
    found = differing(registry.get("mmlu/original"), registry.get("mmlu/harness-2023"))
    assert found == ("template", "shots", "scoring", "encoding", "truncation", "cleaning", "aggregation")


def test_open_llm_v1_and_harness_differ_in_special_tokens_and_aggregation_only() -> None:
    assert differing(registry.get("mmlu/open-llm-v1"), registry.get("mmlu/harness")) == ("encoding", "aggregation")


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ("mmlu/helm", "mmlu/helm", "no difference to explain"),
        ("mmlu/helm", "exam/helm", "do not ask the same questions"),
        ("mmlu/helm", "arc-challenge/harness", "do not ask the same questions"),
    ],
)
def test_what_cannot_be_compared_is_said(one: str, other: str, sentence: str) -> None:
    with pytest.raises(LeaderbenchError, match=sentence):
        differing(registry.get(one), registry.get(other))
