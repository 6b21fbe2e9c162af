"""Prompts and draws against those that the reference implementations made of the same real rows."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.datasets import HubDatasets
from leaderbench.benchmarks.mmlu_subjects import subjects
from leaderbench.benchmarks.shots import label_cycle, shuffled_draws
from parity.compare import asked
from parity.golden import differing_digests, differing_fixtures

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def captured(shared: Path) -> Any:
    return json.loads((shared / "spec" / "mmlu_prompts.json").read_text())


@pytest.fixture(scope="module")
def real(shared: Path) -> HubDatasets:
    return HubDatasets(shared / "hub")


def test_every_prompt_of_the_captured_subjects_is_reproduced(captured: Any, real: HubDatasets) -> None:
    wrong = {variant: subjects for variant, _, subjects in differing_digests(captured, real) if subjects}
    assert wrong == {}


def test_the_captured_requests_are_reproduced(captured: Any, real: HubDatasets) -> None:
    found = dict(differing_fixtures(captured, real))
    assert len(found) == 24
    assert [name for name, same in found.items() if not same] == []


def test_helm_orders_the_dev_rows_of_all_subjects_as_captured(captured: Any, real: HubDatasets) -> None:
    found = {}
    for subject in captured["helm_dev_order"]:
        rows: list[Any] = real.rows("cais/mmlu", subject, "dev")
        found[subject] = label_cycle([row["choices"][row["answer"]].replace("\r\n", "\n") for row in rows], 5)
    assert found == captured["helm_dev_order"]


def test_the_harness_of_january_2023_draws_validation_rows_as_captured(captured: Any, real: HubDatasets) -> None:
    for subject, sampling in captured["harness_jan_2023_sampling"].items():
        questions, pool = (len(real.rows("cais/mmlu", subject, split)) for split in ("test", "validation"))
        draws = shuffled_draws(questions, pool, 6)
        for question, rows in sampling["val_indices"].items():
            # One of the six drawn is left out: the question itself where it was drawn, else the last.
            assert [row for row in draws[int(question)] if row in rows] == rows


def test_the_subjects_are_those_of_the_dataset_with_all_their_questions(captured: Any, real: HubDatasets) -> None:
    questions = registry.get("mmlu/harness").questions(real, ())
    sizes = dict.fromkeys(subjects, 0)
    for question in questions:
        sizes[question.example.subset] += 1
    assert sum(sizes.values()) == 14042
    assert set(sizes) == set(captured["sizes"])


@pytest.mark.parametrize(
    ("name", "subset", "expected"),
    [
        # What lm-eval 0.3.0, the predecessor of b281b09 with the same tasks, asked of these rows.
        ("arc-challenge/open-llm-v1", "", "fd2054026ad97a0422cac6eefc7b9e5791621c4df56491efc22d8716b00a48d9"),
        ("hellaswag/open-llm-v1", "", "ce76149ce82b4b611e7c1c9b5743c1e3a9a2c446280671182547acdc09bddd0e"),
        ("winogrande/open-llm-v1", "", "1b5d9690639d67e2df3935fa2b34e5d0fe310e82c1f159a977fde961086921a6"),
        ("truthfulqa-mc/open-llm-v1", "", "a9c78803a333270b08f3d6f0f6f1742bc8f7436babacdea910dc1a12d47e5edd"),
        # What lm-eval 0.4.13 asked of them.
        ("arc-challenge/harness", "", "6dd9b510fc67ae7f77d45898f8daa3bb85601df3ac9a6e066456c8fd948282f3"),
        ("hellaswag/harness", "", "5e9674fa36ccabbbbd0f03ff45239f5f520edb96dbeb187332f8a89b55abe0e8"),
        ("winogrande/harness", "", "f99607c36d6e560cfb0ec300769db83a8291fc78ddf2fc31a65c51e0c9a445c3"),
        ("truthfulqa-mc/harness", "", "a9c78803a333270b08f3d6f0f6f1742bc8f7436babacdea910dc1a12d47e5edd"),
        ("cmmlu/harness", "agronomy", "f2f4a4e531228f654164f5a9e410a1b4eb94bd6bcdaa0fb67ab5accc80c51a0d"),
        ("ceval/harness", "accountant", "46cd0d7b1a4a0d1473e3c09fe890157f2270f0d23a11f7f35fe18ba6c39946b8"),
    ],
)
def test_every_text_asked_is_the_reference_implementations_own(
    real: HubDatasets, name: str, subset: str, expected: str
) -> None:
    total = hashlib.sha256()
    for question in registry.get(name).questions(real, (subset,) if subset else ()):
        for context, continuation in asked(question):
            total.update(f"{context}\0{continuation}\0".encode())
    assert total.hexdigest() == expected


@pytest.mark.parametrize("name", [name for name in registry.names() if not name.startswith(("mmlu", "exam"))])
def test_every_real_row_can_be_asked(real: HubDatasets, name: str) -> None:
    benchmark = registry.get(name)
    asked = [request for question in benchmark.questions(real, benchmark.subsets[:3]) for request in question.requests]
    assert len(asked) >= 70
    assert all(request.context.question and len(request.context.shots) in (0, 5, 10, 25) for request in asked)
