"""What a cause does to many models: does it shift all of them alike, or does it change who is ahead?

`phi` are contributions per question (`decomposition.shapley` of `decomposition.weighted` values) of several models on
the same questions, of shape (models, questions, factors).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from leaderbench.errors import LeaderbenchError
from leaderbench.statistics.decomposition import Floats, Sampling
from leaderbench.statistics.intervals import Interval, level, t_quantile


@dataclass(frozen=True, slots=True)
class Reordering:
    """One factor over many models. A shift makes scores incomparable and leaves ranks; reordering moves ranks."""

    factor: str
    models: int
    shift: float
    """The mean contribution over models, mu: how far this factor moves everybody."""

    shift_interval: Interval
    """95 % interval of `shift`, for other models and other questions of the same kinds."""

    reorder: float
    """The standard deviation over models of the true contributions, tau, 0 where noise explains all their spread."""

    reorder_interval: Interval
    """95 % interval of `reorder`; from 0 where the models may all move alike."""

    spread: float
    """The standard deviation over models of the contributions as measured: `reorder` and noise together."""

    noise: float
    """The standard deviation that the choice of questions alone would give to them."""


def reordering(
    phi: Floats,
    factors: Sequence[str],
    strata: Sequence[Hashable] | None = None,
    clusters: Sequence[Hashable] | None = None,
) -> tuple[Reordering, ...]:
    """Shift and reordering of each factor, from contributions of shape (models, questions, factors).

    tau² = s² - noise, floored at 0, for the variance s² of the contributions over models. With independent errors the
    noise is the mean squared standard error. But all models answered the same questions, so their errors go together
    and much of them cancels in a spread between models: the noise is the mean squared error minus the mean error
    covariance of two models, which is the sum over models of SE²(phi_mi - mean over models of phi_i) / (models - 1).

    The interval of tau inverts s² (models - 1) / (tau² + noise) ~ chi² with models - 1 degrees (the Q-profile of
    Viechtbauer 2007, Statistics in Medicine 26, 37, for equal errors, the noise taken as known). The interval of mu
    joins a t interval over models, with models - 1 degrees, and the error that all models share because of the
    questions, in quadrature of their half widths (Zou and Donner 2008, Statistics in Medicine 27, 1693). Two models
    leave a single degree of freedom: both intervals are then very wide, that of tau up to 32 times the spread.

    `strata` and `clusters` are those of `decomposition.split`. Raises `LeaderbenchError` for fewer than two models and
    `ValueError` for NaN and shapes that do not fit.
    """
    phi = np.asarray(phi, dtype=np.float64)
    if phi.ndim != 3 or phi.shape[2] != len(factors):
        raise ValueError(f"contributions need the shape (models, questions, {len(factors)}), not {phi.shape}")
    if not np.isfinite(phi).all():
        raise ValueError("a contribution is NaN or infinite: leave out questions without an answer")
    if len(phi) < 2:
        raise LeaderbenchError(
            f"Whether a cause reorders models takes at least two models, not {len(phi)}: name others."
        )
    sampling = Sampling.of(phi.shape[1], strata, clusters)
    if len(sampling.home) < 2:
        raise LeaderbenchError("Whether a cause reorders models takes at least two questions: ask more.")
    return tuple(_reordering(phi[:, :, j], factor, sampling) for j, factor in enumerate(factors))


def _reordering(phi: Floats, factor: str, sampling: Sampling) -> Reordering:
    models, n = phi.shape
    means = np.array([math.fsum(row) / n for row in phi])
    shift = math.fsum(means) / models
    variance = float(np.var(means, ddof=1))
    common = phi.mean(axis=0)
    noise = sum(sampling.variance(row - common)[0] for row in phi) / (models - 1)
    over_questions = sampling.mean(common, float(np.abs(phi).max()))
    # What the models do not share of that error is in the spread between them already.
    shared = max(1 - noise / models / over_questions.error**2, 0.0) if over_questions.error > 0 else 1.0
    # Models that lie closer together than their noise alone would have them do so by luck.
    half = math.hypot(
        t_quantile(models - 1) * math.sqrt(max(variance, noise) / models),
        (over_questions.interval.high - over_questions.interval.low) / 2 * math.sqrt(shared),
    )
    return Reordering(
        factor=factor,
        models=models,
        shift=shift,
        shift_interval=Interval(shift - half, shift + half),
        reorder=math.sqrt(max(variance - noise, 0.0)),
        reorder_interval=_profile(variance, noise, models - 1),
        spread=math.sqrt(variance),
        noise=math.sqrt(noise),
    )


def _profile(variance: float, noise: float, degrees: int) -> Interval:
    """The tau for which variance · degrees / (tau² + noise) lies between the two quantiles of chi²."""
    from scipy.special import chdtri

    above, below = (1 + level) / 2, (1 - level) / 2  # chdtri takes the probability above
    low = degrees * variance / float(chdtri(degrees, below)) - noise
    # A spread smaller than its noise is luck, and no proof that the models move alike.
    high = degrees * max(variance, noise) / float(chdtri(degrees, above)) - noise
    return Interval(math.sqrt(max(low, 0.0)), math.sqrt(max(high, 0.0)))


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Where the variance of answers comes from, each source beyond the others; all are at least 0."""

    models: int
    implementations: int
    questions: int
    model: float
    """Some models are better: what a board is there to show."""

    implementation: float
    """Some implementations score everybody higher: scores move, ranks do not."""

    model_implementation: float
    """Some models gain more from an implementation than others: ranks move."""

    question: float
    """Some questions are easier."""

    model_question: float
    """Some models find other questions easy."""

    implementation_question: float
    """Some questions are easier in one implementation."""

    residual: float
    """Everything else, with the interaction of all three, which one answer a cell cannot tell apart."""

    @property
    def generalisability(self) -> float:
        """How well these implementations and questions order the models: 1 for perfectly, NaN where nothing varies.

        model / (model + model_implementation / implementations + residual / questions): the share of the variance of
        scores between models that another draw of implementations would show again, on the same questions.
        """
        error = self.model_implementation / self.implementations + self.residual / self.questions
        return self.model / (self.model + error) if self.model + error > 0 else math.nan

    @property
    def generalisability_to_new_questions(self) -> float:
        """The same for other questions as well: model_question / questions is noise too, and the residual is averaged
        over all cells of a model (Brennan 2001, Generalizability Theory, chapter 4, relative error).
        """
        error = (
            self.model_implementation / self.implementations
            + self.model_question / self.questions
            + self.residual / (self.implementations * self.questions)
        )
        return self.model / (self.model + error) if self.model + error > 0 else math.nan


