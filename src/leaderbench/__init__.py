"""leaderbench: ask any open language model any benchmark, keep every answer, rank with the uncertainty shown.

```python
import leaderbench as lb

run = lb.evaluate("./my-checkpoint", "mmlu/original", limit=100)
run.scores, run.samples
```
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaderbench.errors import LeaderbenchError
    from leaderbench.evaluation.run import evaluate
    from leaderbench.explain.difference.diff import diff
    from leaderbench.explain.order.stability import stability
    from leaderbench.explain.split.explanation import explanation
    from leaderbench.models.load import load_model
    from leaderbench.results.runs import Run
    from leaderbench.results.store import Store

__all__ = ["LeaderbenchError", "Run", "Store", "diff", "evaluate", "explanation", "load_model", "stability"]

_HOMES = {
    "LeaderbenchError": "leaderbench.errors",
    "Run": "leaderbench.results.runs",
    "Store": "leaderbench.results.store",
    "diff": "leaderbench.explain.difference.diff",
    "evaluate": "leaderbench.evaluation.run",
    "explanation": "leaderbench.explain.split.explanation",
    "load_model": "leaderbench.models.load",
    "stability": "leaderbench.explain.order.stability",
}


def __getattr__(name: str) -> Any:
    # Public names are found on first use, so that `leaderbench --help` imports nothing heavy.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
