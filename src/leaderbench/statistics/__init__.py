"""What may be concluded from many answers: scores with intervals, and differences told from noise."""

from leaderbench.statistics.aggregate import aggregate
from leaderbench.statistics.comparison import (
    Difference,
    holm,
    minimum_detectable_effect,
    paired_difference,
    questions_needed,
)
from leaderbench.statistics.intervals import Estimate, Interval, macro, mean, standard_error, wilson
from leaderbench.statistics.ranking import Comparison, compare, sentences, values_by_example

__all__ = [
    "Comparison",
    "Difference",
    "Estimate",
    "Interval",
    "aggregate",
    "compare",
    "holm",
    "macro",
    "mean",
    "minimum_detectable_effect",
    "paired_difference",
    "questions_needed",
    "sentences",
    "standard_error",
    "values_by_example",
    "wilson",
]
