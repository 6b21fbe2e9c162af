"""What visitors come for, done in a real browser as they do it: each journey without a complaint of the console and
without a request to any other host.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser import Browser, started
from tests.web.serving import fetched
from tests.web.stores import benchmarks, models

pytestmark = pytest.mark.browser

Row = dict[str, Any]

table = """
const text = (cell) => (cell.querySelector('a, span') || cell).textContent.trim();
return [...document.querySelectorAll('table.board tbody tr')].map((row) => ({
  rank: row.querySelector('.rank').firstChild ? row.querySelector('.rank').firstChild.textContent.trim() : '',
  name: row.querySelector('.name a').textContent.trim(),
  score: row.querySelector('.score strong').textContent.trim(),
  cells: [...row.querySelectorAll('td:not(.rank):not(.score)')].map(text),
}))
"""
"""The board as it stands on the page."""


settled = """document.readyState === 'complete'
&& (document.documentElement.dataset.ready || !document.querySelector('figure[data-failed]'))"""
"""A page is loaded and its charts are drawn."""


@pytest.fixture
def visitor(browser: Browser, rich_site: str) -> Iterator[Browser]:
    """A browser that has looked at nothing else; what it complained of or asked of others fails the test."""
    browser.open(f"{rich_site}/en/about")
    browser.run("localStorage.clear()")
    yield browser
    assert browser.problems == []
    assert {urlsplit(url).netloc for url in browser.requests} <= {urlsplit(rich_site).netloc}


def rows(visitor: Browser) -> list[Row]:
    return list(visitor.run(table))


def names(visitor: Browser) -> list[str]:
    return [row["name"] for row in rows(visitor)]


def words(visitor: Browser) -> dict[str, list[str]]:
    """The words of the address."""
    return parse_qs(urlsplit(visitor.driver.current_url).query)


def follow(visitor: Browser, selector: str) -> None:
    """Click on what a person sees there, and wait for the page behind it."""
    here = visitor.run("return window.visited = Math.random()")
    element = visitor.one(selector)
    visitor.run("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()
    visitor.wait(f"window.visited !== {here} && {settled}")


def tick(visitor: Browser, name: str, value: str) -> None:
    """Open the menu of a field, choose a value or take it away, and show the rows that fit."""
    field = visitor.one(f"input[name='{name}'][value='{value}'], select[name='{name}'] option[value='{value}']")
    visitor.run("arguments[0].closest('details').querySelector('summary').click()", field)
    field.click()
    follow(visitor, "details[open] button")


small_and_free = ["beta/free-2B", "acme/small-1.5B", "acme/tiny-0.5B"]
"""Models up to 3B with a licence for commercial use, the best one first."""


def test_the_best_small_model_with_a_commercial_licence_is_two_ticks_away(visitor: Browser, rich_site: str) -> None:
    visitor.open(f"{rich_site}/en/")
    follow(visitor, "a[href$='/boards/exam']")
    assert set(models) <= set(names(visitor))
    tick(visitor, "size", "≤ 3B")
    tick(visitor, "commercial", "yes")
    found = [name for name in names(visitor) if name in models]
    assert found == small_and_free
    assert (words(visitor)["size"], words(visitor)["commercial"]) == (["≤ 3B"], ["yes"])
    follow(visitor, "table.board tbody .name a")
    assert visitor.one("h1").text == small_and_free[0]
    assert "Apache-2.0" in visitor.one("main").text


def test_a_shared_address_shows_the_same_table_in_another_browser(
    visitor: Browser, rich_site: str, tmp_path: Path
) -> None:
    visitor.open(f"{rich_site}/en/boards/exam")
    tick(visitor, "size", "≤ 3B")
    tick(visitor, "commercial", "yes")
    follow(visitor, "th a[href*='sort=-exam%2Fharness']")
    before, address = rows(visitor), visitor.driver.current_url
    assert [row["name"] for row in before if row["name"] in models] == small_and_free
    with started(tmp_path) as driver:
        other = Browser(driver)
        other.open(address)
        assert rows(other) == before
        assert other.problems == []


def test_a_score_leads_to_its_wrong_answers_and_to_one_exact_prompt(visitor: Browser, rich_site: str) -> None:
    visitor.open(f"{rich_site}/en/boards/exam")
    place = names(visitor).index("beta/free-2B") + 1
    score = rows(visitor)[place - 1]["cells"][0]
    follow(visitor, f"table.board tbody tr:nth-child({place}) td:nth-child(4) a")
    run = visitor.driver.current_url.rpartition("/")[2]
    assert score in visitor.one("main").text
    follow(visitor, "a[href*='show=wrong']")
    wrong = int(re.search(r"\d+", visitor.one(".count").text)[0])  # type: ignore[index]
    assert 100 * (360 - wrong) / 360 == pytest.approx(float(score), abs=0.06)
    follow(visitor, ".samples a")
    number = urlsplit(visitor.driver.current_url).path.rpartition("/")[2]
    sample = fetched(f"{rich_site}/api/v1/runs/{run}/samples/{number}")
    assert sample["verdict"] == "wrong"
    shown = visitor.run("return [...document.querySelectorAll('pre.prompt')].map((one) => one.textContent).join('')")
    assert shown == sample["shots"] + sample["prompt_end"]
    assert "Answer:" in shown


@pytest.mark.parametrize(
    "chosen", [["gamma/vast-70B", "beta/free-2B"], ["gamma/vast-70B", "beta/free-2B", "acme/large-8B"]]
)
def test_models_ticked_on_a_board_are_compared(visitor: Browser, rich_site: str, chosen: list[str]) -> None:
    visitor.open(f"{rich_site}/en/boards/exam")
    for name in chosen:
        visitor.one(f"input[name='row'][value='{name}']").click()
    follow(visitor, "#compare button")
    text = visitor.one("main").text
    assert all(name in text for name in chosen)
    assert len(words(visitor)["run"]) == len(chosen)
    assert re.search(r"more than noise|may be noise", text)


def test_csv_and_json_hold_the_numbers_of_the_page(visitor: Browser, rich_site: str) -> None:
    visitor.open(f"{rich_site}/en/boards/exam?sort=exam/harness&columns=exam/harness&columns=exam/original&q=a")
    page = rows(visitor)
    assert len(page) > 2
    link = {one.text: one.get_attribute("href") for one in visitor.all(".count .links a")}
    lines = list(csv.DictReader(io.StringIO(fetched(link["CSV"] or ""))))
    items = fetched(link["JSON"] or "")["rows"]["items"]
    columns = [one.text.removesuffix(" ↑") for one in visitor.all("table.board thead th")][3:]
    assert columns == ["exam/original", "exam/harness"]
    for row, line, item in zip(page, lines, items, strict=True):
        assert line["model"] == item["name"]
        assert row["name"] in line["model"]
        assert row["score"] == f"{100 * float(line['score']):.1f}" == f"{100 * item['score']:.1f}"
        assert row["cells"] == [f"{100 * float(line[name]):.1f}" for name in columns]
        assert row["cells"] == [f"{100 * cell['estimate']:.1f}" for cell in item["cells"]]
        assert row["rank"] == line["rank"]


def test_chinese_and_back_is_the_same_page_in_the_same_state(visitor: Browser, rich_site: str) -> None:
    address = f"{rich_site}/en/boards/exam?q=acme&sort=-model&values=normalised&pin=beta%2Ffree-2B"
    visitor.open(address)
    before, heading = rows(visitor), visitor.one("h1").text
    follow(visitor, "a[hreflang='zh']")
    assert visitor.driver.current_url == address.replace("/en/", "/zh/")
    assert visitor.run("return document.documentElement.lang") == "zh-Hans"
    assert (visitor.one("h1").text, rows(visitor)) == ("小考", before)
    follow(visitor, "a[hreflang='en']")
    assert (visitor.driver.current_url, visitor.one("h1").text, rows(visitor)) == (address, heading, before)


def test_the_dark_stays_after_a_reload_and_on_the_next_page(visitor: Browser, rich_site: str) -> None:
    visitor.emulate(scheme="light")
    visitor.open(f"{rich_site}/en/boards/exam")
    light = visitor.colour("body")
    visitor.one("#theme").click()
    dark = visitor.colour("body")
    assert dark != light
    visitor.driver.refresh()
    assert visitor.colour("body") == dark
    visitor.open(f"{rich_site}/zh/runs")
    assert visitor.colour("body") == dark
    visitor.one("#theme").click()
    assert visitor.colour("body") == light
    visitor.run("localStorage.clear()")


def focused(visitor: Browser) -> dict[str, Any]:
    """What has the focus, and whether a person sees that."""
    return dict(
        visitor.run(
            "const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();"
            "return {tag: one.tagName, text: one.textContent.trim().slice(0, 60), html: one.outerHTML.slice(0, 120),"
            " ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,"
            " sized: box.width > 0 && box.height > 0, inside: box.right > 0 && box.left < innerWidth}"
        )
    )


def tab_to(visitor: Browser, selector: str, most: int = 80) -> None:
    """Press the tab key until this has the focus."""
    from selenium.webdriver.common.keys import Keys

    for _ in range(most):
        visitor.press(Keys.TAB)
        if visitor.run("return document.activeElement.matches(arguments[0])", selector):
            return
    raise AssertionError(f"{selector} is out of reach of the keyboard")


def enter(visitor: Browser) -> None:
    """Press the enter key and wait for the page behind."""
    from selenium.webdriver.common.keys import Keys

    here = visitor.run("return window.visited = Math.random()")
    visitor.press(Keys.ENTER)
    visitor.wait(f"window.visited !== {here} && {settled}")


def test_every_stop_of_the_tab_key_is_seen_and_none_holds_it(visitor: Browser, rich_site: str) -> None:
    from selenium.webdriver.common.keys import Keys

    visitor.open(f"{rich_site}/en/boards/exam?rows=3")
    stops: list[dict[str, Any]] = []
    for _ in range(150):
        visitor.press(Keys.TAB)
        stop = focused(visitor)
        if stop["tag"] in ("BODY", "HTML"):
            break
        stops.append(stop)
    assert stops[0]["text"] == "Skip to the content"
    assert 20 < len(stops) < 150
    assert [stop["html"] for stop in stops if not (stop["ringed"] and stop["sized"] and stop["inside"])] == []
    visitor.open(f"{rich_site}/en/boards/exam?rows=3")
    visitor.press(Keys.TAB)
    visitor.press(Keys.ENTER)
    visitor.press(Keys.TAB)
    assert visitor.run("return document.querySelector('main').contains(document.activeElement)")


def test_the_keyboard_alone_sorts_filters_opens_an_answer_and_goes_back(visitor: Browser, rich_site: str) -> None:
    from selenium.webdriver.common.keys import Keys

    visitor.open(f"{rich_site}/en/boards/exam")
    tab_to(visitor, "th a[href*='sort=-exam%2Fharness']")
    enter(visitor)
    assert visitor.one("th[aria-sort='descending']").text.startswith("exam/harness")
    box = "input[name='commercial'][value='yes']"
    menu = visitor.one("details:has(input[name='commercial']) summary")
    visitor.run("arguments[0].focus()", visitor.one("input[type='search']"))
    for _ in range(8):
        visitor.press(Keys.TAB)
        if visitor.driver.switch_to.active_element == menu:
            break
    visitor.press(Keys.SPACE)
    tab_to(visitor, box, 3)
    visitor.press(Keys.SPACE)
    enter(visitor)
    assert words(visitor) == {"sort": ["-exam/harness"], "commercial": ["yes"]}
    board = visitor.driver.current_url
    tab_to(visitor, "table.board td a[href*='/runs/']")
    enter(visitor)
    tab_to(visitor, "a[href*='show=wrong']")
    enter(visitor)
    tab_to(visitor, ".samples a")
    enter(visitor)
    assert "wrong" in visitor.one("h1").text
    for _ in range(3):
        visitor.driver.back()
    assert visitor.driver.current_url == board


def test_pins_columns_values_and_ranks_stand_in_the_address(visitor: Browser, rich_site: str) -> None:
    visitor.open(f"{rich_site}/en/boards/exam?q=acme")
    follow(visitor, "table.board tbody tr:last-child .pin")
    pinned = words(visitor)["pin"][0]
    assert names(visitor)[0] == pinned
    tick(visitor, "columns", benchmarks[2])
    assert words(visitor)["columns"] == list(benchmarks[:2])
    assert len(rows(visitor)[0]["cells"]) == 2
    for name, value in (("values", "normalised"), ("ranks", "filtered")):
        tick(visitor, name, value)
    found = words(visitor)
    assert (found["values"], found["ranks"], found["pin"], found["q"]) == (
        ["normalised"],
        ["filtered"],
        [pinned],
        ["acme"],
    )
    assert {row["rank"] for row in rows(visitor)} >= {"1", "2"}
    before = rows(visitor)
    visitor.driver.refresh()
    assert rows(visitor) == before


def test_a_phone_shows_every_kind_of_page_no_wider_than_itself(visitor: Browser, rich_site: str) -> None:
    visitor.resize(390, 844)
    for language in ("en", "zh"):
        for page in ("", "boards/exam", "boards/exam/plots", "model?name=acme/large-8B", "models", "explanations"):
            visitor.open(f"{rich_site}/{language}/{page}")
            if page.endswith("plots"):
                visitor.wait("document.documentElement.dataset.ready")
            assert visitor.run("return document.documentElement.scrollWidth") <= 390, page


def test_a_model_leads_to_why_its_scores_differ(visitor: Browser, rich_site: str) -> None:
    visitor.open(f"{rich_site}/en/boards/exam")
    visitor.driver.find_element("link text", "acme/large-8B").click()
    follow(visitor, "a[href*='/explanations/']")
    visitor.wait("document.documentElement.dataset.ready")
    text = visitor.one("main").text
    assert "exam/original" in text
    assert "exam/harness" in text
    figures = visitor.run(
        "return [...document.querySelectorAll('figure[data-failed]')].map((one) => one.dataset.drawn)"
    )
    assert figures
    assert set(figures) == {"yes"}


def test_plots_are_drawn_and_a_point_leads_to_its_model(visitor: Browser, rich_site: str) -> None:
    visitor.open(f"{rich_site}/en/boards/exam")
    follow(visitor, "a[href*='/plots']")
    visitor.wait("document.documentElement.dataset.ready")
    drawn = visitor.one("figure").find_elements("css selector", "path[aria-label*='model: ']")
    points = [one.get_attribute("aria-label") or "" for one in drawn]
    assert {match[1] for point in points if (match := re.search("model: ([^;]+)", point))} == set(models)
    follow(visitor, "figure path[aria-label*='model: acme/small-1.5B;']")
    assert visitor.one("h1").text == "acme/small-1.5B"


def test_pages_paint_at_once_and_nothing_moves_afterwards(visitor: Browser, rich_site: str) -> None:
    for page in ("", "boards/exam", "boards/exam/plots", "models", "runs", "model?name=acme/large-8B"):
        visitor.open(f"{rich_site}/en/{page}")
        visitor.wait(settled)
        painted, moved = visitor.painted(300)
        print(f"largest contentful paint of /en/{page}: {painted:.0f} ms")  # `perf.paint` measures it with care
        assert painted > 0
        assert moved < 0.02, page
