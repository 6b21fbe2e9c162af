"""How long it takes to rank, to index and to import as much as a large board has: no server, one process a figure."""

import json
import multiprocessing
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leaderbench.boards.outcomes import reader
from leaderbench.boards.reading import parse
from leaderbench.boards.rules import Rule
from leaderbench.boards.standing import stand
from leaderbench.results.imports.lm_eval import import_lm_eval
from leaderbench.results.index import Index
from leaderbench.results.store import Store
from perf.boards import WIDE

LANGUAGES = ("en", "zh", "de", "fr")


def ranks(store: Path) -> str:
    """Every rule applied to all models of a store in all columns, with rank intervals; scores read from the index."""
    with Index(store) as index:
        index.refresh()
        began = time.perf_counter()
        entries = index.entries(WIDE)
        told = [f"reading {len(entries):,} scores {time.perf_counter() - began:.1f} s"]
    for rule in Rule:
        lines = [f'title = "all"\nrule = "{rule.value}"']
        for place, name in enumerate(WIDE):
            language = LANGUAGES[place % len(LANGUAGES)]
            lines.append(f'[[columns]]\nbenchmark = "{name}"\nbaseline = "1/4"\nlanguages = "{language}"')
        spec = parse("\n".join(lines))
        began = time.perf_counter()
        table = stand(spec, entries, reader(Store(store)))
        told.append(f"{rule.value} {time.perf_counter() - began:.1f} s")
    return f"ranks of {len(table.rows):,} models: {', '.join(told)}"


def rebuild(store: Path) -> str:
    """The index of a store, built from its files."""
    with Index(store) as index:
        began = time.perf_counter()
        found = index.refresh(rebuild=True)
    return f"index of {found.read:,} runs rebuilt in {time.perf_counter() - began:.1f} s"


def imported(files: int, questions: int) -> str:
    """So many results of lm-eval, with the samples of so many questions each or with scores only, into a new store."""
    with tempfile.TemporaryDirectory() as folder:
        results(Path(folder, "in"), files, questions)
        began = time.perf_counter()
        report = import_lm_eval([Path(folder, "in")], Store(Path(folder, "store")))
        took = time.perf_counter() - began
    kind = f"with samples of {questions} questions" if questions else "with scores only"
    return f"{len(report.imported):,} result files {kind} imported in {took:.1f} s, {len(report.skipped)} skipped"


def results(folder: Path, files: int, questions: int) -> None:
    """Results files as lm-eval writes them, each of another model; without questions there are no samples."""
    rng, moment = random.Random(0), "2024-05-01T12-00-00.000000"
    for number in range(files):
        name = f"org{number % 97}/model-{number}"
        place = folder / name.replace("/", "__")
        place.mkdir(parents=True)
        rows = [_sample(number, rng.random() < 0.5) for number in range(questions)]
        share = sum(row["acc"] for row in rows) / questions if questions else rng.random()
        content = {
            "results": {"arc_easy": {"alias": "arc_easy", "acc,none": share, "acc_stderr,none": 0.1}},
            "versions": {"arc_easy": 1.0},
            "n-shot": {"arc_easy": 0},
            "n-samples": {"arc_easy": {"original": questions or 100, "effective": questions or 100}},
            "config": {"model": "hf", "model_args": f"pretrained={name}"},
            "model_name": name,
            "date": 1714564800 + number,
        }
        (place / f"results_{moment}.json").write_text(json.dumps(content), encoding="utf-8")
        if rows:
            text = "".join(f"{json.dumps(row)}\n" for row in rows)
            (place / f"samples_arc_easy_{moment}.jsonl").write_text(text, encoding="utf-8")


def _sample(number: int, right: bool) -> dict[str, Any]:
    likely = [["-1.0", "False"], ["-2.0", "False"], ["-3.0", "False"], ["-2.5", "False"]]
    question = f"Question: What is {number}?\nAnswer:"
    return {
        "doc_id": number,
        "doc": {"question": f"What is {number}?", "choices": ["a", "b", "c", "d"]},
        "target": "0" if right else "1",
        "arguments": [[question, f" {letter}"] for letter in "abcd"],
        "resps": [[pair] for pair in likely],
        "filtered_resps": likely,
        "acc": float(right),
    }


def _told(work: Callable[..., str], arguments: tuple[object, ...], pipe: object) -> None:
    said = work(*arguments)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    pipe.send(f"{said}; memory {memory} MB")  # type: ignore[attr-defined]


def alone(work: Callable[..., str], *arguments: object) -> str:
    """What one of these says, in a process of its own, whose memory is then that of this work alone."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_told, args=(work, arguments, there))
    process.start()
    there.close()
    try:
        return str(here.recv())
    except EOFError:
        return f"{work.__name__} failed"
    finally:
        process.join()


def measure(folder: Path) -> None:
    """Print every figure; the folder is the one of `perf.boards`."""
    print(alone(ranks, folder / "wide"), flush=True)
    copy = folder / "deep-index"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder / "deep", copy, ignore=shutil.ignore_patterns("index.db*"), copy_function=_linked)
    try:
        print(alone(rebuild, copy), flush=True)
    finally:
        shutil.rmtree(copy)
    for questions in (0, 20):
        print(alone(imported, 10_000, questions), flush=True)


def _linked(path: str, place: str) -> str:
    Path(place).hardlink_to(path)
    return place
