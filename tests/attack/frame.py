"""One attack: an input made to harm, the command that meets it, and how that has to end.

Each test file has a table of them; a row is all that a new one takes.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.conftest import Commands

SECONDS = 5
"""Of processor time that a command may take."""

MEMORY = 1 << 30
"""Bytes of address space that it may take beyond those of its interpreter and libraries."""

LIMITS = f"""
import pathlib, resource, signal
statm = pathlib.Path("/proc/self/statm")
if statm.exists():
    size = int(statm.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + {MEMORY}, size + {MEMORY}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS + 1}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
signal.alarm(120)  # for one that waits for ever
"""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Attack:
    """A row of a table."""

    name: str
    make: Callable[[Path], object]
    """Makes the input in a folder that has `store` and `hub` of `ground`."""

    words: str
    """The command line behind `leaderbench`, run in that folder."""

    code: int = 2
    """The exit code: 2 where the input is what the command is about, 0 where it is one among others."""

    says: str = ""
    """A pattern of what is printed, on either stream."""

    before: str = ""
    """Python that its process executes first: what is wrong with the machine, where that is the attack."""


def contained(attack: Attack, command: Commands) -> None:
    """Fail unless the attack ends as its row says: no traceback, no surprise, within time and memory."""
    attack.make(command.folder)
    ending = command(*shlex.split(attack.words), before=LIMITS + attack.before)
    printed = ending.out + ending.err
    assert ending.code == attack.code, f"exit code {ending.code}: {printed[-2000:]}"
    assert "Traceback" not in printed, printed[-2000:]
    assert "Unexpected" not in printed, printed[-2000:]
    assert not CONTROL.search(printed), ascii(printed[-2000:])
    # Sentences break where a terminal ends.
    assert re.search(attack.says, " ".join(printed.split())), printed[-2000:]
