"""Datasets on the Hub, through `datasets.load_dataset` at a commit; loading scripts are never run."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import cast

from leaderbench.errors import LeaderbenchError

Row = dict[str, object]

unreachable_names = frozenset(
    [
        "ConnectError",
        "ConnectTimeout",
        "ReadTimeout",
        "ConnectionError",
        "OfflineModeIsEnabled",
        "LocalEntryNotFoundError",
    ]
)
"""Error classes, of whichever network library, that mean that the Hub did not answer."""


def rows(dataset: str, config: str, split: str, revision: str, *, exported: bool, root: Path | None) -> list[Row]:
    """All rows of one split at a commit, in file order; `exported` reads the Hub's parquet export of the repository.

    Where the Hub does not answer, rows come from the Hugging Face cache, but only at the same commit.
    """
    import datasets

    datasets.disable_progress_bars()
    try:
        with offline(not answers(dataset, revision)):
            if exported:
                files = f"hf://datasets/{dataset}@{revision}/{config}/{split}/*.parquet"
                loaded = datasets.load_dataset("parquet", data_files={split: files}, split=split)
            else:
                loaded = datasets.load_dataset(dataset, config, split=split, revision=revision)
    except Exception as error:
        raise LeaderbenchError(explain(error, dataset, config, split, root)) from error
    check_commit(loaded.info.download_checksums or {}, dataset, revision)
    return cast("list[Row]", loaded.to_list())


@cache
def answers(dataset: str, revision: str) -> bool:
    """Whether the Hub answers, asked once and without the retries that `load_dataset` makes for half a minute."""
    from huggingface_hub import HfApi

    try:
        HfApi().dataset_info(dataset, revision=revision, timeout=10)
    except Exception as error:
        if unreachable(error):
            return False
        raise
    return True


@contextmanager
def offline(wanted: bool) -> Iterator[None]:
    """Let `load_dataset` look in the cache only, at once."""
    import datasets
    from huggingface_hub import constants

    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    try:
        if wanted:
            datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


def check_commit(sources: dict[str, object], dataset: str, revision: str) -> None:
    """Refuse rows that the cache kept of another commit (`load_dataset` takes the latest it has when offline), or that
    a README has fetched from elsewhere.
    """
    if not all(f"@{revision}/" in source for source in sources):
        raise LeaderbenchError(
            f"The Hugging Face cache holds {dataset} at another revision than {revision} and the Hub cannot be reached:"
            " go online once, or set LEADERBENCH_DATASETS to a folder that holds a copy."
        )


def commit(dataset: str, revision: str, *, root: Path | None) -> str:
    """The commit that a branch of a dataset stands for now."""
    from huggingface_hub import HfApi

    try:
        found = HfApi().dataset_info(dataset, revision=revision, timeout=10).sha
    except Exception as error:
        raise LeaderbenchError(explain(error, dataset, "", "", root)) from error
    return found or revision


def explain(error: Exception, dataset: str, config: str, split: str, root: Path | None) -> str:
    """One sentence on why a dataset could not be loaded: what, where, what to do."""
    from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    text = " ".join(str(error).split())[:300]
    part = f"{dataset} ({config}, {split})" if config else dataset
    if isinstance(error, GatedRepoError) or "gated" in text:
        return f"{dataset} is gated: accept its terms on huggingface.co and log in with `hf auth login`."
    if unreachable(error):
        where = f"is not in {root}" if root is not None else "is not on this machine"
        return (
            f"The dataset {part} {where} and the Hub cannot be reached: set LEADERBENCH_DATASETS to a folder that"
            f" holds a copy of it as {dataset}, or go online."
        )
    if isinstance(error, RevisionNotFoundError):
        return f"The Hub has no such revision of {dataset}: {text}."
    if isinstance(error, RepositoryNotFoundError | DatasetNotFoundError):
        return f"The Hub has no dataset {dataset} that you can read: check its name, or log in if it is private."
    if "BuilderConfig" in text:
        return f"{dataset} has no subset {config!r}: {text}"
    if "Unknown split" in text:
        return f"{dataset} has no split {split!r} of {config}: {text}"
    if isinstance(error, DatasetGenerationError):
        return f"The files of {part} cannot be read, they may be damaged: remove them from the Hugging Face cache."
    return f"{part} could not be loaded from the Hub: {text or type(error).__name__}."


def unreachable(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, says that the Hub did not answer."""
    while error is not None:
        if type(error).__name__ in unreachable_names:
            return True
        error = error.__cause__ or error.__context__
    return False
