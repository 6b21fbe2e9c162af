"""The page of a report, as text."""

import base64
import hashlib
import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderbench.explain.report import html
from leaderbench.explain.report.values import Bar, Chart, Flip, Flips, Report, Table, Text, Version
from tests.explain.report import sample_reports


class Page(HTMLParser):
    """Tags and texts of a page as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.inside: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.raw:
            self.inside.append(tag)
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.raw[self.inside[-1]][-1] += data
        else:
            self.text += data

    def count(self, tag: str) -> int:
        """How many elements of that name there are."""
        return sum(name == tag for name, _ in self.tags)


def one_section(*sections: Table | Chart | Flips | Text) -> Page:
    """The page of a report with these sections."""
    return Page(html.to_html(Report("title", "answer", sections)))


def one_flip(a: Version, b: Version, *, near_tie: bool = False, total: int = 1) -> str:
    """A page with a single flip, as text."""
    flips = Flips("Flips", (Flip("anatomy/1", "boundary", near_tie, "C", a, b),), total, "See the store.")
    return html.to_html(Report("title", "answer", (flips,)))


def version(**fields: object) -> Version:
    """A version with some fields set."""
    return replace(Version("mmlu/original", "Question?\nAnswer:", "A", True, 0.5), **fields)


def test_hostile_texts_add_no_element_and_stay_readable() -> None:
    plain = Page(html.to_html(sample_reports.plain_report()))
    page = Page(html.to_html(sample_reports.hostile_report()))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"ins"}
    assert page.count("script") == plain.count("script")
    assert {name for _, attributes in page.tags for name in attributes} <= {
        name for _, attributes in plain.tags for name in attributes
    }
    for text in sample_reports.hostile[:6]:
        assert text in page.text
    assert "␛[31m" in page.text
    assert "\\ud83d" in page.text


def everywhere(word: str) -> Page:
    """A page with this text in every place of a report but charts."""
    sections = (
        Text(word, (word,)),
        Table(word, (word, "n"), ((word, 1),), word),
        Flips(word, (Flip(word, word, True, word, version(prompt=word), version(answer=word)),), 1, word),
    )
    return Page(html.to_html(Report(word, word, sections, ((word, word),))))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_no_text_breaks_out(text: str) -> None:
    by_prompt = ("pre", "details", "summary", "del", "ins", "div", "span")  # these depend on how prompts differ
    calm, wild = (
        [tag for tag, _ in page.tags if tag not in by_prompt] for page in (everywhere("x"), everywhere(f"x{text}"))
    )
    assert wild == calm


def test_the_same_report_gives_the_same_page() -> None:
    assert html.to_html(sample_reports.plain_report()) == html.to_html(sample_reports.plain_report())


def test_a_page_names_no_address_that_a_browser_would_fetch() -> None:
    page = Page(html.to_html(sample_reports.plain_report()))
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert (attributes.get(name) or "data:,") == "data:,"
    (style,) = page.raw["style"]
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_exactly_the_scripts_and_the_style_of_the_page() -> None:
    text = html.to_html(sample_reports.plain_report())
    page = Page(text)
    policy = next(tag["content"] for name, tag in page.tags if name == "meta" and "http-equiv" in tag)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    kinds = [tag.get("type") for name, tag in page.tags if name == "script"]
    run = [content for kind, content in zip(kinds, page.raw["script"], strict=True) if kind is None]
    for content in (*run, *page.raw["style"]):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.count("sha256") == len(run) + 1


def test_vega_comes_along_only_where_there_is_a_chart() -> None:
    without = html.to_html(replace(sample_reports.plain_report(), sections=()))
    assert len(without) < 40_000
    assert len(html.to_html(sample_reports.plain_report())) > 800_000


def test_the_bundle_cannot_end_its_script() -> None:
    assert "</script" not in html.vega().lower()
    assert "<!--" not in html.vega()


def test_chart_data_comes_out_as_it_went_in() -> None:
    spec = {"data": {"values": [{"a": "</script><!--&\u2028\udc80", "b": math.nan, "c": [1, 2.5, None, True]}]}}
    page = one_section(Chart("title", spec, "description"))
    (found,) = [json.loads(content) for content in page.raw["script"] if content.startswith("{")]
    assert found == {"data": {"values": [{"a": "</script><!--&\u2028\udc80", "b": None, "c": [1, 2.5, None, True]}]}}


def test_tables_are_tables() -> None:
    rows = (("a", Bar(-1, -2, 0.5), 1000), ("b", None, None))
    page = one_section(Table("By cause", ("cause", "points", "n"), rows, "Note."))
    heads = [tag for name, tag in page.tags if name == "th"]
    assert [tag["scope"] for tag in heads] == ["col", "colgroup", "col", "row", "row"]
    assert "−1.0" in page.text
    assert "−2.0 to +0.5" in page.text
    assert "1,000" in page.text
    assert "Note." in page.text


def test_an_empty_table_says_so() -> None:
    assert "Nothing to list." in one_section(Table("t", ("a",), ())).text


def test_bars_of_a_column_share_a_scale() -> None:
    table = Table("t", ("points",), ((Bar(-2, -3, -1),), (Bar(1, math.nan, math.nan),), (Bar(math.nan, 0, 1),)))
    drawn = [row[0].drawing for row in html.grid(table).rows]
    assert drawn == [
        html.Drawing(start=32, width=56, zero=88, below=True, whisker=(4, 60)),
        html.Drawing(start=88, width=28, zero=88, below=False, whisker=None),
        None,
    ]


def test_a_flip_shows_both_answers_by_word_margins_and_the_target() -> None:
    a, b = version(answer="B", right=False, margin=0.0003), version(name="mmlu/helm", answer="C", margin=math.nan)
    text = Page(one_flip(a, b, near_tie=True, total=5)).text
    for words in ("anatomy/1", "✗ wrong", "✓ right", "0.00030 ahead", "margin unknown", "Right answer: C", "near tie"):
        assert words in text
    assert "1 of 5 questions are listed. See the store." in text


def test_all_listed_is_said() -> None:
    assert "1 question, all listed." in Page(one_flip(version(), version())).text
    assert "0 questions." in one_section(Flips("Flips", (), 0)).text


def test_what_differs_is_marked_with_spaces_visible() -> None:
    text = one_flip(version(prompt="Q:  x\n"), version(prompt="Q: x\n"))
    assert "<del>··</del>" in text
    assert "<ins>·</ins>" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\n\n", "⏎\n⏎\n"),
        (" a b ", "·a b·"),
        ("a  b", "a··b"),
        ("\ta", "→\ta"),
        ("a\u00a0b", "a⍽b"),
        ("a\nb", "a\nb"),
    ],
)
def test_spaces_that_are_easily_overlooked_are_drawn(text: str, shown: str) -> None:
    assert html.marked(text) == shown


def test_a_line_break_at_the_start_of_a_prompt_is_kept() -> None:
    text = one_flip(version(prompt="\nQ"), version(prompt="\nQ"))
    assert '<pre class="prompt shared">\n\nQ</pre>' in text


def test_shared_shots_are_folded_and_the_question_stays_in_sight() -> None:
    item = sample_reports.flip(0)
    found = html.passages(item)
    folded = [passage for passage in found if passage.folded]
    assert len(folded) == 1
    assert folded[0].summary == f"{folded[0].text.count(chr(10))} lines that both prompts share"
    assert found[-1].text.endswith("Answer:")
    assert "Which of these statements is true of item 0?" in found[-1].text


def test_prompts_are_stored_once_where_they_are_the_same() -> None:
    prompt = sample_reports.prompt(1)
    page = one_flip(version(prompt=prompt), version(prompt=prompt))
    assert page.count("Answer: A") == prompt.count("Answer: A")


@pytest.mark.parametrize("text", ["x y. \n", "字典 \n", "<&>'\"\n", "\x00\x01\n"])
def test_any_prompts_keep_a_page_below_5_mb(text: str) -> None:
    prompts = [text * (20_000 // len(text)), text[::-1] * (20_000 // len(text))]
    flip = Flip("x", "c", False, "A", version(prompt=prompts[0]), version(prompt=prompts[1]))
    page = html.to_html(Report("t", "a", (*sample_reports.all_charts(), Flips("f", (flip,) * 300, 300))))
    assert len(page.encode()) < 5_000_000
    assert "characters are not shown" in page


def test_300_flips_of_mmlu_are_below_5_mb_whole() -> None:
    page = html.to_html(sample_reports.large_report())
    assert len(page.encode()) < 5_000_000
    assert "characters are not shown" not in page
