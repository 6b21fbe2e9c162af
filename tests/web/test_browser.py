"""The site in a real browser: from a board to a wrong answer, no complaint, no request to another host."""

from collections.abc import Iterator

import pytest

from leaderbench.results.store import Store
from tests.browser import Browser
from tests.web.serving import served

pytestmark = pytest.mark.browser


@pytest.fixture
def site(store: Store) -> Iterator[str]:
    """The address of the site, served from a thread."""
    with served(store) as address:
        yield address


def is_clean(browser: Browser, site: str) -> bool:
    return browser.problems == [] and all(url.startswith(site) for url in browser.requests)


def test_a_visitor_goes_from_the_board_to_a_wrong_answer_in_clicks(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/")
    browser.one("a[href$='/boards/small']").click()
    browser.one("a[href$='/runs/aaaaaaaaaaa0']").click()
    browser.one("a[href$='show=wrong']").click()
    browser.one(".samples a").click()
    assert "wrong" in browser.one("h1").text
    assert "Question number 30?" in browser.all("pre.prompt")[-1].text
    browser.one(".shots summary").click()
    assert "Solved example." in browser.one(".shots pre").text
    assert browser.one("h1").text.startswith("anatomy/30")
    browser.one("a[rel=next]").click()
    assert browser.one("h1").text.startswith("anatomy/31")
    assert is_clean(browser, site)


def test_every_page_is_without_complaint_on_a_phone_and_no_wider_than_it(browser: Browser, site: str) -> None:
    from tests.web.test_pages import every_page

    browser.resize(390, 844)
    for page in every_page:
        for language in ("en", "zh"):
            browser.open(f"{site}/{language}/{page}")
            assert browser.run("return document.documentElement.scrollWidth") <= 390, page
            assert browser.run("return document.title") != "taken"
            nameless = browser.run(
                "return [...document.querySelectorAll('a, button, summary')].filter(e => e.checkVisibility() && "
                "!(e.textContent.trim() || e.ariaLabel)).map(e => e.outerHTML)"
            )
            assert nameless == [], page
            unlabelled = browser.run(
                "return [...document.querySelectorAll('input:not([type=hidden]), select')].filter("
                "e => !e.labels.length && !e.ariaLabelledByElements?.length).map(e => e.outerHTML)"
            )
            assert unlabelled == [], page
    assert is_clean(browser, site)


def test_the_page_is_dark_where_the_system_is_and_the_button_turns_it(browser: Browser, site: str) -> None:
    browser.emulate(scheme="dark")
    browser.open(f"{site}/en/boards/small")
    dark = browser.colour("body")
    browser.one("#theme").click()
    light = browser.colour("body")
    assert dark != light == "rgb(255, 255, 255)"
    browser.open(f"{site}/en/models")
    assert browser.colour("body") == light
    browser.run("localStorage.clear()")


def test_what_was_ticked_in_a_menu_is_sent_when_it_closes_and_its_address_shows_the_same_anew(
    browser: Browser, site: str
) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(f"{site}/en/boards/small")
    browser.one("summary").click()
    browser.one("input[name=size][value='≤ 3B']").click()
    browser.one("input[name=size][value='65B+']").click()
    browser.press(Keys.ESCAPE)
    browser.wait("location.search.includes('size=') && document.readyState === 'complete'")
    names = [item.text for item in browser.all("tbody .name a")]
    address = browser.driver.current_url
    assert names == ["org/fair-3b"]
    assert [word.partition("=")[0] for word in address.partition("?")[2].split("&")] == ["size", "size"]
    browser.open(address)
    assert [item.text for item in browser.all("tbody .name a")] == names
    assert [item.get_attribute("value") for item in browser.all("input[name=size]:checked")] == ["≤ 3B", "65B+"]
    assert is_clean(browser, site)


def test_a_menu_closes_with_a_click_beside_it_and_only_one_is_open(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/boards/small")
    first, second = browser.all("summary")[:2]
    first.click()
    second.click()
    browser.wait("document.querySelectorAll('.menu[open]').length === 1")
    browser.one("h1").click()
    browser.wait("document.querySelectorAll('.menu[open]').length === 0")
    assert browser.driver.current_url == f"{site}/en/boards/small"


def test_a_row_is_pinned_and_unpinned_without_losing_the_view(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/boards/small?sort=-model&digits=3")
    browser.one("button.pin[value='org/fair-3b']").click()
    browser.wait("document.querySelector('tr.pinned') !== null")
    assert browser.one("tbody .name a").text == "org/fair-3b"
    assert {"sort=-model", "digits=3", "pin=org%2Ffair-3b"} <= set(
        browser.driver.current_url.partition("?")[2].split("&")
    )
    browser.one("tr.pinned a.pin").click()
    browser.wait("document.querySelector('tbody') !== null && document.querySelector('tr.pinned') === null")
    assert browser.driver.current_url == f"{site}/en/boards/small?sort=-model&digits=3"
    assert is_clean(browser, site)


def test_the_keyboard_alone_searches_sorts_and_pages(browser: Browser, site: str) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(f"{site}/en/boards/small?rows=2")
    browser.press(Keys.TAB)
    assert browser.driver.switch_to.active_element.text == "Skip to the content"
    browser.press(Keys.ARROW_RIGHT)
    browser.wait("location.search.includes('page=2')")
    browser.press("/")
    browser.press("good", Keys.ENTER)
    browser.wait("location.search.includes('q=good')")
    assert [item.text for item in browser.all("tbody .name a")] == ["org/good-7b"]


def test_chinese_and_back_keeps_the_view(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/boards/small?q=org&sort=-model")
    browser.one("a[hreflang=zh]").click()
    assert browser.driver.current_url == f"{site}/zh/boards/small?q=org&sort=-model"
    assert "模型" in browser.one("nav").text
    browser.one("a[hreflang=en]").click()
    assert browser.driver.current_url == f"{site}/en/boards/small?q=org&sort=-model"
    assert is_clean(browser, site)


def test_models_ticked_on_a_board_are_compared_down_to_a_question(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/boards/small")
    for box in browser.all("input[form=compare]")[:3]:
        box.click()
    browser.run("document.querySelector('#compare select').value = 'mmlu/original'")
    browser.one("#compare button").click()
    browser.wait("location.pathname.endsWith('/compare') && document.readyState === 'complete'")
    assert browser.one("h1").text == "3 runs question by question"
    assert len(browser.all("table.matrix")) == 2
    browser.run("document.querySelector('select[name=show]').value = 'right-1'")
    browser.one("form[data-live]").submit()
    browser.wait("location.search.includes('show=right-1')")
    browser.one("section a[href*='/samples/']").click()
    assert browser.one("h1").text.startswith("anatomy/")
    assert is_clean(browser, site)


def test_runs_are_chosen_with_the_keyboard_and_compared(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/compare")
    for box in browser.all("input[name=run]")[:2]:
        browser.run("arguments[0].focus()", box)
        browser.press(" ")
    browser.press("\n")
    browser.wait("document.querySelector('h1').textContent === 'Compare runs'")
    assert len(browser.all("input[name=run]:checked")) == 2
    browser.run("document.querySelector('button[name=go]').focus()")
    browser.press("\n")
    browser.wait("document.querySelector('h1').textContent.includes('against')")
    assert is_clean(browser, site)


@pytest.mark.parametrize("width", [390, 768, 1180, 1280])
def test_every_menu_of_a_board_stays_on_the_page(browser: Browser, site: str, width: int) -> None:
    browser.resize(width, 900)
    browser.open(f"{site}/en/boards/small")
    for place in range(len(browser.all(".menu > summary"))):
        browser.run("document.querySelectorAll('.menu > summary')[arguments[0]].click()", place)
        menu = "document.querySelector('.menu[open] > fieldset').getBoundingClientRect()"
        browser.wait(f"document.querySelector('.menu[open]') && {menu}.right <= {width} && {menu}.left >= 0")
        assert browser.run("return document.documentElement.scrollWidth") <= width


def test_the_head_of_a_table_is_in_sight_wherever_the_page_is(browser: Browser, site: str) -> None:
    browser.resize(900, 560)
    browser.open(f"{site}/en/boards/small")
    for bottom in (False, True):
        browser.run(f"scrollTo(0, {'document.body.scrollHeight' if bottom else 0})")
        browser.wait(
            "[...document.querySelectorAll('.board thead th')].every((h) => h.getBoundingClientRect().top >= 0)"
        )


def test_after_back_the_search_field_says_what_the_address_says(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/boards/small")
    browser.one("#view input[name=q]").send_keys("fair\n")
    browser.wait("location.search.includes('q=fair') && document.readyState === 'complete'")
    browser.driver.back()
    browser.wait("location.search === '' && document.readyState === 'complete'")
    browser.wait("document.querySelector('#view input[name=q]').value === ''")
    browser.driver.forward()
    browser.wait("location.search.includes('q=fair') && document.querySelector('#view input[name=q]').value === 'fair'")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_begins_on_the_first_screen_of_a_phone(browser: Browser, site: str, language: str) -> None:
    browser.resize(390, 844)
    browser.open(f"{site}/{language}/boards/small")
    assert browser.run("return document.querySelector('.board tbody tr').getBoundingClientRect().bottom") < 600
    assert browser.run("return document.documentElement.scrollWidth") <= 390
    browser.one(".menu summary").click()
    field = "document.querySelector('.menu[open] > fieldset').getBoundingClientRect()"
    browser.wait(f"document.querySelector('.menu[open]') && {field}.height > 80 && {field}.top < 600")
    middle = "document.elementFromPoint(195, arguments[0])"
    inside = f"return document.querySelector('.menu[open]').contains({middle})"
    assert browser.run(inside, browser.run(f"return {field}.top + 30"))
