"""Sentences put together so that each can still be said in another language."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import reduce
from typing import Any, TypeVar, cast

from leaderbench.explain.report.chart_basics import Labels
from leaderbench.sentences import Sentence

Item = TypeVar("Item")


_followed: dict[str, Callable[[str, str], str]] = {
    " ": lambda one, other: Sentence("{sentence} {next}", sentence=one, next=other),
    ", ": lambda one, other: Sentence("{list}, {next}", list=one, next=other),
    "; ": lambda one, other: Sentence("{one}; {other}", one=one, other=other),
    ": ": lambda one, other: Sentence("{what}: {detail}", what=one, detail=other),
}
"""What languages write in their own way between two sentences, two of a list, two clauses, and after a title."""


def joined(between: str, parts: Iterable[str]) -> str:
    """The parts in a row; what is a sentence among them stays one. `between` holds no braces."""
    found = [part for part in parts if part]
    if between in _followed:
        return reduce(_followed[between], found) if found else ""
    named = {f"part{place}": part for place, part in enumerate(found)}
    return Sentence(between.join(f"{{{name}}}" for name in named), **named) if named else ""


def spoken(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return parts[0] if parts else ""
    return Sentence("{first} and {last}", first=joined(", ", parts[:-1]), last=parts[-1])


def told(value: Item, translated: Callable[[str], str]) -> Item:
    """The same value with every sentence in it translated: a report, a chart, or plain lists and dictionaries."""
    return cast(Item, _told(value, translated))


def _told(value: Any, translated: Callable[[str], str]) -> Any:
    if isinstance(value, Sentence):
        return translated(value)
    if isinstance(value, Labels):
        return value.told(translated)
    if isinstance(value, dict):
        return {name: _told(item, translated) for name, item in value.items()}
    if isinstance(value, list):
        return [_told(item, translated) for item in value]
    if isinstance(value, tuple):
        return tuple(_told(item, translated) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{item.name: _told(getattr(value, item.name), translated) for item in fields(value)})
    return value
