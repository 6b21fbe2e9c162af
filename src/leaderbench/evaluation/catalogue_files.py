"""Records beside the runs, so that models that are no longer on the disk keep their facts; and what the host declares.

```
<store>/models/<name>-<digest>.json   one record a model, as its files, its card and its name had it
<store>/models.toml                   what the board's host declares
```

A file of declarations has one table a model, each with any of the facts of a record:

```toml
["Qwen/Qwen3-0.6B"]
licence = "apache-2.0"
type = "chat"
languages = ["en", "zh"]
date = 2025-04-27
```

Records are stored without declarations, which are merged in when they are read: a line changed there counts at once.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.models.cards import iso_date, plain
from leaderbench.models.catalogue import FIELDS, ModelRecord, merge, of_run
from leaderbench.models.facts import Commercial, Fact, ModelType, Source
from leaderbench.models.languages import language
from leaderbench.models.licences import licence
from leaderbench.records import Json
from leaderbench.results.files import make_folder, replace_durably, said_plainly
from leaderbench.results.log import folder_name

format_version = 1
"""Grows when a record's file changes in a way that older programs would misread."""

longest_file = 1_000_000
"""Bytes of one stored record that are read; a real one has about 2,000."""

_COUNTS = {"parameters", "active_parameters", "experts", "context", "vocabulary"}
_LISTS = {"base_models", "datasets", "languages"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All records of a store."""

    records: Mapping[str, ModelRecord]
    """By the name of the model."""

    problems: tuple[str, ...] = ()
    """Files that could not be read, each in one sentence; the others still count."""

    declared: Mapping[str, Mapping[str, Fact[Any]]] | None = None
    """What the host declares, by the name of the model."""

    def record(self, name: str, seen: Mapping[str, Any] | None = None) -> ModelRecord:
        """The record of a model; of one that has none, what a run saw (`seen`, the `model` of its manifest) or else
        what its name says.
        """
        if name in self.records:
            return self.records[name]
        return merge(of_run(dict(seen or {}) | {"name": name}), (self.declared or {}).get(name, {}))


def file_of(store: Path, name: str) -> Path:
    """Where the record of a model of this name stands."""
    return store / "models" / f"{folder_name(name, hashlib.sha256(_bytes(name)).hexdigest())}.json"


def save(store: Path, record: ModelRecord) -> Path:
    """Store a record, whole or not at all, in the place of an older one. Raises `LeaderbenchError`."""
    path = file_of(store, record.name)
    make_folder(path.parent)
    with said_plainly(path):
        replace_durably(path, json.dumps(to_json(record), ensure_ascii=True, indent=1).encode() + b"\n")
    return path


def load(store: Path, names: Iterable[str] | None = None) -> Catalogue:
    """The stored records (of these models, or all), with what the host declares merged in.

    What is wrong with a record or with `models.toml` stands in `problems`. Raises `LeaderbenchError` where the folder
    may not be read.
    """
    folder = store / "models"
    records: dict[str, ModelRecord] = {}
    problems: list[str] = []
    said: Mapping[str, Mapping[str, Fact[Any]]] = {}
    try:
        said = declarations(store / "models.toml")
    except LeaderbenchError as error:
        problems.append(str(error))
    if folder.exists() and not folder.is_dir():
        problems.append(f"{folder} is a file where a folder is needed: remove it.")
    with said_plainly(folder):
        paths = sorted(folder.glob("*.json")) if names is None else [file_of(store, name) for name in names]
    for path in paths:
        if path.name.startswith("."):
            continue
        try:
            record = read(path)
        except LeaderbenchError as error:
            problems.append(str(error))
            continue
        if record is not None:
            records[record.name] = merge(record, said.get(record.name, {}))
    return Catalogue(records, tuple(problems), said)


def read(path: Path) -> ModelRecord | None:
    """The record in one file; None where there is no file. Raises `LeaderbenchError` where that is no whole record."""
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > longest_file:
            raise ValueError
        return from_json(json.loads(path.read_bytes()))
    except OSError as error:
        raise LeaderbenchError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    except (ValueError, LookupError, TypeError, RecursionError, AttributeError) as error:
        raise LeaderbenchError(f"{path} is damaged: remove it, and describe the model again.") from error


def to_json(record: ModelRecord) -> dict[str, Json]:
    """A record as JSON values."""
    facts: dict[str, Json] = {
        name: _fact_to_json(fact) for name in FIELDS if (fact := getattr(record, name)) is not None
    }
    return {"format": format_version, "name": record.name, "facts": facts, "problems": list(record.problems)}


def from_json(content: Mapping[str, Any]) -> ModelRecord:
    """The record that `to_json` gave. Raises `LookupError`, `TypeError` or `ValueError` for anything else."""
    if int(content["format"]) > format_version or not isinstance(content["name"], str):
        raise ValueError("format")
    facts = {name: _fact_from_json(name, item) for name, item in content["facts"].items() if name in FIELDS}
    return ModelRecord(content["name"], **facts, problems=tuple(str(item) for item in content["problems"]))


def _fact_to_json(fact: Fact[Any]) -> Json:
    value = list(fact.value) if isinstance(fact.value, tuple) else fact.value
    content: dict[str, Json] = {"value": value, "source": fact.source.value}
    if fact.evidence:
        content["evidence"] = fact.evidence
    if fact.others:
        content["others"] = [_fact_to_json(other) for other in fact.others]
    return content


def _fact_from_json(name: str, content: Mapping[str, Any]) -> Fact[Any]:
    others = tuple(_fact_from_json(name, {**item, "others": []}) for item in content.get("others", []))
    return Fact(_checked(name, content["value"]), Source(content["source"]), str(content.get("evidence", "")), others)


def _checked(name: str, value: object) -> Any:
    """A value of the kind that this fact has. Raises `ValueError` for any other."""
    if name in _COUNTS:
        if type(value) is not int or not 0 < value < 10**18:
            raise ValueError("a whole number above 0")
        return value
    if name in _LISTS:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise ValueError("a list of texts")
        return tuple(plain(item) for item in items)
    if kinds := {"type": ModelType, "commercial": Commercial}.get(name):
        return _one_of(kinds, value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return plain(value)


def _one_of(kinds: type[StrEnum], value: object) -> StrEnum:
    if not isinstance(value, str) or value not in list(kinds):
        raise ValueError("one of " + ", ".join(f'"{kind}"' for kind in kinds))
    return kinds(value)


def declarations(path: Path) -> dict[str, dict[str, Fact[Any]]]:
    """What the host of the board declares in a `models.toml`: facts by model; empty where there is no file.

    Raises:
        LeaderbenchError: the file is no TOML, names an unknown fact, or a value is of the wrong kind.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LeaderbenchError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise LeaderbenchError(f"{path} is not valid TOML: {' '.join(str(error).split())}.") from error
    found: dict[str, dict[str, Fact[Any]]] = {}
    for model, table in content.items():
        if not isinstance(table, dict):
            raise LeaderbenchError(f'{path}: {model} stands outside a table; begin one with ["the model\'s name"].')
        facts: dict[str, Fact[Any]] = {}
        for key, value in table.items():
            for name, fact in _declared(path, model, key, value):
                facts.setdefault(name, fact) if name != key else facts.update({name: fact})
        found[model] = facts
    return found


def _declared(path: Path, model: str, key: str, value: object) -> list[tuple[str, Fact[Any]]]:
    """The facts that follow from one line: a known licence also says whether it allows commercial use."""
    if key not in FIELDS:
        raise LeaderbenchError(f"{path}: {model} has no {key!r}; a record has {', '.join(FIELDS)}.")
    if key == "date" and isinstance(value, date):
        value = value.isoformat()[:10]
    try:
        checked = _NORMALISED.get(key, _same)(_checked(key, value))
    except ValueError as error:
        raise LeaderbenchError(f"{path}: {key} of {model} has to be {error}.") from error
    facts = [(key, Fact(checked, Source.DECLARED))]
    if key == "licence" and (known := licence(checked)):
        facts.append(("commercial", Fact(known.commercial, Source.DECLARED, known.reason)))
    return facts


def _same(value: Any) -> Any:
    return value


def _date(value: str) -> str:
    if not iso_date(value):
        raise ValueError('a day, month or year such as "2025-04-27"')
    return iso_date(value)


def _languages(values: tuple[str, ...]) -> tuple[str, ...]:
    codes = tuple(code for value in values if (code := language(value)))
    if len(codes) < len(values):
        raise ValueError('codes of languages such as "en"')
    return codes


def _licence(value: str) -> str:
    known = licence(value)
    return known.name if known else value


_NORMALISED: dict[str, Callable[[Any], Any]] = {"date": _date, "languages": _languages, "licence": _licence}


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", errors="surrogatepass")
