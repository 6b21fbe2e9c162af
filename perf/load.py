"""How long readers wait: a served store under load, every address another one; then what `perf.stores` measures.

    python -m perf.boards FOLDER && python -m perf.load FOLDER [--clients 20] [--seconds 30] [--site]

makes the stores once (`make perf-boards` does both). With `--site` only readers are measured.

`leaderbench serve` runs as a process of its own, the clients in another: each has one connection and sends the next
request when the last is answered, without a pause. What is asked is drawn at random (searches, sorts, filters, pages),
so that no answer is one that was kept.
"""

import argparse
import gzip
import http.client
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from perf import stores
from perf.boards import SIZES, WIDE, WORDS

TYPES = ("pretrained", "fine-tuned", "chat", "merge")
RANGES = ("≤ 3B", "3-7B", "7-65B", "65B+")


@dataclass(frozen=True)
class Waited:
    """What the clients saw."""

    seconds: list[float]
    """Of each request, from its first byte to the last of the answer."""

    failures: int
    wall: float
    largest: int
    """Bytes of the largest answer."""

    def __str__(self) -> str:
        ordered = sorted(self.seconds) or [float("nan")]

        def at(share: float) -> str:
            return f"{1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]:.0f}"

        rate = len(self.seconds) / self.wall
        return (
            f"{len(self.seconds):,} answers, {rate:.0f} a second, p50 {at(0.5)} ms, p95 {at(0.95)} ms, "
            f"p99 {at(0.99)} ms, longest {at(1)} ms, {self.failures} failed, largest {self.largest / 1000:.0f} kB"
        )


