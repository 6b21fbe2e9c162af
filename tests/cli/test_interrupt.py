"""Ctrl-C on a real process."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SLOW_FAKE = """
import sys
import leaderbench.models.load as load
from leaderbench.models.fake import FakeModel
seconds = float(sys.argv.pop())
load.load_model = lambda name, **_: FakeModel(name, seconds=seconds)
from leaderbench.cli.main import main
main()
"""


RUN = ["run", "m", "-b", "exam/harness"]


def command(store: Path, seconds: str, words: Sequence[str] = RUN) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW_FAKE, *words, "--store", str(store), seconds],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )


def wait_for_answers(store: Path) -> None:
    """Until the log holds something."""
    until = time.monotonic() + 60
    while not any(path.stat().st_size for path in store.glob("responses/*/*.jsonl")):
        assert time.monotonic() < until, "nothing was stored"
        time.sleep(0.05)


def test_control_c_keeps_what_was_answered_and_the_same_command_goes_on(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with command(store, "0.05") as process:
        wait_for_answers(store)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "nothing is lost" in err
    assert "Traceback" not in err
    with command(store, "0") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    resumed = re.search(r"resumed from (\d+)", err)
    assert resumed is not None
    assert 0 < int(resumed[1]) < 360
    assert " 360 " in out
