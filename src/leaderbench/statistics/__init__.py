"""What may be concluded from many answers: scores with intervals, and differences told from noise."""

from leaderbench.statistics.aggregate import aggregate
from leaderbench.statistics.intervals import Estimate, Interval, macro, mean, standard_error, wilson

__all__ = ["Estimate", "Interval", "aggregate", "macro", "mean", "standard_error", "wilson"]
