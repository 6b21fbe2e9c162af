"""One flipped bit in any file of a store changes no number without a word.

The quick test flips some dozens of bits; a thousand, over every kind of file, take about ten minutes:

    FLIPS=1000 python -m pytest -m slow tests/reliability/test_flips.py
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leaderbench.boards.stored import board_table
from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation import catalogue_files
from leaderbench.evaluation.known_models import known_models
from leaderbench.explain.split.grid import file_name, load, save
from leaderbench.explain.split.stored import FOLDER, explanations
from leaderbench.models.catalogue import of_run
from leaderbench.records import TokenText
from leaderbench.results.imports import import_csv
from leaderbench.results.index import Index
from leaderbench.results.store import Store
from leaderbench.results.tokens import RunTokens
from tests.explain.split.grids import make_grid
from tests.results.conftest import pair
from tests.web.conftest import BOARD, make_run

__all__ = ["pair"]

KINDS = {
    "manifests": "runs/*/manifest.json",
    "scores": "runs/*/scores.json",
    "samples": "runs/*/samples.parquet",
    "tokens": "runs/*/tokens.json",
    "imported scores": "imported/*.jsonl",
    "facts of tables": "models/published/*.jsonl",
    "explanations": "explanations/*.parquet",
    "records of models": "models/*.json",
    "answers": "responses/*/*.jsonl",
    "owner of answers": "responses/*/model.json",
    "index": "index.db",
    "seal of the index": ".index.seal",
}
"""Every kind of file that something is read from; boards and `models.toml` are people's own text."""

Numbers = dict[tuple[object, ...], object]


@pytest.fixture
def store(tmp_path: Path, pair: Callable[[int], object]) -> Store:
    store = Store(tmp_path / "store")
    for place, (model, right) in enumerate({"org/one-7b": 30, "org/two-3b": 22, "org/three-1b": 9}.items()):
        made = make_run(model, "mmlu/harness", run_id=f"aaaaaaaaaaa{place}", right=right)
        store.save(made, RunTokens({place: TokenText(" A", False), 3: TokenText(" B", False)}, "anatomy/0"))
        store.save(make_run(model, "mmlu/original", run_id=f"bbbbbbbbbbb{place}", right=right - 3))
        catalogue_files.save(store.path, of_run({"name": model}))
    table = tmp_path / "t.csv"
    table.write_text(
        "Model,#Params (B),Hub License,ARC,GSM8K\n"
        + "".join(f"org/m{i},{i + 1},mit,{40 + i / 3:.2f},{30 + i / 7:.2f}\n" for i in range(12))
    )
    import_csv(table, store)
    for grid in (make_grid("org/one-7b"), make_grid("org/two-3b", seed=1)):
        save(grid, store.path / FOLDER / file_name(grid))
    with store.log("org/one-7b", "1" * 64) as log:
        log.append([pair(number) for number in range(6)])  # type: ignore[misc]
    (store.path / "boards").mkdir()
    (store.path / "boards" / "both.toml").write_text(BOARD)
    with Index(store) as index:
        index.refresh()
    return store


