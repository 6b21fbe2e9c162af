"""Texts and addresses of attackers: what they try to run, to read and to wear out."""

import contextlib
import csv
import io
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from starlette.testclient import TestClient

import leaderbench
from leaderbench.boards.export import formula_like
from leaderbench.results.store import Store
from leaderbench.web import shown
from leaderbench.web.application import application
from leaderbench.web.drawing import linked
from leaderbench.web.hosts import Hosts
from leaderbench.web.live import LiveStore
from tests.browser import Browser
from tests.web.conftest import make_run
from tests.web.serving import Answer, Asking, served
from tests.web.stores import explained, hostile, names

tags = set(
    """html head meta title script link body a header nav div button main p footer h1 h2 h3 ul ol li dl dt dd table
    caption thead tbody tr th td span strong em mark code pre abbr details summary form label input select option
    fieldset legend section figure figcaption noscript svg path rect canvas small time br sup sub""".split()  # noqa: SIM905
)
"""Elements that pages are made of."""

attributes = set(
    """lang charset name content src href rel class id title hreflang type hidden tabindex role scope value method
    action checked selected maxlength min max step placeholder open colspan rowspan for form defer viewbox
    preserveaspectratio d x y rx width height datetime multiple disabled autocomplete""".split()  # noqa: SIM905
)
"""What they may carry, besides `aria-…` and `data-…` and a `property` of `meta`: nothing that runs, and no style."""


