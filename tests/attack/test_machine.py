"""Machines that fail: no room, no rights, no threads, disks with errors, odd names, writers that hold their locks."""

import errno
import os
import shlex
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attack.frame import Attack, contained
from tests.attack.ground import GOOD
from tests.attack.test_site import answers_to, get, port_of
from tests.reliability.conftest import Commands
from tests.reliability.test_kill import SLOW_FAKE
from tests.reliability.test_troubles import WITHOUT_PRIVILEGES

STORE = "--store store"
BOARD, INDEX, LIST, SHOW = f"board mmlu {STORE}", f"index --rebuild {STORE}", f"list runs {STORE}", f"show {STORE}"
IMPORT, RUN = f"import csv scores.csv {STORE}", f"run m -b exam/harness --limit 1 --no-progress {STORE}"
EXPORT, VERIFY = f"export {GOOD} --output out.jsonl {STORE}", f"verify {STORE}"
FAKE = SLOW_FAKE.format(seconds=0, between=0.0)


def table(folder: Path) -> None:
    (folder / "scores.csv").write_text("Model,MMLU\norg/new,50.1\n")


def nothing(folder: Path) -> None:
    """The ground as it is."""


def no_index(folder: Path) -> None:
    (folder / "store" / "index.db").unlink()


def limited(name: str, value: int) -> str:
    return f"import resource\nresource.setrlimit(resource.RLIMIT_{name}, ({value}, {value}))\n"


ALONE = (
    # Of a user who has one process already; the files are still those of the user who runs the tests.
    "import os\nos.chmod('.', 0o755)\nif os.getuid() == 0:\n    os.setresuid(65534, -1, -1)\n"
    + WITHOUT_PRIVILEGES
    + limited("NPROC", 1)
)

LIMITED = [
    *(
        Attack(f"no threads, {words.split()[0]}", table, words, 0, before=FAKE + ALONE)
        for words in (BOARD, SHOW, INDEX)
    ),
    *(
        Attack(f"no threads, {words.split()[0]}", table, words, code, before=FAKE + ALONE)
        for words, code in ((EXPORT, 0), (IMPORT, 0), (RUN, 0), (VERIFY, 0))
    ),
    *(
        Attack(
            f"{count} open files, {words.split()[0]}", table, words, 3, "open files", FAKE + limited("NOFILE", count)
        )
        for count in (3, 6)
        for words in (BOARD, INDEX, IMPORT, RUN)
    ),
    *(
        Attack(f"files of {size} bytes, {words.split()[0]}", table, words, 3, "", FAKE + limited("FSIZE", size))
        for size in (0, 100)
        for words in (IMPORT, RUN, EXPORT)
    ),
    # What they print goes to a file too.
    Attack("files of 100 bytes, board", table, BOARD, 3, before=limited("FSIZE", 100)),
    Attack("files of 100 bytes, index", table, INDEX, 3, before=limited("FSIZE", 100)),
    *(
        Attack(f"umask {mask:o}, {words.split()[0]}", table, words, 0, before=f"import os\nos.umask({mask})\n" + FAKE)
        for mask in (0, 0o777)
        for words in (IMPORT, RUN, INDEX, EXPORT)
    ),
]

BROKEN = """
import os, pathlib
from {module} import {owner}
whole, calls = {owner}.{name}, 0

def broken(*given, **named):
    global calls
    calls += 1
    if calls == {at}:
        raise OSError({number}, os.strerror({number}), "somewhere")
    return whole(*given, **named)

{owner}.{name} = broken
"""


def broken(owner: str, name: str, number: int, at: int = 1) -> str:
    module = "pathlib" if owner == "Path" else "builtins"
    code = BROKEN.format(module=module, owner=owner, name=name, number=number, at=at)
    return code if owner == "Path" else code.replace("from builtins import os\n", "")


ERRORS = [errno.EIO, errno.ENOSPC, errno.ESTALE, errno.EDQUOT, errno.EROFS, errno.EINTR, errno.EACCES]
CALLS = [("os", "fsync"), ("os", "pwrite"), ("Path", "replace"), ("Path", "mkdir")]
INJECTED = [
    Attack(
        f"{errno.errorcode[number]} of {name}, {words.split()[0]}",
        table,
        words,
        3,
        before=FAKE + broken(owner, name, number),
    )
    for number in ERRORS
    for owner, name in CALLS
    for words in (IMPORT, RUN)
]

ODD_NAMES = {
    "a blank": "a b",
    "Chinese": "模型",
    "a line end": "a\nb",
    "a question mark": "a?b=c#d",
    "percent signs": "%2e%2e",
    "stars": "[a]*",
    "a quote": "a'b\"c",
    "control characters": "\x1b[31m\u202e",
    "no text": os.fsdecode(b"\xff\xfe"),
    "255 bytes": "x" * 255,
    "a dash": "-rf",
    "a dollar": "$HOME",
    "a tilde": "~",
}


def moved(name: str) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        table(folder)
        (folder / "store").rename(folder / name)
        (folder / "link").symlink_to(name)

    return make


NAMES = [
    Attack(f"{name}, {words.split()[0]}", moved(text), words.replace(STORE, f"--store={shlex.quote(text)}"), 0)
    for name, text in ODD_NAMES.items()
    for words in (BOARD, IMPORT)
] + [
    Attack(f"a link, {words.split()[0]}", moved("other"), words.replace(STORE, "--store=link"), 0)
    for words in (BOARD, IMPORT, INDEX, VERIFY)
]


def places(make: Callable[[Path], object]) -> Callable[[Path], object]:
    def instead(folder: Path) -> None:
        table(folder)
        shutil.rmtree(folder / "store")
        make(folder / "store")

    return instead


