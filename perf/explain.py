"""What an explanation costs beside the plain runs that it explains: `make perf-explain`.

    python -m perf.explain --datasets FOLDER --model MODEL [--rounds N]

asks one model `mmlu/original` and `mmlu/harness-2023` on five MMLU subjects, then every recipe between them (template,
shots, scoring and encoding crossed), each into a new store, in turns. Prints seconds and their ratio, and the same for
the processor's time, which other work on the machine disturbs less.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import leaderbench as lb
from leaderbench.models.base import Model
from perf.shape import SUBJECTS

PAIR = ("mmlu/original", "mmlu/harness-2023")
FACTORS = ("template", "shots", "scoring", "encoding")
MOST = 2.5
"""What an explanation may cost, in plain runs of both implementations."""


def timed(ask: Callable[[str], object]) -> tuple[float, float]:
    """Seconds of wall and of processor for one way of asking, into a new store."""
    with tempfile.TemporaryDirectory() as store:
        wall, processor = time.perf_counter(), time.process_time()
        ask(store)
        return time.perf_counter() - wall, time.process_time() - processor


def compare(model: Model, datasets: Path, rounds: int) -> None:
    """Time both in turns and print the medians."""

    def plain(store: str) -> None:
        for name in PAIR:
            lb.evaluate(model, name, store=store, datasets=datasets, subsets=SUBJECTS)

    def explained(store: str) -> None:
        lb.explanation(model, PAIR, factors=FACTORS, store=store, datasets=datasets, subsets=SUBJECTS)

    timed(plain)  # the first one reads the dataset
    pairs = [(timed(plain), timed(explained)) for _ in range(rounds)]
    for place, name in enumerate(("wall", "processor")):
        runs, explanations = ([pair[side][place] for pair in pairs] for side in (0, 1))
        ratio = statistics.median(b / a for a, b in zip(runs, explanations, strict=True))
        print(
            f"{name:9} two plain runs {statistics.median(runs):6.2f} s, explanation "
            f"{statistics.median(explanations):6.2f} s: {ratio:.2f} times (at most {MOST})"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m perf.explain", description=__doc__)
    parser.add_argument("--datasets", type=Path, required=True, help="folder of local dataset copies")
    parser.add_argument("--model", required=True, help="model folder or Hub id")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed")
    given = parser.parse_args()
    compare(lb.load_model(given.model), given.datasets, given.rounds)


if __name__ == "__main__":
    main()
