"""Questions per second against lm-eval's `hf` backend, one process after the other on this machine.

    python -m perf --datasets FOLDER --peer PYTHON [--peer-limit N] [--rule RULE …]

`--peer-limit N` lets the peer answer only the first N questions of each subject: its rate does not depend on how many
there are, since it shares nothing between questions. Ours always answers all of them.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from perf.shape import SUBJECTS, ensure

BATCHES = (1, 2, 4, 8)
"""Batch sizes among which the peer's best is looked for, on three questions of each subject."""

BARS = {"letters": (8, 12), "harness-2023": (4, 6), "texts": (20, 30)}
"""What the ratio must at least be, and what it should be."""

Result = dict[str, float]


def run(command: list[str], environment: dict[str, str]) -> Result:
    """Run one side; its last line of output is its result."""
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    result: Result = json.loads(done.stdout.strip().splitlines()[-1])
    return result | {"rate": result["questions"] / result["seconds"]}


class Bench:
    """Both sides on one model and one set of subjects."""

    def __init__(self, model: Path, datasets: Path, peer: Path, peer_limit: int | None) -> None:
        self.model, self.datasets, self.peer, self.peer_limit = model, datasets, peer, peer_limit

    def ours(self, rule: str) -> Result:
        """leaderbench on one rule."""
        command = [sys.executable, "-m", "perf.ours", rule, str(self.model), str(self.datasets), *SUBJECTS]
        return run(command, {"PYTHONPATH": "src"})

    def theirs(self, rule: str, batch: int, limit: int | None) -> Result:
        """lm-eval on one rule."""
        command = [
            str(self.peer),
            "perf/peer.py",
            rule,
            str(self.model),
            str(self.datasets / "cais" / "mmlu"),
            *SUBJECTS,
        ]
        command += ["--batch", str(batch), *(["--limit", str(limit)] if limit else [])]
        return run(command, {"HF_HUB_OFFLINE": "1"})

    def compare(self, rule: str) -> dict[str, Result]:
        """The peer at its best batch size, and ours."""
        trials = {batch: self.theirs(rule, batch, 3) for batch in BATCHES}
        best = max(trials, key=lambda batch: trials[batch]["rate"])
        return {"ours": self.ours(rule), "theirs": self.theirs(rule, best, self.peer_limit) | {"batch": best}}


def command_seconds(*arguments: str) -> float:
    """Median wall time of a whole leaderbench command over five runs."""
    times = []
    for _ in range(6):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "leaderbench", *arguments],
            env=os.environ | {"PYTHONPATH": "src"},
            capture_output=True,
            check=True,
        )
        times.append(time.perf_counter() - began)
    return sorted(times[1:])[2]


def main() -> None:
    """Measure, print a table and write `perf/out/result.json`."""
    parser = argparse.ArgumentParser(prog="python -m perf", description=__doc__)
    parser.add_argument("--datasets", type=Path, required=True, help="folder of local dataset copies")
    parser.add_argument("--peer", type=Path, required=True, help="python of an environment with lm-eval 0.4.13")
    parser.add_argument("--peer-limit", type=int, help="questions of each subject that the peer answers")
    parser.add_argument("--rule", action="append", choices=list(BARS), help="only these rules")
    given = parser.parse_args()
    out = Path("perf/out")
    bench = Bench(ensure(out / "model", given.datasets), given.datasets, given.peer, given.peer_limit)
    results: dict[str, object] = {}
    for rule in given.rule or BARS:
        pair = bench.compare(rule)
        ours, theirs = pair["ours"], pair["theirs"]
        ratio = ours["rate"] / theirs["rate"]
        results[rule] = {**pair, "ratio": ratio}
        least, aim = BARS[rule]
        print(
            f"{rule:13} {ours['rate']:6.1f} questions/s against {theirs['rate']:5.2f} (batch {theirs['batch']}): "
            f"{ratio:5.1f} times (at least {least}, aim {aim}); "
            f"{100 * ours['utilisation']:.0f} % of the product rate, planning {100 * ours['planning_share']:.1f} %, "
            f"peak {ours['peak_mib']:.0f} against {theirs['peak_mib']:.0f} MiB",
            flush=True,
        )
    together, alone = bench.ours("all-rules"), bench.ours("texts")
    cost = together["seconds"] / alone["seconds"]
    print(f"all rules of one prompt together cost {cost:.2f} times the texts alone (at most 1.4)")
    starts = {name: command_seconds(*name.split()) for name in ("--help", "list benchmarks")}
    print("; ".join(f"leaderbench {name}: {seconds:.2f} s" for name, seconds in starts.items()))
    results |= {"all_rules": {"together": together, "alone": alone, "cost": cost}, "start": starts}
    (out / "result.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
