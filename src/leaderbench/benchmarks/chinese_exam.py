"""What CMMLU and C-Eval share: questions with choices in columns A to D, asked for the letter, shots from dev."""

from collections.abc import Callable
from dataclasses import dataclass

from leaderbench.benchmarks.datasets import Cells
from leaderbench.benchmarks.multiple_choice import Draws, MultipleChoice, Task, score_choices
from leaderbench.records import Aggregation, Example, Metric

letters = ("A", "B", "C", "D")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a dataset calls its columns."""

    question: str
    answer: str

    def read(self, row: Cells, example_id: str, subset: str) -> Example:
        choices = tuple(row.text(name) for name in letters)
        target = row.choice(row.text(self.answer), letters)
        return Example(example_id, subset, row.text(self.question), choices, target)


def question(example: Example) -> str:
    lines = [f"{name}. {choice}" for name, choice in zip(letters, example.choices, strict=True)]
    return "\n".join([example.question.strip(), *lines, "答案："])


def ask(example: Example) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ((question(example), tuple(f" {name}" for name in letters)),)


def shot(example: Example) -> str:
    return f"{question(example)} {letters[example.target]}\n\n"


def exam(
    *,
    name: str,
    summary: str,
    dataset: str,
    subjects: tuple[str, ...],
    split: str,
    columns: Columns,
    head: Callable[[str], str],
) -> MultipleChoice:
    """One such benchmark; the letters are one character long, so accuracy per character would be the same."""
    template = {"head": head(subjects[0]), "text": "{question}\nA. {A}\nB. {B}\nC. {C}\nD. {D}\n答案： {letter}"}
    return MultipleChoice(
        name=name,
        summary=summary,
        task=Task(columns.read, ask, shot, score_choices, {**template}, head),
        dataset=dataset,
        subsets=subjects,
        config="",
        split=split,
        pool="dev",
        shots=5,
        draws=Draws.FIRST,
        special_tokens=True,
        metrics=(Metric("acc", Aggregation.MICRO), Metric("acc", Aggregation.MACRO)),
    )
