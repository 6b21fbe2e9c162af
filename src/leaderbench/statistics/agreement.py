"""How far two orders of the same models agree, and how far noise alone would let them.

Without the noise ceiling every tau below 1 looks like a scandal: two draws of questions under one and the same
implementation do not give the same order either.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderbench.statistics.comparison import holm, paired_difference
from leaderbench.statistics.ranking import alpha

Array = NDArray[np.float64]

draws = 1000
"""Replicates of a bootstrap: a share of them is known to within 0.03, a mean tau far better."""

tops = (1, 3, 5, 10)
"""The k of top-k overlap; those below the number of models are reported."""

_digits = 12
"""Scores that agree to so many decimals are tied: what differs beyond is the rounding of sums."""

_block = 4_000_000
"""Numbers held at once while drawing."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two scorings put the same models in the same order."""

    tau: float
    """Kendall's tau-b, from -1 (reversed) to 1 (the same order); NaN where one of them ties all models."""

    rho: float
    """Spearman's rho, ties sharing their mean rank; NaN like tau."""

    weighted_tau: float
    """Top-weighted tau, the mean of the two below (Vigna 2015): exchanges near the top count more."""

    weighted_tau_a: float
    """The same, where the top is that of the first scoring: the r-th model weighs 1/r."""

    weighted_tau_b: float
    """The same, where the top is that of the second scoring."""

    rank_changes: tuple[int, ...]
    """Each model's rank in the second scoring minus its rank in the first: negative is a rise."""

    top: tuple[tuple[int, float], ...]
    """For several k: the share of the top k of one that is in the top k of the other; ties at the edge are in it."""

    @property
    def largest_change(self) -> int:
        """Places that the model that moves furthest moves."""
        return max(map(abs, self.rank_changes), default=0)

    @property
    def mean_change(self) -> float:
        """Places that a model moves on average, up or down."""
        return sum(map(abs, self.rank_changes)) / len(self.rank_changes) if self.rank_changes else 0.0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The tau that noise alone leaves between two draws of questions; NaN where no draw has one."""

    mean: float
    low: float
    high: float
    """95 % of the draws lie between `low` and `high`."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How far one model is ahead of another under one implementation, and whether that is more than noise."""

    net: float
    """Difference of the scores, negative where it is behind."""

    p: float
    """Two-sided, for no difference."""


@dataclass(frozen=True, slots=True)
class Fragility:
    """The smallest set of questions found whose removal puts another model first."""

    first: int
    """The model that is first, as its place in the values."""

    rival: int
    """The model that is ahead of it without these questions."""

    removed: tuple[int, ...]
    """The questions, as places in the values, those with most influence first."""


Gaps = Mapping[tuple[int, int], Gap]
"""By two models, as their places, the first one minus the second one."""


def ranks(scores: Sequence[float]) -> tuple[int, ...]:
    """Each model's rank, 1 for the highest score; ties share the better place."""
    rounded = _rounded(scores)
    return tuple(int(1 + np.sum(rounded > score)) for score in rounded)


def agreement(a: Sequence[float], b: Sequence[float]) -> Agreement:
    """Compare the orders that two scorings give to the same models, in the same places of `a` and `b`."""
    from scipy import stats

    if len(a) != len(b):
        raise ValueError(f"{len(a)} scores against {len(b)}")
    first, second = _rounded(a), _rounded(b)
    rank_a, rank_b = ranks(a), ranks(b)
    rho = weighted = by_a = by_b = math.nan
    if len(set(first)) > 1 and len(set(second)) > 1:
        rho = float(stats.spearmanr(first, second).statistic)
        by_a = float(stats.weightedtau(first, second, rank=None).statistic)
        by_b = float(stats.weightedtau(second, first, rank=None).statistic)
        weighted = (by_a + by_b) / 2
    return Agreement(
        tau=float(tau_b(first, second)),
        rho=rho,
        weighted_tau=weighted,
        weighted_tau_a=by_a,
        weighted_tau_b=by_b,
        rank_changes=tuple(y - x for x, y in zip(rank_a, rank_b, strict=True)),
        top=tuple((k, _overlap(rank_a, rank_b, k)) for k in tops if k < len(a)),
    )


def _rounded(scores: ArrayLike) -> Array:
    return np.asarray(np.round(np.asarray(scores, dtype=np.float64), _digits), dtype=np.float64)


def _overlap(rank_a: Sequence[int], rank_b: Sequence[int], k: int) -> float:
    """The share of the larger of the two tops that is in both."""
    top_a = {place for place, rank in enumerate(rank_a) if rank <= k}
    top_b = {place for place, rank in enumerate(rank_b) if rank <= k}
    return len(top_a & top_b) / max(len(top_a), len(top_b))


