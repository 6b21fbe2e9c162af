"""An exam in memory, and a fake model whose answers depend on chosen causes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from leaderbench.benchmarks.mmlu import Mmlu, implementations
from leaderbench.models.fake import FakeModel
from leaderbench.requests import LogLikelihood, Request

Row = dict[str, object]
Features = dict[str, bool]


@dataclass(frozen=True)
class Exam:
    """Subjects of made-up questions; the right choice is the one that says so."""

    sizes: dict[str, int] = field(default_factory=lambda: {"rivers": 40, "peaks": 20})
    strange: str = ""
    """The text of one wrong choice of the first question of each subject."""

    def rows(self, dataset: str, config: str, split: str) -> list[Row]:
        count = {"dev": 5, "validation": 8}.get(split, self.sizes[config])
        return [self.row(config, split, number) for number in range(count)]

    def row(self, config: str, split: str, number: int) -> Row:
        name = f"{config} {split} {number}"
        choices = [f"{name} {'right' if place == number % 4 else 'wrong'} {place}" for place in range(4)]
        if self.strange and split == "test" and number == 0:
            choices[1] = self.strange
        return {"question": f"Which is {name}?", "choices": choices, "answer": number % 4}

    def revision(self, dataset: str) -> str:
        return "memory"


def benchmark(implementation: str, subsets: tuple[str, ...] = ("rivers", "peaks")) -> Mmlu:
    choices, summary = implementations[implementation]
    return Mmlu(f"exam/{implementation}", summary, choices, "some/exam", subsets)


def features(request: Request) -> Features:
    """At which end of original and harness-2023 each cause of a request is."""
    text = request.context.text
    asked = request.continuations if isinstance(request, LogLikelihood) else ()
    return {
        "template": "Choices:" in text,
        "shots": " validation " in text,
        "scoring": any(len(item) > 2 for item in asked),
        "encoding": not request.special_tokens,
    }


def chance(*parts: object) -> float:
    """A number between 0 and 1 that looks random and never changes."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:6], "big") / (1 << 48)


def planted(seed: int, right: Callable[[Features], float], noise: float = 0.3) -> FakeModel:
    """A model that answers rightly with a probability that depends on some causes.

    One draw decides a question in all configurations, but for a share `noise` of questions that are drawn anew in each.
    """

    def judge(request: Request, text: str) -> float:
        question = request.context.question.split("Which is ")[1].split("?")[0]
        number = int(question.split()[-1])
        # What truncation would do is no part of it: it changes none of these prompts, so it changes no answer.
        asked = (request.context.text, request.special_tokens, getattr(request, "encoding", ""), len(text) > 2)
        shared = chance(seed, question)
        drawn = chance(seed, question, *asked) if chance(seed, question, *asked, "noise") < noise else shared
        good = drawn < right(features(request))
        choice = text.strip()
        place = "ABCD".index(choice) if len(choice) == 1 else int(choice.split()[-1])
        likes = place == number % 4 if good else place == (number + 1) % 4
        return -1.0 - (0.0 if likes else 5.0) - chance(seed, *asked, text)

    return FakeModel(f"planted-{seed}", judge)
