"""Whatever stands in a file, an import ends with a report or a LeaderbenchError, and writes finite numbers only."""

import json
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.results.imports import (
    Report,
    import_csv,
    import_lm_eval,
    import_mteb,
    import_open_llm_leaderboard,
    stored_entries,
)
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from tests.results.imports.conftest import choice_rows, results

BringIn = Callable[[Sequence[Path], Store], Report]

texts = st.text(st.characters(), max_size=12)
odd = st.sampled_from(
    [math.nan, math.inf, -math.inf, 1e308, -1e308, 10**30, 0, -1, "", "NaN", "\ud800", "<b>", "../.."]
)
leaf = st.none() | st.booleans() | st.floats() | st.integers() | texts | odd


def values(children: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=4) | st.dictionaries(keys, children, max_size=5)


anything = st.recursive(leaf, lambda children: values(children, texts), max_leaves=12)


def spoilt(base: Any, data: st.DataObject, depth: int = 0) -> Any:
    """A true file with parts exchanged for anything, dropped, or doubled under other names."""
    if data.draw(st.integers(0, 30)) == 0 and depth:
        return data.draw(anything)
    if isinstance(base, dict):
        items = [(key, spoilt(value, data, depth + 1)) for key, value in base.items()]
        if items and data.draw(st.integers(0, 9)) == 0:
            items.pop(data.draw(st.integers(0, len(items) - 1)))
        if data.draw(st.integers(0, 9)) == 0:
            items.append((data.draw(texts), data.draw(anything)))
        return dict(items)
    if isinstance(base, list):
        return [spoilt(item, data, depth + 1) for item in base]
    return base


def check(bring_in: BringIn, files: dict[str, str | bytes]) -> None:
    """Import these files, and look at all that was written."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, "in", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        store = Store(Path(folder, "store"))
        try:
            report = bring_in([Path(folder, "in")], store)
        except LeaderbenchError:
            return
        assert report.imported or report.skipped
        for item in stored_entries(store):
            assert math.isfinite(item.score.estimate)
        for path in Path(folder, "store", "imported").glob("*.jsonl"):
            for line in path.read_text(encoding="utf-8").splitlines():
                json.loads(line, parse_constant=not_json)
        for summary in store.runs():
            assert summary.problem is None
            check_run(store.run(summary.id))


def not_json(word: str) -> None:
    raise AssertionError(f"{word} was written")


def check_run(run: Run) -> None:
    for sample in run.samples:
        assert all(map(math.isfinite, sample.metrics.values()))
        assert all(map(math.isfinite, sample.log_likelihoods))
        assert math.isnan(sample.margin) or math.isfinite(sample.margin)
    for score in run.scores:
        assert not math.isinf(score.estimate)


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


readers = st.sampled_from([import_lm_eval, import_open_llm_leaderboard, import_mteb])


@given(readers, anything)
def test_any_json(bring_in: BringIn, value: Any) -> None:
    check(bring_in, {"org__model/rev/results_2024-01-01T00-00-00.0.json": dump(value)})


@given(readers | st.just(import_csv), st.binary(max_size=200))
def test_any_bytes(bring_in: BringIn, data: bytes) -> None:
    check(bring_in, {"org__model/rev/a.json": data, "a.csv": data})


@given(st.data())
@settings(max_examples=150)
def test_spoilt_results_of_lm_eval(data: st.DataObject) -> None:
    scores = {
        "mmlu_anatomy": {"acc,none": 0.5, "acc_stderr,none": 0.1},
        "truthfulqa_mc2": {"acc,none": 0.5},
        "gsm8k": {"exact_match,strict-match": 0.0},
        "mmlu": {"acc,none": 0.5},
    }
    content = results(scores, group_subtasks={"mmlu": ["mmlu_anatomy"]})
    check(import_lm_eval, {"o__m/results_2024-01-01T00-00-00.0.json": dump(spoilt(content, data))})


@given(st.data(), st.sampled_from(["mmlu_anatomy", "truthfulqa_mc2", "winogrande", "gsm8k", "piqa"]))
@settings(max_examples=150)
def test_spoilt_samples_of_lm_eval(data: st.DataObject, task: str) -> None:
    rows = [spoilt(row | {"doc": {"answer": "1", "mc2_targets": {"labels": [1, 0]}}}, data) for row in choice_rows(2)]
    content = results({task: {"acc,none": 0.5}}, 2)
    lines = "".join(dump(row) + "\n" for row in rows)
    name = "2024-01-01T00-00-00.0.json"
    check(import_lm_eval, {f"o__m/results_{name}": dump(content), f"o__m/samples_{task}_{name}l": lines})


@given(st.data())
def test_spoilt_results_of_the_open_llm_leaderboard(data: st.DataObject) -> None:
    found = {f"harness|hendrycksTest-{i}|5": {"acc": 0.5, "acc_stderr": 0.1} for i in range(3)}
    content = {"config_general": {"model_name": "a/b", "max_samples": 5}, "results": found, "config_tasks": {}}
    check(import_open_llm_leaderboard, {"a/b/results_2023-01-01T00-00-00.0.json": dump(spoilt(content, data))})


@given(st.data())
def test_spoilt_results_of_mteb(data: st.DataObject) -> None:
    rows = [{"main_score": 0.5, "hf_subset": name} for name in ("en", "de")]
    content = {"task_name": "Task", "scores": {"test": rows, "dev": rows}, "date": 1.7e9}
    check(import_mteb, {"a__b/rev/Task.json": dump(spoilt(content, data))})


cells = st.sampled_from(
    ["org/m", "0.5", "-1", "NaN", "1e308", "-1e308", "inf", "50%", "<b>x</b>", "", "\x00", "2024-01-01"]
)
headers = st.sampled_from(
    [
        "model",
        "benchmark",
        "score",
        "n",
        "Average ⬆️",
        "ARC",
        "metric",
        "error",
        "low",
        "high",
        "date",
        "shots",
        "",
        "Type",
    ]
)


@given(st.lists(headers, min_size=1, max_size=8), st.lists(st.lists(cells | texts, max_size=9), max_size=6))
@settings(max_examples=200)
def test_any_table(header: list[str], rows: list[list[str]]) -> None:
    check(import_csv, {"table.csv": "\n".join(",".join(row) for row in [header, *rows])})
