"""Result files made to do harm end in a sentence, harm no other file, and never in a traceback."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.imports import Report, import_lighteval, import_lm_eval, import_mteb, stored_entries
from leaderbench.results.store import Store

GOOD = {
    "results": {"piqa": {"acc,none": 0.5}},
    "config": {"model_args": "pretrained=acme/good"},
    "model_name": "acme/good",
}
deep = b'{"results":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}"

contents: dict[str, bytes] = {
    "deep": deep,
    "deep list": b"[" * 100_000,
    "deep config": b'{"results":{"piqa":{"acc,none":0.5}},"model_name":"a","config":{"x":'
    + b"[" * 300
    + b"]" * 300
    + b"}}",
    "empty": b"",
    "nul": b"\0" * 100,
    "half": json.dumps(GOOD).encode()[:-3],
    "list": b"[1, 2]",
    "number": b"1" * 5000,
    "long number": b'{"results":{"piqa":{"acc,none":' + b"9" * 5000 + b'}},"model_name":"a"}',
    "not utf-8": b'{"results":{"\xff\xfe\xfa":{"acc,none":0.5}},"model_name":"a"}',
    "bomb": gzip.compress(b" " * (64 << 20)),
    "half gzip": gzip.compress(json.dumps(GOOD).encode())[:-9],
    "texts": b'{"results":{"piqa":"acc"},"config":"hf","group_subtasks":[1],"configs":3,"model_name":"a"}',
    "names": json.dumps(
        {"results": {"\x1b[31m\u202e../../x" * 9: {"acc,none": 0.5}}, "model_name": "\x1b]0;\x07"}
    ).encode(),
    "not finite": b'{"results":{"piqa":{"acc,none":NaN,"f1,none":Infinity,"em,none":1e999}},"model_name":"a"}',
    "itself": b'{"results":{"g":{"acc,none":0.5}},"group_subtasks":{"g":["g","g"]},"model_name":"a"}',
}


def _around(folder: Path) -> None:
    """A good file before and one behind the hostile one, as an alphabet has it."""
    for name in ("a", "z"):
        (folder / f"results_{name}.json").write_text(json.dumps(GOOD | {"model_name": name}))


@pytest.mark.parametrize("name", list(contents))
@pytest.mark.parametrize("bring_in", [import_lm_eval, import_lighteval, import_mteb])
def test_a_hostile_file_is_reported_and_its_neighbours_come_in(
    store: Store, tmp_path: Path, name: str, bring_in: Callable[..., Report]
) -> None:
    folder = tmp_path / "acme__m" / "revision"
    folder.mkdir(parents=True)
    _around(folder)
    (folder / "results_m.json").write_bytes(contents[name])
    report = bring_in(folder, store)
    if bring_in is import_lm_eval:
        assert {"a", "z"} <= {item.model for item in stored_entries(store)}
    told = [*(item.reason for item in report.skipped), *(item.model for item in report.imported)]
    assert not [text for text in told if not text or "\x1b" in text or "\u202e" in text]


@pytest.mark.parametrize("kind", ["pipe", "link to itself", "link to a device", "folder"])
def test_what_is_no_regular_file_is_passed_over(store: Store, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    _around(folder)
    odd = folder / "results_m.json"
    samples = folder / "samples_piqa_2024-01-01T00-00-00.jsonl"
    (folder / "results_2024-01-01T00-00-00.json").write_text(json.dumps(GOOD))
    makers: dict[str, Callable[[Path], Any]] = {
        "pipe": os.mkfifo,
        "link to itself": lambda path: path.symlink_to(path.name),
        "link to a device": lambda path: path.symlink_to("/dev/zero"),
        "folder": Path.mkdir,
    }
    makers[kind](odd)
    makers[kind](samples)
    import_lm_eval(folder, store)
    assert {item.model for item in stored_entries(store)} == {"a", "z", "acme/good"}
