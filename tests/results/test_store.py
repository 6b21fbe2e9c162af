import dataclasses
import errno
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Flag, Sample, TokenText
from leaderbench.results import store as stores
from leaderbench.results.files import write_whole
from leaderbench.results.index import Index
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from leaderbench.results.tokens import AskedTokens, RunTokens

MakeRun = Callable[..., Run]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_reads_back_as_it_was_saved(store: Store, run: MakeRun) -> None:
    made = run(40, errors=2)
    store.save(made)
    read = store.run(made.id)
    assert read.manifest == made.manifest
    assert read.scores == made.scores
    assert tuple(read.samples) == made.samples
    assert len(read.samples) == 40
    assert read.samples[-1] == made.samples[-1]
    assert read.samples[3:9:2] == made.samples[3:9:2]


def test_samples_survive_nothing_numbers_and_any_text(
    store: Store, run: MakeRun, sample: Callable[..., Sample]
) -> None:
    odd = sample(
        1,
        prompt="\x00\u2028 𝄞 'quoted'\r\n",
        prediction=None,
        margin=-math.inf,
        continuations=(),
        continuation_tokens=((),),
        token_log_probabilities=((), (math.inf,)),
        metrics={},
        predictions={},
        flags=tuple(Flag),
        error="",
    )
    store.save(dataclasses.replace(run(1), samples=(odd,)))
    assert tuple(store.run("a").samples) == (odd,)


def test_a_run_without_samples_is_a_run(store: Store, run: MakeRun) -> None:
    store.save(run(0))
    assert tuple(store.run("a").samples) == ()


def test_a_score_that_does_not_exist_is_null_in_the_file(store: Store, run: MakeRun) -> None:
    made = run()
    empty = dataclasses.replace(made.scores[0], estimate=math.nan, standard_error=math.nan, n=0)
    folder = store.save(dataclasses.replace(made, scores=(empty,)))
    assert json.loads((folder / "scores.json").read_text())[0]["estimate"] is None
    assert math.isnan(store.run(made.id).score().estimate)


def test_the_parquet_file_has_one_row_a_sample_for_other_programs(store: Store, run: MakeRun) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(store.save(run(7)) / "samples.parquet")
    assert table.num_rows == 7
    assert table.column_names == [field.name for field in dataclasses.fields(Sample)]


def test_saving_again_changes_nothing(store: Store, run: MakeRun) -> None:
    folder = store.save(run())
    before = contents(folder)
    other = dataclasses.replace(
        run(), manifest=dataclasses.replace(run().manifest, created="2027-01-01T00:00:00+00:00")
    )
    assert store.save(other) == folder
    assert contents(folder) == before


def test_a_run_with_fewer_errors_takes_the_place_of_one_with_more_but_not_the_reverse(
    store: Store, run: MakeRun
) -> None:
    store.save(run(errors=3))
    store.save(run(errors=1))
    assert store.run("a").manifest.counts["errors"] == 1
    store.save(run(errors=2))
    assert store.run("a").manifest.counts["errors"] == 1
    assert [path.name for path in (store.path / "runs").iterdir() if path.is_dir()] == [run().id]


def test_runs_are_listed_oldest_first(store: Store, run: MakeRun) -> None:
    for number, created in (("aa", "2026-03-01"), ("bb", "2026-01-01"), ("cc", "2026-02-01")):
        made = run(run_id=number)
        store.save(dataclasses.replace(made, manifest=dataclasses.replace(made.manifest, created=created)))
    assert [item.id for item in store.runs()] == ["bb", "cc", "aa"]
    assert {(item.model, item.benchmark) for item in store.runs()} == {("org/model", "mmlu/helm")}


def test_an_empty_store_lists_nothing_and_is_not_created(tmp_path: Path) -> None:
    assert Store(tmp_path / "new").runs() == []
    assert not (tmp_path / "new").exists()


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store, run: MakeRun) -> None:
    store.save(run(run_id="abc111"))
    store.save(run(run_id="abc222"))
    store.save(run(run_id="abc"))
    assert store.run("abc2").id == "abc222"
    assert store.run("abc").id == "abc"
    with pytest.raises(LeaderbenchError, match=r"Several runs begin with 'ab' \(abc, abc111, abc222\)"):
        store.run("ab")


@pytest.mark.parametrize("name", ["zzz", "", "..", "../runs", "/"])
def test_an_unknown_run_is_said(store: Store, run: MakeRun, name: str) -> None:
    store.save(run())
    with pytest.raises(LeaderbenchError, match=r"There is no run .* shows those there are"):
        store.run(name)


