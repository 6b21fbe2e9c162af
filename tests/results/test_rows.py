"""What the index reads out of damaged runs and files of imported scores."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from leaderbench.records import Aggregation, Metric, Score
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.index import Index
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from tests.results.stores import changed, imported_line, write_imported

MakeRun = Callable[..., Run]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_run_with_damaged_scores_stays_visible_with_its_problem(store: Store, run: MakeRun) -> None:
    recipe = {"shots": 5, "metrics": ["exact_match (macro)", "hello"]}
    made = changed(run(), benchmark={**run().manifest.benchmark, "recipe": recipe})
    (store.save(made) / "scores.json").write_text("[")
    with Index(store) as index:
        (said,) = index.refresh().problems
        (item,) = index.entries()
    assert "scores.json is damaged: delete the folder" in said
    assert (item.model, item.benchmark, item.problem) == ("org/model", "mmlu/helm", said)
    assert item.score.metric == Metric("exact_match", Aggregation.MACRO)
    assert math.isnan(item.score.estimate)
    assert item.score.n == 0


def test_no_score_is_believed_whose_manifest_is_another(store: Store, run: MakeRun) -> None:
    recipe = {"shots": 5, "metrics": ["acc (micro)"]}
    path = store.save(changed(run(), benchmark={**run().manifest.benchmark, "recipe": recipe})) / "manifest.json"
    path.write_text(path.read_text().replace("org/model", "org/motel"))
    with Index(store) as index:
        index.refresh()
        (item,) = index.entries()
        (said,) = index.unplaced()
    assert (item.model, item.identity) == ("org/motel", "")
    assert math.isnan(item.score.estimate)
    assert "manifest.json is damaged" in item.problem == said


def test_scores_that_can_still_be_read_are_kept_beside_the_problem(store: Store, run: MakeRun) -> None:
    path = store.save(run()) / "manifest.json"
    content = json.loads(path.read_text())
    content["sha256"].pop("samples.parquet")
    path.write_text(json.dumps(content))
    with Index(store) as index:
        index.refresh()
        found = index.entries()
        assert index.unplaced() == ()
    assert [item.score for item in found] == list(run().scores[:2])
    assert all("manifest.json is damaged" in item.problem or "is damaged" in item.problem for item in found)


def test_a_folder_that_says_nothing_is_listed_and_has_no_entries(store: Store, run: MakeRun) -> None:
    store.save(run())
    (store.path / "runs" / "empty").mkdir()
    with Index(store) as index:
        assert len(index.refresh().problems) == 1
        assert index.run("empty").model == index.run("empty").benchmark == ""
        assert {item.run for item in index.entries()} == {run().id}
        assert [item.name for item in index.models()] == ["org/model"]


def test_a_run_of_a_newer_format_is_said(store: Store, run: MakeRun) -> None:
    path = store.save(run()) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with Index(store) as index:
        assert "update leaderbench to read it" in index.refresh().problems[0]
        assert index.run(run().id).model == "org/model"
        assert index.entries() == []


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 900 + "1" + "}" * 900, "null", "3", '"text"', "[]", "{}", "\ufeff{}", "\x00"]
)
def test_files_of_any_content_are_only_a_problem(store: Store, run: MakeRun, text: str) -> None:
    folder = store.save(run())
    whole = json.loads((folder / "manifest.json").read_text())
    with Index(store) as index:
        for name in ("manifest.json", "scores.json"):
            (folder / name).write_text(text)
            assert len(index.refresh().problems) == 1
        if text.startswith("{") and "a" in text:
            (folder / "manifest.json").write_text(json.dumps(whole)[:-1] + ',"limits":' + text + "}")
            assert len(index.refresh().problems) == 1


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a\x00b", "\u202egpj", "'; DROP TABLE runs; --", "名/模型"]
)
def test_names_are_kept_as_they_are(store: Store, run: MakeRun, name: str) -> None:
    store.save(run(model=name))
    write_imported(store, "x", imported_line(model=name))
    with Index(store) as index:
        index.refresh()
        assert {item.model for item in index.entries(models=[name])} == {name}
        assert index.runs(model=name).total == 1


# Imported scores


def test_imported_scores_are_entries_without_a_run(store: Store) -> None:
    write_imported(
        store, "x", imported_line(identity="ef", subset="law", settings="5 shots", n=20, low=0.25), imported_line()
    )
    with Index(store) as index:
        index.refresh()
        (overall,) = index.entries()
        law, _ = index.entries(overall_only=False)
    metric = Metric("acc", Aggregation.MICRO)
    assert repr(overall) == repr(
        Entry(
            "org/paper",
            "",
            "mmlu/published",
            Score(metric, None, 0.5, math.nan, math.nan, math.nan, 0),
            "",
            Provenance.IMPORTED_SCORE,
            "https://example.org/table",
            "2025-05-05",
            "",
        )
    )
    assert (law.identity, law.settings, law.score.subset, law.score.n, law.score.low) == (
        "ef",
        "5 shots",
        "law",
        20,
        0.25,
    )


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "3",
        "[]",
        {"model": "m"},
        imported_line(aggregation="median"),
        imported_line(estimate="much"),
        imported_line(n=10**30),
        imported_line(n=-1),
        imported_line(model=None),
        imported_line(source=["x"]),
        "[" * 100_000,
        '{"model": 1' + "0" * 5000 + "}",
    ],
)
def test_a_line_that_is_no_score_is_said_and_hides_no_other(store: Store, line: object) -> None:
    write_imported(store, "x", imported_line(), line, line, imported_line(model="other"))
    with Index(store) as index:
        (said,) = index.refresh().problems
        assert [item.model for item in index.entries()] == ["org/paper", "other"]
    assert said.startswith("Line 2 of ")
    assert "and 1 more is no score and was passed over" in said


def test_numbers_that_json_has_no_word_for_are_unknown(store: Store) -> None:
    text = json.dumps(imported_line(estimate=math.nan, high=math.inf))
    assert "NaN" in text
    write_imported(store, "x", text, imported_line(model="a\ud800b"))
    with Index(store) as index:
        assert index.refresh().problems == ()
        odd, half = index.entries()
    assert math.isnan(odd.score.estimate)
    assert half.model == "a\\ud800b"


def test_a_last_line_that_is_half_written_is_said_and_read_when_it_is_whole(store: Store) -> None:
    path = write_imported(store, "x", imported_line(), imported_line(model="other"))
    whole = path.read_text()
    path.write_text(whole[:-30])
    with Index(store) as index:
        assert len(index.refresh().problems) == 1
        path.write_text(whole)
        assert index.refresh().problems == ()
        assert len(index.entries()) == 2
