"""Regular expressions from strangers: searched in time proportional to the text, whatever is asked.

Python's own `re` tries alternatives one after the other, and a pattern such as `(a+)+b` makes it try for ever. RE2
follows all of them at once (R. Cox, Regular expression matching in the wild, 2010); it knows no references back and no
looking around.
"""

from collections.abc import Iterator
from functools import cached_property

import re2

longest_pattern = 200
"""Characters of a pattern."""

most_memory = 1 << 20
"""Bytes of a compiled pattern; repetitions are written out."""


class PatternError(ValueError):
    """The text is no pattern, or too long or large a one."""


def fold(text: str) -> str:
    """A text in lower case, character by character, so that places in it stay what they were."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)


class Pattern:
    """A compiled pattern; case never matters. Several threads may search with one."""

    def __init__(self, text: str) -> None:
        """Compile a pattern. Raises `PatternError` where it is none, or too long or large."""
        if len(text) > longest_pattern:
            raise PatternError(f"longer than {longest_pattern} characters")
        self.text = text
        self._anywhere = _compiled(text)

    @cached_property
    def _lines(self) -> "re2._Regexp":
        return _compiled(f"(?m)^[^\\n]*?(?:{self.text})[^\\n]*$")

    def found_in(self, text: str) -> bool:
        """Whether it occurs anywhere in a text."""
        return self._anywhere.search(sound(text)) is not None

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it occurs in a text, as (begin, end), one behind the other."""
        return (match.span() for match in self._anywhere.finditer(sound(text)))

    def lines(self, text: bytes) -> list[int]:
        """Where the lines begin in which it occurs, in bytes of a text in UTF-8."""
        return [match.start() for match in self._lines.finditer(text)]


def sound(text: str) -> str:
    """The text on one line, as UTF-8 can hold it; of the same length."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\n", " ")


def _compiled(text: str) -> "re2._Regexp":
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = most_memory
    options.never_nl = True  # so that many texts, a line each, can be searched at once
    try:
        return re2.compile(sound(text), options)
    except re2.error as error:
        raise PatternError(str(error)) from error
