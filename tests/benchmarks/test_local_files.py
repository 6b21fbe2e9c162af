"""What is read of a local dataset is what its revision is made of; what leads elsewhere is refused in a sentence."""

import os
import shutil
from pathlib import Path

import pytest

from leaderbench.benchmarks import local_files
from leaderbench.benchmarks.datasets import HubDatasets, folder_digest
from leaderbench.errors import LeaderbenchError

ROWS = '[{"question": "What is NA?", "answer": "None"}]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the dataset org/name, still empty."""
    path = tmp_path / "root" / "org" / "name"
    path.mkdir(parents=True)
    return path


def write(folder: Path, data_files: str, **files: str) -> None:
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: c\n  data_files: {data_files}\n---\n")
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def rows(folder: Path) -> list[dict[str, object]]:
    return HubDatasets(folder.parents[1]).rows("org/name", "c", "train")


def test_files_behind_a_link_to_a_folder_are_read_and_hashed(folder: Path, tmp_path: Path) -> None:
    write(folder, "data/*.json")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.json").write_text(ROWS)
    (folder / "data").symlink_to(tmp_path / "elsewhere")
    assert rows(folder)[0]["answer"] == "None"
    before = folder_digest(folder)
    (tmp_path / "elsewhere" / "a.json").write_text(ROWS.replace("None", "All"))
    assert rows(folder)[0]["answer"] == "All"
    assert folder_digest(folder) != before


def test_a_dataset_of_links_as_in_the_cache_of_the_hub_has_the_revision_of_its_files(
    hub_folder: Path, tmp_path: Path
) -> None:
    original = hub_folder / "some" / "exam"
    for path in original.rglob("*"):
        if path.is_file():
            link = tmp_path / "links" / "some" / "exam" / path.relative_to(original)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    links = HubDatasets(tmp_path / "links")
    assert links.revision("some/exam") == HubDatasets(hub_folder).revision("some/exam")
    assert links.rows("some/exam", "tiny_things", "dev") == HubDatasets(hub_folder).rows(
        "some/exam", "tiny_things", "dev"
    )


def test_links_in_circles_and_to_nothing_end(folder: Path) -> None:
    write(folder, "a.json", a_json=ROWS)
    before = folder_digest(folder)
    (folder / "up").symlink_to("..")
    (folder / "here").symlink_to(".")
    (folder / "loop").symlink_to("loop")
    (folder / "nothing").symlink_to("absent")
    assert rows(folder)[0]["answer"] == "None"
    assert folder_digest(folder) == before or (folder / "up" / "name").exists()


def test_a_link_to_a_whole_disk_is_not_followed_to_its_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_files, "MOST_FILES", 5)
    write(folder, "a.json", **{f"a{number}_json": ROWS for number in range(5)})
    with pytest.raises(LeaderbenchError, match=r"more than 5 files in .*: put only the dataset's own"):
        rows(folder)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../../outside.json", "leads out of that folder"),
        ("c/../../../outside.json", "leads out of that folder"),
        ("/etc/passwd", "leads out of that folder"),
        ("~/outside.json", "leads out of that folder"),
        ("https://example.org/x.json", "leads out of that folder"),
        ('"..\\\\outside.json"', "leads out of that folder"),
        (".hidden/a.json", "is hidden"),
        ("c/.a.json", "is hidden"),
        ('""', "malformed"),
        ("{train: {a: b}}", "malformed"),
        ("[[a.json]]", "malformed"),
        ("absent.json", "The file absent.json of org/name is missing"),
        ("c/*.json", r"The file c/\*.json of org/name is missing"),
        ("pipe.json", "it is a pipe, not a regular file"),
        ("device.json", "it is a device, not a regular file"),
        ("nothing.json", "No such file"),
        ("c.pkl", "no parquet, JSON or CSV file"),
        ("'*'", "no parquet, JSON or CSV file|pipe|device|No such file"),
        ("*alias", "an alias without an anchor"),
    ],
)
def test_a_readme_that_names_what_is_no_file_of_the_dataset_is_refused(folder: Path, path: str, reason: str) -> None:
    write(folder, path)
    (folder.parents[1] / "outside.json").write_text(ROWS)
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "a.json").write_text(ROWS)
    (folder / "c.pkl").write_bytes(b"x")
    os.mkfifo(folder / "pipe.json")
    (folder / "device.json").symlink_to("/dev/zero")
    (folder / "nothing.json").symlink_to("absent")
    with pytest.raises(LeaderbenchError, match=reason):
        rows(folder)


