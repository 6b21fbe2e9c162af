import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.files.regular import UnusableError
from leaderbench.results.imports import files

File = Callable[[str, Any], Path]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_is_read_with_and_without_a_byte_order_mark(file: File, encoding: str) -> None:
    path = file("a.json", json.dumps({"a": "ä 中"}, ensure_ascii=False).encode(encoding))
    assert files.object_of(files.read(path)) == {"a": "ä 中"}


def test_gzip_is_unpacked_whatever_the_file_is_called(file: File) -> None:
    assert files.read(file("a.json", gzip.compress(b"{}"))) == b"{}"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b'"a"', b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"\xff\xff"]
)
def test_what_is_no_json_object_is_unusable(data: bytes) -> None:
    with pytest.raises(UnusableError):
        files.object_of(data)


def test_damaged_gzip_is_unusable(file: File) -> None:
    with pytest.raises(UnusableError, match="damaged"):
        files.read(file("a.json", gzip.compress(os.urandom(1000))[:-20]))


def test_a_file_that_unpacks_to_more_than_is_read_is_unusable(file: File) -> None:
    path = file("a.json", gzip.compress(b" " * 10_000))
    with pytest.raises(UnusableError, match="larger"):
        files.read(path, 9_999)


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(UnusableError, match="regular"):
        files.read(tmp_path / "a.json")


def test_a_folder_is_searched_at_any_depth_in_order_and_files_are_taken_as_they_are(file: File, tmp_path: Path) -> None:
    for name in ("in/b/2.json", "in/a/1.json", "in/a/notes.txt", "else.txt"):
        file(name, "{}")
    found, problems = files.find([tmp_path / "in", tmp_path / "else.txt"], lambda name: name.endswith(".json"))
    assert [source.name for source in found] == ["a/1.json", "b/2.json", "else.txt"]
    assert not problems


def test_links_that_lead_in_circles_are_not_followed(file: File, tmp_path: Path) -> None:
    file("in/a.json", "{}")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    assert [source.name for source in files.find([tmp_path / "in"], bool)[0]] == ["a.json"]


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LeaderbenchError, match="does not exist"):
        files.find([tmp_path / "none"], bool)


def test_a_name_that_is_no_utf_8_can_be_said(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json")).write_text("{}")
    (source,) = files.find([tmp_path], bool)[0]
    assert source.name.encode()
    assert files.read(source.path) == b"{}"
