"""The page of a report in a real browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leaderbench.explain.report.html import to_html
from leaderbench.explain.report.values import Report
from tests.explain.report import sample_reports

if TYPE_CHECKING:
    from tests.browser import Browser

pytestmark = pytest.mark.browser

ready = "document.documentElement.dataset.ready === 'yes'"
white, dark_paper = "rgb(255, 255, 255)", "rgb(21, 23, 26)"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each report as a file."""
    folder = tmp_path_factory.mktemp("pages")
    reports: dict[str, Report] = {
        "plain": sample_reports.plain_report(),
        "hostile": sample_reports.hostile_report(),
        "large": sample_reports.large_report(),
    }
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(to_html(report), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reports}


def test_every_chart_is_drawn_without_a_request_or_a_complaint(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.open(pages["plain"])
    browser.wait(ready)
    drawn = browser.run(
        "return [...document.querySelectorAll('figure')].map(figure => "
        "[figure.dataset.drawn, figure.querySelectorAll('svg .mark-rect path, svg .mark-symbol path').length])"
    )
    assert len(drawn) == 7
    assert all(state == "yes" and marks >= 2 for state, marks in drawn)
    assert browser.requests == []
    assert browser.problems == []


def test_a_chart_is_named_for_people_who_cannot_see_it(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.open(pages["plain"])
    browser.wait(ready)
    first = browser.one("figure [role=img]")
    assert first.aria_role == "image"
    assert "scoring rule −1.0" in first.accessible_name


def test_the_page_follows_the_system_and_its_own_button(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.emulate(scheme="light")
    browser.open(pages["plain"])
    browser.wait(ready)
    label = "figure svg .role-axis-label text"
    light_ink = browser.colour(label, "fill")
    assert browser.colour("body") == white
    browser.emulate(scheme="dark")
    browser.wait("document.querySelector('#theme').ariaPressed === 'true'")
    assert browser.colour("body") == dark_paper
    assert browser.colour(label, "fill") not in (light_ink, white, dark_paper)
    assert browser.one("#theme").get_attribute("aria-pressed") == "true"
    browser.one("#theme").click()
    assert browser.colour("body") == white
    assert browser.colour(label, "fill") == light_ink
    browser.emulate(scheme="light")
    browser.one("#theme").click()
    assert browser.colour("body") == dark_paper
    assert browser.problems == []


def test_paper_is_light_and_without_buttons(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.open(pages["plain"])
    browser.wait(ready)
    browser.emulate(scheme="dark", media="print")
    assert browser.colour("body") == white
    assert not browser.one("#theme").is_displayed()
    assert not browser.one(".controls").is_displayed()
    assert browser.one(".flip summary").is_displayed()


@pytest.mark.parametrize("width", [390, 768, 1200])
def test_nothing_is_wider_than_the_screen(browser: "Browser", pages: dict[str, Path], width: int) -> None:
    browser.resize(width, 800)
    browser.open(pages["plain"])
    browser.wait(ready)
    browser.run("document.querySelectorAll('details').forEach(item => { item.open = true; })")
    assert browser.run("return document.documentElement.scrollWidth") <= width
    widest = browser.run("return Math.max(...[...document.querySelectorAll('figure svg')].map(i => i.clientWidth))")
    assert 0.8 * (min(width, 1024) - 48) <= widest <= width


def test_a_chart_takes_the_new_width_when_the_window_changes(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.resize(1200, 800)
    browser.open(pages["plain"])
    browser.wait(ready)
    browser.resize(800, 800)
    browser.wait("[...document.querySelectorAll('figure svg')].every(i => Number(i.getAttribute('width')) <= 752)")


def shown(browser: "Browser") -> list[str]:
    """Ids of the flips in sight."""
    return [item.text for item in browser.all(".flip:not([hidden]) .id")]


def test_flips_are_found_by_words_cause_change_and_near_tie(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.open(pages["plain"])
    assert len(shown(browser)) == 12
    search = browser.one("input[name=search]")
    search.send_keys("POLICY/11")
    assert shown(browser) == ["us_foreign_policy/11"]
    assert browser.one(".count").text == "1 of 12 shown"
    search.clear()
    search.send_keys("item 10?")  # in the prompt's own question, not in the shots
    assert "us_foreign_policy/10" in shown(browser)
    search.clear()
    browser.one("input[name=tie]").click()
    assert shown(browser) == [f"us_foreign_policy/{number}" for number in (0, 3, 6, 9)]
    browser.one("select[name=cause] option[value='scoring rule']").click()
    assert shown(browser) == ["us_foreign_policy/3", "us_foreign_policy/6"]
    browser.one("select[name=change] option[value='wrong → right']").click()
    assert shown(browser) == ["us_foreign_policy/3"]


def test_the_keyboard_reaches_button_tables_and_flips(browser: "Browser", pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.emulate(scheme="light")
    browser.open(pages["plain"])
    browser.wait(ready)
    browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.id") == "theme"
    browser.press(Keys.ENTER)
    assert browser.colour("body") == dark_paper
    for _ in range(60):
        browser.press(Keys.TAB)
        if browser.run("return document.activeElement.closest('.flip') !== null"):
            break
    assert browser.run("return document.activeElement.tagName") == "SUMMARY"
    browser.press(Keys.ENTER)
    assert browser.one(".flip[open] .prompts").is_displayed()
    assert "The following are multiple choice" in browser.one(".flip[open] del").text


def test_a_table_is_sorted_by_its_columns(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.open(pages["plain"])
    table = browser.one("table")
    names = "return [...arguments[0].tBodies[0].rows].map(row => row.cells[0].textContent)"
    table.find_elements("css selector", "thead button")[1].click()
    assert browser.run(names, table) == ["prompt template", "not reproduced", "scoring rule"]
    assert browser.one("th[aria-sort]").get_attribute("aria-sort") == "descending"
    table.find_elements("css selector", "thead button")[1].click()
    assert browser.run(names, table) == ["scoring rule", "not reproduced", "prompt template"]
    table.find_elements("css selector", "thead button")[3].click()  # what has no number stays last
    assert browser.run(names, table) == ["scoring rule", "prompt template", "not reproduced"]


def test_hostile_texts_stay_texts(browser: "Browser", pages: dict[str, Path]) -> None:
    from selenium.webdriver import ActionChains

    browser.open(pages["hostile"])
    browser.wait(ready)
    assert browser.run("return [...document.querySelectorAll('figure')].map(i => i.dataset.drawn)") == ["yes"] * 7
    pointed_at = set()
    for mark in browser.all("figure:first-of-type svg .mark-rect path")[:4]:
        ActionChains(browser.driver).move_to_element(mark).perform()
        pointed_at.add(browser.run("return document.getElementById('vg-tooltip-element').textContent"))
    assert any("<img src" in str(text) for text in pointed_at)
    assert browser.run("return window.hacked") is None
    assert browser.run("return document.images.length") == 0
    assert browser.run("return document.scripts.length") == 7 + 3  # one a chart, Vega, two of ours
    assert browser.run("return document.querySelectorAll('[onmouseover], [onerror]').length") == 0
    answer = browser.one(".answer").text
    for text in sample_reports.hostile[:6]:
        assert text in answer
    assert browser.requests == []
    assert browser.problems == []


def test_the_policy_lets_no_foreign_script_style_or_request_through(browser: "Browser", pages: dict[str, Path]) -> None:
    browser.open(pages["plain"])
    browser.wait(ready)
    browser.run(
        "const script = document.createElement('script'); script.textContent = 'window.hacked = 1';"
        "const image = new Image(); image.src = 'http://127.0.0.1:9/leak'; document.body.append(script, image);"
        "fetch('http://127.0.0.1:9/leak').catch(() => {});"
    )
    assert browser.run("return window.hacked") is None
    assert len(browser.problems) >= 3
    assert all("Content Security Policy" in problem for problem in browser.problems)


def test_a_report_as_large_as_mmlu_opens_and_is_small(browser: "Browser", pages: dict[str, Path]) -> None:
    assert pages["large"].stat().st_size < 5_000_000
    browser.open(pages["large"])
    browser.wait(ready)
    assert len(browser.all(".flip")) == 300
    assert len(browser.all("figure[data-drawn=yes]")) == 8
    assert browser.requests == []
    assert browser.problems == []
