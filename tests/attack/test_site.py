"""Requests made to harm, byte for byte as they come over a socket, to one server that has to bear all of them."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.attack.ground import GOOD
from tests.reliability.conftest import Commands, Started

SECONDS = 100
"""Until an answer is overdue."""

OUT_OF_PLACE = re.compile(rb"Traceback|root:x:|\[tool\.")
"""What no answer holds: insides of the program, files of the machine."""


@dataclass(frozen=True)
class Sent:
    """A row of a table."""

    name: str
    request: bytes
    status: str
    """The pattern of the status of the one answer: what looks like a second request inside a first one is none.

    Where it is empty, the connection may as well end without an answer.
    """


def get(target: bytes | str, *headers: bytes, method: bytes = b"GET", host: bytes = b"localhost") -> bytes:
    """One request, after which the connection ends."""
    target = target.encode() if isinstance(target, str) else target
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def raw(*lines: bytes, body: bytes = b"") -> bytes:
    """Lines as they are."""
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


NONE, REFUSED = "404", "4.."

TRAVERSAL = [
    Sent(f"traversal {number}", get(target), status)
    for number, (target, status) in enumerate(
        [
            ("/static/../../../../etc/passwd", NONE),
            ("/static/x/..%2f..%2f..%2fetc%2fpasswd", NONE),
            ("/static/x/%2e%2e/%2e%2e/etc/passwd", NONE),
            ("/static/x/%252e%252e%252fetc%252fpasswd", NONE),
            ("/static/x/..%5c..%5cetc%5cpasswd", NONE),
            ("/static//etc/passwd", NONE),
            ("/static/x/%2fetc%2fpasswd", NONE),
            (b"/static/x/\xc0\xae\xc0\xae/etc/passwd", REFUSED),
            ("/static/x/%c0%ae%c0%ae%c0%afetc%c0%afpasswd", NONE),
            ("/static/x/site.css%00.png", NONE),
            ("/static/x/.", NONE),
            ("/en/runs/..%2f..%2f..%2fetc%2fpasswd", NONE),
            ("/en/runs/../runs", NONE),
            ("/en/runs/%00", NONE),
            ("/en/explanations/..%2f..%2fmodels.toml", NONE),
            ("/en/boards/..%2f..%2f..%2fpyproject", NONE),
            ("/api/v1/runs/..%2f..%2f..%2f..%2fetc%2fpasswd", NONE),
            ("/en/model?name=../../../../etc/passwd", NONE),
            ("/%2e%2e" * 500, NONE),
            ("/proc/self/environ", NONE),
        ]
    )
]

HOSTS = [
    Sent(f"host {number}", get("/en/", host=host), status)
    for number, (host, status) in enumerate(
        [
            (b"evil.example", "421"),
            (b"localhost.evil.example", "421"),
            (b"evil.example:7860", "421"),
            (b"localhost@evil.example", "421"),
            (b"evil.example#localhost", "421"),
            (b"", REFUSED),
            (b"[::1", "421"),
            (b"[::1]", "200"),
            (b"LOCALHOST", "200"),
            (b"localhost.", "200"),
            (b"localhost:99999999", "421"),
            (b"\xff\xfe", REFUSED),
            (b"local\x00host", REFUSED),
            (b"x" * 10_000, "421"),
        ]
    )
] + [
    Sent("no host", raw(b"GET /en/ HTTP/1.1", b"Connection: close"), "400"),
    Sent("two hosts", get("/en/", b"Host: evil.example"), REFUSED),
    Sent("a forwarded host", get("/", b"X-Forwarded-Host: CANARY", b"X-Forwarded-Proto: CANARY"), "[23].."),
    Sent("a whole address", get("http://evil.example/en/"), "[24].."),
]

METHODS = [
    Sent(f"method {name.decode()}", get("/en/", method=name), status)
    for name, status in (
        (b"HEAD", "200"),
        (b"POST", "405"),
        (b"PUT", "405"),
        (b"DELETE", "405"),
        (b"PATCH", "405"),
        (b"OPTIONS", "405"),
        (b"TRACE", "405"),
        (b"PROPFIND", "405"),
        (b"get", REFUSED),
        (b"G" * 5_000, "40."),
    )
] + [
    Sent("a method of control characters", get("/en/", method=b"G\x1bT"), "400"),
    Sent("connect", raw(b"CONNECT evil.example:443 HTTP/1.1", b"Host: localhost", b"Connection: close"), REFUSED),
    Sent("a method overridden", get("/en/", b"X-HTTP-Method-Override: DELETE"), "200"),
]

INNER = get("/en/boards/CANARY")
SMUGGLING = [
    Sent(
        "a length and chunks",
        get("/en/", b"Content-Length: 4", b"Transfer-Encoding: chunked", method=b"POST") + b"0\r\n\r\n" + INNER,
        REFUSED,
    ),
    Sent("two lengths", get("/en/", b"Content-Length: 0", b"Content-Length: 5") + INNER, "400"),
    Sent("a list of lengths", get("/en/", b"Content-Length: 0, 5") + INNER, "400"),
    Sent("a negative length", get("/en/", b"Content-Length: -1") + INNER, "400"),
    Sent("a length with a sign", get("/en/", b"Content-Length: +5") + INNER, "400"),
    Sent("a length in hexadecimal", get("/en/", b"Content-Length: 0x5") + INNER, "400"),
    Sent("a length beyond", get("/en/", b"Content-Length: " + b"9" * 100), "400"),
    Sent("another coding", get("/en/", b"Transfer-Encoding: xchunked") + INNER, REFUSED + "|501"),
    Sent("chunks and another coding", get("/en/", b"Transfer-Encoding: chunked, identity") + INNER, REFUSED + "|501"),
    Sent("chunks of no size", get("/en/", b"Transfer-Encoding: chunked") + b"zz\r\n\r\n", ""),
    Sent("a chunk of a huge size", get("/en/", b"Transfer-Encoding: chunked") + b"f" * 100 + b"\r\n", ""),
    Sent("a blank before a colon", get("/en/", b"Content-Length : 5") + INNER, "400"),
    Sent("a folded header", get("/en/", b"X-A: b", b" Content-Length: 5"), "[24].."),
    Sent("line ends of one character", get("/en/").replace(b"\r\n", b"\n"), "[24].."),
    Sent("carriage returns alone", get("/en/").replace(b"\r\n", b"\r"), "408|400"),
    Sent("a second request behind the last", get("/en/") + INNER, "200"),
    Sent("an upgrade", get("/en/", b"Upgrade: websocket", b"Connection: Upgrade"), "[24].."),
    Sent("an upgrade to HTTP/2", raw(b"PRI * HTTP/2.0", b"Connection: close"), REFUSED),
    Sent("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"),
    Sent("no HTTP", b"\x00\x01\x02\x03\r\n\r\n", "400"),
    Sent("version 9.9", get("/en/").replace(b"1.1", b"9.9"), "200|400|505"),
    Sent("version 0.9", raw(b"GET /en/"), "400"),
    Sent("a body of a GET", get("/en/", b"Content-Length: 5") + b"12345", "200"),
]

LONG = [
    Sent("a long address", get("/" + "x" * 60_000), "404|414|400"),
    Sent("an address without end", get("/" + "x" * 1_000_000), "400|414|431"),
    Sent("a long question", get("/en/models?search=" + "x" * 50_000), "[24].."),
    Sent("a long header", get("/en/", b"X-A: " + b"x" * 1_000_000), "400|431"),
    Sent("many headers", get("/en/", *(b"X-%d: y" % number for number in range(20_000))), "400|431"),
    Sent("many questions", get("/en/models?" + "&".join(f"a{n}=b" for n in range(8_000))), "[24].."),
    Sent("one question often", get("/en/models?" + "search=a&" * 6_000), "[24].."),
    Sent("many columns", get("/en/boards/mmlu?" + "columns=size&" * 3_000), "[24].."),
    Sent("many runs to compare", get("/en/compare?" + f"run={GOOD}&" * 3_000), "[24].."),
]

PATTERNS = [
    Sent(f"pattern {number}", get(f"{page}{pattern}"), "[24]..")
    for number, (page, pattern) in enumerate(
        (page, pattern)
        for page in ("/en/models?search=", "/en/runs?search=", f"/en/runs/{GOOD}/samples?search=")
        for pattern in (
            "/(a%2B)%2B%24/",
            "/(a|a)*b/",
            "/(.*)*x/",
            "/" + "(" * 3_000 + "/",
            "/a{1000}{1000}/",
            "/(?P<x>a)(?P=x)/",
            "/[%00-%ff]/",
            "%ff%fe",
            "%00",
            "%E2%80%AE",
        )
    )
]

LINES = [
    Sent(f"line ends {number}", get(target), "[234]..")
    for number, target in enumerate(
        (
            "/%0d%0aX-Evil:%20CANARY",
            "/en/%0d%0aSet-Cookie:%20a=CANARY",
            "/en?next=%0d%0aX-Evil:%20CANARY",
            "/?lang=%0d%0aX-Evil:%20CANARY",
            "/en/runs/%0aX-Evil:%20b",
            "//evil.example/",
            "//evil.example/%2e%2e",
            "/%5cevil.example",
            "/en//evil.example",
            "/\\evil.example/",
        )
    )
] + [
    Sent("a language of line ends", get("/", b"Accept-Language: en\x0b\x0c"), "[234].."),
    Sent("languages without end", get("/", b"Accept-Language: " + b"a;q=0.1," * 5_000), "[234].."),
    Sent("languages that are none", get("/", b"Accept-Language: \xff;q=NaN, ;;;=,=;q=1e999"), "[234].."),
    Sent("a cookie", get("/en/", b"Cookie: " + b"a=b;" * 5_000), "200"),
]

TAGS = [
    Sent(f"tag {number}", get("/en/", b"If-None-Match: " + tag), "200|304")
    for number, tag in enumerate((b"*", b'"', b'W/"x"', b'"' + b"x" * 10_000, b"\xff", b'"a",' * 5_000, b""))
] + [
    Sent("a date", get("/en/", b"If-Modified-Since: 99 Foo 99999"), "200"),
    Sent("ranges", get("/en/", b"Range: bytes=" + b"0-1," * 5_000), "200|206|416"),
    Sent("codings", get("/en/", b"Accept-Encoding: " + b"gzip;q=1e999," * 3_000), "200"),
    Sent("types", get("/api/v1/boards", b"Accept: " + b"*/*;q=x," * 3_000), "200"),
]

PAGES = [
    Sent(f"page {number}", get(target), "[234]..")
    for number, target in enumerate(
        (
            "/en/models?page=-1",
            "/en/models?page=0",
            "/en/models?page=" + "9" * 400,
            "/en/models?page=1e9",
            "/en/models?page=NaN",
            "/en/models?page=%D9%A1",
            "/en/models?sort=__class__",
            "/api/v1/models?size=-5",
            "/api/v1/models?size=99999999999999999999",
            f"/en/runs/{GOOD}/samples/-1",
            f"/en/runs/{GOOD}/samples/99999999999999999999999999",
            f"/en/runs/{GOOD}/samples/1.5",
            f"/en/runs/{GOOD}/samples?page=99999999999999999999",
            "/en/runs/aaaa",
            "/en/runs/" + "a" * 10_000,
            "/en/compare",
            f"/en/compare?run={GOOD}&run={GOOD}",
            "/en/compare?run=..&run=%00",
            "/en/boards/mmlu?sort=-%00&desc=[]",
            "/en/boards/mmlu?min_size=NaN&max_size=-Infinity",
            "/en/boards/" + "%F0%9F%92%A9" * 500,
            "/en/boards/mmlu/plots?x=__init__&y[]=1",
            "/en/benchmark?name[]=mmlu",
            "/en/model?name=" + "a/" * 5_000,
            "/xx/",
            "/EN/",
            "/en/%",
            "/en/%zz",
            "/en/?%",
            "/en/;jsessionid=1",
            "*",
            "?",
            "en/",
        )
    )
]

TABLES = (TRAVERSAL, HOSTS, METHODS, SMUGGLING, LONG, PATTERNS, LINES, TAGS, PAGES)


@pytest.fixture(scope="module")
def site(ground_before: Path, server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that runs for the whole table; ends with none of it in its log, and by itself."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "store").symlink_to(ground_before / "store")
    commands = Commands(server, folder)
    started = commands.start("serve", "--port", "0", "--store", "store")
    try:
        yield port_of(started)
    finally:
        os.kill(started.process, signal.SIGTERM)
        ending = commands.wait(started)
    assert (ending.code, ending.err) == (0, "Ended.\n")


def port_of(started: Started) -> int:
    until = time.monotonic() + 120
    while not (started.out.exists() and (said := re.search(r"http://127\.0\.0\.1:(\d+)", started.out.read_text()))):
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(said[1])


def answers_to(port: int, request: bytes) -> list[bytes]:
    """Everything that comes back until the server ends the connection, an answer each."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        try:
            connection.sendall(request)
            while part := connection.recv(1 << 16):
                received += part
        except (BrokenPipeError, ConnectionResetError):
            pass  # it may end the connection while more comes
    return [b"HTTP/1.1 " + part for part in re.split(rb"(?:^|(?<=\n)|(?<=>))HTTP/1\.1 (?=\d{3} )", received) if part]


@pytest.mark.parametrize("sent", [sent for table in TABLES for sent in table], ids=lambda sent: sent.name)
def test_a_request_made_to_harm_is_answered_or_refused(site: int, sent: Sent) -> None:
    answers = answers_to(site, sent.request)
    assert len(answers) == 1 or (len(answers), sent.status) == (0, ""), answers
    for answer in answers:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert re.fullmatch(sent.status or "[24]..", head.split()[1].decode()), head
        assert b"content-security-policy: default-src 'none'" in head.lower(), head
        assert not re.search(rb"(?im)^(x-evil|set-cookie):|^location: (?!(http://localhost)?/($|[^/\\]))", head), head
        assert not OUT_OF_PLACE.search(body), body[:2000]


def test_after_all_that_the_site_is_there(site: int) -> None:
    (answer,) = answers_to(site, get("/en/boards/mmlu"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"org/good" in answer
