"""The peer's side, run inside an environment that has lm-eval: the same prompts through its `hf` backend.

    python perf/peer.py RULE MODEL MMLU_FOLDER --batch N --limit K SUBJECT…

prints one JSON object: questions, seconds, peak memory.
"""

import argparse
import json
import resource
import time

CHOICES = "A. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}"
LETTERS = "{{question.strip()}}\n" + CHOICES + "\nAnswer:"
QUESTION_2023 = "Question: {{question}}\nChoices:\n" + CHOICES + "\nAnswer:"


def task(rule: str, folder: str, subject: str) -> dict[str, object]:
    """One subject as an lm-eval task: `letters`, `harness-2023` or `texts`."""
    common = {
        "task": f"{rule}_{subject}",
        "dataset_path": folder,
        "dataset_name": subject,
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_target": "answer",
        "num_fewshot": 5,
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    header = f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"
    if rule == "harness-2023":
        return common | {"fewshot_split": "validation", "doc_to_text": QUESTION_2023, "doc_to_choice": "choices"}
    choice = ["A", "B", "C", "D"] if rule == "letters" else "choices"
    return common | {
        "description": header,
        "fewshot_split": "dev",
        "fewshot_config": {"sampler": "first_n"},
        "doc_to_text": LETTERS,
        "doc_to_choice": choice,
    }


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rule")
    parser.add_argument("model")
    parser.add_argument("mmlu")
    parser.add_argument("subjects", nargs="+")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    import lm_eval
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=given.model, dtype="float32", device="cpu", batch_size=given.batch)
    tasks = [ConfigurableTask(config=task(given.rule, given.mmlu, subject)) for subject in given.subjects]
    began = time.perf_counter()
    results = lm_eval.simple_evaluate(model, tasks=tasks, limit=given.limit, bootstrap_iters=0, log_samples=True)
    seconds = time.perf_counter() - began
    questions = sum(len(samples) for samples in results["samples"].values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"questions": questions, "seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main()