class Seen:
    """Every number that a store shows, and what it says to be wrong."""

    def __init__(self, store: Store) -> None:
        self.numbers: Numbers = {}
        self.problems: list[str] = []
        for part in (self._listings, self._boards, self._runs, self._models, self._explanations, self._answers):
            for name, value in self._said(part, store):
                assert name not in self.numbers, name
                self.numbers[name] = repr(value)

    def _said(self, part: Callable[[Store], Iterator[tuple[tuple[object, ...], object]]], store: Store) -> Iterator[
        tuple[tuple[object, ...], object]
    ]:  # fmt: skip
        try:
            yield from part(store)
        except LeaderbenchError as error:
            self.problems.append(str(error))

    def _listings(self, store: Store) -> Iterator[tuple[tuple[object, ...], object]]:
        with Index(store) as index:
            self.problems += index.refresh().problems
            for entry in index.entries(overall_only=False):
                score = entry.score
                yield ("entry", entry.model, entry.benchmark, str(score.metric), score.subset, entry.run), score
            for run in index.runs(size=100).items:
                yield ("listed", run.id), (run.model, run.benchmark, run.settings, run.scores) if not run.problem else 0
            for model in index.models():
                yield ("model", model.name), model.last
            self.problems += index.remarks

    def _boards(self, store: Store) -> Iterator[tuple[tuple[object, ...], object]]:
        for name in ("both", "open-llm-v1"):
            table = board_table(name, store)
            for row in table.rows:
                for column, cell in zip(table.spec.columns, row.cells, strict=True):
                    if cell is not None:
                        yield (name, row.model, column.name, cell.run), (cell.estimate, cell.low, cell.high)

    def _runs(self, store: Store) -> Iterator[tuple[tuple[object, ...], object]]:
        for summary in store.runs():
            if summary.problem:
                self.problems.append(summary.problem)
                continue
            try:
                for score in summary.scores:
                    yield ("shown", summary.id, str(score.metric), score.subset), score
                for sample in store.run(summary.id).samples:
                    yield ("sample", summary.id, sample.example_id), sample
                yield ("tokens", summary.id), store.tokens(summary.id)
            except LeaderbenchError as error:
                self.problems.append(str(error))

    def _models(self, store: Store) -> Iterator[tuple[tuple[object, ...], object]]:
        known = known_models(store)
        self.problems += known.problems
        for item in known.models:
            if not item.bundled:
                yield ("facts", item.name), (item.record.parameters, item.record.licence)

    def _explanations(self, store: Store) -> Iterator[tuple[tuple[object, ...], object]]:
        kept = explanations(store)
        self.problems += kept.problems
        for item in kept.explanations:
            for grid in item.grids:
                try:
                    read = load(grid.path)
                    yield ("grid", read.cause.model), (read.cause, grid.questions, read.values.tolist())
                    yield ("margins", read.cause.model), (read.margins.tolist(), read.predictions.tolist())
                except LeaderbenchError as error:
                    self.problems.append(str(error))

    def _answers(self, store: Store) -> Iterator[tuple[tuple[object, ...], object]]:
        with store.read_log("org/one-7b", "1" * 64) as log:
            for key in [*log._index]:
                yield ("answer", key), log.get_digest(key.hex())


def flip(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    data[place] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def stands_for_damage(name: tuple[object, ...], value: object) -> bool:
    """Whether a value, beside which a problem is said, is none: a score that is not known, a run that cannot be used, a
    model's facts without what a damaged file said of it.
    """
    return name[0] in ("facts", "model") or "estimate=nan" in str(value) or (name[0] == "listed" and value == "0")


def check_flips(store: Store, count: int, seed: int) -> None:
    rng = random.Random(seed)
    original = store.path.with_name("original")
    shutil.copytree(store.path, original)
    before = Seen(store)
    assert not before.problems
    for number in range(count):
        shutil.rmtree(store.path)
        shutil.copytree(original, store.path)
        kind = sorted(KINDS)[number % len(KINDS)]
        path = rng.choice(sorted(store.path.glob(KINDS[kind])))
        flip(path, rng)
        after = Seen(store)
        where = f"flip {number} with seed {seed}: {path}"
        changed = {name: value for name, value in after.numbers.items() if value != before.numbers.get(name)}
        assert after.problems or not changed, (where, changed)
        wrong = {name: value for name, value in changed.items() if not stands_for_damage(name, value)}
        assert not wrong, (where, wrong)
        missing = before.numbers.keys() - after.numbers.keys()
        if kind not in ("answers", "owner of answers"):  # what is missing of a log is asked again
            assert not missing or after.problems, (where, missing)


def test_no_flipped_bit_changes_a_number_without_a_word(store: Store) -> None:
    check_flips(store, 2 * len(KINDS), seed=1)


@pytest.mark.slow
def test_no_bit_of_a_thousand_changes_a_number_without_a_word(store: Store) -> None:
    check_flips(store, int(os.environ.get("FLIPS", "1000")), seed=2)
