"""A folder that keeps response logs and runs; design: files are the truth, immutable once complete."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.files.parsing import json_of
from leaderbench.files.regular import UnusableError, read_bytes
from leaderbench.results import locks
from leaderbench.results.files import leads_out, make_folder, said_plainly, sentence, sync, sync_all, write_whole
from leaderbench.results.log import ResponseLog, folder_name
from leaderbench.results.problems import NEWER, OUTSIDE
from leaderbench.results.runs import (
    Run,
    RunSummary,
    manifest_from_json,
    manifest_to_json,
    score_from_json,
    score_to_json,
)
from leaderbench.results.same import differences
from leaderbench.results.samples import BOUNDS, DamagedRunError, StoredSamples, damaged, to_parquet, to_table
from leaderbench.results.tokens import RunTokens, from_json, to_json
from leaderbench.sentences import Sentence
from leaderbench.statistics.aggregate import formula_version

LARGEST_JSON = 32 << 20
"""Bytes of a manifest, of scores or of the texts of tokens, of which values take 20 times as many in memory; a run of
MMLU has 10,000, 30,000 and 200,000."""

format_version = 1
"""Grows when a file of a run changes in a way that older programs would misread."""


@dataclass(frozen=True, repr=False)
class StoredRun(Run):
    """A run whose samples are read from its file when first used."""

    samples: StoredSamples
    formula_version: int
    """With which `aggregate.formula_version` its scores were computed; 1 for runs that do not say."""


class Store:
    """Everything that was recorded, under one folder.

    ```
    responses/<model>-<identity>/   the response log of one model
    runs/<run-id>/                  manifest.json, samples.parquet, scores.json, tokens.json where texts are known
    ```
    """

    def __init__(self, path: str | Path) -> None:
        """Name a store; nothing is created before something is stored. Raises `LeaderbenchError` where it is a file."""
        if "://" in str(path):
            raise LeaderbenchError(f"The store {path} is a URL, which is not supported yet: give a folder.")
        self.path = Path(path).expanduser()
        if self.path.exists() and not self.path.is_dir():
            raise LeaderbenchError(f"The store {self.path} is a file: give a folder.")
        self._tidied = False

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def log(self, model_name: str, model_identity: str) -> ResponseLog:
        """Open the response log of a model for writing, in a `with` statement; its lock is held until closed."""
        return ResponseLog(self._log_folder(model_name, model_identity), model_name, model_identity)

    def read_log(self, model_name: str, model_identity: str) -> ResponseLog:
        """Open the response log of a model for reading, also while another process writes to it."""
        folder = self._log_folder(model_name, model_identity)
        return ResponseLog(folder, model_name, model_identity, writable=False)

    def save(self, run: Run, tokens: RunTokens | None = None) -> Path:
        """Store a run and return its folder; the run is there as a whole or not at all, whenever the machine stops.

        A run that is there already stays as it is, unless it is damaged, has more errors than this one, or has other
        scores of the very same samples.
        Raises `LeaderbenchError` where it cannot be written, and where the one that is there has other samples
        (`same.differences` says what counts as the same).
        """
        return self._save([(run, _files(run, tokens))])[0]

    def save_all(self, given: Sequence[Run]) -> list[Path]:
        """Store runs as `save` does each, waiting for the disk once for all of them; together they are in memory twice.

        Where the machine stops before it returns, any of them may be there, each as a whole.
        """
        return self._save([(run, _files(run, None)) for run in given])

    def _save(self, given: Sequence[tuple[Run, Mapping[str, bytes]]]) -> list[Path]:
        runs = self.path / "runs"
        make_folder(runs)
        lock = locks.acquire(runs / ".lock", f"The folder {runs}", wait=locks.patience)
        try:
            with said_plainly(runs):
                if not self._tidied:
                    _tidy(runs)
                    self._tidied = True
                _clean(runs)
                wanted = {
                    runs / run.id: files
                    for run, files in given
                    if not os.path.lexists(runs / run.id) or _gives_way(runs / run.id, run)
                }
                if wanted:
                    _put(runs, wanted)
        finally:
            os.close(lock)
        return [runs / run.id for run, _ in given]

    def runs(self) -> list[RunSummary]:
        """All stored runs, oldest first; a damaged one is listed with its problem. Samples are not read."""
        return sorted((self._summary(folder) for folder in self._folders()), key=lambda item: (item.created, item.id))

    def run(self, name: str) -> StoredRun:
        """The run of this id or of an id that begins so; raises `LeaderbenchError` for none, several or damage."""
        whole = self._folder(name)
        found = [whole] if whole else [folder for folder in self._folders() if name and folder.name.startswith(name)]
        if not found:
            raise LeaderbenchError(
                f"There is no run {name!r} in {self.path}: `leaderbench list runs` shows those there are."
            )
        if len(found) > 1:
            several = ", ".join(folder.name for folder in found[:5])
            raise LeaderbenchError(f"Several runs begin with {name!r} ({several}): give more of the id.")
        return read_folder(found[0])

    def tokens(self, run: str) -> RunTokens | None:
        """The texts of a run's tokens and its example, by the run's whole id; None where it keeps none, as imported and
        older runs do. Raises `LeaderbenchError` for an unknown run or damage.
        """
        folder = self._folder(run)
        if folder is None:
            raise LeaderbenchError(f"There is no run {run!r} in {self.path}.")
        return _tokens(folder)

    def has(self, run: str) -> bool:
        """Whether a run of this id is there, and none of its files is damaged as far as this program can tell."""
        folder = self._folder(run)
        if folder is None:
            return False
        try:
            samples = read_folder(folder).samples
            _tokens(folder)
            return digest(read_bytes(samples.path, BOUNDS.bytes)) == samples.checksum
        except (DamagedRunError, FileNotFoundError, UnusableError):
            return False
        except (LeaderbenchError, OSError):  # of a newer program, or not to be read by this user
            return True

    def _log_folder(self, model_name: str, model_identity: str) -> Path:
        """The folder of this identity, whatever name its model had when it was first asked."""
        responses = self.path / "responses"
        known = sorted(responses.glob(f"*-{model_identity[:16]}")) if responses.is_dir() else []
        return known[0] if known else responses / folder_name(model_name, model_identity)

    def _folder(self, run: str) -> Path | None:
        """The folder of the run of exactly this id, without a look at any other; None where there is none."""
        runs = self.path / "runs"
        folder = runs / run
        if run.startswith(".") or "\0" in run or len(run) > 255 or folder.parent != runs or folder.name != run:
            return None
        with said_plainly(runs):
            return folder if _is_folder(folder) else None

    def _folders(self) -> list[Path]:
        runs = self.path / "runs"
        with said_plainly(runs):
            found = sorted(runs.iterdir()) if runs.is_dir() else []
        return [folder for folder in found if not folder.name.startswith(".") and _is_folder(folder)]

    def _summary(self, folder: Path) -> RunSummary:
        try:
            run = read_folder(folder)
        except LeaderbenchError as error:
            return RunSummary(folder.name, None, problem=str(error))
        return RunSummary(folder.name, run.manifest, run.scores)


def _gives_way(folder: Path, run: Run) -> bool:
    """Whether the stored run is to be replaced: it cannot be read, failed more often than the new one, or has scores
    that its samples do not give.

    Raises `LeaderbenchError` where its samples are not those of the new one.
    """
    try:
        stored = read_folder(folder)
        errors = stored.samples.errors
        _tokens(folder)
        if stored.samples.table.equals(to_table(run.samples)):
            return repr(tuple(stored.scores)) != repr(tuple(run.scores))  # NaN is not equal to itself
        others = list(differences(stored.samples, run.samples, run.manifest.model))
    except DamagedRunError:
        return True
    if others:
        raise LeaderbenchError(
            f"Run {run.id} is stored with other samples than it has now, though nothing that names it has changed: of "
            f"{len(run.samples):,} questions {len(others):,} differ, such as {others[0]}. The stored run was kept and "
            "the new one was not: either the files of the model or dataset changed without being noticed, or another "
            f"version asked or scored it. To replace it delete {folder}, and run the same command again."
        )
    return errors > sum(sample.error is not None for sample in run.samples)


def _files(run: Run, tokens: RunTokens | None) -> dict[str, bytes]:
    files = {
        "samples.parquet": to_parquet(run.samples),
        "scores.json": dumped([score_to_json(score) for score in run.scores]),
    }
    if tokens is not None:
        files["tokens.json"] = to_json(tokens)
    manifest = {**manifest_to_json(run.manifest), "formula_version": formula_version}
    digests = {name: digest(data) for name, data in (files | {"manifest": dumped(manifest)}).items()}
    return files | {"manifest.json": dumped({"format": format_version, **manifest, "sha256": digests})}


def digest(data: bytes) -> str:
    """The checksum of a file of a run, as its manifest has it."""
    return hashlib.sha256(data).hexdigest()


def dumped(content: object) -> bytes:
    """JSON values as the bytes of a file of a run."""
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


_saving = ".saving"
"""The folder among the runs where they are put together: `new-…`, and `old-…` for one that gives way. So what a killed
writer left is found without a look at every run.
"""


def _put(runs: Path, wanted: Mapping[Path, Mapping[str, bytes]]) -> None:
    """Write the files of each run beside its place and, once they are on the disk, rename; a folder in the way is kept
    aside until the new one stands.
    """
    saving = runs / _saving
    try:
        beside = {target: saving / f"new-{target.name}-{uuid.uuid4().hex[:8]}" for target in wanted}
        for target, files in wanted.items():
            beside[target].mkdir(parents=True)
            for name, data in files.items():
                write_whole(beside[target] / name, data)
        written = [beside[target] / name for target, files in wanted.items() for name in files]
        sync_all([*written, *beside.values(), saving])
        for target, folder in beside.items():
            if target.exists():
                target.rename(saving / f"old-{target.name}")
            folder.rename(target)
        sync(runs)
    finally:
        _clean(runs)


def _clean(runs: Path) -> None:
    """Remove what a killed writer left (only the holder of the lock may): unfinished folders go, a run that was
    moved aside for a better one comes back where the better one never arrived.
    """
    saving = runs / _saving
    for folder in saving.iterdir() if saving.is_dir() else ():
        target = runs / folder.name.removeprefix("old-")
        if folder.name.startswith("old-") and not target.exists():
            folder.rename(target)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        saving.rmdir()


def _tidy(runs: Path) -> None:
    """Bring what a killed writer of an older leaderbench left among the runs to where `_clean` finds it."""
    with os.scandir(runs) as items:
        left = [item.name for item in items if item.name.startswith((".old-", ".new-"))]
    for name in left:
        (runs / _saving).mkdir(exist_ok=True)
        (runs / name).rename(runs / _saving / name.removeprefix("."))


def read_folder(folder: Path) -> StoredRun:
    """The run in this folder, its samples not read yet. Raises `DamagedRunError` where that is no whole run, and
    `LeaderbenchError` where the folder, or one of its files, is a link out of its store.
    """
    _stay_inside(folder)
    path = folder / "manifest.json"
    try:
        content: dict[str, Any] = json_of(read_bytes(path, LARGEST_JSON))
        if int(content["format"]) > format_version:
            raise LeaderbenchError(Sentence(NEWER, folder=str(folder)))
        manifest = manifest_from_json(content)
        if not is_signed(content):
            raise ValueError("checksum")
        path = folder / "scores.json"
        data = read_bytes(path, LARGEST_JSON)
        digests = content["sha256"]
        if digest(data) != digests["scores.json"]:
            raise ValueError("checksum")
        scores = tuple(score_from_json(item) for item in json_of(data))
        samples = StoredSamples(
            folder / "samples.parquet", digests["samples.parquet"], manifest.counts.get("questions")
        )
        return StoredRun(manifest, scores, samples, int(content.get("formula_version", 1)))
    except PermissionError as error:
        raise LeaderbenchError(sentence(error, path)) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise damaged(path) from error


def is_signed(content: Mapping[str, Any]) -> bool:
    """Whether a manifest, as its file has it, is what its checksum says. Raises `LookupError`, `TypeError`."""
    said = {key: value for key, value in content.items() if key not in ("format", "sha256")}
    return bool(digest(dumped(said)) == content["sha256"]["manifest"])


def _stay_inside(folder: Path) -> None:
    for path in (
        folder,
        *(folder / name for name in ("manifest.json", "scores.json", "samples.parquet", "tokens.json")),
    ):
        with said_plainly(path):
            if leads_out(path, folder.parent.parent):
                raise LeaderbenchError(Sentence(OUTSIDE, folder=str(path)))


def _is_folder(path: Path) -> bool:
    """Whether this is a folder or a link to one; a folder that may not be entered is one, a loop of links is none."""
    try:
        return path.is_dir()
    except PermissionError:
        return True
    except OSError:
        return False


def _tokens(folder: Path) -> RunTokens | None:
    """What the folder's `tokens.json` says; None where the run was stored without. Raises as `read_folder` does."""
    _stay_inside(folder)
    path = folder / "tokens.json"
    try:
        digests = json_of(read_bytes(folder / "manifest.json", LARGEST_JSON))["sha256"]
        wanted = digests.get("tokens.json")
        if wanted is None:
            # A name in this table has no checksum of its own: one that is damaged names a file that is not there.
            if not all(os.path.lexists(folder / name) for name in digests.keys() - {"manifest"}):
                raise ValueError("name")
            return None
        data = read_bytes(path, LARGEST_JSON)
        if digest(data) != wanted:
            raise ValueError("checksum")
        return from_json(data)
    except PermissionError as error:
        raise LeaderbenchError(sentence(error, path)) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise damaged(path) from error


DEFAULT_STORE = "leaderbench-store"
"""Where results go when neither an argument nor `LEADERBENCH_STORE` says."""


def store_at(store: str | Path | Store | None) -> Store:
    """A store: this one, the one in this folder, or where `LEADERBENCH_STORE` says."""
    return store if isinstance(store, Store) else Store(store or os.environ.get("LEADERBENCH_STORE") or DEFAULT_STORE)
