"""Records beside the runs, so that models that are no longer on the disk keep their facts; and what the host declares.

```
<store>/models/<name>-<digest>.json   one record a model, as its files, its card and its name had it
<store>/models/published/…            what imported tables say (`results.imports.facts`)
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

Records are stored without what tables and the host say, which is merged in when they are read: a line changed there
counts at once.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.files.parsing import toml_of
from leaderbench.files.regular import UnusableError, read_bytes
from leaderbench.models.cards import iso_date
from leaderbench.models.catalogue import FIELDS, ModelRecord, merge, of_run
from leaderbench.models.fact_values import checked, fact_from_json, fact_to_json
from leaderbench.models.facts import Fact, Source
from leaderbench.models.languages import language
from leaderbench.models.licences import licence
from leaderbench.records import Json
from leaderbench.results.files import make_folder, replace_durably, said_plainly
from leaderbench.results.imports import facts
from leaderbench.results.log import folder_name
from leaderbench.results.sealed import seal, unsealed

format_version = 1
"""Grows when a record's file changes in a way that older programs would misread."""

longest_file = 1_000_000
"""Bytes of one stored record that are read; a real one has about 2,000."""

longest_declarations = 4 << 20
"""Bytes of a `models.toml` that are read: 20,000 models of ten lines."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All records of a store."""

    records: Mapping[str, ModelRecord]
    """By the name of the model."""

    problems: tuple[str, ...] = ()
    """Files that could not be read, each in one sentence; the others still count."""

    declared: Mapping[str, Mapping[str, Fact[Any]]] | None = None
    """What the host declares, by the name of the model."""

    published: Mapping[str, Mapping[str, Fact[Any]]] = field(default_factory=dict)
    """What imported tables say, by the name of the model."""

    def record(self, name: str, seen: Mapping[str, Any] | None = None) -> ModelRecord:
        """The record of a model; of one that has none, what a run saw (`seen`, the `model` of its manifest) or else
        what its name says.
        """
        if name in self.records:
            return self.records[name]
        return self.completed(of_run(dict(seen or {}) | {"name": name}))

    def completed(self, record: ModelRecord) -> ModelRecord:
        """A record of files or names, with what tables and the host say of the model."""
        told = merge(record, self.published.get(record.name, {}))
        return merge(told, (self.declared or {}).get(record.name, {}))


def file_of(store: Path, name: str) -> Path:
    """Where the record of a model of this name stands."""
    return store / "models" / f"{folder_name(name, hashlib.sha256(_bytes(name)).hexdigest())}.json"


def save(store: Path, record: ModelRecord) -> Path:
    """Store a record, whole or not at all, in the place of an older one. Raises `LeaderbenchError`."""
    path = file_of(store, record.name)
    make_folder(path.parent)
    with said_plainly(path):
        replace_durably(path, seal(json.dumps(to_json(record), ensure_ascii=True, indent=1).removeprefix("{").encode()))
    return path


def load(store: Path, names: Iterable[str] | None = None) -> Catalogue:
    """The stored records (of these models, or all), with what tables say and the host declares merged in.

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
        published, damaged = facts.stored_facts(store)
    problems += damaged
    catalogue = Catalogue(records, declared=said, published=published)
    for path in paths:
        if path.name.startswith("."):
            continue
        try:
            record = read(path)
        except LeaderbenchError as error:
            problems.append(str(error))
            continue
        if record is not None:
            records[record.name] = catalogue.completed(record)
    return replace(catalogue, problems=tuple(problems))


def read(path: Path) -> ModelRecord | None:
    """The record in one file; None where there is no file. Raises `LeaderbenchError` where that is no whole record."""
    try:
        return from_json(unsealed(read_bytes(path, longest_file)))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LeaderbenchError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    except (ValueError, LookupError, TypeError, RecursionError, AttributeError) as error:
        raise LeaderbenchError(f"{path} is damaged: remove it, and describe the model again.") from error


def to_json(record: ModelRecord) -> dict[str, Json]:
    """A record as JSON values."""
    facts: dict[str, Json] = {
        name: fact_to_json(fact) for name in FIELDS if (fact := getattr(record, name)) is not None
    }
    return {"format": format_version, "name": record.name, "facts": facts, "problems": list(record.problems)}


def from_json(content: Mapping[str, Any]) -> ModelRecord:
    """The record that `to_json` gave. Raises `LookupError`, `TypeError` or `ValueError` for anything else."""
    if int(content["format"]) > format_version or not isinstance(content["name"], str):
        raise ValueError("format")
    facts = {name: fact_from_json(name, item) for name, item in content["facts"].items() if name in FIELDS}
    return ModelRecord(content["name"], **facts, problems=tuple(str(item) for item in content["problems"]))


def declarations(path: Path) -> dict[str, dict[str, Fact[Any]]]:
    """What the host of the board declares in a `models.toml`: facts by model; empty where there is no file.

    Raises:
        LeaderbenchError: the file is no TOML, names an unknown fact, or a value is of the wrong kind.
    """
    try:
        content = toml_of(read_bytes(path, longest_declarations))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LeaderbenchError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    except UnusableError as error:
        raise LeaderbenchError(f"{path} cannot be read: {error}.") from error
    found: dict[str, dict[str, Fact[Any]]] = {}
    for model, table in content.items():
        if not isinstance(table, dict):
            raise LeaderbenchError(f'{path}: {model} stands outside a table; begin one with ["the model\'s name"].')
        own: dict[str, Fact[Any]] = {}
        for key, value in table.items():
            for name, fact in _declared(path, model, key, value):
                own.setdefault(name, fact) if name != key else own.update({name: fact})
        found[model] = own
    return found


def _declared(path: Path, model: str, key: str, value: object) -> list[tuple[str, Fact[Any]]]:
    """The facts that follow from one line: a known licence also says whether it allows commercial use."""
    if key not in FIELDS:
        raise LeaderbenchError(f"{path}: {model} has no {key!r}; a record has {', '.join(FIELDS)}.")
    if key == "date" and isinstance(value, date):
        value = value.isoformat()[:10]
    try:
        value = _NORMALISED.get(key, _same)(checked(key, value))
    except ValueError as error:
        raise LeaderbenchError(f"{path}: {key} of {model} has to be {error}.") from error
    declared = [(key, Fact(value, Source.DECLARED))]
    if key == "licence" and (known := licence(str(value))):
        declared.append(("commercial", Fact(known.commercial, Source.DECLARED, known.reason)))
    return declared


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
