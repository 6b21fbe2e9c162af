"""Prompts and draws against those that the reference implementations made of the real MMLU."""

import json
from pathlib import Path
from typing import Any

import pytest

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.datasets import HubDatasets
from leaderbench.benchmarks.mmlu_subjects import subjects
from leaderbench.benchmarks.shots import label_cycle, shuffled_draws
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


@pytest.mark.parametrize("name", [name for name in registry.names() if not name.startswith(("mmlu", "exam"))])
def test_every_real_row_can_be_asked(real: HubDatasets, name: str) -> None:
    benchmark = registry.get(name)
    asked = [request for question in benchmark.questions(real, benchmark.subsets[:3]) for request in question.requests]
    assert len(asked) >= 70
    assert all(request.context.question and len(request.context.shots) in (0, 5, 10, 25) for request in asked)
