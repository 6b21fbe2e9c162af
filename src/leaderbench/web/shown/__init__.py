"""What stands on each page? Functions from a served store to values; pages and the API share them."""

from leaderbench.web.shown import (
    about,
    benchmarks,
    boards,
    cards,
    comparisons,
    explanations,
    model,
    models,
    plots,
    preparing,
    remarks,
    runs,
    samples,
)

__all__ = [
    "about",
    "benchmarks",
    "boards",
    "cards",
    "comparisons",
    "explanations",
    "model",
    "models",
    "plots",
    "preparing",
    "remarks",
    "runs",
    "samples",
]
