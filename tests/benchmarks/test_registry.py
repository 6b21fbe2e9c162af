import subprocess
import sys

import pytest

from leaderbench.benchmarks import registry
from leaderbench.errors import LeaderbenchError


def test_every_benchmark_is_named_family_slash_implementation_once() -> None:
    names = registry.names()
    assert len(set(names)) == len(names)
    assert all(name.count("/") == 1 for name in names)


def test_a_family_name_finds_all_its_implementations() -> None:
    found = [benchmark.name for benchmark in registry.find("mmlu")]
    assert found == ["mmlu/original", "mmlu/helm", "mmlu/harness-2023", "mmlu/open-llm-v1", "mmlu/harness"]


def test_the_exam_has_the_same_implementations_as_mmlu() -> None:
    kinds = [benchmark.name.split("/")[1] for benchmark in registry.find("mmlu")]
    assert [benchmark.name.split("/")[1] for benchmark in registry.find("exam")] == kinds


@pytest.mark.parametrize(
    ("misspelt", "meant"), [("mmul", "mmlu"), ("mmlu/heml", "mmlu/helm"), ("HellaSwag", "hellaswag"), ("arc", "arc-ch")]
)
def test_a_misspelt_benchmark_is_answered_with_the_nearest(misspelt: str, meant: str) -> None:
    with pytest.raises(LeaderbenchError, match=f"did you mean '{meant}"):
        registry.find(misspelt)


@pytest.mark.parametrize("name", ["gsm8k", "mmlu_pro", "leaderboard_ifeval", "math_lvl_5", "GPQA", "gsm8k/harness"])
def test_a_benchmark_that_cannot_be_asked_yet_is_called_so_and_no_other_is_suggested(name: str) -> None:
    with pytest.raises(LeaderbenchError, match="cannot be asked yet; scores") as error:
        registry.find(name)
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mmlu/lm-eval", "did you mean 'mmlu/harness'?"),
        ("hellaswag/original", "there are hellaswag/open-llm-v1, hellaswag/harness."),
        ("piqa", "`leaderbench list benchmarks` says what can be asked."),
    ],
)
def test_an_implementation_is_sought_in_its_family_and_nothing_far_off_is_suggested(name: str, meant: str) -> None:
    with pytest.raises(LeaderbenchError) as error:
        registry.find(name)
    assert str(error.value) == f"There is no benchmark {name!r}; {meant}"


def test_no_benchmark_that_can_be_asked_is_called_one_that_cannot() -> None:
    assert not {name.split("/")[0] for name in registry.names()} & {*registry.not_asked}


def test_a_family_where_one_benchmark_is_wanted_lists_its_implementations() -> None:
    with pytest.raises(LeaderbenchError, match="mmlu/original, mmlu/helm"):
        registry.get("mmlu")


def test_the_number_of_shots_is_part_of_the_recipe() -> None:
    assert registry.get("mmlu/harness", shots=3).recipe()["shots"] == 3
    assert registry.get("mmlu/harness").recipe()["shots"] == 5
    assert registry.get("arc-challenge/harness", shots=3).recipe()["shots"] == 3


def test_a_negative_number_of_shots_is_refused() -> None:
    with pytest.raises(LeaderbenchError, match="0 or more"):
        registry.get("mmlu/harness", shots=-1)


def test_shots_of_a_benchmark_with_a_fixed_beginning_cannot_be_set() -> None:
    with pytest.raises(LeaderbenchError, match="leave the shots unset"):
        registry.get("truthfulqa-mc/harness", shots=3)


def test_every_recipe_differs_from_every_other() -> None:
    recipes = [
        str(benchmark.recipe() | {"benchmark": ""}) for name in registry.names() for benchmark in registry.find(name)
    ]
    assert len(set(recipes)) == len(recipes)


@pytest.mark.parametrize("name", registry.names())
def test_a_recipe_says_what_can_move_a_score(name: str) -> None:
    recipe = registry.get(name).recipe()
    assert {"benchmark", "dataset", "evaluated", "shots", "special_tokens", "truncation", "metrics"} <= set(recipe)
    assert registry.get(name).metrics


def test_listing_benchmarks_imports_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "datasets", "pyarrow", "pandas", "numpy", "huggingface_hub"]
    code = "import sys; from leaderbench.benchmarks import registry; registry.names(); "
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
