"""Models to choose among again and again: each condition is looked at once for all of them, and remembered.

```python
models = Columns(records)
models.chosen(Query("qwen; llama", hide_merges=True))  # true or false for each record
```
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderbench.models.catalogue import ModelRecord
from leaderbench.models.patterns import sound
from leaderbench.models.search import SIZES, Query, Word, commercial_of, matches, name_of, read

Booleans = NDArray[np.bool_]

most_remembered = 500
"""Conditions whose answer is remembered, a byte a model each."""

_several = ("types", "precisions", "commercial", "languages")
"""What a query has sets of, of which one has to hold."""


class Columns:
    """Models in an order. Several threads may choose among them."""

    def __init__(self, records: Sequence[ModelRecord]) -> None:
        """Keep these models."""
        self.records = tuple(records)
        self.names = tuple(map(name_of, self.records))
        """As a search sees them."""

        self._together = "\n".join(self.names)
        self._begins = np.cumsum([0, *(len(name) + 1 for name in self.names[:-1])])
        """Where in `_together` each name begins."""

        encoded = [sound(name).encode() for name in self.names]
        self._encoded = b"\n".join(encoded)
        self._bytes_begin = np.cumsum([0, *(len(name) + 1 for name in encoded[:-1])])

        self._remembered: OrderedDict[Hashable, Booleans] = OrderedDict()

    def chosen(self, query: Query | str) -> Booleans:
        """For each model what `search.matches` says of it, shape (models,)."""
        if isinstance(query, str):
            query = Query(query)
        found = self._searched(query.search)
        for name in _several:
            if wanted := getattr(query, name):
                found = found & self._any({name: frozenset({value})} for value in wanted)
        if query.sizes:
            found = found & self._any({"sizes": (size,)} for size in query.sizes)
        for name in ("hide_merges", "hide_mixtures", "hide_flagged", "official"):
            if getattr(query, name):
                found = found & self._any([{name: True}])
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """How many models there are of each type, commercial use, precision and language, and in each of `SIZES`; of
        languages and precisions the most frequent first, as what a reader may choose among. `guessed` says of how many
        models the size, the type and the precision are guesses from their names; `flagged` and `official` of how many a
        leaderboard says whether they are, and of how many that they are.
        """
        found: dict[str, dict[str, int]] = {
            "size": {n: int(self._any([{"sizes": (r,)}]).sum()) for n, r in SIZES.items()}
        }
        found["commercial"] = dict(Counter(str(commercial_of(record)) for record in self.records).most_common())
        for name in ("type", "precision", "languages"):
            facts = (getattr(record, name) for record in self.records)
            values = (
                fact.value if isinstance(fact.value, tuple) else (fact.value,) for fact in facts if fact is not None
            )
            found[name] = dict(Counter(str(item) for several in values for item in several).most_common())
        guesses = {"size": "parameters", "type": "type", "precision": "precision"}
        found["guessed"] = {
            name: sum(fact is not None and fact.guessed for fact in (getattr(item, field) for item in self.records))
            for name, field in guesses.items()
        }
        for name in ("flagged", "official"):
            told = [fact for fact in (getattr(record, name) for record in self.records) if fact is not None]
            found[name] = {"known": len(told), "true": sum(fact.value for fact in told)}
        return found

    def _any(self, conditions: Iterable[dict[str, Any]]) -> Booleans:
        """Where one of these, each a query of one thing, holds."""
        found = np.zeros(len(self.records), dtype=bool)
        for condition in conditions:
            found |= self._remember(query := Query(**condition), partial(self._matching, query))
        return found

    def _matching(self, query: Query) -> list[bool]:
        return [matches(record, query) for record in self.records]

    def _searched(self, search: str) -> Booleans:
        """Where the words of a search hold."""
        known = read(search)
        if not known.alternatives:
            return np.ones(len(self.records), dtype=bool)
        found = self._remember(("whole", known.whole), partial(self._having, known.whole))
        for together in known.alternatives:
            if [(word.where, word.text) for word in together] == [("name", known.whole)] and not together[0].pattern:
                continue  # what stands in a name as it is was looked for already
            found = found | np.logical_and.reduce([self._word(word) for word in together])
        return found

    def _word(self, word: Word) -> Booleans:
        key = word.where, word.text, word.pattern.text if word.pattern else None
        return self._remember(key, partial(self._in_names if word.where == "name" else self._in_facts, word))

    def _in_facts(self, word: Word) -> list[bool]:
        return [word.holds(record) for record in self.records]

    def _in_names(self, word: Word) -> Booleans:
        found = self._having(word.text)
        if word.pattern is not None and self.names:
            found = found | self._at(self._bytes_begin, word.pattern.lines(self._encoded))
        return found

    def _having(self, text: str) -> Booleans:
        """Which names have this text in them."""
        place = self._together.find(text)
        if place >= 0 and (self._together.count(text) > len(self.names) // 4 or "\n" in text):
            return np.array([text in name for name in self.names], dtype=bool)
        places = []
        while place >= 0:
            places.append(place)
            place = self._together.find(text, place + len(text))
        return self._at(self._begins, places)

    def _at(self, begins: NDArray[np.int64], places: list[int]) -> Booleans:
        """Which names stand at these places of a text in which each begins where `begins` says."""
        found = np.zeros(len(self.names), dtype=bool)
        found[np.searchsorted(begins, places, side="right") - 1] = True
        return found

    def _remember(self, key: Hashable, look: Callable[[], list[bool] | Booleans]) -> Booleans:
        found = self._remembered.get(key)
        if found is None:
            found = self._remembered[key] = np.asarray(look(), dtype=bool)
            while len(self._remembered) > most_remembered:
                self._remembered.popitem(last=False)
        return found
