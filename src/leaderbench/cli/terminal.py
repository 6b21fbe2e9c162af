"""Writing to the terminal: stdout for results, stderr for everything else."""

import json
import math
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200
"""Columns of a table that goes into a pipe or a file, where no terminal says how wide it is."""


def stdout() -> "Console":
    """For tables and sentences that are the result of a command."""
    from rich.console import Console

    return _console(Console(highlight=False, soft_wrap=False))


def stderr() -> "Console":
    """For progress and remarks."""
    from rich.console import Console

    return _console(Console(stderr=True, highlight=False))


def _console(console: "Console") -> "Console":
    if not console.is_terminal and "COLUMNS" not in console._environ:
        console.width = PIPE_WIDTH
    return console


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON text of plain values; numbers that JSON has no word for (infinities, not-a-number) become null."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """One JSON document on stdout, as UTF-8 whatever the terminal's encoding; a lone surrogate is escaped."""
    sys.stdout.flush()
    sys.stdout.buffer.write(to_json(value, indent=indent).encode("utf-8", "backslashreplace") + b"\n")


def write(text: str) -> None:
    """A document on stdout, as UTF-8 and with its own line ends, whatever the terminal's."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def percent(value: float, digits: int = 1) -> str:
    """A share as people read it: `25.4 %`; a dash where nothing was measured."""
    return "–" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def interval(low: float, high: float, digits: int = 1) -> str:
    """A 95 % interval of a share, in percent: `21.0–30.2`; a dash where nothing was measured."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{100 * low:.{digits}f}–{100 * high:.{digits}f}"
