"""ARC-Challenge (Clark et al. 2018): grade-school science questions; each choice's text is scored, 25 shots."""

from leaderbench.benchmarks.datasets import Cells
from leaderbench.benchmarks.multiple_choice import Draws, MultipleChoice, Task, score_normalised
from leaderbench.records import Aggregation, Example, Metric

by_number = {"1": "A", "2": "B", "3": "C", "4": "D", "5": "E"}


def read_by_label(row: Cells, example_id: str, subset: str) -> Example:
    """The target is the place of the answer key among the row's labels."""
    choices = row.inside("choices")
    target = row.choice(row.text("answerKey"), choices.texts("label"))
    return Example(example_id, subset, row.text("question"), choices.texts("text"), target)


def read_by_letter(row: Cells, example_id: str, subset: str) -> Example:
    """The target is the place of the answer key in A to E, keys 1 to 5 standing for those letters."""
    texts = row.inside("choices").texts("text")
    key = row.text("answerKey")
    target = row.choice(by_number.get(key, key), tuple(by_number.values())[: len(texts)])
    return Example(example_id, subset, row.text("question"), texts, target)


def question(example: Example) -> str:
    return f"Question: {example.question}\nAnswer:"


def ask(example: Example) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ((question(example), tuple(f" {choice}" for choice in example.choices)),)


def shot(example: Example) -> str:
    return f"{question(example)} {example.choices[example.target]}\n\n"


def benchmarks() -> list[MultipleChoice]:
    metrics = (Metric("acc_norm", Aggregation.MICRO), Metric("acc", Aggregation.MICRO))
    written = "Question: {question}\nAnswer: {choice}, two newlines after a shot"
    return [
        MultipleChoice(
            name=f"arc-challenge/{implementation}",
            summary=summary,
            task=Task(read, ask, shot, score_normalised, {"text": written, "target": target}),
            dataset="allenai/ai2_arc",
            subsets=("arc-challenge",),
            config="ARC-Challenge",
            split="test",
            pool="train",
            shots=25,
            draws=draws,
            special_tokens=special_tokens,
            metrics=metrics,
        )
        for implementation, summary, read, target, draws, special_tokens in (
            (
                "open-llm-v1",
                "Open LLM Leaderboard v1 (harness b281b09): 25 random shots, accuracy per character",
                read_by_letter,
                "answer key in A..E, 1..5 standing for them",
                Draws.SHUFFLED_42,
                False,
            ),
            (
                "harness",
                "lm-eval 0.4.13, 25 random shots: accuracy per character",
                read_by_label,
                "answer key in the row's labels",
                Draws.SEQUENTIAL_1234,
                True,
            ),
        )
    ]
