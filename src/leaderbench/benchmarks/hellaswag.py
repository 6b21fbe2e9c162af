"""HellaSwag (Zellers et al. 2019): the most sensible of four endings, 10 shots."""

import re

from leaderbench.benchmarks.datasets import Cells
from leaderbench.benchmarks.multiple_choice import Draws, MultipleChoice, Task, score_normalised
from leaderbench.records import Aggregation, Example, Metric

bracketed = re.compile(r"\[.*?\]")


def preprocess(text: str) -> str:
    """Take out the marks of WikiHow texts, in the harness's order.

    Stripping comes first, so a bracket deleted at the start leaves a leading space; pairs of spaces are merged once.
    """
    return bracketed.sub("", text.strip().replace(" [title]", ". ")).replace("  ", " ")


def read(row: Cells, example_id: str, subset: str) -> Example:
    begun = f"{row.text('ctx_a')} {row.text('ctx_b').capitalize()}"
    endings = tuple(preprocess(ending) for ending in row.texts("endings"))
    target = row.choice(row.text("label"), tuple(str(place) for place in range(len(endings))))
    return Example(example_id, subset, preprocess(f"{row.text('activity_label')}: {begun}"), endings, target)


def ask(example: Example) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ((example.question, tuple(f" {ending}" for ending in example.choices)),)


def shot(example: Example) -> str:
    return f"{example.question} {example.choices[example.target]}\n\n"


written = "{activity_label}: {ctx_a} {ctx_b, capitalised} {ending}, preprocessed; two newlines after a shot"


def benchmarks() -> list[MultipleChoice]:
    task = Task(read, ask, shot, score_normalised, {"text": written})
    metrics = (Metric("acc_norm", Aggregation.MICRO), Metric("acc", Aggregation.MICRO))
    return [
        MultipleChoice(
            name=f"hellaswag/{implementation}",
            summary=summary,
            task=task,
            dataset="Rowan/hellaswag",
            subsets=("hellaswag",),
            config="default",
            split="validation",
            pool="train",
            shots=10,
            draws=draws,
            special_tokens=special_tokens,
            metrics=metrics,
        )
        for implementation, summary, draws, special_tokens in (
            (
                "open-llm-v1",
                "Open LLM Leaderboard v1 (harness b281b09): 10 random shots, accuracy per character",
                Draws.SHUFFLED_42,
                False,
            ),
            (
                "harness",
                "lm-eval 0.4.13, 10 random shots: accuracy per character",
                Draws.SEQUENTIAL_1234_EXCLUDING,
                True,
            ),
        )
    ]
