"""Texts of strangers move neither a terminal nor a page."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.text.visible import Guarded, in_json, one_line, visible


@given(st.text(st.characters()))
def test_a_visible_text_has_nothing_that_moves_a_terminal_or_breaks_an_encoding(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not {character for character in shown if ord(character) < 32} - {"\n", "\t"}
    assert not set(shown) & {"\x7f", "\x9b", "\x85", "\u200f", "\u202e", "\u2028", "\u2066"}
    assert not set(one_line(text)) & {"\n", "\t", "\r"}
    assert len(one_line(text).splitlines()) <= 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_json_keeps_its_values_and_shows_no_control_character(value: dict[str, object]) -> None:
    document = in_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(document) == value
    assert visible(document) == document


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\x1b[2Jb\x07\n", "a␛[2Jb␇\n"),
        ("\r 40 %|\x1b[1A", "\r 40 %|␛[1A"),
        ("\r", "\r"),
        ("\n\x1b[A\x1b[A", "\n\x1b[A\x1b[A"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
    ],
)
def test_a_guarded_stream_writes_visible_text_and_lets_progress_bars_move(written: str, shown: str) -> None:
    stream = io.StringIO()
    guarded = Guarded(stream)
    assert guarded.write(written) == len(written)
    guarded.flush()
    assert stream.getvalue() == shown
