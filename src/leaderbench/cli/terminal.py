"""Writing to the terminal: stdout for results, stderr for everything else."""

import json
import logging
import math
import sys
from typing import IO, TYPE_CHECKING, Any

from leaderbench.records import finite
from leaderbench.text.visible import Guarded, in_json, one_line, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

PIPE_WIDTH = 200
"""Columns of a table that goes into a pipe or a file, where no terminal says how wide it is."""


def guard() -> None:
    """Make everything that is printed from now on visible, whoever prints it: logs, warnings, errors, libraries."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, Guarded):
            setattr(sys, name, Guarded(stream))
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_OneLine())


class _OneLine(logging.Formatter):
    """A logged message as one line, so that no name in it can begin another one."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.exc_info else one_line(text)


def stdout() -> "Console":
    """For tables and sentences that are the result of a command."""
    return _console(stderr=False)


def stderr() -> "Console":
    """For progress and remarks."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    """A console whose own colours and moves reach the terminal, and nothing of the kind that stands in a text."""
    from rich.console import Console
    from rich.segment import Segment

    class Visible(Console):
        @property
        def file(self) -> IO[str]:
            stream = super().file
            return stream.unguarded if isinstance(stream, Guarded) else stream

        @file.setter
        def file(self, stream: IO[str]) -> None:
            self._file = stream

        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704  rich would end the program with code 1; `main` knows that a reader may go

        def _render_buffer(self, buffer: "Iterable[Segment]") -> str:
            return super()._render_buffer(
                segment if segment.control else Segment(visible(segment.text), segment.style) for segment in buffer
            )

    console = Visible(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in console._environ:
        console.width = PIPE_WIDTH
    return console


def label(text: str) -> str:
    """A text that others chose, such as a name, as it may stand in a line or a cell: one line, without markup."""
    from rich.markup import escape

    return escape(one_line(text))


def warn(sentence: str) -> None:
    """A note or a problem on stderr, in one line that no terminal cuts."""
    stderr().print(one_line(sentence), style="yellow", markup=False, soft_wrap=True)


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON text of plain values; numbers that JSON has no word for (infinities, not-a-number) become null.

    Control characters, changes of direction and lone surrogates are escaped.
    """
    return in_json(json.dumps(finite(value), ensure_ascii=False, allow_nan=False, indent=indent))


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """One JSON document on stdout, as UTF-8 whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(to_json(value, indent=indent).encode() + b"\n")


def write(text: str) -> None:
    """A document on stdout, as UTF-8 and with its own line ends; made visible where a terminal shows it."""
    sys.stdout.flush()
    shown = visible(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text
    sys.stdout.buffer.write(shown.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def percent(value: float, digits: int = 1) -> str:
    """A share as people read it: `25.4 %`; a dash where nothing was measured."""
    return "–" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def interval(low: float, high: float, digits: int = 1) -> str:
    """A 95 % interval of a share, in percent: `21.0–30.2`; a dash where nothing was measured."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{100 * low:.{digits}f}–{100 * high:.{digits}f}"
