"""WinoGrande (Sakaguchi et al. 2020): which of two names fits the gap; the text after the gap is scored, 5 shots."""

from leaderbench.benchmarks.datasets import Cells
from leaderbench.benchmarks.multiple_choice import Draws, MultipleChoice, Task, score_choices
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Example, Metric


def read(row: Cells, example_id: str, subset: str) -> Example:
    sentence = row.text("sentence")
    if "_" not in sentence:
        raise LeaderbenchError(f"{row.where} has no gap `_` in its sentence.")
    target = row.choice(row.text("answer"), ("1", "2"))
    return Example(example_id, subset, sentence, (row.text("option1"), row.text("option2")), target)


def filled(example: Example, choice: int) -> str:
    """The sentence up to its gap, the gap filled."""
    return example.question[: example.question.index("_")] + example.choices[choice]


def rest(example: Example) -> str:
    """The sentence after its gap, with one leading space."""
    return " " + example.question[example.question.index("_") + 1 :].strip()


def ask(example: Example) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((filled(example, choice), (rest(example),)) for choice in (0, 1))


def shot(example: Example) -> str:
    return f"{filled(example, example.target)}{rest(example)}\n\n"


written = "the sentence with its gap filled; asked: the text after the gap; two newlines after a shot"


def benchmarks() -> list[MultipleChoice]:
    task = Task(read, ask, shot, score_choices, {"text": written})
    return [
        MultipleChoice(
            name=f"winogrande/{implementation}",
            summary=summary,
            task=task,
            dataset="allenai/winogrande",
            subsets=("winogrande",),
            config="winogrande_xl",
            split="validation",
            pool="train",
            shots=5,
            draws=draws,
            special_tokens=special_tokens,
            metrics=(Metric("acc", Aggregation.MICRO),),
        )
        for implementation, summary, draws, special_tokens in (
            (
                "open-llm-v1",
                "Open LLM Leaderboard v1 (harness b281b09): 5 random shots, the text after the gap",
                Draws.SHUFFLED_42,
                False,
            ),
            (
                "harness",
                "lm-eval 0.4.13, 5 random shots: the text after the gap",
                Draws.SEQUENTIAL_1234_EXCLUDING,
                True,
            ),
        )
    ]
