"""A store in any state: the site stays up, shows what it can, and says what is wrong where the reader looks."""

import contextlib
import dataclasses
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderbench.results import database, tables
from leaderbench.results import store as stores
from leaderbench.results.store import Store
from leaderbench.web.application import application
from leaderbench.web.live import LiveStore
from tests.web.conftest import BOARD, make_run

A, B = "aaaaaaaaaaa0", "aaaaaaaaaaa1"

every_page = (
    "",
    "boards/small",
    "boards/mmlu",
    "models",
    "model?name=org/good-7b",
    "benchmarks",
    "benchmark?name=mmlu/harness",
    "runs",
    f"runs/{B}",
    f"runs/{B}/samples",
    f"runs/{B}/samples/3",
    f"compare?run={A}&run={B}",
    "compare/choose",
    "about",
)


@contextlib.contextmanager
def site(store: Store) -> Iterator[TestClient]:
    """The site of a store as somebody starts it now, after its first look."""
    live = LiveStore(store)
    live.refresh()
    try:
        yield TestClient(application(live), raise_server_exceptions=False)
    finally:
        live.close()


def text_of(client: TestClient, page: str, status: int = 200) -> str:
    answer = client.get(f"/en/{page}")
    assert answer.status_code == status, (page, answer.text)
    return unescape(answer.text)


def assert_all_pages_of_others_work(client: TestClient) -> None:
    """Of everything but the run `A`."""
    for page in every_page:
        if A not in page:
            text_of(client, page)


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


damages: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(b"\x00\xff[{" * 99),
    "empty": lambda path: path.write_bytes(b""),
    "absent": Path.unlink,
    "a folder": made_a_folder,
    "nested deeply": lambda path: path.write_bytes(b"[" * 200_000),
}


@pytest.mark.parametrize("file", ["manifest.json", "scores.json", "samples.parquet"])
@pytest.mark.parametrize("damage", damages.values(), ids=damages)
def test_a_damaged_run_is_said_where_it_is_looked_at_and_takes_nothing_else_down(
    store: Store, file: str, damage: Callable[[Path], object]
) -> None:
    damage(store.path / "runs" / A / file)
    with site(store) as client:
        for page in ("", "boards/small", f"runs/{B}", f"runs/{B}/samples"):
            text_of(client, page)
        assert f"{file} is damaged" in text_of(client, f"runs/{A}")
        assert f"{file} is damaged" in text_of(client, f"runs/{A}/samples", 409)
        assert f"{file} is damaged" in text_of(client, f"compare?run={A}&run={B}", 409)
        if file != "samples.parquet":
            assert f"{file} is damaged" in text_of(client, "runs")
            assert str(store.path) not in text_of(client, "runs")


def test_a_run_whose_answers_cannot_be_read_is_marked_on_its_row_of_the_board(store: Store) -> None:
    (store.path / "runs" / A / "samples.parquet").write_bytes(b"rubbish")
    with site(store) as client:
        rows = client.get("/api/v1/boards/small").json()["rows"]["items"]
        marked = [row["name"] for row in rows if "answers cannot be read" in row["flags"]]
        assert marked == ["org/good-7b"]
        assert text_of(client, "boards/small").count("answers cannot be read") == 1


def test_a_store_of_nothing_but_damaged_runs_is_shown(store: Store) -> None:
    for folder in (store.path / "runs").glob("[a-f]*"):
        (folder / "samples.parquet").unlink()
        (folder / "scores.json").write_bytes(b"garbage")
    with site(store) as client:
        for page in ("", "boards/small", "boards/mmlu", "models", "benchmarks", "runs", f"runs/{A}", "compare/choose"):
            text_of(client, page)
        assert text_of(client, "runs").count("scores.json is damaged") == 9


def test_a_run_damaged_while_it_is_served_is_said_after_the_next_look(store: Store) -> None:
    live = LiveStore(store)
    live.refresh()
    client = TestClient(application(live), raise_server_exceptions=False)
    text_of(client, f"runs/{A}")
    (store.path / "runs" / A / "scores.json").write_bytes(b"")
    live.refresh()
    assert "scores.json is damaged" in text_of(client, f"runs/{A}")
    live.close()


def test_a_run_that_is_being_written_or_was_left_half_written_is_no_run_yet(store: Store) -> None:
    shutil.copytree(store.path / "runs" / A, store.path / "runs" / ".new-dddddddddddd-12345678")
    (store.path / "runs" / ".new-dddddddddddd-12345678" / "scores.json").unlink()
    (store.path / "runs" / "eeeeeeeeeeee").mkdir()
    (store.path / "runs" / "a file").write_text("")
    with site(store) as client:
        listed = text_of(client, "runs")
        assert "dddddddddddd" not in listed
        assert "eeeeeeeeeeee/manifest.json is damaged" in listed
        assert_all_pages_of_others_work(client)


