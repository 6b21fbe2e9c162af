"""A paired test that may be looked at after every question, and intervals that hold whenever asking stopped.

Two models are asked the same questions in a random order that depends on neither. Only questions on which they differ
say who is better: w won by the first, l by the second. The e-value E = 2^(w+l) B(w+a, l+a) / B(a, a) bets on an
imbalance. If neither is better it is a fair game, or, where the bank of questions is finite and both would win equally
many of it, a losing one, since whoever is ahead is then less likely to win the next question. So by Ville's inequality
it ever reaches 1/alpha with probability alpha at most, however often one looks (Robbins 1970; Ramdas and others 2023,
"Game-theoretic statistics and safe anytime-valid inference").

That needs an order in which every arrangement of the whole bank is equally likely; taking subsets in turn would not do.
For several pairs at once the e-values, not the p-values, can be combined by e-BH (Wang and Ramdas 2022).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from leaderbench.records import Aggregation, Metric, Sample, Score, View
from leaderbench.statistics.finite import Values, each_score, unanswered
from leaderbench.statistics.intervals import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

alpha = 0.05
"""The chance of telling two models apart that do not differ."""

prior = 20.0
"""The a of the bet: large values expect small differences. 20 suits gaps of a few points."""


def log_e_value(wins: int, losses: int, prior: float = prior) -> float:
    """The natural logarithm of E for these numbers of questions won and lost."""
    return (wins + losses) * math.log(2) + _log_beta(wins + prior, losses + prior) - _log_beta(prior, prior)


def _log_beta(x: float, y: float) -> float:
    return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of two models, a and b, after some questions; `after` gives what is known after one more."""

    alpha: float = alpha
    questions: int = 0
    """Questions that both answered, those on which they do equally well included."""

    wins: int = 0
    """Questions on which a did better."""

    losses: int = 0
    """Questions on which b did better."""

    log_highest: float = 0.0
    """Natural logarithm of the largest e-value so far."""

    @property
    def e_value(self) -> float:
        """How much a stake of 1 against "neither is better" has become; infinite beyond the range of a float."""
        return _exp(log_e_value(self.wins, self.losses))

    @property
    def p(self) -> float:
        """The anytime-valid p-value: one over the largest e-value so far, at most 1."""
        return min(1.0, math.exp(-self.log_highest))

    @property
    def decided(self) -> bool:
        """Whether the two are told apart."""
        return self.log_highest >= -math.log(self.alpha)

    @property
    def ahead(self) -> int:
        """1 where a is told to be better, -1 where b is, 0 while neither is."""
        return (self.wins > self.losses) - (self.wins < self.losses) if self.decided else 0

    def after(self, a: float, b: float) -> "Evidence":
        """With one more question, on which the two have these values; a decision stays as it was taken."""
        if self.decided:
            return self
        seen = replace(self, questions=self.questions + 1, wins=self.wins + (a > b), losses=self.losses + (a < b))
        return replace(seen, log_highest=max(self.log_highest, log_e_value(seen.wins, seen.losses)))


def _exp(logarithm: float) -> float:
    return math.exp(logarithm) if logarithm < 709 else math.inf


def decisions(differences: "NDArray[Any]", alpha: float = alpha) -> "tuple[NDArray[Any], NDArray[Any]]":
    """The same test for many pairs at once, for simulations.

    `differences` has a row a pair and a column a question, in the order asked: above 0 where the first did better,
    below 0 where the second did. Gives, for each pair, the number of questions at the decision (0 where none was
    taken), and 1, -1 or 0 as `Evidence.ahead`.
    """
    import numpy as np
    from scipy.special import gammaln

    pairs, questions = differences.shape
    tables = gammaln(np.arange(questions + 1) + prior), gammaln(np.arange(questions + 1) + 2 * prior)
    start = 2 * gammaln(prior) - gammaln(2 * prior)
    taken, ahead = np.zeros(pairs, dtype=np.int64), np.zeros(pairs, dtype=np.int64)
    for place, row in enumerate(differences):
        where = np.flatnonzero(row)
        wins = np.cumsum(row[where] > 0)
        every = np.arange(1, len(where) + 1)
        losses = every - wins
        logarithms = every * math.log(2) + tables[0][wins] + tables[0][losses] - tables[1][every] - start
        reached = np.flatnonzero(logarithms >= -math.log(alpha))
        if len(reached):
            first = reached[0]
            taken[place], ahead[place] = where[first] + 1, np.sign(wins[first] - losses[first])
    return taken, ahead


def anytime_interval(total: float, n: int, bank: int | None = None, alpha: float = alpha) -> Interval:
    """An interval for the mean of values between 0 and 1 in random order that holds at every n at once.

    It keeps every mean m that the same bet has not refuted, the bet on m being Beta(2am, 2a(1-m)), so that it too is
    fair for questions without end and a losing one for a finite bank. `total` is the sum of the n values. Where the
    size of the `bank` is given, the interval stays inside what the questions not asked leave possible.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    estimate = total / n
    low = _edge(0.0, estimate, total, n, alpha)
    high = _edge(1.0, estimate, total, n, alpha)
    if bank is not None:
        low = max(low, min(total / bank, estimate))
        high = min(high, max((total + bank - n) / bank, estimate))
    return Interval(low, high)


def _edge(outer: float, inner: float, total: float, n: int, alpha: float) -> float:
    """Where between the estimate and the end of the scale the bet begins to refute; by bisection."""
    if inner == outer:
        return outer
    for _ in range(60):
        middle = (outer + inner) / 2
        if _log_bet(middle, total, n) < -math.log(alpha):
            inner = middle
        else:
            outer = middle
    return inner


def _log_bet(mean: float, total: float, n: int) -> float:
    if not 0 < mean < 1:
        return math.inf
    x, y = 2 * prior * mean, 2 * prior * (1 - mean)
    gained = _log_beta(x + total, y + n - total) - _log_beta(x, y)
    return gained - total * math.log(mean) - (n - total) * math.log1p(-mean)


def stopped_scores(samples: Iterable[Sample], metrics: Sequence[Metric], bank: Mapping[str, int]) -> tuple[Score, ...]:
    """The scores of a run that was asked in random order and stopped because of what was seen.

    The mean of such a sample leans towards what made it stop, and intervals for a fixed number of questions do not
    hold. So no standard error is given, and intervals are those of `anytime_interval`, for the whole bank; `bank` is
    the number of questions of each of its subsets. A macro mean of several subsets has no interval (NaN): questions in
    random order leave subsets with few or none.
    """

    def score(metric: Metric, subset: str | None, values: Values) -> Score:
        parts = [[item for item in part if item is not None] for part in values.values()]
        answered = [item for part in parts for item in part]
        size = sum(bank.values()) if subset is None else bank[subset]
        macro = metric.aggregation is Aggregation.MACRO and subset is None and len(bank) > 1
        estimate = _mean([_mean(part) for part in parts if part]) if macro else _mean(answered)
        found = Interval(math.nan, math.nan)
        if not macro and all(0 <= item <= 1 for item in answered):
            found = anytime_interval(math.fsum(answered), len(answered), size)
        ends, errors = (found.low, found.high), unanswered(values)
        return Score(metric, subset, estimate, math.nan, *ends, len(answered), errors, view=View.STOPPED, bank=size)

    return each_score(samples, metrics, score)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
