"""What stands on each page? Functions from a served store to values; pages and the API share them."""

from leaderbench.web.shown import boards, comparisons, models, runs, samples

__all__ = ["boards", "comparisons", "models", "runs", "samples"]