class Page(HTMLParser):
    """What a page is made of, and where it leads."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.title = ""
        self._open: list[str] = []
        self.feed(answer.text)

    def _read(self, text: str) -> None:
        self.wrong += [f"a character that nobody sees: {found!r}" for found in set(unseen.findall(text))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._open.append(tag)
        if tag not in tags:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name in ("title", "aria-label", "aria-description", "placeholder", "label"):
                self._read(value or "")
            is_property = (tag, name) == ("meta", "property") and re.fullmatch("og:[a-z_]+", value or "")
            if not (name in attributes or name.startswith(("aria-", "data-")) or is_property):
                self.wrong.append(f"{tag} has {name}={value}")
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.wrong.append("a script inside the page")
        for name in ("src", "href", "action"):
            target = values.get(name) or ""
            if target.startswith(("http://", "https://")) and tag == "a":
                if values.get("rel") != "noopener noreferrer nofollow":
                    self.wrong.append(f"{target} without rel")
            elif name in values and not re.match(r"/(?!/)|\?|#|$", target):
                self.wrong.append(f"{tag} leads to {target!r}")
        if tag == "a" and (values.get("href") or "").startswith("/"):
            self.links.append(values["href"] or "")

    def handle_data(self, data: str) -> None:
        self._read(data)
        if self._open and self._open[-1] == "title":
            self.title += data


unseen = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shape(address: str) -> str:
    """What kind of page an address is: its names, ids and values left out."""
    parts = urlsplit(address)
    path = re.sub(r"/(boards|runs|samples|explanations)/[^/]+", r"/\1/…", parts.path)
    keys = sorted({pair.partition("=")[0] for pair in parts.query.split("&")})
    return f"{path}?{'&'.join(keys)}"


def crawl(ask: Asking, start: str, each: int) -> Iterator[tuple[str, Answer]]:
    """Every page that links lead to, of one kind so many at most; redirects are followed."""
    waiting, seen, kinds = [start], {start}, Counter[str]()
    while waiting:
        address = waiting.pop(0)
        answer = ask(address)
        yield address, answer
        found = [answer.headers["location"]] if answer.status == 307 else []
        if answer.headers.get("content-type", "").startswith("text/html"):
            found = Page(answer).links
        for link in found:
            link = link.partition("#")[0]
            if link not in seen and kinds[shape(link)] < each:
                seen.add(link)
                kinds[shape(link)] += 1
                waiting.append(link)


@pytest.fixture(scope="module")
def crawled(ask: Asking) -> dict[str, Answer]:
    """Pages and data of the hostile store, by address."""
    found = dict(crawl(ask, "/en/", 4))
    for model in ask("/api/v1/models?rows=200").json["items"]:
        address = f"/en/model?name={quote(model['name'], safe='')}"
        found[address] = ask(address)
    return found


def test_every_link_of_the_site_leads_to_an_answer(crawled: dict[str, Answer]) -> None:
    absent = {address for address, answer in crawled.items() if answer.status not in (200, 307)}
    broken = {address for address in absent if re.search(r"ddddddddddd|/boards/broken|/model\?name=", address)}
    assert absent == broken
    assert len(crawled) > 200
    assert {urlsplit(address).path.split("/")[1] for address in crawled} == {"en", "zh", "api"}


def test_no_page_holds_markup_script_or_unseen_letters_of_strangers(crawled: dict[str, Answer]) -> None:
    for address, answer in crawled.items():
        if answer.headers["content-type"].startswith("text/html"):
            page = Page(answer)
            assert page.wrong == [], address
            assert page.title.strip().endswith("· leaderbench"), address


def test_json_holds_hostile_texts_as_json_and_is_never_taken_for_a_page(crawled: dict[str, Answer]) -> None:
    data = {
        address: answer for address, answer in crawled.items() if address.startswith("/api/") and "/csv" not in address
    }
    assert len(data) > 10
    for address, answer in data.items():
        assert answer.headers["content-type"] == "application/json", address
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json is not None


def test_no_cell_of_a_csv_runs_in_a_spreadsheet(crawled: dict[str, Answer], ask: Asking) -> None:
    files = {address: answer for address, answer in crawled.items() if "/csv" in address and answer.status == 200}
    files["hostile"] = ask("/api/v1/boards/hostile/csv")
    files["small"] = ask("/api/v1/boards/small/csv")
    names = set()
    for address, answer in files.items():
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert re.fullmatch(r'attachment; filename="[\w.-]+"', answer.headers["content-disposition"])
        for row in csv.reader(io.StringIO(answer.text, newline="")):
            names |= set(row)
            for cell in row:
                dangerous = cell.startswith(formula_like) and not cell.startswith("'")
                assert not dangerous or re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", cell), (address, cell)
                assert "\0" not in cell
    assert "'=cmd|' /C calc'!A0" in names


def test_only_addresses_of_the_web_become_links(crawled: dict[str, Answer]) -> None:
    leading = {
        link
        for answer in crawled.values()
        if answer.headers["content-type"].startswith("text/html")
        for link in re.findall(r'href="([a-z]+:[^"]*)"', answer.text)
    }
    hub = set(filter(re.compile(r"https://huggingface\.co/[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*").fullmatch, leading))
    assert "https://huggingface.co/org/good-7b" in hub
    assert leading - hub == {"https://example.org/runs/1", "http://example.org/"}  # imports take markup out


def policies(answer: Answer) -> dict[str, list[str]]:
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in parts}


def is_guarded(answer: Answer) -> bool:
    """Whether the answer's headers let a browser load nothing but files of the site, and show it in no frame."""
    policy = policies(answer)
    return (
        policy["default-src"] == ["'none'"]
        and policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
        and all(value in ("'none'", "'self'") for values in policy.values() for value in values)
        and answer.headers["x-content-type-options"] == "nosniff"
        and answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
        and answer.headers["cross-origin-opener-policy"] == "same-origin"
        and "cache-control" in answer.headers
        and "set-cookie" not in answer.headers
        and "access-control-allow-origin" not in answer.headers
    )


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 307),
        ("GET", "/en/", 200),
        ("GET", "/en", 307),
        ("GET", "/favicon.ico", 307),
        ("GET", "/static/x/y", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/zh/nowhere", 404),
        ("GET", "/en/runs?page=0", 422),
        ("GET", "/api/v1/runs?page=0", 422),
        ("GET", "/api/v1/boards/broken", 409),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/api/v1/boards/small/csv", 200),
        ("HEAD", "/en/models", 200),
        *(
            (method, target, 405)
            for method in ("POST", "PUT", "PATCH", "DELETE")
            for target in ("/en/", "/api/v1/runs")
        ),
        ("OPTIONS", "/api/v1/runs", 405),
        ("TRACE", "/en/runs", 405),
        ("PROPFIND", "/en/", 405),
    ],
)
def test_every_answer_is_guarded(ask: Asking, method: str, target: str, status: int) -> None:
    answer = ask(target, method)
    assert answer.status == status
    assert is_guarded(answer)


def test_only_sites_that_are_named_may_show_a_page_in_a_frame(hostile_live: LiveStore) -> None:
    asking = Asking(application(hostile_live, ("https://huggingface.co", "http://a.example:8080")))
    for target in ("/en/about", "/api/v1/about", "/en/nowhere"):
        answer = asking(target)
        assert policies(answer)["frame-ancestors"] == ["https://huggingface.co", "http://a.example:8080"]
        assert policies(answer)["default-src"] == ["'none'"]
    asking.close()


