import errno
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError, MachineError
from leaderbench.records import Failure, LogLikelihoodResponse
from leaderbench.requests import LogLikelihood, digest
from leaderbench.results import log as log_module
from leaderbench.results.log import ResponseLog, folder_name
from leaderbench.results.store import Store

Pair = tuple[LogLikelihood, LogLikelihoodResponse]
MakePair = Callable[[int], Pair]

name, identity = "org/model", "ab" * 32
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def open_log(folder: Path, *, writable: bool = True) -> ResponseLog:
    return ResponseLog(folder, name, identity, writable=writable)


def segment(folder: Path) -> Path:
    return folder / "000001.jsonl"


def missing(log: ResponseLog, pairs: list[Pair]) -> list[int]:
    """The numbers of the pairs that the log does not give back; those that it gives must be right."""
    found = [log.get(request) for request, _ in pairs]
    assert all(answer in (None, pairs[i][1]) for i, answer in enumerate(found))
    return [i for i, answer in enumerate(found) if answer is None]


@pytest.fixture
def pairs(pair: MakePair) -> list[Pair]:
    return [pair(i) for i in range(6)]


@pytest.fixture
def content(tmp_path: Path, pairs: list[Pair]) -> bytes:
    """The segment of a log of six answers."""
    with open_log(tmp_path / "source") as log:
        log.append(pairs)
    return segment(tmp_path / "source").read_bytes()


def test_answers_are_there_after_reopening(tmp_path: Path, pairs: list[Pair]) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs[:4])
        assert missing(log, pairs) == [4, 5]
    with open_log(tmp_path) as log:
        assert len(log) == 4
        log.append(pairs[4:])
        assert missing(log, pairs) == []
    with open_log(tmp_path, writable=False) as log:
        assert missing(log, pairs) == []
        assert pairs[0][0] in log


def test_each_line_is_json_with_the_digest_of_its_request(content: bytes, pairs: list[Pair]) -> None:
    keys = [json.loads(line)["key"] for line in content.splitlines()]
    assert keys == [digest(request) for request, _ in pairs]


def test_the_first_answer_to_a_request_stays(tmp_path: Path, pairs: list[Pair]) -> None:
    request, answer = pairs[0]
    other = pairs[1][1]
    with open_log(tmp_path) as log:
        log.append([(request, answer), (request, other)])
        log.append([(request, other)])
        assert log.get(request) == answer
    lines = segment(tmp_path).read_bytes()
    assert lines.count(b"\n") == 1
    segment(tmp_path).write_bytes(lines * 2)
    with open_log(tmp_path) as log:
        assert (len(log), log.get(request)) == (1, answer)


def test_a_failure_is_never_stored(tmp_path: Path, pairs: list[Pair]) -> None:
    with open_log(tmp_path) as log:
        with pytest.raises(TypeError, match="Failure"):
            log.append([pairs[0], (pairs[1][0], Failure("too long"))])  # type: ignore[list-item]
        assert len(log) == 0


def test_a_log_opened_for_reading_refuses_to_append(tmp_path: Path, pairs: list[Pair]) -> None:
    with open_log(tmp_path, writable=False) as log, pytest.raises(ValueError, match="not open for writing"):
        log.append(pairs)


@many
@given(data=st.data())
def test_cutting_the_file_anywhere_loses_only_the_torn_record(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, pairs: list[Pair], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(content)))
    folder = tmp_path_factory.mktemp("log")
    segment(folder).write_bytes(content[:cut])
    whole = content[:cut].count(b"\n")
    complete = whole + (content[cut : cut + 1] == b"\n")  # all there but its newline
    with open_log(folder, writable=False) as log:
        assert missing(log, pairs) == list(range(complete, 6))
    with open_log(folder) as log:
        assert missing(log, pairs) == list(range(complete, 6))
        log.append(pairs)
    with open_log(folder) as log:
        assert missing(log, pairs) == []
        assert log.damage == ()
    assert segment(folder).read_bytes() == content


