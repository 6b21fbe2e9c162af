"""MMLU (Hendrycks et al. 2021) as five reference implementations ask it, and any exam of the same shape.

An implementation is a point in a small space of independent choices; `dataclasses.replace` mixes them freely.
"""

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import cast

from leaderbench.benchmarks.base import Datasets, Wanted, everything
from leaderbench.benchmarks.datasets import bundled, bundled_subsets, cells, chosen_subsets
from leaderbench.benchmarks.factors import Level, levels_of, mixed_fields
from leaderbench.benchmarks.letters import best_letter, letter
from leaderbench.benchmarks.mmlu_subjects import subjects
from leaderbench.benchmarks.shots import label_cycle, require, shuffled_draws
from leaderbench.metrics.choice import accuracy, margin, per_character
from leaderbench.metrics.text import candidate_margin, mapped_match
from leaderbench.records import (
    Aggregation,
    Answer,
    Example,
    GenerateResponse,
    Json,
    LogLikelihoodResponse,
    Metric,
    Outcome,
    Question,
)
from leaderbench.requests import Encoding, Generate, LogLikelihood, Prompt, Request, Truncation

letters = ("A", "B", "C", "D")


class ShotAnswer(StrEnum):
    """What stands after `Answer: ` in a solved example."""

    LETTER = "letter"
    """The letter of the right choice."""

    FIRST_EQUAL_LETTER = "first-equal-letter"
    """The letter of the first choice whose text is the right one's (differs where a text stands twice)."""

    TEXT = "text"
    """The text of the right choice, no letter."""


class Shots(StrEnum):
    """Which rows are the solved examples."""

    DEV_IN_ORDER = "dev-in-order"
    """The first rows of dev, in file order."""

    DEV_BY_ANSWER = "dev-by-answer"
    """Rows of dev in HELM's seeded order, the same for all questions of a subject."""

    VALIDATION_PER_QUESTION = "validation-per-question"
    """Rows of validation drawn anew for each question, as the harness of January 2023 drew them."""


class Asked(StrEnum):
    """What the model is asked."""

    LETTERS = "letters"
    """How likely each letter is."""

    TEXTS = "texts"
    """How likely the text of each choice is."""

    NEXT_TOKEN = "next-token"  # noqa: S105
    """Which one token comes next, of the whole vocabulary."""


class Cleaning(StrEnum):
    """What reading the files did to the cells."""

    NONE = "none"

    PANDAS_MISSING = "pandas-missing"
    """Cells that pandas 2 takes for missing, such as the text None, read `nan`."""

    UNIX_NEWLINES = "unix-newlines"
    """CRLF reads as LF, and a lone CR too, as in a file opened in text mode."""


pandas_missing = frozenset(
    [
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    ]
)
"""What `pandas.read_csv` (2.0 and later) reads as missing by default."""


@dataclass(frozen=True, slots=True)
class Template:
    """How a question and its choices are written down."""

    header: str
    """Text before everything else; `{subject}` stands for the subject's words."""

    question_prefix: str = ""
    choices_line: bool = False
    """Whether a line `Choices:` stands before the choices."""

    strip_question: bool = False
    shot_answer: ShotAnswer = ShotAnswer.LETTER

    def head(self, subject: str) -> str:
        return self.header.replace("{subject}", subject.replace("_", " "))

    def question(self, example: Example) -> str:
        text = example.question.strip() if self.strip_question else example.question
        lines = [self.question_prefix + text]
        if self.choices_line:
            lines.append("Choices:")
        lines += [f"{name}. {choice}" for name, choice in zip(letters, example.choices, strict=True)]
        return "\n".join([*lines, "Answer:"])

    def shot(self, example: Example) -> str:
        right = example.choices[example.target]
        if self.shot_answer is ShotAnswer.TEXT:
            answer = right
        elif self.shot_answer is ShotAnswer.FIRST_EQUAL_LETTER:
            answer = letters[example.choices.index(right)]
        else:
            answer = letters[example.target]
        return f"{self.question(example)} {answer}\n\n"


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything in which implementations of MMLU differ; each field is free of the others."""

    template: Template
    shots_from: Shots = Shots.DEV_IN_ORDER
    shots: int = 5
    """How many solved examples."""

    asked: Asked = Asked.LETTERS
    per_character: bool = False
    """Whether the reported accuracy compares log-likelihoods divided by the choice's characters."""

    encoding: Encoding = Encoding.JOINT
    """How context and continuation become tokens; a next token needs no rule, and of a text all tokens count."""

    leading_space: bool = True
    """Whether a space belongs to each candidate answer."""

    special_tokens: bool = True
    truncation: Truncation = Truncation.KEEP_END
    cleaning: Cleaning = Cleaning.NONE
    aggregation: Aggregation = Aggregation.MICRO
    """How the reported number sums up the subjects."""


factors = {
    "template": ("template",),
    "shots": ("shots_from", "shots"),
    "scoring": ("asked", "per_character"),
    "encoding": ("encoding", "leading_space", "special_tokens"),
    "truncation": ("truncation",),
    "cleaning": ("cleaning",),
    "aggregation": ("aggregation",),
}
"""The causes of a difference between two implementations, and the choices that make up each."""

