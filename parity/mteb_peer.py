"""What MTEB's own table says of some results, as JSON. Runs inside an environment that has mteb, not leaderbench's own.

    python parity/mteb_peer.py IN OUT

IN holds a list of tables, each a list of rows (model, task, split, subset, score or null); OUT then holds, for each
table, MTEB's columns by model. The table is made by the function that its leaderboard calls.
"""

import json
import sys
from pathlib import Path
from typing import Any


def summary(rows: list[list[Any]]) -> dict[str, dict[str, Any]]:
    """MTEB's summary of one table: its rank, its means and the mean of each type, by model."""
    import polars as pl
    from mteb.benchmarks._create_table import _create_summary_table

    names = ["model_name", "task_name", "split", "subset", "score"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names[:4], pl.Utf8) | {"score": pl.Float64}, orient="row")
    found = _create_summary_table(frame).df
    if "model_name" in found.columns:
        found = found.rename({"model_name": "Model"})
    if "Rank (Borda)" not in found.columns:
        return {}
    kept = [name for name in found.columns if found[name].dtype.is_numeric()]
    return {str(row["Model"]): {name: row[name] for name in kept} for row in found.to_dicts()}


def main() -> None:
    """Read the tables, write what MTEB makes of them."""
    import mteb

    source, target = map(Path, sys.argv[1:])
    tables = json.loads(source.read_text(encoding="utf-8"))
    answers = {"version": mteb.__version__, "tables": [summary(rows) for rows in tables]}
    target.write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main()
