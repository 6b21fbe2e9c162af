"""`stability`: how much of an order survives the implementation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from leaderbench.models.fake import FakeModel

Cli = Callable[..., Any]
Fakes = dict[str, FakeModel]
PUBLISHED = ("stability", "--published", "huggingface-2023-06")


@pytest.fixture
def asked(cli: Cli, fakes: Fakes) -> None:
    """Two models, two implementations of the exam."""
    for model in ("org/one", "org/two"):
        for implementation in ("helm", "original"):
            cli("run", model, "-b", f"exam/{implementation}", "--limit", "4", "--quiet")


def test_the_answer_comes_first_and_then_ranks_and_agreement(cli: Cli) -> None:
    ending = cli(*PUBLISHED)
    assert ending.code == 0
    answer = " ".join(ending.out.split())
    assert "The implementation decides part of this order: between harness-2023 and original 2 of 28 pairs" in answer
    assert "falcon-40b under harness-2023" in answer
    for said in ("Ranks and scores", "1 (52.7 %)", "noise alone", "Only scores are published", "huggingface.co/blog"):
        assert said in answer


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_it_fits_the_terminal(cli: Cli, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    lines = cli(*PUBLISHED).out.splitlines()
    assert max(map(len, lines)) <= int(width)


def test_runs_of_a_store_are_compared(cli: Cli, asked: None) -> None:
    ending = cli("stability", "--benchmark", "exam")
    assert ending.code == 0
    for said in ("org/one", "original / helm", "All runs have these settings: limit 4."):
        assert said in ending.out


def test_json_has_the_values_themselves(cli: Cli, asked: None) -> None:
    found = json.loads(cli("stability", "--benchmark", "exam", "--json").out)
    assert found["answer"]
    assert found["models"] == ["org/one", "org/two"]
    (item,) = found["comparisons"]
    assert (item["a"], item["b"]) == ("original", "helm")
    assert {"tau", "rho", "weighted_tau"} <= set(item["agreement"])
    assert {"mean", "low", "high"} == set(item["ceiling"])
    assert len(found["orders"][0]["runs"]) == 2


def test_a_seed_decides_the_draws(cli: Cli) -> None:
    first, again, other = (
        json.loads(cli(*PUBLISHED, "--json", "--seed", seed).out)["orders"][1]["ceiling"] for seed in ("1", "1", "2")
    )
    assert first == again != other


def test_a_published_table_needs_no_store_and_is_read_instead_of_one(cli: Cli, asked: None) -> None:
    alone = cli(*PUBLISHED, "--json", "--store", "nowhere").out
    assert not Path("nowhere").exists()
    assert cli(*PUBLISHED, "--benchmark", "mmlu", "--json").out == alone


def test_html_is_one_page_with_the_answer_and_the_charts(cli: Cli) -> None:
    ending = cli(*PUBLISHED, "--html", "report.html")
    assert ending.code == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert "The implementation decides part of this order" in page
    assert "Ranks under each implementation" in page
    assert "RedPajama-INCITE-7B-Base" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name a benchmark with --benchmark, or a published table with --published."),
        (("--benchmark", "mmul"), "did you mean 'mmlu'?"),
        (("--benchmark", "mmlu"), "There is no run of mmlu in this store"),
        (("--benchmark", "mmlu/helm"), "give the family, mmlu,"),
        (("--published", "june"), "There is no published table 'june': there is huggingface-2023-06."),
        (("--published", "huggingface-2023-06", "--benchmark", "exam"), "is of mmlu, not of exam"),
    ],
)
def test_bad_input_gives_one_sentence(cli: Cli, words: tuple[str, ...], said: str) -> None:
    ending = cli("stability", *words)
    assert ending.code == Exit.INPUT
    assert said in ending.err
    assert ending.err.count("\n") == 1
    assert ending.out == ""


def test_one_model_has_no_order(cli: Cli, fakes: Fakes) -> None:
    for implementation in ("helm", "original"):
        cli("run", "org/one", "-b", f"exam/{implementation}", "--limit", "2", "--quiet")
    ending = cli("stability", "--benchmark", "exam")
    assert ending.code == Exit.INPUT
    assert "Only org/one has runs of exam in this store" in ending.err
