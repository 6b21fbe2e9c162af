"""What is wrong with files of a store that no single page is about."""

from leaderbench.sentences import Sentence, counted
from leaderbench.web.live import LiveStore
from leaderbench.web.shown.boards import known_boards
from leaderbench.web.shown.models import records

most = 5
"""Remarks on a page at most; the others are counted."""


def remarks(live: LiveStore) -> tuple[str, ...]:
    """A sentence each: of the index, of files of imported scores, of records and declarations of models."""
    imports = live.keep("imported problems", live.version(), live.index.import_problems)
    found = [live.said(text) for text in (*live.index.remarks, *imports, *records(live).problems, *_of_the_site(live))]
    if len(found) > most:
        more = counted("{n} more file cannot be read.", "{n} more files cannot be read.", n=len(found) - most)
        return (*found[:most], more)
    return tuple(found)


def _of_the_site(live: LiveStore) -> tuple[str, ...]:
    """What of `site.toml` cannot be used, boards that it names and that are not there among it."""
    own = live.site()
    names = dict.fromkeys(name for name in (own.site.start, *own.site.boards, *own.site.hidden) if name)
    unknown = [name for name in names if name not in known_boards(live)]
    told = (Sentence("site.toml names the board {name}, which is not there.", name=name[:100]) for name in unknown)
    return (*own.problems, *told)
