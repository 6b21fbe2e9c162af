"""`leaderbench demo` with fake models, and the words about who is ahead."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.verdicts import reversals, spoken, verdicts
from leaderbench.models.fake import FakeModel
from leaderbench.requests import Request
from leaderbench.results.runs import Run
from leaderbench.results.store import Store

Cli = Callable[..., Any]
baselines = ("baseline:random", "baseline:always-a")


def knows(share: float, right: dict[str, str]) -> Callable[[Request, str], float]:
    """A judge that likes the right answer to about this share of the questions, and the first answer else."""

    def judge(request: Request, text: str) -> float:
        question = request.context.question
        luck = int(hashlib.sha256(question.encode()).hexdigest()[:4], 16) / 0xFFFF
        wanted = right.get(question, "A") if luck < share else "A"
        return -0.1 if text.strip() == wanted else -5.0

    return judge


@pytest.fixture
def answers(cli: Cli) -> dict[str, str]:
    """The right letter by question, of both prompts that ask for letters."""
    found = {}
    for name in ("exam/harness", "exam/helm"):
        for line in cli("requests", name, "--shots", "0").out.splitlines():
            row = json.loads(line)
            found[row["context"].split("\n\n", 1)[-1]] = row["target"]
    return found


@pytest.fixture
def demo_models(monkeypatch: pytest.MonkeyPatch, fakes: dict[str, FakeModel], answers: dict[str, str]) -> None:
    """Three bundled models that know 80 %, 75 % and 30 %."""
    shares = {"high": 0.8, "middle": 0.75, "low": 0.3}
    monkeypatch.setattr("leaderbench.bundled.model_folders", lambda: {name: Path(name) for name in shares})
    for name, share in shares.items():
        fakes[f"bundled:{name}"] = FakeModel(f"bundled:{name}", judge=knows(share, answers))


def test_the_demo_ends_with_a_table_verdicts_and_what_to_type_next(cli: Cli, demo_models: None) -> None:
    ending = cli("demo")
    assert ending.code == 0
    for word in ("high", "middle", "low", "original", "helm", "harness-2023", "open-llm-v1", "harness"):
        assert word in ending.out
    assert "Which differences are real, and which are noise?" in ending.out
    assert "Does the implementation decide who is ahead?" in ending.out
    assert "leaderbench run ./my-model --benchmark exam" in ending.out
    assert "mmlu" in ending.out


def test_the_demo_keeps_its_runs_in_a_folder_of_the_default_store(cli: Cli, demo_models: None) -> None:
    cli("demo")
    runs = Store("leaderbench-store/demo").runs()
    asked = Counter(run.model for run in runs)
    assert asked == dict.fromkeys(["bundled:high", "bundled:middle", "bundled:low", *baselines], 5)


def test_the_demo_shows_where_chance_lies_and_ranks_no_baseline(cli: Cli, demo_models: None) -> None:
    assert "baseline" not in cli("demo").out
    board = json.loads(cli("board", "demo", "--store", "leaderbench-store/demo", "--json").out)
    found = {row["model"]: row["static_rank"] and row["static_rank"]["rank"] for row in board["rows"]}
    assert [found[name] for name in baselines] == [None, None]
    assert sorted(rank for rank in found.values() if rank is not None) == [1, 2, 3]


def test_the_demo_can_be_repeated_and_asks_nothing_again(
    cli: Cli, demo_models: None, fakes: dict[str, FakeModel]
) -> None:
    first = cli("demo").out
    asked = {name: fake.asked for name, fake in fakes.items()}
    assert cli("demo").out == first
    assert {name: fake.asked for name, fake in fakes.items()} == asked


def runs(cli: Cli, fakes: dict[str, FakeModel], judges: dict[tuple[str, str], Any]) -> list[Run]:
    """One run for each (model, benchmark), asked of a fake with that judge."""
    found: list[Run] = []
    for (model, benchmark), judge in judges.items():
        fakes[model] = FakeModel(model, judge=judge)
        done = cli("run", model, "-b", benchmark, "--store", f"store-{benchmark.replace('/', '-')}", "--quiet")
        found.append(Store(f"store-{benchmark.replace('/', '-')}").run(done.out.strip()))
    return found


def test_a_real_reversal_between_implementations_is_found(
    cli: Cli, fakes: dict[str, FakeModel], answers: dict[str, str]
) -> None:
    good, poor = knows(0.9, answers), knows(0.2, answers)
    judges = {
        ("a", "exam/harness"): good, ("b", "exam/harness"): poor, ("a", "exam/helm"): poor, ("b", "exam/helm"): good,
    }  # fmt: skip
    found = verdicts(runs(cli, fakes, judges))
    assert [verdict.order for verdict in found] == [("a", "b"), ("b", "a")]
    assert reversals(found) == ["a is really ahead of b under harness, and really behind under helm."]


def test_the_same_order_everywhere_is_no_reversal(
    cli: Cli, fakes: dict[str, FakeModel], answers: dict[str, str]
) -> None:
    good, poor = knows(0.9, answers), knows(0.2, answers)
    judges = {
        ("a", "exam/harness"): good, ("b", "exam/harness"): poor, ("a", "exam/helm"): good, ("b", "exam/helm"): poor,
    }  # fmt: skip
    assert reversals(verdicts(runs(cli, fakes, judges))) == []


@pytest.mark.parametrize(
    ("names", "said"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), ([], "")]
)
def test_lists_are_spoken_as_people_speak_them(names: list[str], said: str) -> None:
    assert spoken(names) == said
