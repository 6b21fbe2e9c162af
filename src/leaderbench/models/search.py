"""Choosing models: the search language of boards, and filters of a type.

A search is any text:

- `;` means or: `llama; qwen`;
- what else stands side by side all has to hold: `qwen instruct @license:apache-2.0`;
- `@field:value` looks in one field: `@architecture:llama`, `@language:zh`, `@base:"Mistral 7B"`; other words look in
  the model's name;
- `"…"` is taken as it is, with spaces, `;` and `@`;
- what stands between slashes is a regular expression (see `patterns` for the subset): `/qwen.*-(1|7)b/`, `/^meta-/`;
  one that is none is taken as it is.

All other characters are themselves: `qwen2.5` does not find Qwen2-57B.

Case never matters, and a text that occurs in a name as it stands always finds it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from leaderbench.models.catalogue import ModelRecord
from leaderbench.models.facts import Commercial, Fact, ModelType
from leaderbench.models.languages import language
from leaderbench.models.licences import licence
from leaderbench.models.patterns import Pattern, PatternError, fold

T = TypeVar("T")

longest_search = 1000
"""Characters of a search that count."""

most_words = 50
"""Words of a search that count."""

most_known = 10_000
"""Values of a field for which a search remembers its answer."""

longest_text = 256
"""Characters of a name or value that are searched."""

SIZES: dict[str, tuple[float, float]] = {
    "≤ 3B": (0, 3e9),
    "3-7B": (3e9, 7e9),
    "7-65B": (7e9, 65e9),
    "65B+": (65e9, float("inf")),
}
"""Ranges of parameters by the names that visitors know; the upper end belongs to each, the lower end does not."""

FIELDS: dict[str, str] = {
    "model": "name",
    "name": "name",
    "organisation": "organisation",
    "organization": "organisation",
    "org": "organisation",
    "architecture": "architecture",
    "arch": "architecture",
    "precision": "precision",
    "licence": "licence",
    "license": "licence",
    "commercial": "commercial",
    "type": "type",
    "base": "base_models",
    "base_model": "base_models",
    "dataset": "datasets",
    "datasets": "datasets",
    "language": "languages",
    "languages": "languages",
    "lang": "languages",
    "revision": "revision",
    "date": "date",
}
"""The names of fields in a search, and the fields of a record that they mean."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a person is looking for; what is left empty does not narrow."""

    search: str = ""
    """In the search language."""

    types: frozenset[ModelType] = frozenset()
    precisions: frozenset[str] = frozenset()
    """Such as `bfloat16`, `4-bit`, `GPTQ`, `GPTQ 4-bit`."""

    sizes: tuple[tuple[float, float], ...] = ()
    """Ranges of all parameters (above the first, up to the second), of which one has to hold; see `SIZES`."""

    commercial: frozenset[Commercial] = frozenset()
    languages: frozenset[str] = frozenset()
    """Codes or English names, of which the model has to speak one."""

    hide_merges: bool = False
    hide_mixtures: bool = False
    """Hide mixtures of experts."""

    hide_flagged: bool = False
    """Hide models of which a leaderboard warns."""

    official: bool = False
    """Only models of official providers."""


@dataclass(frozen=True, slots=True)
class Word:
    """One condition of a search."""

    text: str
    """In lower case."""

    where: str = "name"
    """The field of a record that it looks in."""

    pattern: Pattern | None = None
    known: dict[object, bool] = field(default_factory=dict, compare=False)
    """Answers for values already seen; thousands of models share a few licences."""

    def holds(self, record: ModelRecord) -> bool:
        """Whether it is so of a model."""
        if self.where == "name":
            return self.occurs(name_of(record))
        if (fact := getattr(record, self.where)) is None:
            return False
        answer = self.known.get(fact.value)
        if answer is None:
            values = fact.value if isinstance(fact.value, tuple) else (fact.value,)
            same = _COMPARED.get(self.where, _is_part)
            answer = any(same(self.text, value) or self._is_pattern_of(value) for value in values)
            if len(self.known) < most_known:
                self.known[fact.value] = answer
        return answer

    def occurs(self, name: str) -> bool:
        """Whether it occurs in a name as `name_of` gives it."""
        if self.text in name:
            return True
        return self.pattern is not None and self.pattern.found_in(name)

    def _is_pattern_of(self, value: str) -> bool:
        found = self.pattern and (self.pattern.found_in(_folded(value)) or self.pattern.found_in(_spelt(value)))
        return bool(found)


