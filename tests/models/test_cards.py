"""Model cards as they are found: well-formed, careless and hostile."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models.cards import Card, longest_block, parse_card, plain, read_card
from leaderbench.models.facts import Commercial
from leaderbench.models.languages import language
from leaderbench.models.licences import licence, together


def card(head: str) -> Card:
    return parse_card(f"---\n{head}\n---\n\n# Model\n")


def test_the_head_is_read() -> None:
    assert card(
        """license: apache-2.0
license_link: https://example.org/LICENSE
language:
- en
- zh
datasets: [wikipedia, "c4"]
base_model: Qwen/Qwen2.5-0.5B
base_model_relation: finetune
tags:
  - Chat
  - trl
pipeline_tag: text-generation
library_name: transformers
date: 2024-09-19"""
    ) == Card(
        licences=("apache-2.0",),
        licence_link="https://example.org/LICENSE",
        languages=("en", "zh"),
        datasets=("wikipedia", "c4"),
        base_models=("Qwen/Qwen2.5-0.5B",),
        relation="finetune",
        tags=("chat", "trl"),
        task="text-generation",
        library="transformers",
        date="2024-09-19",
        has_head=True,
    )


def test_norwegian_is_a_language_and_not_false() -> None:
    assert card("language:\n- no\n- on\n- en").languages == ("no", "en")


def test_numbers_and_dates_stay_texts() -> None:
    assert card("license: 3.10\ntags: [2024-01-01, 1e3]").licences == ("3.10",)


def test_a_named_licence_stands_in_the_place_of_other() -> None:
    assert card("license: other\nlicense_name: qwen-research").licences == ("qwen-research",)


def test_one_malformed_entry_leaves_the_others() -> None:
    found = card("license: mit\ntags: [unclosed\nmodel-index:\n  - {broken: [\nlanguage: en")
    assert (found.licences, found.tags, found.languages) == (("mit",), (), ("en",))


@pytest.mark.parametrize(
    "value", ["{a: b}", "[{a: b}, [c]]", "", "null", "~", "!!python/object:os.system {}", "&a *a", "*b"]
)
def test_a_value_of_the_wrong_kind_is_absent(value: str) -> None:
    found = card(f"license: {value}\nlanguage: en")
    assert (found.licences, found.languages) == ((), ("en",))


def test_items_of_the_wrong_kind_are_left_out_of_a_list() -> None:
    assert card("datasets:\n- c4\n- {x: 1}\n- [y]\n- null\n- pile").datasets == ("c4", "pile")


def test_an_entry_that_is_too_long_is_absent_and_costs_nothing_else() -> None:
    long = "\n".join(f"- tag-{number}" for number in range(longest_block))
    found = card(f"tags:\n{long}\nlicense: mit")
    assert (found.tags, found.licences) == ((), ("mit",))


def test_thousands_of_lines_of_results_are_passed_over() -> None:
    results = "\n".join(f"  - metric: {{value: {number}" for number in range(20_000))
    assert card(f"model-index:\n{results}\nlicense: mit").licences == ("mit",)


def test_nested_brackets_without_end_are_absent() -> None:
    assert card("tags: " + "[" * 15_000 + "\nlicense: mit") == Card(licences=("mit",), has_head=True)


def test_references_that_grow_are_not_followed() -> None:
    bomb = "tags:\n- &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
        f"- &{chr(98 + step)} [{', '.join([f'*{chr(97 + step)}'] * 9)}]" for step in range(20)
    )
    assert card(f"{bomb}\nlicense: mit").tags == ()


def test_markup_stays_text_on_one_line() -> None:
    found = card('license: "<script>alert(1)</script>\\n\\u202e\\x1b[31mx"')
    assert found.licences == ("<script>alert(1)</script> [31mx",)


@pytest.mark.parametrize("text", ["", "# no head", "---", "---\nlicense: mit", "<html>---</html>", "\0" * 100])
def test_a_readme_without_a_whole_head_is_an_empty_card(text: str) -> None:
    assert parse_card(text) == Card()


@pytest.mark.parametrize(
    "text", ["\ufeff---\r\nlicense: mit\r\n---\r\n", "\n\n---\nlicense: mit\n---", "---  \nlicense : mit\n---  "]
)
def test_marks_line_ends_and_blanks_do_not_matter(text: str) -> None:
    assert parse_card(text).licences == ("mit",)


def test_the_last_of_two_entries_counts() -> None:
    assert card("license: mit\nlicense: apache-2.0").licences == ("apache-2.0",)


def test_a_readme_that_is_none_is_an_empty_card(tmp_path: Path) -> None:
    (tmp_path / "README.md").mkdir()
    assert read_card(tmp_path / "README.md") == read_card(tmp_path / "none.md") == Card()
    (tmp_path / "bytes.md").write_bytes(b"---\nlicense: mit\ntags: [\xff\xfe]\n---")
    assert read_card(tmp_path / "bytes.md").licences == ("mit",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-30", ""),
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T10:00", "2024-02-29"),
        ("2024", "2024"),
        ("soon", ""),
    ],
)
def test_only_real_dates_count(text: str, expected: str) -> None:
    assert card(f"date: {text}").date == expected


@given(st.text(max_size=400))
def test_any_text_is_a_readme(text: str) -> None:
    parse_card(text)
    parse_card(f"---\n{text}\n---\n")


HEADS = st.lists(
    st.tuples(
        st.sampled_from(["license", "language", "tags", "base_model", "datasets", "date", "x"]),
        st.text(alphabet="ab-[]{}:,&*!|>'\"\n# \t%@`~?0", max_size=30),
    ),
    max_size=6,
)


@given(HEADS)
def test_any_head_is_read_as_texts_on_one_line(entries: list[tuple[str, str]]) -> None:
    found = card("\n".join(f"{key}: {value}" for key, value in entries))
    for text in (*found.licences, *found.tags, *found.base_models, *found.datasets):
        assert text
        assert text == plain(text)


@given(st.text(max_size=300))
def test_a_plain_text_has_no_control_characters_and_an_end(text: str) -> None:
    shown = plain(text, 50)
    assert shown.isprintable()
    assert len(shown) <= 50
    assert plain(shown, 50) == shown


@pytest.mark.parametrize(
    ("text", "code"),
    [("en", "en"), ("English", "en"), ("zh-Hans", "zh"), ("pt_BR", "pt"), ("eng_Latn", "eng"), ("CODE", "code")]
    + [("xx", None), ("klingon", None), ("", None), ("12", None), ("中文", "zh")],
)
def test_a_language_is_known_by_code_and_name(text: str, code: str | None) -> None:
    assert language(text) == code


@pytest.mark.parametrize(
    ("text", "name", "commercial"),
    [
        ("apache-2.0", "Apache-2.0", Commercial.YES),
        ("Apache 2.0", "Apache-2.0", Commercial.YES),
        ("MIT License", "MIT", Commercial.YES),
        ("gpl-3.0", "GPL-3.0", Commercial.YES),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0", Commercial.NO),
        ("cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0", Commercial.NO),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0", Commercial.YES),
        ("llama3.1", "Llama-3.1", Commercial.RESTRICTED),
        ("llama-3.1-community-license", "Llama-3.1", Commercial.RESTRICTED),
        ("llama3", "Llama-3", Commercial.RESTRICTED),
        ("gemma", "Gemma", Commercial.RESTRICTED),
        ("bigscience-bloom-rail-1.0", "BigScience-BLOOM-RAIL-1.0", Commercial.RESTRICTED),
        ("qwen-research", "Qwen-Research", Commercial.NO),
        ("tongyi-qianwen-license-agreement", "tongyi-qianwen-license-agreement", Commercial.UNKNOWN),
        ("mrl", "Mistral-Research", Commercial.NO),
        ("my own words", "my own words", Commercial.UNKNOWN),
    ],
)
def test_a_licence_has_its_name_and_says_whether_a_business_may(text: str, name: str, commercial: Commercial) -> None:
    found = licence(text)
    assert found is not None
    assert (found.name, found.commercial) == (name, commercial)
    assert found.reason


@pytest.mark.parametrize("text", ["other", "unknown", "", "  ", "None"])
def test_a_licence_that_says_nothing_is_none(text: str) -> None:
    assert licence(text) is None


def test_several_licences_are_as_strict_as_the_strictest() -> None:
    found = together(["mit", "other", "cc-by-nc-4.0", "MIT"])
    assert found is not None
    assert (found.name, found.commercial) == ("MIT AND CC-BY-NC-4.0", Commercial.NO)
    assert together(["other"]) is None


@given(st.text(max_size=50))
def test_any_text_is_a_licence_or_none(text: str) -> None:
    found = licence(text)
    assert found is None or licence(found.name) == replace(found)
