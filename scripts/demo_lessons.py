"""The training text of the demo's models: facts of the exam in three layouts, and exercises in reading lists.

Nothing written here holds a question of the test: a fact of the test is asked in the other wordings of its subject,
with choices drawn anew each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import make_exam
from make_exam import SUBJECTS, Fact

LETTERS = "ABCD"
HEADER = "The following are multiple choice questions (with answers) about"

STATEMENTS: dict[str, tuple[str, ...]] = {
    "animal_classes": ("The {0} is a kind of {answer}.", "We count the {0} as a kind of {answer}."),
    "capital_cities": ("The capital of {0} is {answer}.", "The city of {answer} is the capital of {0}."),
    "chemical_elements": ("The symbol {0} stands for {answer}.", "The element {answer} is written {0}."),
    "irregular_verbs": ("The past of {0} is {answer}.", "Today we {0}, yesterday we {answer}."),
    "opposites": ("The opposite of {0} is {answer}.", "The words {0} and {answer} are opposites."),
    "times_tables": ("The product of {0} and {1} is {answer}.", "It is true that {0} times {1} is {answer}."),
}
"""True sentences for the vocabulary and for teaching facts outside questions."""

Piece = tuple[str, bool]
"""A stretch of text and whether the model is taught to write it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One stretch of training: so many steps on documents in these layouts."""

    steps: int
    layouts: Mapping[str, float]
    """Share of documents in each layout; `LAYOUTS` and `Writer` say what they are."""

    questions: tuple[int, ...] = (1,)
    """How many questions a document may have; each number is drawn equally often."""


class Writer:
    """Writes training documents for one pupil; nothing it writes holds a question of the test."""

    def __init__(self, known: float, seed: int) -> None:
        self.random = Random(seed)
        self.facts: dict[str, list[Fact]] = {}
        for subject in SUBJECTS:
            splits = make_exam.facts_by_split(subject)
            test = self.random.sample(splits["test"], round(known * len(splits["test"])))
            self.facts[subject] = [*test, *splits["dev"], *splits["validation"], *splits["spare"]]
        self.answers = {subject: sorted({fact.answer for fact in facts}) for subject, facts in self.facts.items()}
        rows = [row for splits in make_exam.exam().values() for row in splits["test"]]
        self.test_questions = {row.question for row in rows}

    def document(self, layout: str, count: int) -> list[Piece]:
        """`count` questions (or lists, or pairs of sentences) in one layout."""
        subject = self.random.choice(SUBJECTS)
        if layout == "lists":
            return [piece for _ in range(count) for piece in self.lettered_list(subject)]
        if layout.startswith("sorting"):
            return [piece for _ in range(count) for piece in self.sorting(layout.removeprefix("sorting-"))]
        facts = self.random.sample(self.facts[subject], count)
        if layout == "statements":
            return [(self.statement(fact) + "\n", True) for fact in facts]
        header = self.header(layout, subject) if count > 1 else ""
        return [(header, False), *(piece for fact in facts for piece in self.question(layout, fact))]

    def header(self, layout: str, subject: str) -> str:
        """The line before the questions; with one space or two before the subject in the bare layout."""
        if layout == "quoted":
            return ""
        space = self.random.choice((" ", "  ")) if layout == "bare" else " "
        return f"{HEADER}{space}{subject.replace('_', ' ')}.\n\n"

    def question(self, layout: str, fact: Fact) -> list[Piece]:
        """A fact in another wording than the test's, with choices and their order drawn anew."""
        wording = self.random.choice([text for text in fact.questions if text not in self.test_questions])
        choices = self.choices(fact)
        return asked(layout, wording, choices, choices.index(fact.answer))

    def choices(self, fact: Fact) -> list[str]:
        """The right answer among three wrong ones, at most two of them near."""
        near = 3 if fact.subject in ("animal_classes", "times_tables") else self.random.choice((0, 1, 2, 2))
        wrong = set(self.random.sample(fact.wrong, min(near, len(fact.wrong))))
        while len(wrong) < 3:
            wrong |= {self.random.choice(self.answers[fact.subject])} - {fact.answer}
        choices = [*sorted(wrong), fact.answer]
        self.random.shuffle(choices)
        return choices

    def statement(self, fact: Fact) -> str:
        """The fact as a sentence."""
        return self.random.choice(STATEMENTS[fact.subject]).format(*fact.words, answer=fact.answer)

    def lettered_list(self, subject: str) -> list[Piece]:
        """Four answers with their letters before and after: which letter belongs to which word."""
        pieces: list[Piece] = []
        for letter, word in zip(LETTERS, self.random.sample(self.answers[subject], 4), strict=True):
            pieces += [(f"{letter}. {word}", False), (f" {letter}", True), ("\n", False)]
        return [*pieces, ("\n", False)]

    def sorting(self, layout: str) -> list[Piece]:
        """Which of these is a city? A question about kinds of words, answered by reading the choices."""
        subjects = self.random.sample(list(KINDS), 4)
        choices = [self.random.choice(self.answers[subject]) for subject in subjects]
        right = self.random.randrange(4)
        return asked(layout, f"Which of these is a {KINDS[subjects[right]]}?", choices, right)


KINDS = {
    "animal_classes": "kind of animal",
    "capital_cities": "city",
    "chemical_elements": "element",
    "irregular_verbs": "past tense",
    "times_tables": "number",
}


def asked(layout: str, question: str, choices: list[str], right: int) -> list[Piece]:
    """A question with lettered choices and its answer, in one of these layouts:

    bare: the question alone, answered by a letter; worded: the same, answered in words after `In words:`;
    titled: with `Question: ` before it, answered by a letter; tight: the same, no space before the letter;
    quoted: titled, with a line `Choices:`, answered by the text of the right choice.
    """
    title = "" if layout in ("bare", "worded") else "Question: "
    line = "Choices:\n" if layout == "quoted" else ""
    space = "" if layout == "tight" else " "
    ask = "In words:" if layout == "worded" else "Answer:"
    listed = "".join(f"{letter}. {choice}\n" for letter, choice in zip(LETTERS, choices, strict=True))
    answer = choices[right] if layout in ("quoted", "worded") else LETTERS[right]
    return [(f"{title}{question}\n{line}{listed}{ask}", False), (f"{space}{answer}", True), ("\n\n", False)]
