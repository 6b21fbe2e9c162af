"""What attacks begin with: a small store that is whole, and a small dataset that is read."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from leaderbench.results.store import Store, digest, dumped
from tests.explain.split.grids import make_grid
from tests.web.conftest import make_run

GOOD, SPOILT = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
"""The ids of the two runs: attacks spoil the second."""

QUESTIONS = [
    {"question": f"Question {number}?", "choices": ["w", "x", "y", "z"], "answer": number % 4} for number in range(6)
]


def make_store(path: Path) -> None:
    """A store with two runs of models org/good and org/spoilt, imported scores, an explanation and an index."""
    from leaderbench.explain.split.grid import file_name, save
    from leaderbench.explain.split.stored import FOLDER
    from leaderbench.results.imports.csv_table import import_csv
    from leaderbench.results.index import Index

    store = Store(path)
    store.save(make_run("org/good", "mmlu/harness", run_id=GOOD))
    store.save(make_run("org/spoilt", "mmlu/harness", run_id=SPOILT, right=12))
    table = path.with_name("scores.csv")
    table.write_text("model,benchmark,score\norg/imported,mmlu/harness,0.5\n")
    import_csv(table, store)
    table.unlink()
    grid = make_grid("org/good")
    save(grid, path / FOLDER / file_name(grid))
    with Index(store) as index:
        index.refresh()


def make_datasets(path: Path) -> None:
    """A copy of cais/mmlu with one subject, anatomy."""
    folder = path / "cais" / "mmlu"
    for split in ("dev", "test"):
        (folder / "anatomy").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(QUESTIONS), folder / "anatomy" / f"{split}-00000-of-00001.parquet")
    (folder / "README.md").write_text(readme("anatomy/test-*.parquet"))


def readme(test: str, dev: str = "anatomy/dev-*.parquet") -> str:
    """A README whose head names these files."""
    return (
        "---\nconfigs:\n- config_name: anatomy\n  data_files:\n"
        f"  - split: test\n    path: {test}\n  - split: dev\n    path: {dev}\n---\n"
    )


def sealed(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a run's manifest and put its checksums right."""
    manifest = json.loads((run / "manifest.json").read_text())
    change(manifest)
    for name in ("samples.parquet", "scores.json"):
        if (run / name).is_file() and isinstance(manifest.get("sha256"), dict):
            manifest["sha256"][name] = digest((run / name).read_bytes())
    if isinstance(manifest.get("sha256"), dict):
        said = {key: value for key, value in manifest.items() if key not in ("format", "sha256")}
        manifest["sha256"]["manifest"] = hashlib.sha256(dumped(said)).hexdigest()
    (run / "manifest.json").write_bytes(dumped(manifest))


def spoilt(ground: Path) -> Path:
    """The folder of the run that attacks spoil."""
    return ground / "store" / "runs" / SPOILT


def instead(path: Path, make: Callable[[Path], object]) -> None:
    """Put something else in the place of a file or folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)


def packed(columns: Mapping[str, Any], **options: Any) -> bytes:
    """The bytes of a parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(dict(columns)), sink, compression="zstd", **options)
    return bytes(sink.getvalue())