@dataclass(frozen=True, slots=True)
class Search:
    """A search, read: one of its alternatives has to hold, with all words of it."""

    whole: str
    """All of it as it stands, in lower case."""

    alternatives: tuple[tuple[Word, ...], ...]

    def holds(self, record: ModelRecord) -> bool:
        """Whether a model is what it looks for."""
        if not self.alternatives or self.whole in name_of(record):
            return True
        return any(all(word.holds(record) for word in words) for words in self.alternatives)


def matches(record: ModelRecord, query: Query | str) -> bool:
    """Whether a model is what a person is looking for; a text alone is a search. Any text is a search, none an error.

    A filter on what is not known of a model hides it, but for `Commercial.UNKNOWN`; `hide_merges`, `hide_mixtures` and
    `hide_flagged` hide only what is known to be one.
    """
    if isinstance(query, str):
        return read(query).holds(record)
    return (
        read(query.search).holds(record)
        and _among(record.type, query.types)
        and (not query.commercial or commercial_of(record) in query.commercial)
        and _has_size(record, query.sizes)
        and (not query.precisions or _is_kept(record, query.precisions))
        and (not query.languages or _speaks(record, query.languages))
        and not (query.hide_merges and is_merge(record))
        and not (query.hide_mixtures and is_mixture(record))
        and not (query.hide_flagged and record.flagged is not None and record.flagged.value)
        and (not query.official or (record.official is not None and record.official.value))
    )


def choose(records: Iterable[ModelRecord], query: Query | str) -> list[ModelRecord]:
    """The models that a person is looking for, in the order given."""
    return [record for record in records if matches(record, query)]


def highlights(text: str, search: str) -> tuple[tuple[int, int], ...]:
    """The places in a model's name that a search finds, as (begin, end), in order and apart from each other."""
    text = fold(text[:longest_text])
    found = read(search)
    marked = [False] * len(text)
    for words in found.alternatives:
        for word in words:
            if word.where == "name":
                for begin, end in _places(text, word):
                    marked[begin:end] = [True] * (end - begin)
    return tuple(_stretches(marked))


def unreadable(search: str) -> tuple[str, ...]:
    """What stands between slashes in a search and is no pattern: it is taken as it stands."""
    pieces = _pieces(search[:longest_search])
    return tuple(text for _, text, is_pattern in pieces if is_pattern and _is_no_pattern(text))


def _is_no_pattern(text: str) -> bool:
    try:
        Pattern(text)
    except PatternError:
        return True
    return False


def commercial_of(record: ModelRecord) -> Commercial:
    """Whether a model's licence allows commercial use; a licence that nobody names leaves it unknown."""
    return record.commercial.value if record.commercial else Commercial.UNKNOWN


def is_merge(record: ModelRecord) -> bool:
    """Whether a model is a merge, as far as is known: a guess from its name does not count where a table says."""
    told, kind = record.merged, record.type
    if told is not None and (told.value or kind is None or kind.guessed):
        return told.value
    return kind is not None and kind.value is ModelType.MERGE


def is_mixture(record: ModelRecord) -> bool:
    """Whether a model is a mixture of experts, as far as is known."""
    guessed = all(fact is None or fact.guessed for fact in (record.experts, record.active_parameters))
    if record.mixture is not None and guessed:
        return record.mixture.value
    several = record.experts is not None and record.experts.value > 1
    return several or record.active_parameters is not None


def quoted(text: str) -> str:
    """A search that finds names with exactly this text in them, whatever characters it has."""
    return f'"{text}"' if '"' not in text else text


def _places(text: str, word: Word) -> Iterator[tuple[int, int]]:
    place = text.find(word.text)
    while place >= 0:
        yield place, place + len(word.text)
        place = text.find(word.text, place + len(word.text))
    if word.pattern is not None:
        yield from word.pattern.places(text)


def _stretches(marked: list[bool]) -> Iterator[tuple[int, int]]:
    begin = None
    for place, mark in enumerate([*marked, False]):
        if mark and begin is None:
            begin = place
        elif not mark and begin is not None:
            yield begin, place
            begin = None


def read(search: str) -> Search:
    """A search, read once; of a long one its beginning."""
    return _read(search[:longest_search])


