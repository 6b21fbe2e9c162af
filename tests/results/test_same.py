"""What counts as the same samples under one run id."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Sample
from leaderbench.results.runs import Run
from leaderbench.results.same import differences
from leaderbench.results.store import Store

MakeSample = Callable[..., Sample]
float32 = {"dtype": "float32"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"log_likelihoods": (-1.3328, -0.1005), "margin": 0.2505},
        {"log_likelihoods": (-1.3328, -0.1005), "margin": 0.0004, "prediction": "A", "metrics": {"acc": 1.0}},
        {"error": "out of memory", "prediction": None, "metrics": {}},
        {"metrics": {"acc": 0.0, "acc_norm": 1.0, "new": 0.5}, "margin": math.nan},
    ],
    ids=["nothing", "float noise", "a near tie", "an error", "a metric more"],
)
def test_these_are_the_same(sample: MakeSample, changes: dict[str, object]) -> None:
    stored = sample(0, log_likelihoods=(-1.333, -0.1), metrics={"acc": 0.0, "acc_norm": 1.0})
    assert list(differences([stored], [dataclasses.replace(stored, **changes)], float32)) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"request_digests": ("f" * 64,)}, "what was asked"),
        ({"target": "B"}, "the right answer"),
        ({"log_likelihoods": (-1.336, -0.1)}, "the log-likelihoods"),
        ({"log_likelihoods": (-1.333,)}, "the log-likelihoods"),
        ({"log_likelihoods": (-1.333, math.nan)}, "the log-likelihoods"),
        ({"prediction": "A"}, "the prediction"),
        ({"metrics": {"acc": 1.0, "acc_norm": 1.0}}, "the metrics"),
    ],
)
def test_these_are_others(sample: MakeSample, changes: dict[str, object], what: str) -> None:
    stored = sample(0, log_likelihoods=(-1.333, -0.1), metrics={"acc": 0.0, "acc_norm": 1.0})
    found = list(differences([stored], [dataclasses.replace(stored, **changes)], float32))
    assert found == [f"{what} of anatomy/0"]


def test_types_of_fewer_bits_have_more_noise(sample: MakeSample) -> None:
    stored = sample(0, log_likelihoods=(-1.3, -0.1))
    fresh = sample(0, log_likelihoods=(-1.35, -0.1))
    assert list(differences([stored], [fresh], float32))
    assert not list(differences([stored], [fresh], {"dtype": "bfloat16"}))


def test_a_question_more_or_less_is_another_run(sample: MakeSample) -> None:
    assert list(differences([sample(0)], [sample(0), sample(1)], float32)) == ["anatomy/1 is in one of the two only"]


def test_saving_other_samples_under_one_id_is_an_error_that_keeps_the_stored_run(
    tmp_path: Path, run: Callable[..., Run], sample: MakeSample
) -> None:
    store = Store(tmp_path)
    folder = store.save(run())
    before = (folder / "samples.parquet").read_bytes()
    other = dataclasses.replace(run(), samples=(sample(0, target="B"), *run().samples[1:]))
    with pytest.raises(LeaderbenchError, match=r"of 12 questions 1 differ, such as the right answer of anatomy/0"):
        store.save(other)
    with pytest.raises(LeaderbenchError, match="stored with other samples"):
        store.save_all([other])
    assert (folder / "samples.parquet").read_bytes() == before


def test_scores_that_the_same_samples_do_not_give_are_replaced(tmp_path: Path, run: Callable[..., Run]) -> None:
    store = Store(tmp_path)
    forged = dataclasses.replace(run().scores[0], estimate=0.999)
    store.save(dataclasses.replace(run(), scores=(forged, *run().scores[1:])))
    store.save(run())
    assert store.run("a").scores == run().scores
