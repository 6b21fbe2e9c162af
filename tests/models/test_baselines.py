"""Baselines answer at once, always the same, and score what chance scores, whatever the metric does to lengths."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.run import evaluate
from leaderbench.models.baselines import is_baseline, load
from leaderbench.models.load import load_model
from leaderbench.records import GenerateResponse, LogLikelihoodResponse
from leaderbench.requests import Generate, LogLikelihood, Prompt


def ask(number: int, *continuations: str) -> LogLikelihood:
    return LogLikelihood(Prompt("", (), f"question {number}"), continuations)


def chosen(name: str, *continuations: str, per_character: bool = False, questions: int = 4000) -> Counter[int]:
    """How often each continuation is the likeliest."""
    found: Counter[int] = Counter()
    for _, response in load(name).answer([ask(i, *continuations) for i in range(questions)]):
        assert isinstance(response, LogLikelihoodResponse)
        values = [item.log_likelihood for item in response.continuations]
        if per_character:
            values = [value / len(text) for value, text in zip(values, continuations, strict=True)]
        found[values.index(max(values))] += 1
    return found


@pytest.mark.parametrize("per_character", [False, True])
def test_random_takes_every_continuation_equally_often_also_where_lengths_are_divided_out(per_character: bool) -> None:
    found = chosen("baseline:random", " A", " a longer one", " " + "long" * 100, per_character=per_character)
    assert all(abs(found[place] / 4000 - 1 / 3) < 0.03 for place in range(3))


@pytest.mark.parametrize("per_character", [False, True])
def test_always_a_takes_the_first_continuation(per_character: bool) -> None:
    found = chosen("baseline:always-a", " " + "long" * 100, " B", " C", per_character=per_character, questions=20)
    assert found == {0: 20}


def test_the_same_request_always_gets_the_same_answer_in_any_order() -> None:
    requests = [ask(i, " A", " B") for i in range(50)]
    assert dict(load("baseline:random").answer(requests)) == dict(load("baseline:random").answer(requests[::-1]))


def test_they_write_a_letter_and_the_runner_up_is_known() -> None:
    requests = [Generate(Prompt("", (), f"question {i}")) for i in range(400)]
    random = [response for _, response in load("baseline:random").answer(requests)]
    texts = Counter(response.text for response in random if isinstance(response, GenerateResponse))
    assert set(texts) == {" A", " B", " C", " D"}
    assert max(texts.values()) < 140
    ((_, response),) = load("baseline:always-a").answer(requests[:1])
    assert isinstance(response, GenerateResponse)
    assert [candidate.text for candidate in response.candidates] == [" A", " B", " C", " D"]


def test_tokens_are_those_that_encoding_tells() -> None:
    request = ask(1, " é", "")
    (encoded,) = load("baseline:random").encode([request])
    ((_, response),) = load("baseline:random").answer([request])
    assert isinstance(response, LogLikelihoodResponse)
    assert tuple(item.tokens for item in response.continuations) == encoded.continuations[:1] + ((),)
    assert response.context_tokens == encoded.context_tokens


def test_each_is_a_model_of_its_own_that_says_how_it_answers() -> None:
    random, constant = load_model("baseline:random"), load_model("baseline:always-a")
    assert random.identity != constant.identity
    assert len(random.identity) == 64
    assert random.describe()["backend"] == "baseline"
    assert "digest" in str(random.describe()["answers"])


def test_a_misspelt_baseline_is_told_which_there_are() -> None:
    with pytest.raises(LeaderbenchError, match=r"no baseline 'baseline:randon'; there are baseline:random and"):
        load_model("baseline:randon")
    assert not is_baseline("bundled:random")


@pytest.mark.parametrize("name", ["baseline:random", "baseline:always-a"])
def test_runs_of_a_baseline_lie_where_chance_lies(name: str, tmp_path: Path) -> None:
    implementations = ("original", "helm", "harness-2023", "open-llm-v1", "harness")
    runs = [evaluate(name, f"exam/{implementation}", store=tmp_path) for implementation in implementations]
    assert {run.manifest.model["name"] for run in runs} == {name}
    assert all(run.score().errors == 0 for run in runs)
    mean = sum(run.score("acc" if index != 1 else "exact_match").estimate for index, run in enumerate(runs)) / len(runs)
    assert abs(mean - 0.25) < 3 * (0.25 * 0.75 / 360) ** 0.5


def test_they_need_neither_torch_nor_a_network() -> None:
    code = (
        "import sys; from leaderbench.models.load import load_model; load_model('baseline:random');"
        "print(sorted({'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