@pytest.mark.parametrize("left", [".saving/new-bbb-12345678", ".new-bbb-12345678"], ids=["ours", "of an older program"])
def test_what_a_killed_writer_left_is_ignored_and_cleaned_by_the_next_save(
    store: Store, run: MakeRun, left: str
) -> None:
    folder = store.save(run())
    runs = folder.parent
    (runs / left).parent.mkdir(exist_ok=True)
    shutil.copytree(folder, runs / left)
    (runs / left / "scores.json").unlink()
    assert [item.id for item in store.runs()] == [run().id]
    Store(store.path).save(run(run_id="bbb"))
    assert sorted(path.name for path in runs.iterdir() if path.is_dir()) == [run().id, "bbb"]


@pytest.mark.parametrize("left", [".saving/old-{}", ".old-{}"], ids=["ours", "of an older program"])
def test_a_run_moved_aside_by_a_killed_writer_comes_back(store: Store, run: MakeRun, left: str) -> None:
    folder = store.save(run())
    aside = folder.parent / left.format(folder.name)
    aside.parent.mkdir(exist_ok=True)
    folder.rename(aside)
    Store(store.path).save(run(run_id="bbb"))
    assert [item.problem for item in store.runs()] == [None, None]
    assert tuple(store.run(folder.name).samples) == run().samples


def test_several_runs_stored_together_are_as_each_stored_by_itself(store: Store, run: MakeRun, tmp_path: Path) -> None:
    given = [run(run_id=f"run{i}") for i in range(20)]
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    folders = one.save_all(given)
    assert folders == [one.path / "runs" / item.id for item in given]
    for item in given:
        other.save(item)
    for folder in folders:
        for path in folder.iterdir():
            assert path.read_bytes() == (other.path / "runs" / folder.name / path.name).read_bytes()


def test_of_runs_stored_together_one_that_is_there_already_stays(store: Store, run: MakeRun) -> None:
    there = store.save(run(run_id="there"))
    before = (there / "manifest.json").stat().st_mtime_ns
    store.save_all([run(run_id="there"), run(run_id="new")])
    assert (there / "manifest.json").stat().st_mtime_ns == before
    assert {item.id for item in store.runs()} == {"there", "new"}


