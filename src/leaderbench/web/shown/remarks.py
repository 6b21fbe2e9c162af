"""What is wrong with files of a store that no single page is about."""

from leaderbench.sentences import counted
from leaderbench.web.live import LiveStore
from leaderbench.web.shown.models import records

most = 5
"""Remarks on a page at most; the others are counted."""


def remarks(live: LiveStore) -> tuple[str, ...]:
    """A sentence each: of the index, of files of imported scores, of records and declarations of models."""
    imports = live.keep("imported problems", live.version(), live.index.import_problems)
    found = [live.said(text) for text in (*live.index.remarks, *imports, *records(live).problems)]
    if len(found) > most:
        more = counted("{n} more file cannot be read.", "{n} more files cannot be read.", n=len(found) - most)
        return (*found[:most], more)
    return tuple(found)
