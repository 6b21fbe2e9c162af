"""Why a run cannot be used, in sentences. A listing keeps them as texts, which are read back here."""

import re
from functools import lru_cache

from leaderbench.sentences import Sentence

DAMAGED = Sentence(
    "{path} is damaged: delete the folder {folder} and run the same command again; "
    "it is rebuilt from the response log without asking the model."
)
NEWER = Sentence("{folder} was written by a newer leaderbench: update leaderbench to read it.")
FOREIGN = Sentence("{folder} holds nothing that leaderbench wrote: delete it.")
OUTSIDE = Sentence("{folder} is a link that leads out of the store, so it is not followed: put what it leads to there.")
DENIED = Sentence("Access to {path} is denied: change its permissions or give another {option}.")


def _pattern(template: str) -> re.Pattern[str]:
    """Texts of a template, with what stands in its places."""
    parts = re.split(r"\{(\w+)\}", template)
    named = (f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile("".join(named), re.DOTALL)


_known = tuple((template, _pattern(template)) for template in (DAMAGED, NEWER, FOREIGN, OUTSIDE, DENIED))


@lru_cache(maxsize=1000)
def problem_sentence(text: str) -> str:
    """One of the sentences above that was stored as a text, as that `Sentence` again; any other text as it is."""
    for template, pattern in _known:
        if found := pattern.fullmatch(text):
            return Sentence(template, **found.groupdict())
    return text
