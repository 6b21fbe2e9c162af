"""leaderbench: ask any open language model any benchmark, keep every answer, rank with the uncertainty shown.

```python
import leaderbench as lb

run = lb.evaluate("./my-checkpoint", "mmlu/original", limit=100)
run.score(), run.samples[0]
lb.board("mmlu").rows
```
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaderbench import boards
    from leaderbench.boards.stored import board_table as board
    from leaderbench.errors import LeaderbenchError
    from leaderbench.evaluation.known_models import known_models
    from leaderbench.evaluation.run import evaluate
    from leaderbench.explain.difference.diff import diff
    from leaderbench.explain.difference.several import compare_runs
    from leaderbench.explain.order.stability import stability
    from leaderbench.explain.split.explanation import explanation
    from leaderbench.explain.split.stored import explanations
    from leaderbench.explain.verification import verify
    from leaderbench.models.load import load_model
    from leaderbench.results.imports import (
        import_csv,
        import_lighteval,
        import_lm_eval,
        import_mteb,
        import_open_llm_leaderboard,
    )
    from leaderbench.results.index import Index
    from leaderbench.results.runs import Run
    from leaderbench.results.store import Store
    from leaderbench.web.server import serving

__all__ = [
    "Index",
    "LeaderbenchError",
    "Run",
    "Store",
    "board",
    "boards",
    "compare_runs",
    "diff",
    "evaluate",
    "explanation",
    "explanations",
    "import_csv",
    "import_lighteval",
    "import_lm_eval",
    "import_mteb",
    "import_open_llm_leaderboard",
    "known_models",
    "load_model",
    "serving",
    "stability",
    "verify",
]

_HOMES = {
    "Index": "results.index",
    "LeaderbenchError": "errors",
    "Run": "results.runs",
    "Store": "results.store",
    "board": "boards.stored:board_table",
    "compare_runs": "explain.difference.several",
    "diff": "explain.difference.diff",
    "evaluate": "evaluation.run",
    "explanation": "explain.split.explanation",
    "explanations": "explain.split.stored",
    "import_csv": "results.imports",
    "import_lighteval": "results.imports",
    "import_lm_eval": "results.imports",
    "import_mteb": "results.imports",
    "import_open_llm_leaderboard": "results.imports",
    "known_models": "evaluation.known_models",
    "load_model": "models.load",
    "serving": "web.server",
    "stability": "explain.order.stability",
    "verify": "explain.verification",
}


def __getattr__(name: str) -> Any:
    # Public names are found on first use, so that `leaderbench --help` imports nothing heavy.
    if name in _HOMES:
        module, _, other = _HOMES[name].partition(":")
        return getattr(import_module(f"{__name__}.{module}"), other or name)
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("leaderbench")
        except PackageNotFoundError:
            return "unknown"
    if name == "boards":  # the folder itself: reading, ranking and exporting boards
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
