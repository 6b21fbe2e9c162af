"""`verify` finds every score that its samples do not give, and every file that is not as it was written."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from leaderbench.explain.verification import verify
from leaderbench.records import Aggregation, Metric, Sample, Score
from leaderbench.results.imports import import_csv
from leaderbench.results.recomputed import disagreements
from leaderbench.results.runs import Run
from leaderbench.results.store import Store, digest, dumped
from leaderbench.statistics.aggregate import aggregate
from leaderbench.statistics.finite import drawn_scores
from leaderbench.statistics.sequential import stopped_scores
from tests.results.conftest import pair, run, sample

__all__ = ["pair", "run", "sample"]

MakeRun = Callable[..., Run]
metrics = (Metric("acc", Aggregation.MICRO), Metric("acc_norm", Aggregation.MACRO))
bank = {"anatomy": 30, "virology": 20}


@pytest.fixture
def honest(run: MakeRun) -> Run:
    return dataclasses.replace(run(), scores=aggregate(run().samples, metrics))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.parametrize(
    "score",
    [
        lambda samples: aggregate(samples, metrics),
        lambda samples: drawn_scores(samples, metrics, bank),
        lambda samples: stopped_scores(samples, metrics, bank),
    ],
    ids=["all questions", "drawn at random", "stopped early"],
)
def test_scores_that_the_samples_give_agree(
    run: MakeRun, score: Callable[[tuple[Sample, ...]], tuple[Score, ...]]
) -> None:
    made = run(errors=2)
    assert list(disagreements(dataclasses.replace(made, scores=score(made.samples)))) == []


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("what", ["estimate", "n", "errors", "standard_error", "low", "high"])
def test_any_other_number_is_found_overall_and_by_subset(honest: Run, what: str, place: int) -> None:
    score = honest.scores[place]
    forged = dataclasses.replace(score, **{what: getattr(score, what) + 1})
    scores = (*honest.scores[:place], forged, *honest.scores[place + 1 :])
    found = list(disagreements(dataclasses.replace(honest, scores=scores)))
    assert (what, score.subset) in {(item.what, item.subset) for item in found}


def test_an_interval_whose_ends_are_exchanged_changes_the_score(honest: Run) -> None:
    score = dataclasses.replace(honest.scores[0], low=0.9, high=0.1)
    found = list(disagreements(dataclasses.replace(honest, scores=(score, *honest.scores[1:]))))
    assert any(item.changes_the_score for item in found)


def test_a_sound_store_is_sound(store: Store, honest: Run, tmp_path: Path, pair: Callable[[int], object]) -> None:
    store.save(honest)
    (tmp_path / "t.csv").write_text("model,benchmark,score\na,x,0.5\n")
    import_csv(tmp_path / "t.csv", store)
    with store.log("m", "1" * 64) as log:
        log.append([pair(1), pair(2)])  # type: ignore[list-item]
    seen: list[tuple[int, int]] = []
    verification = verify(store, progress=lambda done, total: seen.append((done, total)))
    assert verification.is_sound
    assert (verification.runs, verification.imported, verification.answers) == (1, 1, 2)
    assert seen[-1] == (3, 3)


def test_forged_scores_with_a_right_checksum_are_found(store: Store, honest: Run) -> None:
    folder = store.save(honest)
    scores = json.loads((folder / "scores.json").read_text())
    scores[0]["estimate"] = 0.999
    (folder / "scores.json").write_bytes(dumped(scores))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["scores.json"] = digest((folder / "scores.json").read_bytes())
    (folder / "manifest.json").write_bytes(dumped(manifest))
    assert store.run(honest.id).score().estimate == 0.999
    verification = verify(store)
    assert verification.damage == ()
    assert "the estimate of acc (micro) is stored as 0.999 and the samples give 0.5" in verification.disagreements[0]
    store.save(honest)
    assert verify(store).is_sound


@pytest.mark.parametrize("name", ["manifest.json", "scores.json", "samples.parquet"])
def test_a_damaged_file_of_a_run_is_named(store: Store, honest: Run, name: str) -> None:
    path = store.save(honest) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (damage,) = verify(store).damage
    assert name in damage


def test_a_damaged_answer_is_counted(store: Store, pair: Callable[[int], object]) -> None:
    with store.log("m", "1" * 64) as log:
        log.append([pair(1), pair(2)])  # type: ignore[list-item]
        path = log.folder / "000001.jsonl"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    verification = verify(store)
    assert "damaged bytes" in verification.damage[0]
    assert verification.answers == 1
