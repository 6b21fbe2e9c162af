"""leaderbench against lm-eval 0.4.13 on the same rows and models: `python -m parity.compare --peer PEER_PYTHON`.

Compares the texts asked for every row, and, on the first rows of each task, log-likelihoods (within 1e-4),
predictions and metrics. Prints a table; exits with 1 where anything differs.
"""

import argparse
import hashlib
import json
import math
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import leaderbench as lb
from leaderbench.benchmarks import registry
from leaderbench.benchmarks.datasets import HubDatasets
from leaderbench.metrics.choice import best, per_character
from leaderbench.records import Question, Sample
from leaderbench.requests import LogLikelihood
from parity.places import shared

tolerance = 1e-4
models = ("gpt2like", "stories260K")
subjects = (
    "abstract_algebra",
    "us_foreign_policy",
    "college_mathematics",
    "high_school_european_history",
    "international_law",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A part of a benchmark of ours and the task of lm-eval that is the same."""

    benchmark: str
    subset: str
    task: str
    shots: int
    part: str = "all"
    """Which continuations the task asks: all, or the mc1 or mc2 ones of TruthfulQA."""


pairs = (
    Pair("arc-challenge/harness", "arc-challenge", "arc_challenge", 25),
    Pair("hellaswag/harness", "hellaswag", "hellaswag", 10),
    Pair("truthfulqa-mc/harness", "truthfulqa-mc", "truthfulqa_mc1", 0, "mc1"),
    Pair("truthfulqa-mc/harness", "truthfulqa-mc", "truthfulqa_mc2", 0, "mc2"),
    Pair("winogrande/harness", "winogrande", "winogrande", 5),
    *(Pair("mmlu/harness", subject, f"mmlu_{subject}", 5) for subject in subjects),
    Pair("cmmlu/harness", "agronomy", "cmmlu_agronomy", 5),
    Pair("ceval/harness", "accountant", "ceval-valid_accountant", 5),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one pair came to, one line of the table."""

    pair: Pair
    questions: int
    prompts: int
    """Questions whose texts differ."""

    predictions: int = 0
    metrics: int = 0
    largest: float = 0.0
    """Largest difference of a log-likelihood."""

    near: int = 0
    """Predictions that differ where the best two are closer than the tolerance; not counted in `predictions`."""

    @property
    def same(self) -> bool:
        return not (self.prompts or self.predictions or self.metrics) and self.largest <= tolerance


def asked(question: Question) -> list[list[str]]:
    """The (context, continuation) texts of a question, over all requests in order."""
    requests = [request for request in question.requests if isinstance(request, LogLikelihood)]
    return [[request.context.text, text] for request in requests for text in request.continuations]


def part(question: Question, name: str, values: list[Any]) -> list[Any]:
    """The values that belong to a task which asks only a part of our continuations."""
    if name == "all":
        return values
    count = int(question.example.fields["mc1"])
    return values[:count] if name == "mc1" else values[count:]


@dataclass(frozen=True, slots=True)
class Peer:
    """lm-eval in its own environment."""

    python: str
    datasets: Path
    kept: Path | None
    """Folder in which its answers are kept and looked up; None to ask anew each time."""

    def ask(self, model: Path | None, limit: int | None, chosen: Sequence[Pair]) -> dict[str, Any]:
        """What it asks, and with a model answers, for each task."""
        tasks = [f"--task={pair.task}={pair.shots}" for pair in chosen]
        name = f"{model.name if model else 'texts'}-{limit}-{hashlib.sha256(str(tasks).encode()).hexdigest()[:8]}.json"
        with tempfile.TemporaryDirectory() as folder:
            out = (self.kept or Path(folder)).resolve() / name
            if not out.is_file():
                self._run(model, limit, tasks, out, folder)
            found: dict[str, Any] = json.loads(out.read_text())
        print(f"lm-eval {found['version']}, {model.name if model else 'texts only'}: {len(found['tasks'])} tasks")
        return dict(found["tasks"])

    def _run(self, model: Path | None, limit: int | None, tasks: list[str], out: Path, folder: str) -> None:
        command = [self.python, str(Path(__file__).resolve().with_name("lm_eval_peer.py"))]
        command += [f"--datasets={self.datasets}", f"--out={out}", *tasks]
        command += [f"--model={model}"] if model else []
        command += [f"--limit={limit}"] if limit else []
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        if done.returncode:
            raise SystemExit(f"lm-eval failed:\n{done.stderr[-3000:]}")


def questions(pair: Pair, datasets: HubDatasets, limit: int | None) -> Iterator[Question]:
    return islice(registry.get(pair.benchmark).questions(datasets, [pair.subset]), limit)


def compare_texts(pair: Pair, peer: dict[str, Any], datasets: HubDatasets) -> Row:
    """The texts of all questions of a pair."""
    ours = [part(question, pair.part, asked(question)) for question in questions(pair, datasets, None)]
    theirs = [sample["arguments"] for sample in peer["samples"]]
    differing = sum(mine != other for mine, other in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))
    return Row(pair, len(theirs), differing)