plain_header = "The following are multiple choice questions (with answers) about {subject}.\n\n"

original = Choices(
    Template("The following are multiple choice questions (with answers) about  {subject}.\n\n"),
    encoding=Encoding.LAST_TOKEN,
    leading_space=False,
    truncation=Truncation.DROP_SHOTS_2048,
    cleaning=Cleaning.PANDAS_MISSING,
)
helm = Choices(
    Template(plain_header, question_prefix="Question: ", shot_answer=ShotAnswer.FIRST_EQUAL_LETTER),
    shots_from=Shots.DEV_BY_ANSWER,
    asked=Asked.NEXT_TOKEN,
    truncation=Truncation.DROP_SHOTS_THEN_CUT,
    cleaning=Cleaning.UNIX_NEWLINES,
    aggregation=Aggregation.MACRO,
)
harness_2023 = Choices(
    Template("", question_prefix="Question: ", choices_line=True, shot_answer=ShotAnswer.TEXT),
    shots_from=Shots.VALIDATION_PER_QUESTION,
    asked=Asked.TEXTS,
    per_character=True,
    encoding=Encoding.SEPARATE,
    special_tokens=False,
    aggregation=Aggregation.MACRO,
)
open_llm_v1 = Choices(Template(plain_header, strip_question=True), special_tokens=False, aggregation=Aggregation.MACRO)
harness = Choices(Template(plain_header, strip_question=True))

implementations: dict[str, tuple[Choices, str]] = {
    "original": (original, "hendrycks/test as ollmer's script runs it: best of four letters, micro accuracy"),
    "helm": (helm, "HELM (cab5d89): exact match of one generated token, macro over subjects"),
    "harness-2023": (harness_2023, "lm-evaluation-harness, January 2023 (e47e01b): full answers, macro acc_norm"),
    "open-llm-v1": (open_llm_v1, "Open LLM Leaderboard v1 (harness b281b09): letters, macro accuracy"),
    "harness": (harness, "lm-eval 0.4.13, 5 shots: letters after the tokenizer's special tokens, micro accuracy"),
}