def test_a_run_of_an_older_program_that_recorded_less_is_shown(store: Store) -> None:
    file = store.path / "runs" / A / "manifest.json"
    content = json.loads(file.read_text())
    older = {key: content[key] for key in ("run_id", "created", "model", "benchmark")}
    older["model"] = {"name": "org/good-7b"}
    older["benchmark"] = {"name": "mmlu/harness"}
    digests = content["sha256"] | {"manifest": stores.digest(stores.dumped(older))}
    file.write_bytes(stores.dumped({"format": 0, **older, "sha256": digests}))
    with site(store) as client:
        for page in (*every_page, f"runs/{A}", f"runs/{A}/samples", f"runs/{A}/samples/3"):
            assert "damaged" not in text_of(client, page)
        assert "75.0" in text_of(client, f"runs/{A}")


def test_a_run_of_a_newer_program_says_so(store: Store) -> None:
    file = store.path / "runs" / A / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 99}))
    with site(store) as client:
        assert "newer leaderbench: update" in text_of(client, f"runs/{A}")
        assert_all_pages_of_others_work(client)


boards: dict[str, tuple[Callable[[Path], object], str]] = {
    "a misspelt column": (
        lambda path: path.write_text(BOARD.replace("mmlu/original", "mmlu/orginal")),
        "mmlu/original",
    ),
    "a misspelt key": (lambda path: path.write_text(BOARD.replace("[[columns]]", "[[colums]]", 1)), "columns"),
    "not TOML": (lambda path: path.write_text("title = \n[["), "line 1"),
    "not UTF-8": (lambda path: path.write_bytes(b'title = "\xff\xfe"'), "it is not UTF-8 text"),
    "a folder": (Path.mkdir, "it is a folder, not a file"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "too large": (lambda path: path.write_bytes(b"#" * (2 << 20)), "larger than"),
    "nested deeply": (lambda path: path.write_text("x = " + "[" * 100_000), "cannot be used"),
}


@pytest.mark.parametrize(("make", "said"), boards.values(), ids=boards)
def test_a_board_that_is_wrong_says_so_on_its_page_and_in_the_list(
    store: Store, make: Callable[[Path], object], said: str
) -> None:
    make(store.path / "boards" / "wrong.toml")
    with site(store) as client:
        for page in ("boards/wrong", ""):
            text = text_of(client, page)
            assert said in text
            assert str(store.path) not in text
        assert_all_pages_of_others_work(client)


@pytest.mark.parametrize("name", ["runs", "boards", "imported", "models", "explanations", "responses"])
def test_a_file_where_a_folder_is_needed_takes_nothing_else_down(store: Store, name: str) -> None:
    if (store.path / name).is_dir():
        (store.path / name).rename(store.path / "aside")
    (store.path / name).write_text("")
    with site(store) as client:
        for page in ("", "boards/mmlu", "models", "benchmarks", "runs", "explanations", "compare/choose", "about"):
            text = text_of(client, page)
            assert ("is a file where a folder is needed" in text) is (name in ("runs", "imported", "models"))
        if name != "runs":
            assert "org/good-7b" in text_of(client, f"runs/{B[:-1]}0")


def test_a_store_with_other_things_in_it_is_shown(store: Store) -> None:
    for name in ("notes.txt", "runs/.DS_Store", "boards/.swp.toml", "boards/README", "imported/x.csv", "models/x.bin"):
        (store.path / name).parent.mkdir(exist_ok=True)
        (store.path / name).write_bytes(b"\xff")
    (store.path / "runs" / os.fsdecode(b"\xff\xfe")).mkdir()
    with site(store) as client:
        assert_all_pages_of_others_work(client)


def test_declarations_that_are_wrong_are_said_and_leave_what_is_known_otherwise(store: Store) -> None:
    (store.path / "models.toml").write_text("[[")
    with site(store) as client:
        for page in ("models", "model?name=org/good-7b", "boards/small"):
            assert "models.toml cannot be read: it is no TOML" in text_of(client, page)
        assert_all_pages_of_others_work(client)


def test_a_record_that_is_damaged_is_said_on_the_page_of_models(store: Store) -> None:
    (store.path / "models").mkdir()
    (store.path / "models" / "x.json").write_text("{")
    with site(store) as client:
        assert "models/x.json is damaged" in text_of(client, "models")


def test_a_damaged_file_of_imported_scores_is_said_and_its_other_lines_count(store: Store) -> None:
    line = {"model": "org/far", "benchmark": "mmlu/lm-eval", "metric": "acc", "aggregation": "micro", "estimate": 0.5}
    (store.path / "imported").mkdir()
    (store.path / "imported" / "x.jsonl").write_text(json.dumps(line) + "\n{\n")
    with site(store) as client:
        assert "org/far" in text_of(client, "models")
        for page in ("", "models"):
            assert "line 2 of imported/x.jsonl" in text_of(client, page).replace("Line", "line")


def older(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute(f"CREATE TABLE {tables.state.name} (schema INTEGER, epoch TEXT, changes INTEGER)")
        file.execute(f"INSERT INTO {tables.state.name} VALUES (0, 'x', 0)")


indexes: dict[str, tuple[Callable[[Path], object], str]] = {
    "of an older program": (older, "was made by an older leaderbench"),
    "garbage": (lambda path: path.write_bytes(b"garbage" * 1000), "was damaged"),
    "a folder": (Path.mkdir, "cannot be used"),
    "a link into nowhere": (lambda path: path.symlink_to("/proc/nowhere/index.db"), "cannot be used"),
}


@pytest.mark.parametrize(("make", "said"), indexes.values(), ids=indexes)
def test_an_index_of_no_use_costs_nothing_but_a_remark(store: Store, make: Callable[[Path], object], said: str) -> None:
    make(store.path / "index.db")
    with site(store) as client:
        for page in (*every_page, f"runs/{A}"):
            assert said in text_of(client, page)
        assert A in text_of(client, "runs")


def test_an_index_damaged_while_it_is_served_is_built_anew(store: Store) -> None:
    with site(store) as client:
        text_of(client, "runs")
        (store.path / "index.db").write_bytes(b"garbage" * 1000)
        assert A in text_of(client, "runs?q=good")


def test_a_store_that_vanishes_while_it_is_served_leaves_the_site_up_and_comes_back(store: Store) -> None:
    live = LiveStore(store)
    live.refresh()
    client = TestClient(application(live), raise_server_exceptions=False)
    text_of(client, f"runs/{A}/samples")
    aside = store.path.with_name("aside")
    store.path.rename(aside)
    live.refresh()
    for page in ("", "boards/small", "models", "runs", f"runs/{A}", f"compare?run={A}&run={B}"):
        assert client.get(f"/en/{page}").status_code in (200, 404)
    aside.rename(store.path)
    live.refresh()
    assert A in text_of(client, "runs")
    live.close()


class Served:
    """A server in a process of its own."""

    def __init__(self, store: Path, limit: Callable[[], None] | None = None) -> None:
        words = [sys.executable, "-m", "leaderbench", "serve", "--store", str(store), "--port", "0"]
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ), preexec_fn=limit
        )
        assert self.process.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", self.process.stdout.readline())
        assert found
        self.address = found[0]

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of an answer."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def runs(self) -> set[str]:
        """The ids that it lists."""
        return {item["id"] for item in json.loads(self.get("/api/v1/runs?rows=200")[1])["items"]}

    def lists(self, runs: set[str], seconds: float = 30) -> bool:
        """Whether it comes to list exactly these."""
        end = time.monotonic() + seconds
        while (found := self.runs()) != runs and time.monotonic() < end:
            time.sleep(0.2)
        return found == runs


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Begin to serve a store; ended with the test."""
    begun: list[Served] = []

    def start(store: Path, limit: Callable[[], None] | None = None) -> Served:
        begun.append(Served(store, limit))
        return begun[-1]

    yield start
    for item in begun:
        item.process.send_signal(signal.SIGINT)
        item.process.wait(timeout=30)
        for stream in (item.process.stdout, item.process.stderr):
            if stream:
                stream.close()


def test_two_servers_on_one_store_both_pick_up_what_changes(store: Store, serve: Callable[..., Served]) -> None:
    both = [serve(store.path), serve(store.path)]
    runs = {item.id for item in store.runs()}
    assert all(server.lists(runs) for server in both)
    store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    assert all(server.lists(runs | {"dddddddddddd"}) for server in both)
    (store.path / "index.db").unlink()
    shutil.rmtree(store.path / "runs" / "dddddddddddd")
    assert all(server.lists(runs) for server in both)
    for server in both:
        assert all(server.get(f"/en/{page}")[0] == 200 for page in every_page)


def test_a_server_whose_disk_takes_no_byte_shows_everything_and_says_so(
    store: Store, serve: Callable[..., Served]
) -> None:
    runs = {item.id for item in store.runs()}
    server = serve(store.path, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    assert server.lists(runs)
    status, text = server.get("/en/")
    assert status == 200
    assert "cannot be used" in text
    assert not (store.path / "index.db").exists() or (store.path / "index.db").stat().st_size == 0


def test_a_store_that_another_process_keeps_locked_is_said_and_served_once_it_is_free(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "patience", 0.2)
    with site(store):
        pass
    with contextlib.closing(sqlite3.connect(store.path / "index.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
        with site(store) as client:
            assert "has been written by" in text_of(client, "runs")
            other.execute("ROLLBACK")
    with site(store) as client:
        assert "dddddddddddd" in text_of(client, "runs")


def test_a_store_on_a_folder_that_may_only_be_read_is_served_from_memory(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Read-only file system")

    monkeypatch.setattr("leaderbench.results.locks.acquire", refuse)
    with site(store) as client:
        assert "Read-only file system" in text_of(client, "")
        assert_all_pages_of_others_work(client)
        assert A in text_of(client, "runs")
    assert not (store.path / "index.db").exists()


def test_a_run_whose_scores_its_samples_do_not_give_says_so(store: Store) -> None:
    made = make_run("org/forged", "mmlu/harness", run_id="dddddddddddd")
    forged = dataclasses.replace(made.scores[0], estimate=0.999)
    store.save(dataclasses.replace(made, scores=(forged, *made.scores[1:])))
    with site(store) as client:
        assert "do not agree with its samples: the estimate of acc (micro)" in text_of(client, "runs/dddddddddddd")
        assert "not agree" not in text_of(client, "runs/aaaaaaaaaaa0")
