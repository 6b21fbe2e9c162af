"""Files that may be anything: only regular ones are read, and no more of them than is asked for."""

import os
import socket
from pathlib import Path

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.files.regular import (
    UnusableError,
    is_regular,
    lines_of,
    named,
    open_regular,
    read_bytes,
    read_start,
    text_of,
)


def test_a_regular_file_and_a_link_to_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_bytes(tmp_path / "file", 7) == read_bytes(tmp_path / "link", 7) == b"content"
    assert read_start(tmp_path / "file", 3) == b"con"
    assert is_regular(tmp_path / "link")


def test_pipes_sockets_devices_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket has to be short
        server.bind("socket")
        os.chdir(here)
        for name, kind in (("pipe", "pipe"), ("device", "device"), ("socket", "socket"), (".", "folder")):
            with pytest.raises(UnusableError, match=f"it is a {kind}"):
                read_bytes(tmp_path / name, 100)
            assert not is_regular(tmp_path / name)


def test_a_loop_of_links_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert not is_regular(tmp_path / "loop")
    assert not is_regular(Path("a\0b"))
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(tmp_path / "loop")


def test_a_file_beyond_the_bound_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UnusableError, match="it is larger than 1,000 bytes"):
        read_bytes(tmp_path / "sparse", 1000)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs files that the system makes up")
def test_a_file_that_the_system_calls_empty_is_read_whole_and_bounded() -> None:
    assert b"VmSize" in read_bytes(Path("/proc/self/status"), 1 << 20)
    with pytest.raises(UnusableError, match="larger than 10 bytes"):
        read_bytes(Path("/proc/self/status"), 10)


def test_an_endless_line_and_too_many_of_them_are_refused(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"one\ntwo\n" + b"x" * 100)
    with (tmp_path / "lines").open("rb") as file:
        lines = lines_of(file, 50, 1000)
        assert [next(lines), next(lines)] == [b"one\n", b"two\n"]
        with pytest.raises(UnusableError, match="longer than 50 bytes"):
            next(lines)
    with (tmp_path / "lines").open("rb") as file, pytest.raises(UnusableError, match="larger than 5 bytes"):
        list(lines_of(file, 50, 5))


def test_text_is_utf_8_with_or_without_a_mark() -> None:
    assert text_of(b"\xef\xbb\xbfa") == text_of(b"a") == "a"
    with pytest.raises(UnusableError, match="it is not UTF-8 text"):
        text_of(b"caf\xe9")


def test_what_is_wrong_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    message = r"absent cannot be read \(No such file or directory\): copy it again\."
    with pytest.raises(LeaderbenchError, match=message), named(absent, "copy it again"):
        read_bytes(absent, 1)
    message = r"cannot be read \(it is a folder, not a file\): remove it\."
    with pytest.raises(LeaderbenchError, match=message), named(tmp_path, "remove it"):
        read_bytes(tmp_path, 1)
