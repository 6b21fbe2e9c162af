"""A reader of stdout that goes away early, or is not there at all, is no error."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = f"{sys.executable} -m leaderbench"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("closed") / "store"
    words = ["run", "baseline:random", "-b", "exam/harness", "--limit", "2", "--quiet", "--store", str(store)]
    subprocess.run([sys.executable, "-m", "leaderbench", *words], check=True, capture_output=True)
    return store


COMMANDS = (
    "board exam/harness --store {store}",
    "board demo --csv --store {store}",
    "show --by-subset --json --store {store}",
    "list benchmarks",
    "requests exam/harness",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_gone_ends_a_command_with_code_0(store: Path, command: str) -> None:
    line = f"set -o pipefail; {PROGRAM} {command} | true"
    ending = subprocess.run(["bash", "-c", line.format(store=store)], capture_output=True, text=True, check=False)
    assert (ending.returncode, ending.stderr) == (0, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_a_stream_that_was_closed_before_the_start_is_written_to_nowhere(store: Path, closed: str) -> None:
    line = f"{PROGRAM} board exam/harness --store {store} {closed}"
    ending = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (ending.returncode, ending.stderr) == (0, "")
