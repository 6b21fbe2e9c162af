"""Explanations that a store keeps: read again without the model, sorted by what was asked, damaged ones said."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.explain.report.values import Chart, Flips
from leaderbench.explain.report.wording import told
from leaderbench.explain.split.explanation import by_subset, explained, explanation
from leaderbench.explain.split.explanation_report import report
from leaderbench.explain.split.grid import file_name, head, load, save
from leaderbench.explain.split.stored import FOLDER, explanations
from tests.explain.split.grids import make_grid
from tests.explain.split.planted import Exam, benchmark, planted


def keep(store: Path, *grids: object) -> None:
    for grid in grids:
        save(grid, store / FOLDER / file_name(grid))  # type: ignore[arg-type]


def test_a_stored_explanation_says_what_was_said_when_it_was_made(tmp_path: Path) -> None:
    recipes = [benchmark("original"), benchmark("harness-2023")]
    models = [planted(seed, lambda features: 0.8 if features["scoring"] else 0.3) for seed in (0, 1)]
    told_then = explanation(models, recipes, store=tmp_path, datasets=Exam())
    (found,) = explanations(tmp_path).explanations
    again = found.read()
    assert again.models == told_then.models == found.models
    for before, after in zip(told_then.pairs[0].splits, again.pairs[0].splits, strict=True):
        assert (after.split, after.flips, after.a, after.b) == (before.split, before.flips, before.a, before.b)
    assert again.pairs[0].reorderings == told_then.pairs[0].reorderings
    assert report(again).answer == report(told_then).answer
    assert [section.title for section in report(again).sections] == [s.title for s in report(told_then).sections]
    one = found.read([found.models[0]])
    assert one.models == found.models[:1]
    assert report(one).answer == report(explained([load(found.grids[0].path)])).answer


def test_models_asked_the_same_are_one_explanation_and_others_are_others(tmp_path: Path) -> None:
    keep(tmp_path, make_grid("a/one"), make_grid("b/two", seed=1), make_grid("a/one", limits="the first 40"))
    keep(tmp_path, make_grid("c/three", factors=("scoring", "cleaning"), fixed=("template",)))
    found = explanations(tmp_path)
    assert found.problems == ()
    assert sorted(item.models for item in found.explanations) == [("a/one",), ("a/one", "b/two", "c/three")]
    assert len({item.id for item in found.explanations}) == 2


def test_the_newest_of_one_model_counts(tmp_path: Path) -> None:
    import os

    old, new = make_grid(n=40), make_grid(n=30)
    keep(tmp_path, old, new)
    os.utime(tmp_path / FOLDER / file_name(old), (1, 1))
    (found,) = explanations(tmp_path).explanations
    assert [item.questions for item in found.grids] == [30]


def test_files_that_are_no_explanations_are_said_and_hide_no_other(tmp_path: Path) -> None:
    keep(tmp_path, make_grid())
    folder = tmp_path / FOLDER
    (folder / "rubbish.parquet").write_bytes(b"PAR1 rubbish")
    (folder / "empty.parquet").write_bytes(b"")
    (folder / "folder.parquet").mkdir()
    pq.write_table(pa.table({"x": [1]}), folder / "foreign.parquet")
    whole = next(folder.glob("*[0-9a-f].parquet")).read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    found = explanations(tmp_path)
    assert len(found.explanations) == 1
    assert len(found.problems) == 5
    assert all("no whole explanation" in problem for problem in found.problems)


def test_a_store_without_explanations_has_none(tmp_path: Path) -> None:
    assert explanations(tmp_path).explanations == ()
    (tmp_path / FOLDER).write_text("no folder")
    assert explanations(tmp_path).explanations == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"factors": ("a", "b", "c")},
        {"factors": ("template", "template")},
        {"aggregations": ("micro", "micro", "micro", "median")},
        {"bank": {"anatomy": 0, "virology": 5}},
        {"model": 5},
        {"errors": "many"},
        {"cut": (1, 2)},
    ],
)
def test_a_file_that_contradicts_itself_is_damaged(changes: dict[str, object], tmp_path: Path) -> None:
    import json

    path = tmp_path / "x.parquet"
    save(make_grid(), path)
    table = pq.read_table(path)
    facts = json.loads(json.dumps(asdict(make_grid().cause) | changes))
    pq.write_table(table.replace_schema_metadata({"leaderbench": json.dumps(facts)}), path)
    with pytest.raises(LeaderbenchError, match="no whole explanation"):
        head(path)


@pytest.mark.parametrize("column", ["value_2", "prediction_1", "subset", "example_id", "margin_3"])
def test_a_file_that_lacks_a_column_or_holds_nothing_in_it_is_damaged(column: str, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    save(make_grid(), path)
    table = pq.read_table(path)
    metadata = table.schema.metadata
    pq.write_table(table.drop_columns([column]).replace_schema_metadata(metadata), path)
    with pytest.raises(LeaderbenchError, match="no whole explanation"):
        load(path)
    if column in ("value_2", "subset", "example_id"):
        kind = table.schema.field(column).type
        place = table.schema.get_field_index(column)
        nothing = table.set_column(place, column, pa.nulls(table.num_rows, kind)).replace_schema_metadata(metadata)
        pq.write_table(nothing, path)
        with pytest.raises(LeaderbenchError, match="no whole explanation"):
            load(path)


def test_a_grid_is_read_as_it_was_saved_and_equal_answers_are_one_object(tmp_path: Path) -> None:
    grid = make_grid()
    grid.predictions[3, 1] = None
    save(grid, tmp_path / "x.parquet")
    again = load(tmp_path / "x.parquet")
    assert np.array_equal(again.predictions, grid.predictions)
    assert np.array_equal(again.values, grid.values)
    assert again.cause == grid.cause
    assert len({id(item) for item in again.predictions.ravel()}) == 3


def test_grids_of_other_implementations_are_not_explained_together() -> None:
    with pytest.raises(LeaderbenchError, match="same two implementations"):
        explained([make_grid(), make_grid(b="mmlu/helm")])
    with pytest.raises(LeaderbenchError, match="at least one"):
        explained([])


def test_a_subset_s_difference_is_that_of_its_questions() -> None:
    grid = make_grid()
    gaps = dict(by_subset(grid))
    for name, gap in gaps.items():
        rows = [place for place, subset in enumerate(grid.subsets) if subset == name]
        assert gap.net == pytest.approx(float((grid.values[rows, -1] - grid.values[rows, 0]).mean()))
    assert sum(gap.n for gap in gaps.values()) == 40


def test_a_report_of_a_stored_grid_has_all_charts_and_flips_without_prompts() -> None:
    made = report(explained([make_grid()]))
    titles = [section.title for section in made.sections if isinstance(section, Chart)]
    assert titles == [
        "From one score to the other",
        "Questions with another outcome",
        "Every pair of causes",
        "Difference by subset",
        "How close the flipped questions were",
    ]
    (flips,) = (section for section in made.sections if isinstance(section, Flips))
    assert flips.flips
    assert all(flip.a.prompt == "" for flip in flips.flips)


def test_every_sentence_of_a_report_can_be_told_in_another_language() -> None:
    """What stays as it was are names, numbers and signs."""
    made = told(report(explained([make_grid(), replace(make_grid("org/other", seed=3))])), lambda text: "@")
    assert made.answer == "@"
    for section in made.sections:
        assert section.title in ("@", "org/model", "org/other")
        if hasattr(section, "note"):
            assert section.note in ("@", "")


def test_numbers_that_are_not_as_they_were_written_are_found_in_a_file_that_is_otherwise_whole(tmp_path: Path) -> None:
    grid = make_grid("a/one")
    path = tmp_path / "x.parquet"
    save(grid, path)
    table = pq.read_table(path)
    for name in ("value_1", "margin_0", "prediction_2", "subset", "target"):
        column = table.column(name).to_pylist()
        column[3] = column[3] + (1 if isinstance(column[3], float) else "x")
        place = table.column_names.index(name)
        pq.write_table(table.set_column(place, table.field(name), pa.array(column)), path)
        head(path)
        with pytest.raises(LeaderbenchError, match="no whole explanation"):
            load(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(LeaderbenchError, match="no whole explanation"):
        head(path)


def test_an_explanation_of_an_older_version_has_no_checksum_and_is_read(tmp_path: Path) -> None:
    grid = make_grid("a/one")
    path = tmp_path / "x.parquet"
    save(grid, path)
    old = pq.read_table(path).replace_schema_metadata({"leaderbench": json.dumps(asdict(grid.cause))})
    pq.write_table(old, path)
    assert load(path).cause == grid.cause
