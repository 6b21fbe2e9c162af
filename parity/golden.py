"""leaderbench against what the five MMLU implementations themselves asked and answered: `python -m parity.golden`.

Checks every digest and prompt of `spec/mmlu_prompts.json` and every prediction of `spec/mmlu_golden.json` in the shared
folder. Prints a table; exits with 1 where anything differs.
"""

import argparse
import hashlib
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import leaderbench as lb
from leaderbench.benchmarks import registry
from leaderbench.benchmarks.base import Benchmark, Datasets
from leaderbench.benchmarks.datasets import HubDatasets
from leaderbench.benchmarks.mmlu import Cleaning, Mmlu
from leaderbench.records import Question, Sample
from leaderbench.requests import LogLikelihood
from leaderbench.results.runs import Run
from parity.places import shared

tolerance = 1e-4


def variants() -> list[tuple[str, str, Benchmark]]:
    """What captured prompts call a variant in digests and in fixtures, and our implementation of it."""
    original = registry.get("mmlu/original")
    assert isinstance(original, Mmlu)
    uncleaned = replace(original, choices=replace(original.choices, cleaning=Cleaning.NONE))
    return [
        ("original_pandas2", "original", original),
        ("original_pandas1", "", uncleaned),
        ("helm", "helm", registry.get("mmlu/helm")),
        ("harness_jan_2023", "harness_jan_2023", registry.get("mmlu/harness-2023")),
        ("harness_updated_5shot", "harness_updated_b281b09", registry.get("mmlu/open-llm-v1")),
        ("harness_updated_5shot", "lm_eval_0.4.13_mmlu_5shot", registry.get("mmlu/harness")),
        ("lm_eval_0shot", "lm_eval_0.4.13_mmlu_default_0shot", registry.get("mmlu/harness", shots=0)),
    ]


def prompts_digest(questions: Iterator[Question]) -> str:
    """SHA-256 over the prompts, each followed by a NUL byte."""
    total = hashlib.sha256()
    for question in questions:
        total.update(question.requests[0].context.text.encode() + b"\0")
    return total.hexdigest()


def differing_digests(captured: dict[str, Any], datasets: Datasets) -> Iterator[tuple[str, int, list[str]]]:
    """For each variant: its name, how many subjects were compared, and those whose prompts differ."""
    for key, variant, benchmark in variants():
        wrong = [
            subject
            for subject, digests in captured["digests"].items()
            if prompts_digest(benchmark.questions(datasets, [subject])) != digests[key]
        ]
        yield variant or key, len(captured["digests"]), wrong


def differing_fixtures(captured: dict[str, Any], datasets: Datasets) -> Iterator[tuple[str, bool]]:
    """For each captured prompt: its name, and whether our prompt and continuations are the same."""
    ours = {variant: benchmark for _, variant, benchmark in variants()}
    for fixture in captured["fixtures"]:
        asked = list(ours[fixture["variant"]].questions(datasets, [fixture["subject"]]))[fixture["test_index"]]
        request = asked.requests[0]
        same = request.context.text == fixture["prompt"]
        expected = fixture["requests"].get("continuations", fixture["requests"].get("token_strings"))
        if isinstance(request, LogLikelihood):
            same = same and list(request.continuations) == expected
        yield f"{fixture['variant']} {fixture['subject']}/{fixture['test_index']}", same


def check_golden(variant: str, expected: dict[str, Any], samples: Sequence[Sample]) -> list[str]:
    """What differs between our samples of a subject and the captured ones, in words."""
    wrong = []
    for place, sample in enumerate(samples):
        if variant == "helm":
            same = sample.prediction == expected["text"][place].strip()
            same = same and sample.correct == (expected["correct"][place] == "1")
        else:
            same = sample.predictions["acc"] == expected["pred"][place]
            if "pred_norm" in expected:
                same = same and sample.predictions["acc_norm"] == expected["pred_norm"][place]
        if "shots_kept" in expected:
            same = same and 5 - sample.shots_dropped == int(expected["shots_kept"][place])
        if not same:
            wrong.append(f"{sample.example_id} predicts {sample.prediction!r}")
    gap = largest_gap(expected, samples)
    return wrong if gap <= tolerance else [*wrong, f"log-likelihoods differ by up to {gap:.1e}"]


def largest_gap(expected: dict[str, Any], samples: Sequence[Sample]) -> float:
    """Largest difference of the log-likelihoods that were captured (or of the four letters' probabilities)."""
    gap = 0.0
    for sample, values in zip(samples, expected.get("lls_first5", []), strict=False):
        gap = max(gap, *(abs(a - b) for a, b in zip(sample.log_likelihoods, values, strict=True)))
    for sample, values in zip(samples, expected.get("probs_first5", []), strict=False):
        weights = [math.exp(value - max(sample.log_likelihoods)) for value in sample.log_likelihoods]
        gap = max(gap, *(abs(w / sum(weights) - p) for w, p in zip(weights, values, strict=True)))
    return gap


def run(benchmark: str, model: Path, subjects: Sequence[str], datasets: Path, store: str) -> Run:
    return lb.evaluate(
        str(model), benchmark, store=store, datasets=datasets, subsets=subjects, dtype="float32", device="cpu"
    )


golden_names = {
    "original": "mmlu/original",
    "helm": "mmlu/helm",
    "harness_jan_2023": "mmlu/harness-2023",
    "harness_updated_b281b09": "mmlu/open-llm-v1",
    "lm_eval_0.4.13_mmlu_5shot": "mmlu/harness",
}


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    captured = json.loads((shared() / "spec" / "mmlu_prompts.json").read_text())
    golden = json.loads((shared() / "spec" / "mmlu_golden.json").read_text())
    datasets = HubDatasets(shared() / "hub")
    same = True
    for variant, count, wrong in differing_digests(captured, datasets):
        print(f"prompts      {variant:36} {count:4} subjects   {'DIFFER: ' + ', '.join(wrong) if wrong else 'same'}")
        same = same and not wrong
    for name, equal in differing_fixtures(captured, datasets):
        print(f"one prompt   {name:60} {'same' if equal else 'DIFFERS'}")
        same = same and equal
    for model, by_variant in golden["models"].items():
        for variant, by_subject in by_variant.items():
            with tempfile.TemporaryDirectory() as store:
                folder = shared() / "models" / model
                done = run(golden_names[variant], folder, list(by_subject), shared() / "hub", store)
            for subject, expected in by_subject.items():
                samples = [sample for sample in done.samples if sample.subset == subject]
                wrong = check_golden(variant, expected, samples)
                verdict = "DIFFER: " + "; ".join(wrong) if wrong else f"same, {largest_gap(expected, samples):.0e}"
                print(f"predictions  {variant:26} {model:10} {subject:30} {len(samples):4} questions  {verdict}")
                same = same and not wrong
    raise SystemExit(0 if same else 1)


if __name__ == "__main__":
    main()
