"""The file of the index: damaged, foreign, deleted, full, or used by several at once."""

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
from leaderbench.results import database
from leaderbench.results.index import Index
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from tests.results.stores import contents, imported_line, write_imported

MakeRun = Callable[..., Run]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def older(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE leaderbench_index SET schema = 0")
        connection.execute("DROP TABLE scores")
    connection.close()


def other(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE imported RENAME COLUMN identity TO digest")
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
    "of another version": other,
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


@pytest.mark.parametrize("in_memory", [False, True], ids=["file", "memory"])
def test_threads_share_an_index_and_never_see_a_part_of_it(store: Store, run: MakeRun, in_memory: bool) -> None:
    for number in range(8):
        store.save(run(run_id=f"r{number}"))
    if in_memory:
        (store.path / "index.db").mkdir()  # where no file can be
    found: list[int] = []
    with Index(store) as index:
        index.refresh()
        assert (index.path is None) == in_memory

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
    monkeypatch.setattr(database, "patience", 0.05)
    store.save(run())
    with Index(store) as index:
        index.refresh()
        store.save(run(run_id="other"))
        writer = sqlite3.connect(store.path / "index.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(LeaderbenchError, match=r"has been written by .* for 0 seconds: wait"):
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
