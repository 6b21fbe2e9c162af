"""What is kept while a store is served."""

import threading
from functools import partial

import pytest
from starlette.testclient import TestClient

from leaderbench.errors import LeaderbenchError
from leaderbench.results.index import Index
from leaderbench.results.store import Store
from leaderbench.web import live as living
from leaderbench.web import shown
from leaderbench.web.application import application
from leaderbench.web.live import LiveStore
from tests.web.conftest import BOARD, make_run


def test_a_result_is_worked_out_once_for_a_version_and_anew_for_another(live: LiveStore) -> None:
    made = iter(range(10))
    found = [live.keep("key", version, lambda: next(made)) for version in ("a", "a", "b", "b", "a")]
    assert found == [0, 0, 1, 1, 0]


def test_readers_get_the_last_state_until_the_new_one_is_prepared(live: LiveStore) -> None:
    before, seen = live.version(), []

    def warm(ahead: LiveStore) -> None:
        seen.append((ahead.version(), live.version(), ahead.keep("key", ahead.version(), lambda: "new")))
        assert live.keep("key", live.version(), lambda: "worked out again") == "old"

    live.keep("key", before, lambda: "old")
    live.warm = warm
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    assert seen == [(live.version(), before, "new")]
    assert live.version() != before
    assert live.keep("key", live.version(), lambda: "worked out again") == "new"


def test_a_state_that_cannot_be_prepared_is_published_all_the_same(live: LiveStore) -> None:
    def warm(_: LiveStore) -> None:
        raise LeaderbenchError("No.")

    live.warm = warm
    before = live.version()
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    assert live.version() != before


def test_what_was_kept_for_an_earlier_state_is_let_go(live: LiveStore) -> None:
    live.keep("key", live.version(), lambda: "old")
    before = live.version()
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    assert live.keep("key", before, lambda: "made again") == "made again"


