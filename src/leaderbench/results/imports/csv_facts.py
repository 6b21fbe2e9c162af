"""What a published table says of its models: size, licence, type and the like, each cell as a fact of a record."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from leaderbench.models.cards import plain
from leaderbench.models.facts import Fact, ModelType, Source
from leaderbench.models.licences import licence
from leaderbench.results.imports.csv_columns import Notation, column_of, nothing, written_number
from leaderbench.results.imports.csv_remarks import listed, things
from leaderbench.results.imports.csv_rows import Table
from leaderbench.results.imports.values import day
from leaderbench.results.secrets import without_tokens

Facts = dict[str, Fact[Any]]

_no_value = (nothing | {"removed", "-1", "-1.0"}) - {"x", "✗", "✘", "❌"}
_yes = frozenset({"true", "yes", "y", "1", "1.0", "✓", "✔", "✅", "x", "是"})
_no = frozenset({"false", "no", "n", "0", "0.0", "✗", "✘", "❌", "否"})
_count = re.compile(
    r"(?:[~≈约]|about |approx\.? |ca\.? )?\s*([\d.,'’ ]+?)\s*"
    r"(b|m|k|t|g|bn|mn|billions?|millions?|thousands?|trillions?|十亿|亿|万)?"
    r"(?:\s*(?:params|parameters|tokens|参数|total))?"
    r"(?:\s*[-(/,]\s*(?:a\s?)?[\d.]+\s?[bm](?:[- ]?(?:active|activated))?\s*\)?)?",
    re.IGNORECASE,
)
_units = {"": 1, "k": 10**3, "万": 10**4, "m": 10**6, "亿": 10**8, "b": 10**9, "g": 10**9, "十": 10**9, "t": 10**12}

_TYPES: tuple[tuple[ModelType, tuple[str, ...]], ...] = (
    (ModelType.MERGE, ("merge", "moerge", "🤝")),
    (ModelType.ADAPTER, ("adapter", "lora")),
    (ModelType.CONTINUALLY_PRETRAINED, ("continuous", "continual", "continued", "🟩")),
    (ModelType.CHAT, ("chat", "instruct", "rlhf", "rl tuned", "dpo", "💬", "⭕", "🟦")),
    (ModelType.FINE_TUNED, ("fine tuned", "finetuned", "fine tune", "finetune", "sft", "🔶")),
    (ModelType.PRETRAINED, ("pretrained", "pre trained", "base", "foundation", "🟢")),
)
"""Words and symbols by which tables name a type, the first that occurs decides."""


def facts_of(table: Table) -> dict[str, Facts]:
    """What the rows say of each model, by its name; of several rows the later counts, and what it does not say an
    earlier one may.
    """
    columns = table.columns
    readers = dict(_READERS)
    for field, unit in (("parameters", _unit_of(table, "parameters")), ("active_parameters", columns.unit)):
        if field in columns.models:
            readers[field] = _counted(unit or 10**9, table.usual)
    places = dict(columns.models)
    places |= {field: columns.facts[field] for field in ("precision", "revision") if field in columns.facts}
    if "context" in places:
        readers["context"] = _counted(1, table.usual)
    found: dict[str, Facts] = {}
    unread: dict[str, list[int]] = {}
    for row in table.rows:
        if not (model := table.names[row.line]):
            continue
        own = found.setdefault(model, {})
        for field, place in places.items():
            cell = without_tokens(row.cells[place].strip())
            if cell.lower() in _no_value:
                continue
            value = readers[field](cell)
            if value == 0 and value is not False:
                continue
            if value is None:
                unread.setdefault(table.header[place], []).append(row.line)
            else:
                if field == "merged" and "not" in table.header[place].lower():
                    value = not value
                own |= _facts(field, value, cell, table.file)
        if link := table.links.get(row.line):
            own["link"] = Fact(link, Source.PUBLISHED, table.file)
    found = {model: own for model, own in found.items() if own}
    _note(table, found, unread)
    return found


def _facts(field: str, value: Any, cell: str, file: str) -> Facts:
    """A value as a fact; a licence also says whether it allows commercial use."""
    facts: Facts = {field: Fact(value, Source.PUBLISHED, file)}
    if field == "licence" and (known := licence(value)):
        facts["commercial"] = Fact(known.commercial, Source.PUBLISHED, known.reason)
    return facts


def _note(table: Table, found: Mapping[str, Facts], unread: Mapping[str, list[int]]) -> None:
    if found:
        fields = dict.fromkeys(field for own in found.values() for field in own if field != "commercial")
        said = ", ".join(field.replace("_", " ") for field in fields)
        kept = things(len(found), "model", "models")
        table.remarks.append(f"Facts of {kept} are kept: {said}.")
    for header, lines in unread.items():
        table.troubles.setdefault(f"column {listed([header])} says nothing that is understood", []).extend(lines)


def _unit_of(table: Table, field: str) -> int | None:
    """What a column of parameters is counted in: as its header says, else billions where all are small, one where all
    are large.
    """
    if field not in table.columns.models or table.columns.unit:
        return table.columns.unit
    place = table.columns.models[field]
    column = column_of([row.cells[place] for row in table.rows], usual=table.usual)
    values = [value for value in column.values if value]
    if not values:
        return None
    if max(values) < 10_000:
        guess = "billions; this is a guess, since its header does not say what they are counted in"
        table.remarks.append(f"Column {listed([table.header[place]])} is read as {guess}.")
        return 10**9
    return 1


def _counted(unit: int, usual: Notation) -> Callable[[str], int | None]:
    """Reads a number of parameters or tokens: `7.2`, `7.2B`, `128k`; 0 stands for no value."""

    def read(cell: str) -> int | None:
        match = _count.fullmatch(cell[:100])
        number = written_number(match[1] if match else cell, usual)
        if number is None or number < 0:
            return None
        letter = (match[2] or "").lower()[:1] if match else ""
        value = round(number * (_units[letter] if letter else unit))
        return value if value < 10**18 else None

    return read


@lru_cache(maxsize=1024)
def _type(cell: str) -> ModelType | None:
    words = " ".join(re.sub(r"[-_/]+", " ", cell.lower()).split())
    return next((kind for kind, signs in _TYPES if any(sign in words for sign in signs)), None)


def _boolean(cell: str) -> bool | None:
    word = cell.lower()
    return True if word in _yes else False if word in _no else None


def _text(cell: str) -> str | None:
    return plain(cell) or None


def _precision(cell: str) -> str | None:
    return _text(cell.removeprefix("torch."))


@lru_cache(maxsize=1024)
def _licence(cell: str) -> str | None:
    known = licence(cell)
    return known.name if known else plain(cell) or None


def _day(cell: str) -> str | None:
    return day(cell) or None


def _names(cell: str) -> tuple[str, ...] | None:
    parts = tuple(name for part in cell.split(",") if (name := plain(part)))
    return parts or None


_READERS: dict[str, Callable[[str], Any]] = {
    "licence": _licence,
    "type": _type,
    "architecture": _text,
    "organisation": _text,
    "base_models": _names,
    "date": _day,
    "precision": _precision,
    "revision": _text,
    "merged": _boolean,
    "mixture": _boolean,
    "flagged": _boolean,
    "official": _boolean,
}
