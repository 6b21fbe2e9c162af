"""No name, file or message of strangers moves the terminal, whatever command shows it."""

import dataclasses
import logging
import os
import pty
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from leaderbench.records import Metric, Sample
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from tests.cli.conftest import Ending
from tests.results.conftest import run, sample

__all__ = ["run", "sample"]

Cli = Callable[..., Ending]
MakeRun = Callable[..., Run]

hostile = "\x1b]0;pwned\x07\x1b[2Jevil\nleaderbench: ok\u202e\u2066[red]x[/bold]\x9b31m\x7f\r\\"


def check(ending: Ending) -> None:
    assert ending.code in (0, 2), ending
    for text in (ending.out, ending.err):
        moves = {letter for letter in text if unicodedata.category(letter) == "Cc"} - {"\n", "\t"}
        assert not moves, text
        assert not set(text) & {"\u202e", "\u2066", "\x9b"}
        assert not any(line.startswith("leaderbench: ok") for line in text.splitlines())


@pytest.fixture
def hostile_store(tmp_path: Path, run: MakeRun, sample: Callable[..., Sample]) -> Store:
    store = Store(tmp_path / "store")
    for number in (1, 2):
        made = run(run_id=f"abc{number}", model=hostile + str(number))
        score = made.scores[0]
        metric = Metric(hostile, score.metric.aggregation)
        scores = (dataclasses.replace(score, metric=metric), dataclasses.replace(score, metric=metric, subset=hostile))
        manifest = dataclasses.replace(
            made.manifest,
            benchmark={**made.manifest.benchmark, "name": f"mmlu/{hostile}"},
            limits={"limit": None, "subsets": [hostile]},
            counts={"questions": 12, "errors": 0, "bank": 20, "flags": {}},
        )
        texts = dict.fromkeys(("example_id", "subset", "prediction", "target", "error"), hostile)
        odd = sample(
            0, **texts, prompt=hostile.replace("\n", ""), continuations=(hostile, hostile), metrics={hostile: 1.0}
        )
        store.save(Run(manifest, scores, (odd, *made.samples[1:])))
    return store


@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["show", "--by-subset"],
        ["show", "--json"],
        ["list", "runs"],
        ["list", "runs", "--json"],
        ["index"],
        ["board"],
        ["board", "mmlu"],
        ["board", "mmlu", "--json"],
        ["board", "mmlu", "--markdown"],
        ["sample", "abc1", "anatomy/1"],
        ["sample", "abc1", hostile],
        ["export", "abc1", "--format", "jsonl"],
        ["diff", "abc1", "abc2"],
        ["list", "models"],
        ["show", hostile],
        ["board", hostile],
        ["run", hostile, "--benchmark", hostile],
        ["import", "csv", hostile],
        [hostile],
    ],
    ids=lambda words: " ".join(words).replace(hostile, "HOSTILE"),
)
def test_nothing_of_strangers_moves_the_terminal(cli: Cli, hostile_store: Store, words: list[str]) -> None:
    place = ["--store", str(hostile_store.path)] if words[0] not in ("run", "import", hostile) else []
    check(cli(*words, *place))


def test_names_of_files_are_shown_on_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "bad\x1b]0;pwned\x07\nleaderbench: ok.csv").write_text("x\n")
    (tmp_path / "tables" / "good.csv").write_text(f'model,benchmark,score\n"{hostile}",x,0.5\n')
    check(cli("import", "csv", str(tmp_path / "tables"), "--store", str(tmp_path / "s")))
    check(cli("board", "mmlu", "--store", str(tmp_path / "s")))


def test_what_is_logged_is_one_visible_line(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def warn(*_: object, **__: object) -> None:
        logging.getLogger("anybody").warning("About %s", hostile)
        print(hostile, file=sys.stderr)

    monkeypatch.setattr("leaderbench.cli.show.report_damage", warn)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    (tmp_path / "s").mkdir()
    ending = cli("list", "runs", "--store", str(tmp_path / "s"))
    assert "About ␛]0;pwned␇␛[2Jevil⏎leaderbench: ok" in ending.err
    assert "\x1b" not in ending.err


def test_an_export_to_a_terminal_is_visible_and_to_a_pipe_exact(hostile_store: Store) -> None:
    command = [sys.executable, "-m", "leaderbench", "export", "abc1", "--format", "csv", "--store"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    piped = subprocess.run([*command, str(hostile_store.path)], capture_output=True, env=environment, check=True)
    assert b"\x1b]0;pwned" in piped.stdout
    leader, follower = pty.openpty()
    with subprocess.Popen([*command, str(hostile_store.path)], stdout=follower, env=environment) as process:
        os.close(follower)
        shown = b""
        while part := _read(leader):
            shown += part
        assert process.wait() == 0
    os.close(leader)
    assert b"pwned" in shown
    assert b"\x1b" not in shown


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""
