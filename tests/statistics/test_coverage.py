"""Simulations with fixed seeds: intervals hold their level, tests reject no more often than they say.

With 2,000 repetitions the share covered has a standard error of half a point.
"""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from leaderbench.statistics import dividends, macro, mean, paired_difference, shapley, split, wilson
from leaderbench.statistics.comparison import tango
from leaderbench.statistics.decomposition import Floats
from leaderbench.statistics.intervals import Estimate, Interval

repetitions = 2000


def covered(found: list[Estimate], truth: float) -> float:
    return float(np.mean([item.interval.low <= truth <= item.interval.high for item in found]))


@pytest.mark.parametrize(
    ("n", "p", "percent"),
    [(30, 0.95, 94), (100, 0.95, 97), (100, 0.99, 92), (164, 0.95, 95), (500, 0.99, 96), (14042, 0.5, 95)],
)
def test_wilson_covers_what_exact_enumeration_says(n: int, p: float, percent: int) -> None:
    weights = stats.binom.pmf(np.arange(n + 1), n, p)
    share = sum(w for k, w in enumerate(weights) if w > 1e-12 and wilson(k, n).low <= p <= wilson(k, n).high)
    assert round(100 * share) == percent


@pytest.mark.parametrize(("n", "shape"), [(20, (2, 2)), (40, (0.5, 0.5)), (200, (8, 2))])
def test_the_interval_of_shares_holds_its_level(n: int, shape: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    found = [mean(rng.beta(*shape, n).tolist()) for _ in range(repetitions)]
    assert 0.935 < covered(found, shape[0] / sum(shape)) < 0.98


def test_clusters_are_needed_where_questions_come_in_clusters() -> None:
    rng = np.random.default_rng(2)
    clusters = [c for c in range(60) for _ in range(6)]
    draws = [rng.random(360) < np.repeat(rng.beta(1.5, 1.5, 60), 6) for _ in range(repetitions // 2)]
    values = [draw.astype(float).tolist() for draw in draws]
    assert covered([mean(item) for item in values], 0.5) < 0.85
    assert 0.935 < covered([mean(item, clusters) for item in values], 0.5) < 0.97


def subjects(count: int, size: int, average: float, rng: np.random.Generator) -> list[tuple[float, int]]:
    shares = rng.beta(average * 8, (1 - average) * 8, count)
    return [(float(share), max(1, int(rng.integers(size, 2 * size + 1)))) for share in shares]


@pytest.mark.parametrize(
    ("count", "size", "average"),
    [(57, 10, 0.25), (57, 2, 0.6), (20, 5, 0.95), (6, 10, 0.5), (6, 60, 0.9), (3, 30, 0.7)],
)
def test_the_macro_interval_holds_its_level(count: int, size: int, average: float) -> None:
    rng = np.random.default_rng(3)
    parts = subjects(count, size, average, rng)
    truth = float(np.mean([share for share, _ in parts]))
    found = [
        macro([(rng.random(n) < share).astype(float).tolist() for share, n in parts]) for _ in range(repetitions // 2)
    ]
    assert 0.93 < covered(found, truth) < 0.985


def macro_coverage(sizes: tuple[int, ...], shares: tuple[float, ...], draws: int) -> float:
    rng = np.random.default_rng(7)
    parts = list(zip(sizes, shares, strict=True))
    found = [macro([(rng.random(n) < share).astype(float).tolist() for n, share in parts]) for _ in range(draws)]
    return covered(found, math.fsum(shares) / len(shares))


def test_the_macro_interval_holds_its_level_with_a_small_subset() -> None:
    assert macro_coverage((200, 3), (0.6, 0.6), 400) > 0.92


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "shares"),
    [
        ((200, 3), (0.6, 0.6)),
        ((300, 10), (0.9, 0.9)),
        ((2000, 5), (0.6, 0.9)),
        ((500, 3), (0.95, 0.5)),
        ((500, 4), (0.95, 0.5)),
        ((50, 5), (0.98, 0.7)),
        ((1000, 20), (0.7, 0.95)),
        ((1000, 1), (0.7, 0.6)),
        ((100, 10, 10), (0.9, 0.95, 0.6)),
        ((100, 100, 100, 3, 3), (0.6, 0.6, 0.6, 0.7, 0.9)),
        ((100,) * 10 + (2,) * 5, (0.3, 0.4, 0.4, 0.5, 0.5, 0.6, 0.7, 0.7, 0.8, 0.9, 0.4, 0.5, 0.6, 0.8, 0.9)),
    ],
)
def test_the_macro_interval_holds_its_level_for_subsets_of_any_size(
    sizes: tuple[int, ...], shares: tuple[float, ...]
) -> None:
    assert macro_coverage(sizes, shares, 2000) > 0.93


@pytest.mark.parametrize(("size", "spread"), [(5, 0.1), (20, 0.4)])
def test_the_macro_interval_of_values_between_0_and_1_holds_its_level(size: int, spread: float) -> None:
    rng = np.random.default_rng(8)
    centres = np.linspace(0.5 - spread, 0.5 + spread, 5)
    draws = [[rng.beta(8 * c, 8 * (1 - c), size).tolist() for c in centres] for _ in range(1000)]
    assert 0.93 < covered([macro(parts) for parts in draws], 0.5) < 0.99


def test_the_micro_interval_does_not_serve_a_macro_mean() -> None:
    rng = np.random.default_rng(4)
    parts = [(0.9, 20), (0.5, 20), (0.2, 400)]
    draws = [[(rng.random(n) < share).astype(float).tolist() for share, n in parts] for _ in range(1000)]
    truth = np.mean([share for share, _ in parts])
    plain = [mean([value for part in draw for value in part]).standard_error for draw in draws]
    right = [macro(draw) for draw in draws]
    inside = np.mean([abs(item.estimate - truth) < 1.96 * error for item, error in zip(right, plain, strict=True)])
    assert inside < 0.75
    assert 0.93 < covered(right, float(truth)) < 0.97


@pytest.mark.parametrize(("n", "p"), [(20, (0.1, 0.05)), (100, (0.02, 0.01)), (100, (0.2, 0.1)), (1000, (0.15, 0.12))])
def test_the_interval_of_a_difference_holds_its_level(n: int, p: tuple[float, float]) -> None:
    rng = np.random.default_rng(5)
    known: dict[tuple[int, int], Interval] = {}
    inside = 0
    for b, c, _ in rng.multinomial(n, [*p, 1 - sum(p)], size=repetitions):
        found = known.setdefault((int(b), int(c)), tango(int(b), int(c), n)) if (b, c) not in known else known[b, c]
        inside += found.low <= p[0] - p[1] <= found.high
    assert 0.935 < inside / repetitions < 0.99


def macro_pairs(
    rng: np.random.Generator, gap: float, sizes: list[int]
) -> tuple[dict[str, float], dict[str, float], dict[str, str]]:
    a, b, subsets = {}, {}, {}
    for k, size in enumerate(sizes):
        for i in range(size):
            name = f"{k}/{i}"
            draw = rng.random()
            subsets[name] = str(k)
            a[name] = float(draw < 0.15 + gap or draw > 0.7)
            b[name] = float(0.15 + gap <= draw < 0.3 or draw > 0.7)
    return a, b, subsets


def test_the_test_of_a_macro_difference_rejects_no_more_often_than_it_says() -> None:
    rng = np.random.default_rng(6)
    for sizes, count in (([8, 15, 40], 250), ([60, 100, 100], 600)):
        p = []
        for _ in range(count):
            a, b, subsets = macro_pairs(rng, 0.0, sizes)
            p.append(paired_difference(a, b, subsets=subsets).p)
        assert np.mean(np.array(p) < 0.05) < 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / count)


def test_the_interval_of_a_macro_difference_holds_its_level() -> None:
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(600):
        a, b, subsets = macro_pairs(rng, 0.05, [60, 100, 100])
        found = paired_difference(a, b, subsets=subsets)
        inside += found.interval.low <= 0.1 <= found.interval.high
    assert 0.925 < inside / 600 < 0.975


configurations = np.arange(16)[:, None] >> np.arange(4) & 1
effects = configurations @ np.array([-0.5, 0.25, 0.1, 0.0]) - 0.4 * configurations[:, 0] * configurations[:, 1]
wobble = np.array([0.6, 0.4, 0.25, 0.15])
"""How much each factor's effect differs between questions, as a standard deviation on the latent scale."""


def outcomes(rng: np.random.Generator, count: int, base: Floats, size: int) -> Floats:
    """Right or wrong, of shape (count, questions, 16): a latent normal value a question, moved by four factors.

    `base` moves each question; questions in clusters of `size` share half of the variance.
    """

    def normal(width: int) -> Floats:
        own = rng.standard_normal((count, len(base), width))
        if size == 1:
            return own
        shared = rng.standard_normal((count, len(base) // size, width)).repeat(size, axis=1)
        return math.sqrt(0.5) * (own + shared)

    latent = base[None, :, None] + normal(1) + effects + (normal(4) * wobble) @ configurations.T
    return (latent > 0).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.parametrize("design", ["plain", "clusters", "strata"])
def test_the_intervals_of_contributions_hold_their_level(design: str, n: int) -> None:
    """Main effects, one interaction of two, and configurations that agree on most questions."""
    sizes = (n * np.array([0.04, 0.06, 0.06, 0.08, 0.08, 0.1, 0.1, 0.12, 0.16, 0.2])).round().astype(int)
    stratum = np.repeat(np.arange(10), sizes)
    base, weights, strata, clusters = np.full(n, 0.3), None, None, None
    if design == "clusters":
        clusters = (np.arange(n) // 4).tolist()
    if design == "strata":
        base, weights, strata = np.linspace(-0.8, 1.2, 10)[stratum], 1 / (10 * sizes[stratum]), stratum.tolist()
    right = stats.norm.cdf((base[:, None] + effects) / np.sqrt(1 + configurations @ wobble**2))
    scores = np.average(right, axis=0, weights=weights)[None]
    parts = dividends(scores)[0]
    pairs = [parts[1 << i | 1 << j] for i in range(4) for j in range(i + 1, 4)]
    truth = [*shapley(scores)[0], scores[0, -1] - scores[0, 0], *pairs]
    rng = np.random.default_rng(8)
    inside = np.zeros(len(truth))
    shown = 0
    for _ in range(repetitions // 50):
        for table in outcomes(rng, 50, base, 4 if clusters else 1):
            found = split(table, "abcd", weights, strata, clusters)
            items: list[Any] = [*found.contributions, found.difference, *found.interactions]
            inside += [item.interval.low <= x <= item.interval.high for item, x in zip(items, truth, strict=True)]
            shown += bool(found.higher_orders)
    share = inside / repetitions
    print(design, n, "contributions", share[:4], "difference", share[4], "interactions", share[5:], shown / repetitions)
    assert (share[:5] >= 0.93).all()
    assert (share[:5] <= 0.97).all()
    assert (share[5:] >= 0.925).all()
    assert (share[5:] <= 0.98).all()


@pytest.mark.parametrize(("questions", "flipped"), [(30, 0.05), (100, 0.01), (300, 0.004)])
def test_the_interval_of_a_cause_that_flips_few_questions_holds_its_level(questions: int, flipped: float) -> None:
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(400):
        before = np.zeros(questions)
        after = (rng.random(questions) < flipped).astype(float)
        found = split(np.column_stack([before, after]), ["prompt"]).contributions[0].interval
        held += found.low <= flipped <= found.high
    assert held / 400 > 0.93
