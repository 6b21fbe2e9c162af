"""Nobody waits for a lock without a word, or for ever."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.results import database, locks
from leaderbench.results.imports import import_csv
from leaderbench.results.index import BusyError, Index
from leaderbench.results.runs import Run
from leaderbench.results.store import Store

MakeRun = Callable[..., Run]
Hold = Callable[[Path], int]


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Let another process hold a lock file until the test ends; gives its process id."""
    code = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    others: list[subprocess.Popen[str]] = []

    def start(path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        other = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        others.append(other)
        assert other.stdout is not None
        other.stdout.readline()
        return other.pid

    yield start
    for other in others:
        other.communicate("\n")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "quiet", 0.05)
    monkeypatch.setattr(locks, "patience", 0.2)
    monkeypatch.setattr(database, "preparing", 0.2)


def test_a_waiting_save_names_the_holder_and_ends_with_a_sentence(
    tmp_path: Path, run: MakeRun, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    process = hold(tmp_path / "runs" / ".lock")
    with pytest.raises(LeaderbenchError, match=rf"is being written by process {process} on .* wait until") as caught:
        Store(tmp_path).save(run())
    assert isinstance(caught.value.__cause__, BlockingIOError)
    assert f"process {process} on" in caplog.text
    assert "waiting for up to" in caplog.text


def test_an_import_waits_no_longer_either(tmp_path: Path, hold: Hold) -> None:
    (tmp_path / "t.csv").write_text("model,benchmark,score\na,x,0.5\n")
    process = hold(tmp_path / "store" / "imported" / ".lock")
    with pytest.raises(LeaderbenchError, match=f"is being written by process {process} "):
        import_csv(tmp_path / "t.csv", tmp_path / "store")


def test_a_lock_that_is_freed_meanwhile_is_taken_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "quiet", 30)
    path = tmp_path / "lock"
    first = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(first, fcntl.LOCK_EX)
    timer = threading.Timer(0.1, os.close, [first])
    timer.start()
    os.close(locks.acquire(path, "It", wait=30))
    timer.join()
    assert not caplog.records


def test_the_holder_is_asked_of_the_system_before_the_file(tmp_path: Path, hold: Hold) -> None:
    path = tmp_path / "lock"
    path.write_text('{"pid": 999999, "host": "elsewhere"}')
    assert locks.holder(path).startswith("process 999999 on elsewhere")
    process = hold(path)
    assert locks.holder(path).startswith(f"process {process} on ")


def test_options_of_a_command_are_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/leaderbench", "run", "--token=secret", "model"])
    os.close(locks.acquire(tmp_path / "lock", "It"))
    signed = (tmp_path / "lock").read_text()
    assert "leaderbench run" in signed
    assert "secret" not in signed


def test_readers_of_an_index_need_no_lock(
    tmp_path: Path, run: MakeRun, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path)
    store.save(run())
    with Index(store) as index:
        index.refresh()
    hold(tmp_path / ".index.lock")
    store.save(run(run_id="other"))
    with Index(store) as index:
        index.refresh()
        assert len(index.entries()) == 4
        assert index.path is not None
    assert not caplog.records


def test_an_index_that_another_process_is_making_is_made_in_memory_meanwhile(
    tmp_path: Path, run: MakeRun, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path)
    store.save(run())
    process = hold(tmp_path / ".index.lock")
    with Index(store) as index:
        index.refresh()
        assert len(index.entries()) == 2
        assert f"process {process} on" in index.remarks[0]
    assert "waiting for up to" in caplog.text


def test_who_only_reads_shows_everything_while_another_process_blocks_the_index(
    tmp_path: Path, run: MakeRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "patience", 0.1)
    store = Store(tmp_path)
    store.save(run())
    with Index(store) as index:
        index.refresh()
    store.save(run(run_id="other"))
    with closing(sqlite3.connect(tmp_path / "index.db", isolation_level=None)) as other, Index(store) as index:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError):
            index.refresh()
        index.catch_up()
        assert len(index.entries()) == 4
        assert index.path is None
    assert "waiting for up to" in caplog.text