def tau_b(a: ArrayLike, b: ArrayLike) -> Array:
    """Kendall's tau-b along the last axis (Kendall 1945); NaN where one side ties all models."""
    first, second = _rounded(a), _rounded(b)
    one, other = np.triu_indices(first.shape[-1], 1)
    signs_a = np.sign(first[..., one] - first[..., other])
    signs_b = np.sign(second[..., one] - second[..., other])
    scale = np.sqrt(np.sum(signs_a**2, axis=-1) * np.sum(signs_b**2, axis=-1))
    return np.asarray(np.sum(signs_a * signs_b, axis=-1) / np.where(scale > 0, scale, np.nan), dtype=np.float64)


def resample(
    values: Array,
    weights: Array,
    subsets: Sequence[str] | None,
    rng: np.random.Generator,
    draws: int = draws,
) -> Array:
    """Scores of all models on resampled questions, the same ones for all models and implementations: the joint, paired
    bootstrap.

    `values` is implementations × models × questions, `weights` implementations × questions (each adds up to 1); the
    result is draws × implementations × models. With `subsets`, one name a question, each subset keeps its number of
    questions, as macro means need; without, questions are drawn from all.
    """
    implementations, models, questions = values.shape
    weighted = (values * weights[:, np.newaxis, :]).reshape(implementations * models, questions)
    names = np.zeros(questions, dtype=np.intp) if subsets is None else np.unique(subsets, return_inverse=True)[1]
    parts = [np.flatnonzero(names == part) for part in range(int(names.max()) + 1)]
    found = np.empty((draws, implementations * models))
    step = max(1, _block // questions)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        found[start : start + size] = _counts(parts, questions, size, rng) @ weighted.T
    return found.reshape(draws, implementations, models)


def _counts(parts: Sequence[NDArray[np.intp]], questions: int, size: int, rng: np.random.Generator) -> Array:
    """How often each question is in each of `size` resamples: size × questions."""
    drawn = [part[rng.integers(0, len(part), size=(size, len(part)))] for part in parts]
    places = np.concatenate(drawn, axis=1) + questions * np.arange(size)[:, np.newaxis]
    return np.bincount(places.ravel(), minlength=size * questions).reshape(size, questions).astype(np.float64)


def redraw(scores: Array, n: Sequence[int], rng: np.random.Generator, draws: int = draws) -> Array:
    """Scores as they might have come out with other questions, where only shares and numbers of questions are known.

    Each score gets a binomial error of its own. `scores` is implementations × models, `n` the questions of each
    implementation; the result is draws × implementations × models.
    """
    questions = np.asarray(n)[:, np.newaxis]
    return np.asarray(rng.binomial(questions, scores, size=(draws, *scores.shape)) / questions, dtype=np.float64)


def noise_taus(scores: Array, one: Array, other: Array) -> Array:
    """The tau between two draws of questions under one implementation, for each draw.

    `scores` (models) are what was observed, `one` and `other` (draws × models) two independent sets of replicates.
    Observed scores are spread by noise already, and replicates by noise again, so that near ties would look settled:
    the observed ones are first drawn together by what noise added to their variance (with eight models of the same
    ability and 500 questions the range then holds tau in 93 % of cases instead of 72 %).
    """
    errors = one - scores
    noise = float(np.mean(np.var(errors, axis=-1, ddof=1)))
    spread = float(np.var(scores, ddof=1))
    share = math.sqrt(max(0.0, 1 - noise / spread)) if spread > 0 else 0.0
    correction = (share - 1) * (scores - scores.mean())
    step = max(1, _block // (len(scores) * len(scores)))
    parts = [
        tau_b(one[start : start + step] + correction, other[start : start + step] + correction)
        for start in range(0, len(one), step)
    ]
    return np.concatenate(parts)


def ceiling(taus: Array) -> Ceiling:
    """Mean and 95 % range of taus that noise alone left."""
    known = taus[~np.isnan(taus)]
    if len(known) == 0:
        return Ceiling(math.nan, math.nan, math.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    return Ceiling(float(known.mean()), float(low), float(high))


def place(tau: float, taus: Array) -> float:
    """The share of taus left by noise that are no higher than the observed one; NaN where there is none."""
    known = taus[~np.isnan(taus)]
    return float(np.mean(known <= tau + 1e-9)) if len(known) and not math.isnan(tau) else math.nan


def flip_probabilities(a: Array, b: Array) -> Array:
    """How probable it is that two models are in another order under one implementation than under the other.

    `a` and `b` are draws × models, from the same resampled questions; the result is models × models. A draw that ties
    the two under one implementation only counts half.
    """
    found = np.zeros((a.shape[1], a.shape[1]))
    for first, second in zip(_rounded(a), _rounded(b), strict=True):
        found += np.abs(np.sign(first[:, np.newaxis] - first) - np.sign(second[:, np.newaxis] - second))
    return np.asarray(found / (2 * len(a)), dtype=np.float64)


def paired_gaps(values: Sequence[Mapping[str, float]], subsets: Mapping[str, str] | None = None) -> Gaps:
    """Every pair of models under one implementation, paired by question; see `paired_difference`.

    `values` has each model's values by example id, on the same questions. Raises `LeaderbenchError` where two models
    share no question.
    """
    gaps = {}
    for one, other in combinations(range(len(values)), 2):
        found = paired_difference(values[one], values[other], subsets=subsets)
        gaps[one, other] = Gap(found.net, found.p)
    return gaps


def unpaired_gaps(scores: Sequence[float], errors: Sequence[float]) -> Gaps:
    """Every pair of models where only scores and standard errors are known: z tests, as if models met other questions.

    That asks more of a difference than pairing does, since models mostly find the same questions hard.
    """
    gaps = {}
    for one, other in combinations(range(len(scores)), 2):
        net = scores[one] - scores[other]
        error = math.hypot(errors[one], errors[other])
        p = math.erfc(abs(net) / error / math.sqrt(2)) if error > 0 else float(net == 0)
        gaps[one, other] = Gap(net, p)
    return gaps


def corrected(gaps: Sequence[Gaps]) -> list[Gaps]:
    """The same with p after Holm's correction over all pairs of all implementations, since all are looked at."""
    every = [gap for part in gaps for gap in part.values()]
    adjusted = iter(holm([gap.p for gap in every]))
    return [{pair: replace(gap, p=next(adjusted)) for pair, gap in part.items()} for part in gaps]


def exchanges(a: Gaps, b: Gaps) -> list[tuple[int, int]]:
    """The pairs of models, ahead and behind under `a`, that are really the other way round under `b`.

    Both gaps must be more than noise; p is taken as it stands, so correct it first.
    """
    found = []
    for (one, other), gap in a.items():
        opposite = b[one, other]
        if max(gap.p, opposite.p) < alpha and gap.net * opposite.net < 0:
            found.append((one, other) if gap.net > 0 else (other, one))
    return found


def fragility(values: Array, subsets: Sequence[str] | None = None) -> Fragility | None:
    """How few questions decide who is first; None where no removal puts another model strictly ahead.

    `values` is models × questions; with `subsets`, one name a question, scores are macro means, and no subset loses
    its last question. Questions go by their influence on the lead over each rival. For plain means the number is the
    smallest there is; for macro means, where each removal changes the influence of the others, one that suffices.
    """
    names = None if subsets is None else np.unique(subsets, return_inverse=True)[1]
    scores = values.mean(axis=1) if names is None else _macro(values, names)
    first = int(np.argmax(_rounded(scores)))
    best: Fragility | None = None
    for rival in range(len(values)):
        if rival == first:
            continue
        lead = values[first] - values[rival]
        removed = _overtaking(lead) if names is None else _overtaking_by_subset(lead, names)
        if removed is not None and (best is None or len(removed) < len(best.removed)):
            best = Fragility(first, rival, removed)
    return best


def _macro(values: Array, parts: NDArray[np.intp]) -> Array:
    return np.array([np.mean(np.bincount(parts, row) / np.bincount(parts)) for row in values])


def _overtaking(differences: Array) -> tuple[int, ...] | None:
    """The questions whose removal makes the sum negative, the largest first; None where it never is."""
    order = np.argsort(-differences, kind="stable")
    left = differences.sum() - np.cumsum(differences[order])
    behind = np.flatnonzero(left[:-1] < -(10.0**-_digits))
    return tuple(order[: behind[0] + 1].tolist()) if len(behind) else None


def _overtaking_by_subset(differences: Array, parts: NDArray[np.intp]) -> tuple[int, ...] | None:
    """The same for the mean of the means of subsets: each time the question whose removal lowers it most."""
    queues = [
        places[np.argsort(-differences[places], kind="stable")]
        for places in (np.flatnonzero(parts == part) for part in range(int(parts.max()) + 1))
    ]
    taken, left = np.zeros(len(queues), dtype=np.intp), np.bincount(parts)
    sums = np.bincount(parts, weights=differences)
    following = np.array([differences[queue[0]] for queue in queues])
    removed: list[int] = []
    while np.mean(sums / left) >= -(10.0**-_digits):
        gain = np.where(left > 1, following - sums / left, 0) / np.maximum(left - 1, 1)
        part = int(np.argmax(gain))
        if gain[part] <= 10.0**-_digits:
            return None
        removed.append(int(queues[part][taken[part]]))
        sums[part] -= following[part]
        left[part] -= 1
        taken[part] += 1
        following[part] = differences[queues[part][taken[part]]]
    return tuple(removed)