@many
@given(data=st.data())
def test_damage_anywhere_loses_only_the_records_hit_and_keeps_its_bytes_aside(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, pairs: list[Pair], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    junk = data.draw(st.binary(min_size=1, max_size=8))
    damaged = content[:place] + junk + content[place + len(junk) :]
    ends = [i for i, byte in enumerate(content) if byte == ord("\n")]
    hit = {
        sum(end < i for end in ends)
        for i in range(place, place + len(junk))
        if damaged[i : i + 1] != content[i : i + 1]
    }
    folder = tmp_path_factory.mktemp("log")
    segment(folder).write_bytes(damaged)
    with open_log(folder) as log:
        assert set(missing(log, pairs)) <= hit
        lost = len(missing(log, pairs))
        assert not lost or log.damage
        log.append(pairs)
    if lost and lost < 6 and max(hit) < 5:
        assert list((folder / "damaged").iterdir())
    with open_log(folder) as log:
        assert missing(log, pairs) == []
        assert log.damage == ()


def test_a_lost_newline_loses_no_record(tmp_path: Path, content: bytes, pairs: list[Pair]) -> None:
    end = content.index(b"\n")
    segment(tmp_path).write_bytes(content[:end] + b"#" + content[end + 1 :])
    with open_log(tmp_path) as log:
        assert missing(log, pairs) == []


def test_damage_in_the_middle_is_said(tmp_path: Path, content: bytes, pairs: list[Pair]) -> None:
    lines = content.splitlines(keepends=True)
    spoilt = lines[2].replace(b"log-likelihood", b"log-likelihOOd")
    segment(tmp_path).write_bytes(b"".join([*lines[:2], spoilt, *lines[3:]]))
    with open_log(tmp_path) as log:
        assert missing(log, pairs) == [2]
        (said,) = log.damage
    assert "damaged bytes" in said
    assert "5 intact answers" in said
    (kept,) = (tmp_path / "damaged").iterdir()
    assert kept.read_bytes() == spoilt.rstrip(b"\n")


def test_reading_changes_no_file(tmp_path: Path, content: bytes) -> None:
    segment(tmp_path).write_bytes(content[:-20])
    with open_log(tmp_path, writable=False):
        pass
    assert [path.name for path in tmp_path.glob("*.*")] == ["000001.jsonl"]
    assert segment(tmp_path).read_bytes() == content[:-20]


def test_reading_goes_on_while_another_writes(tmp_path: Path, pairs: list[Pair]) -> None:
    with open_log(tmp_path) as writer:
        writer.append(pairs[:3])
        with open_log(tmp_path, writable=False) as reader:
            writer.append(pairs[3:])
            assert missing(reader, pairs) == [3, 4, 5]


def test_a_record_that_rots_after_opening_counts_as_not_answered(tmp_path: Path, pairs: list[Pair]) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs)
        data = segment(tmp_path).read_bytes()
        segment(tmp_path).write_bytes(data.replace(b'"context_tokens":0', b'"context_tokens":9'))
        assert missing(log, pairs) == [0]
        log.append(pairs)
        assert missing(log, pairs) == []


def test_a_second_writer_is_told_who_holds_the_log(tmp_path: Path) -> None:
    with open_log(tmp_path):
        with pytest.raises(LeaderbenchError) as caught:
            open_log(tmp_path)
        assert f"process {os.getpid()} on " in str(caught.value)
    open_log(tmp_path).close()


child_start = """
import sys, time
from pathlib import Path
from leaderbench.records import LogLikelihoodResponse, ScoredContinuation
from leaderbench.requests import LogLikelihood, Prompt
from leaderbench.results.log import ResponseLog

def pair(i):
    answer = LogLikelihoodResponse((ScoredContinuation((i,) * 50, (-1 / (i + 1),) * 50, greedy=True),), i)
    return LogLikelihood(Prompt("", (), f"q{i}"), (" A",)), answer

folder = Path(sys.argv[1])
"""


