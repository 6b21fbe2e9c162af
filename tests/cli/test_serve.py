"""`leaderbench serve`: its address, its ending, and what it says where it cannot."""

import http.client
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_it_prints_its_address_answers_there_and_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    words = [sys.executable, "-m", "leaderbench", "serve", "--store", str(tmp_path / "store"), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found
        with urllib.request.urlopen(f"{found[0]}/en/", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
        err = process.stderr.read()
        assert err.endswith("\nEnded.\n")
        assert "Traceback" not in err


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
    monkeypatch.setattr(server, "serve", lambda store, made, names, _: seen.append(made.getsockname()[0]))
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


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[str, ...]]]:
    """Port and names of each server that would have begun."""
    seen: list[tuple[int, tuple[str, ...]]] = []
    monkeypatch.setattr(server, "serve", lambda store, made, names, _: seen.append((made.getsockname()[1], names)))
    return seen


def test_where_the_usual_port_is_taken_the_next_free_one_is_and_that_is_said(
    cli: Command, served: list[tuple[int, tuple[str, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
        monkeypatch.setattr(server, "usual", usual)
        ending = cli("serve")
        ((port, _),) = served
        assert usual < port < usual + server.tries
        assert f"Port {usual} is taken by another program: this is the next free one, {port}." in ending.err
        assert f"http://127.0.0.1:{port}" in ending.out


def test_where_the_usual_port_is_free_nothing_is_said_of_it(
    cli: Command, served: list[tuple[int, tuple[str, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        usual = found.getsockname()[1]
    monkeypatch.setattr(server, "usual", usual)
    assert "taken" not in cli("serve").err
    assert served[0][0] == usual


def test_where_no_port_is_free_that_is_one_sentence(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(server, "usual", taken.getsockname()[1])
        monkeypatch.setattr(server, "tries", 1)
        ending = cli("serve")
    assert ending.code == 2
    assert "are all taken: choose another with --port" in ending.err


def test_on_loopback_it_answers_to_this_machine_and_to_names_allowed_elsewhere_to_any(
    cli: Command, served: list[tuple[int, tuple[str, ...]]]
) -> None:
    cli("serve", "--port", "0")
    cli("serve", "--port", "0", "--allowed-host", "board.example")
    cli("serve", "--port", "0", "--host", "0.0.0.0")
    cli("serve", "--port", "0", "--host", "0.0.0.0", "--allowed-host", "board.example")
    plain, allowed, anywhere, named = (set(names) for _, names in served)
    assert plain == {"localhost", "127.0.0.1", "::1"}
    assert allowed == plain | {"board.example"}
    assert anywhere == set()
    assert named >= {"board.example", "localhost"}


def test_a_served_store_refuses_a_page_that_another_site_has_pointed_at_it(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "leaderbench", "serve", "--store", str(tmp_path / "store"), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline().split("127.0.0.1:")[1].split(" ")[0])
        answers = {}
        for name in ("localhost", f"127.0.0.1:{port}", "[::1]", f"evil.example:{port}"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/api/v1/boards", headers={"Host": name})
            answers[name] = connection.getresponse().status
            connection.close()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    assert list(answers.values()) == [200, 200, 200, 421]


@pytest.mark.parametrize(
    "address",
    ["huggingface.co", "ftp://a.example", "https://", "https://a.example/page", "https://a b", "*", "https://a;b",
     "https://*", "https://user@a.example", "https://a.example:x", "https://a.example?q"],
)  # fmt: skip
def test_what_is_no_origin_may_not_frame_the_site_and_that_is_one_sentence(cli: Command, address: str) -> None:
    ending = cli("serve", "--port", "0", "--frame-ancestor", address)
    assert ending.code == 2
    assert "is no origin of a page that may frame this site" in ending.err
    assert ending.err.count("\n") == 1


def test_sites_that_may_frame_the_site_are_handed_on_as_origins(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(server, "serve", lambda store, made, names, ancestors: seen.append(ancestors))
    cli("serve", "--port", "0")
    cli("serve", "--port", "0", "--frame-ancestor", "https://Huggingface.co/", "--frame-ancestor", "http://a:8080")
    assert seen == [(), ("https://huggingface.co", "http://a:8080")]
