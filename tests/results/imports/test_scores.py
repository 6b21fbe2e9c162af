"""Files of imported scores."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Metric
from leaderbench.results.imports import import_csv, scores, stored_entries
from leaderbench.results.imports.scores import ScoreWriter, entry, identity, published
from leaderbench.results.index import Index
from leaderbench.results.store import Store

acc = Metric("acc", Aggregation.MICRO)
finite = st.floats(-1e15, 1e15)


@given(finite, st.none() | finite, st.none() | st.integers(1, 10**9), st.sampled_from(["acc", "bleu"]))
def test_an_interval_holds_its_estimate_and_shares_stay_shares(
    estimate: float, error: float | None, n: int | None, metric: str
) -> None:
    score = published(Metric(metric, Aggregation.MICRO), None, estimate, error, n)
    if math.isnan(score.low):
        assert math.isnan(score.high)
        return
    rounding = 1e-9 * (1 + abs(estimate))
    assert score.low <= estimate + rounding
    assert score.high >= estimate - rounding
    if metric == "acc" and 0 <= estimate <= 1:
        assert 0 <= score.low <= score.high <= 1


def test_an_entry_reads_back_as_it_was_written() -> None:
    whole = entry("m", identity("x", name="m"), "b/x", published(acc, "part", 0.5, 0.1, 7), "file", "2024", "limit 7")
    unknown = entry("m", "", "b/x", published(acc, None, 0.5), "file")
    for item in (whole, unknown):
        line = json.dumps(scores.to_json(item, "d" * 64), allow_nan=False)
        assert repr(scores.from_json(json.loads(line))) == repr(item)
    assert json.loads(line)["n"] is None
    assert json.loads(line)["low"] is None


def test_an_identity_is_of_what_is_known_and_never_that_of_a_loaded_model() -> None:
    assert identity("x", name="m", dtype="") == identity("x", name="m")
    assert identity("x", name="m") != identity("y", name="m")
    assert len(identity("x", name="m")) != 64


def write(store: Store, digests: list[str]) -> None:
    scores.folder_of(store).mkdir(parents=True, exist_ok=True)
    writer = ScoreWriter(store)
    for digest in digests:
        writer.add(digest * 64, [entry(f"m{digest}", "", "b/x", published(acc, None, 0.5), "file")])
    writer.write()


def test_sources_that_are_there_are_not_written_again(store: Store) -> None:
    write(store, ["a", "b"])
    write(store, ["b", "c"])
    write(store, ["a", "b", "c"])
    assert [item.model for item in stored_entries(store)].count("mb") == 1
    assert len(scores.score_files(store)) == 2


def test_large_imports_are_written_in_several_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "LARGEST_FILE", 500)
    write(store, ["a", "b", "c", "d"])
    assert len(scores.score_files(store)) > 1
    assert sorted(item.model for item in stored_entries(store)) == ["ma", "mb", "mc", "md"]


def test_a_damaged_file_is_said_in_one_sentence(store: Store) -> None:
    write(store, ["a"])
    scores.score_files(store)[0].write_text("{")
    with pytest.raises(LeaderbenchError, match="is damaged: delete it"):
        list(stored_entries(store))


def damage(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def estimates(store: Store) -> dict[str, float]:
    with Index(store) as index:
        index.refresh()
        return {item.model: item.score.estimate for item in index.entries()}


@pytest.mark.parametrize("old", [b'"estimate": 0.5', b'"model": "b"', b'"n": 100', b'"crc32":"'])
def test_a_changed_line_is_named_its_score_gone_and_a_new_import_brings_it_back(
    store: Store, file: Callable[[str, Any], Path], old: bytes
) -> None:
    table = file("t.csv", "model,benchmark,score,n\na,x,0.25,100\nb,x,0.5,100\nc,x,0.75,100\n")
    import_csv([table], store)
    before = estimates(store)
    (path,) = scores.score_files(store)
    damage(path, old, old[:-1] + bytes([old[-1] ^ 1]))
    with Index(store) as index:
        (problem,) = index.refresh().problems
        assert "and was passed over: import its source again" in problem
    left = estimates(store)
    assert len(left) == 2
    assert left.items() <= before.items()
    import_csv([table], store)
    assert estimates(store) == before
    with Index(store) as index:
        assert index.refresh().problems == ()


def test_a_file_that_lost_its_end_is_named_and_a_new_import_brings_it_back(
    store: Store, file: Callable[[str, Any], Path]
) -> None:
    table = file("t.csv", "model,benchmark,score\na,x,0.25\nb,x,0.5\n")
    import_csv([table], store)
    before = estimates(store)
    (path,) = scores.score_files(store)
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with Index(store) as index:
        assert "lost 1 of its scores" in index.refresh().problems[0]
    with pytest.raises(LeaderbenchError, match="is damaged: delete it"):
        list(stored_entries(store))
    import_csv([table], store)
    assert estimates(store) == before


def test_the_other_sources_of_a_damaged_file_stay(store: Store) -> None:
    write(store, ["a", "b"])
    (path,) = scores.score_files(store)
    damage(path, b'"model": "ma"', b'"model": "mA"')
    write(store, ["a"])
    assert sorted(item.model for item in stored_entries(store)) == ["ma", "mb"]


def test_lines_of_older_versions_have_no_checksum_and_are_read(store: Store) -> None:
    item = entry("old", "", "b/x", published(acc, None, 0.5), "file")
    scores.folder_of(store).mkdir(parents=True)
    (scores.folder_of(store) / "old.jsonl").write_text(json.dumps(scores.to_json(item, "c" * 64)) + "\n")
    write(store, ["a", "b"])
    assert sorted(item.model for item in stored_entries(store)) == ["ma", "mb", "old"]


def test_a_source_that_an_older_version_read_is_read_anew(store: Store) -> None:
    item = entry("old", "", "b/x", published(acc, None, 0.5), "file")
    scores.folder_of(store).mkdir(parents=True)
    (scores.folder_of(store) / "old.jsonl").write_text(json.dumps(scores.to_json(item, "a" * 64)) + "\n")
    write(store, ["a", "b"])
    write(store, ["a", "b"])
    assert sorted(item.model for item in stored_entries(store)) == ["ma", "mb"]


def test_what_a_killed_import_left_is_cleared_and_not_read(store: Store, file: Callable[[str, Any], Path]) -> None:
    left = file("store/imported/.abc.jsonl.1.tmp", "half a li")
    import_csv([file("t.csv", "model,benchmark,score\na,x,0.5\n")], store)
    assert not left.exists()
    assert len(list(stored_entries(store))) == 1


def test_an_import_that_stops_half_way_is_completed_by_the_next(
    store: Store, file: Callable[[str, Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "LARGEST_FILE", 1)
    tables = [file(f"{name}.csv", f"model,benchmark,score\n{name},x,0.5\n") for name in "abc"]
    import_csv(tables[:1], store)
    report = import_csv(tables, store)
    assert [item.new for item in report.imported] == [False, True, True]
    assert sorted(item.model for item in stored_entries(store)) == ["a", "b", "c"]
