"""Our side: the same prompts through leaderbench.

    python -m perf.ours RULE MODEL DATASETS SUBJECT…

prints one JSON object: questions, seconds of the whole evaluation, peak memory; and of the time of asking (tokenising,
planning, computing, logging) the share that planning takes and the share that the useful products alone would take.
"""

import argparse
import dataclasses
import importlib
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leaderbench.benchmarks import mmlu
from leaderbench.benchmarks.datasets import HubDatasets
from leaderbench.evaluation import ask as asking
from leaderbench.evaluation import run as evaluation
from leaderbench.models import local, tree_attention
from leaderbench.models.load import load_local
from leaderbench.models.tokens import Encoder
from leaderbench.records import Question
from leaderbench.requests import Encoding
from leaderbench.results.store import Store
from perf.work import Work, counted

Clock = dict[str, float]


def rules() -> dict[str, list[mmlu.Choices]]:
    """What is measured: the choices of one implementation, or of several that share their prompts."""
    letters = next(item for item in mmlu.benchmarks() if item.name == "mmlu/harness").choices
    texts = dataclasses.replace(letters, asked=mmlu.Asked.TEXTS)
    bare = dataclasses.replace(letters, leading_space=False, encoding=Encoding.LAST_TOKEN)
    written = dataclasses.replace(letters, asked=mmlu.Asked.NEXT_TOKEN)
    return {
        "letters": [letters],
        "harness-2023": [mmlu.harness_2023],
        "texts": [texts],
        "all-rules": [letters, texts, bare, written],
    }


@contextmanager
def timed(clock: Clock, owner: object, name: str) -> Iterator[None]:
    """Add the time spent in one function to the clock under its name."""
    plain = getattr(owner, name)

    def wrapped(*args: object, **kwargs: object) -> object:
        began = time.perf_counter()
        try:
            return plain(*args, **kwargs)
        finally:
            clock[name] = clock.get(name, 0.0) + time.perf_counter() - began

    setattr(owner, name, wrapped)
    try:
        yield
    finally:
        setattr(owner, name, plain)


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rule", choices=list(rules()))
    parser.add_argument("model")
    parser.add_argument("datasets", type=Path)
    parser.add_argument("subjects", nargs="+")
    given = parser.parse_args()
    # The peer imports these with itself; neither side's time counts imports.
    for package in ("datasets", "pandas", "pyarrow.parquet"):
        importlib.import_module(package)
    model = load_local(given.model, dtype="float32", device="cpu")
    source, clock, work = HubDatasets(given.datasets), Clock(), Work()
    base = next(item for item in mmlu.benchmarks() if item.name == "mmlu/harness")
    recipes = [dataclasses.replace(base, choices=choices) for choices in rules()[given.rule]]
    with (
        tempfile.TemporaryDirectory() as folder,
        timed(clock, evaluation, "ask"),
        timed(clock, asking, "ask"),
        timed(clock, Encoder, "encode"),
        timed(clock, local, "lay"),
        timed(clock, tree_attention, "groups"),
        counted(model, work),
    ):
        began = time.perf_counter()
        if len(recipes) == 1:
            run = evaluation.evaluate(model, recipes[0], store=folder, datasets=source, subsets=given.subjects)
            count = len(run.samples)
        else:
            asked: list[Question] = [q for recipe in recipes for q in recipe.questions(source, given.subjects)]
            asking.ask(model, (request for question in asked for request in question.requests), Store(folder))
            count = len(asked) // len(recipes)
        seconds = time.perf_counter() - began
    ideal = work.ideal_seconds()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "questions": count,
                "seconds": seconds,
                "peak_mib": peak,
                "planning_share": (clock["encode"] + clock["lay"] + clock["groups"]) / clock["ask"],
                "encode_seconds": clock["encode"],
                "lay_seconds": clock["lay"],
                "groups_seconds": clock["groups"],
                "useful_gflop": work.gflop,
                "tokens_asked": model.effort.asked,
                "tokens_computed": model.effort.computed,
                "useful_rate": work.gflop / clock["ask"],
                "product_rate": work.gflop / ideal,
                "utilisation": ideal / clock["ask"],
                "path": model.path.name,
            }
        )
    )


if __name__ == "__main__":
    main()