@lru_cache(maxsize=256)
def _read(search: str) -> Search:
    alternatives: list[tuple[Word, ...]] = []
    words: list[Word] = []
    for name, text, is_pattern in _pieces(search):
        if name == ";":
            alternatives.append(tuple(words))
            words = []
        elif text and sum(map(len, alternatives)) + len(words) < most_words:
            spelt = fold(text) if name == "name" else _spelt(text)
            words.append(Word(spelt, name, _pattern(text) if is_pattern else None))
    alternatives.append(tuple(words))
    found = tuple(item for item in alternatives if item)
    return Search(fold(search.strip()), found)


def _pieces(search: str) -> Iterator[tuple[str, str, bool]]:
    """Field (or `;`), text, and whether it is a regular expression, one word after the other."""
    place = 0
    while place < len(search):
        character = search[place]
        if character == ";":
            yield ";", "", False
            place += 1
        elif character.isspace():
            place += 1
        else:
            name = "name"
            if character == "@":
                key, colon, _ = search[place + 1 : place + 40].partition(":")
                if colon and (known := FIELDS.get(key.strip().lower())):
                    name = known
                    place += len(key) + 2
                    while search[place : place + 1].isspace():
                        place += 1
            text, place, is_pattern = _text(search, place)
            yield name, text, is_pattern


def _text(search: str, place: int) -> tuple[str, int, bool]:
    """The word that begins at a place, where the search goes on, and whether it stood between slashes."""
    if search[place : place + 1] == '"' and (end := search.find('"', place + 1)) > 0:
        return search[place + 1 : end], end + 1, False
    if found := _between_slashes.match(search, place):
        return found[1], found.end(), True
    end = place
    while end < len(search) and search[end] != ";" and not search[end].isspace():
        end += 1
    return search[place:end], end, False


_between_slashes = re.compile(r"/(.+?)/(?=[\s;]|$)")


def _pattern(text: str) -> Pattern | None:
    """The regular expression that a text is; None for what is none."""
    try:
        return Pattern(text)
    except PatternError:
        return None


_folded = lru_cache(maxsize=50_000)(fold)


def name_of(record: ModelRecord) -> str:
    """A model's name as a search sees it: in lower case, and no longer than is searched."""
    return _folded(record.name[:longest_text])


@lru_cache(maxsize=50_000)
def _spelt(value: str) -> str:
    """A value in lower case; underscores and hyphens are the same."""
    return fold(str(value)[:longest_text]).replace("_", "-")


def _is_part(text: str, value: str) -> bool:
    return text in _spelt(value)


@lru_cache(maxsize=4096)
def _is_licence(text: str, value: str) -> bool:
    """`apache`, `apache-2.0` and `Apache-2.0` are Apache-2.0; `mit` is not Modified-MIT."""
    known = licence(text)
    names = _spelt(value).split(" and ")
    return any(name.startswith(text) or (known is not None and _spelt(known.name) == name) for name in names)


@lru_cache(maxsize=4096)
def _is_language(text: str, value: str) -> bool:
    return value in (text, language(text))


@lru_cache(maxsize=4096)
def _is_precision(text: str, value: str) -> bool:
    """`4-bit` and `gptq` are both `GPTQ 4-bit`; `float16` is not `bfloat16`."""
    whole = _spelt(value)
    return text == whole or text in whole.split()


_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "licence": _is_licence,
    "languages": _is_language,
    "precision": _is_precision,
}
"""Fields whose values have names of their own rather than parts."""


def _among(fact: Fact[T] | None, chosen: frozenset[T]) -> bool:
    return not chosen or (fact is not None and fact.value in chosen)


def _has_size(record: ModelRecord, ranges: tuple[tuple[float, float], ...]) -> bool:
    if not ranges:
        return True
    return record.parameters is not None and any(low < record.parameters.value <= high for low, high in ranges)


def _is_kept(record: ModelRecord, precisions: frozenset[str]) -> bool:
    kept = record.precision
    return kept is not None and any(_is_precision(_spelt(wanted), kept.value) for wanted in precisions)


def _speaks(record: ModelRecord, languages: frozenset[str]) -> bool:
    spoken = record.languages
    return spoken is not None and any(_is_language(fold(wanted), code) for wanted in languages for code in spoken.value)