def board_words(rng: random.Random) -> str:
    """A view of a board that nobody has asked for yet: any of the things that a visitor does, or two of them."""
    column = rng.choice(WIDE)
    kinds: tuple[Callable[[], tuple[str, str]], ...] = (
        lambda: ("q", f"{rng.choice(WORDS)}-{rng.choice(SIZES):g}b"),
        lambda: ("q", f"v{rng.randrange(10_000)}; {rng.choice(WORDS)}-labs-{rng.randrange(97)}"),
        lambda: ("q", f"{rng.choice(WORDS)}.*-(1|7)b-v{rng.randrange(10)}"),
        lambda: ("q", f"@architecture:llama {rng.choice(WORDS)}{rng.randrange(100)}"),
        lambda: ("type", rng.choice(TYPES)),
        lambda: ("size", rng.choice(RANGES)),
        lambda: ("merges", "false"),
        lambda: ("sort", rng.choice(("", "-")) + rng.choice((column, "score", "model"))),
        lambda: ("page", str(rng.randrange(1, 200))),
    )
    words = dict(kind() for kind in rng.sample(kinds, rng.choice((1, 1, 2))))
    return urlencode([*words.items(), ("pin", f"nobody {rng.random()}")])  # so that each address is another


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    """One answer: its status and its bytes as they came."""
    connection.request("GET", path, headers={"accept-encoding": "gzip"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def _client(host: str, paths: "Callable[[random.Random], str]", until: float, seed: int, out: "list[object]") -> None:
    rng = random.Random(seed)
    connection = http.client.HTTPConnection(host, timeout=30)
    while time.perf_counter() < until:
        path = paths(rng)
        began = time.perf_counter()
        try:
            status, body = ask(connection, path)
        except OSError:
            status, body = 0, b""
            connection.close()
        out.append((time.perf_counter() - began, status, len(body)))


def _clients(host: str, form: str, clients: int, seconds: float, seed: int, pipe: "object") -> None:
    """All clients, in a process of their own."""
    found: list[object] = []
    until = time.perf_counter() + seconds

    def paths(rng: random.Random) -> str:
        return form.format(words=board_words(rng))

    threads = [
        threading.Thread(target=_client, args=(host, paths, until, seed * 1000 + number, found))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(found)  # type: ignore[attr-defined]


def under_load(host: str, form: str, clients: int, seconds: float, seed: int) -> Waited:
    """Let so many clients ask for `form`, with other words every time."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_clients, args=(host, form, clients, seconds, seed, there)
    )
    process.start()
    found = here.recv()
    process.join()
    bad = sum(status != 200 for _, status, _ in found)
    return Waited([item[0] for item in found], bad, seconds, max((item[2] for item in found), default=0))


def samples(served: "Served", pages: int) -> str:
    """The sample viewer of a run of 14,042 questions, one reader: pages, searches in the questions, single samples."""
    _, _, body = first_byte(served.host, "/api/v1/runs")
    run = json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)["items"][0]["id"]
    rng = random.Random(0)
    first_byte(served.host, f"/en/runs/{run}/samples")  # reads the file
    found = {"page": [], "search": [], "sample": []}  # type: dict[str, list[float]]
    for _ in range(pages):
        words = urlencode({"q": " ".join(rng.choices(WORDS, k=2)), "show": rng.choice(("all", "right", "wrong"))})
        asked = {"page": f"samples?page={rng.randrange(1, 280)}", "search": f"samples?{words}"}
        asked["sample"] = f"samples/{rng.randrange(14_042)}"
        for kind, path in asked.items():
            found[kind].append(1000 * first_byte(served.host, f"/en/runs/{run}/{path}")[1])
    return ", ".join(f"{kind} median {sorted(v)[len(v) // 2]:.0f} longest {max(v):.0f} ms" for kind, v in found.items())


def first_byte(host: str, path: str) -> tuple[float, float, bytes]:
    """Seconds to the first byte and to the last of a page that nobody asked for yet, and the page as it came."""
    connection = http.client.HTTPConnection(host, timeout=120)
    began = time.perf_counter()
    connection.request("GET", path, headers={"accept-encoding": "gzip"})
    answer = connection.getresponse()
    first = time.perf_counter() - began
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"{path} is answered with {answer.status}.")
    return first, time.perf_counter() - began, body


def whole_page(host: str, path: str) -> int:
    """Bytes of a page with every file that it loads, as they are sent."""
    _, _, body = first_byte(host, path)
    text = gzip.decompress(body).decode()
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    return len(body) + sum(len(first_byte(host, file)[2]) for file in dict.fromkeys(files))


class Served:
    """`leaderbench serve` on a store, as a process."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-m", "leaderbench", "serve", "--store", str(store), "--port", "0"]
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        self.host = ""
        while not self.host:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("The server ended at once.")
            found = re.search(r"http://([\d.]+:\d+)", line)
            self.host = found[1] if found else ""
        self.started = time.perf_counter() - began
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)

    def megabytes(self) -> int:
        """Memory that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found[1]) // 1000 if found else 0

    def ready(self, path: str) -> float:
        """Seconds until a page is answered in a tenth of a second, since its ranks are worked out by then."""
        began = time.perf_counter()
        while first_byte(self.host, path)[1] > 0.1 and time.perf_counter() - began < 600:
            time.sleep(0.1)
        return time.perf_counter() - began

    def settle(self) -> None:
        """Wait until it does nothing of its own accord: every board is worked out, every file looked at."""
        before = self._busy()
        while True:
            time.sleep(2)
            before, now = self._busy(), before
            if before - now < 0.1:
                return

    def _busy(self) -> float:
        """Seconds that it has worked so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m perf.load", description=__doc__)
    parser.add_argument("folder", type=Path, help="where perf.boards made its stores")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--site", action="store_true", help="readers only")
    given = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    with Served(given.folder / "wide") as served:
        print(f"started in {served.started:.1f} s", flush=True)
        board = "/en/boards/wide"
        print(f"board ready after {served.ready(board):.1f} s", flush=True)
        served.settle()
        print(f"every board ready; server {served.megabytes()} MB", flush=True)
        first = [first_byte(served.host, f"{board}?page={page}")[0] for page in range(2, 12)]
        print(f"first byte of ten pages: median {1000 * sorted(first)[5]:.0f} ms, longest {1000 * max(first):.0f} ms")
        print(f"page with its files: {whole_page(served.host, board) / 1000:.0f} kB compressed", flush=True)
        for seed, form in enumerate((board, "/api/v1/boards/wide")):
            found = under_load(served.host, f"{form}?{{words}}", given.clients, given.seconds, seed)
            print(f"{form}, {given.clients} clients: {found}; server {served.megabytes()} MB", flush=True)
    with Served(given.folder / "long") as served:
        served.settle()
        print(f"samples of a run of 14,042: {samples(served, 30)}; server {served.megabytes()} MB", flush=True)
    if not given.site:
        stores.measure(given.folder)


if __name__ == "__main__":
    main()
