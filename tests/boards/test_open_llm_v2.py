"""The shipped board of the Open LLM Leaderboard's second version, filled from results of lm-eval."""

import json
from collections import Counter
from pathlib import Path

import pytest

from leaderbench.boards.reading import board
from leaderbench.boards.spec import BoardSpec
from leaderbench.boards.standing import stand
from leaderbench.boards.table import BoardTable
from leaderbench.results.imports import import_lm_eval, stored_entries
from leaderbench.results.store import Store
from tests.results.imports.conftest import results

musr_choices = {"murder_mysteries": 2, "object_placements": 5, "team_allocation": 3}
raw = {"murder_mysteries": 0.7, "object_placements": 0.4, "team_allocation": 0.6}
"""The leaderboard's own documented example: 40, 25 and 40, together 35."""


@pytest.fixture
def spec() -> BoardSpec:
    found = board("open-llm-v2").spec
    assert found is not None
    return found


def filled(spec: BoardSpec, folder: Path, **changes: object) -> BoardTable:
    scores = {f"leaderboard_musr_{name}": {"acc_norm,none": value} for name, value in raw.items()}
    scores |= {
        part.source.removeprefix("lm-eval/"): {"acc_norm,none": 1 / (part.num_choices or 1)}
        for part in next(column for column in spec.columns if column.name == "bbh").parts
    }
    scores |= {
        "leaderboard_ifeval": {"prompt_level_strict_acc,none": 0.4, "inst_level_strict_acc,none": 0.6},
        "leaderboard_math_hard": {"exact_match,none": 0.12},
        "leaderboard_gpqa": {"acc_norm,none": 0.6},
        "leaderboard_mmlu_pro": {"acc,none": 0.05},
    }
    path = folder / "maker__tiny" / "results_2024-08-01T10-00-00.000000.json"
    path.parent.mkdir()
    path.write_text(json.dumps(results(scores, 100, **changes)))
    store = Store(folder / "store")
    import_lm_eval([path], store)
    return stand(spec, stored_entries(store))


@pytest.mark.parametrize("changes", [{}, {"chat_template": "{{ messages }}"}], ids=["plain", "chat template"])
def test_the_board_gives_the_documented_numbers(spec: BoardSpec, tmp_path: Path, changes: dict[str, object]) -> None:
    table = filled(spec, tmp_path, **changes)
    (row,) = table.rows
    cells = {column.name: cell for column, cell in zip(table.spec.columns, row.cells, strict=True)}
    found = {name: round(100 * cell.normalised, 2) for name, cell in cells.items() if cell}
    assert found == {"ifeval": 50.0, "bbh": 0.0, "math": 12.0, "gpqa": 46.67, "musr": 35.0, "mmlu-pro": 0.0}
    assert round(100 * row.score, 2) == round((50 + 12 + 100 * (0.6 - 0.25) / 0.75 + 35) / 6, 2)


def test_it_has_all_24_parts_of_bbh_with_what_guessing_scores(spec: BoardSpec) -> None:
    bbh, musr = (next(column for column in spec.columns if column.name == name) for name in ("bbh", "musr"))
    assert len({part.source for part in bbh.parts}) == 24
    counts = Counter(part.num_choices for part in bbh.parts)
    assert counts == {2: 8, 3: 3, 4: 1, 5: 3, 6: 4, 7: 2, 11: 1, 18: 1, 19: 1}
    assert {part.source.rpartition("musr_")[2]: part.num_choices for part in musr.parts} == musr_choices