def test_a_pattern_takes_no_hidden_files(folder: Path) -> None:
    write(folder, "'**/*.json'", a_json=ROWS, deep__er__b_json=ROWS)
    (folder / ".c.json").write_text("no JSON")
    (folder / ".d").mkdir()
    (folder / ".d" / "e.json").write_text("no JSON")
    assert len(rows(folder)) == 2


def test_files_that_change_between_hashing_and_reading_are_refused(hub_folder: Path) -> None:
    source = HubDatasets(hub_folder)
    source.revision("some/exam")
    folder = hub_folder / "some" / "exam" / "tiny_things"
    shutil.copy(folder / "test-00000-of-00001.parquet", folder / "dev-00000-of-00001.parquet")
    with pytest.raises(LeaderbenchError, match=r"dev-.* cannot be read \(it changed while it was used\)"):
        source.rows("some/exam", "tiny_things", "dev")


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("\n" * 30_000, "no README.md whose head names"),
        ("---\n" + "\n" * 30_000, "no README.md whose head names"),
        ("---\nconfigs: " + "[" * 5_000 + "\n---\n", "nested too deeply"),
        ("---\nconfigs:\n- config_name: &a [x, x]\n  data_files: [*a, *a]\n---\n", "malformed"),
        ("---\nconfigs:\n- <<: {config_name: c}\n  data_files: *a\n---\n", "an alias without an anchor"),
        ("---\nconfigs: " + "x" * 4_000_001 + "\n---\n", "longer than 4,000,000 characters"),
        ("---\nconfigs: \x00\n---\n", "not YAML"),
    ],
)
def test_a_readme_made_to_exhaust_its_reader_ends_in_a_sentence(folder: Path, head: str, reason: str) -> None:
    (folder / "README.md").write_text(head)
    with pytest.raises(LeaderbenchError, match=reason):
        rows(folder)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b"[1, 2]", "no list of records"),
        ("a.json", b'{"question": "q"}', "no list of records"),
        ("a.json", b'[{"question": "\\ud800"}]', "halves of characters"),
        ("a.jsonl", b'{"question": "q"}\n[]\n', "no list of records"),
        ("a.jsonl", b'{"question": "q"\n', "not JSON"),
        ("a.jsonl", b"\xff\xfe{", "not UTF-8"),
        ("a.csv", b"a,b\n1,2,3\n", "its row 1 has 3 cells, its header 2"),
        ("a.csv", b"," * 3000, "more than 2,000 columns"),
        ("a.csv", b'"' + b"x" * 200_000, "not CSV"),
        ("a.csv", b"caf\xe9", "not UTF-8"),
        ("a.parquet", b"PAR1 and no more PAR1", "no parquet file"),
        ("a.json.gz", b"x", "no parquet, JSON or CSV file"),
    ],
)
def test_a_file_that_cannot_be_rows_ends_in_a_sentence(folder: Path, name: str, content: bytes, reason: str) -> None:
    write(folder, name)
    (folder / name).write_bytes(content)
    with pytest.raises(LeaderbenchError, match=reason):
        rows(folder)


def test_splits_may_be_a_table_and_config_names_stay_as_written(folder: Path) -> None:
    (folder / "README.md").write_text("---\nconfigs:\n- config_name: 2019\n  data_files: {test: [./a.json]}\n---\n")
    (folder / "a.json").write_text(ROWS)
    assert len(HubDatasets(folder.parents[1]).rows("org/name", "2019", "test")) == 1
