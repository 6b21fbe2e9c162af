"""What a run ran on, for its manifest."""

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from leaderbench.records import Json

PACKAGES = ("leaderbench", "torch", "transformers", "tokenizers", "datasets", "numpy", "pyarrow")
"""Libraries whose version may explain a difference."""


def environment() -> dict[str, Json]:
    """Python, platform, library versions and hardware."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": _threads(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def processor() -> str:
    """The processor's own name, where the system tells."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def _threads() -> int | None:
    """Threads that torch computes with, where torch is in use."""
    import sys

    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch else None


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
