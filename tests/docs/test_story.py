"""Every number of "Why do two scores differ?" is what the commands on that page print."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "why.md"
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_story", PAGE.parent / "story.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_story"] = module
    spec.loader.exec_module(module)
    return module


story = load()


def numbers(text: str) -> list[float]:
    return [float(item.replace(",", "").replace("−", "-")) for item in NUMBER.findall(text)]


def words(text: str) -> list[str]:
    """What is left without numbers and bars: how a number is written moves columns, and a bar follows its number."""
    return re.sub(r"[^\w%→ ]", " ", NUMBER.sub("N", text)).split()


def test_every_output_shown_is_what_its_command_prints(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    printed = story.outputs(text, tmp_path)
    for block in story.blocks(text):
        now = block.filled(printed[block.command])
        assert words(block.shown) == words(now), f"{block.command}: run `make story`"
        # Another processor may turn a near tie: one question of 360 is 0.3 points.
        assert numbers(block.shown) == pytest.approx(numbers(now), abs=1.0), f"{block.command}: run `make story`"


def test_every_number_of_the_prose_stands_in_an_output() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = " ".join(block.shown for block in story.blocks(text)).replace("−", "-")
    prose = re.sub(r"```.*?```|<!--.*?-->|`[^`]*`", "", text, flags=re.DOTALL).partition("## The formulas")[0]
    for number in re.findall(r"[-+−]?\d+(?:\.\d+)?(?= %| points| questions)", prose):
        assert number.lstrip("+−-") in shown, number


def test_the_test_of_numbers_can_fail() -> None:
    assert numbers("−26.4 to +1,000 (95 %)") == [-26.4, 1000.0, 95.0]
    assert words("scoring −26.4 ███│ p < 0.1") == ["scoring", "N", "p", "N"]
