"""Answers are read from the files of runs, once, and only when they are undamaged."""

from pathlib import Path

import numpy as np
import pytest

from leaderbench.boards import outcomes
from leaderbench.boards.stored import board_table, entries
from leaderbench.boards.table import Basis
from leaderbench.evaluation.run import evaluate
from leaderbench.models.fake import FakeModel
from leaderbench.records import Aggregation
from leaderbench.results.samples import StoredSamples
from leaderbench.results.store import Store
from leaderbench.statistics import macro
from tests.boards.conftest import make_spec


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two fakes and a baseline on two implementations of the exam."""
    for model in (FakeModel("one"), FakeModel("two"), "baseline:random"):
        for implementation in ("original", "harness"):
            evaluate(model, f"exam/{implementation}", store=tmp_path, limit=20)
    return Store(tmp_path)


spec = make_spec("mean", 'benchmark = "exam/original"', 'benchmark = "exam/harness"')


def test_values_of_a_run_are_those_of_its_samples(store: Store) -> None:
    read = outcomes.reader(store)
    for entry in entries(store, spec)[0]:
        found = read(entry.run, "acc")
        assert found is not None
        run = store.run(entry.run)
        assert found.ids == tuple(sample.example_id for sample in run.samples)
        assert found.values.tolist() == [sample.metrics["acc"] for sample in run.samples]
        assert found.bank.startswith("leaderbench/exam@sha256:")
        known = outcomes.influence(found, Aggregation.MICRO)
        assert known is not None
        assert np.sqrt((known.values**2).sum()) == pytest.approx(run.score("acc (micro)").standard_error)


def test_influences_and_what_they_do_not_show_add_up_to_the_variance_of_a_macro_mean() -> None:
    values = np.array([1.0] * 120 + [0.0] * 80 + [1.0] * 3)
    subsets = ("large",) * 200 + ("small",) * 3
    found = outcomes.Outcomes("bank", tuple(map(str, range(203))), subsets, values)
    known = outcomes.influence(found, Aggregation.MACRO)
    assert known is not None
    error = macro([values[:200].tolist(), values[200:].tolist()]).standard_error
    assert (known.values**2).sum() + known.own == pytest.approx(error**2)
    assert known.degrees < 6


def test_a_file_is_read_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read = outcomes.reader(store)
    run = entries(store, spec)[0][0].run
    first = read(run, "acc")
    monkeypatch.setattr(StoredSamples, "read", None)
    assert read(run, "acc") is first


def test_a_damaged_file_and_an_absent_run_have_no_outcomes(store: Store) -> None:
    run = entries(store, spec)[0][0].run
    path = store.path / "runs" / run / "samples.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert outcomes.reader(store)(run, "acc") is None
    assert outcomes.reader(store)("absent", "acc") is None


def test_a_board_of_a_store_is_paired_by_question(store: Store) -> None:
    table = board_table("demo", store)
    assert {row.model for row in table.rows} == {"one", "two", "baseline:random"}
    (store.path / "boards").mkdir()
    text = 'title = "Two"\n[[columns]]\nbenchmark = "exam/original"\n[[columns]]\nbenchmark = "exam/harness"\n'
    (store.path / "boards" / "demo.toml").write_text(text)
    table = board_table("demo", store)
    ranked = [row for row in table.rows if row.ranked]
    assert {row.basis for row in ranked} == {Basis.PAIRED}
    assert len(ranked) == 2
    assert "stands in the place of the shipped one" in table.notes[0]


def test_a_damaged_run_stands_in_no_cell_and_is_said(store: Store) -> None:
    run = entries(store, spec)[0][0]
    path = store.path / "runs" / run.run / "scores.json"
    path.write_text(path.read_text().replace("0.", "0.9", 1))
    table = board_table("demo", store)
    row = next(item for item in table.rows if item.model == run.model)
    assert row.columns == 1
    assert any(note.startswith(f"{run.model}: ") and "scores.json is damaged" in note for note in table.notes)