def start(code: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    script = child_start + textwrap.dedent(code)
    command = [sys.executable, "-c", script, str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def child_pair(i: int) -> Pair:
    scope: dict[str, object] = {}
    exec(child_start.partition("folder =")[0], scope)
    return scope["pair"](i)  # type: ignore[operator,no-any-return]


def test_two_processes_never_both_write(tmp_path: Path, pairs: list[Pair]) -> None:
    code = """
        with ResponseLog(folder, "m", "ab" * 32) as log:
            print("open", flush=True)
            time.sleep(60)
    """
    process = start(code, tmp_path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(LeaderbenchError, match=f"process {process.pid} on "):
            open_log(tmp_path)
    finally:
        process.kill()
        process.communicate()
    with open_log(tmp_path) as log:
        log.append(pairs)
        assert len(log) == 6


def test_kill_9_loses_nothing_that_was_reported_as_stored(tmp_path: Path) -> None:
    code = """
        with ResponseLog(folder, "m", "ab" * 32) as log:
            while True:
                first = len(log)
                log.append(pair(i) for i in range(first, first + 7))
                print(len(log), flush=True)
    """
    for attempt in range(6):
        process = start(code, tmp_path)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.02 + 0.013 * attempt)
        process.kill()
        output, _ = process.communicate()
        reported = int((output.strip().splitlines() or ["0"])[-1])
        with ResponseLog(tmp_path, "m", identity) as log:
            assert len(log) >= reported
            assert all(log.get(child_pair(i)[0]) == child_pair(i)[1] for i in range(0, len(log), 17))
            keys = [json.loads(line)["key"] for line in segment(tmp_path).read_bytes().splitlines()]
            assert len(keys) == len(set(keys)) == len(log)


def test_a_full_disk_keeps_every_answer_stored_before(tmp_path: Path) -> None:
    code = """
        import resource
        from leaderbench.errors import LeaderbenchError
        with ResponseLog(folder, "m", "ab" * 32) as log:
            log.append(pair(i) for i in range(20))
            size = (folder / "000001.jsonl").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, resource.RLIM_INFINITY))
            try:
                log.append(pair(i) for i in range(20, 40))
            except LeaderbenchError as error:
                print(error)
            print((folder / "000001.jsonl").stat().st_size == size, len(log), log.get(pair(19)[0]) == pair(19)[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            log.append(pair(i) for i in range(20, 40))
            print(len(log))
    """
    output, errors = start(code, tmp_path).communicate()
    assert errors == ""
    said, kept, after = output.splitlines()
    assert "no space left" in said
    assert (kept, after) == ("True 20 True", "40")
    with open_log(tmp_path) as log:
        assert (len(log), log.damage) == (40, ())


@pytest.mark.parametrize("call", ["pwrite", "fsync"])
def test_a_device_without_space_is_said_in_one_sentence(
    tmp_path: Path, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with open_log(tmp_path) as log:
        log.append(pairs[:3])
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(LeaderbenchError, match="no space left to write") as caught:
                log.append(pairs[3:])
        assert str(caught.value).count(". ") == 0
        assert missing(log, pairs) == [3, 4, 5]
        log.append(pairs[3:])
    with open_log(tmp_path) as log:
        assert (missing(log, pairs), log.damage) == ([], ())


def test_a_torn_tail_is_put_right_even_on_a_full_disk(
    tmp_path: Path, content: bytes, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_log(tmp_path):
        pass
    segment(tmp_path).write_bytes(content[:-30])

    def fail(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("leaderbench.results.files.write_all", fail)
    with open_log(tmp_path) as log:
        assert missing(log, pairs) == [5]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_forbidden_folder_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(LeaderbenchError, match="is denied: change its permissions or give another --store"):
        open_log(tmp_path / "new")


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "responses").write_text("")
    with pytest.raises(LeaderbenchError, match=r"responses is a file where a folder is needed"):
        open_log(tmp_path / "responses" / "model")


def test_a_log_spreads_over_segments(tmp_path: Path, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "segment_bytes", 500)
    with open_log(tmp_path) as log:
        for item in pairs:
            log.append([item])
        assert missing(log, pairs) == []
    assert len(list(tmp_path.glob("0*.jsonl"))) > 2
    (tmp_path / "000001.jsonl").unlink()
    with open_log(tmp_path) as log:
        log.append(pairs)
        assert missing(log, pairs) == []
    with open_log(tmp_path) as log:
        assert missing(log, pairs) == []


def test_another_model_of_the_same_folder_name_is_refused(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    with pytest.raises(LeaderbenchError, match="holds the answers of another model"):
        ResponseLog(tmp_path, name, identity[:16] + "0" * 48)
    open_log(tmp_path).close()


def test_a_damaged_model_file_is_named_and_releases_the_lock(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(LeaderbenchError, match=r"model\.json is damaged: delete that file"):
        open_log(tmp_path)
    (tmp_path / "model.json").unlink()
    open_log(tmp_path).close()


def test_a_model_that_was_renamed_keeps_its_answers(tmp_path: Path, pairs: list[Pair]) -> None:
    store = Store(tmp_path)
    with store.log("./old name", identity) as log:
        log.append(pairs)
    with store.log("org/new", identity) as log:
        assert len(log) == 6
    with store.read_log("org/new", identity) as log:
        assert len(log) == 6
    with store.read_log("org/new", "cd" * 32) as log:
        assert len(log) == 0


@given(st.text(max_size=200))
def test_any_model_name_gives_a_safe_folder_name(text: str) -> None:
    folder = folder_name(text, identity)
    assert folder.endswith("-" + identity[:16])
    assert not folder.startswith((".", "-"))
    assert set(folder) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert len(folder) < 120


def test_a_log_of_14042_records_opens_in_less_than_a_second(tmp_path: Path, pair: MakePair) -> None:
    with open_log(tmp_path) as log:
        log.append(pair(i) for i in range(14042))
    began = time.perf_counter()
    with open_log(tmp_path) as log:
        assert time.perf_counter() - began < 1
        assert len(log) == 14042


def test_a_new_segment_whose_name_could_not_be_made_durable_is_taken_by_the_next_try(
    tmp_path: Path, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with open_log(tmp_path) as log:
        with monkeypatch.context() as broken:
            broken.setattr(log_module, "sync", fail)
            with pytest.raises(LeaderbenchError, match="Input/output error"):
                log.append(pairs[:1])
        log.append(pairs[:1])
    with open_log(tmp_path) as log:
        assert len(log) == 1


def test_answers_written_to_a_deleted_log_are_an_error_of_the_machine(tmp_path: Path, pairs: list[Pair]) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs[:1])
        segment(tmp_path).unlink()
        with pytest.raises(MachineError, match="was deleted while answers were written to it"):
            log.append(pairs[1:2])
