"""Sentences that can be said in another language later: English text that still knows how it was made.

A `Sentence` is a `str`: the terminal, a JSON file and an error read it as plain English. A site that speaks another
language takes its `template` for the key of a translation and puts the `values` in, numbers in that language's way.
"""

from collections.abc import Callable, Mapping
from typing import Any


class Sentence(str):
    """A sentence in English, made of a template with `{names}` and what stands in their places.

    Values may be sentences themselves. A sentence that lost its parts, since somebody cut or joined it, is a plain
    `str` again.
    """

    template: str
    """What was said, with `{names}`; the key of its translation."""

    plural: str
    """The template for any number of things but one; empty where nothing is counted."""

    values: Mapping[str, Any]
    """What stands in the places; `n` is the number that chooses the plural."""

    def __new__(cls, template: str, /, **values: Any) -> "Sentence":
        """`Sentence("{path} is damaged.", path=path)`; without values the template is taken as it stands."""
        return cls._made(template, "", values)

    @classmethod
    def _made(cls, template: str, plural: str, values: Mapping[str, Any]) -> "Sentence":
        chosen = plural if plural and values["n"] != 1 else template
        places = {name: plain(value) for name, value in values.items()}
        made = super().__new__(cls, chosen.format(**places) if values else chosen)
        made.template, made.plural, made.values = template, plural, values
        return made

    def mapped(self, change: Callable[[str], str]) -> "Sentence":
        """The same sentence with every text in its places changed, for example without the names of folders."""

        def changed(value: Any) -> Any:
            if isinstance(value, Sentence):
                return value.mapped(change)
            return change(value) if isinstance(value, str) else value

        return self._made(self.template, self.plural, {name: changed(value) for name, value in self.values.items()})


def counted(one: str, many: str, /, n: int, **values: Any) -> Sentence:
    """`counted("{n} model", "{n} models", n=3)`: the first for one thing, the second for any other number."""
    return Sentence._made(one, many, {"n": n, **values})


def plain(value: Any) -> str:
    """How English writes a value in a sentence: whole numbers in groups of three digits."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
