"""What axe-core finds wrong for people with a screen reader, a keyboard, a phone or poor sight: nothing."""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

import pytest

from tests.browser import Browser
from tests.web.serving import fetched
from tests.web.stores import models

pytestmark = pytest.mark.browser

wide, phone = (1200, 900), (390, 844)


@cache
def axe() -> str:
    """axe-core, from the package that brings it for another driver of browsers."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def kinds(rich_site: str) -> list[str]:
    """One page of every kind, without its language."""
    api = f"{rich_site}/api/v1"
    runs = [item["id"] for item in fetched(f"{api}/runs?benchmark=exam/original")["items"]]
    (explanation,) = fetched(f"{api}/explanations")["explanations"]["items"]
    model = quote(next(iter(models)), safe="")
    return [
        "",
        "boards/exam?pin=beta/free-2B&q=a&sort=-score",
        "boards/exam?q=nothing-has-this-name",
        "boards/chinese",
        "boards/exam/plots",
        "models",
        f"model?name={model}",
        "benchmarks",
        "benchmark?name=exam/original",
        "runs",
        f"runs/{runs[0]}",
        f"runs/{runs[0]}/samples?show=wrong",
        f"runs/{runs[0]}/samples/0",
        f"compare?run={runs[0]}&run={runs[1]}",
        f"compare?run={runs[0]}&run={runs[1]}&run={runs[2]}",
        f"compare/choose?run={runs[0]}",
        "explanations",
        f"explanations/{explanation['id']}",
        "about",
        "nowhere",
    ]


def violations(browser: Browser) -> Iterator[str]:
    """What axe finds on the page, by rule; scripts of developer tools are not held up by the page's policy."""
    browser.run(axe())
    found: list[dict[str, Any]] = browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then("
        "(all) => done(all.violations), (error) => done([{id: String(error), impact: '', nodes: []}]))"
    )
    for item in found:
        places = "; ".join(
            f"{node['html'][:200]} ({node['any'][0]['message'] if node['any'] else ''})" for node in item["nodes"][:3]
        )
        yield f"{item['impact']} {item['id']}: {len(item['nodes'])} × {places}"


def check(
    browser: Browser, site: str, kinds: list[str], language: str, scheme: str, size: tuple[int, int]
) -> list[str]:
    """What is wrong on pages of every kind, with every menu and fold open on some of them."""
    browser.emulate(scheme=scheme)
    browser.resize(*size)
    wrong = []
    for page in kinds:
        browser.open(f"{site}/{language}/{page}")
        browser.wait("document.documentElement.dataset.ready || !document.querySelector('figure[data-failed]')")
        browser.run("document.querySelectorAll('details:not(.menu)').forEach((one) => { one.open = true; })")
        browser.run("document.querySelectorAll('details.menu:first-of-type').forEach((one) => { one.open = true; })")
        wrong += [f"/{language}/{page} {scheme} {size[0]} px: {item}" for item in violations(browser)]
        if browser.run("return document.documentElement.scrollWidth") > size[0]:
            wrong.append(f"/{language}/{page} is wider than {size[0]} px")
    return wrong


@pytest.mark.parametrize(("language", "scheme", "size"), [("en", "dark", wide), ("zh", "light", phone)])
def test_axe_finds_nothing_wrong_with_any_page(
    browser: Browser, rich_site: str, kinds: list[str], language: str, scheme: str, size: tuple[int, int]
) -> None:
    assert check(browser, rich_site, kinds, language, scheme, size) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [wide, phone])
def test_axe_finds_nothing_wrong_in_any_language_light_and_width(
    browser: Browser, rich_site: str, kinds: list[str], language: str, scheme: str, size: tuple[int, int]
) -> None:
    assert check(browser, rich_site, kinds, language, scheme, size) == []
