"""A board worked out from entries: which score stands where, who has a place, and how sure it is."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.boards.export import as_json
from leaderbench.boards.filling import standard_error
from leaderbench.boards.outcomes import Outcomes, influence
from leaderbench.boards.ranks import Mode
from leaderbench.boards.reading import board, parse
from leaderbench.boards.spec import BoardSpec
from leaderbench.boards.standing import stand
from leaderbench.boards.table import Basis, BoardTable, Place, Standing
from leaderbench.records import Aggregation, Json, Metric, Score, View
from leaderbench.results.entries import Entry, Provenance
from leaderbench.results.imports.scores import published
from leaderbench.results.run_notes import notes_of
from leaderbench.statistics import macro, paired_difference
from leaderbench.statistics import mean as mean_of
from tests.boards.conftest import make_entry, make_spec

Scores = dict[str, dict[str, float]]


def table(spec: BoardSpec, scores: Scores, error: float = 0.01, **more: object) -> BoardTable:
    entries = [make_entry(m, b, x, error) for m, row in scores.items() for b, x in row.items()]
    return stand(spec, entries, **more)


def row(found: BoardTable, model: str) -> Standing:
    return next(item for item in found.rows if item.model == model)


def ranks(found: BoardTable) -> dict[str, int | None]:
    return {item.model: item.static.rank if item.static else None for item in found.rows}


def place(item: Standing) -> Place:
    assert item.static is not None
    return item.static


def place_after_filtering(item: Standing) -> Place:
    assert item.filtered is not None
    return item.filtered


def width(found: BoardTable) -> int:
    """How many ranks wide all rank intervals of a board are together."""
    return sum((place(item).high or 0) - (place(item).low or 0) for item in found.rows)


def test_rows_stand_in_order_with_rank_interval_and_interval() -> None:
    found = table(make_spec("mean", "a", "b"), {"x": {"a": 0.5, "b": 0.6}, "y": {"a": 0.8, "b": 0.9}, "z": {"a": 1.0}})
    assert [item.model for item in found.rows] == ["y", "x", "z"]
    first = found.rows[0]
    assert first.score == pytest.approx(0.85)
    assert first.low < 0.85 < first.high
    assert (first.high - first.low) / 2 / 1.96 == pytest.approx(math.sqrt(2 * 0.01**2) / 2, rel=0.02)
    assert str(first.static) == "1"
    assert first.basis is Basis.STANDARD_ERRORS
    assert (row(found, "z").static, row(found, "z").columns) == (None, 1)
    assert any("1 model without a rank: a column is missing" in note for note in found.notes)


def test_the_documented_example_of_normalisation_comes_out() -> None:
    spec = parse("""
