"""Is what a store shows what it holds? Every checksum is checked and every score computed again from its samples."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation import catalogue_files
from leaderbench.explain.split import stored
from leaderbench.explain.split.grid import load
from leaderbench.results import rows, segments
from leaderbench.results.files import sentence
from leaderbench.results.recomputed import disagreements
from leaderbench.results.store import Store

Progress = Callable[[int, int], None]
"""Called with how many things of how many are verified."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and what is wrong with it."""

    runs: int
    imported: int
    """Files of imported scores."""

    explanations: int
    """Models in explanations."""

    answers: int
    """Answers in response logs."""

    damage: tuple[str, ...]
    """What cannot be read as it was written, a sentence each."""

    disagreements: tuple[str, ...]
    """Scores that the samples of their run do not give, a sentence a run."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.damage and not self.disagreements


def verify(store: Store | str | Path, *, progress: Progress | None = None) -> Verification:
    """Check everything that a store keeps: runs with their samples, scores and tokens, imported scores, explanations,
    response logs, and what is known of models. Nothing is changed.

    Raises `LeaderbenchError` where the store cannot be listed.
    """
    place = store if isinstance(store, Store) else Store(store)
    runs, imported = rows.run_folders(place.path), rows.imported_files(place.path)
    logs = sorted((place.path / "responses").glob("*/" + "[0-9]" * 6 + ".jsonl"))
    kept = stored.explanations(place)
    grids = [grid.path for item in kept.explanations for grid in item.grids]
    total, done = len(runs) + len(imported) + len(logs) + len(grids), 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    damage: list[str] = [*kept.problems, *catalogue_files.load(place.path).problems]
    odd: list[str] = []
    answers = 0
    for name in runs:
        damage += _damage(partial(_verify_run, place, name, odd))
        tick()
    for name, (path, _) in imported.items():
        damage += filter(None, [rows.imported_rows(name, path).row["problem"]])
        tick()
    for path in grids:
        damage += _damage(partial(load, path))
        tick()
    for path in logs:
        try:
            scan = segments.scan(path)
        except OSError as error:
            damage.append(sentence(error, path))
        else:
            answers += len(scan.records)
            if scan.damage and not scan.torn:
                damage.append(
                    f"{path} has {sum(len(item.data) for item in scan.damage):,} damaged bytes: the next run of this "
                    "model sets them aside and asks again what is missing."
                )
        tick()
    return Verification(len(runs), len(imported), len(grids), answers, tuple(damage), tuple(odd))


def _damage(check: Callable[[], object]) -> list[str]:
    """What a check says is damaged, in a sentence; nothing where all is well."""
    try:
        check()
    except LeaderbenchError as error:
        return [str(error)]
    return []


def _verify_run(store: Store, name: str, odd: list[str]) -> None:
    """Put into `odd` what the scores of a run say that its samples do not; raises `LeaderbenchError` for damage."""
    run = store.run(name)
    store.tokens(name)
    found = list(disagreements(run))
    if found:
        shown = next((item for item in found if item.changes_the_score), found[0])
        others = f", and {len(found) - 1:,} more numbers" if len(found) > 1 else ""
        why = "" if shown.changes_the_score else " An interval may be of an older version."
        odd.append(
            f"The scores of run {name} do not agree with its samples: {shown}{others}.{why} The same command again "
            "computes them anew."
        )
