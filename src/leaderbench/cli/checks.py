"""What `leaderbench doctor` looks at; each check says what it found and, where something is wrong, what to do."""

import os
import platform
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from leaderbench.cli.advisories import known_holes
from leaderbench.errors import LeaderbenchError
from leaderbench.requests import LogLikelihood, Prompt

LITTLE_MEMORY = 2 * 2**30
LITTLE_DISK = 2 * 2**30
NO_DISK = 50 * 2**20


QUESTION = LogLikelihood(Prompt("", (), "Two and two make"), (" four", " five"))

versions_that_matter = (
    "torch", "transformers", "tokenizers", "safetensors", "huggingface_hub", "datasets", "pyarrow"
)  # fmt: skip


class Health(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    health: Health
    found: str
    advice: str = ""
    """What to do; empty where nothing is to be done."""


def ok(name: str, found: str) -> Check:
    return Check(name, Health.OK, found)


def gibibytes(size: float) -> str:
    """Bytes as people read them."""
    return f"{size / 2**30:,.1f} GiB"


def all_checks(store: Path, datasets: Path | None, model: str | None) -> Iterator[Check]:
    """Every check, the quick ones first."""
    yield python()
    yield from libraries()
    yield from holes()
    yield from device()
    yield memory()
    yield disk(store)
    yield dataset_folder(datasets)
    yield hub()
    yield model_loading(model)


def python() -> Check:
    """The interpreter."""
    return ok("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def libraries() -> Iterator[Check]:
    """The versions of what the answers depend on."""
    from importlib.metadata import PackageNotFoundError, version

    missing, found = [], []
    for name in versions_that_matter:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    yield ok("libraries", ", ".join(found))
    if missing:
        advice = "install them: pip install leaderbench --constraint constraints.txt"
        yield Check("libraries", Health.PROBLEM, f"not installed: {', '.join(missing)}", advice)


def holes() -> Iterator[Check]:
    """Installed versions with a known hole."""
    for advisory, present in known_holes():
        report = f"{advisory.package} {present} has a known hole ({advisory.identifier}): it {advisory.effect}"
        advice = f"pip install --upgrade '{advisory.package}>={advisory.mended_in}'"
        yield Check("security", Health.PROBLEM, report, advice)


def device() -> Iterator[Check]:
    """Where models will run."""
    try:
        import torch
    except Exception as error:
        yield Check("device", Health.PROBLEM, f"torch cannot be imported ({error})", "install torch again")
        return
    cores = os.cpu_count() or 1
    yield ok("processor", f"{cores} cores, {torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        for place in range(torch.cuda.device_count()):
            about = torch.cuda.get_device_properties(place)
            kind = "bfloat16" if torch.cuda.is_bf16_supported() else "no bfloat16"
            yield ok(f"cuda:{place}", f"{about.name}, {gibibytes(about.total_memory)}, {kind}")
    elif torch.backends.mps.is_available():
        yield ok("mps", "Apple GPU")
    else:
        yield ok("accelerator", "none: models run on the processor")


def available_memory() -> int | None:
    """Bytes of memory that a new process can use; None where the system does not say."""
    facts = Path("/proc/meminfo")
    for line in facts.read_text().splitlines() if facts.exists() else ():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None


def memory() -> Check:
    """Main memory."""
    free = available_memory()
    if free is None:
        return Check("memory", Health.WARNING, "the system does not say how much is free")
    if free < LITTLE_MEMORY:
        return Check(
            "memory", Health.WARNING, f"{gibibytes(free)} free", "close other programs before loading a large model"
        )
    return ok("memory", f"{gibibytes(free)} free")


def disk(store: Path) -> Check:
    """Room and permission where the store is, or would be."""
    place = store.expanduser().absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        return Check("store", Health.PROBLEM, f"{place} is a file", "give another --store")
    if not os.access(place, os.W_OK | os.X_OK):
        return Check(
            "store", Health.PROBLEM, f"{place} is not writable", "change its permissions or give another --store"
        )
    free = shutil.disk_usage(place).free
    found = f"{store}: {gibibytes(free)} free"
    if free < NO_DISK:
        return Check("store", Health.PROBLEM, found, "free some space or give another --store")
    if free < LITTLE_DISK:
        return Check("store", Health.WARNING, found, "free some space before a large run")
    return ok("store", found)


def dataset_folder(folder: Path | None) -> Check:
    """Local copies of datasets, where a folder of them is named."""
    if folder is None:
        return ok("datasets", "from the Hugging Face Hub (LEADERBENCH_DATASETS is not set)")
    if not folder.is_dir():
        return Check(
            "datasets", Health.PROBLEM, f"{folder} is not a folder", "set LEADERBENCH_DATASETS or --datasets to one"
        )
    from leaderbench.benchmarks import registry

    wanted = dict.fromkeys(registry.get(name).dataset for name in registry.names())
    there = [name for name in wanted if (folder / name).is_dir()]
    absent = [name for name in wanted if name not in there and not name.startswith("leaderbench/")]
    found = f"{folder}: {', '.join(there) or 'none of the datasets'}"
    if absent:
        advice = f"not there, so asked of the Hub: {', '.join(absent)}"
        return Check("datasets", Health.OK if there else Health.WARNING, found, advice)
    return ok("datasets", found)


def hub() -> Check:
    """Whether the Hugging Face Hub can be reached."""
    import socket

    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return ok("hub", "not asked: HF_HUB_OFFLINE is set; only what is on this machine can be used")
    from urllib.parse import urlsplit

    host = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co")).hostname or "huggingface.co"
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError as error:
        advice = "models and datasets must be local folders or in the cache"
        return Check("hub", Health.WARNING, f"{host} cannot be reached ({error})", advice)
    return ok("hub", f"{host} can be reached")


def model_loading(name: str | None) -> Check:
    """Load a model and ask it one question."""
    try:
        from leaderbench.bundled import model_folders
        from leaderbench.models.load import load_model

        name = name or f"bundled:{next(iter(model_folders()))}"
        start = time.perf_counter()
        model = load_model(name)
        ((_, response),) = model.answer([QUESTION])
        seconds = time.perf_counter() - start
    except LeaderbenchError as error:
        return Check("model", Health.PROBLEM, f"{name}: {error}", "see what the message says, or try another --model")
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return Check(
            "model", Health.PROBLEM, f"{name}: {what[:300]}", "set LEADERBENCH_DEBUG=1 and run it to see where"
        )
    facts = model.describe()
    shown = ", ".join(f"{key} {facts[key]}" for key in ("path", "dtype", "device") if facts.get(key))
    message = getattr(response, "message", None)
    if message:
        return Check("model", Health.PROBLEM, f"{name} loads but does not answer: {message}", "check its tokenizer")
    return ok("model", f"{name} answers: {shown or 'ok'} ({seconds:.1f} s with loading)")
