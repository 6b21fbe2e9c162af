"""Where the shared data that the comparisons read is."""

import os
from pathlib import Path


def shared() -> Path:
    """LEADERBENCH_SHARED, else the folder `shared` beside the repository; stops where there is none."""
    folder = Path(os.environ.get("LEADERBENCH_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not folder.is_dir():
        raise SystemExit(f"{folder} does not exist: set LEADERBENCH_SHARED to the folder with hub/, models/ and spec/.")
    return folder
