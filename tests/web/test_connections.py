"""What readers do who come together, come by the hundred, or never say what they want."""

import concurrent.futures
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from leaderbench.results.store import Store
from leaderbench.web import connections, server
from tests.web.test_robustness import every_page


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    """The site as people start it, nothing of it used yet."""
    with server.serving(store) as found:
        yield found


def half_a_request(address: str, text: bytes = b"GET /en/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") -> socket.socket:
    parts = urlsplit(address)
    made = socket.create_connection((parts.hostname, parts.port), timeout=30)
    made.sendall(text)
    return made


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_readers_who_are_the_first_and_come_together_all_get_their_pages(address: str) -> None:
    pages = [f"{address}/en/about"] * 12 + [f"{address}/api/v1/openapi.json"] * 4
    pages += [f"{address}/{language}/{page}" for language in ("en", "zh") for page in every_page]
    start = threading.Barrier(len(pages))

    def read(url: str) -> int:
        start.wait()
        return status(url)

    with concurrent.futures.ThreadPoolExecutor(len(pages)) as readers:
        answers = dict(zip(pages, readers.map(read, pages), strict=True))
    assert {url: answer for url, answer in answers.items() if answer != 200} == {}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"GET /en/ HTT",
        b"GET /en/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /en/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc",
        b"GET /en/none HTTP/1.1\r\nHost: localhost\r\n\r\nGET /en/ HT",
    ],
    ids=["nothing", "half a line", "half a header", "half a body", "half a second request"],
)
def test_a_request_that_never_arrives_is_ended(monkeypatch: pytest.MonkeyPatch, address: str, text: bytes) -> None:
    monkeypatch.setattr(connections, "patience", 0.2)
    with closing(half_a_request(address, text)) as made:
        while made.recv(65536):
            pass  # until the server closes, or the socket's own timeout fails the test


def test_a_request_that_never_arrives_is_answered_with_why(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(connections, "patience", 0.2)
    with closing(half_a_request(address)) as made:
        answer = made.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "content-security-policy: default-src 'none'" in answer


def test_what_is_no_request_is_refused_with_the_headers_of_every_answer(address: str) -> None:
    with closing(half_a_request(address, b"nonsense\r\n\r\n")) as made:
        answer = made.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "content-security-policy: default-src 'none'" in answer


def test_where_there_is_no_room_left_those_who_say_nothing_make_way(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(connections, "room", lambda: 10)
    silent = [half_a_request(address) for _ in range(40)]
    try:
        assert status(f"{address}/en/") == 200
        assert silent[0].recv(65536).startswith(b"HTTP/1.1 503 ")
    finally:
        for made in silent:
            made.close()


def test_few_open_files_leave_room_for_those_of_the_store_and_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "open_files", lambda: 150)
    assert connections.room() + connections.own_files < 150
    assert "150 files" in connections.shortage()
    monkeypatch.setattr(connections, "open_files", lambda: 4096)
    assert connections.room() == connections.most_connections
    assert connections.shortage() == ""


def test_it_ends_while_hundreds_of_half_requests_are_open(store: Store) -> None:
    with server.serving(store) as address:
        silent = [half_a_request(address) for _ in range(200)]
    for made in silent:
        made.recv(65536)  # it was closed, else the socket's own timeout fails the test
        made.close()
