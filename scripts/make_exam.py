"""Write the bundled exam from the fact tables in `exam_facts/`: the same rows, to the byte, every time.

    python scripts/make_exam.py                 # rewrites src/leaderbench/bundled/exam
    python scripts/make_exam.py --into FOLDER

Six subjects in the schema of cais/mmlu. Each fact is asked once, in one of its subject's wordings, so no question
and no fact occurs in two splits. All draws come from generators seeded by subject and fact.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

T = TypeVar("T")
TABLES = Path(__file__).parent / "exam_facts"
EXAM = Path(__file__).parents[1] / "src" / "leaderbench" / "bundled" / "exam"
SPLITS = {"dev": 5, "validation": 8, "test": 60}
SEED = 2023

WORDINGS: dict[str, tuple[str, ...]] = {
    "animal_classes": (
        "Which class of animals does the {0} belong to?",
        "What kind of animal is the {0}?",
        "To which group of animals do we count the {0}?",
    ),
    "capital_cities": (
        "What is the capital of {0}?",
        "Which city is the capital of {0}?",
        "Which of these cities is the capital of {0}?",
    ),
    "chemical_elements": (
        "Which element has the symbol {0}?",
        "What is the name of the element {0}?",
        "Which chemical element is written {0}?",
    ),
    "irregular_verbs": (
        "What is the past tense of the verb {0}?",
        "Which word is the past tense of the verb {0}?",
        "What is the past of the verb {0}?",
    ),
    "opposites": (
        "What is the opposite of {0}?",
        "Which word means the opposite of {0}?",
        "Which of these words is the opposite of {0}?",
    ),
    "times_tables": (
        "What is {0} times {1}?",
        "What is {1} times {0}?",
        "How much is {0} times {1}?",
        "Which number is {1} times {0}?",
    ),
}
SUBJECTS = tuple(WORDINGS)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is true, and plausible answers that are not."""

    subject: str
    words: tuple[str, ...]
    """What the wordings ask about, e.g. `("France",)`."""

    answer: str
    wrong: tuple[str, ...]
    """Plausible false answers, the nearest first."""

    @property
    def questions(self) -> tuple[str, ...]:
        """The fact asked in every wording of its subject."""
        return tuple(wording.format(*self.words) for wording in WORDINGS[self.subject])


@dataclass(frozen=True, slots=True)
class Row:
    """One question of the exam."""

    question: str
    choices: tuple[str, ...]
    answer: int
    """Index of the right choice."""


