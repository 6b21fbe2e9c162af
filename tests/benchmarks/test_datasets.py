import shutil
from pathlib import Path

import pytest

from leaderbench.benchmarks import datasets as places
from leaderbench.benchmarks.datasets import HubDatasets, chosen_subsets, folder_digest, pins
from leaderbench.benchmarks.registry import find, names
from leaderbench.errors import LeaderbenchError


def test_rows_of_a_local_copy_come_in_file_order(hub_folder: Path) -> None:
    rows = HubDatasets(hub_folder).rows("some/exam", "tiny_things", "test")
    assert [row["question"] for row in rows[:2]] == ["Question 200?", "Question 201?"]
    assert rows[1] == {"question": "Question 201?", "choices": ["w", "x", "y", "z"], "answer": 1}


def test_a_local_copy_reads_as_the_datasets_library_reads_it(hub_folder: Path, tmp_path: Path) -> None:
    from datasets import load_dataset

    theirs = load_dataset(str(hub_folder / "some" / "exam"), "tiny_things", split="dev", cache_dir=str(tmp_path / "c"))
    assert HubDatasets(hub_folder).rows("some/exam", "tiny_things", "dev") == theirs.to_list()


def test_the_environment_names_the_folder_of_copies(hub_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADERBENCH_DATASETS", str(hub_folder))
    assert len(HubDatasets().rows("some/exam", "tiny_things", "validation")) == 8


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("rows.csv", "question,answer\nWhat is NA?,None\n"),
        ("rows.jsonl", '{"question": "What is NA?", "answer": "None"}\n'),
        ("rows.json", '[{"question": "What is NA?", "answer": "None"}]'),
    ],
)
def test_other_formats_give_texts_and_take_none_for_missing(tmp_path: Path, name: str, written: str) -> None:
    folder = tmp_path / "org" / "name"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: c\n  data_files: {name}\n---\n")
    (folder / name).write_text(written)
    assert HubDatasets(tmp_path).rows("org/name", "c", "train") == [{"question": "What is NA?", "answer": "None"}]


def test_a_split_of_several_files_is_read_in_their_order(hub_folder: Path) -> None:
    folder = hub_folder / "some" / "exam" / "tiny_things"
    shutil.copy(folder / "dev-00000-of-00001.parquet", folder / "test-00001-of-00002.parquet")
    questions = [row["question"] for row in HubDatasets(hub_folder).rows("some/exam", "tiny_things", "test")]
    assert questions == [f"Question {number}?" for number in [*range(200, 212), *range(5)]]


def test_the_revision_of_a_folder_changes_with_its_files(hub_folder: Path) -> None:
    folder = hub_folder / "some" / "exam"
    before = folder_digest(folder)
    assert before.startswith("sha256:")
    assert HubDatasets(hub_folder).revision("some/exam") == before
    (folder / ".cache").write_text("hidden files do not count")
    assert folder_digest(folder) == before
    (folder / "more.parquet").write_bytes(b"x")
    assert folder_digest(folder) != before


