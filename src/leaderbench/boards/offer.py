"""A board of what was imported: which ones show it, and a file for one of its own."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from leaderbench.boards.reading import boards, folder, name_pattern
from leaderbench.boards.rules import Rule
from leaderbench.boards.spec import BoardSpec, Column, Direction, most_columns
from leaderbench.errors import LeaderbenchError
from leaderbench.results.entries import Entry
from leaderbench.results.files import make_folder, replace_durably, said_plainly
from leaderbench.results.imports.scores import COST, is_cost, lower_is_better
from leaderbench.results.index import Index
from leaderbench.results.store import Store


@dataclass(frozen=True, slots=True)
class Measured:
    """What was imported of one benchmark."""

    benchmark: str
    metric: str
    is_share: bool
    """Whether all of it lies between 0 and 1."""

    models: frozenset[str]

    @property
    def column(self) -> Column:
        """The column that shows it."""
        cost = self.metric == COST or is_cost(self.benchmark)
        lower = cost or lower_is_better(self.benchmark) or lower_is_better(self.metric)
        return Column(
            imported=self.benchmark,
            metric=self.metric,
            direction=Direction.LOWER if lower else Direction.HIGHER,
            counts=not cost,
            optional=cost,
        )


def showing(benchmarks: Iterable[str], store: Path) -> list[str]:
    """The boards of which every column that they cannot do without has one of these benchmarks."""
    there = frozenset(benchmarks)
    found = []
    for item in boards(store):
        needed = [column for column in item.spec.columns if column.ranked] if item.spec else []
        if needed and all(column.optional or there & {*column.names} for column in needed):
            found.append(item.name)
    return found


def measured(entries: Iterable[Entry]) -> list[Measured]:
    """What entries are about, in their order; of a benchmark's metrics the normalised one, else the one that most have.
    Scores of subsets are left out.
    """
    by_benchmark: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.score.subset is None:
            by_benchmark.setdefault(entry.benchmark, []).append(entry)
    found = []
    for benchmark, own in by_benchmark.items():
        counts = Counter(entry.score.metric.name for entry in own)
        metric = "normalised" if "normalised" in counts else counts.most_common(1)[0][0]
        chosen = [entry for entry in own if entry.score.metric.name == metric]
        share = all(0 <= entry.score.estimate <= 1 for entry in chosen)
        found.append(Measured(benchmark, metric, share, frozenset(entry.model for entry in chosen)))
    return found


def spec_of(title: str, found: Sequence[Measured]) -> BoardSpec:
    """A board of these columns: their mean where all are shares of which more is better and most models have all of
    them, else Borda's order. Raises `LeaderbenchError` where there is nothing to rank by.
    """
    ranked = [item for item in found if item.column.ranked]
    if not ranked or len(found) > most_columns:
        raise LeaderbenchError(
            f"No board can be made of {len(found)} columns of which {len(ranked)} rank; it has 1 to {most_columns}."
        )
    anyone = frozenset[str]().union(*(item.models for item in ranked))
    everyone = anyone.intersection(*(item.models for item in ranked))
    alike = all(item.is_share and item.column.direction is Direction.HIGHER for item in ranked)
    mean = len(ranked) == 1 or (alike and 2 * len(everyone) >= len(anyone))
    return BoardSpec(
        title={"en": title}, rule=Rule.MEAN if mean else Rule.BORDA, columns=tuple(item.column for item in found)
    )


def as_toml(spec: BoardSpec) -> str:
    """A board of `spec_of` as the text of its file."""
    lines = ["version = 1", f"rule = {_quoted(spec.rule.value)}", "", "[title]"]
    lines += [f"{language} = {_quoted(words)}" for language, words in spec.title.items()]
    for column in spec.columns:
        lines += ["", "[[columns]]", f"imported = {_quoted(column.source)}", f"metric = {_quoted(column.metric or '')}"]
        lines += [f"title = {_quoted(column.source.partition('/')[0])}"]
        if column.direction is not Direction.HIGHER:
            lines.append(f"direction = {_quoted(column.direction.value)}")
        if not column.counts:
            lines += ["counts = false", "optional = true"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def free_path(name: str, store: Path) -> Path:
    """The file of a new board of this name. Raises `LeaderbenchError` where it can be none, or there is one."""
    if not name_pattern.fullmatch(name):
        raise LeaderbenchError(
            f"A board cannot be called {name[:100]!r}: give letters, digits, dots, dashes and underscores."
        )
    path = store / folder / f"{name}.toml"
    if path.exists() or path.is_symlink():
        raise LeaderbenchError(f"{path} is there already: choose another name, or delete that board.")
    return path


def make(path: Path, title: str, benchmarks: Sequence[str], store: Store) -> None:
    """Write the file of a board that shows these benchmarks as a store has them. Raises `LeaderbenchError`."""
    with Index(store) as index:
        index.refresh()
        found = measured(index.entries(benchmarks))
    spec = spec_of(title, sorted(found, key=lambda item: benchmarks.index(item.benchmark)))
    make_folder(path.parent)
    with said_plainly(path):
        replace_durably(path, as_toml(spec).encode())
