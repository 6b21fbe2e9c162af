"""The site's words: every sentence has its translation, and a translation says the same."""

import importlib.util
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

from leaderbench.sentences import Sentence, counted
from leaderbench.web import words
from leaderbench.web.live import LiveStore
from tests.web.conftest import SCRIPT

ROOT = Path(__file__).parents[2]
others = [language for language in words.languages if language != "en"]


def load_script() -> Any:
    spec = importlib.util.spec_from_file_location("site_words", ROOT / "scripts" / "site_words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


@pytest.fixture(scope="module")
def used() -> Catalog:
    """What pages say."""
    found: Catalog = script.extracted()
    assert len(found) > 200
    return found


def catalogue(language: str) -> Catalog:
    path = ROOT / "src/leaderbench/web/locale" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def texts(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def entries(found: Catalog) -> dict[tuple[str, ...], Message]:
    return {texts(item.id): item for item in found if item.id}


advice = "`make words` brings the catalogues up to the code; then translate what is empty and remove what is obsolete"


@pytest.mark.parametrize("language", others)
def test_every_sentence_of_the_site_is_translated(used: Catalog, language: str) -> None:
    known = entries(catalogue(language))
    missing = [key for key in entries(used) if key not in known or not all(texts(known[key].string))]
    assert missing == [], advice


@pytest.mark.parametrize("language", others)
def test_no_translation_is_left_over(used: Catalog, language: str) -> None:
    found = catalogue(language)
    assert sorted(entries(found).keys() - entries(used).keys()) == [], advice
    assert list(found.obsolete) == [], advice


@pytest.mark.parametrize("language", others)
def test_no_translation_is_a_guess(language: str) -> None:
    assert [item.id for item in catalogue(language) if item.id and item.fuzzy] == []


@pytest.mark.parametrize("language", others)
def test_translations_keep_the_places_of_values(language: str) -> None:
    for key, item in entries(catalogue(language)).items():
        places = sorted(re.findall(r"\{[^{}]*\}", key[-1]))
        for text in filter(None, texts(item.string)):
            assert sorted(re.findall(r"\{[^{}]*\}", text)) == places, key


def test_a_sentence_reads_as_english_and_is_said_in_chinese() -> None:
    sentence = Sentence("Page {page} of {pages}", page=2, pages=11766)
    assert sentence == "Page 2 of 11,766"
    assert words.translated("en", sentence) == sentence
    assert words.translated("zh", sentence) == "第 2 页，共 11,766 页"


def test_a_number_of_things_has_its_own_form_in_english() -> None:
    assert [counted("{n} model", "{n} models", n=n) for n in (0, 1, 2)] == ["0 models", "1 model", "2 models"]


def test_a_sentence_within_a_sentence_is_translated_too() -> None:
    inner = Sentence("Nothing beyond its name.")
    known = words.translated("zh", inner)
    assert known != inner
    assert words.translated("zh", Sentence("but: {other}", other=inner)) == f"但：{known}"


def test_texts_of_strangers_in_a_sentence_are_no_templates() -> None:
    hostile = "{0.__class__} {other} %s"
    assert words.translated("zh", Sentence("but: {other}", other=hostile)) == f"但：{hostile}"


def test_a_text_without_a_translation_stays_as_it_is() -> None:
    assert words.translated("zh", "org/model-{7b}") == "org/model-{7b}"
    assert words.translated("zh", "") == ""


def commands(name: str) -> list[str]:
    """The lines in code blocks of a README, without their comments."""
    blocks = re.findall(r"```\w*\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.partition("#")[0].rstrip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_both_readmes_name_the_same_commands_and_pages() -> None:
    assert len(commands("README.md")) > 10
    assert commands("README.zh-CN.md") == commands("README.md")
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert "(README.zh-CN.md)" in english.partition("\n## ")[0]
    assert "(README.md)" in chinese.partition("\n## ")[0]
    pages = [set(re.findall(r"\]\(((?:docs/)?\w[^)#]*)\)", text)) for text in (english, chinese)]
    # A picture or a page may have a Chinese twin.
    twins = {re.sub(r"-zh(?=\.png$)|\.zh-CN(?=\.md$)", "", name) for name in pages[1]}
    assert pages[0] - {"README.zh-CN.md"} == twins - {"README.md"}
    assert [name for name in pages[1] if not (ROOT / name).exists()] == []


class _Prose(HTMLParser):
    """What a reader of a page is told: its texts and labels, without code and what models and datasets say."""

    others = {"pre", "code", "script", "style", "dd"}
    empty = {"meta", "link", "input", "br", "path", "line", "img"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.found += [known[name] or "" for name in ("title", "aria-label", "placeholder") if name in known]
        if tag not in self.empty:
            data = "question" in (known.get("class") or "").split()
            self._open.append(tag in self.others or data or (known.get("lang") or "zh")[:2] != "zh")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.empty and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.found.append(data)


chinese_pages = [
    "",
    "boards/small?values=normalised&q=o&ranks=filtered",
    "boards/chinese",
    "models",
    "model?name=org/good-7b",
    "benchmarks",
    "benchmark?name=mmlu/harness",
    "runs",
    "runs/cccccccccccc",
    "runs/cccccccccccc/samples",
    "runs/cccccccccccc/samples/2",
    "compare?run=aaaaaaaaaaa0&run=bbbbbbbbbbb0",
    "about",
    "nowhere",
    "boards/absent",
    "boards/small?columns=absent",
    "runs?page=0&colour=red",
    "runs/absent",
    "runs/cccccccccccc/samples/999",
    "compare?run=aaaaaaaaaaa0&run=aaaaaaaaaaa0",
]


@pytest.mark.parametrize("page", chinese_pages)
def test_a_chinese_page_holds_no_english_sentence(client: TestClient, page: str) -> None:
    # what strangers wrote, names, and what is told to who writes a board's file
    others = (
        SCRIPT,
        "Two columns, as",
        "Small <b>board</b>",
        "Open LLM Leaderboard",
        "there is no benchmark",
        "did you mean",
    )
    for text in _Prose(client.get(f"/zh/{page}").text).found:
        for name in others:
            text = text.replace(name, "")
        assert not re.search(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z']+){2,}", text), text


def test_from_question_to_question_a_chinese_reader_goes_by_question_not_by_page(client: TestClient) -> None:
    page = client.get("/zh/runs/aaaaaaaaaaa0/samples/3").text
    assert "上一题" in page
    assert "下一题" in page
    assert "上一页" not in page


def test_what_is_damaged_is_said_in_chinese_without_the_folder_of_the_server(
    client: TestClient, live: LiveStore
) -> None:
    (live.store.path / "runs" / "aaaaaaaaaaa0" / "scores.json").write_text("rubbish")
    live.refresh()
    page = client.get("/zh/runs/aaaaaaaaaaa0").text
    assert "runs/aaaaaaaaaaa0/scores.json 已损坏" in page
    assert str(live.store.path) not in page
    assert "runs/aaaaaaaaaaa0/scores.json is damaged" in client.get("/en/runs/aaaaaaaaaaa0").text


def test_json_is_in_english(client: TestClient) -> None:
    board = client.get("/api/v1/boards/small").json()
    assert board["formula"].startswith("Score = ")
    assert client.get("/api/v1/runs", params={"page": 0}).json()["detail"].endswith("page must be 1 or more.")
