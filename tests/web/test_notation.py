"""Numbers and moments as each language writes them."""

import re

import pytest
from babel import Locale
from babel.numbers import format_decimal

from leaderbench.web import words
from leaderbench.web.drawing import number, signed
from leaderbench.web.notation import moment, notations, percent, whole

languages = sorted(words.languages)


def plain(text: str) -> str:
    """What a reader sees of a `<time>`."""
    return re.sub(r"<[^>]*>", "", text)


def test_every_language_of_the_site_has_a_notation() -> None:
    assert notations.keys() == words.languages.keys()


def test_a_moment_is_in_utc_to_the_minute_in_each_language() -> None:
    assert plain(moment("en", "2026-11-24T13:58:04+00:00")) == "24 Nov 2026, 13:58 UTC"
    assert plain(moment("zh", "2026-11-24T13:58:04+00:00")) == "2026年11月24日 13:58 UTC"
    assert plain(moment("en", "2026-11-24T01:30:00+08:00")) == "23 Nov 2026, 17:30 UTC"


def test_a_day_is_a_day() -> None:
    assert moment("zh", "2026-01-02") == '<time datetime="2026-01-02">2026年1月2日</time>'
    assert moment("en", "2026-01-02T23:00:00+00:00", day=True) == '<time datetime="2026-01-02">2 Jan 2026</time>'


def test_a_machine_can_read_a_moment() -> None:
    assert 'datetime="2026-11-23T17:30:00Z"' in moment("zh", "2026-11-24T01:30:00+08:00")


@pytest.mark.parametrize("text", ["", "yesterday", "<b>2026</b>", "0001-01-01T00:00:00+14:00", "2026-13-01T00:00:00"])
def test_what_is_no_time_stays_a_text_that_a_page_escapes(text: str) -> None:
    found = moment("zh", text)
    assert type(found) is str
    assert found == text


def test_numbers_are_grouped_and_shares_have_their_sign() -> None:
    assert [whole(language, 11766) for language in languages] == ["11,766", "11,766"]
    assert percent("en", 0.9321) == "93.2\N{NO-BREAK SPACE}%"
    assert percent("zh", 0.9321) == "93.2%"
    assert percent("zh", None) == "–"


@pytest.mark.parametrize("language", languages)
@pytest.mark.parametrize("value", [0.04, 3.0, 58.94, 1234.56, 9876543.21])
def test_scores_without_babel_are_what_babel_writes(language: str, value: float) -> None:
    """Boards have too many cells to ask Babel for each; a language that writes them otherwise needs that, though."""
    locale = Locale.parse(notations[language].locale)
    assert number(value, share=False) == format_decimal(value, "#,##0.00" if value < 10 else "#,##0.0", locale)
    assert signed(-value, share=False).lstrip("−") == format_decimal(value, "#,##0.0", locale)
