"""Borda and means against what MTEB's own table function made of the same numbers; `make parity` asks it anew."""

import json
from pathlib import Path
from typing import Any

from parity.borda import differences, tables

golden: dict[str, Any] = json.loads(Path(__file__).with_name("mteb.json").read_text(encoding="utf-8"))


def test_ranks_and_means_of_imported_results_are_those_of_mteb() -> None:
    told = {place: found for place, pair in enumerate(golden["tables"]) if (found := differences(*pair))}
    assert told == {}


def test_the_tables_hold_the_edge_cases_that_they_are_for() -> None:
    asked = [rows for rows, _ in golden["tables"]]
    assert asked == [[list(row) for row in rows] for rows in tables(len(asked))], "else made by another generator"
    ranks = [sorted(row["Rank (Borda)"] for row in found.values()) for _, found in golden["tables"]]
    assert sum(len(set(found)) < len(found) for found in ranks) > 20, "equal totals"
    silent = [len({row[0] for row in rows}) - len(found) for rows, found in golden["tables"]]
    assert sum(count > 0 for count in silent) > 10, "models with nothing"
    asked_of = [{(task, model) for model, task, _, _, score in rows if score is not None} for rows in asked]
    alone = [[task for task, _ in found].count(task) == 1 for found in asked_of for task, _ in found]
    assert sum(alone) > 20, "tasks of one model"
