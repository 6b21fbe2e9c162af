"""What may be concluded from many answers: scores with intervals, and differences told from noise."""

from leaderbench.statistics.aggregate import aggregate
from leaderbench.statistics.comparison import (
    Difference,
    holm,
    minimum_detectable_effect,
    paired_difference,
    questions_needed,
)
from leaderbench.statistics.decomposition import (
    Contribution,
    Interaction,
    Split,
    dividends,
    order_range,
    remainder,
    shapley,
    split,
)
from leaderbench.statistics.intervals import Estimate, Interval, mean, standard_error, wilson
from leaderbench.statistics.ranking import Comparison, compare, sentences, values_by_example
from leaderbench.statistics.reordering import Reordering, VarianceComponents, reordering, variance_components
from leaderbench.statistics.stratified import macro

__all__ = [
    "Comparison",
    "Contribution",
    "Difference",
    "Estimate",
    "Interaction",
    "Interval",
    "Reordering",
    "Split",
    "VarianceComponents",
    "aggregate",
    "compare",
    "dividends",
    "holm",
    "macro",
    "mean",
    "minimum_detectable_effect",
    "order_range",
    "paired_difference",
    "questions_needed",
    "remainder",
    "reordering",
    "sentences",
    "shapley",
    "split",
    "standard_error",
    "values_by_example",
    "variance_components",
    "wilson",
]
