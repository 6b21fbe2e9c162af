"""A signal that ends a run keeps every answer that was given, says so, and ends with 128 and its number."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.reliability.conftest import Commands, Ending, answers, runs
from tests.reliability.test_kill import log_has_grown, running

WATCHED_FAKE = """
import os
import leaderbench.models.load
from leaderbench.models.fake import FakeModel
from leaderbench.requests import digest
given = os.open("given", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

class Watched(FakeModel):
    def answer(self, requests):
        for pair in FakeModel.answer(self, requests):
            yield pair
            # Whoever asks for the next answer has this one.
            os.write(given, digest(pair[0]).encode() + b"\\n")

leaderbench.models.load.load_model = lambda name, **_: Watched(name, seconds={seconds})
"""
RUN = ("run", "m", "-b", "exam/harness", "--no-progress", "--store", "store")
FAST = WATCHED_FAKE.format(seconds=0)


def stopped(command: Commands, number: signal.Signals, moment: float, *, before: str, words: tuple[str, ...]) -> Ending:
    """A command that got a signal `moment` seconds after it first stored something."""
    store = command.folder / "store"
    size = sum(path.stat().st_size for path in store.glob("responses/*/*.jsonl"))
    started, until = command.start(*words, before=before), time.monotonic() + 120
    while not log_has_grown(store, size):
        assert running(started.process), started.err.read_text()
        assert time.monotonic() < until, "nothing was stored"
        time.sleep(0.002)
    time.sleep(moment)
    os.kill(started.process, number)
    return command.wait(started)


def assert_all_kept(folder: Path) -> None:
    """Every answer that was given is in the log, once."""
    given = (folder / "given").read_text().split()
    kept = {name.split()[1] for name in answers(folder / "store")}
    assert set(given) <= kept


def stop_again_and_again(command: Commands, number: signal.Signals, times: int) -> None:
    """Stop a run so many times, resume it each time, and compare with a run that nobody disturbed."""
    moments = random.Random(number.value)
    before = WATCHED_FAKE.format(seconds=0.002)
    for _ in range(times):
        ending = stopped(command, number, moments.uniform(0, 0.02), before=before, words=RUN)
        if number is signal.SIGKILL:
            assert ending.code == -signal.SIGKILL
            # A torn last line was never reported as given; the next run cuts it off.
            continue
        assert ending.code == 128 + number, ending.err
        assert ending.err == (
            f"Stopped by {number.name}; nothing is lost. Type the same command again to go on where it was.\n"
        )
        assert_all_kept(command.folder)
    ending = command(*RUN, before=FAST)
    assert ending.code == 0, ending.err
    assert_all_kept(command.folder)
    given = (command.folder / "given").read_text().split()
    assert len(given) == len(set(given)), "what was answered was asked again"
    assert command(*RUN[:-1], "undisturbed", before=FAST).code == 0
    assert runs(command.folder / "store") == runs(command.folder / "undisturbed")
    assert answers(command.folder / "store") == answers(command.folder / "undisturbed")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_stopped_at_random_moments_loses_no_answer(command: Commands, number: signal.Signals) -> None:
    stop_again_and_again(command, number, 3)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_stopped_at_thirty_random_moments_loses_no_answer(
    command: Commands, number: signal.Signals
) -> None:
    stop_again_and_again(command, number, 30)


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGXCPU, signal.SIGUSR1, signal.SIGUSR2])
def test_other_signals_that_end_a_process_keep_answers_too(command: Commands, number: signal.Signals) -> None:
    ending = stopped(command, number, 0.05, before=WATCHED_FAKE.format(seconds=0.002), words=RUN)
    assert ending.code == 128 + number, ending.err
    assert f"Stopped by {number.name}; nothing is lost." in ending.err
    assert_all_kept(command.folder)


def test_a_comparison_until_separated_keeps_the_answers_of_both(command: Commands) -> None:
    words = ("run", "m", "n", "-b", "exam/harness", "--until-separated", "--no-progress", "--store", "store")
    ending = stopped(command, signal.SIGTERM, 0.3, before=WATCHED_FAKE.format(seconds=0.002), words=words)
    assert ending.code == 128 + signal.SIGTERM, ending.err
    assert_all_kept(command.folder)


def test_under_nohup_a_closed_terminal_ends_nothing(command: Commands) -> None:
    before = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + WATCHED_FAKE.format(seconds=0.001)
    ending = stopped(command, signal.SIGHUP, 0.05, before=before, words=RUN)
    assert ending.code == 0, ending.err


def test_a_second_signal_while_answers_are_written_loses_none(command: Commands) -> None:
    slow = (
        WATCHED_FAKE.format(seconds=0.002)
        + """
import signal, time
from leaderbench.results.log import ResponseLog
whole = ResponseLog._write

def write(self, fresh):
    if len(self) == 20:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
    whole(self, fresh)

ResponseLog._write = write
"""
    )
    ending = command(*RUN, before=slow)
    assert ending.code == 128 + signal.SIGHUP, ending.err
    assert len(answers(command.folder / "store")) == 21
    assert_all_kept(command.folder)


STOPPED_BY_ITSELF = """
import os, signal
from leaderbench.results import store

def stop(*given, **named):
    os.kill(os.getpid(), signal.SIGTERM)
    raise AssertionError("went on")

store.Store.__init__ = stop
"""


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("index",),
        ("export", "abc"),
        ("list", "runs"),
        ("import", "csv", "table.csv"),
        ("explain", "m", "exam/harness", "exam/helm"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_every_command_says_by_what_it_was_stopped(command: Commands, words: tuple[str, ...]) -> None:
    (command.folder / "table.csv").write_text("Model,MMLU\nm,50.1\n")
    (command.folder / "store").mkdir()
    ending = command(*words, "--store", "store", before=FAST + STOPPED_BY_ITSELF)
    assert ending.code == 128 + signal.SIGTERM, ending.err
    assert ending.err.endswith(
        "Stopped by SIGTERM; nothing is lost. Type the same command again to go on where it was.\n"
    )
    assert "Traceback" not in ending.err


def test_an_explanation_keeps_the_answers_it_asked_for(command: Commands, model: Path) -> None:
    words = ("explain", model.name, "exam/harness", "exam/helm", "--store", "store")
    ending = stopped(command, signal.SIGTERM, 0.2, before=WATCHED_FAKE.format(seconds=0.002), words=words)
    assert ending.code == 128 + signal.SIGTERM, ending.err
    assert_all_kept(command.folder)
