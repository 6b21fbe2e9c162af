"""`tokens.json`: read back as written, part of a run as a whole, absent from older runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.records import TokenText
from leaderbench.results.runs import Run
from leaderbench.results.store import Store
from leaderbench.results.tokens import AskedTokens, RunTokens, from_json, to_json

MakeRun = Callable[..., Run]
ids = st.integers(0, 2**31 - 1)
made = RunTokens(
    {0: TokenText("<s>", special=True), 5: TokenText(" <0xE4>\u2028")}, "a/0", (AskedTokens((0, 5), 1, ((5,), ())),)
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@given(
    st.builds(
        RunTokens,
        st.dictionaries(ids, st.builds(TokenText, st.text(st.characters(codec="utf-8")), st.booleans())),
        st.text(st.characters(codec="utf-8")),
        st.lists(
            st.builds(AskedTokens, st.lists(ids).map(tuple), ids, st.lists(st.lists(ids).map(tuple)).map(tuple))
        ).map(tuple),
    )
)
def test_tokens_read_back_as_they_were_written(tokens: RunTokens) -> None:
    assert from_json(to_json(tokens)) == tokens


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"texts":{"x":"a"},"special":[],"example":"","requests":[]}',
        '{"texts":{"1":2},"special":[],"example":"","requests":[]}',
        '{"texts":{},"special":["1"],"example":"","requests":[]}',
        '{"texts":{},"special":[],"example":"","requests":[{"context":[1.5],"opening":0,"continuations":[]}]}',
        '{"texts":{},"special":[],"example":"","requests":[{"context":[1]}]}',
    ],
)
def test_a_file_of_another_shape_is_refused(content: str) -> None:
    with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
        from_json(content.encode())


def test_a_stored_run_has_the_tokens_that_it_was_saved_with(store: Store, run: MakeRun) -> None:
    folder = store.save(run(), made)
    assert store.tokens(folder.name) == made
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json",
        "samples.parquet",
        "scores.json",
        "tokens.json",
    ]


def test_a_run_without_tokens_has_no_file_and_reads_as_ever(store: Store, run: MakeRun) -> None:
    folder = store.save(run())
    assert store.tokens(folder.name) is None
    assert not (folder / "tokens.json").exists()
    assert tuple(store.run(folder.name).samples) == run().samples


def test_a_file_that_the_manifest_does_not_name_is_not_read(store: Store, run: MakeRun) -> None:
    folder = store.save(run())
    (folder / "tokens.json").write_bytes(to_json(made))
    assert store.tokens(folder.name) is None


def test_a_whole_run_without_tokens_stays_as_it_is(store: Store, run: MakeRun) -> None:
    folder = store.save(run())
    before = (folder / "manifest.json").read_bytes()
    store.save(run(), made)
    assert (folder / "manifest.json").read_bytes() == before
    assert store.tokens(folder.name) is None


@pytest.mark.parametrize("content", [b"", b"{}", None])
def test_damaged_tokens_are_said_hide_no_sample_and_are_mended_by_saving_again(
    store: Store, run: MakeRun, content: bytes | None
) -> None:
    folder = store.save(run(), made)
    path = folder / "tokens.json"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(LeaderbenchError, match=r"tokens\.json is damaged: delete the folder"):
        store.tokens(folder.name)
    assert tuple(store.run(folder.name).samples) == run().samples
    store.save(run(), made)
    assert store.tokens(folder.name) == made


def test_damage_that_keeps_the_shape_is_found_too(store: Store, run: MakeRun) -> None:
    path = store.save(run(), made) / "tokens.json"
    path.write_bytes(path.read_bytes().replace(b"<s>", b"<t>"))
    with pytest.raises(LeaderbenchError, match="damaged"):
        store.tokens(run().id)


@pytest.mark.parametrize("name", ["", "..", "abcdef", "../runs/abcdef012345"])
def test_tokens_are_asked_for_by_a_whole_id_only(store: Store, run: MakeRun, name: str) -> None:
    store.save(run(), made)
    with pytest.raises(LeaderbenchError, match="There is no run"):
        store.tokens(name)


def test_the_manifest_of_a_run_is_the_same_with_and_without(store: Store, run: MakeRun) -> None:
    with_tokens = json.loads((store.save(run(run_id="aaa"), made) / "manifest.json").read_bytes())
    without = json.loads((store.save(run(run_id="bbb")) / "manifest.json").read_bytes())
    assert set(with_tokens["sha256"]) - set(without["sha256"]) == {"tokens.json"}
    assert with_tokens["format"] == without["format"]
    assert store.run("aaa").manifest.counts == store.run("bbb").manifest.counts