def variance_components(scores: Floats) -> VarianceComponents:
    """Variance components of scores of shape (models, implementations, questions), all three as samples.

    Closed-form balanced analysis of variance: the expected mean squares are solved from the residual upwards (Brennan
    2001, Generalizability Theory, chapter 3), and what falls below 0 is 0. Questions weigh the same, as for a micro
    score.

    Raises `LeaderbenchError` for fewer than two of any and `ValueError` for NaN and another number of dimensions.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 3:
        raise ValueError(f"scores need the shape (models, implementations, questions), not {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError("a score is NaN or infinite: leave out questions without an answer")
    if min(scores.shape) < 2:
        raise LeaderbenchError(
            "Where scores vary takes at least two models, two implementations and two questions, "
            "not {} / {} / {}: name more.".format(*scores.shape)
        )
    m, f, q = scores.shape
    square = _mean_squares(scores)
    residual = square[0, 1, 2]
    return VarianceComponents(
        models=m,
        implementations=f,
        questions=q,
        model=max((square[0,] - square[0, 1] - square[0, 2] + residual) / (f * q), 0.0),
        implementation=max((square[1,] - square[0, 1] - square[1, 2] + residual) / (m * q), 0.0),
        model_implementation=max((square[0, 1] - residual) / q, 0.0),
        question=max((square[2,] - square[0, 2] - square[1, 2] + residual) / (m * f), 0.0),
        model_question=max((square[0, 2] - residual) / f, 0.0),
        implementation_question=max((square[1, 2] - residual) / m, 0.0),
        residual=residual,
    )


def _mean_squares(scores: Floats) -> dict[tuple[int, ...], float]:
    """The mean square of every effect, by the axes that it is about."""
    found: dict[tuple[int, ...], float] = {}
    effects: dict[tuple[int, ...], Floats] = {(): scores.mean(keepdims=True)}
    for order in (1, 2, 3):
        for axes in combinations(range(3), order):
            others = tuple(axis for axis in range(3) if axis not in axes)
            inside = [part for size in range(order) for part in combinations(axes, size)]
            effects[axes] = scores.mean(axis=others, keepdims=True) - sum(effects[part] for part in inside)
            repeats = math.prod(scores.shape[axis] for axis in others)
            degrees = math.prod(scores.shape[axis] - 1 for axis in axes)
            found[axes] = repeats * float(np.sum(effects[axes] ** 2)) / degrees
    return found
