"""What `import leaderbench as lb` offers."""

import dataclasses
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import leaderbench as lb
from tests.web.conftest import make_run

PUBLIC = [
    "Index",
    "LeaderbenchError",
    "Run",
    "Store",
    "board",
    "boards",
    "compare_runs",
    "diff",
    "evaluate",
    "explanation",
    "explanations",
    "import_csv",
    "import_lighteval",
    "import_lm_eval",
    "import_mteb",
    "import_open_llm_leaderboard",
    "known_models",
    "load_model",
    "serving",
    "stability",
    "verify",
]


@pytest.fixture
def store(tmp_path: Path) -> lb.Store:
    made = lb.Store(tmp_path / "store")
    for place, model in enumerate(["org/a", "org/b", "org/c"]):
        made.save(make_run(model, "mmlu/harness", run_id=f"aaaaaaaaaaa{place}", right=30 - 8 * place))
    return made


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert dir(lb) == PUBLIC == sorted(lb.__all__)
    assert all(callable(getattr(lb, name)) for name in PUBLIC if name != "boards")


def test_it_has_a_version_and_short_names_for_what_a_notebook_shows(store: lb.Store) -> None:
    assert lb.__version__[0].isdigit()
    run = store.run("aaaaaaaaaaa0")
    assert len(repr(run)) < 200
    assert "org/a on mmlu/harness" in repr(run)
    assert repr(store) == f"Store({str(store.path)!r})"
    assert "<td>" in run._repr_html_()
    shown: tuple[Any, ...] = (run.scores, run.samples, dataclasses.replace(run, samples=tuple(run.samples)).samples)
    for rows in shown:
        assert len(repr(rows)) < 200
        assert "<td>" in rows._repr_html_()
        assert len(rows.to_pandas()) == len(rows)
    assert isinstance(run.scores, tuple)
    assert run.samples[:2] == tuple(run.samples)[:2]
    board = lb.board("mmlu/harness", store)
    assert len(repr(board)) < 200
    assert "org/a" in board._repr_html_()
    assert list(board.to_pandas()["model"]) == [row.name for row in board.rows]
    comparison = lb.compare_runs([run, store.run("aaaaaaaaaaa1")])
    assert len(repr(comparison)) < 300
    assert run.to_pandas()["metric"].iloc[0] == str(run.scores[0].metric)


def test_a_board_is_filled_from_the_usual_store_as_an_evaluation_is(
    store: lb.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERBENCH_STORE", str(store.path))
    assert {row.name for row in lb.board("mmlu/harness").rows} == {"org/a", "org/b", "org/c"}


def test_a_number_in_words_ends_in_a_sentence(store: lb.Store) -> None:
    with pytest.raises(lb.LeaderbenchError, match="limit is 'ten': give a whole number"):
        lb.evaluate("baseline:random", "exam/original", store=store, limit="ten")  # type: ignore[arg-type]


def test_a_name_that_is_not_public_is_absent() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = lb.nothing


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, leaderbench; print([n for n in ('torch', 'numpy', 'pydantic', 'fastapi') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_boards_are_there_without_an_import_of_their_own() -> None:
    code = "import leaderbench as lb; print([item.name for item in lb.boards.boards()])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'open-llm-v1'" in done.stdout


def test_a_board_is_one_call(store: lb.Store) -> None:
    assert [row.model for row in lb.board("mmlu", str(store.path)).rows] == ["org/a", "org/b", "org/c"]


def test_several_runs_are_compared_in_one_call(store: lb.Store) -> None:
    found = lb.compare_runs([store.run(f"aaaaaaaaaaa{place}") for place in range(3)])
    assert len(found.sentences) == 3


def test_published_scores_come_in_with_one_call(store: lb.Store, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("model,benchmark,score\norg/d,mmlu,0.5\n")
    assert lb.import_csv(tmp_path / "scores.csv", store).imported
    with lb.Index(store) as index:
        index.refresh()
        assert [entry.model for entry in index.entries("mmlu")][-1] == "org/d"
    assert [item.imported for item in lb.known_models(store, "org/d").models] == [1]


def test_the_site_is_served_while_a_block_runs(store: lb.Store) -> None:
    with lb.serving(store) as address, urllib.request.urlopen(f"{address}/api/v1/boards", timeout=30) as answer:
        assert {"mmlu", "demo"} <= {item["name"] for item in json.load(answer)}
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/api/v1/boards", timeout=5)