def test_an_unchanged_page_is_guarded_too(ask: Asking) -> None:
    tag = ask("/en/about").headers["etag"]
    answer = ask("/en/about", headers=[("if-none-match", tag)])
    assert answer.status == 304
    assert is_guarded(answer)


@pytest.mark.parametrize("target", ["/en/models", "/api/v1/models"])
def test_an_error_that_nobody_foresaw_says_nothing_of_the_server_and_is_guarded(
    store: Store, target: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret \x1b[31m")

    monkeypatch.setattr(shown.models, "shown_models", broken)
    live = LiveStore(store)
    client = TestClient(application(live), raise_server_exceptions=False)
    found = client.get(target)
    live.close()
    assert found.status_code == 500
    assert "secret" not in found.text
    assert "Traceback" not in found.text
    assert is_guarded(Answer(found.status_code, found.headers, found.content))
    assert "secret" in caplog.text


def test_a_refused_host_is_guarded(hostile_live: LiveStore) -> None:
    asking = Asking(Hosts(application(hostile_live), ["board.example"]))
    answer = asking("/en/")
    asking.close()
    assert answer.status == 421
    assert is_guarded(answer)


def test_a_redirect_stays_on_the_site(ask: Asking) -> None:
    for target in (
        "/en",
        "//evil.example",
        "/en/boards/small/",
        "//evil.example/en/",
        "/%5Cevil.example/",
        "/en/compare?run=//e",
    ):
        answer = ask(target, headers=[("x-forwarded-host", "evil.example")])
        assert answer.status in (307, 404)
        place = answer.headers.get("location", "/")
        assert re.match(r"/(?![/\\])|http://localhost/(?![/\\])", place), (target, place)


tricks = (
    *("..", ".", "...", "../../secret", "..%2f..%2fsecret", "%2e%2e%2f%2e%2e%2fsecret", "%2e%2e/%2e%2e/secret"),
    *(
        "..%5c..%5csecret",
        "%252e%252e%252fsecret",
        "%00",
        "secret%00.toml",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "~",
        "~root",
    ),
    *(
        "file:%2f%2f%2fetc%2fpasswd",
        "C:%5cwindows",
        "%c0%ae%c0%ae%2fsecret",
        "aaaaaaaaaaa0%2f..%2fsecret",
        "*",
        "?",
        "[a-z]*",
    ),
    *(
        "con",
        "%2fproc%2fself%2fenviron",
        "a" * 79,
        "a" * 300,
        "%ff",
        "%ED%A0%80",
        "%E2%80%AE",
        "%1b%5b31m",
        "secret.toml",
    ),
)


def forms(trick: str) -> list[str]:
    """Addresses that hold a trick in every place where a name may stand."""
    value = quote(unquote(trick), safe="")
    paths = ["boards/{}", "boards/{}/csv", "boards/{}/plots", "runs/{}", "runs/{}/samples", "runs/{}/samples/0"]
    words = ["model?name={}", "benchmark?name={}", "compare?run=aaaaaaaaaaa0&run={}", "comparisons?run={}&run={}"]
    words += [
        "runs/aaaaaaaaaaa0/samples?subset={}",
        "boards/small?columns={}&sort={}&pin={}",
        "runs?model={}&benchmark={}",
    ]
    words += ["explanations/{}", "explanations?model={}", "models?q={}"]
    found = [f"/{place}/{form.format(*[trick] * 3)}" for place in ("api/v1", "en") for form in paths]
    found += [f"/{place}/{form.format(*[value] * 3)}" for place in ("api/v1", "zh") for form in words]
    return [*found, f"/static/{trick}/site.css", f"/static/x/{trick}", f"/{trick}", f"/en/{trick}"]


watching: list[str] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if watching is None or threading.current_thread().name == "leaderbench-index":  # of another test's server
        return
    named = ("open", "os.listdir", "os.scandir", "glob.glob", "sqlite3.connect", "subprocess.Popen")
    if event in named and not isinstance(arguments[0], int):  # a number is of a file that was opened by its name
        watching.append(f"{event} {arguments[0]}")


def test_no_name_of_a_request_reaches_the_file_system(hostile_live: LiveStore, ask: Asking) -> None:
    global watching
    store = hostile_live.store.path
    secret = store.parent / "secret"
    (secret / "runs" / "secret").mkdir(parents=True, exist_ok=True)
    for file in ("manifest.json", "scores.json", "secret.toml", "runs/secret/manifest.json"):
        (secret / file).write_text('{"title": "very-secret"}')
    for path in (store.parent / "secret.toml", store / "secret.toml", store / "runs" / "secret.toml"):
        path.write_text('title = "very-secret"')
    sys.addaudithook(_watch)  # none can be taken away again; this one is idle afterwards
    answers = {}
    watching = []
    try:
        for trick in tricks:
            for address in forms(trick):
                try:
                    address.encode("ascii")
                except UnicodeEncodeError:
                    continue
                answers[address] = ask(address)
        touched = set(watching)
    finally:
        watching = None
    homes = [store, Path(leaderbench.__file__).parent, Path(sys.prefix), Path(sys.base_prefix)]
    outside = {item for item in touched if not any(re.search(rf"[ /]{home}", item) for home in map(str, homes))}
    assert outside == set()
    assert not any(re.search(r"secret|passwd|\.\.|environ", item) for item in touched)
    for address, answer in answers.items():
        assert answer.status in (200, 307, 404, 409, 422), address
        assert b"very-secret" not in answer.body, address
        assert b"root:" not in answer.body
        assert str(store).encode() not in answer.body, address


def arrays(schema: dict[str, Any], name: str) -> Iterator[str]:
    """The fields of a value of the API that are lists."""
    for field, kind in schema["components"]["schemas"][name].get("properties", {}).items():
        if kind.get("type") == "array":
            yield field


def test_every_page_of_a_listing_has_a_bound(ask: Asking) -> None:
    schema = ask("/api/v1/openapi.json").json
    for path, methods in schema["paths"].items():
        assert list(methods) == ["get"]
        sizes = [item for item in methods["get"].get("parameters", []) if item["name"] in ("rows", "page", "q")]
        for item in sizes:
            bound = item["schema"].get("maximum", item["schema"].get("maxLength"))
            assert bound is not None, path
            assert item["name"] != "rows" or bound <= 200
        texts = [item for item in methods["get"].get("parameters", []) if item["schema"].get("type") == "string"]
        assert all({"maxLength", "enum", "pattern"} & item["schema"].keys() for item in texts), path


slow_patterns = (
    *("(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){20}", "(.*)*x", "(a*)*b", "a?" * 50 + "a" * 50, "((a{0,50}){0,50})x"),
    *(
        "([a-z]+)*9",
        "(" * 90 + "a" + ")*" * 50,
        "%a" * 90,
        "_" * 200,
        "[a-z" * 40,
        "\\" * 199,
        "@licence:" * 20,
        ";" * 200,
    ),
    *("a " * 99, '"' * 199, "(?=a)" * 30, "(a.*){12}x", ".*.*.*.*.*.*.*.*x", "a{2000}", "^" * 200, "a;" * 100),
)


def test_no_search_wears_the_server_out(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for place in range(30):
        store.save(make_run("a" * (230 + place) + "!", "mmlu/harness", run_id=f"{place:012}", n=4))
    (store.path / "boards").mkdir()
    (store.path / "boards" / "long.toml").write_text('title = "Long"\n[[columns]]\nbenchmark = "mmlu/harness"\n')
    live = LiveStore(store)
    live.refresh()
    asking = Asking(application(live))
    asking("/en/boards/long")
    took: dict[str, float] = {}
    for pattern in slow_patterns:
        for page in ("boards/long", "models", "runs", f"runs/{0:012}/samples", "compare/choose"):
            start = time.perf_counter()
            assert asking(f"/en/{page}?q={quote(pattern[:200], safe='')}").status in (200, 422)
            took[f"{page} {pattern}"] = time.perf_counter() - start
    asking.close()
    live.close()
    assert max(took.values()) < 2, max(took, key=took.__getitem__)


def test_a_long_path_in_a_sentence_does_not_wear_the_server_out(hostile_live: LiveStore) -> None:
    start = time.perf_counter()
    for text in ("/" * 100_000, "(/" * 50_000, "/a" * 50_000, " /" * 50_000, ":/" * 50_000):
        hostile_live.said(text)
    assert time.perf_counter() - start < 5


def test_an_address_keeps_its_path_where_folders_of_the_server_are_hidden(hostile_live: LiveStore) -> None:
    address = "https://example.org/a/runs/1"
    assert hostile_live.said(address) == address
    assert hostile_live.said("/home/x/store/runs/1/samples.parquet is damaged") == "runs/1/samples.parquet is damaged"


def exchange(address: str, request: bytes) -> bytes:
    """What a server sends back for these bytes, until it closes or has said nothing for a while."""
    parts = urlsplit(address)
    found = b""
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=0.3) as connection:
        connection.sendall(request)
        with contextlib.suppress(ConnectionResetError, TimeoutError):  # it closed before it had read all
            while part := connection.recv(65536):
                found += part
    return found


def test_a_server_outlives_broken_requests(store: Store) -> None:
    broken = [
        b"GET /en/\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /en/?q=\xe2\x80\xae HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /en/\0 HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET http://evil.example/en/ HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
        b"POST /en/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\nabc",
        b"POST /en/ HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
    ]
    with served(store) as site:
        for request in broken:
            answer = exchange(site, request)
            assert not re.match(rb"HTTP/1.1 5", answer), request[:60]
        connection = b"host: localhost\r\nconnection: close\r\n\r\n"
        head = exchange(site, b"HEAD /en/models HTTP/1.1\r\n" + connection)
        whole = exchange(site, b"GET /en/models HTTP/1.1\r\n" + connection)
        assert head.endswith(b"\r\n\r\n")
        assert whole.startswith(head[:15])
        assert len(whole) > len(head)


@pytest.mark.parametrize("source", ["https://example.org/a?b#c", "http://example.org", "https://xn--fiq228c.cn:8080/x"])
def test_an_address_of_the_web_is_a_link(source: str) -> None:
    assert f'href="{source}" rel="noopener noreferrer nofollow"' in str(linked(source))


@pytest.mark.parametrize(
    "source",
    [
        *(
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " https://a.b",
            "https://a b",
            "https://a\n.b",
            "//a.b",
            "file:///x",
        ),
        *(
            "https://user@evil.example/",
            "https:\\\\a.b",
            "https://",
            "data:text/html,x",
            "https://a.b/\u202egnp.x",
            "results.csv",
        ),
    ],
)
def test_no_other_source_is_a_link(source: str) -> None:
    assert linked(source) == source


@pytest.mark.browser
def test_a_browser_runs_nothing_of_what_strangers_wrote(browser: Browser, hostile_live: LiveStore) -> None:
    sample = "runs/e00000000003/samples/{}"
    pages = [
        "",
        "boards/hostile",
        "boards/small",
        "boards/hostile/plots",
        "models",
        "runs",
        "explanations",
        "benchmarks",
    ]
    pages += [f"explanations/{explained}", "runs/e00000000003", "runs/e00000000003/samples", sample.format(0)]
    pages += [sample.format(9), "compare?run=aaaaaaaaaaa2&run=aaaaaaaaaaa3", "benchmark?name=mmlu/harness"]
    pages += [f"model?name={quote(text, safe='')}" for text in names[:4]]
    pages += [f"{place}?q={quote(hostile[1], safe='')}" for place in ("boards/small", "models", "runs")]
    browser.resize(390, 844)
    with served(hostile_live.store) as site:
        for page in pages:
            browser.open(f"{site}/en/{page}")
            browser.wait("document.documentElement.dataset.ready || !document.querySelector('figure[data-failed]')")
            assert browser.run("return document.title").endswith("· leaderbench"), page
            drawn = browser.run(
                "return [...document.querySelectorAll('figure[data-failed]')].map((one) => one.dataset.drawn)"
            )
            assert set(drawn) <= {"yes"}, page
            assert browser.run("return document.documentElement.scrollWidth") <= 390, page
        assert browser.problems == []
        assert {urlsplit(url).netloc for url in browser.requests} == {urlsplit(site).netloc}


def test_no_page_grows_with_what_strangers_wrote(crawled: dict[str, Answer]) -> None:
    sizes = {address: len(answer.body) for address, answer in crawled.items()}
    assert max(sizes.values()) < 1_000_000, max(sizes, key=sizes.__getitem__)


def test_a_value_beyond_measure_is_none_and_takes_no_board_down(ask: Asking) -> None:
    rows = {row["model"]: row for row in ask("/api/v1/boards/small?rows=200").json["rows"]["items"]}
    assert [rows[f"org/huge-{place}"]["cells"][1]["estimate"] for place in range(4)] == [None] * 4
    assert rows["org/huge-4"]["cells"][1]["estimate"] == 1e-320
    assert rows["org/good-7b"]["rank"]["rank"] == 1


def test_runs_of_values_beyond_measure_are_not_compared_and_say_so(ask: Asking) -> None:
    answer = ask("/en/compare?run=e00000000003&run=e00000000004")
    assert answer.status == 409
    assert "none was answered by all" in answer.text
