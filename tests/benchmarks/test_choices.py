"""Recipes in words, side by side."""

import dataclasses

import pytest

from leaderbench.benchmarks import choices, registry
from leaderbench.benchmarks.factors import Mixable, differing
from leaderbench.benchmarks.mmlu import Asked, Cleaning, ShotAnswer, Shots
from leaderbench.benchmarks.multiple_choice import Draws
from leaderbench.records import Aggregation
from leaderbench.requests import Encoding, Truncation
from leaderbench.sentences import Sentence

families = sorted({name.partition("/")[0] for name in registry.names()})


def of(family: str) -> list[choices.Choice]:
    return list(choices.side_by_side(registry.find(family)))


@pytest.mark.parametrize("family", families)
def test_every_choice_of_every_recipe_is_named_in_words(family: str) -> None:
    for choice in of(family):
        assert isinstance(choice.name, Sentence), choice


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        ("shot_answer", ShotAnswer),
        ("shots_from", Shots),
        ("draws", Draws),
        ("asked", Asked),
        ("encoding", Encoding),
        ("truncation", Truncation),
        ("cleaning", Cleaning),
        ("aggregation", Aggregation),
    ],
)
def test_every_code_of_a_manifest_has_a_meaning(field: str, codes: list[str]) -> None:
    for code in codes:
        assert (field, str(code)) in choices.meanings


@pytest.mark.parametrize("family", families)
def test_what_differs_belongs_to_the_factors_that_differ(family: str) -> None:
    every = registry.find(family)
    for other in every[1:]:
        pair = choices.side_by_side([every[0], other])
        factors = {choice.factor for choice in pair if choice.differs and choice.name != choices.names["metrics"]}
        assert factors <= set(differing(every[0], other))
        assert set(differing(every[0], other)) == factors


def test_a_recipe_is_told_as_its_manifest_has_it() -> None:
    names = [item.name for item in registry.find("mmlu")]
    told = {choice.name: dict(zip(names, choice.said, strict=True)) for choice in of("mmlu")}
    assert told["What the model is asked"]["mmlu/helm"] == "which one token comes next, of the whole vocabulary"
    assert told["A space belongs to each answer"]["mmlu/original"] == "no"
    assert told["Solved examples in the prompt"]["mmlu/harness"] == "5"
    assert told["Metrics, the reported one first"]["mmlu/original"] == "acc (micro), acc (macro)"
    assert told["Text before each question"]["mmlu/helm"] == "Question: "


def test_texts_of_prompts_are_told_from_descriptions() -> None:
    code = {choice.name for choice in of("mmlu") if choice.code}
    assert code == {"Text before everything else", "Text before each question"}


def test_the_order_is_that_of_the_factors_and_nothing_is_lost() -> None:
    benchmark = registry.get("mmlu/helm")
    assert isinstance(benchmark, Mixable)
    told = choices.side_by_side([benchmark])
    assert list(dict.fromkeys(choice.factor for choice in told)) == list(benchmark.levels())
    values = [value for level in benchmark.levels().values() for value in level.values()]
    fields = sum(len(value) if isinstance(value, dict) else 1 for value in values)
    assert len(told) == fields + 1
    assert not any(choice.differs for choice in told)


def test_other_shots_show() -> None:
    plain = registry.get("mmlu/harness")
    (changed,) = [item for item in choices.side_by_side([plain, registry.get("mmlu/harness", shots=0)]) if item.differs]
    assert changed.said == ("5", "0")
    assert dataclasses.is_dataclass(changed)


def test_siblings_are_those_of_the_family_and_none_of_an_unknown_name() -> None:
    assert [item.name for item in choices.implementations("hellaswag/harness")] == [
        "hellaswag/open-llm-v1",
        "hellaswag/harness",
    ]
    assert choices.implementations("hellaswag") == ()
    assert choices.implementations("mmlu/published") == ()
