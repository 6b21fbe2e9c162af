"""The bundled exam: what its generator says, and fit to be an exam."""

from collections import Counter
from pathlib import Path

import make_exam
import pyarrow.parquet as pq
import pytest

from leaderbench.bundled import exam_folder

subjects = pytest.mark.parametrize("subject", make_exam.SUBJECTS)


def rows(folder: Path, subject: str, split: str) -> list[make_exam.Row]:
    records = pq.read_table(folder / subject / make_exam.parquet_name(split)).to_pylist()
    return [make_exam.Row(record["question"], tuple(record["choices"]), record["answer"]) for record in records]


@pytest.fixture(scope="module")
def exam() -> dict[str, dict[str, list[make_exam.Row]]]:
    return {
        subject: {split: rows(exam_folder(), subject, split) for split in make_exam.SPLITS}
        for subject in make_exam.SUBJECTS
    }


Exam = dict[str, dict[str, list[make_exam.Row]]]


def test_the_exam_is_what_its_generator_writes(exam: Exam, tmp_path: Path) -> None:
    assert exam == make_exam.exam()
    make_exam.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == (exam_folder() / "README.md").read_text()
    for subject in make_exam.SUBJECTS:
        for split in make_exam.SPLITS:
            assert rows(tmp_path, subject, split) == exam[subject][split]


def test_there_are_at_least_six_subjects() -> None:
    assert len(make_exam.SUBJECTS) >= 6


@subjects
def test_a_subject_has_5_dev_8_validation_and_60_test_questions(exam: Exam, subject: str) -> None:
    assert {split: len(rows) for split, rows in exam[subject].items()} == {"dev": 5, "validation": 8, "test": 60}


@subjects
def test_each_letter_is_right_equally_often(exam: Exam, subject: str) -> None:
    for split, expected in {"dev": {1, 2}, "validation": {2}, "test": {15}}.items():
        counts = Counter(row.answer for row in exam[subject][split])
        assert set(counts) == {0, 1, 2, 3}
        assert set(counts.values()) == expected


@subjects
def test_the_four_choices_of_a_question_differ(exam: Exam, subject: str) -> None:
    for row in (row for rows in exam[subject].values() for row in rows):
        assert len(row.choices) == len(set(row.choices)) == 4
        assert all(choice == choice.strip() != "" for choice in row.choices)


def test_no_question_occurs_twice_in_the_exam(exam: Exam) -> None:
    questions = [row.question for splits in exam.values() for rows in splits.values() for row in rows]
    assert len(questions) == len(set(questions))


@subjects
def test_no_fact_is_asked_in_two_splits(subject: str) -> None:
    words = [fact.words for facts in make_exam.facts_by_split(subject).values() for fact in facts]
    assert len(words) == len(set(words))


@subjects
def test_the_right_choice_is_the_answer_of_the_fact_table(exam: Exam, subject: str) -> None:
    answers = {question: fact.answer for fact in make_exam.MAKERS[subject]() for question in fact.questions}
    for row in (row for rows in exam[subject].values() for row in rows):
        assert row.choices[row.answer] == answers[row.question]


def test_products_are_right(exam: Exam) -> None:
    for row in exam["times_tables"]["test"]:
        factors = [int(word) for word in row.question.rstrip("?").split() if word.isdigit()]
        assert int(row.choices[row.answer]) == factors[0] * factors[1]


@subjects
def test_the_right_choice_is_not_the_longest_too_often(exam: Exam, subject: str) -> None:
    longest = sum(
        len(row.choices[row.answer]) > max(len(text) for text in row.choices if text != row.choices[row.answer])
        for row in exam[subject]["test"]
    )
    assert longest <= 24


def test_load_dataset_reads_it_as_a_repository_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exam: Exam
) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(exam_folder()), "opposites", split="validation", cache_dir=str(tmp_path))
    assert loaded["question"][:] == [row.question for row in exam["opposites"]["validation"]]
