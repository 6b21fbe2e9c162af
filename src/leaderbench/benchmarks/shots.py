"""Which solved examples go before a question: the exact draws of the reference implementations.

Every function gives row numbers of the pool for every question of a split, so a limit or another order of asking
changes no draw.
"""

from collections.abc import Iterator, Sequence
from random import Random

from leaderbench.errors import LeaderbenchError


def require(count: int, available: int, pool: str) -> None:
    """Raise LeaderbenchError where a pool has fewer rows than a draw needs."""
    if available < count:
        raise LeaderbenchError(
            f"{pool} has {available} rows, but {count} are needed for the shots: ask for fewer shots."
        )


def label_cycle(answers: Sequence[str], count: int, seed: int = 0) -> list[int]:
    """HELM's order of training rows (in_context_learning_adapter.py at cab5d89): cycle through the answers.

    `answers` is the text of the right answer of each row. Answers that more rows share come first; those shared by
    equally many are shuffled. The generator is asked even where only one row is left, since that moves it on.
    """
    generator = Random(seed)  # noqa: S311
    left: dict[str, list[int]] = {}
    for row, answer in enumerate(answers):
        left.setdefault(answer, []).append(row)
    buckets: dict[int, list[str]] = {}
    for answer in sorted(left):
        buckets.setdefault(len(left[answer]), []).append(answer)
    cycle: list[str] = []
    for size in sorted(buckets, reverse=True):
        generator.shuffle(buckets[size])
        cycle += buckets[size]
    order: list[int] = []
    while len(order) < min(count, len(answers)):
        for answer in cycle:
            if left[answer] and len(order) < count:
                order.append(left[answer].pop(generator.randrange(len(left[answer]))))
    return order


def shuffled_draws(questions: int, pool: int, count: int, seed: int = 42) -> list[list[int]]:
    """The lm-evaluation-harness of 2023 (evaluator.py): shuffle the questions, then draw for each in that order.

    One generator a task; the result is indexed by question in file order.
    """
    generator = Random(seed)  # noqa: S311
    order = list(range(questions))
    generator.shuffle(order)
    draws: list[list[int]] = [[] for _ in order]
    for question in order:
        draws[question] = generator.sample(range(pool), count)
    return draws


def sequential_draws(
    rows: Sequence[object], pool: Sequence[object], count: int, *, excluding: bool, seed: int = 1234
) -> Iterator[list[int]]:
    """lm-eval 0.4.13 (api/samplers.py): one generator a task, a draw a question in file order.

    With `excluding`, one row more is drawn and rows equal to the question's own are left out; where that leaves too
    few, a second draw is made from the others.
    """
    generator = Random(seed)  # noqa: S311
    for row in rows:
        if count == 0:
            yield []
        elif not excluding:
            yield generator.sample(range(len(pool)), count)
        else:
            drawn = [index for index in generator.sample(range(len(pool)), count + 1) if pool[index] != row]
            if len(drawn) < count:
                others = [index for index in range(len(pool)) if pool[index] != row]
                drawn = generator.sample(others, count)
            yield drawn[:count]
