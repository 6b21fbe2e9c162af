"""Draw the terminal picture of the README from a real run of the demo: `make picture`."""

import io
import os
import pty
import re
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

WIDTH = 100
TARGET = Path(__file__).with_name("demo.svg")
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def run_in_terminal(command: list[str]) -> str:
    """What a command writes to a terminal, with its colours."""
    child, terminal = pty.fork()
    if not child:
        os.environ |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color", "PYTHONWARNINGS": "ignore"}
        os.execvp(command[0], command)
    written = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        written += piece
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(written.decode())
    return written.decode()


def last_screen(output: str) -> str:
    """The lines as they stand in the end, live ones redrawn: new lines, lines erased and steps up are followed."""
    lines, row = [""], 0
    for piece in re.findall(r"\x1b\[\??\d*[A-Zhl]|\n|\r|\x1b\[[\d;]*m|[^\x1b\r\n]+", output):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece.endswith("A") and piece.startswith("\x1b"):
            row -= int(piece[2:-1])
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif piece != "\r" and not piece.startswith("\x1b[?"):
            lines[row] += piece
    return "\n".join(lines).strip("\n")


def picture(output: str) -> str:
    """What stood on the terminal in the end, as an SVG that fetches no font."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(last_screen(output)), soft_wrap=True)
    layout = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="leaderbench demo", code_format=layout.replace("Fira Code, monospace", FONT))


def main() -> None:
    """Run the demo in a new store and draw it."""
    with tempfile.TemporaryDirectory() as store:
        output = run_in_terminal(["leaderbench", "demo", "--store", f"{store}/demo"])
    TARGET.write_text(picture(output.replace(f"{store}/demo", "leaderbench-store/demo")), encoding="utf-8")


if __name__ == "__main__":
    main()
