"""How small a gap between two models a benchmark can show: what its number of questions is worth.

The more often two models differ on a question, the more questions it takes to tell a small gap from luck. How often
they do is measured on stored runs where there are some, else assumed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from statistics import median

import numpy as np

from leaderbench.boards.filling import choice
from leaderbench.boards.outcomes import Outcomes, Reader
from leaderbench.boards.rules import Floats
from leaderbench.models.baselines import is_baseline
from leaderbench.records import Aggregation, Metric
from leaderbench.results.entries import Entry
from leaderbench.statistics.comparison import minimum_detectable_effect

assumed_churn = 0.25
"""Share of questions on which two models differ, where no two runs say."""

most_models = 5
"""Models of which pairs are made, those with the newest runs: up to ten pairs."""


enough = 30
"""Questions that two runs share at least where they say how often models differ: fewer say next to nothing."""


@dataclass(frozen=True, slots=True)
class Detectable:
    """The gap that a benchmark can show with 80 % power, and what that figure rests on."""

    gap: float
    """The smallest true difference of two scores that is found four times in five, at the 5 % level."""

    questions: int
    """Questions that are asked."""

    churn: float
    """Mean squared difference of two models on a question; where answers are right or wrong, the share of questions on
    which the two differ."""

    pairs: int
    """Pairs of models on which that was measured, of which it is the median; 0 where it is assumed."""

    graded: bool = False
    """Whether answers get values between wrong and right, so that `churn` is no share of questions."""


def detectable(entries: Iterable[Entry], metric: Metric, read: Reader) -> Detectable | None:
    """What the entries of one benchmark say about the gaps that it can show; None where nobody was asked.

    The scores of a macro mean rest on fewer questions than there are, since those of small subsets weigh more: the gap
    allows for it.
    """
    newest = _newest(entries, metric)
    readable = (item for entry in newest if (item := read(entry.run, metric.name)) is not None and len(item.ids) > 1)
    found = list(islice(readable, most_models))
    if not found:
        most = max((entry.score.n for entry in newest), default=0)
        return _of(most, most, assumed_churn, 0) if most else None
    whole = max(found, key=lambda item: len(item.ids))
    worth = 1 / float(np.square(weights(whole, metric.aggregation)).sum())
    same = [item for item in found if item.bank == whole.bank]
    measured = [value for a, b in combinations(same, 2) if (value := churn(a, b, metric.aggregation)) is not None]
    found_churn = median(measured) if measured else assumed_churn
    graded = not np.isin(whole.values, (0, 1)).all()
    return _of(worth, len(whole.ids), found_churn, len(measured), graded=graded)


def assumed(questions: int) -> float | None:
    """The gap that so many questions show if two models differ on a quarter of them; None without questions."""
    return minimum_detectable_effect(questions, assumed_churn) if questions > 0 else None


def _of(worth: float, questions: int, churn: float, pairs: int, *, graded: bool = False) -> Detectable:
    return Detectable(minimum_detectable_effect(worth, churn), questions, churn, pairs, graded)


def _newest(entries: Iterable[Entry], metric: Metric) -> list[Entry]:
    """The best entry of each model that knows something, those of all questions first, then the newest."""
    own: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.score.metric == metric and entry.score.subset is None and not is_baseline(entry.model):
            own.setdefault(entry.model, []).append(entry)
    chosen = [best for cell in own.values() if (best := choice(cell)) is not None]
    chosen.sort(key=lambda entry: (not entry.settings, entry.created, entry.run), reverse=True)
    return chosen[: 2 * most_models]


def weights(outcomes: Outcomes, aggregation: Aggregation) -> Floats:
    """The weight of each question in a score; they sum to 1."""
    groups = np.zeros(len(outcomes.ids), dtype=np.int64)
    if aggregation is Aggregation.MACRO:
        _, groups = np.unique(np.array(outcomes.subsets, dtype=object).astype(str), return_inverse=True)
    sizes = np.bincount(groups)
    found: Floats = 1.0 / (len(sizes) * sizes[groups])
    return found


def churn(a: Outcomes, b: Outcomes, aggregation: Aggregation) -> float | None:
    """The mean squared difference of two runs on the questions that both answered; None where those are too few."""
    places = {name: place for place, name in enumerate(b.ids)}
    shared: Sequence[int] = [place for place, name in enumerate(a.ids) if name in places]
    if len(shared) < enough:
        return None
    others = [places[a.ids[place]] for place in shared]
    both = Outcomes(
        a.bank,
        tuple(a.ids[place] for place in shared),
        tuple(a.subsets[place] for place in shared),
        np.square(a.values[list(shared)] - b.values[others]),
    )
    return float(weights(both, aggregation) @ both.values)
