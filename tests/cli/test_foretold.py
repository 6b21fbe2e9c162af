"""Before a run asks anything it says what that will take; a run that a program reads says nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.bundled import model_folders
from leaderbench.cli.foretold import Foretold, duration, sentence, size
from leaderbench.models.base import Estimate
from leaderbench.models.fake import FakeModel
from leaderbench.models.load import load_local
from leaderbench.requests import LogLikelihood, Prompt

REQUESTS = [LogLikelihood(Prompt("", (), "word " * (10 + i % 3)), (" A", " B")) for i in range(300)]


def test_an_estimate_counts_requests_tokens_time_and_memory() -> None:
    assert sentence("owl", Estimate(360, 14_760, 7.4, 5_000_000, 610_000_000)) == (
        "owl: 360 requests, about 15,000 tokens, at most about 7 s by one timed pass, less where they begin alike; "
        "5 MB of weights, 0.6 GB of memory so far."
    )


@pytest.mark.parametrize(("seconds", "text"), [(0.01, "1 s"), (99, "99 s"), (600, "10 min"), (36_000, "10.0 h")])
def test_a_time_has_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 MB"), (5_400_000, "5 MB"), (15 * 10**9, "15.0 GB")])
def test_memory_has_the_unit_that_suits_it(count: int, text: str) -> None:
    assert size(count) == text


def test_the_estimate_of_a_local_model_is_that_of_its_tokens_and_changes_no_count_of_its_work() -> None:
    model = load_local(str(model_folders()["owl-1m"]))
    encoded = list(model.encode(REQUESTS))
    tokens = sum(len(one.context) + sum(map(len, one.continuations)) for one in encoded)
    estimate = model.estimate(REQUESTS)
    assert estimate is not None
    assert estimate.requests == 300
    assert estimate.tokens == pytest.approx(tokens, rel=0.02)
    assert estimate.seconds > 0
    assert estimate.memory > estimate.weights == 4 * sum(one.numel() for one in model.network.parameters())
    assert (model.effort.asked, model.effort.computed) == (0, 0)


def test_what_is_said_is_of_the_requests_that_are_asked_and_comes_first() -> None:
    model = load_local(str(model_folders()["owl-1m"]))
    said: list[str] = []
    answers = Foretold(model, said.append).answer(REQUESTS[:2])
    next(answers)
    assert len(said) == 1
    assert said[0].startswith(f"{model.name}: 2 requests, about ")


def test_a_model_of_which_nothing_can_be_foretold_just_answers() -> None:
    said: list[str] = []
    assert len(list(Foretold(FakeModel(), said.append).answer(REQUESTS[:2]))) == 2
    assert said == []


@pytest.mark.parametrize(
    ("option", "expected"), [((), 1), (("--quiet",), 0), (("--json",), 0), (("--no-progress",), 0)]
)
def test_only_people_are_told(cli: Callable[..., Any], tmp_path: Path, option: tuple[str, ...], expected: int) -> None:
    ending = cli("run", "bundled:owl-1m", "-b", "exam/original", "--limit", "1", "--store", str(tmp_path), *option)
    assert ending.code == 0
    assert ending.err.count("by one timed pass") == expected
