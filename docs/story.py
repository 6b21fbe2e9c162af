"""Fill the outputs shown in docs/why.md from real runs of the commands above them: `make story`.

A block is written as

    <!-- run: leaderbench … | lines 1-12 -->
    ```console
    ```

and shows these lines of what the command prints in 80 columns. A test runs the same commands and compares.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent / "why.md"
BLOCK = re.compile(
    r"<!-- run: (?P<command>.+?) \| lines (?P<first>\d+)-(?P<last>\d+) -->\n```console\n(?P<shown>.*?)```", re.DOTALL
)
SETUP = "leaderbench demo --no-progress"
"""What a reader has done before: the demo's runs are in the store that the commands name."""


@dataclass(frozen=True, slots=True)
class Block:
    """A command and what the page shows of its output."""

    command: str
    first: int
    last: int
    shown: str

    def filled(self, output: str) -> str:
        """The block as it should be, from the command's whole output."""
        lines = [line.rstrip() for line in output.splitlines()][self.first - 1 : self.last]
        cut = [] if len(output.splitlines()) <= self.last else ["…"]
        return "\n".join([f"$ {self.command}", *lines, *cut]) + "\n"


def blocks(text: str) -> list[Block]:
    """All blocks of a page, in order."""
    return [
        Block(found["command"], int(found["first"]), int(found["last"]), found["shown"])
        for found in BLOCK.finditer(text)
    ]


def run(command: str, folder: Path) -> str:
    """What a command prints, run in this folder in a terminal of 80 columns."""
    environment = os.environ | {
        "COLUMNS": "80",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(command.split(), cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def outputs(text: str, folder: Path) -> dict[str, str]:
    """The output of every command of a page, each run once, after the demo."""
    run(SETUP, folder)
    return {command: run(command, folder) for command in dict.fromkeys(block.command for block in blocks(text))}


def main() -> None:
    """Write the page anew."""
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        printed = outputs(text, Path(folder))

    def fill(found: re.Match[str]) -> str:
        block = Block(found["command"], int(found["first"]), int(found["last"]), "")
        head = found[0].partition("```console\n")[0]
        return f"{head}```console\n{block.filled(printed[block.command])}```"

    PAGE.write_text(BLOCK.sub(fill, text), encoding="utf-8")


if __name__ == "__main__":
    main()