def compare_answers(pair: Pair, peer: dict[str, Any], datasets: HubDatasets, samples: dict[str, Sample]) -> Row:
    """Log-likelihoods, predictions and metrics of the first questions of a pair."""
    theirs = peer["samples"]
    prompts = predictions = metrics = near = 0
    largest = 0.0
    for question, other in zip(questions(pair, datasets, len(theirs)), theirs, strict=True):
        sample = samples[question.example.id]
        mine = part(question, pair.part, list(sample.log_likelihoods))
        prompts += part(question, pair.part, asked(question)) != other["arguments"]
        gaps = [abs(one - two) for one, two in zip(mine, other["log_likelihoods"], strict=True)]
        largest = max(largest, *(math.inf if math.isnan(gap) else gap for gap in gaps))
        choices = part(question, pair.part, list(question.example.choices))
        for name, value in our_metrics(pair, sample).items():
            if pair.part != "mc2":
                units = choices if name == "acc_norm" and pair.benchmark.startswith(("arc", "hella")) else None
                same, close = same_best(mine, other["log_likelihoods"], units)
                predictions += not same and not close
                near += not same and close
                if not same and close:
                    continue
            metrics += abs(value - other["metrics"][name]) > tolerance
    return Row(pair, len(theirs), prompts, predictions, metrics, largest, near)


def our_metrics(pair: Pair, sample: Sample) -> dict[str, float]:
    """Our metrics of a sample under lm-eval's names."""
    if pair.part != "all":
        return {"acc": sample.metrics[pair.part]}
    return {name: value for name, value in sample.metrics.items() if name in ("acc", "acc_norm")}


def same_best(mine: list[float], theirs: list[float], choices: list[str] | None) -> tuple[bool, bool]:
    """Whether the best choices agree, and whether ours leads by so little that float noise decides."""
    if choices is not None:
        mine, theirs = per_character(mine, choices), per_character(theirs, choices)
    first, second = sorted(mine, reverse=True)[:2]
    return best(mine) == best(theirs), first - second <= tolerance


def show(title: str, rows: list[Row]) -> bool:
    """Print a table; whether everything is the same."""
    print(f"\n{title}\n{'task':34} {'questions':>9} {'texts':>6} {'predictions':>12} {'metrics':>8} {'largest':>9}")
    for row in rows:
        verdict = "same" if row.same else "DIFFERS"
        near = f" ({row.near} near ties)" if row.near else ""
        counts = f"{row.questions:9} {row.prompts:6} {row.predictions:12} {row.metrics:8} {row.largest:9.1e}"
        print(f"{row.pair.task:34} {counts}  {verdict}{near}")
    return all(row.same for row in rows)


def run_ours(model: Path, chosen: list[Pair], limit: int, folder: Path, store: str) -> dict[str, dict[str, Sample]]:
    """Our samples, by benchmark and example id."""
    found: dict[str, dict[str, Sample]] = {}
    for name in dict.fromkeys(pair.benchmark for pair in chosen):
        subsets = list(dict.fromkeys(pair.subset for pair in chosen if pair.benchmark == name))
        run = lb.evaluate(
            str(model), name, store=store, datasets=folder, subsets=subsets, limit=limit, dtype="float32", device="cpu"
        )
        found[name] = {sample.example_id: sample for sample in run.samples}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="python of an environment that has lm-eval 0.4.13")
    parser.add_argument("--limit", type=int, default=100, help="questions of each task to answer (default 100)")
    parser.add_argument("--model", action="append", help="model folder; default the two of the shared folder")
    parser.add_argument("--benchmark", action="append", help="only these of ours")
    parser.add_argument(
        "--keep", type=Path, help="existing folder in which lm-eval's answers are kept for the next time"
    )
    options = parser.parse_args()
    chosen = [pair for pair in pairs if not options.benchmark or pair.benchmark in options.benchmark]
    folder = shared() / "hub"
    datasets = HubDatasets(folder)
    # The peer works in a folder of its own, where a path relative to here means nothing.
    peer = Peer(str(Path(options.peer).absolute()), folder, options.keep)
    texts = peer.ask(None, None, chosen)
    same = show("texts of all rows", [compare_texts(pair, texts[pair.task], datasets) for pair in chosen])
    for model in map(Path, options.model or [str(shared() / "models" / name) for name in models]):
        theirs = peer.ask(model, options.limit, chosen)
        with tempfile.TemporaryDirectory() as store:
            ours = run_ours(model, chosen, options.limit, folder, store)
            rows = [compare_answers(pair, theirs[pair.task], datasets, ours[pair.benchmark]) for pair in chosen]
        same = show(f"{model.name}, first {options.limit} questions", rows) and same
    raise SystemExit(0 if same else 1)


if __name__ == "__main__":
    main()