title = "v2"
rule = "normalised-mean"
[[columns]]
key = "musr"
parts = [
  { imported = "murder", baseline = "1/num_choices", num_choices = 2 },
  { imported = "objects", baseline = "1/num_choices", num_choices = 5 },
  { imported = "teams", baseline = "1/num_choices", num_choices = 3 },
]
[[columns]]
imported = "gpqa"
baseline = "1/4"
[[columns]]
imported = "math"
baseline = "1/num_choices"
num_choices = 0
""")
    found = table(spec, {"m": {"murder": 0.7, "objects": 0.4, "teams": 0.6, "gpqa": 0.6, "math": 0.2}})
    cells = [cell for cell in found.rows[0].cells if cell is not None]
    assert [round(100 * cell.normalised, 2) for cell in cells] == [35.0, 46.67, 20.0]
    assert cells[0].estimate == pytest.approx(1.7 / 3)
    assert found.rows[0].score == pytest.approx((0.35 + 0.35 / 0.75 + 0.2) / 3)


def test_a_column_that_lacks_a_part_is_missing() -> None:
    spec = parse('title="x"\n[[columns]]\nkey="k"\nparts=[{imported="a"},{imported="b"}]')
    found = table(spec, {"m": {"a": 0.7}, "n": {"a": 0.5, "b": 0.3}})
    assert ranks(found) == {"n": 1, "m": None}
    lacking = row(found, "m").cells[0]
    assert lacking is not None
    assert math.isnan(lacking.estimate)


def test_a_value_below_the_baseline_is_nought_and_keeps_its_uncertainty() -> None:
    spec = make_spec("normalised-mean", 'imported = "a"\nbaseline = 0.25')
    found = table(spec, {"low": {"a": 0.2}, "high": {"a": 0.26}}, error=0.05)
    assert row(found, "low").score == 0.0
    assert str(row(found, "low").static) == "1-2"
    assert row(found, "low").high == pytest.approx((0.2 + 1.96 * 0.05 - 0.25) / 0.75)


def test_a_baseline_is_computed_from_its_run_or_what_is_missing_is_said() -> None:
    spec = make_spec("normalised-mean", 'imported = "a"\nbaseline = "computed"')
    scores = {"m": {"a": 0.65}, "baseline:random": {"a": 0.3}}
    assert row(table(spec, scores), "m").score == pytest.approx(0.5)
    found = table(spec, {"m": {"a": 0.65}})
    assert math.isnan(found.rows[0].score)
    assert any("leaderbench run baseline:random --benchmark a" in note for note in found.notes)


@pytest.mark.parametrize("rule", ["mean", "borda", "mean-win-rate"])
def test_baselines_are_shown_and_change_no_rank_and_no_score(rule: str) -> None:
    spec = make_spec(rule, "a", "b")
    models = {"x": {"a": 0.5, "b": 0.2}, "y": {"a": 0.8, "b": 0.1}}
    alone = table(spec, models)
    found = table(spec, models | {"baseline:random": {"a": 0.6, "b": 0.15}, "baseline:always-a": {"a": 0.9, "b": 0.9}})
    chance = row(found, "baseline:random")
    assert chance.baseline
    assert chance.static is None
    for model in models:
        assert row(found, model).static == row(alone, model).static
        assert row(found, model).score == row(alone, model).score
    if rule == "mean":
        assert [item.model for item in found.rows] == ["baseline:always-a", "y", "baseline:random", "x"]


def test_the_lower_the_better_turns_the_order_and_not_the_numbers() -> None:
    spec = make_spec("mean", 'imported = "perplexity"\ndirection = "lower"')
    found = table(spec, {"x": {"perplexity": 12.0}, "y": {"perplexity": 9.0}}, error=0.5)
    assert ranks(found) == {"y": 1, "x": 2}
    assert found.rows[0].score == 9.0
    assert found.rows[0].low < 9.0 < found.rows[0].high
    mixed = make_spec("borda", 'imported = "perplexity"\ndirection = "lower"', "a")
    assert ranks(table(mixed, {"x": {"perplexity": 12.0, "a": 0.5}, "y": {"perplexity": 9.0, "a": 0.5}}))["y"] == 1


def test_a_column_without_direction_is_shown_and_does_not_count() -> None:
    spec = make_spec("mean", "a", 'imported = "speed"\ndirection = "none"')
    found = table(spec, {"x": {"a": 0.5, "speed": 100.0}, "y": {"a": 0.8}})
    assert ranks(found) == {"y": 1, "x": 2}
    assert [item.columns for item in found.rows] == [1, 1]
    assert found.rows[1].cells[1] is not None


def test_an_optional_column_counts_where_some_model_has_it() -> None:
    spec = make_spec("mean", "a", 'imported = "b"\noptional = true')
    baseline = {"baseline:random": {"a": 0.2, "b": 0.2}}
    without = table(spec, {"x": {"a": 0.5}, "y": {"a": 0.8}} | baseline)
    assert ranks(without) == {"y": 1, "x": 2, "baseline:random": None}
    assert "No model has b here, so it does not count." in without.notes
    found = table(spec, {"x": {"a": 0.5, "b": 0.5}, "y": {"a": 0.8}} | baseline)
    assert ranks(found) == {"x": 1, "y": None, "baseline:random": None}


def test_baselines_are_those_of_the_columns_that_are_shown() -> None:
    extra = 'imported = "{}"\ndirection = "none"\noptional = true\nbaseline = {}'
    spec = make_spec("mean", extra.format("speed", 0.5), 'imported = "a"\nbaseline = 0.25', extra.format("cost", 0.75))
    with_cost = table(spec, {"x": {"a": 0.5, "cost": 1.0}})
    for found, columns in (
        (table(spec, {"x": {"a": 0.5}}), ["a"]),
        (with_cost, ["a", "cost"]),
        (table(spec, {}), ["a"]),
    ):
        assert [column.name for column in found.spec.columns] == columns
        assert found.baselines == ((0.25,), (0.75,))[: len(columns)]
        assert [column["name"] for column in as_json(found)["columns"]] == columns


def test_a_column_may_take_imported_measurements_of_other_names() -> None:
    spec = make_spec("mean", 'benchmark = "winogrande/harness"\nalso = "winogrande/elsewhere"')
    entries = [make_entry("x", "winogrande/elsewhere", 0.5), make_entry("y", "winogrande/harness", 0.6)]
    assert ranks(stand(spec, entries)) == {"y": 1, "x": 2}


def test_the_open_llm_board_takes_the_imported_leaderboard_with_its_six_columns() -> None:
    spec = board("open-llm-v1").spec
    assert spec is not None
    values = {"arc-challenge": 0.6, "hellaswag": 0.8, "truthfulqa-mc": 0.4, "winogrande": 0.7, "gsm8k": 0.2}
    metrics = {"arc-challenge": "acc_norm", "hellaswag": "acc_norm", "truthfulqa-mc": "mc2"}
    entries = [
        make_entry("m", f"{family}/open-llm-leaderboard", value, metric=metrics.get(family, "acc"))
        for family, value in values.items()
    ]
    entries.append(make_entry("m", "mmlu/open-llm-leaderboard", 0.5, aggregation=Aggregation.MACRO))
    assert stand(spec, entries).rows[0].score == pytest.approx(3.2 / 6)


def test_means_over_types_weigh_types_and_stand_beside_borda_points() -> None:
    columns = [f'imported = "{name}"\ntype = "{kind}"' for name, kind in (("a", "qa"), ("b", "qa"), ("c", "code"))]
    scores = {"m": {"a": 0.2, "b": 0.4, "c": 0.9}, "n": {"a": 0.5, "c": 0.1}}
    found = table(make_spec("borda", *columns), scores)
    assert row(found, "m").type_mean == pytest.approx(0.6)
    assert row(found, "m").mean == pytest.approx(0.5)
    assert row(found, "m").types == pytest.approx({"code": 0.9, "qa": 0.3})
    assert math.isnan(row(found, "n").mean)
    assert row(found, "n").types["code"] == 0.1
    assert row(table(make_spec("mean", *columns, head='over = "types"'), scores), "m").score == pytest.approx(0.6)


def test_static_and_filtered_rank_are_both_there() -> None:
    scores = {name: {"a": x} for name, x in (("w", 0.9), ("x", 0.8), ("y", 0.7), ("z", 0.6))}
    found = table(make_spec("mean", "a"), scores, filters=lambda item: item.model in "xz")
    both = [(item.model, place(item).rank, place_after_filtering(item).rank) for item in found.rows]
    assert both == [("x", 2, 1), ("z", 4, 2)]
    assert found.is_filtered
    assert (place(found.rows[0]).of, place_after_filtering(found.rows[0]).of) == (4, 2)


def test_points_are_those_of_the_whole_board_and_places_after_filtering_those_of_the_rest() -> None:
    """Which of two models leads under Borda can depend on who else is there."""
    scores = {
        "x": {"a": 0.9, "b": 0.1, "c": 0.1},
        "y": {"a": 0.1, "b": 0.2, "c": 0.2},
        "p": {"a": 0.8, "b": 0.05, "c": 0.05},
        "q": {"a": 0.7, "b": 0.04, "c": 0.04},
        "r": {"a": 0.6, "b": 0.03, "c": 0.03},
    }
    found = table(make_spec("borda", "a", "b", "c"), scores, filters=lambda item: item.model in "xy")
    assert place(row(found, "x")).rank <= place(row(found, "y")).rank
    assert place_after_filtering(row(found, "y")).rank == 1


def test_a_model_of_unknown_error_has_a_rank_and_no_interval() -> None:
    entries = [make_entry("x", "a", 0.9), make_entry("y", "a", 0.5, math.nan, n=0), make_entry("z", "a", 0.1)]
    found = stand(make_spec("mean", "a"), entries)
    assert ranks(found) == {"x": 1, "y": 2, "z": 3}
    assert str(row(found, "y").static) == "–"
    assert row(found, "y").basis is Basis.NONE
    assert str(row(found, "x").static) == "1-2"
    assert any("1 model of 3 has no rank interval" in note for note in found.notes)


def test_a_table_of_bare_numbers_says_that_there_are_no_intervals() -> None:
    found = stand(make_spec("mean", "a"), [make_entry(m, "a", x, math.nan, n=0) for m, x in (("x", 0.9), ("y", 0.5))])
    assert "There are no rank intervals: nobody knows how sure any of these scores is." in found.notes


def test_a_share_of_n_questions_has_the_error_that_n_says() -> None:
    def error(estimate: float, n: int, known: float, view: View = View.NEW_QUESTIONS) -> float:
        return standard_error(make_entry("m", "a", estimate, known, n=n, view=view).score)

    assert error(0.5, 400, math.nan) == pytest.approx(0.025)
    assert 0.005 < error(1.0, 100, 0.0) < 0.02
    assert error(1.0, 100, 0.0, View.BANK) == 0.0
    assert error(0.5, 400, 0.01) == 0.01
    assert math.isnan(error(0.5, 0, math.nan))
    assert math.isnan(error(52.0, 400, math.nan))
    stopped = Score(make_entry("m", "a", 0.5).score.metric, None, 0.5, 0.001, 0.4, 0.6, 50, view=View.STOPPED)
    assert standard_error(stopped) == pytest.approx(0.051, abs=0.001)


entries_of_a_cell = [
    make_entry("m", "a", 0.1, run="r1", provenance=Provenance.MADE_HERE, created="2026-01-03", settings="limit 5"),
    make_entry("m", "a", 0.2, created="2026-01-09"),
    make_entry("m", "a", 0.3, run="r2", provenance=Provenance.IMPORTED_RUN, created="2026-01-08"),
    make_entry("m", "a", 0.4, run="r3", provenance=Provenance.MADE_HERE, created="2026-01-02"),
    make_entry("m", "a", 0.5, run="r4", provenance=Provenance.MADE_HERE, created="2026-01-01"),
    make_entry("m", "a", 0.6, run="r5", provenance=Provenance.MADE_HERE, created="2026-01-05", problem="damaged"),
]


@given(st.permutations(entries_of_a_cell))
def test_whole_runs_made_here_stand_before_others_and_then_the_newest(entries: list[Entry]) -> None:
    (only,) = stand(make_spec("mean", "a"), entries).rows
    cell = only.cells[0]
    assert cell is not None
    assert (cell.estimate, cell.run, cell.others) == (0.4, "r3", 5)
    assert "1 damaged run" in only.flags


def test_a_run_of_some_questions_is_flagged_and_a_board_may_refuse_it() -> None:
    entries = [make_entry("m", "a", 0.1, settings="limit 5", errors=2)]
    assert stand(make_spec("mean", "a"), entries).rows[0].flags == ("2 unanswered", "limit 5", "imported score")
    assert stand(make_spec("mean", "a", head="[filters]\nplain = true"), entries).rows == ()


def test_what_all_answers_of_a_run_have_in_common_is_a_flag_of_its_row() -> None:
    counts: dict[str, Json] = {"questions": 10, "errors": 0, "flags": {"truncated": 10, "tie": 10}}
    tied = replace(make_entry("m", "a", 0.25), notes=notes_of(counts))
    entries = [tied, replace(tied, benchmark="b"), make_entry("n", "a", 0.5)]
    flags = {row.model: row.flags for row in stand(make_spec("mean", "a", "b"), entries).rows}
    assert flags["m"] == ("all answers tied", "10 of 10 prompts cut", "imported score")
    assert flags["n"] == ("imported score",)


def test_filters_of_a_board_choose_models_and_provenance() -> None:
    entries = [make_entry(m, "a", 0.5) for m in ("org/x", "org/y-merge", "else/z")]
    head = '[filters]\nmodels = ["org/*"]\nexclude = ["*-merge"]'
    assert [item.model for item in stand(make_spec("mean", "a", head=head), entries).rows] == ["org/x"]
    assert stand(make_spec("mean", "a", head='[filters]\nprovenance = ["made here"]'), entries).rows == ()


def test_other_weights_under_the_same_name_are_another_row() -> None:
    found = stand(
        make_spec("mean", "a"), [make_entry("m", "a", x, identity=d * 64) for x, d in ((0.5, "1"), (0.6, "2"))]
    )
    assert [item.name for item in found.rows] == ["m [22222222]", "m [11111111]"]


def test_nothing_answered_is_shown_as_a_cell_without_a_score() -> None:
    (only,) = stand(make_spec("mean", "a"), [make_entry("m", "a", math.nan, math.nan, n=0, errors=30)]).rows
    assert only.static is None
    assert only.cells[0] is not None
    assert only.flags[0] == "30 unanswered"


def test_a_column_may_name_metric_aggregation_and_subset() -> None:
    entries = [
        make_entry("m", "exam/harness", 0.1),
        make_entry("m", "exam/harness", 0.2, aggregation=Aggregation.MACRO),
        make_entry("m", "exam/harness", 0.3, subset="rivers"),
    ]
    for written, wanted in (("", 0.1), ('aggregation = "macro"', 0.2), ('subset = "rivers"', 0.3)):
        spec = make_spec("mean", f'benchmark = "exam/harness"\n{written}')
        assert stand(spec, entries).rows[0].score == wanted


def test_published_numbers_fill_columns_whose_aggregation_is_left_open() -> None:
    entries = [make_entry("m", "mmlu/harness-2023", 0.5, metric="acc_norm", aggregation=Aggregation.MICRO)]
    assert stand(make_spec("mean", 'benchmark = "mmlu/harness-2023"'), entries).rows[0].score == 0.5
    insisting = make_spec("mean", 'benchmark = "mmlu/harness-2023"\naggregation = "macro"')
    assert stand(insisting, entries).rows == ()


def test_of_several_imported_metrics_a_column_takes_the_one_that_most_models_have() -> None:
    entries = [make_entry("x", "a", 0.5, metric="f1"), make_entry("x", "a", 0.6), make_entry("y", "a", 0.7)]
    assert [item.score for item in stand(make_spec("mean", "a"), entries).rows] == [0.7, 0.6]


values = st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))


@given(
    st.lists(st.tuples(values, values, values), min_size=1, max_size=8),
    st.sampled_from(["mean", "borda", "mean-win-rate"]),
    st.randoms(use_true_random=False),
)
def test_the_order_of_entries_changes_nothing(
    rows: list[tuple[float | None, ...]], rule: str, shuffler: random.Random
) -> None:
    entries = [
        make_entry(f"m{i}", name, x, 0.1)
        for i, row in enumerate(rows)
        for name, x in zip("abc", row, strict=True)
        if x is not None
    ]
    spec = make_spec(rule, "a", "b", "c")
    mixed = list(entries)
    shuffler.shuffle(mixed)
    # repr, because NaN does not equal itself
    assert repr(stand(spec, entries)) == repr(stand(spec, mixed))


def test_an_empty_board_is_empty() -> None:
    for rule in ("mean", "borda", "mean-win-rate", "normalised-mean"):
        assert stand(make_spec(rule, "a"), []).rows == ()


Answers = dict[str, list[float]]


def reader(answers: dict[str, Answers], bank: str = "bank") -> Callable[[str, str], Outcomes | None]:
    """Outcomes by run: `answers` maps runs to values by subset."""

    def read(run: str, metric: str) -> Outcomes | None:
        if run not in answers:
            return None
        pairs = [(name, i, x) for name, part in answers[run].items() for i, x in enumerate(part)]
        ids, subsets = tuple(f"{name}/{i}" for name, i, _ in pairs), tuple(name for name, _, _ in pairs)
        return Outcomes(bank, ids, subsets, np.array([x for _, _, x in pairs]))

    return read


def exam(seed: int, share: float, n: int = 200) -> Answers:
    """Answers to the same questions; hard ones are hard for every seed."""
    hard, own = np.random.default_rng(0).random(n), np.random.default_rng(seed).random(n)
    right = (0.7 * hard + 0.3 * own < share).astype(float)
    return {"s": right[: n // 4].tolist(), "t": right[n // 4 :].tolist()}


def run_entry(model: str, run: str, answers: Answers, aggregation: Aggregation, benchmark: str = "a") -> Entry:
    found = (
        macro(list(answers.values()))
        if aggregation is Aggregation.MACRO
        else mean_of([x for part in answers.values() for x in part])
    )
    return make_entry(
        model, benchmark, found.estimate, found.standard_error, run=run, provenance=Provenance.MADE_HERE,
        aggregation=aggregation,
    )  # fmt: skip


@pytest.mark.parametrize("aggregation", list(Aggregation))
def test_the_influence_of_questions_adds_up_to_the_standard_error(aggregation: Aggregation) -> None:
    answers = exam(1, 0.5)
    outcomes = reader({"r": answers})("r", "acc")
    assert outcomes is not None
    found = influence(outcomes, aggregation)
    assert found is not None
    wanted = run_entry("m", "r", answers, aggregation).score.standard_error
    assert math.sqrt((found.values**2).sum()) == pytest.approx(wanted)


def test_two_runs_differ_as_their_paired_difference_says() -> None:
    answers = {"r1": {"s": [1.0] * 100 + [0.0] * 100}, "r2": {"s": [0.0] + [1.0] * 112 + [0.0] * 87}}
    entries = [run_entry(f"m{run}", run, answers[run], Aggregation.MICRO) for run in answers]
    read = reader(answers)
    first, second = (influence(read(run, "acc"), Aggregation.MICRO) for run in answers)  # type: ignore[arg-type]
    assert first is not None
    assert second is not None
    values = [{f"{k}/{i}": x for k, part in answers[run].items() for i, x in enumerate(part)} for run in answers]
    wanted = paired_difference(values[0], values[1])
    assert math.sqrt(((first.values - second.values) ** 2).sum()) == pytest.approx(wanted.standard_error)
    paired, alone = stand(make_spec("mean", "a"), entries, read), stand(make_spec("mean", "a"), entries)
    assert [item.basis for item in paired.rows] == [Basis.PAIRED] * 2
    assert [str(item.static) for item in paired.rows] == ["1", "2"]
    assert [str(item.static) for item in alone.rows] == ["1-2", "1-2"]


def test_columns_that_ask_the_same_questions_err_together() -> None:
    answers = {"r1": exam(1, 0.5), "r2": exam(1, 0.5)}
    entries = [run_entry("m", run, answers[run], Aggregation.MICRO, name) for run, name in (("r1", "a"), ("r2", "b"))]
    together = stand(make_spec("mean", "a", "b"), entries, reader(answers)).rows[0]
    apart = stand(make_spec("mean", "a", "b"), entries).rows[0]
    ratio = (together.high - together.low) / (apart.high - apart.low)
    assert ratio == pytest.approx(math.sqrt(2), rel=0.01)


@pytest.mark.parametrize("rule", ["borda", "mean-win-rate"])
def test_rules_that_rank_inside_columns_are_paired_too(rule: str) -> None:
    answers = {f"r{i}": exam(i, 0.45 + 0.02 * i, 400) for i in range(5)}
    entries = [run_entry(run, run, answers[run], Aggregation.MICRO) for run in answers]
    paired = stand(make_spec(rule, "a"), entries, reader(answers))
    alone = stand(make_spec(rule, "a"), entries)

    assert ranks(paired) == ranks(alone)
    assert width(paired) < width(alone)
    assert {item.basis for item in paired.rows} == {Basis.PAIRED}


def test_runs_with_and_without_answers_are_compared_with_what_there_is() -> None:
    answers = {"r1": exam(1, 0.5), "r2": exam(2, 0.6)}
    entries = [run_entry(run, run, answers[run], Aggregation.MICRO) for run in answers]
    entries.append(make_entry("published", "a", 0.45, 0.1))
    found = stand(make_spec("mean", "a"), entries, reader(answers))
    assert {item.model: item.basis for item in found.rows} == {
        "r1": Basis.PAIRED, "r2": Basis.PAIRED, "published": Basis.STANDARD_ERRORS
    }  # fmt: skip
    assert str(row(found, "published").static) == "1-3"


def test_marginal_intervals_may_be_asked_for() -> None:
    scores = {f"m{i}": {"a": 0.5 + 0.013 * i} for i in range(12)}
    spec = make_spec("mean", "a")

    marginal, simultaneous = (table(spec, scores, mode=mode) for mode in (Mode.MARGINAL, Mode.SIMULTANEOUS))
    assert width(marginal) < width(simultaneous)


def test_a_model_that_is_worse_everywhere_leaves_the_order_of_the_mean() -> None:
    scores = {"x": {"a": 0.5, "b": 0.6}, "y": {"a": 0.8, "b": 0.2}}
    spec = make_spec("mean", "a", "b")
    before, after = table(spec, scores), table(spec, scores | {"w": {"a": 0.0, "b": 0.0}})
    assert [item.model for item in after.rows] == [*(item.model for item in before.rows), "w"]


@pytest.mark.parametrize("size", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_models_in_twelve_columns_are_ranked_with_intervals(size: int) -> None:
    rng = np.random.default_rng(0)
    skill = rng.normal(0.5, 0.1, size)
    columns = [f"c{i}" for i in range(12)]
    entries = [
        make_entry(f"org/m{i}", name, float(np.clip(x + 0.05 * z, 0, 1)), 0.007)
        for i, x in enumerate(skill)
        for name, z in zip(columns, rng.normal(size=12), strict=True)
    ]
    found = stand(make_spec("mean", *columns), entries)
    assert len(found.rows) == size
    for item in found.rows:
        assert (place(item).low or 0) <= place(item).rank <= (place(item).high or 0)
    assert any("not compared question by question" in note for note in found.notes)


def test_every_shipped_board_can_be_filled() -> None:
    for name in ("mmlu", "demo", "open-llm-v1", "chinese"):
        spec = board(name).spec
        assert spec is not None
        entries = [
            make_entry(model, part.source, x, metric=metric)
            for model, x in (("x", 0.5), ("y", 0.9))
            for column in spec.columns
            for part in column.pieces
            for metric in ("acc", "acc_norm", "mc2", "exact_match")
        ]
        macros = [
            make_entry(m, "mmlu/open-llm-v1", x, aggregation=Aggregation.MACRO) for m, x in (("x", 0.5), ("y", 0.9))
        ]
        assert ranks(stand(spec, entries + macros)) == {"y": 1, "x": 2}


def published_twice(first: float, second: float, dates: tuple[str, str] = ("", ""), files: str = "aa") -> list[Entry]:
    return [
        replace(make_entry("m", "a", value, created=created), stated=(file, line))
        for value, created, file, line in zip((first, second), dates, files, (1, 2), strict=True)
    ]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("first", "second"), [(0.095, 0.705), (0.705, 0.095), (0.71, 0.7)])
def test_of_several_published_scores_the_last_one_of_the_table_is_shown_and_that_is_said(
    first: float, second: float, order: int
) -> None:
    (only,) = stand(make_spec("mean", "a"), published_twice(first, second)[::order]).rows
    assert only.cells[0] is not None
    assert only.cells[0].estimate == second
    assert "2 different scores published; the later one is shown" in only.flags


def test_of_several_published_scores_the_newest_is_shown() -> None:
    (only,) = stand(make_spec("mean", "a"), published_twice(0.3, 0.2, ("2024-02-01", "2024-01-01"), "ab")).rows
    assert only.cells[0] is not None
    assert only.cells[0].estimate == 0.3
    assert "2 different scores published; the later one is shown" in only.flags


def test_scores_of_different_tables_without_dates_are_not_called_later() -> None:
    (only,) = stand(make_spec("mean", "a"), published_twice(0.3, 0.2, files="ab")).rows
    assert "2 different scores published; it is not known which is the latest" in only.flags


def test_the_same_score_published_twice_is_no_dispute() -> None:
    (only,) = stand(make_spec("mean", "a"), published_twice(0.3, 0.3)).rows
    assert only.flags == ("imported score",)


def elo(model: str, rating: float, low: float, high: float) -> Entry:
    entry = make_entry(model, "a", rating, math.nan, metric="score", n=0)
    return replace(entry, score=replace(entry.score, low=low, high=high))


def test_a_published_interval_gives_the_standard_error_and_that_is_said() -> None:
    found = stand(
        make_spec("mean", "a"), [elo("x", 1250, 1240, 1260), elo("y", 1200, 1190, 1210), elo("z", 1240, 1235, 1249)]
    )
    cell = row(found, "x").cells[0]
    assert cell is not None
    assert cell.standard_error == pytest.approx(20 / 2 / 1.96, rel=1e-4)
    assert (row(found, "x").low, row(found, "x").high) == pytest.approx((1240, 1260))
    assert [str(item.static) for item in found.rows] == ["1-2", "1-2", "3"]
    assert any("taken from the published interval" in note for note in found.notes)
    assert not any("nobody knows" in note for note in found.notes)


def test_intervals_that_n_gives_are_not_called_published() -> None:
    made = published(make_entry("m", "a", 0.5).score.metric, None, 0.5, None, 400)
    found = stand(make_spec("mean", "a"), [replace(make_entry("m", "a", 0.5), score=made)])
    assert not any("published interval" in note for note in found.notes)
    assert standard_error(made) == pytest.approx(0.025)


def test_that_nobody_knows_is_said_only_where_no_score_has_an_error() -> None:
    entries = [make_entry(m, "a", 0.5) for m in "xy"] + [make_entry(m, "b", 0.5, math.nan, n=0) for m in "xy"]
    notes = stand(make_spec("mean", "a", "b"), entries).notes
    assert not any("nobody knows how sure any" in note for note in notes)
    assert any("There are no rank intervals" in note for note in notes)


@pytest.mark.parametrize("head", ["", "direction"])
def test_a_board_of_one_column_has_one_interval_for_its_one_number(head: str) -> None:
    column = "imported = 'a'" + ("\ndirection = 'lower'" if head else "")
    score = Score(Metric("acc", Aggregation.MICRO), None, 5 / 6, 0.15, 0.44, 0.97, 6, 0)
    entry = replace(make_entry("x", "a", 5 / 6), score=score)
    found = row(stand(make_spec("mean", column), [entry, make_entry("y", "a", 0.4)]), "x")
    assert (found.low, found.high) == (0.44, 0.97)


def test_a_normalised_board_of_one_column_has_the_interval_of_its_cell_normalised() -> None:
    spec = make_spec("normalised-mean", "imported = 'a'\nbaseline = 0.25")
    score = Score(Metric("acc", Aggregation.MICRO), None, 0.5, 0.15, 0.1, 0.97, 6, 0)
    found = row(stand(spec, [replace(make_entry("x", "a", 0.5), score=score), make_entry("y", "a", 0.4)]), "x")
    assert (found.low, found.high) == pytest.approx((0.0, 0.72 / 0.75))