STORES = [
    Attack(f"{name}, {words.split()[0]}", places(make), words, 2, says, FAKE)
    for name, make, says in (
        ("a loop", lambda path: path.symlink_to(path.name), ""),
        ("a file", Path.touch, "is a file|folder"),
        ("a pipe", os.mkfifo, "pipe|folder"),
        ("a device", lambda path: path.symlink_to("/dev/zero"), "device|folder"),
    )
    for words in (BOARD, IMPORT, RUN, INDEX)
]

CLOSED = """
import os
for folder, _, files in os.walk("store"):
    for name in files:
        os.chmod(os.path.join(folder, name), {file})
    os.chmod(folder, {folder})
"""
READ_ONLY = CLOSED.format(file=0o444, folder=0o555) + WITHOUT_PRIVILEGES
UNREADABLE = (
    "from pathlib import Path\nfor name in ('imported', 'explanations'):\n    Path('store', name).chmod(0)\n"
    + WITHOUT_PRIVILEGES
)
RIGHTS = [
    *(
        Attack(f"read only, {words.split()[0]}", table, words, 0, "org/good|", READ_ONLY)
        for words in (BOARD, LIST, SHOW, EXPORT, VERIFY)
    ),
    *(Attack(f"read only, {words.split()[0]}", table, words, 3, "denied", FAKE + READ_ONLY) for words in (IMPORT, RUN)),
    *(Attack(f"unreadable, {words.split()[0]}", table, words, 0, "org/good", UNREADABLE) for words in (LIST, SHOW)),
]

HELD = """
import ctypes, fcntl, os, signal, sqlite3
ready, tell = os.pipe()
holder = os.fork()
if not holder:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # when its parent ends
    if {path!r}.endswith(".db"):
        held = sqlite3.connect({path!r}, isolation_level=None)
        held.execute("BEGIN EXCLUSIVE")
    else:
        fcntl.flock(os.open({path!r}, os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)
    os.write(tell, b"x")
    os.kill(os.getpid(), signal.SIGSTOP)
os.read(ready, 1)
from leaderbench.results import database, locks
locks.quiet, locks.patience, database.patience, database.preparing = 0.05, 0.3, 0.3, 0.3
"""


def held(path: str) -> str:
    return FAKE + HELD.format(path=f"store/{path}")


BY_WHOM = r"process \d+ on "
LOCKED = [
    *(
        Attack(f"{lock}, {words.split()[0]}", table, words, 0, "", held(lock))
        for lock in ("runs/.lock", "imported/.lock", ".index.lock", "index.db")
        for words in (BOARD, SHOW, LIST, EXPORT, VERIFY)
    ),
    Attack("runs/.lock, run", table, RUN, 3, BY_WHOM, held("runs/.lock")),
    Attack("imported/.lock, import", table, IMPORT, 3, BY_WHOM, held("imported/.lock")),
    Attack(".index.lock, index", nothing, INDEX, 0, "2 runs", held(".index.lock")),
    Attack(".index.lock, index that is gone", no_index, INDEX, 3, BY_WHOM, held(".index.lock")),
    Attack("index.db, index", nothing, f"index {STORE}", 3, BY_WHOM, held("index.db")),
    Attack("index.db, index --rebuild", nothing, INDEX, 3, BY_WHOM, held("index.db")),
]

TABLES = {
    "limits": LIMITED,
    "errors": INJECTED,
    "names": NAMES,
    "stores": STORES,
    "rights": RIGHTS,
    "locks": LOCKED,
}


def rows() -> Iterator[Any]:
    """All attacks of this file; those that are much like others are slow ones."""
    for subject, table in TABLES.items():
        for attack in table:
            alike = subject == "errors" and not attack.name.startswith(("EIO", "ESTALE"))
            yield pytest.param(attack, id=f"{subject}: {attack.name}", marks=[pytest.mark.slow] if alike else [])


@pytest.mark.parametrize("attack", list(rows()))
def test_a_machine_that_fails_is_borne(attack: Attack, ground: Commands) -> None:
    contained(attack, ground)


@pytest.mark.parametrize("lock", ["runs/.lock", "imported/.lock", ".index.lock", "index.db"])
def test_a_site_serves_what_it_has_while_a_lock_is_held(ground: Commands, lock: str) -> None:
    started = ground.start("serve", "--port", "0", *STORE.split(), before=held(lock))
    try:
        port, until = port_of(started), time.monotonic() + 60
        while b"org/good" not in (answer := answers_to(port, get("/en/boards/mmlu")))[0]:
            assert time.monotonic() < until, answer
    finally:
        os.kill(started.process, signal.SIGTERM)
        ending = ground.wait(started)
    assert ending.code == 0
    assert "Traceback" not in ending.err


LEFT = "import os\nprint('threads:', len(os.listdir('/proc/self/task')))\n"
ENDINGS = (BOARD, SHOW, LIST, INDEX, EXPORT, VERIFY, IMPORT, RUN, EXPORT.replace(".jsonl", ".parquet -f parquet"))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells of the threads of a process")
@pytest.mark.parametrize("words", ENDINGS, ids=lambda words: words.replace(STORE, "").strip())
def test_a_command_ends_without_threads_beside_its_own(ground: Commands, words: str) -> None:
    """A thread of a native library that still runs while the interpreter ends can abort the process."""
    table(ground.folder)
    ending = ground(*shlex.split(words), before=FAKE, after=LEFT)
    assert ending.code == 0, ending.err
    assert ending.out.endswith("threads: 1\n")
