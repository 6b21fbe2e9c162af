"""kill -9 at any moment loses nothing that was answered, and the same command goes on to the same samples."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.reliability.conftest import Commands, answers, runs

SLOW_FAKE = """
import leaderbench.models.load
from leaderbench.evaluation import ask
from leaderbench.models.fake import FakeModel
leaderbench.models.load.load_model = lambda name, **_: FakeModel(name, seconds={seconds})
ask.SECONDS_BETWEEN_WRITES = {between}
"""

KILLED_BY_ITSELF = (
    SLOW_FAKE.format(seconds=0, between=0.0)
    + """
import os, signal
from pathlib import Path
moments = 0

def moment():
    global moments
    moments += 1
    if moments == {moment}:
        os.kill(os.getpid(), signal.SIGKILL)

def watched(owner, name):
    whole = getattr(owner, name)

    def call(*given, **named):
        moment()
        result = whole(*given, **named)
        moment()
        return result

    setattr(owner, name, call)

def in_two_writes(descriptor, data, offset):
    moment()
    half = len(data) // 2
    whole_pwrite(descriptor, data[:half], offset)
    moment()
    return half + whole_pwrite(descriptor, data[half:], offset + half)

whole_pwrite = os.pwrite
os.pwrite = in_two_writes
for owner, names in ((os, ("fsync", "ftruncate", "truncate")), (Path, ("mkdir", "rename", "replace", "unlink"))):
    for name in names:
        watched(owner, name)