def table(subject: str) -> list[dict[str, str]]:
    """The rows of a subject's fact table."""
    with (TABLES / f"{subject}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def animal_classes() -> list[Fact]:
    """Animals and the class that each belongs to; every other class is a plausible wrong answer."""
    rows = table("animal_classes")
    classes = sorted({row["class"] for row in rows})
    return [
        Fact("animal_classes", (row["animal"],), row["class"], tuple(name for name in classes if name != row["class"]))
        for row in rows
    ]


def capital_cities() -> list[Fact]:
    """Countries and capitals; wrong answers are another city of the country and capitals of its region."""
    rows = table("capital_cities")
    facts = []
    for row in rows:
        region = [other["capital"] for other in rows if other["region"] == row["region"]]
        far = [other["capital"] for other in rows if other["region"] != row["region"]]
        wrong = [row["other_city"], *shuffled(region, row["country"])[:5], *shuffled(far, row["country"])[:2]]
        facts.append(fact("capital_cities", (row["country"],), row["capital"], wrong))
    return facts


def chemical_elements() -> list[Fact]:
    """Symbols and elements; wrong answers are elements whose symbol has the same first letter, then any."""
    rows = table("chemical_elements")
    facts = []
    for row in rows:
        alike = [other["element"] for other in rows if other["symbol"][0] == row["symbol"][0]]
        any_element = [other["element"] for other in rows]
        wrong = [*shuffled(alike, row["symbol"])[:4], *shuffled(any_element, row["symbol"])[:6]]
        facts.append(fact("chemical_elements", (row["symbol"],), row["element"], wrong))
    return facts


def irregular_verbs() -> list[Fact]:
    """Irregular verbs and their past tense; wrong are another form or a common slip, and pasts of other verbs."""
    rows = table("irregular_verbs")
    pasts = [row["past"] for row in rows]
    return [fact("irregular_verbs", (row["verb"],), row["past"], mixed(row, pasts)) for row in rows]


def opposites() -> list[Fact]:
    """Words and their opposites; wrong answers are near in meaning, or opposites of other words."""
    rows = table("opposites")
    others = [row["opposite"] for row in rows]
    return [fact("opposites", (row["word"],), row["opposite"], mixed(row, others)) for row in rows]


def times_tables() -> list[Fact]:
    """The products from 2 times 2 to 13 times 13; wrong answers are neighbours in the table and slips by one or ten."""
    facts = []
    for a in range(2, 14):
        for b in range(a, 14):
            slips = shuffled([a * b + 1, a * b - 1, a * b + 10, a * b - 10], f"{a} {b}")
            near = shuffled([a * (b + 1), a * (b - 1), (a + 1) * b, (a - 1) * b], f"{a} {b}")
            wrong = [str(number) for number in (slips[0], *near, *slips[1:]) if number > 1]
            facts.append(fact("times_tables", (str(a), str(b)), str(a * b), wrong))
    return facts


def mixed(row: dict[str, str], answers: Sequence[str]) -> list[str]:
    """One wrong answer that the table gives by hand, four that are right elsewhere, then the others given by hand."""
    seed = " ".join(row.values())
    near = shuffled([row["wrong_1"], row["wrong_2"], row["wrong_3"]], seed)
    return [near[0], *shuffled(answers, seed)[:4], *near[1:]]


def fact(subject: str, words: tuple[str, ...], answer: str, wrong: Sequence[str]) -> Fact:
    """A fact whose wrong answers are distinct and wrong."""
    return Fact(subject, words, answer, tuple(dict.fromkeys(text for text in wrong if text != answer)))


def shuffled(items: Sequence[T], seed: str) -> list[T]:
    """The items in an order that depends on nothing but the seed."""
    order = list(items)
    Random(f"{SEED} {seed}").shuffle(order)
    return order


MAKERS: dict[str, Callable[[], list[Fact]]] = {
    "animal_classes": animal_classes,
    "capital_cities": capital_cities,
    "chemical_elements": chemical_elements,
    "irregular_verbs": irregular_verbs,
    "opposites": opposites,
    "times_tables": times_tables,
}


def facts_by_split(subject: str) -> dict[str, list[Fact]]:
    """The facts that each split asks; `spare` holds those that no split asks."""
    order = shuffled(MAKERS[subject](), subject)
    splits, start = {}, 0
    for split, size in SPLITS.items():
        splits[split] = order[start : start + size]
        start += size
    if len(splits["test"]) < SPLITS["test"]:
        raise SystemExit(f"{subject}: {len(order)} facts are too few; the splits need {sum(SPLITS.values())}.")
    return splits | {"spare": order[start:]}


def row(fact: Fact, letter: int) -> Row:
    """A fact as a question: one wording, three near wrong answers (any three classes of animals), the right place."""
    seed = " ".join((fact.subject, *fact.words))
    wrong = shuffled(fact.wrong, seed) if fact.subject == "animal_classes" else list(fact.wrong)
    choices = shuffled(wrong[:3], f"order {seed}")
    choices.insert(letter, fact.answer)
    return Row(shuffled(fact.questions, f"wording {seed}")[0], tuple(choices), letter)


def exam() -> dict[str, dict[str, list[Row]]]:
    """All rows by subject and split; each letter is right equally often in a split, as far as its size allows."""
    rows: dict[str, dict[str, list[Row]]] = {}
    for subject in SUBJECTS:
        rows[subject] = {}
        splits = facts_by_split(subject)
        for split, size in SPLITS.items():
            letters = shuffled([index % 4 for index in range(size)], f"letters {subject} {split}")
            rows[subject][split] = [row(fact, letter) for fact, letter in zip(splits[split], letters, strict=True)]
    return rows


def write(folder: Path) -> None:
    """Write the exam in the layout of a Hub dataset repository."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [("question", pa.string()), ("subject", pa.string()), ("choices", pa.list_(pa.string()))]
    schema = pa.schema([*texts, ("answer", pa.int64())])
    for subject, splits in exam().items():
        (folder / subject).mkdir(parents=True, exist_ok=True)
        for split, rows in splits.items():
            records = [
                {"question": row.question, "subject": subject, "choices": list(row.choices), "answer": row.answer}
                for row in rows
            ]
            pq.write_table(pa.Table.from_pylist(records, schema=schema), folder / subject / parquet_name(split))
    (folder / "README.md").write_text(card(), encoding="utf-8")


def parquet_name(split: str) -> str:
    """The Hub's name for a split in one file."""
    return f"{split}-00000-of-00001.parquet"


def card() -> str:
    """The dataset card, with the YAML by which `datasets` finds the files."""
    configs = []
    for subject in SUBJECTS:
        configs += [f"- config_name: {subject}", "  data_files:"]
        for split in SPLITS:
            configs += [f"  - split: {split}", f"    path: {subject}/{parquet_name(split)}"]
    return CARD.format(
        configs="\n".join(configs), subjects="\n".join(f"- `{name}`: {about}" for name, about in ABOUT.items())
    )


ABOUT = {
    "animal_classes": "which of nine classes an animal belongs to",
    "capital_cities": "the capital of a country",
    "chemical_elements": "the element behind a symbol",
    "irregular_verbs": "the past tense of an irregular English verb",
    "opposites": "a word's opposite",
    "times_tables": "products of numbers from 2 to 13",
}

CARD = """---
license: cc0-1.0
language:
- en
pretty_name: leaderbench exam
task_categories:
- multiple-choice
configs:
{configs}
---

# The leaderbench exam

A small exam for small models: six subjects, four choices a question, in the schema of `cais/mmlu`
(`question`, `subject`, `choices`, `answer` as the index of the right choice). Each subject has 5 `dev`, 8 `validation`
and 60 `test` questions; every letter is right equally often.

{subjects}

`scripts/make_exam.py` of the leaderbench project writes it from the fact tables in `scripts/exam_facts/`, which the
project wrote itself; the same script gives the same rows every time. Released under CC0 1.0.

It measures whether a model of a million parameters knows facts that it was taught, and in which layouts it can show
that. It says nothing about large models, which should answer nearly all of it.
"""


def main() -> None:
    """Write the exam where the command line says."""
    parser = argparse.ArgumentParser(description="Write the bundled exam.")
    parser.add_argument("--into", type=Path, default=EXAM, help="folder to write (default: the package's own)")
    folder = parser.parse_args().into
    write(folder)
    sys.stdout.write(f"Wrote {len(SUBJECTS)} subjects to {folder}\n")


if __name__ == "__main__":
    main()
