"""The pages: what is on them, that texts of strangers stay texts, and both languages."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from leaderbench.benchmarks import registry
from leaderbench.boards.rules import formulas
from leaderbench.models.search import SIZES
from leaderbench.records import Json
from leaderbench.results.store import Store
from leaderbench.web import views, words
from leaderbench.web.application import application
from leaderbench.web.live import LiveStore
from tests.results.stores import imported_line, write_imported
from tests.web.conftest import EXPLANATION, SCRIPT, make_run

every_page = [
    "",
    "boards/small",
    "boards/small?columns=mmlu/harness&sort=-model&ranks=filtered&average=visible&values=normalised&pin=org/odd&q=o",
    "boards/small/plots",
    "boards/small/plots?of=mmlu/harness&q=org&columns=mmlu/harness",
    "boards/broken",
    "boards/chinese",
    "models",
    "model?name=org/good-7b",
    "benchmarks",
    "benchmark?name=mmlu/harness",
    "runs",
    "runs/cccccccccccc",
    "runs/aaaaaaaaaaa2",
    "runs/cccccccccccc/samples",
    "runs/cccccccccccc/samples/0",
    "runs/cccccccccccc/samples/1",
    "runs/cccccccccccc/samples/3",
    "compare?run=aaaaaaaaaaa0&run=aaaaaaaaaaa2",
    "compare?run=aaaaaaaaaaa0&run=aaaaaaaaaaa2&run=aaaaaaaaaaa3&run=cccccccccccc&show=answers",
    "compare/choose?run=aaaaaaaaaaa2&go=true",
    "explanations",
    f"explanations/{EXPLANATION}",
    f"explanations/{EXPLANATION}?model=org/good-7b&cause=scoring&show=won",
    "about",
]


class _Tags(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("page", every_page)
def test_a_page_holds_no_markup_of_strangers_and_nothing_inline(client: TestClient, page: str, language: str) -> None:
    answer = client.get(f"/{language}/{page}")
    assert answer.status_code == 200
    tags = _Tags(answer.text).found
    for tag, attributes in tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        leads_to_the_hub = (tag, attributes.get("rel")) == ("a", "noopener noreferrer nofollow")
        for name in ("src", "href", "action"):
            if leads_to_the_hub and (attributes.get(name) or "").startswith("https://huggingface.co/"):
                continue
            assert (attributes.get(name) or "/").startswith(("/", "?", "#")), attributes
    loaded = [item for tag, item in tags if tag == "script" and item.get("type") != "application/json"]
    assert [(item.get("src") or "").rpartition("/")[2] for item in loaded] in (
        ["site.js"],
        ["site.js", "vega.js", "charts.js"],
    )
    assert not any(tag in ("img", "b", "i", "style", "iframe") for tag, _ in tags)
    assert dict(tags)["html"]["lang"] == words.tags[language]


def test_every_answer_forbids_what_pages_do_not_need(client: TestClient) -> None:
    for path in ("/en/", "/en/nowhere", "/api/v1/boards", "/static/x/y"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_hostile_name_is_shown_as_it_is(client: TestClient) -> None:
    assert SCRIPT in unescape(client.get("/en/models").text)


def test_letters_that_turn_the_direction_of_reading_are_made_visible(client: TestClient) -> None:
    assert "\u202e" not in client.get("/en/runs/cccccccccccc/samples/3").text


def test_a_board_leads_to_a_wrong_answer_in_links(client: TestClient) -> None:
    board = client.get("/en/boards/small").text
    assert 'href="/en/runs/aaaaaaaaaaa0"' in board
    run = client.get("/en/runs/aaaaaaaaaaa0").text
    assert 'href="/en/runs/aaaaaaaaaaa0/samples?show=wrong"' in run
    wrong = client.get("/en/runs/aaaaaaaaaaa0/samples?show=wrong").text
    first = re.search(r'href="(/en/runs/aaaaaaaaaaa0/samples/30\?show=wrong)"', wrong)
    assert first
    sample = client.get(first[1]).text
    assert "Question number 30?" in sample
    assert 'href="/en/runs/aaaaaaaaaaa0/samples/31?show=wrong"' in sample
    assert 'rel="prev"' not in sample


def test_a_model_s_page_says_what_repeats_its_runs(client: TestClient) -> None:
    text = unescape(client.get("/en/model?name=org/good-7b").text)
    assert "leaderbench run org/good-7b --benchmark mmlu/harness\n" in text.replace("</pre>", "\n")
    assert "leaderbench run org/good-7b --benchmark mmlu/original\n" in text.replace("</pre>", "\n")


def test_an_address_keeps_the_whole_state_of_a_board(client: TestClient) -> None:
    words = "q=org&columns=mmlu%2Fharness&sort=-model&values=normalised&pin=org%2Fodd"
    text = unescape(client.get(f"/en/boards/small?{words}").text)
    assert f"/api/v1/boards/small/csv?{words}" in text
    assert f"/zh/boards/small?{words}" in text
    assert 'aria-sort="descending"' in text


def test_what_is_wrong_with_a_board_or_run_stands_on_its_page(client: TestClient, live: LiveStore) -> None:
    assert "mmlu/hraness" in client.get("/en/").text
    assert "mmlu/hraness" in client.get("/en/boards/broken").text
    (live.store.path / "runs" / "aaaaaaaaaaa0" / "samples.parquet").write_bytes(b"rubbish")
    live.refresh()
    answer = client.get("/en/runs/aaaaaaaaaaa0")
    assert answer.status_code == 200
    assert "damaged" in answer.text
    assert client.get("/en/boards/small").status_code == 200


def test_what_all_answers_of_a_run_have_in_common_stands_on_its_page_and_its_boards(
    client: TestClient, live: LiveStore
) -> None:
    run = make_run("org/flat", "mmlu/harness", run_id="dddddddddddd")
    counts: dict[str, Json] = {"questions": 40, "errors": 0, "flags": {"tie": 40}}
    live.store.save(replace(run, manifest=replace(run.manifest, counts=counts)))
    live.refresh()
    sentence = "The best answers to every question are tied: the score says which of them stands first."
    assert sentence in client.get("/en/runs/dddddddddddd").text
    assert "每道题得分最高的答案都并列" in client.get("/zh/runs/dddddddddddd").text
    assert client.get("/api/v1/runs/dddddddddddd").json()["notes"] == [sentence]
    assert "all answers tied" in client.get("/en/boards/small").text
    assert "所有答案并列" in client.get("/zh/boards/small").text


def test_benchmarks_that_can_be_asked_stand_before_those_that_are_only_imported(tmp_path: Path) -> None:
    write_imported(Store(tmp_path / "store"), "table", imported_line(benchmark="aa/published"))
    live = LiveStore(Store(tmp_path / "store"))
    live.refresh()
    page = unquote(TestClient(application(live)).get("/en/benchmarks").text)
    live.close()
    names = re.findall(r'href="/en/benchmark[?]name=([^"]+)"', page)
    can_be_asked = [name in registry.names() for name in names]
    assert can_be_asked == sorted(can_be_asked, reverse=True)
    assert len({*can_be_asked}) == 2


def test_a_word_of_an_address_that_is_none_is_named_as_it_was_typed(client: TestClient) -> None:
    page = client.get("/en/models?size=-7b").text
    assert "<h1>This cannot be shown</h1>" in page
    assert "size must be one of" in page


@pytest.mark.parametrize(("path", "status"), [("/en/nowhere", 404), ("/zh/runs/absent", 404), ("/en/runs?page=0", 422)])
def test_an_error_is_a_page_with_a_sentence(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("header", "language"), [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de,en", "en"), ("", "en"), ("fr", "en")]
)
def test_the_front_door_leads_to_the_reader_s_language(client: TestClient, header: str, language: str) -> None:
    answer = client.get("/", headers={"accept-language": header}, follow_redirects=False)
    assert answer.headers["location"] == f"/{language}/"


def test_ranges_of_parameters_are_those_of_the_search() -> None:
    assert set(get_args(views.Size)) == set(SIZES)


def test_an_empty_store_shows_boards_and_what_to_run(tmp_path: Path) -> None:
    from leaderbench.web.application import application

    live = LiveStore(tmp_path / "absent")
    live.refresh()
    client = TestClient(application(live))
    assert "leaderbench demo<" in client.get("/en/boards/demo").text
    assert "leaderbench run MODEL --benchmark ceval/" in client.get("/en/boards/chinese").text
    folder = tmp_path / "absent" / "boards"
    folder.mkdir(parents=True)
    (folder / "published.toml").write_text('title = "P"\n[[columns]]\nimported = "mmlu/published"\n')
    live.publish()
    assert "leaderbench import csv FILE<" in client.get("/en/boards/published").text
    assert client.get("/en/models").status_code == client.get("/en/runs").status_code == 200
    live.close()


def test_the_about_page_has_every_rule_with_its_version_and_the_source_of_each_interval(client: TestClient) -> None:
    page = client.get("/en/about").text
    for rule, formula in formulas.items():
        assert rule.value in page
        assert formula.text in unescape(page)
    assert "Wilson 1927" in page
    assert "Mogstad" in page
    told = client.get("/api/v1/about").json()
    assert {item["name"]: item["version"] for item in told["components"]}["leaderbench"] == version("leaderbench")
    assert [item["version"] for item in told["rules"]] == [formula.version for formula in formulas.values()]
