"""Which questions are drawn at random, and in which order they are asked: a function of seed and example id only.

So the same questions are drawn for every model, in every implementation of a benchmark that has these examples,
wherever a run resumes; and a larger draw with the same seed holds the smaller one.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Question
from leaderbench.statistics.finite import allocate


def key(seed: int, example_id: str) -> bytes:
    """A number that looks random (32 bytes), for each seed and example; the smallest are drawn, and asked, first."""
    return hashlib.sha256(f"{seed}\0{example_id}".encode()).digest()


def shuffled(questions: Sequence[Question], seed: int) -> list[Question]:
    """The questions in an order in which every arrangement is equally likely, whatever subsets they belong to."""
    return sorted(questions, key=lambda question: key(seed, question.example.id))


def sizes(questions: Sequence[Question]) -> dict[str, int]:
    """How many questions each subset has, subsets in order of appearance."""
    return dict(Counter(question.example.subset for question in questions))


def draw(questions: Sequence[Question], n: int, seed: int, name: str) -> list[Question]:
    """`n` of these questions of the benchmark `name`, in their order, shared out over subsets by `allocate`; all of
    them where there are no more. Inside a subset every question is equally likely.

    Raises:
        LeaderbenchError: fewer questions than subsets.
    """
    bank = sizes(questions)
    if n < 1:
        raise LeaderbenchError(f"{n} questions leave nothing to ask; give 1 or more, or none.")
    if n >= len(questions):
        return list(questions)
    if n < len(bank):
        raise LeaderbenchError(
            f"{n} questions cannot cover the {len(bank)} subsets of {name}: draw {len(bank)} or more, or name fewer "
            "subsets."
        )
    left = dict(zip(bank, allocate(list(bank.values()), n), strict=True))
    drawn: set[int] = set()
    for place in sorted(range(len(questions)), key=lambda place: key(seed, questions[place].example.id)):
        subset = questions[place].example.subset
        if left[subset]:
            left[subset] -= 1
            drawn.add(place)
    return [question for place, question in enumerate(questions) if place in drawn]
