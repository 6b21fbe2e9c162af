"""Is what a store shows what it holds? Every checksum is checked and every score computed again from its samples."""

from collections.abc import Callable, Sequence
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

    notes: tuple[str, ...] = ()
    """What differs for a good reason, a sentence each."""

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
    former: list[str] = []
    answers = 0
    for name in runs:
        damage += _damage(partial(_verify_run, place, name, odd, former))
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
    return Verification(len(runs), len(imported), len(grids), answers, tuple(damage), tuple(odd), _about(former))


def _damage(check: Callable[[], object]) -> list[str]:
    """What a check says is damaged, in a sentence; nothing where all is well."""
    try:
        check()
    except LeaderbenchError as error:
        return [str(error)]
    return []


def _about(former: Sequence[str]) -> tuple[str, ...]:
    """What to know of runs whose intervals an older version computed."""
    if not former:
        return ()
    which = f"run {former[0]}" if len(former) == 1 else f"{len(former):,} runs, such as {former[0]},"
    note = f"Intervals of {which} were made by an older formula; the scores agree with the samples."
    return (f"{note} The same command again computes them anew.",)


def _verify_run(store: Store, name: str, odd: list[str], former: list[str]) -> None:
    """Put into `odd` what the scores of a run say that its samples do not, and the run's name into `former` where only
    the formula is another; raises `LeaderbenchError` for damage.
    """
    run = store.run(name)
    store.tokens(name)
    found = list(disagreements(run))
    wrong = [item for item in found if run.formula_version > 1 or not item.formula_changed]
    if wrong:
        shown = next((item for item in wrong if item.changes_the_score), wrong[0])
        others = f", and {len(wrong) - 1:,} more numbers" if len(wrong) > 1 else ""
        odd.append(
            f"The scores of run {name} do not agree with its samples: {shown}{others}. The same command again "
            "computes them anew."
        )
    elif found:
        former.append(name)