"""
)


def log_has_grown(store: Path, size: int) -> bool:
    return sum(path.stat().st_size for path in store.glob("responses/*/*.jsonl")) > size


def killed_and_resumed(
    command: Commands, words: tuple[str, ...], before: str, kills: int, longest: float, seed: int
) -> int:
    """Run a command, kill it `kills` times while it asks, each time at a random moment up to `longest` seconds after
    it first stored something; then let it finish. Returns how many kills came before its end."""
    random_moments, store, landed = random.Random(seed), command.folder / "store", 0
    for _ in range(kills):
        kept = answers_that_are_whole(store)
        size = sum(path.stat().st_size for path in store.glob("responses/*/*.jsonl"))
        started, until = command.start(*words, before=before), time.monotonic() + 120
        while not log_has_grown(store, size) and time.monotonic() < until and running(started.process):
            time.sleep(0.005)
        time.sleep(random_moments.uniform(0, longest))
        landed += running(started.process)
        os.kill(started.process, signal.SIGKILL)
        command.wait(started)
        after = answers_that_are_whole(store)
        assert {key: after.get(key) for key in kept} == kept, "an answer that was stored is lost"
    ending = command(*words, before=before)
    assert ending.code == 0, ending.err
    return landed


def running(process: int) -> bool:
    """Whether a process has not ended (one that has is a zombie until it is waited for)."""
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def answers_that_are_whole(store: Path) -> dict[str, str]:
    """Every answer whose line is complete, by digest."""
    found = {}
    for path in sorted(store.glob("responses/*/*.jsonl")):
        for line in path.read_bytes().split(b"\n")[:-1]:
            text = line.decode()
            key = text.split('"key":"', 1)[1][:64]
            found[key] = text
    return found


def assert_equal_to_undisturbed(command: Commands, words: tuple[str, ...], before: str, questions: int) -> None:
    """The samples are those of a run that nobody disturbed; every answer is there, once."""
    ending = command(*words[:-1], "undisturbed", before=before)
    assert ending.code == 0, ending.err
    disturbed, undisturbed = runs(command.folder / "store"), runs(command.folder / "undisturbed")
    assert disturbed == undisturbed
    assert sum(len(samples) for samples in disturbed.values()) == questions
    assert answers(command.folder / "store").keys() == answers(command.folder / "undisturbed").keys()


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_run_killed_at_random_moments_ends_with_the_samples_of_an_undisturbed_one(
    command: Commands, kills: int
) -> None:
    longest = 0.4
    # Long enough that every kill lands before the end.
    before = SLOW_FAKE.format(seconds=longest * kills / 360, between=0.05)
    words = ("run", "m", "-b", "exam/harness", "--no-progress", "--store", "store")
    assert killed_and_resumed(command, words, before, kills, longest, seed=1) == kills
    fast = SLOW_FAKE.format(seconds=0, between=1.0)
    assert_equal_to_undisturbed(command, words, fast, 360)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_real_model_killed_at_random_moments_ends_with_the_samples_of_an_undisturbed_run(
    command: Commands, model: Path, kills: int
) -> None:
    # Small packs and frequent writes: the model is fast, and the kills shall land while it works.
    before = (
        "from leaderbench.evaluation import ask\nask.SECONDS_BETWEEN_WRITES = 0.0\n"
        "from leaderbench.models import load\nload.PACK_TOKENS = {'cpu': 64}\n"
    )
    words = ("run", str(model), "-b", "exam/harness", "-b", "exam/helm", "--no-progress", "--store", "store")
    longest = 0.3 if kills == 5 else 0.05
    landed = killed_and_resumed(command, words, before, kills, longest, seed=2)
    assert landed >= kills // 2
    assert_close_to_undisturbed(command, words, before)


def assert_close_to_undisturbed(command: Commands, words: tuple[str, ...], before: str) -> None:
    """As `assert_equal_to_undisturbed`; what is asked together differs, so numbers may in their last digits."""
    ending = command(*words[:-1], "undisturbed", before=before)
    assert ending.code == 0, ending.err
    disturbed, undisturbed = runs(command.folder / "store"), runs(command.folder / "undisturbed")
    assert disturbed.keys() == undisturbed.keys()
    for name, samples in disturbed.items():
        for one, other in zip(samples, undisturbed[name], strict=True):
            assert (one.example_id, one.target, one.continuation_tokens, one.request_digests) == (
                other.example_id,
                other.target,
                other.continuation_tokens,
                other.request_digests,
            )
            pairs = zip(one.log_likelihoods, other.log_likelihoods, strict=True)
            assert all(abs(a - b) < 1e-5 for a, b in pairs)
            assert one.prediction == other.prediction or one.margin < 1e-5
    assert answers(command.folder / "store").keys() == answers(command.folder / "undisturbed").keys()


@pytest.mark.parametrize("wanted", [15, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_killed_in_the_middle_of_any_write_nothing_is_lost_and_nothing_there_twice(
    command: Commands, wanted: int
) -> None:
    """Where the ones before watch the clock, this one watches the disk: moments before, in and after writing calls."""
    words = ("run", "m", "-b", "exam/harness", "-b", "exam/helm", "--limit", "2", "--no-progress", "--store")
    whole = SLOW_FAKE.format(seconds=0, between=1.0)
    assert command(*words, "undisturbed", before=whole).code == 0
    random_moments, kills, place = random.Random(3), 0, command.folder / "store"
    while kills < wanted:
        kept, moment = answers_that_are_whole(place), random_moments.randint(1, 60)
        ending = command(*words, place.name, before=KILLED_BY_ITSELF.replace("{moment}", str(moment)))
        assert ending.code in (0, -signal.SIGKILL), ending.err
        after = answers_that_are_whole(place)
        assert {key: after.get(key) for key in kept} == kept
        runs(place)
        kills += ending.code != 0
        if ending.code == 0:
            # This run has come to its end in spite of all; the next one begins.
            place = command.folder / f"store{kills}"
    for place in sorted(command.folder.glob("store*")):
        ending = command(*words, place.name, before=whole)
        assert ending.code == 0, ending.err
        assert runs(place) == runs(command.folder / "undisturbed")
        assert answers(place) == answers(command.folder / "undisturbed")
        assert not [path.name for path in (place / "runs").iterdir() if path.name.startswith((".new", ".old"))]
