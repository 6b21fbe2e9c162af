"""A report in the terminal, as JSON and as a file."""

import io
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from leaderbench.cli import reports, terminal
from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report.values import Bar, Flips, Report, Table
from tests.explain.report import sample_reports


@pytest.fixture(params=[80])
def printed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is printed on a terminal of that width."""
    stream = io.StringIO()
    console = Console(file=stream, width=request.param, highlight=False, force_terminal=True, color_system=None)
    monkeypatch.setattr(terminal, "stdout", lambda: console)
    return stream


def one_table(table: Table) -> Report:
    """A report of that table alone."""
    return Report("title", "Answer.", (table,))


def lines(stream: io.StringIO) -> list[str]:
    """What was printed, without the spaces at the ends."""
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_the_answer_comes_first_then_tables_and_facts(printed: io.StringIO) -> None:
    reports.print_report(sample_reports.plain_report())
    text = printed.getvalue()
    order = ("The score falls", "What each cause contributes", "Is the gap real?", "Questions that flipped", "14,042")
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert places[0] == 0
    assert "Only on the page" not in text


def test_bars_run_from_a_common_zero_to_both_sides(printed: io.StringIO) -> None:
    rows = (("up", Bar(4.0, 3.0, 5.0)), ("down", Bar(-2.0, -3.0, -1.0)), ("none", Bar(math.nan, math.nan, math.nan)))
    reports.print_report(one_table(Table("t", ("cause", "points"), rows)))
    up, down, none = (line for line in lines(printed) if line.strip().startswith(("up", "down", "none")))
    assert up.index("│") == down.index("│")
    assert up.index("█") == up.index("│") + 1
    assert down.rindex("█") == down.index("│") - 1
    assert 2 * up.count("█") + up.count("▌") == 4 * down.count("█") + 2 * down.count("▐")
    assert "+4.0  +3.0 to +5.0" in up
    assert "−2.0  −3.0 to −1.0" in down
    assert none.endswith("–")


@pytest.mark.parametrize("values", [(1.0, 2.0), (-1.0, -2.0), (0.0, 0.0), (1e-9, -1e9), (math.nan,)])
@pytest.mark.parametrize("width", [10, 24])
def test_bars_keep_within_their_width(values: tuple[float, ...], width: int) -> None:
    column = tuple(Bar(value, math.nan, math.nan) for value in values)
    for ascii_only in (False, True):
        drawn = reports.drawn_bars(column, width, ascii_only=ascii_only)
        assert all(len(text.plain.rstrip()) <= width for text in drawn)


@pytest.mark.parametrize("printed", [40, 60, 80, 120], indirect=True)
def test_a_report_fits_the_terminal(printed: io.StringIO, request: pytest.FixtureRequest) -> None:
    reports.print_report(sample_reports.plain_report())
    width = request.node.callspec.params["printed"]
    assert max(map(len, printed.getvalue().splitlines())) <= width
    assert "…" not in printed.getvalue()


@pytest.mark.parametrize("printed", [30], indirect=True)
def test_a_table_without_room_becomes_blocks_that_lose_nothing(printed: io.StringIO) -> None:
    rows = (("prompt template", Bar(1.0, 0.5, 1.5), 12, "a long sentence"), ("other", Bar(-1.0, -2.0, 0.0), None, None))
    reports.print_report(one_table(Table("t", ("cause", "points", "flips", "why"), rows)))
    text = " ".join(printed.getvalue().split())
    assert "cause: prompt template points: +1.0 (+0.5 to +1.5) flips: 12 why: a long sentence cause: other" in text


def test_flips_are_ten_lines_and_where_the_rest_is(printed: io.StringIO) -> None:
    reports.print_report(sample_reports.plain_report())
    text = " ".join(printed.getvalue().split())
    assert "us_foreign_policy/9" in text
    assert "us_foreign_policy/10" not in text
    assert "C ✓ → B ✗" in text
    assert "2e-5 → 0.1 yes" in text
    assert "10 of 1,342 flips. --html FILE shows both prompts of 12" in text
    assert "The store has all." in text


def test_no_flips_is_said(printed: io.StringIO) -> None:
    reports.print_report(Report("t", "a", (Flips("Flips", (), 0),)))
    assert "0 flips." in printed.getvalue()


def test_a_terminal_without_unicode_gets_plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    console = Console(file=stream, width=80, highlight=False)
    monkeypatch.setattr(terminal, "stdout", lambda: console)
    reports.print_report(sample_reports.plain_report())
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert "C right -> B wrong" in text
    assert "###|" in text


def test_hostile_texts_neither_move_the_terminal_nor_count_as_markup(printed: io.StringIO) -> None:
    texts = ("[bold]x[/bold]", "\x1b[2J\x07", "\u202e", "\udc80", "a\nb", "[/]", "\\")
    rows = tuple((text, Bar(1.0, 0.0, 2.0), text) for text in texts)
    table = Table(texts[0], (*texts[:2], texts[4]), rows, texts[5])
    flips = Flips(texts[1], tuple(sample_reports.hostile_flip(text, text) for text in texts), 9, texts[0])
    reports.print_report(Report(texts[0], " ".join(texts), (table, flips), ((texts[0], texts[1]),)))
    text = printed.getvalue()
    text.encode()
    assert "[bold]x[/bold]" in text
    assert "\x1b[2J" not in text
    assert "␛[2J␇" in text
    assert "\u202e" not in text
    assert "a⏎b" in text


def test_a_pipe_gets_wide_lines(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    reports.print_report(replace(sample_reports.plain_report(), answer="word " * 38))
    assert max(map(len, capfdbinary.readouterr().out.decode().splitlines())) > 150


def test_json_has_every_section_and_nothing_that_json_lacks() -> None:
    made: Any = reports.report_as_json(sample_reports.plain_report())
    text = json.dumps(made, allow_nan=False)
    assert json.loads(text) == made
    kinds = [section["kind"] for section in made["sections"]]
    assert kinds == ["chart"] * 7 + ["table", "table", "text", "flips"]
    table, flips = made["sections"][7], made["sections"][10]
    assert table["rows"][0][1] == {"value": 2.0, "low": 1.2, "high": 2.8, "digits": 1, "signed": False}
    assert table["rows"][2][1]["low"] is None
    assert flips["total"] == 1342
    assert flips["flips"][0]["a"]["right"] is True
    assert made["facts"][0] == {"name": "model", "value": "llama-65b"}


def test_a_report_is_written_and_the_place_is_said(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "a report.html"
    path.write_text("old")
    reports.write_html(sample_reports.hostile_report(), path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [item.name for item in tmp_path.iterdir()] == ["a report.html"]
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.decode() == f"Report: {path}\n"


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target.html", tmp_path / "link.html"
    target.write_text("old")
    link.symlink_to(target)
    reports.write_html(Report("t", "a", ()), link)
    assert link.is_symlink()
    assert target.read_text().startswith("<!DOCTYPE html>")


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LeaderbenchError, match=r"^There is no folder .*/absent for the report: create it or"):
        reports.write_html(Report("t", "a", ()), tmp_path / "absent" / "report.html")


def test_a_folder_in_place_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LeaderbenchError, match="is a folder: give --html the name of a file in it"):
        reports.write_html(Report("t", "a", ()), tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LeaderbenchError, match="is denied: change its permissions or give another --html FILE"):
            reports.write_html(Report("t", "a", ()), tmp_path / "report.html")
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_without_space_is_one_sentence_and_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes, offset: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr("leaderbench.results.files.write_all", full)
    with pytest.raises(LeaderbenchError, match="no space left"):
        reports.write_html(Report("t", "a", ()), path)
    assert path.read_text() == "old"
