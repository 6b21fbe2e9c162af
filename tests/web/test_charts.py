"""Charts of the site: which pages load what draws them, what stands in them, and that a real browser draws them."""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from leaderbench.boards import plots
from leaderbench.explain.report.values import Chart
from leaderbench.results.store import Store
from leaderbench.web import charts, files
from leaderbench.web.live import LiveStore
from leaderbench.web.shown.plots import shown_plots
from leaderbench.web.views import PlotsView
from tests.browser import Browser
from tests.web.conftest import EXPLANATION, SCRIPT, Get, make_run

PAGES = {
    "boards/small/plots": 3,
    "runs/aaaaaaaaaaa0": 1,
    f"explanations/{EXPLANATION}": 1,
    f"explanations/{EXPLANATION}?model=org/good-7b": 5,
}
"""Pages with charts, and how many."""


def specs(text: str) -> list[dict[str, Any]]:
    """The specifications in a page."""
    return [json.loads(item) for item in re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)]


def rows(spec: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [row for values in spec["datasets"].values() for row in values if name in row]


@pytest.fixture
def site(store: Store) -> Iterator[str]:
    from tests.web.serving import served

    with served(store) as address:
        yield address


@pytest.mark.parametrize(("page", "count"), PAGES.items())
def test_a_page_with_charts_loads_what_draws_them_and_says_them_in_words(
    client: TestClient, page: str, count: int
) -> None:
    text = client.get(f"/en/{page}").text
    assert len(specs(text)) == count
    assert len(re.findall(r'role="img" aria-label="[^"]{20,}"', text)) == count
    for name in ("vega.js", "charts.js"):
        assert f'<script src="{files.addresses()[name]}" defer></script>' in text
    assert "<table" in text


@pytest.mark.parametrize("page", ["", "boards/small", "runs", "models", "about", "explanations"])
def test_a_page_without_charts_does_not_load_vega(client: TestClient, page: str) -> None:
    assert "vega.js" not in client.get(f"/en/{page}").text


def test_vega_is_served_compressed_for_ever_and_the_same_to_those_who_cannot_unpack_it(client: TestClient) -> None:
    address = files.addresses()["vega.js"]
    answer = client.get(address)
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert len(files.compressed("vega.js")) < 350_000
    plain = client.get(address, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content == gzip.decompress(files.compressed("vega.js"))
    assert b"vegaEmbed" in plain.content


def test_neither_altair_nor_vega_is_loaded_before_a_chart_is_asked_for() -> None:
    import subprocess
    import sys

    script = (
        "import sys, leaderbench.web.application as a\n"
        "a.application\n"
        "print([name for name in ('altair', 'vl_convert', 'torch', 'scipy') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_run_s_chart_has_its_subsets_and_leads_to_their_samples(client: TestClient) -> None:
    (spec,) = specs(client.get("/en/runs/aaaaaaaaaaa0").text)
    found = rows(spec, "subset")
    assert {row["subset"] for row in found} == {"anatomy", "virology"}
    assert {row["link"] for row in found} == {
        f"/en/runs/aaaaaaaaaaa0/samples?subset={name}" for name in ("anatomy", "virology")
    }


def test_a_run_s_chart_shows_where_chance_lies_once_a_baseline_ran(live: LiveStore, client: TestClient) -> None:
    assert "random guessing" not in client.get("/en/runs/aaaaaaaaaaa0").text
    live.store.save(make_run("baseline:random", "mmlu/harness", run_id="dddddddddddd", right=10))
    live.refresh()
    (spec,) = specs(client.get("/en/runs/aaaaaaaaaaa0").text)
    assert [(row["name"], row["at"]) for row in rows(spec, "name") if "score" in row] == [
        ("all", 75.0),
        ("random guessing", 25.0),
    ]


def test_words_of_charts_are_in_the_language_of_the_page_and_names_are_not(client: TestClient) -> None:
    english, chinese = (specs(client.get(f"/{language}/boards/small/plots").text)[0] for language in ("en", "zh"))
    assert "parameters" in json.dumps(english)
    assert "parameters" not in json.dumps(chinese)
    assert "参数量" in json.dumps(chinese, ensure_ascii=False)
    names = {row["model"] for row in rows(english, "model")}
    assert "org/good-7b" in names
    assert names == {row["model"] for row in rows(chinese, "model")}
    links = {row["link"] for row in rows(chinese, "link")}
    assert "/zh/model?name=org%2Fgood-7b" in links
    assert all(link.startswith("/zh/model?name=") for link in links)


def test_plots_count_what_they_cannot_place(get: Get) -> None:
    found = get("/boards/small/plots")
    assert found["models"] == 4
    assert {item["model"]: item["parameters"] for item in found["size"]["models"]} == {
        "org/good-7b": 7_000_000_000,
        "org/fair-3b": 3_000_000_000,
    }
    assert found["size"]["missing"] == 2
    assert all(item["size_guessed"] for item in found["size"]["models"])
    assert (found["size"]["guessed"], found["size"]["frontier"]) == (2, [])  # no guess is among the best so far
    assert {item["date"][:10] for item in found["time"]["models"]} == {"2026-01-02"}
    assert not any(item["published"] for item in found["time"]["models"])


def test_plots_are_of_the_view_that_the_address_says(get: Get, client: TestClient) -> None:
    found = get("/boards/small/plots", q="good", of="mmlu/original")
    assert [(item["model"], item["score"]) for item in found["size"]["models"]] == [("org/good-7b", 0.8)]
    assert found["of_title"] == "original <i>"
    text = client.get("/en/boards/small/plots?q=good&of=mmlu/original&pin=org/odd").text
    assert 'href="/en/boards/small?q=good&amp;pin=org%2Fodd"' in text
    assert '<input type="hidden" name="pin" value="org/odd">' in text
    assert 'href="/en/boards/small/plots?q=good' in client.get("/en/boards/small?q=good").text


def test_an_unknown_column_or_board_is_said(client: TestClient) -> None:
    for path in ("boards/small/plots?of=nothing", "boards/nowhere/plots"):
        answer = client.get(f"/en/{path}")
        assert answer.status_code == 404
        assert "<h1>" in answer.text
    assert client.get("/en/boards/broken/plots").status_code == 409


def test_a_board_without_scores_has_plots_that_say_so(client: TestClient) -> None:
    text = client.get("/en/boards/chinese/plots").text
    assert "There is no score to plot." in text
    assert specs(text) == []


def test_implementations_of_one_benchmark_are_told_apart_from_noise(get: Get, client: TestClient) -> None:
    orders = get("/boards/small/plots")["orders"]
    assert orders["benchmark"] == "mmlu"
    ranks = {(item["column"], item["name"]): item["rank"] for item in orders["ranks"]}
    assert ranks["mmlu/harness", "org/good-7b"] == ranks["mmlu/original", "org/good-7b"] == 1
    assert ranks["mmlu/harness", SCRIPT] == 3
    assert "put the 4 models in the same order" in orders["verdict"]
    assert [(item["tau"], item["largest_move"]) for item in orders["agreement"]] == [(1.0, 0)]
    assert "put the 4 models" not in client.get("/zh/boards/small/plots").text
    assert get("/boards/small/plots", columns="mmlu/harness")["orders"] is None


def test_too_many_answers_are_left_to_the_command(live: LiveStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leaderbench.web.shown.plots.most_answers", 100)
    orders = shown_plots(live, "small", PlotsView()).orders
    assert orders is not None
    assert orders.verdict == ""
    assert orders.agreement == ()
    assert orders.remark == "These are too many answers to be looked at for a page."


def test_thousands_of_models_are_counted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "most_points", 1)
    text = client.get("/en/boards/small/plots").text
    size, time = specs(text)[:2]
    assert sum(row["count"] for row in rows(size, "count")) == 2
    assert sum(row["count"] for row in rows(time, "count")) == 4
    assert "2 models are too many to be drawn one by one" in text


def test_a_distribution_marks_chance_and_counts_the_others() -> None:
    scores = {"a": 0.5, "b": 0.7, "c": None, "baseline:random": 0.25, "baseline:always-a": 0.24}
    chart = charts.distribution(scores, "en")
    assert isinstance(chart, Chart)
    assert sum(row["count"] for row in rows(chart.spec, "count")) == 2  # type: ignore[arg-type]
    assert "random guessing: 25.0. always the first answer: 24.0." in chart.description
    chinese = charts.distribution(scores, "zh")
    assert chinese is not None
    assert "随机猜测" in chinese.description
    assert charts.distribution({"a": 0.5, "baseline:random": 0.25}, "en") is None


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_browser_draws_every_chart_without_complaint(browser: Browser, site: str, language: str) -> None:
    browser.resize(390, 844)
    for page, count in PAGES.items():
        browser.open(f"{site}/{language}/{page}")
        browser.wait("document.documentElement.dataset.ready === 'yes'")
        drawn = browser.run(
            "return [...document.querySelectorAll('figure')].map(figure => "
            "figure.dataset.drawn === 'yes' && figure.querySelectorAll('svg path').length > 1)"
        )
        assert drawn == [True] * count, page
        widest = (
            "return Math.max(...[...document.querySelectorAll('figure svg')].map(i => i.getBoundingClientRect().right))"
        )
        assert browser.run(widest) <= 390, page
        assert browser.run("return document.title") != "taken"
        assert browser.run("return document.images.length") == 0
    assert browser.problems == []
    assert all(url.startswith(site) for url in browser.requests)


@pytest.mark.browser
def test_charts_follow_the_theme_and_a_point_leads_to_its_model(browser: Browser, site: str) -> None:
    from selenium.webdriver import ActionChains

    browser.emulate(scheme="light")
    browser.resize(1200, 900)
    browser.open(f"{site}/en/boards/small/plots?q=good")
    browser.wait("document.documentElement.dataset.ready === 'yes'")
    light = browser.colour("figure svg .role-axis-label text", "fill")
    browser.one("#theme").click()
    assert browser.colour("figure svg .role-axis-label text", "fill") != light
    browser.run("localStorage.clear()")
    mark = browser.all("figure svg .mark-symbol path")[-1]
    ActionChains(browser.driver).move_to_element(mark).perform()
    assert "org/good-7b" in browser.run("return document.getElementById('vg-tooltip-element').textContent")
    ActionChains(browser.driver).click(mark).perform()
    browser.wait("location.pathname.endsWith('/model')")
    assert browser.one("h1").text == "org/good-7b"
    assert browser.problems == []