def test_what_is_wrong_at_the_moment_tells_answers_apart_and_lets_nothing_kept_go(
    live: LiveStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise LeaderbenchError("The store cannot be read.")

    before, tag = live.version(), live.tag()
    monkeypatch.setattr(live.index, "refresh", fail)
    live.refresh()
    assert live.version() == before
    assert live.tag() != tag


def test_readers_who_want_the_same_wait_for_one(live: LiveStore) -> None:
    begun, go, calls, found = threading.Event(), threading.Event(), [], []

    def make() -> int:
        calls.append(1)
        begun.set()
        assert go.wait(30)
        return 7

    threads = [threading.Thread(target=lambda: found.append(live.keep("key", "a", make))) for _ in range(5)]
    threads[0].start()
    assert begun.wait(30)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(30)
    assert (len(calls), found) == (1, [7] * 5)


def test_of_each_kind_only_the_last_used_are_kept(live: LiveStore) -> None:
    calls: list[int] = []
    most = living.kept["run"]
    for i in (*range(most), 0, most, 0):
        live.keep(("run", i), "a", partial(calls.append, i))
    assert calls == list(range(most + 1))
    live.keep(("run", 1), "a", partial(calls.append, 1))
    assert calls[-1] == 1


def test_what_fails_is_tried_again(live: LiveStore) -> None:
    def fail() -> int:
        raise LeaderbenchError("No.")

    with pytest.raises(LeaderbenchError):
        live.keep("key", "a", fail)
    assert live.keep("key", "a", lambda: 1) == 1


def test_a_store_that_cannot_be_listed_is_said_and_mended_later(
    live: LiveStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise LeaderbenchError(f"{live.store.path}/runs cannot be read.")

    with monkeypatch.context() as patched:
        patched.setattr(live.index, "refresh", fail)
        before = live.tag()
        live.refresh()
        assert live.trouble == "runs cannot be read."
        assert live.tag() != before
    live.refresh()
    assert live.trouble == ""


def test_a_sentence_for_strangers_names_no_folder_of_the_server(live: LiveStore) -> None:
    assert live.said(f"{live.store.path}/runs/abc/scores.json is damaged.") == "runs/abc/scores.json is damaged."
    assert live.said(f"Nothing in {live.store.path}.") == "Nothing in the store."
    assert live.said("/where/it/was/runs/abc is damaged.") == "runs/abc is damaged."


def test_what_depends_on_files_alone_is_kept_while_they_are_the_same_whatever_else_changes(live: LiveStore) -> None:
    made = iter(range(10))
    file = live.store.path / "models.toml"

    def kept() -> int:
        return live.keep_of_files(("report", "x"), [file], lambda: next(made))

    assert [kept(), kept()] == [0, 0]
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    assert kept() == 0
    file.write_text("")
    assert kept() == 1


def test_of_what_depends_on_files_only_so_many_results_are_kept(live: LiveStore) -> None:
    for place in range(10):
        live.keep_of_files(("explanation", place), [], lambda: 1)
    assert len(live.held("explanation")) == living.kept["explanation"]


def test_that_something_may_be_missing_is_known_only_until_everything_was_read(store: Store) -> None:
    first = LiveStore(store)
    states = [(first.index.is_behind(), first.reading)]
    first.refresh()
    states.append((first.index.is_behind(), first.reading))
    first.close()
    assert states == [(True, True), (False, False)]
    again = LiveStore(store)
    assert not again.index.is_behind()
    store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    assert again.index.is_behind()
    again.close()


@pytest.mark.parametrize("known", [True, False])
def test_a_page_before_the_first_look_says_that_the_store_is_read_only_where_something_was_never_read(
    store: Store, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if known:
        with Index(store) as index:
            index.refresh()
    going_on, prepared = threading.Event(), threading.Event()

    def prepare(_: LiveStore) -> None:
        prepared.set()
        going_on.wait(30)

    monkeypatch.setattr(shown.preparing, "prepare", prepare)
    with TestClient(application(LiveStore(store))) as client:
        assert prepared.wait(30)
        text = client.get("/en/runs").text
        going_on.set()
    assert ("The store is being read" in text) is not known


def test_a_state_with_more_boards_than_can_be_worked_out_at_once_is_shown_and_the_rest_follows(
    live: LiveStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (live.store.path / "boards" / f"more{number}.toml").write_text(BOARD)
    monkeypatch.setattr(shown.preparing, "preparing", 0.0)
    live.warm = shown.preparing.prepare
    before = live.version()
    live.refresh()
    assert live.version() != before
    for _ in range(50):
        worked_out = sum(key[1] == "more3" for key in live.held("board") if isinstance(key, tuple))
        if not shown.preparing.prepare(live):
            break
        monkeypatch.setattr(shown.preparing, "preparing", 30.0)
    assert worked_out == 0
    assert any(key[1] == "more3" for key in live.held("board") if isinstance(key, tuple))


def test_the_list_tells_of_more_boards_than_are_kept_and_a_model_its_places_on_them(
    live: LiveStore, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(living.kept, "board", 1)
    names = {f"more{number}" for number in range(4)}
    for name in names:
        (live.store.path / "boards" / f"{name}.toml").write_text(BOARD)
    live.refresh()
    while shown.preparing.prepare(live):
        pass
    assert len(live.held("board")) == 1
    boards = client.get("/api/v1/boards").json()
    assert None not in {item["models"] for item in boards if not item["problem"]}
    model = client.get("/api/v1/model?name=org/fair-3b").json()
    assert {place["board"] for place in model["places"]} >= names
    assert model["places_later"] == 0


def test_a_state_that_is_worked_out_further_gives_other_answers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveStore(store)
    left, done = iter([True, True, False]), threading.Event()

    def prepare(_: LiveStore) -> bool:
        more = next(left, False)
        if not more:
            done.set()
        return more

    monkeypatch.setattr(living, "pause", 0.01)
    live.warm, before = prepare, live.tag()
    live.start()
    assert done.wait(30)
    live.close()
    assert live.steps > 0
    assert live.tag() != before


def test_a_board_whose_scores_are_being_read_is_not_called_empty(store: Store) -> None:
    live = LiveStore(store)
    text = TestClient(application(live)).get("/en/boards/small").text
    live.close()
    assert "Its scores are being read." in text
    assert "no scores yet" not in text
