"""Result files of other systems, in the shape in which these write them; every row is made up."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.store import Store

Content = dict[str, Any]

TIME = "2024-03-01T10-20-30.123456"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def config(path: str, name: str | None, split: str, **more: Any) -> Content:
    """What lm-eval says of a task under `configs`."""
    test = {"test_split": "test"} if split == "test" else {"validation_split": split}
    named = {} if name is None else {"dataset_name": name}
    return {"dataset_path": path, **named, **test, "output_type": "multiple_choice", "doc_to_text": "{{q}}", **more}


configs: Mapping[str, Content] = {
    "mmlu_anatomy": config("cais/mmlu", "anatomy", "test"),
    "mmlu_virology": config("cais/mmlu", "virology", "test"),
    "arc_challenge": config("allenai/ai2_arc", "ARC-Challenge", "test"),
    "hellaswag": config("Rowan/hellaswag", None, "validation"),
    "truthfulqa_mc1": config("truthfulqa/truthful_qa", "multiple_choice", "validation"),
    "truthfulqa_mc2": config("truthfulqa/truthful_qa", "multiple_choice", "validation"),
    "winogrande": config("allenai/winogrande", "winogrande_xl", "validation"),
    "piqa": config("baber/piqa", None, "validation"),
    "gsm8k": {"dataset_path": "openai/gsm8k", "test_split": "test", "output_type": "generate_until"},
}
usual = {"mmlu_anatomy": 5, "mmlu_virology": 5, "arc_challenge": 25, "hellaswag": 10, "winogrande": 5, "gsm8k": 5}


def results(scores: Mapping[str, Mapping[str, Any]], n: int = 4, **changes: Any) -> Content:
    """A results file of lm-eval 0.4; keys such as `limit` or `model_name` may be changed."""
    content: Content = {
        "results": {task: {"alias": task, "sample_len": n, **found} for task, found in scores.items()},
        "group_subtasks": {},
        "configs": {task: {"task": task, **configs.get(task, {})} for task in scores},
        "versions": dict.fromkeys(scores, 1.0),
        "n-shot": {task: usual.get(task, 0) for task in scores},
        "n-samples": {task: {"original": n, "effective": n} for task in scores},
        "config": {
            "model": "hf",
            "model_args": {"pretrained": "maker/tiny", "dtype": "float32"},
            "model_num_parameters": 72128,
            "model_dtype": "torch.float32",
            "batch_size": 1,
            "device": "cpu",
            "limit": None,
            "fewshot_seed": 1234,
        },
        "git_hash": "abc123",
        "date": 1709288430.0,
        "pretty_env_info": "PyTorch version: 2.9.0+cpu\nPython version: 3.12.1 (main)\nPython platform: Linux-6",
        "transformers_version": "5.1.0",
        "lm_eval_version": "0.4.13",
        "tokenizer_bos_token": ["<s>", "1"],
        "max_length": 2048,
        "model_name": "maker/tiny",
        "chat_template": None,
        "total_evaluation_time_seconds": "12.5",
    }
    return content | changes


def choice_row(doc_id: int, values: Sequence[float], target: int, *, metrics: Sequence[str] = ("acc",)) -> Content:
    """A line of a sample file: a question with as many answers as values."""
    best = max(range(len(values)), key=values.__getitem__)
    return {
        "doc_id": doc_id,
        "doc": {"q": f"question {doc_id}"},
        "target": str(target),
        "arguments": {
            f"gen_args_{place}": {"arg_0": f"Question {doc_id}?\nAnswer:", "arg_1": f" answer {place}"}
            for place in range(len(values))
        },
        "resps": [[[str(value), "False"]] for value in values],
        "filtered_resps": [[str(value), "False"] for value in values],
        "filter": "none",
        "metrics": list(metrics),
        "doc_hash": "d",
        "prompt_hash": "p",
        "target_hash": "t",
        **{metric: float(best == target) for metric in metrics},
    }


def choice_rows(n: int = 4, seed: int = 0, metrics: Sequence[str] = ("acc",)) -> list[Content]:
    rng = random.Random(seed)
    return [
        choice_row(doc_id, [-rng.uniform(1, 9) for _ in range(4)], rng.randrange(4), metrics=metrics)
        for doc_id in range(n)
    ]


def mean(rows: Sequence[Content], metric: str = "acc") -> float:
    return sum(row[metric] for row in rows) / len(rows)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a results file of lm-eval, with sample files beside it, as lm-eval does; returns the folder."""

    def make(
        content: Content, samples: Mapping[str, Sequence[Content]] | None = None, folder: str = "out", time: str = TIME
    ) -> Path:
        place = tmp_path / folder / "maker__tiny"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"results_{time}.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
        for task, rows in (samples or {}).items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (place / f"samples_{task}_{time}.jsonl").write_text(text, encoding="utf-8")
        return tmp_path / folder

    return make


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, Any], Path]:
    """Write a file, as JSON where its content is no text or bytes; returns its path."""

    def make(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return make
