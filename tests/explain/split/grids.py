"""Grids without a model: answers that depend on factors in a known way."""

import hashlib
from typing import Any

import numpy as np

from leaderbench.explain.split.grid import Cause, Grid


def make_grid(model: str = "org/model", *, n: int = 40, seed: int = 0, better: int = 12, **changes: Any) -> Grid:
    """`n` questions in four configurations: the factor `scoring` turns the first `better` of them, `template` a few.

    `changes` go into its `Cause`.
    """
    rng = np.random.default_rng(seed)
    start = (np.arange(n) >= n // 2).astype(float)
    template = start.copy()
    template[rng.choice(n, 2, replace=False)] = 1.0
    scoring, both = (np.where(np.arange(n) < better, 1.0, column) for column in (start, template))
    values = np.stack([start, template, scoring, both], axis=1)
    facts: dict[str, Any] = {
        "model": model,
        "identity": hashlib.sha256(model.encode()).hexdigest(),
        "a": "mmlu/harness",
        "b": "mmlu/original",
        "factors": ("template", "scoring"),
        "fixed": ("cleaning",),
        "metrics": ("acc",) * 4,
        "aggregations": ("micro",) * 4,
        "revision": "c30699e",
        "limits": "",
        "noise": 1e-4,
        "errors": 0,
    }
    names = tuple(f"anatomy/{i}" for i in range(n))
    predictions = np.where(values > 0.5, "B", "A").astype(object)
    return Grid(
        Cause(**facts | changes),
        names,
        tuple("anatomy" if i % 2 else "virology" for i in range(n)),
        ("B",) * n,
        values,
        rng.uniform(0, 5e-4, values.shape),
        predictions,
    )
