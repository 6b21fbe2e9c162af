"""Stores of the size that boards and the site must bear, written in seconds instead of evaluated in years.

    python -m perf.boards FOLDER [wide] [deep] [long] [--models N] [--runs N]

makes `FOLDER/wide` (10,000 models in 12 columns), `FOLDER/deep` (1,000 runs of the 57 subjects of MMLU) and
`FOLDER/long` (one run of 14,042 questions). The answers are drawn at random; everything else is as in a real store: the
scores are computed from the samples by the functions that a run uses, checksums are right, and every run can be opened.

Runs of one column whose models are equally able have the same answers, so that their samples and scores are one file on
the disk under many names.
"""

import argparse
import hashlib
import math
import os
import random
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.base import Benchmark
from leaderbench.evaluation.environment import environment
from leaderbench.records import Json
from leaderbench.results import store as stores
from leaderbench.results.runs import Manifest, manifest_to_json, run_id, score_to_json
from leaderbench.results.samples import from_table, schema, to_parquet
from leaderbench.statistics.aggregate import aggregate

if TYPE_CHECKING:
    import pyarrow as pa

WIDE = (
    *("arc-challenge/open-llm-v1", "hellaswag/open-llm-v1", "mmlu/open-llm-v1", "truthfulqa-mc/open-llm-v1"),
    *("winogrande/open-llm-v1", "arc-challenge/harness", "hellaswag/harness", "truthfulqa-mc/harness"),
    *("winogrande/harness", "exam/original", "exam/helm", "exam/harness-2023"),
)
"""The columns of the wide store."""

DEEP = ("mmlu/original", "mmlu/helm", "mmlu/harness-2023", "mmlu/open-llm-v1", "mmlu/harness")
"""The columns of the deep store."""

LETTERS = np.array(list("ABCD"))
WORDS = [a + b + c for a in ("ba", "do", "ki", "lu", "me") for b in "lnrst" for c in ("a", "en", "io", "um", "ar")]
SIZES = (0.5, 1.1, 1.5, 3, 7, 8, 13, 14, 32, 70)
"""Billions of parameters."""