def test_the_revision_of_a_folder_of_ordinary_files_is_that_of_earlier_versions(tmp_path: Path) -> None:
    for name in ("README.md", "b/x.parquet", "b-c/x.parquet", "b/a/é.csv", "B/x", ".git/hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"content of {name}")
    assert folder_digest(tmp_path) == "sha256:377bdcd1cf248af5cd44cfc0d16e6d4fab7919128a5a10a9193a9fc114fcf419"


def test_the_revision_on_the_hub_is_the_pinned_commit() -> None:
    assert HubDatasets().revision("cais/mmlu") == pins["cais/mmlu"].revision
    assert len(pins["cais/mmlu"].revision) == 40


def test_every_benchmark_names_a_pinned_or_bundled_dataset() -> None:
    used = {benchmark.dataset for name in names() for benchmark in find(name)}
    assert used == set(pins) | set(places.bundled)


def test_a_missing_folder_of_copies_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(LeaderbenchError, match="nowhere does not exist: set LEADERBENCH_DATASETS"):
        HubDatasets(tmp_path / "nowhere")


def test_an_unknown_config_is_answered_with_the_nearest(hub_folder: Path) -> None:
    with pytest.raises(LeaderbenchError, match="no subset 'tiny_thngs'; did you mean 'tiny_things'"):
        HubDatasets(hub_folder).rows("some/exam", "tiny_thngs", "test")


def test_a_missing_split_lists_those_there_are(hub_folder: Path) -> None:
    with pytest.raises(LeaderbenchError, match="no split 'train' of tiny_things; it has dev, validation, test"):
        HubDatasets(hub_folder).rows("some/exam", "tiny_things", "train")


def test_a_damaged_parquet_file_is_named(hub_folder: Path) -> None:
    path = hub_folder / "some" / "exam" / "tiny_things" / "dev-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        LeaderbenchError, match=r"dev-00000-of-00001.parquet cannot be read \(it is no parquet file, or a damaged one\)"
    ):
        HubDatasets(hub_folder).rows("some/exam", "tiny_things", "dev")


def test_a_file_that_the_readme_names_but_is_absent_is_named(hub_folder: Path) -> None:
    (hub_folder / "some" / "exam" / "tiny_things" / "dev-00000-of-00001.parquet").unlink()
    with pytest.raises(LeaderbenchError, match=r"The file tiny_things/dev-\* of some/exam is missing"):
        HubDatasets(hub_folder).rows("some/exam", "tiny_things", "dev")


def test_a_copy_without_a_readme_is_read_by_the_names_of_its_files(hub_folder: Path) -> None:
    expected = HubDatasets(hub_folder).rows("some/exam", "tiny_things", "dev")
    (hub_folder / "some" / "exam" / "README.md").unlink()
    assert HubDatasets(hub_folder).rows("some/exam", "tiny_things", "dev") == expected


@pytest.mark.parametrize(
    ("readme", "message"),
    [
        (None, "no README.md whose head names its `configs`"),
        ("# No head\n", "no README.md whose head names its `configs`"),
        ("---\nconfigs: {}\n---\n", "no README.md whose head names its `configs`"),
        ("---\nconfigs: [\n---\n", r"README.md cannot be read \(it is not YAML"),
        ("---\nconfigs: [word]\n---\n", "are malformed"),
        ("---\nconfigs:\n- config_name: c\n  data_files:\n  - split: dev\n---\n", "are malformed"),
    ],
)
def test_a_copy_without_a_usable_readme_says_so(tmp_path: Path, readme: str | None, message: str) -> None:
    folder = tmp_path / "org" / "name"
    folder.mkdir(parents=True)
    if readme is not None:
        (folder / "README.md").write_text(readme)
    with pytest.raises(LeaderbenchError, match=message):
        HubDatasets(tmp_path).rows("org/name", "c", "dev")


def test_no_subset_named_means_all_of_them() -> None:
    assert chosen_subsets("b", ("x", "y"), ()) == ("x", "y")
    assert chosen_subsets("b", ("x", "y"), ("y",)) == ("y",)


def test_the_bundled_exam_needs_no_folder_of_copies() -> None:
    if not places.bundled["leaderbench/exam"].is_dir():
        pytest.skip("the exam has not been made")
    for benchmark in find("exam"):
        questions = list(benchmark.questions(HubDatasets(), benchmark.subsets[:1]))
        assert len(questions) >= 60
        assert len(questions[0].requests[0].context.shots) == 5
    assert len(benchmark.subsets) >= 6


def test_the_pinned_datasets_read_from_copies_in_the_hub_layout(shared: Path) -> None:
    source = HubDatasets(shared / "hub")
    for dataset in pins:
        assert source.revision(dataset).startswith("sha256:")
