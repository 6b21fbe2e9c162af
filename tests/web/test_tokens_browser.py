"""Tokens in a real browser: boundaries can be seen, and what is copied is the text itself."""

from collections.abc import Iterator

import pytest

from leaderbench.records import TokenText
from leaderbench.results.store import Store
from leaderbench.results.tokens import AskedTokens, RunTokens
from tests.browser import Browser
from tests.web.conftest import make_run
from tests.web.serving import served

pytestmark = pytest.mark.browser

TEXTS = ["Which", " city", " is", "\n\n", "<0xE5>", "<0x8C><0x97>", "京", "?  ", "\n", "Answer:"]
SPELT = "Which city is\n\n北京?  \nAnswer:"


@pytest.fixture
def site(store: Store) -> Iterator[str]:
    """The site of a store in which a run keeps its tokens."""
    texts = {number: TokenText(text) for number, text in enumerate(TEXTS)} | {99: TokenText("<s>", special=True)}
    asked = AskedTokens((99, *range(len(TEXTS))), 1, ((1,),))
    store.save(make_run("org/new", "mmlu/helm", run_id="dddddddddddd"), RunTokens(texts, "anatomy/0", (asked,)))
    with served(store) as address:
        yield address


def test_what_is_copied_from_an_example_is_the_text_itself(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/benchmark?name=mmlu/helm")
    copied = browser.run(
        "getSelection().selectAllChildren(document.querySelectorAll('pre.tokens')[1]); return getSelection().toString()"
    )
    assert copied.rstrip("\n") == SPELT
    assert browser.problems == []


def test_neighbouring_tokens_have_other_shades_and_special_ones_a_frame(browser: Browser, site: str) -> None:
    browser.open(f"{site}/en/benchmark?name=mmlu/helm")
    tokens = "document.querySelectorAll('pre.tokens')[1].querySelectorAll(':scope > .token')"
    shades = browser.run(f"return [...{tokens}].slice(0, 4).map(e => getComputedStyle(e).backgroundColor)")
    assert shades[0] == shades[2] != shades[1] == shades[3]
    browser.run("document.querySelector('details.shots').open = true")
    frame = browser.run("return getComputedStyle(document.querySelector('.token.special')).outlineStyle")
    assert frame == "solid"
