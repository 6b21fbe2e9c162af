"""What tells imported rows of one model apart is kept, and names them on a board."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.boards.arranged import Arranged, Choice
from leaderbench.boards.reading import parse
from leaderbench.boards.standing import stand
from leaderbench.boards.table import BoardTable
from leaderbench.evaluation.catalogue_files import load
from leaderbench.models.search import Query
from leaderbench.results.imports import import_csv, import_lm_eval
from leaderbench.results.imports.facts import stored_facts
from leaderbench.results.index import Index
from leaderbench.results.store import Store


def board(store: Store, *names: str, head: str = "") -> BoardTable:
    """A board of imported columns."""
    columns = "".join(f'[[columns]]\nimported = "{name}"\n' for name in names)
    spec = parse(f'title = "T"\nrule = "borda"\n{columns}{head}')
    with Index(store) as index:
        index.refresh()
        return stand(spec, index.entries(overall_only=False))


def old_results(arguments: str, shots: int, acc: float) -> dict[str, Any]:
    """A results file as lm-eval 0.3 wrote it."""
    results = {"arc_challenge": {"acc": acc, "acc_stderr": 0.01}}
    config = {"model": "hf-causal", "model_args": arguments, "num_fewshot": shots, "device": None, "limit": None}
    return {"results": results, "versions": {"arc_challenge": 0}, "config": config}


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("model,precision,benchmark,score\na/b,bfloat16,x,64.2\na/b,4bit,x,61\na/b,8bit,x,63",
         {"a/b (bfloat16)", "a/b (4bit)", "a/b (8bit)"}),
        ("model,revision,benchmark,score\na/b,1a2b3c4,x,64.2\na/b,9f8e7d6,x,61", {"a/b @ 1a2b3c4", "a/b @ 9f8e7d6"}),
    ],
)  # fmt: skip
def test_rows_of_a_table_are_named_by_precision_and_revision(
    store: Store, file: Callable[[str, Any], Path], table: str, names: set[str]
) -> None:
    import_csv(file("t.csv", table), store)
    assert {row.name for row in board(store, "x/published").rows} == names


def test_a_board_takes_in_imported_rows_by_precision_and_revision(
    store: Store, file: Callable[[str, Any], Path]
) -> None:
    import_csv(file("t.csv", "model,precision,revision,benchmark,score\na,4bit,one,x,64\na,8bit,two,x,61"), store)
    by_precision = board(store, "x/published", head='[filters]\nprecision = "4-bit"')
    assert [row.facts["precision"] for row in by_precision.rows] == ["4bit"]
    by_revision = board(store, "x/published", head='[filters]\nrevision = "tw"')
    assert [row.facts["revision"] for row in by_revision.rows] == ["two"]


def test_checkpoints_and_shots_of_old_files_name_rows(store: Store, tmp_path: Path) -> None:
    files = {
        "a": old_results("pretrained=org/m,revision=step0", 0, 0.2),
        "b": old_results("revision=step9,pretrained=org/m,use_accelerate=True", 0, 0.24),
        "c": old_results("pretrained=org/m,revision=step9", 5, 0.26),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    import_lm_eval([tmp_path / f"{name}.json" for name in files], store)
    table = board(store, "lm-eval/arc_challenge")
    values = {row.name: row.cells[0].estimate for row in table.rows if row.cells[0]}
    assert values == {"org/m @ step0": 0.2, "org/m @ step9": 0.24, "org/m @ step9 (5 shots)": 0.26}
    assert [row.flags[0] for row in table.rows if "shots" in row.name] == ["5 shots"]


def test_an_argument_that_only_one_row_has_names_it(store: Store, tmp_path: Path) -> None:
    for name, arguments in (("a", "pretrained=org/m,dtype=float16"), ("b", "pretrained=org/m,load_in_4bit=True")):
        content = old_results(arguments, 0, 0.3)
        content["config"]["model_dtype"] = "torch.float16"
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    import_lm_eval(tmp_path, store)
    assert {row.name for row in board(store, "lm-eval/arc_challenge").rows} == {"org/m", "org/m (load_in_4bit=True)"}


def test_the_precision_filter_finds_each_imported_row(store: Store, file: Callable[[str, Any], Path]) -> None:
    import_csv(file("t.csv", "model,precision,benchmark,score\na/b,bfloat16,x,64\na/b,4bit,x,61\na/b,8bit,x,63"), store)
    arranged = Arranged(board(store, "x/published"), load(store.path).record)

    def chosen(precision: str) -> list[str]:
        places = arranged.chosen(Choice(Query(precisions=frozenset({precision}))))
        return [arranged.table.rows[place].name for place in places]

    assert [chosen(name) for name in ("bfloat16", "4-bit", "8-bit", "float32")] == [
        ["a/b (bfloat16)"],
        ["a/b (4bit)"],
        ["a/b (8bit)"],
        [],
    ]


def test_what_a_result_file_says_of_its_model_is_a_fact(store: Store, file: Callable[[str, Any], Path]) -> None:
    config = {"model_args": "pretrained=acme/x", "model_num_parameters": 1234, "model_dtype": "torch.bfloat16"}
    tasks = {"t": {"acc,none": 0.5}}
    for number, more in enumerate([{"model_sha": "abc1"}, {"model_sha": "abc2"}]):
        file(f"results/{number}.json", {"results": tasks, "config": config | more})
    packed = config | {"model_args": "pretrained=acme/packed,load_in_4bit=True"}
    file("results/packed.json", {"results": tasks, "config": packed})
    import_lm_eval(file("results/0.json", {"results": tasks, "config": config | {"model_sha": "abc1"}}).parent, store)
    facts = stored_facts(store.path)[0]
    assert {name: fact.value for name, fact in facts["acme/x"].items()} == {"parameters": 1234, "precision": "bfloat16"}
    assert facts["acme/x"]["parameters"].source == "published"
    assert "acme/packed" not in facts
