"""The command line in processes of its own, with a tiny model and a store that already holds a run."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaderbench.records import Sample
from leaderbench.results.store import Store
from tests.models import tiny

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Started:
    """A command that runs."""

    process: int
    out: Path
    err: Path


@dataclass
class Commands:
    """Starts commands in a folder."""

    server: subprocess.Popen[str]
    folder: Path
    count: int = 0

    def __call__(self, *words: str, before: str = "", after: str = "") -> Ending:
        """Run a command to its end."""
        return self.wait(self.start(*words, before=before, after=after))

    def start(self, *words: str, before: str = "", after: str = "") -> Started:
        """Start a command and don't wait."""
        self.count += 1
        out, err = (self.folder / f".{name}{self.count}" for name in ("out", "err"))
        order = {"words": words, "folder": str(self.folder), "out": str(out), "err": str(err)}
        return Started(self._ask(order | {"before": before, "after": after}), out, err)

    def wait(self, started: Started) -> Ending:
        """Wait for its end."""
        code = self._ask({"wait": started.process})
        return Ending(code, started.out.read_text(), started.err.read_text())

    def _ask(self, order: dict[str, object]) -> int:
        sent, answered = self.server.stdin, self.server.stdout
        assert sent is not None
        assert answered is not None
        sent.write(json.dumps(order) + "\n")
        sent.flush()
        return int(answered.readline())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The process from which commands are forked."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADERBENCH_")}
    environment |= {"PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    environment["HF_HOME"] = str(tmp_path_factory.mktemp("cache"))
    command = [sys.executable, str(Path(__file__).with_name("forks.py"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def command(server: subprocess.Popen[str], tmp_path: Path) -> Commands:
    """Runs `leaderbench` in an empty folder."""
    return Commands(server, tmp_path)


@pytest.fixture(scope="session")
def sound_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama shape that has read nothing, with room for every question."""
    tokenizer = tiny.wrap(tiny.byte_level("llama3", bos=True), length=2048)
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny", tiny.llama(420, positions=2048), tokenizer)


@pytest.fixture
def model(sound_model: Path, tmp_path: Path) -> Path:
    """A copy of it in the folder where commands run, to be spoiled."""
    return Path(shutil.copytree(sound_model, tmp_path / "tiny"))


@pytest.fixture(scope="session")
def store_before(server: subprocess.Popen[str], sound_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds a run of the sound model over the first question of each subject."""
    folder = tmp_path_factory.mktemp("before")
    shutil.copytree(sound_model, folder / "tiny")
    ending = Commands(server, folder)(
        "run", "tiny", "-b", "exam/harness", "--limit", "1", "--store", "store", "--quiet"
    )
    assert ending.code == 0, ending.err
    return folder / "store"


@pytest.fixture
def store(store_before: Path, tmp_path: Path) -> Path:
    """A copy of it in the folder where commands run."""
    return Path(shutil.copytree(store_before, tmp_path / "store"))


def answers(store: Path) -> dict[str, str]:
    """Every answer in the logs of a store by log and digest of its request; fails where one is there twice."""
    found: dict[str, str] = {}
    for path in sorted(store.glob("responses/*/*.jsonl")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            key = f"{path.parent.name} {record['key']}"
            assert key not in found, "an answer is there twice"
            found[key] = json.dumps(record["answer"])
    return found


def runs(store: Path) -> dict[str, list[Sample]]:
    """The samples of every run of a store; fails where one is damaged."""
    opened = Store(store)
    for summary in opened.runs():
        assert summary.problem is None
    return {summary.id: list(opened.run(summary.id).samples) for summary in opened.runs()}