def test_nothing_of_runs_stored_together_is_there_before_all_is_on_the_disk(
    store: Store, run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        assert store.runs() == []
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(stores, "sync_all", fail)
    with pytest.raises(LeaderbenchError, match="no space left"):
        store.save_all([run(run_id="a"), run(run_id="b")])
    monkeypatch.undo()
    assert store.runs() == []
    assert [path for path in (store.path / "runs").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("name", ["manifest.json", "scores.json", "samples.parquet"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_to_a_file_is_said_with_its_name_and_what_to_do(
    store: Store, run: MakeRun, name: str, data: st.DataObject
) -> None:
    folder = store.save(run())
    whole = (folder / name).read_bytes()
    cut = data.draw(st.booleans())
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    (folder / name).write_bytes(whole[:place] if cut else whole[:place] + bytes([byte]) + whole[place + 1 :])
    try:
        said = problem(store, run())
    finally:
        (folder / name).write_bytes(whole)
    assert said is None or "is damaged: delete the folder" in said or "newer leaderbench" in said
    assert said is None or name in said or name == "manifest.json"


def problem(store: Store, expected: Run) -> str | None:
    """What is said on reading a run, or None where it reads back exactly."""
    try:
        read = store.run(expected.id)
        samples = tuple(read.samples)
    except LeaderbenchError as error:
        return str(error)
    assert (read.manifest, read.scores, samples) == (expected.manifest, expected.scores, expected.samples)
    return None


@pytest.mark.parametrize("name", ["manifest.json", "scores.json", "samples.parquet"])
def test_a_damaged_run_is_mended_by_saving_it_again(store: Store, run: MakeRun, name: str) -> None:
    folder = store.save(run())
    (folder / name).write_bytes(b"\x00" * 100)
    store.save(run())
    assert tuple(store.run(run().id).samples) == run().samples


@pytest.mark.parametrize("name", ["manifest.json", "scores.json", "samples.parquet"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-9])])
def test_a_store_has_a_run_only_while_all_its_files_are_whole(
    store: Store, run: MakeRun, name: str, damage: Callable[[Path], object]
) -> None:
    assert not store.has(run().id)
    folder = store.save(run())
    assert store.has(run().id)
    damage(folder / name)
    assert not store.has(run().id)


def test_a_manifest_of_an_older_program_is_read_without_what_it_does_not_record(store: Store, run: MakeRun) -> None:
    folder = store.save(run())
    content = json.loads((folder / "manifest.json").read_text())
    older = {name: value for name, value in content.items() if name not in ("engine", "counts", "format", "sha256")}
    digests = content["sha256"] | {"manifest": stores.digest(stores.dumped(older))}
    (folder / "manifest.json").write_bytes(stores.dumped({"format": 0, **older, "sha256": digests}))
    manifest = store.run(run().id).manifest
    assert (manifest.engine, manifest.counts, manifest.settings) == ({}, {}, "")
    assert manifest.model == run().manifest.model


@pytest.mark.parametrize("text", ["[" * 200_000, '{"format": Infinity}', "[]", '{"format": 1, "sha256": []}', "\xff"])
def test_a_manifest_of_anything_is_damaged_in_one_sentence(store: Store, run: MakeRun, text: str) -> None:
    (store.save(run()) / "manifest.json").write_text(text, encoding="latin-1")
    (found,) = store.runs()
    assert "manifest.json is damaged" in str(found.problem)


def test_a_damaged_run_hides_no_other(store: Store, run: MakeRun) -> None:
    store.save(run(run_id="aaa"))
    (store.save(run(run_id="bbb")) / "manifest.json").unlink()
    problems = {item.id: item.problem for item in store.runs()}
    assert problems["aaa"] is None
    assert "bbb/manifest.json is damaged" in str(problems["bbb"])


def test_a_run_of_a_newer_format_is_said_and_never_replaced(store: Store, run: MakeRun) -> None:
    folder = store.save(run())
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(content | {"format": 99}))
    before = contents(folder)
    for use in (lambda: store.run(run().id), lambda: store.save(run())):
        with pytest.raises(LeaderbenchError, match="update leaderbench to read it"):
            use()
    assert contents(folder) == before


def test_listing_reads_no_samples(store: Store, run: MakeRun) -> None:
    (store.save(run()) / "samples.parquet").unlink()
    (item,) = store.runs()
    assert (item.problem, item.scores) == (None, run().scores)
    with pytest.raises(LeaderbenchError, match=r"samples\.parquet is damaged"):
        list(store.run(run().id).samples)


def test_a_store_of_14042_samples_opens_and_lists_in_less_than_a_second(store: Store, run: MakeRun) -> None:
    store.save(run(14042))
    began = time.perf_counter()
    (item,) = Store(store.path).runs()
    opened = Store(store.path).run(item.id)
    assert len(opened.samples) == 14042
    assert opened.samples[14041].example_id == "anatomy/14041"
    assert time.perf_counter() - began < 1


def test_200_runs_list_in_less_than_a_second(store: Store, run: MakeRun) -> None:
    folder = store.save(run(run_id="a000"))
    for i in range(1, 200):
        shutil.copytree(folder, folder.with_name(f"a{i:03d}"))
    began = time.perf_counter()
    assert len(store.runs()) == 200
    assert time.perf_counter() - began < 1


def test_a_store_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LeaderbenchError, match="is a file: give a folder"):
        Store(tmp_path / "file")


def test_a_store_under_a_file_is_said_on_saving(tmp_path: Path, run: MakeRun) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LeaderbenchError, match="file is a file where a folder is needed"):
        Store(tmp_path / "file" / "store").save(run())


def test_a_store_at_a_url_is_said_to_be_unsupported() -> None:
    with pytest.raises(LeaderbenchError, match="not supported yet: give a folder"):
        Store("s3://bucket/store")


