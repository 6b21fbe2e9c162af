"""`leaderbench serve`: its address, its ending, and what it says where it cannot."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from leaderbench.web import server
from tests.cli.conftest import Command


def test_it_prints_its_address_answers_there_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "leaderbench", "serve", "--store", str(tmp_path / "store"), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found
        with urllib.request.urlopen(f"{found[0]}/en/", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert "Ended." in process.stderr.read()


def test_a_taken_port_is_one_sentence(cli: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ending = cli("serve", "--port", str(taken.getsockname()[1]))
    assert ending.code == 2
    assert "is taken by another program" in ending.err
    assert ending.err.count("\n") == 1


@pytest.mark.parametrize("host", ["no such host", "203.0.113.7"])
def test_a_host_that_is_not_here_is_one_sentence(cli: Command, host: str) -> None:
    ending = cli("serve", "--host", host, "--port", "0")
    assert ending.code == 2
    assert "is no address of this machine" in ending.err


def test_a_store_that_is_a_file_is_one_sentence(cli: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ending = cli("serve", "--store", "file", "--port", "0")
    assert ending.code == 2
    assert "is a file" in ending.err


def test_it_listens_on_loopback_unless_told_otherwise_and_says_so(
    cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(server, "serve", lambda store, made: seen.append(made.getsockname()[0]))
    assert "Everybody" not in cli("serve", "--port", "0").err
    assert "Everybody who can reach this machine" in cli("serve", "--port", "0", "--host", "0.0.0.0").err
    assert seen == ["127.0.0.1", "0.0.0.0"]


def test_nothing_heavy_is_imported_before_the_first_page(tmp_path: Path) -> None:
    code = (
        "import sys; from leaderbench.web.application import application; from leaderbench.web.live import LiveStore; "
        f"application(LiveStore({str(tmp_path)!r})); "
        "print([name for name in ('torch', 'transformers', 'datasets', 'altair', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.stdout.strip() == "[]", done.stderr
