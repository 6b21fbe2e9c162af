"""The settings of a run in words, as listings keep them: a text, read back into the sentence that it was."""

import re
from functools import lru_cache, reduce

from leaderbench.sentences import Sentence

_clause = re.compile(
    r"(?P<n>[\d,]+) of (?P<all>[\d,]+) questions, (?P<why>drawn at random|stopped early)"
    r"|seed (?P<seed>\d+)|limit (?P<limit>\d+)|(?P<subsets>\d+) subsets|(?P<shots>\d+) shots"
    r"|only (?P<only>.+?)(?=, \d+ shots$|$)|(?P<some>some of the questions)"
)


@lru_cache(maxsize=1000)
def settings_sentence(text: str) -> str:
    """What `Manifest.settings` says, as a `Sentence` of the same text; any other text as it is."""
    found: list[str] = []
    place = 0
    while place < len(text):
        match = _clause.match(text, place)
        if match is None or (not text.startswith(", ", match.end()) and match.end() < len(text)):
            return text
        found.append(_said(match))
        place = match.end() + len(", ")
    return reduce(lambda one, other: Sentence("{one}, {other}", one=one, other=other), found) if found else text


def _said(match: re.Match[str]) -> str:
    part = {name: value for name, value in match.groupdict().items() if value is not None}
    match part.pop("why", None) or next(iter(part)):
        case "drawn at random":
            return Sentence("{n} of {all} questions, drawn at random", **part)
        case "stopped early":
            return Sentence("{n} of {all} questions, stopped early", **part)
        case "seed":
            return Sentence("seed {seed}", **part)
        case "limit":
            return Sentence("limit {limit}", **part)
        case "subsets":
            return Sentence("{subsets} subsets", **part)
        case "shots":
            return Sentence("{shots} shots", **part)
        case "only":
            return Sentence("only {only}", **part)
    return Sentence("some of the questions")