def fail_full(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_full_disk_leaves_earlier_runs_and_no_half_run(
    store: Store, run: MakeRun, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    store.save(run(errors=5))
    calls = iter([write_whole] * after)
    with monkeypatch.context() as patch:
        patch.setattr(stores, "write_whole", lambda *a: next(calls, fail_full)(*a))
        with pytest.raises(LeaderbenchError, match="no space left to write"):
            store.save(run(errors=0))
    assert store.run(run().id).manifest.counts["errors"] == 5
    assert [path.name for path in (store.path / "runs").iterdir() if path.is_dir()] == [run().id]
    store.save(run(errors=0))
    assert store.run(run().id).manifest.counts["errors"] == 0


def test_a_real_limit_on_file_sizes_is_said_in_one_sentence(tmp_path: Path) -> None:
    code = """if True:
        import resource, sys
        from leaderbench.errors import LeaderbenchError
        from leaderbench.results.runs import Manifest, Run
        from leaderbench.results.store import Store
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        try:
            Store(sys.argv[1]).save(Run(Manifest("abc", "2026", {}, {"text": "x" * 9000}, {}, {}, {}, {}), (), ()))
        except LeaderbenchError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert "no space left to write" in done.stdout
    assert done.stdout.count("\n") == 1
    assert Store(tmp_path).runs() == []


tokens = RunTokens({5: TokenText(" A")}, "anatomy/0", (AskedTokens((5,), 0, ((5,),)),))


def test_kill_9_while_saving_leaves_only_whole_runs(store: Store, run: MakeRun) -> None:
    code = """if True:
        import dataclasses, sys
        from leaderbench.results.store import Store
        store = Store(sys.argv[1])
        made, tokens = store.run("abcdef"), store.tokens("abcdef012345")
        made = dataclasses.replace(made, samples=tuple(made.samples))
        print("ready", flush=True)
        for i in range(10000):
            manifest = dataclasses.replace(made.manifest, run_id=f"{sys.argv[2]}{i:05d}")
            store.save(dataclasses.replace(made, manifest=manifest), tokens)
    """
    store.save(run(), tokens)
    for attempt in range(3):
        command = [sys.executable, "-c", code, str(store.path), f"r{attempt}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.1 + 0.037 * attempt)
        process.kill()
        process.communicate()
        for item in store.runs():
            assert item.problem is None
            assert tuple(store.run(item.id).samples) == run().samples
            assert store.tokens(item.id) == tokens
    store.save(run(run_id="last"))
    assert not [path for path in (store.path / "runs").iterdir() if path.name.startswith((".new", ".old"))]


def test_several_processes_save_into_one_store(store: Store, run: MakeRun) -> None:
    code = """if True:
        import dataclasses, sys
        from leaderbench.results.store import Store
        store = Store(sys.argv[1])
        made, tokens = store.run("abcdef"), store.tokens("abcdef012345")
        for i in range(10):
            manifest = dataclasses.replace(made.manifest, run_id=f"r{int(sys.argv[2]) * (i % 2)}{i:05d}")
            store.save(dataclasses.replace(made, manifest=manifest), tokens)
    """
    store.save(run(), tokens)
    commands = [[sys.executable, "-c", code, str(store.path), str(i)] for i in range(2)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    assert [process.communicate()[1] for process in processes] == ["", ""]
    assert len(store.runs()) == 1 + 10 + 5
    assert all(item.problem is None and store.tokens(item.id) == tokens for item in store.runs())


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../runs/abcdef012345", "abcdef012345/", "/", ".hidden", "a\0b", "x" * 300]
)
def test_a_run_is_found_by_no_path(store: Store, run: MakeRun, name: str) -> None:
    store.save(run())
    (store.path / "runs" / ".hidden").mkdir()
    with pytest.raises(LeaderbenchError, match="There is no run"):
        store.run(name)


# Links


@pytest.fixture
def linked(store: Store, run: MakeRun, tmp_path: Path) -> Run:
    """A run of another store, whose folder is linked to in this one."""
    other, made = Store(tmp_path / "other"), run(4)
    other.save(made, RunTokens())
    (store.path / "runs").mkdir(parents=True)
    (store.path / "runs" / made.id).symlink_to((other.path / "runs" / made.id).resolve())
    return made


def test_a_run_that_is_a_link_out_of_the_store_is_not_followed(store: Store, linked: Run) -> None:
    for read in (store.run, store.tokens):
        with pytest.raises(LeaderbenchError, match="is a link that leads out of the store"):
            read(linked.id)
    (listed,) = store.runs()
    assert listed.manifest is None
    assert listed.problem is not None
    assert "is a link that leads out of the store" in listed.problem


def test_the_index_lists_such_a_link_as_a_problem_and_nothing_of_what_it_leads_to(store: Store, linked: Run) -> None:
    with Index(store) as index:
        index.refresh()
        (listed,) = index.runs().items
        assert "is a link that leads out of the store" in listed.problem
        assert listed.model == ""
        assert index.entries() == []


def test_a_loop_of_links_among_the_runs_is_no_run(store: Store, linked: Run) -> None:
    for name, target in (("a", "b"), ("b", "a")):
        (store.path / "runs" / name).symlink_to(target)
    assert [item.id for item in store.runs()] == [linked.id]


def test_a_store_may_be_a_link_and_a_run_a_link_within_it(store: Store, run: MakeRun, tmp_path: Path) -> None:
    made = run(4)
    store.save(made)
    (store.path / "kept").mkdir()
    (store.path / "runs" / made.id).rename(store.path / "kept" / made.id)
    (store.path / "runs" / made.id).symlink_to(Path("..") / "kept" / made.id)
    link = tmp_path / "link"
    link.symlink_to(store.path)
    assert Store(link).run(made.id).manifest == made.manifest
