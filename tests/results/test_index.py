import dataclasses
import math
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Metric, Score, View
from leaderbench.results import rows
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.index import Index
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from leaderbench.statistics.aggregate import aggregate
from perf import boards
from tests.results.stores import changed, contents, imported_line, write_imported

MakeRun = Callable[..., Run]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once, so that a test need not wait."""
    monkeypatch.setattr(rows, "unsettled", 0)


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


def test_an_entry_knows_when_its_model_was_first_asked_whichever_benchmarks_are_wanted(
    store: Store, run: MakeRun
) -> None:
    for number, day, name in (("aa", "2026-03-01", "mmlu/helm"), ("bb", "2026-01-01", "arc/harness")):
        made = run(run_id=number)
        store.save(changed(made, created=day, benchmark={**made.manifest.benchmark, "name": name}))
    with Index(store) as index:
        index.refresh()
        assert {item.first for item in index.entries("mmlu")} == {"2026-01-01"}


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
        store.save(run(3 + number, run_id=folder.name, errors=what == "add", model=rng.choice("ab")))
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
