"""What the log answers is not asked; what is answered is in the log, whatever ends the asking."""

import logging
from collections.abc import Iterator, Sequence

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation import ask as module
from leaderbench.evaluation.ask import ask
from leaderbench.models.fake import FakeModel
from leaderbench.records import Failure, Response
from leaderbench.requests import LogLikelihood, Prompt, Request, digest
from leaderbench.results.log import ResponseLog
from leaderbench.results.store import Store


def requests(count: int, begin: int = 0) -> list[Request]:
    return [LogLikelihood(Prompt("", (), f"Question {n}?"), (" A", " B")) for n in range(begin, count)]


def stored(store: Store) -> int:
    with store.read_log(FakeModel().name, FakeModel().identity) as log:
        return len(log)


class Breaking(FakeModel):
    """Breaks down after five answers."""

    error: BaseException = RuntimeError("the network broke")

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response]]:
        yield from FakeModel.answer(self, requests[:5])
        raise self.error


def test_every_request_has_its_response_by_digest(store: Store) -> None:
    asked = requests(7)
    found = ask(FakeModel(), iter(asked), store)
    assert found == {digest(request): response for request, response in FakeModel().answer(asked)}


@pytest.mark.parametrize("error", [RuntimeError("the network broke"), KeyboardInterrupt(), SystemExit(), MemoryError()])
def test_whatever_ends_the_asking_answers_are_kept_and_the_error_goes_on(store: Store, error: BaseException) -> None:
    model = Breaking()
    model.error = error
    with pytest.raises(type(error)):
        ask(model, requests(9), store)
    assert stored(store) == 5
    sound = FakeModel()
    ask(sound, requests(9), store)
    assert sound.asked == 4


def test_each_answer_is_in_its_file_before_the_next_is_awaited(store: Store) -> None:
    written: list[int] = []
    ask(FakeModel(), requests(4), store, lambda responses, known: written.append(stored(store)))
    assert written == [0, 1, 2, 3, 4]


def test_answers_reach_the_disk_from_time_to_time_and_at_the_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, synced = ResponseLog.sync, []

    def sync(log: ResponseLog) -> None:
        synced.append(len(log))
        whole(log)

    monkeypatch.setattr(ResponseLog, "sync", sync)
    monkeypatch.setattr(module, "SECONDS_BETWEEN_WRITES", 3600.0)
    ask(FakeModel(), requests(4), store)
    assert synced[-1] == 4
    assert set(synced) <= {0, 4}
    synced.clear()
    monkeypatch.setattr(module, "SECONDS_BETWEEN_WRITES", 0.0)
    ask(FakeModel(), requests(8, 4), store)
    assert synced[-5:] == [5, 6, 7, 8, 8]


def test_a_failure_is_returned_and_not_stored(store: Store) -> None:
    asked = requests(3)
    found = ask(FakeModel(fails=lambda request: request == asked[1]), asked, store)
    assert [isinstance(found[digest(request)], Failure) for request in asked] == [False, True, False]
    assert stored(store) == 2


def test_where_everything_is_stored_neither_model_nor_lock_is_needed(store: Store) -> None:
    ask(FakeModel(), requests(3), store)
    with store.log(FakeModel().name, FakeModel().identity):
        assert len(ask(Breaking(), requests(3), store)) == 3


def test_where_another_process_writes_that_is_said_before_the_model_is_asked(store: Store) -> None:
    model = FakeModel()
    with store.log(model.name, model.identity), pytest.raises(LeaderbenchError, match="is being written by process"):
        ask(model, requests(3), store)
    assert model.asked == 0


def test_what_was_seen_is_told_stored_answers_first(store: Store) -> None:
    ask(FakeModel(), requests(3), store)
    told: list[tuple[int, bool]] = []
    ask(FakeModel(), requests(5), store, lambda responses, known: told.append((len(responses), known)))
    assert told == [(3, True), (1, False), (1, False)]


def test_a_damaged_log_is_put_right_with_a_notice_and_only_what_was_lost_is_asked(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    expected = ask(FakeModel(), requests(6), store)
    (path,) = store.path.glob("responses/*/*.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    model = FakeModel()
    with caplog.at_level(logging.WARNING):
        assert ask(model, requests(6), store) == expected
    assert model.asked == 1
    (said,) = [record.getMessage() for record in caplog.records]
    assert "the 5 complete ones are kept" in said
    caplog.clear()
    ask(model, requests(8), store)
    assert caplog.records == []
