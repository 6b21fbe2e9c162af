"""The facts of a record as JSON values, and what may stand in each."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from leaderbench.models.cards import plain
from leaderbench.models.facts import Commercial, Fact, ModelType, Source
from leaderbench.records import Json

_COUNTS = {"parameters", "active_parameters", "experts", "context", "vocabulary"}
_LISTS = {"base_models", "datasets", "languages"}
_FLAGS = {"merged", "mixture", "flagged", "official"}


def fact_to_json(fact: Fact[Any]) -> Json:
    """A fact as a JSON value."""
    value = list(fact.value) if isinstance(fact.value, tuple) else fact.value
    content: dict[str, Json] = {"value": value, "source": fact.source.value}
    if fact.evidence:
        content["evidence"] = fact.evidence
    if fact.others:
        content["others"] = [fact_to_json(other) for other in fact.others]
    return content


def fact_from_json(name: str, content: Mapping[str, Any]) -> Fact[Any]:
    """The fact of this name that `fact_to_json` gave. Raises `LookupError`, `TypeError` or `ValueError`."""
    others = tuple(fact_from_json(name, {**item, "others": []}) for item in content.get("others", []))
    return Fact(checked(name, content["value"]), Source(content["source"]), str(content.get("evidence", "")), others)


def checked(name: str, value: object) -> Any:
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
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return value
    if kinds := {"type": ModelType, "commercial": Commercial}.get(name):
        return _one_of(kinds, value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return plain(value)


def _one_of(kinds: type[StrEnum], value: object) -> StrEnum:
    if not isinstance(value, str) or value not in list(kinds):
        raise ValueError("one of " + ", ".join(f'"{kind}"' for kind in kinds))
    return kinds(value)