@dataclass(frozen=True)
class Column:
    """A benchmark whose questions are made up once, and whose runs differ by how able a model is."""

    benchmark: Benchmark
    questions: int
    shots_words: int
    """Words of the solved examples in front of each question."""

    def subsets(self) -> list[str]:
        """The subset of each question, in order."""
        names = self.benchmark.subsets
        return [names[place * len(names) // self.questions] for place in range(self.questions)]

    @cached_property
    def recipe(self) -> dict[str, Json]:
        """The benchmark's own."""
        return self.benchmark.recipe()

    @cached_property
    def fixed(self) -> dict[str, Any]:
        """What is the same in all runs: prompts, right answers, candidates."""
        rng, n = random.Random(self.benchmark.name), self.questions

        def words(count: int) -> str:
            return " ".join(rng.choices(WORDS, k=count))

        shots = {name: words(self.shots_words) for name in self.benchmark.subsets}
        prompts = [f"{shots[name]}\n\n{words(40)}?\nAnswer:" for name in self.subsets()]
        letters = len(self.benchmark.subsets) > 1
        answers = [" A", " B", " C", " D"] * n if letters else [f" {words(rng.randint(2, 9))}" for _ in range(4 * n)]
        return {
            "prompts": prompts,
            "digests": [hashlib.sha256(prompt.encode()).hexdigest() for prompt in prompts],
            "targets": np.array([rng.randrange(4) for _ in range(n)]),
            "continuations": answers,
            "lengths": np.array([len(text) - 1 for text in answers]).reshape(n, 4),
            "tokens": [330 + place % 4 for place in range(4 * n)],
        }

    def table(self, ability: float, rng: np.random.Generator) -> "pa.Table":
        """The samples of a model that knows the answer to so many of the questions, from 0 to 1."""
        import pyarrow as pa

        n, names = self.questions, self.subsets()
        fixed = self.fixed
        targets = fixed["targets"]
        lengths = fixed["lengths"]
        likely = rng.normal(-2.5, 1, (n, 4)) * lengths
        knows = rng.random(n) < ability
        likely[np.flatnonzero(knows), targets[knows]] = likely[knows].max(axis=1) + rng.exponential(1, int(knows.sum()))
        likely = likely.astype(np.float32).astype(np.float64)
        values, chosen, margin = self._judged(likely, targets, lengths)
        whole = {"truncated_tokens": 0, "shots_dropped": 0}
        content: dict[str, Any] = {
            "example_id": [f"{name}/{place}" for place, name in enumerate(names)],
            "subset": names,
            "prompt": fixed["prompts"],
            "request_digests": _lists(pa.array(fixed["digests"]), 1),
            "continuations": _lists(pa.array(fixed["continuations"]), 4),
            "continuation_tokens": _lists(_lists(pa.array(fixed["tokens"], pa.int32()), 1), 4),
            "token_log_probabilities": _lists(_lists(pa.array(likely.ravel()), 1), 4),
            "log_likelihoods": _lists(pa.array(likely.ravel()), 4),
            "characters": _lists(pa.array(lengths.ravel(), pa.int32()), 4),
            "bytes": _lists(pa.array(lengths.ravel(), pa.int32()), 4),
            "context_tokens": pa.array([len(prompt) // 4 for prompt in fixed["prompts"]], pa.int32()),
            **{name: pa.array(np.full(n, value), pa.int32()) for name, value in whole.items()},
            "prediction": LETTERS[chosen],
            "predictions": [[(name, LETTERS[place]) for name in values] for place in chosen],
            "target": LETTERS[targets],
            "correct": chosen == targets,
            "margin": margin,
            "metrics": [list(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)],
            "flags": pa.array([[]] * n, pa.list_(pa.string())),
            "error": pa.nulls(n, pa.string()),
        }
        return pa.table(content, schema=schema())

    def _judged(
        self, likely: NDArray[np.float64], targets: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> tuple[dict[str, list[float]], NDArray[np.int64], NDArray[np.float64]]:
        """The value of each metric for each question; the answer that the reported one counts, and its lead."""
        names = list(dict.fromkeys(metric.name for metric in self.benchmark.metrics))
        ahead = {name: likely / lengths if name == "acc_norm" else likely for name in names}
        values = {name: (ahead[name].argmax(axis=1) == targets).astype(float) for name in names}
        if "mc2" in values:
            shares = np.exp(likely - likely.max(axis=1, keepdims=True))
            values["mc2"] = shares[np.arange(len(targets)), targets] / shares.sum(axis=1)
        reported = np.sort(ahead[names[0]], axis=1)
        chosen = ahead[names[0]].argmax(axis=1)
        return {name: found.tolist() for name, found in values.items()}, chosen, reported[:, 3] - reported[:, 2]

    def manifest(self, model: dict[str, Json], created: str) -> Manifest:
        """The manifest of a run in which this model is asked everything."""
        recipe, revision = self.recipe, "drawn-at-random"
        limits: dict[str, Json] = {"limit": None, "subsets": []}
        return Manifest(
            run_id=run_id(str(model["identity"]), {**recipe, "revision": revision}, limits),
            created=created,
            model=model,
            benchmark={
                "name": self.benchmark.name,
                "recipe": recipe,
                "dataset": self.benchmark.dataset,
                "revision": revision,
            },
            limits=limits,
            environment=_environment(),
            engine={"tokens_asked": 4000 * self.questions, "tokens_computed": 500 * self.questions},
            counts={"questions": self.questions, "errors": 0, "flags": {}},
        )


_environment = cache(environment)


def _lists(values: "pa.Array", length: int) -> "pa.Array":
    """Consecutive values as lists of one length."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(range(0, len(values) + 1, length), pa.int32()), values)


@dataclass(frozen=True)
class Pool:
    """The files of a column for models of so many abilities."""

    column: Column
    files: Sequence[dict[str, Path]]
    digests: Sequence[dict[str, str]]


def pool(column: Column, levels: int, folder: Path) -> Pool:
    """Write samples and scores of every ability into a folder."""
    rng = np.random.default_rng(len(column.benchmark.name))
    files, digests = [], []
    for level in range(levels):
        table = column.table((level + 0.5) / levels, rng)
        scores = aggregate(from_table(table), column.benchmark.metrics)
        content = {
            "samples.parquet": to_parquet(list(from_table(table))),
            "scores.json": stores.dumped([score_to_json(score) for score in scores]),
        }
        paths = {name: folder / f"{column.benchmark.name.replace('/', '-')}-{level}-{name}" for name in content}
        for name, data in content.items():
            paths[name].write_bytes(data)
        files.append(paths)
        digests.append({name: hashlib.sha256(data).hexdigest() for name, data in content.items()})
    return Pool(column, files, digests)


def model_facts(number: int) -> tuple[dict[str, Json], float]:
    """A made-up model as a manifest records it, and its ability on the logit scale."""
    rng = random.Random(number)
    size = rng.choice(SIZES)
    kind = rng.choice(("", "-Instruct", "-chat", "-merge", "-base"))
    organisation, family = f"{rng.choice(WORDS)}-labs-{number % 97}", rng.choice(WORDS).capitalize()
    name = f"{organisation}/{family}-{1 + number % 4}-{size:g}B{kind}-v{number}"
    facts: dict[str, Json] = {
        "name": name,
        "identity": hashlib.sha256(name.encode()).hexdigest(),
        "revision": hashlib.sha256(name.encode()).hexdigest()[:40],
        "architecture": rng.choice(("LlamaForCausalLM", "Qwen2ForCausalLM", "MistralForCausalLM", "Gemma2ForCausalLM")),
        "parameters": int(size * 1e9),
        "dtype": rng.choice(("bfloat16", "float16", "float32")),
        "device": "cuda",
        "backend": "none: drawn at random by perf/boards.py",
        "max_length": rng.choice((2048, 4096, 8192, 32768)),
    }
    return facts, math.log(size) / 2 - 1 + rng.gauss(0, 0.7)


def write(store: Path, pools: Sequence[Pool], models: Iterable[int]) -> int:
    """Write a run of every model in every column; how many there are now."""
    runs, written = store / "runs", 0
    runs.mkdir(parents=True)
    for number in models:
        facts, ability = model_facts(number)
        for place, part in enumerate(pools):
            levels = len(part.files)
            share = 1 / (1 + math.exp(-ability - 0.4 * random.Random(f"{number} {place}").gauss(0, 1)))
            level = min(int(share * levels), levels - 1)
            created = (
                f"{2024 + number % 3}-{1 + number % 12:02}-{1 + number % 28:02}T{number % 24:02}:{place:02}:00+00:00"
            )
            manifest = part.column.manifest(facts, created)
            folder = runs / manifest.run_id
            folder.mkdir()
            for name, path in part.files[level].items():
                _link(path, folder / name)
            content = manifest_to_json(manifest)
            digests = part.digests[level] | {"manifest": stores.digest(stores.dumped(content))}
            text = stores.dumped({"format": stores.format_version, **content, "sha256": digests})
            (folder / "manifest.json").write_bytes(text)
            written += 1
    return written


def _link(path: Path, place: Path) -> None:
    """One file under another name, or a copy where the disk allows no such thing."""
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)


def make(store: Path, names: Sequence[str], models: int, questions: int, levels: int, shots_words: int) -> int:
    """Write a store of made-up models with a run in each of these columns; how many runs.

    `questions` of each column, in as many files as there are `levels` of ability; it replaces what was there.
    """
    if store.exists():
        shutil.rmtree(store)
    beside = store / ".answers"
    beside.mkdir(parents=True)
    columns = [Column(registry.get(name), questions, shots_words) for name in names]
    done = write(store, [pool(column, levels, beside) for column in columns], range(models))
    shutil.rmtree(beside)
    write_board(store, names)
    return done


def write_board(store: Path, names: Sequence[str]) -> None:
    """A board of these columns, called as the store."""
    lines = [f'title = "{store.name}"', 'rule = "mean"']
    lines += [line for name in names for line in ("", "[[columns]]", f'benchmark = "{name}"')]
    (store / "boards").mkdir(exist_ok=True)
    (store / "boards" / f"{store.name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def wide(store: Path, models: int = 10_000, columns: int = len(WIDE)) -> int:
    """Many models in a dozen columns."""
    return make(store, WIDE[:columns], models, questions=171, levels=min(100, models), shots_words=120)


def deep(store: Path, runs: int = 1000, questions: int = 1425) -> int:
    """Many runs of many subjects."""
    return make(store, DEEP, -(-runs // len(DEEP)), questions=questions, levels=min(10, runs), shots_words=400)


def long(store: Path) -> int:
    """One run of as many questions as MMLU has."""
    return make(store, DEEP[:1], 1, questions=14_042, levels=1, shots_words=500)


def main() -> None:
    """Make the stores that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m perf.boards", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("stores", nargs="*", help="wide, deep, long; all of them where none is given")
    parser.add_argument("--models", type=int, default=10_000, help="of the wide store")
    parser.add_argument("--runs", type=int, default=1000, help="of the deep store")
    given = parser.parse_args()
    makers = {"wide": lambda p: wide(p, given.models), "deep": lambda p: deep(p, given.runs), "long": long}
    if unknown := set(given.stores) - makers.keys():
        sys.exit(f"There is no store {', '.join(sorted(unknown))}: choose among {', '.join(makers)}.")
    for name in given.stores or makers:
        began = time.perf_counter()
        done = makers[name](given.folder / name)
        print(f"{given.folder / name}: {done:,} runs in {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
