"""Small values to record."""

import random
from collections.abc import Callable

import pytest

from leaderbench.records import Aggregation, Flag, LogLikelihoodResponse, Metric, Sample, Score, ScoredContinuation
from leaderbench.requests import LogLikelihood, Prompt
from leaderbench.results.runs import Manifest, Run

Pair = tuple[LogLikelihood, LogLikelihoodResponse]


@pytest.fixture
def pair() -> Callable[[int], Pair]:
    """The request and the answer number `i`."""

    def make(i: int) -> Pair:
        rng = random.Random(i)
        scored = tuple(
            ScoredContinuation((rng.randrange(32000), i), (rng.gauss(-3, 1), -1 / (i + 3)), greedy=bool(i % 2))
            for _ in range(4)
        )
        request = LogLikelihood(Prompt("", (), f"question {i}\nAnswer:"), (" A", " B", " C", " D"))
        return request, LogLikelihoodResponse(scored, context_tokens=i, truncated=i % 3)

    return make


@pytest.fixture
def sample() -> Callable[..., Sample]:
    """Sample number `i`; fields may be replaced."""

    def make(i: int, **changes: object) -> Sample:
        fields: dict[str, object] = {
            "example_id": f"anatomy/{i}",
            "subset": "anatomy" if i % 2 else "virology",
            "prompt": f"Frage {i} – what?\n\nAnswer:",
            "request_digests": (f"{i:064x}",),
            "continuations": (" A", " B"),
            "continuation_tokens": ((i, 2), (3,)),
            "token_log_probabilities": ((-1 / 3, -float(i)), (-0.1,)),
            "log_likelihoods": (-1 / 3 - i, -0.1),
            "characters": (1, 1),
            "bytes": (1, 1),
            "context_tokens": 700 + i,
            "truncated_tokens": 0,
            "shots_dropped": 0,
            "prediction": "B",
            "predictions": {"acc": "B", "acc_norm": None},
            "target": "A",
            "correct": False,
            "margin": 0.25,
            "metrics": {"acc": float(i % 2), "acc_norm": 1.0},
            "flags": (Flag.TIE,) if i % 5 == 0 else (),
        }
        return Sample(**(fields | changes))

    return make


@pytest.fixture
def run(sample: Callable[..., Sample]) -> Callable[..., Run]:
    """A run of `n` samples; id, errors and the name of its model may be given."""

    def make(n: int = 12, *, run_id: str = "abcdef012345", errors: int = 0, model: str = "org/model") -> Run:
        samples = tuple(sample(i, error="too long" if i < errors else None) for i in range(n))
        manifest = Manifest(
            run_id,
            "2026-01-02T03:04:05+00:00",
            model={"name": model, "identity": "ab" * 32},
            benchmark={"name": "mmlu/helm", "recipe": {"shots": 5}, "dataset": "cais/mmlu", "revision": "c30699e"},
            limits={"limit": None, "subsets": []},
            environment={"python": "3.11"},
            engine={"path": "tree"},
            counts={"questions": n, "errors": errors, "flags": {}},
        )
        metric = Metric("acc", Aggregation.MICRO)
        scores = (
            Score(metric, None, 0.5, 0.1, 0.3, 0.7, n - errors, errors),
            Score(Metric("acc", Aggregation.MACRO), None, 1 / 3, 0.1, 0.3, 0.7, n - errors, errors),
            Score(metric, "anatomy", 0.25, 0.1, 0.05, 0.7, n // 2),
        )
        return Run(manifest, scores, samples)

    return make
