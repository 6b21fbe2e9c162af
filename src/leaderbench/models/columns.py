"""Models to choose among again and again: each condition is looked at once for all of them, and remembered.

```python
models = Columns(records)
models.chosen(Query("qwen; llama", hide_merges=True))  # true or false for each record
```
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from leaderbench.models.catalogue import ModelRecord
from leaderbench.models.search import Query, Word, matches, name_of, read

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

        self._remembered: OrderedDict[Hashable, Booleans] = OrderedDict()

    def chosen(self, query: Query | str) -> Booleans:
        """For each model what `search.matches` says of it, shape (models,)."""
        if isinstance(query, str):
            query = Query(query)
        found = self._searched(query.search)
        for name in _several:
            if wanted := getattr(query, name):
                found = found & self._any(Query(**{name: frozenset({value})}) for value in wanted)
        if query.sizes:
            found = found & self._any(Query(sizes=(size,)) for size in query.sizes)
        for name in ("hide_merges", "hide_mixtures"):
            if getattr(query, name):
                found = found & self._any([Query(**{name: True})])
        return found

    def _any(self, queries: Iterable[Query]) -> Booleans:
        """Where one of these holds."""
        found = np.zeros(len(self.records), dtype=bool)
        for query in queries:
            found |= self._remember(query, lambda query=query: [matches(record, query) for record in self.records])
        return found

    def _searched(self, search: str) -> Booleans:
        """Where the words of a search hold."""
        known = read(search)
        if not known.alternatives:
            return np.ones(len(self.records), dtype=bool)
        found = self._remember(("whole", known.whole), lambda: [known.whole in name for name in self.names])
        for words in known.alternatives:
            if (
                len(words) == 1
                and words[0].where == "name"
                and words[0].pattern is None
                and words[0].text == known.whole
            ):
                continue  # what stands in a name as it is was looked for already
            found = found | np.logical_and.reduce([self._word(word) for word in words])
        return found

    def _word(self, word: Word) -> Booleans:
        key = word.where, word.text, word.pattern.text if word.pattern else None
        if word.where == "name":
            return self._remember(key, lambda: [word.occurs(name) for name in self.names])
        return self._remember(key, lambda: [word.holds(record) for record in self.records])

    def _remember(self, key: Hashable, look: Callable[[], list[bool]]) -> Booleans:
        found = self._remembered.get(key)
        if found is None:
            found = self._remembered[key] = np.array(look(), dtype=bool)
            while len(self._remembered) > most_remembered:
                self._remembered.popitem(last=False)
        return found
