"""What other systems recorded, read into this store: runs where they give their samples, else scores."""

from leaderbench.results.imports.csv_table import import_csv
from leaderbench.results.imports.lighteval import import_lighteval
from leaderbench.results.imports.lm_eval import import_lm_eval
from leaderbench.results.imports.mteb import import_mteb
from leaderbench.results.imports.open_llm_leaderboard import import_open_llm_leaderboard
from leaderbench.results.imports.report import Imported, Report, Skipped
from leaderbench.results.imports.scores import stored_entries

__all__ = [
    "Imported",
    "Report",
    "Skipped",
    "import_csv",
    "import_lighteval",
    "import_lm_eval",
    "import_mteb",
    "import_open_llm_leaderboard",
    "stored_entries",
]