@dataclass(frozen=True, slots=True)
class Mmlu:
    """One implementation of MMLU, on the real thing or on any dataset of its shape.

    The shape: columns `question`, `choices` (four texts) and `answer` (0 to 3); splits dev, validation and test; a
    config for each subject.
    """

    name: str
    summary: str
    choices: Choices
    dataset: str = "cais/mmlu"
    subset_names: tuple[str, ...] = ()
    """Its subjects; empty for a bundled dataset, whose README names them."""

    @property
    def subsets(self) -> tuple[str, ...]:
        if self.dataset in bundled:
            return self.subset_names or bundled_subsets(self.dataset)
        return self.subset_names

    @property
    def metrics(self) -> tuple[Metric, ...]:
        both = (self.choices.aggregation, *(a for a in Aggregation if a is not self.choices.aggregation))
        return tuple(Metric(name, aggregation) for name in self._metric_names() for aggregation in both)

    def _metric_names(self) -> tuple[str, ...]:
        if self.choices.asked is Asked.NEXT_TOKEN:
            return ("exact_match",)
        if self.choices.per_character:
            return ("acc_norm", "acc")
        return ("acc", "acc_norm") if self.choices.asked is Asked.TEXTS else ("acc",)

    def with_shots(self, count: int) -> "Mmlu":
        """The same with another number of shots."""
        return dataclasses.replace(self, choices=dataclasses.replace(self.choices, shots=count))

    def levels(self) -> dict[str, Level]:
        return levels_of(self.choices, factors)

    def mixed(self, other: "Mmlu", names: Collection[str]) -> "Mmlu":
        return dataclasses.replace(self, choices=mixed_fields(self.choices, other.choices, factors, names))

    def target(self, example: Example) -> str:
        return letter(example.target)

    def questions(self, datasets: Datasets, subsets: Sequence[str], wanted: Wanted = everything) -> Iterator[Question]:
        for subset in chosen_subsets(self.name, self.subsets, tuple(subsets)):
            yield from self._subject(datasets, subset, wanted)

    def _subject(self, datasets: Datasets, subject: str, wanted: Wanted) -> Iterator[Question]:
        tests = self._examples(datasets, subject, "test")
        shots = self._shots(datasets, subject, tests)
        head = self.choices.template.head(subject)
        for example, chosen in zip(tests, shots, strict=True):
            if wanted(example.id):
                prompt = Prompt(head, chosen, self.choices.template.question(example))
                yield Question(example, (self._request(prompt, example),))

    def _examples(self, datasets: Datasets, subject: str, split: str) -> tuple[Example, ...]:
        """The rows of one split, cleaned as this implementation reads them."""
        return examples(Source(datasets), self.dataset, subject, split, self.choices.cleaning)

    def _shots(self, datasets: Datasets, subject: str, tests: Sequence[Example]) -> Iterator[tuple[str, ...]]:
        """The solved examples of each question of a subject."""
        count, template = self.choices.shots, self.choices.template
        if count == 0:
            yield from (() for _ in tests)
        elif self.choices.shots_from is Shots.VALIDATION_PER_QUESTION:
            pool = self._examples(datasets, subject, "validation")
            require(count + 1, len(pool), f"{self.dataset}, {subject}/validation")
            written = [template.shot(example) for example in pool]
            for test, draw in zip(tests, shuffled_draws(len(tests), len(pool), count + 1), strict=True):
                yield tuple([written[row] for row in draw if not same_content(pool[row], test)][:count])
        else:
            pool = self._examples(datasets, subject, "dev")
            require(count, len(pool), f"{self.dataset}, {subject}/dev")
            order = list(range(count))
            if self.choices.shots_from is Shots.DEV_BY_ANSWER:
                order = label_cycle([example.choices[example.target] for example in pool], count)
            chosen = tuple(template.shot(pool[row]) for row in order)
            yield from (chosen for _ in tests)

    def _request(self, prompt: Prompt, example: Example) -> Request:
        choices = self.choices
        if choices.asked is Asked.NEXT_TOKEN:
            return Generate(prompt, 1, choices.special_tokens, choices.truncation)
        space = " " if choices.leading_space else ""
        candidates = example.choices if choices.asked is Asked.TEXTS else letters
        continuations = tuple(space + text for text in candidates)
        encoding = choices.encoding
        if choices.asked is Asked.TEXTS and encoding is Encoding.LAST_TOKEN:
            encoding = Encoding.SEPARATE  # the last token stands for a letter, not for a text
        return LogLikelihood(prompt, continuations, encoding, choices.special_tokens, choices.truncation)

    def score(self, example: Example, responses: Sequence[Answer]) -> Outcome:
        if self.choices.asked is Asked.NEXT_TOKEN:
            return self._score_text(example, cast("GenerateResponse", responses[0]))
        answers = cast("LogLikelihoodResponse", responses[0]).continuations
        values = {"acc": [answer.log_likelihood for answer in answers]}
        scored = example.choices if self.choices.asked is Asked.TEXTS else letters
        values["acc_norm"] = per_character(values["acc"], scored)
        names = self._metric_names()
        predictions = {name: best_letter(values[name]) for name in names}
        metrics = {name: accuracy(values[name], example.target) for name in names}
        ahead = margin(values[names[0]])
        target = letter(example.target)
        return Outcome(predictions[names[0]], target, metrics, predictions, ahead, metrics[names[0]] == 1.0)

    def _score_text(self, example: Example, response: GenerateResponse) -> Outcome:
        match = mapped_match(response.text, example.choices, example.target, letters)
        prediction = response.text.strip()
        metrics, predictions = {"exact_match": match}, {"exact_match": prediction}
        ahead = candidate_margin(response.candidates)
        return Outcome(prediction, letter(example.target), metrics, predictions, ahead, match == 1.0)

    def recipe(self) -> dict[str, Json]:
        choices = cast("dict[str, Json]", dataclasses.asdict(self.choices))
        return {
            "benchmark": self.name,
            "dataset": self.dataset,
            "evaluated": "every test row (HELM's cap of 1,000 instances a subject is not applied)",
            "metrics": [str(metric) for metric in self.metrics],
            **choices,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where rows come from, the same only as itself."""

    datasets: Datasets

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and self.datasets is other.datasets

    def __hash__(self) -> int:
        return id(self.datasets)


@lru_cache(maxsize=12)  # recipes between two implementations read the same subject one after the other
def examples(source: Source, dataset: str, subject: str, split: str, cleaning: Cleaning) -> tuple[Example, ...]:
    """The rows of one split, cleaned."""
    found: list[Example] = []
    for index, row in enumerate(cells(source.datasets.rows(dataset, subject, split), dataset, subject, split)):
        texts = [clean(text, cleaning) for text in (row.text("question"), *row.texts("choices"))]
        row.exactly(len(letters), "choices")
        target = row.index("answer", len(letters))
        found.append(Example(f"{subject}/{index}", subject, texts[0], tuple(texts[1:]), target))
    return tuple(found)


def clean(text: str, cleaning: Cleaning) -> str:
    """A cell as an implementation's way of reading files gives it."""
    if cleaning is Cleaning.PANDAS_MISSING and text in pandas_missing:
        return "nan"
    if cleaning is Cleaning.UNIX_NEWLINES:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def same_content(one: Example, other: Example) -> bool:
    """Whether two rows ask the same, with the same choices and answer."""
    return (one.question, one.choices, one.target) == (other.question, other.choices, other.target)


def family(name: str, dataset: str, subsets: tuple[str, ...]) -> list[Mmlu]:
    """Every implementation on one dataset of this shape."""
    return [Mmlu(f"{name}/{key}", line, choices, dataset, subsets) for key, (choices, line) in implementations.items()]


def benchmarks() -> list[Mmlu]:
    """`mmlu/…` on the real dataset and `exam/…` on the demonstration exam in the package."""
    return family("mmlu", "cais/mmlu", subjects) + family("exam", "leaderbench/exam", ())
