"""What a store's `site.toml` makes of the site; what is wrong in it is one sentence, and the site stays up."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderbench.results.store import Store
from leaderbench.web.application import application
from leaderbench.web.live import LiveStore
from leaderbench.web.site_file import Site, largest_picture, read

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
SVG = b'<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'
FULL = """
title = { en = "Acme <b>models</b>", zh = "Acme 排行榜" }
description = { en = "Small & honest." }
logo = "logo.svg"
icon = "icon.png"
address = "https://board.example.org/"
contact = "team@example.org"
home = "https://example.org"
footer = "Data: `CC BY 4.0`"
start = "mmlu"
boards = ["mmlu"]
hidden = ["demo", "broken"]
"""

Sites = Callable[[str], TestClient]


@pytest.fixture
def site(store: Store) -> Iterator[Sites]:
    lives: list[LiveStore] = []

    def served(text: str) -> TestClient:
        (store.path / "site.toml").write_text(text)
        live = LiveStore(store)
        live.refresh()
        lives.append(live)
        return TestClient(application(live))

    yield served
    for live in lives:
        live.close()


def test_a_site_is_its_peoples_own_in_both_languages(site: Sites, store: Store) -> None:
    (store.path / "logo.svg").write_bytes(SVG)
    (store.path / "icon.png").write_bytes(PNG)
    client = site(FULL)
    page = client.get("/en/").text
    assert "<title>Boards · Acme &lt;b&gt;models&lt;/b&gt;</title>" in page
    assert '<meta name="description" content="Small &amp; honest.">' in page
    assert '<meta property="og:url" content="https://board.example.org/en/">' in page
    assert '<meta property="og:image" content="https://board.example.org/static/' in page
    assert 'href="mailto:team@example.org"' in page
    assert "Data: <code>CC BY 4.0</code>" in page
    assert "Acme 排行榜</a>" in client.get("/zh/").text
    assert client.get("/", follow_redirects=False).headers["location"] == "/en/boards/mmlu"


def test_pictures_come_from_the_store_under_addresses_that_change_with_them(site: Sites, store: Store) -> None:
    (store.path / "logo.svg").write_bytes(SVG)
    (store.path / "icon.png").write_bytes(PNG)
    client = site(FULL)
    page = client.get("/en/").text
    address = page.partition('class="logo" src="')[2].partition('"')[0]
    answer = client.get(address)
    assert (answer.content, answer.headers["content-type"]) == (SVG, "image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/favicon.ico").content == PNG
    assert client.get(address.replace("/static/", "/static/0")).status_code == 404


def test_boards_stand_in_the_order_asked_for_then_own_ones_and_hidden_ones_not_at_all(site: Sites) -> None:
    names = [board["name"] for board in site(FULL).get("/api/v1/boards").json()]
    assert names[:2] == ["mmlu", "small"]
    assert not {"demo", "broken"} & set(names)


def test_without_a_file_own_boards_come_first_and_empty_shipped_ones_last(client: TestClient) -> None:
    for name in ("small", "mmlu", "chinese", "demo", "open-llm-v1", "open-llm-v2"):
        client.get(f"/en/boards/{name}")  # as the site does before it publishes a state
    boards = client.get("/api/v1/boards").json()
    assert [board["own"] for board in boards[:2]] == [True, True]
    counts = [board["models"] for board in boards[2:]]
    assert counts == sorted(counts, key=lambda count: count == 0)


def test_shipped_boards_without_a_score_are_hidden_where_that_is_asked_for(site: Sites) -> None:
    client = site('empty = "hidden"')
    client.get("/en/boards/chinese")
    assert "chinese" not in [board["name"] for board in client.get("/api/v1/boards").json()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "site.toml cannot be used: it is no TOML"),
        ("titel = 'x'", "line 1: there is no setting 'titel'; did you mean 'title'"),
        ("title = 'x'\nempty = 'never'", "line 2: empty: "),
        ("contact = 'javascript:alert(1)'", "is neither https://… nor an address of mail"),
        ("address = 'team@example.org'", "address must be where the site is"),
        ("footer = '" + "x" * 1001 + "'", "footer: it has more than 1,000 characters"),
        ("logo = '../secret.png'", "must be a file of the store itself"),
        ("logo = '.hidden.png'", "must be a file of the store itself"),
        ("logo = 'absent.png'", "The picture absent.png cannot be shown"),
        ("logo = 'site.toml'", "its name must end in .png"),
        ("logo = 'false.png'", "it is no PNG"),
        ("logo = 'large.png'", "it is larger than"),
        ("logo = 'link.png'", "it is a link that leads out of the store"),
        ("start = 'nowhere'", "site.toml names the board nowhere, which is not there."),
        ("a" + ".a" * 50_000 + " = 1", "site.toml cannot be used: "),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_the_site_stays_up(
    site: Sites, store: Store, tmp_path: Path, text: str, said: str
) -> None:
    (store.path / "false.png").write_bytes(b"<html>")
    (store.path / "large.png").write_bytes(PNG + bytes(largest_picture))
    (tmp_path / "outside.png").write_bytes(PNG)
    (store.path / "link.png").symlink_to(tmp_path / "outside.png")
    client = site(text)
    problems = " ".join(client.get("/en/models").text.split())
    assert said.replace("'", "&#39;") in problems
    assert client.get("/", follow_redirects=False).headers["location"] == "/en/"


def test_a_store_that_says_nothing_has_the_usual_site(store: Store) -> None:
    assert read(store.path).site == Site()


def test_a_change_of_the_file_or_of_a_picture_is_picked_up(store: Store, live: LiveStore) -> None:
    (store.path / "site.toml").write_text("title = 'First'\nlogo = 'logo.png'")
    live.publish()
    assert live.site().problems
    (store.path / "logo.png").write_bytes(PNG)
    live.publish()
    assert live.site().logo is not None


def test_programs_that_read_everything_are_told_where_to_stop(client: TestClient) -> None:
    assert "Disallow: /api/" in client.get("/robots.txt").text
    assert client.get("/docs", follow_redirects=False).headers["location"] == "/en/about"
