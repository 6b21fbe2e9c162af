import dataclasses
import json
import math
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Metric, Score, View
from leaderbench.results import rows, tables
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.index import Index
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from leaderbench.statistics.aggregate import aggregate
from perf import boards

MakeRun = Callable[..., Run]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once, so that a test need not wait."""
    monkeypatch.setattr(rows, "unsettled", 0)


def changed(run: Run, **manifest: Any) -> Run:
    return dataclasses.replace(run, manifest=dataclasses.replace(run.manifest, **manifest))


def contents(index: Index) -> tuple[object, ...]:
    """Everything the index says, in a form in which not-a-number equals itself."""
    listed = index.runs(size=1000).items
    whole = [index.run(item.id) for item in listed]
    return repr(index.entries(overall_only=False)), repr(whole), index.models(), index.benchmarks()


def imported_line(**changes: object) -> dict[str, object]:
    return {
        "model": "org/paper",
        "benchmark": "mmlu/published",
        "metric": "acc",
        "aggregation": "micro",
        "subset": None,
        "estimate": 0.5,
        "standard_error": None,
        "low": None,
        "high": None,
        "n": None,
        "errors": 0,
        "source": "https://example.org/table",
        "created": "2025-05-05",
        "settings": "",
        **changes,
    }


def write_imported(store: Store, name: str, *lines: object) -> Path:
    folder = store.path / "imported"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


# What it says


def test_entries_are_the_overall_scores_of_all_runs_oldest_first(store: Store, run: MakeRun) -> None:
    for number, day in (("aa", "2026-03-01"), ("bb", "2026-01-01")):
        store.save(changed(run(run_id=number), created=day))
    with Index(store) as index:
        index.refresh()
        found = index.entries()
    first = run().scores[0]
    assert [(item.run, item.score) for item in found] == [
        (number, score) for number in ("bb", "aa") for score in run().scores[:2]
    ]
    assert found[0] == Entry(
        "org/model", "ab" * 32, "mmlu/helm", first, "bb", Provenance.MADE_HERE, "", "2026-01-01", ""
    )


def test_entries_with_subsets_keep_each_runs_own_order(store: Store, run: MakeRun) -> None:
    for number in ("bb", "aa"):
        store.save(run(run_id=number))
    with Index(store) as index:
        index.refresh()
        found = index.entries(overall_only=False)
    assert [(item.run, item.score) for item in found] == [
        (number, score) for number in ("aa", "bb") for score in run().scores
    ]


def test_a_score_keeps_what_its_interval_is_about_and_what_is_unknown(store: Store, run: MakeRun) -> None:
    odd = Score(Metric("mc2", Aggregation.MICRO), None, math.nan, 0.1, math.nan, 0.9, 7, 3, View.BANK, 14_042)
    store.save(dataclasses.replace(run(), scores=(odd,)))
    with Index(store) as index:
        index.refresh()
        (item,) = index.entries()
    assert repr(item.score) == repr(odd)


def test_settings_are_said_as_the_manifest_says_them(store: Store, run: MakeRun) -> None:
    limits = {"limit": 100, "subsets": ["anatomy"], "shots": 0}
    made = changed(run(), limits=limits)
    store.save(made)
    with Index(store) as index:
        index.refresh()
        assert index.entries()[0].settings == made.manifest.settings == "limit 100, only anatomy, 0 shots"
        assert index.run(made.id).limits == limits


def test_a_run_imported_with_its_samples_says_so(store: Store, run: MakeRun) -> None:
    model = {"name": "org/m", "identity": "cd", "provenance": "imported", "source": "results.json"}
    store.save(changed(run(), model=model))
    with Index(store) as index:
        index.refresh()
        item = index.entries()[0]
    assert (item.provenance, item.source, item.model) == (Provenance.IMPORTED_RUN, "results.json", "org/m")


def test_entries_can_be_asked_for_by_benchmark_family_and_model(store: Store, run: MakeRun) -> None:
    for place, (name, model) in enumerate([("mmlu/helm", "a"), ("mmlu/original", "b"), ("mmlux/helm", "a")]):
        made = run(run_id=f"r{place}", model=model)
        store.save(changed(made, benchmark={**made.manifest.benchmark, "name": name}))
    write_imported(store, "x", imported_line(model="a", benchmark="mmlu/published"))

    def found(*arguments: object, **named: object) -> set[tuple[str, str]]:
        return {(item.benchmark, item.model) for item in index.entries(*arguments, **named)}

    with Index(store) as index:
        index.refresh()
        assert found("mmlu") == {("mmlu/helm", "a"), ("mmlu/original", "b"), ("mmlu/published", "a")}
        assert found("mmlu/helm") == {("mmlu/helm", "a")}
        assert found(["mmlu/helm", "mmlux"]) == {("mmlu/helm", "a"), ("mmlux/helm", "a")}
        assert found("mmlu", models=["a"]) == {("mmlu/helm", "a"), ("mmlu/published", "a")}
        assert found(models=["a", *map(str, range(1000))]) == found(models=["a"]) != set()
        assert found("%") == found(models=[]) == found([]) == set()


def test_runs_are_listed_newest_first_in_pages(store: Store, run: MakeRun) -> None:
    for number in range(5):
        store.save(changed(run(run_id=f"r{number}"), created=f"2026-01-0{number + 1}"))
    with Index(store) as index:
        index.refresh()
        pages = [index.runs(page, 2) for page in (1, 2, 3, 4)]
    assert [[item.id for item in page.items] for page in pages] == [["r4", "r3"], ["r2", "r1"], ["r0"], []]
    assert {(page.total, page.pages) for page in pages} == {(5, 3)}
    assert pages[0].items[0].scores == run().scores[:2]


@pytest.mark.parametrize(("page", "size"), [(0, 50), (-1, 50), (1, 0), (1, 1001)])
def test_a_page_that_cannot_be_is_said(store: Store, page: int, size: int) -> None:
    with Index(store) as index, pytest.raises(LeaderbenchError, match="A page is 1 or more"):
        index.runs(page, size)


def test_a_page_far_behind_the_last_is_empty(store: Store, run: MakeRun) -> None:
    store.save(run())
    with Index(store) as index:
        index.refresh()
        assert index.runs(10**30).items == ()


def test_runs_can_be_filtered_and_searched_in_either_case(store: Store, run: MakeRun) -> None:
    store.save(run(run_id="aaa", model="Org/Big_Model"))
    store.save(changed(run(run_id="bbb", model="org/other"), limits={"limit": 7, "subsets": []}))
    (store.save(run(run_id="ccc")) / "scores.json").write_text("")

    def ids(**filters: object) -> list[str]:
        return [item.id for item in index.runs(**filters).items]

    with Index(store) as index:
        index.refresh()
        assert ids(search="big_model") == ids(model="Org/Big_Model") == ["aaa"]
        assert ids(search="LIMIT 7") == ["bbb"]
        assert ids(search="g%m") == ids(search="bigxmodel") == []
        assert ids(damaged=True) == ["ccc"]
        assert sorted(ids(damaged=False, benchmark="mmlu")) == ["aaa", "bbb"]
        assert ids(provenance=Provenance.IMPORTED_RUN) == []


def test_a_run_is_found_by_the_beginning_of_its_id_with_all_its_scores(store: Store, run: MakeRun) -> None:
    for number in ("abc1", "abc2", "ABd"):
        store.save(run(run_id=number))
    with Index(store) as index:
        index.refresh()
        assert index.run("abc1").scores == run().scores
        assert index.run("AB").id == "ABd"
        with pytest.raises(LeaderbenchError, match=r"Several runs begin with 'ab' \(abc1, abc2\)"):
            index.run("ab")
        for name in ("", "%", "zz", "../runs"):
            with pytest.raises(LeaderbenchError, match="There is no run"):
                index.run(name)


def test_models_and_benchmarks_count_runs_and_imported_scores(store: Store, run: MakeRun) -> None:
    store.save(run(run_id="aa", model="m"))
    store.save(changed(run(run_id="bb", model="m"), created="2027-01-01"))
    (store.save(run(run_id="cc", model="broken")) / "scores.json").unlink()
    write_imported(store, "x", imported_line(model="m"), imported_line(model="only/here"))
    with Index(store) as index:
        index.refresh()
        models = {item.name: (item.identities, item.runs, item.imported, item.last) for item in index.models()}
        benchmarks = {item.name: (item.models, item.runs, item.imported) for item in index.benchmarks()}
    assert models == {"m": (("ab" * 32,), 2, 1, "2027-01-01"), "only/here": ((), 0, 1, "2025-05-05")}
    assert benchmarks == {"mmlu/helm": (1, 2, 0), "mmlu/published": (2, 0, 2)}


def test_an_empty_store_lists_nothing_and_is_not_created(tmp_path: Path) -> None:
    with Index(tmp_path / "new") as index:
        assert index.refresh().problems == index.remarks == ()
        assert not any((index.entries(), index.models(), index.benchmarks()))
        assert index.path is None
    assert not (tmp_path / "new").exists()


def test_a_store_that_comes_to_be_later_is_seen_by_the_next_refresh(store: Store, run: MakeRun) -> None:
    with Index(store) as index:
        index.refresh()
        store.save(run())
        assert index.refresh().read == 1
        assert index.path == store.path / "index.db"
        assert len(index.entries()) == 2


# What is read


@pytest.mark.usefixtures("settled")
def test_a_refresh_reads_what_is_new_or_changed_and_drops_what_is_gone(store: Store, run: MakeRun) -> None:
    folders = [store.save(run(run_id=f"r{number}", errors=1)) for number in range(4)]
    path = write_imported(store, "x", imported_line())

    def done() -> tuple[int, int, int]:
        found = index.refresh()
        return found.read, found.kept, found.dropped

    with Index(store) as index:
        assert done() == (5, 0, 0)
        assert done() == (0, 5, 0)
        store.save(run(run_id="r1"))  # has fewer errors, so it takes the place of the other
        shutil.rmtree(folders[0])
        store.save(run(run_id="new"))
        assert done() == (2, 3, 1)
        path.unlink()
        assert done() == (0, 4, 1)
    with Index(store) as again:
        assert again.refresh().read == 0


@pytest.mark.usefixtures("settled")
def test_samples_are_never_read(store: Store, run: MakeRun) -> None:
    (store.save(run()) / "samples.parquet").unlink()
    with Index(store) as index:
        assert index.refresh().problems == ()
        (store.path / "runs" / run().id / "samples.parquet").write_bytes(b"other")
        assert index.refresh().read == 0


def test_a_change_right_after_a_refresh_that_keeps_size_and_time_is_seen(store: Store, run: MakeRun) -> None:
    path = store.save(run()) / "scores.json"
    data, times = path.read_bytes(), path.stat()
    with Index(store) as index:
        index.refresh()
        path.write_bytes(data.replace(b"0.5", b"0.6", 1))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert "scores.json is damaged" in index.refresh().problems[0]


def test_the_version_changes_with_the_contents_and_only_with_them(store: Store, run: MakeRun) -> None:
    folder = store.save(run())
    with Index(store) as index:
        index.refresh()
        first = index.version
        index.refresh()
        os.utime(folder / "scores.json")
        index.refresh()
        assert index.version == first
        store.save(run(run_id="other"))
        index.refresh()
        second = index.version
        shutil.rmtree(folder)
        index.refresh()
        assert len({first, second, index.version}) == 3
        with Index(store) as other:
            assert other.version == index.version


def test_progress_tells_how_many_of_how_many_are_read(
    store: Store, run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leaderbench.results.index.batch", 2)
    for number in range(5):
        store.save(run(run_id=f"r{number}"))
    seen: list[tuple[int, int]] = []
    with Index(store) as index:
        index.refresh(progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "better", "remove", "damage", "cut", "unlink", "mend", "import", "spoil", "forget"]),
        st.integers(0, 3),
        st.integers(0, 10**6),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_refreshing_after_any_changes_says_the_same_as_building_anew(
    tmp_path_factory: pytest.TempPathFactory, run: MakeRun, steps: list[tuple[str, int, int, bool]]
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    with Index(store) as index:
        for what, number, seed, refreshed in steps:
            change(store, run, what, number, random.Random(seed))
            if refreshed:
                index.refresh()
        incremental = index.refresh().problems, contents(index)
        assert (index.refresh(rebuild=True).problems, contents(index)) == incremental
    for path in store.path.glob("index.db*"):
        path.unlink()
    with Index(store) as index:
        assert (index.refresh().problems, contents(index)) == incremental
        assert {item.id: item.problem or None for item in index.runs(size=1000).items} == {
            item.id: item.problem for item in store.runs()
        }


def change(store: Store, run: MakeRun, what: str, number: int, rng: random.Random) -> None:
    """One thing that may happen to a store between two refreshes."""
    folder = store.path / "runs" / f"r{number}"
    path = folder / rng.choice(["manifest.json", "scores.json"])
    if what in ("add", "better", "mend"):
        store.save(run(rng.randrange(3, 9), run_id=folder.name, errors=what == "add", model=rng.choice("ab")))
    elif what == "import":
        lines = [imported_line(model=rng.choice("ab"), estimate=rng.random()) for _ in range(rng.randrange(3))]
        write_imported(store, f"i{number}", *lines)
    elif what == "spoil":
        write_imported(store, f"i{number}", imported_line(), "no JSON")
    elif what == "forget":
        (store.path / "imported" / f"i{number}.jsonl").unlink(missing_ok=True)
    elif what == "remove":
        shutil.rmtree(folder, ignore_errors=True)
    elif path.exists() and what == "unlink":
        path.unlink()
    elif path.exists():
        data = path.read_bytes()
        place = rng.randrange(len(data) or 1)
        path.write_bytes(data[:place] + (b"" if what == "cut" else bytes([rng.randrange(256)]) + data[place + 1 :]))


# Runs that cannot be used


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


def test_scores_that_can_still_be_read_are_kept_beside_the_problem(store: Store, run: MakeRun) -> None:
    path = store.save(run()) / "manifest.json"
    path.write_text(path.read_text().replace("tree", "tref"))
    with Index(store) as index:
        index.refresh()
        found = index.entries()
    assert [item.score for item in found] == list(run().scores[:2])
    assert all("manifest.json is damaged" in item.problem for item in found)


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


# A file that is not what it should be


def older(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE leaderbench_index SET schema = 0")
        connection.execute("DROP TABLE scores")
    connection.close()


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE accounts (owner TEXT)")
        connection.execute("INSERT INTO accounts VALUES ('somebody')")
    connection.close()


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def holes(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


troubles: dict[str, Callable[[Path], object]] = {
    "damaged": lambda path: path.write_bytes(b"this is no database" * 1000),
    "half": half,
    "holes": holes,
    "foreign": foreign,
    "older": older,
}


@pytest.mark.parametrize("trouble", troubles)
@pytest.mark.parametrize("opened", [False, True], ids=["before it is opened", "while it is open"])
def test_a_file_of_no_use_is_set_aside_and_built_anew(store: Store, run: MakeRun, trouble: str, opened: bool) -> None:
    store.save(run())
    with Index(store) as index:
        index.refresh()
        expected = contents(index)
        if opened:
            troubles[trouble](store.path / "index.db")
            assert contents(index) == expected
            assert "index is built anew" in index.remarks[0]
    if not opened:
        troubles[trouble](store.path / "index.db")
    with Index(store) as index:
        index.refresh()
        assert contents(index) == expected
        assert len(index.remarks) == (not opened)
    assert (store.path / "index.db.set-aside").exists()
    with Index(store) as index:
        assert index.remarks == ()
        assert contents(index) == expected


def test_what_somebody_elses_file_held_is_not_lost(store: Store, run: MakeRun) -> None:
    store.save(run())
    with Index(store) as index:
        index.refresh()
    foreign(store.path / "index.db")
    with Index(store) as index:
        assert "is no index of leaderbench: it is set aside as index.db.set-aside" in index.remarks[0]
    connection = sqlite3.connect(store.path / "index.db.set-aside")
    assert connection.execute("SELECT owner FROM accounts").fetchall() == [("somebody",)]
    connection.close()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), data=st.binary(min_size=1, max_size=400))
def test_no_damage_outlasts_a_rebuild(
    tmp_path_factory: pytest.TempPathFactory, run: MakeRun, place: int, data: bytes
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    store.save(run())
    write_imported(store, "x", imported_line())
    with Index(store) as index:
        index.refresh()
        expected = contents(index)
    with (store.path / "index.db").open("r+b") as file:
        file.seek(place % (store.path / "index.db").stat().st_size)
        file.write(data)
    with Index(store) as index:
        index.refresh(rebuild=True)
        assert contents(index) == expected


def test_a_file_that_is_deleted_while_it_is_open_is_made_again(store: Store, run: MakeRun) -> None:
    store.save(run())
    with Index(store) as index:
        index.refresh()
        expected, version = contents(index), index.version
        for path in store.path.glob("index.db*"):
            path.unlink()
        assert contents(index) == expected
        assert index.version != version
        assert (store.path / "index.db").exists()


def test_a_file_of_a_newer_leaderbench_is_left_alone(store: Store, run: MakeRun) -> None:
    store.save(run())
    with Index(store) as index:
        index.refresh()
        expected = contents(index)
    connection = sqlite3.connect(store.path / "index.db")
    connection.execute("UPDATE leaderbench_index SET schema = 99")
    connection.commit()
    connection.close()
    before = (store.path / "index.db").read_bytes()
    with Index(store) as index:
        index.refresh()
        assert contents(index) == expected
        assert index.path is None
        assert "it belongs to a newer leaderbench" in index.remarks[0]
    assert (store.path / "index.db").read_bytes() == before


def test_a_store_in_which_no_file_can_be_made_is_indexed_in_memory_with_one_remark(
    store: Store, run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    store.save(run())
    monkeypatch.setattr("leaderbench.results.locks.acquire", refused)
    with Index(store) as index:
        index.refresh()
        assert len(index.entries()) == 2
        index.refresh(rebuild=True)
        assert len(index.entries()) == 2
        (remark,) = index.remarks
        assert index.path is None
    assert "cannot be used" in remark
    assert "Permission denied" in remark
    assert not (store.path / "index.db").exists()


def test_a_disk_that_is_full_leaves_an_index_in_memory(
    store: Store, run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def small(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **named)
        if arguments[0] != ":memory:":
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {max(pages, 20)}")
        return connection

    for number in range(60):
        store.save(run(run_id=f"r{number}", model=f"m{number}" * 50))
    monkeypatch.setattr(sqlite3, "connect", small)
    with Index(store) as index:
        index.refresh()
        assert len(index.entries()) == 120
        assert index.path is None
        assert "full" in index.remarks[0]


def test_threads_share_an_index_in_memory(store: Store, run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaderbench.results.locks.acquire", lambda *_, **__: os.open(os.devnull, os.O_RDONLY))
    for number in range(8):
        store.save(run(run_id=f"r{number}"))
    (store.path / "index.db").mkdir()
    (store.path / "index.db.set-aside").mkdir()
    found: list[int] = []
    with Index(store) as index:
        assert index.path is None
        index.refresh()

        def use() -> None:
            for _ in range(10):
                index.refresh(rebuild=True)
                found.append(len(index.entries()))

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [16] * 40


def test_another_process_that_never_stops_writing_is_said(
    store: Store, run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "patience", 0.05)
    store.save(run())
    with Index(store) as index:
        index.refresh()
        store.save(run(run_id="other"))
        writer = sqlite3.connect(store.path / "index.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(LeaderbenchError, match="Another process has been writing the index"):
            index.refresh()
        assert len(index.entries()) == 2  # readers are not held up
        writer.execute("ROLLBACK")
        writer.close()
        assert index.refresh().problems == ()
        assert len(index.entries()) == 4


def test_several_processes_use_one_index_at_once(store: Store, run: MakeRun) -> None:
    code = """if True:
        import sys, time
        from leaderbench.results.index import Index
        seen = 0
        print("ready", flush=True)
        with Index(sys.argv[1]) as index:
            while seen < 30 or not (index.store.path / "stop").exists():
                index.refresh(rebuild=seen % 5 == 4)
                assert {item.score.n for item in index.entries()} == {12}
                index.models(), index.runs(), index.version
                seen += 1
            index.refresh()
            print(sorted(item.id for item in index.runs(size=1000).items), *index.remarks)
    """
    store.save(run(run_id="first"))
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, str(store.path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for number in range(40):
        store.save(run(run_id=f"r{number}"))
        if number % 3 == 2:
            shutil.rmtree(store.path / "runs" / f"r{number - 1}")
    (store.path / "stop").touch()
    endings = [process.communicate() for process in processes]
    expected = f"{sorted(item.id for item in store.runs())}\n"
    assert endings == [(expected, "")] * 2
    with Index(store) as index:
        index.refresh()
        incremental = contents(index)
        index.refresh(rebuild=True)
        assert contents(index) == incremental
        assert index.remarks == ()


# Stores of the size that counts


@pytest.mark.parametrize("name", ["wide", "deep"])
def test_stores_made_for_measurements_are_like_real_ones(tmp_path: Path, name: str) -> None:
    from leaderbench.benchmarks import registry

    store = Store(tmp_path / name)
    done = boards.wide(store.path, 3, 4) if name == "wide" else boards.deep(store.path, 5, questions=114)
    summaries = store.runs()
    assert done == len(summaries) == {"wide": 12, "deep": 5}[name]
    assert {item.problem for item in summaries} == {None}
    for item in summaries[:3]:
        opened = store.run(item.id)
        metrics = registry.get(item.benchmark).metrics
        assert opened.scores == aggregate(opened.samples, metrics)
        assert len(opened.samples) == opened.manifest.counts["questions"]
    with Index(store) as index:
        assert index.refresh().problems == ()
        assert len(index.entries(overall_only=False)) == sum(len(item.scores) for item in summaries)
