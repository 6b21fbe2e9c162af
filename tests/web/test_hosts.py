"""Names that a server answers to."""

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from leaderbench.web.hosts import Hosts, loopback

client = TestClient(Hosts(PlainTextResponse("here"), [*loopback, "Board.example"]))


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:7860", "127.0.0.1:80", "[::1]", "[::1]:7860", "board.example", "board.example.:443"],
)
def test_a_known_name_is_answered_at_any_port(host: str) -> None:
    assert client.get("/", headers={"host": host}).text == "here"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "::1",
        "",
        "a b",
        "[x",
    ],
)
def test_any_other_is_refused_with_a_sentence(host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "--allowed-host" in answer.text


def test_two_host_headers_are_refused() -> None:
    assert client.get("/", headers=[("host", "localhost"), ("host", "evil.example")]).status_code == 421
