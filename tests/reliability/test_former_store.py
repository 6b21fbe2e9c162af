"""A store that an older leaderbench wrote opens, shows, ranks, resumes, explains, exports and verifies as before.

`tests/data/store_of_version_1.tar.gz` was written by commit c548564, before scores named the version of their
formulas: runs of a model and a baseline on two implementations, one on questions drawn at random, an explanation,
imported scores, a board and `models.toml` of its own, and an index. `told/` holds what that version said of it.
"""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

import leaderbench as lb
from leaderbench.boards.export import as_json as board_as_json
from leaderbench.cli.explain import as_json as explanation_as_json
from leaderbench.evaluation.known_models import known_models
from leaderbench.explain.verification import verify
from leaderbench.models.load import load_model
from leaderbench.results import export
from leaderbench.results.store import digest, dumped

ARCHIVE = Path(__file__).parents[1] / "data" / "store_of_version_1.tar.gz"
MODEL = "bundled:owl-1m"
RUNS = ("229d2a273271", "2735abe780ab", "5aa963768ea8", "8385734382b0", "d976d661efbe")


@pytest.fixture
def store(tmp_path: Path) -> lb.Store:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return lb.Store(tmp_path / "store")


def told(store: lb.Store, name: str) -> Any:
    return json.loads((store.path.parent / "told" / name).read_text())


def test_its_runs_are_shown_with_the_scores_that_they_had(store: lb.Store) -> None:
    summaries = {item.id: item for item in store.runs()}
    assert set(summaries) == set(RUNS)
    for run in told(store, "show.json")["runs"]:
        summary = summaries[run["run"]]
        assert summary.problem is None
        assert (summary.model, summary.benchmark) == (run["model"], run["benchmark"])
        score, former = summary.scores[0], run["scores"][0]
        assert (score.estimate, score.low, score.high) == (former["estimate"], former["low"], former["high"])


def test_its_board_ranks_as_it_did(store: lb.Store) -> None:
    former = told(store, "board.json")["rows"]
    rows = board_as_json(lb.board("published", store))["rows"]
    assert [(row["name"], row["static_rank"], row["score"]) for row in rows] == [
        (row["name"], row["static_rank"], row["score"]) for row in former
    ]
    assert "org/a" in {known.name for known in known_models(store, "@licence:mit").models}


@pytest.mark.parametrize(
    ("benchmark", "options", "run"),
    [
        ("exam/original", {"limit": 1}, "d976d661efbe"),
        ("exam/harness-2023", {"limit": 1}, "229d2a273271"),
        ("exam/helm", {"questions": 8}, "2735abe780ab"),
    ],
)
def test_the_same_command_asks_nothing_and_gives_the_same_run(
    store: lb.Store, monkeypatch: pytest.MonkeyPatch, benchmark: str, options: dict[str, int], run: str
) -> None:
    model = load_model(MODEL)
    monkeypatch.setattr(type(model), "answer", lambda *_: pytest.fail("a stored answer was asked again"))
    again = lb.evaluate(model, benchmark, store=store, **options)
    former = next(item for item in told(store, "show.json")["runs"] if item["run"] == run)
    assert again.id == run
    assert again.score().estimate == former["scores"][0]["estimate"]
    assert verify(store).is_sound


def test_its_explanation_is_read_and_given_again(store: lb.Store) -> None:
    (kept,) = lb.explanations(store).explanations
    former = told(store, "explain.json")["pairs"][0]["models"][0]
    explanation = json.loads(json.dumps(explanation_as_json(kept.read())))["pairs"][0]["models"][0]
    assert (explanation["model"], explanation["questions"]) == (MODEL, former["questions"])
    for name in ("factors", "fixed"):
        assert explanation[name] == former[name]
    for side in ("a", "b"):
        assert explanation[side]["estimate"] == former[side]["estimate"]
    estimates = [
        {row["factor"]: row["estimate"] for row in item["split"]["contributions"]} for item in (explanation, former)
    ]
    assert estimates[0] == estimates[1]


@pytest.mark.parametrize("run", RUNS)
def test_its_runs_are_exported_as_they_were(store: lb.Store, run: str) -> None:
    lines = (store.path.parent / "told" / f"{run}.jsonl").read_text().splitlines()
    for sample, line in zip(store.run(run).samples, lines, strict=True):
        former = json.loads(line)
        row = export.row(sample)
        assert {name: row[name] for name in former if name in row} | {
            name: value for name, value in former.items() if name not in row
        } == former


def test_intervals_of_its_formula_are_a_note_and_no_problem(store: lb.Store) -> None:
    verification = verify(store)
    assert verification.is_sound
    assert (verification.runs, verification.imported, verification.explanations) == (5, 1, 1)
    (note,) = verification.notes
    assert "made by an older formula" in note


def test_a_score_that_its_samples_do_not_give_is_a_problem_all_the_same(store: lb.Store) -> None:
    folder = store.path / "runs" / RUNS[0]
    scores = json.loads((folder / "scores.json").read_text())
    scores[0]["estimate"] += 0.1
    (folder / "scores.json").write_bytes(dumped(scores))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["scores.json"] = digest((folder / "scores.json").read_bytes())
    (folder / "manifest.json").write_bytes(dumped(manifest))
    (disagreement,) = verify(store).disagreements
    assert RUNS[0] in disagreement
