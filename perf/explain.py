"""What an explanation costs beside the plain runs that it explains: `make perf-explain`.

    python -m perf.explain --datasets FOLDER --model MODEL [--rounds N]

asks one model `mmlu/original` and `mmlu/harness-2023` on five MMLU subjects, then every recipe between them (template,
shots, scoring and encoding crossed), each into a new store, in turns: as whole commands, report included, and inside
one process, where loading counts for neither. Prints seconds and their ratio.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import leaderbench as lb
from perf.shape import SUBJECTS

PAIR = ("mmlu/original", "mmlu/harness-2023")
FACTORS = ("template", "shots", "scoring", "encoding")
MOST = 2.5
"""What an explanation may cost, in plain runs of both implementations."""


Ask = Callable[[str], object]
"""One way of asking, into the store of this name."""


def timed(ask: Ask) -> float:
    """Seconds for one way of asking, into a new store."""
    with tempfile.TemporaryDirectory() as store:
        began = time.perf_counter()
        ask(store)
        return time.perf_counter() - began


def compare(name: str, plain: Ask, explained: Ask, rounds: int) -> None:
    """Time both in turns and print the medians."""
    timed(plain)  # the first one reads what the others find in memory
    pairs = [(timed(plain), timed(explained)) for _ in range(rounds)]
    runs, explanations = ([pair[side] for pair in pairs] for side in (0, 1))
    ratio = statistics.median(b / a for a, b in pairs)
    print(
        f"{name}: two plain runs {statistics.median(runs):.2f} s, explanation {statistics.median(explanations):.2f} s: "
        f"{ratio:.2f} times (at most {MOST})",
        flush=True,
    )


def as_commands(model: str, datasets: Path, rounds: int) -> None:
    """Whole commands."""
    subjects = [word for subject in SUBJECTS for word in ("--subset", subject)]
    common = ["--datasets", str(datasets), *subjects, "--no-progress"]

    def command(*words: str) -> Ask:
        line = [sys.executable, "-m", "leaderbench", *words, *common]
        return lambda store: subprocess.run([*line, "--store", store], check=True, capture_output=True)

    plain = command("run", model, *(word for name in PAIR for word in ("--benchmark", name)))
    explained = command("explain", model, *PAIR, *(word for name in FACTORS for word in ("--factor", name)))
    compare("whole commands", plain, explained, rounds)


def in_one_process(model: str, datasets: Path, rounds: int) -> None:
    """With the model loaded before."""
    loaded = lb.load_model(model)

    def plain(store: str) -> None:
        for name in PAIR:
            lb.evaluate(loaded, name, store=store, datasets=datasets, subsets=SUBJECTS)

    def explained(store: str) -> None:
        lb.explanation(loaded, PAIR, factors=FACTORS, store=store, datasets=datasets, subsets=SUBJECTS)

    compare("in one process", plain, explained, rounds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m perf.explain", description=__doc__)
    parser.add_argument("--datasets", type=Path, required=True, help="folder of local dataset copies")
    parser.add_argument("--model", required=True, help="model folder or Hub id")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed")
    given = parser.parse_args()
    as_commands(given.model, given.datasets, given.rounds)
    in_one_process(given.model, given.datasets, given.rounds)


if __name__ == "__main__":
    main()
