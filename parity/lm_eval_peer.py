"""What lm-eval asks and answers, as JSON. Runs inside an environment that has lm-eval 0.4.13, not leaderbench's own.

    python parity/lm_eval_peer.py --model FOLDER --datasets FOLDER --limit 100 --out FILE --task arc_challenge=25 …

The tasks are lm-eval's own; only their datasets are read from local folders laid out as `<org>/<name>`, and they run
through its `hf` backend in float32 on the CPU. Without a model only the texts are real: a dummy answers.
"""

import argparse
import json
from pathlib import Path
from typing import Any


def use_local_datasets(root: Path) -> None:
    """Let lm-eval's `datasets.load_dataset("org/name", config)` read `root/org/name`."""
    import datasets

    load = datasets.load_dataset

    def load_local(path: str, name: str | None = None, **options: Any) -> Any:
        folder = root / path
        if not folder.is_dir():
            raise SystemExit(f"{root} holds no copy of {path}.")
        return load(str(folder), name, **options)

    datasets.load_dataset = load_local


def load(model: str | None, batch: int) -> Any:
    """lm-eval's own model object."""
    if model is None:
        from lm_eval.models.dummy import DummyLM

        return DummyLM()
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=model, dtype="float32", device="cpu", batch_size=batch)


def run(model: str | None, tasks: dict[str, int], limit: int | None, batch: int) -> dict[str, Any]:
    """Each task's shots, metrics and samples: arguments, log-likelihoods and metrics of each question."""
    import lm_eval

    answerer = load(model, batch)
    found: dict[str, Any] = {}
    for shots in sorted(set(tasks.values())):
        names = [name for name, count in tasks.items() if count == shots]
        results = lm_eval.simple_evaluate(
            model=answerer, tasks=names, num_fewshot=shots, limit=limit, log_samples=True, bootstrap_iters=0
        )
        for name in names:
            numbers = {key.split(",")[0]: value for key, value in results["results"][name].items() if ",none" in key}
            samples = [plain(sample) for sample in results["samples"][name]]
            found[name] = {"shots": shots, "metrics": {k: v for k, v in numbers.items() if "stderr" not in k}}
            found[name]["samples"] = sorted(samples, key=lambda sample: sample["id"])
    return found


def plain(sample: dict[str, Any]) -> dict[str, Any]:
    """What a comparison needs of one of lm-eval's samples."""
    arguments = [list(pair[:2]) for pair in sample["arguments"]]
    answers = sample["filtered_resps"]
    metrics = {name: float(sample[name]) for name in ("acc", "acc_norm") if name in sample}
    log_likelihoods = [float(answer[0]) for answer in answers]
    return {"id": sample["doc_id"], "arguments": arguments, "log_likelihoods": log_likelihoods, "metrics": metrics}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--task", action="append", required=True, metavar="NAME=SHOTS")
    options = parser.parse_args()
    use_local_datasets(options.datasets.resolve())
    tasks = {name: int(shots) for name, shots in (task.split("=") for task in options.task)}
    found = run(options.model, tasks, options.limit, options.batch)
    options.out.write_text(json.dumps({"version": version(), "model": options.model, "tasks": found}))


def version() -> str:
    from importlib.metadata import version as installed

    return installed("lm_eval")


if __name__ == "__main__":
    main()
