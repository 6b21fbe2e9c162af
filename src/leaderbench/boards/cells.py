"""The cells of a board: one model's score in one column, with its interval."""

import math
from collections.abc import Sequence

import numpy as np

from leaderbench.boards.filling import Filled, trust
from leaderbench.boards.published import Whole
from leaderbench.boards.table import Cell
from leaderbench.records import Metric, View
from leaderbench.results.entries import Entry
from leaderbench.statistics.intervals import Interval, logit_interval, normal_quantile


def span(estimate: float, error: float, *, bounded: bool) -> Interval:
    """The 95 % interval of a mean; of one between 0 and 1 on the logit scale. NaN where the error is not known."""
    z = normal_quantile()
    if bounded and error > 0 and 0 < estimate < 1:
        return logit_interval(estimate, error, z)
    ends = estimate - z * error, estimate + z * error
    if bounded and 0 <= estimate <= 1 and not math.isnan(error):
        return Interval(max(ends[0], 0.0), min(ends[1], 1.0))
    return Interval(*ends)


def cell_of(
    filled: Filled, row: int, pieces: Sequence[int], raw: float, normalised: float, whole: Whole | None
) -> Cell | None:
    """One model's score in the column of these pieces; of several their mean, None where none of them is there."""
    entries = [entry for place in pieces if (entry := filled.entries[row][place]) is not None]
    if not entries:
        return None
    first, score = entries[0], entries[0].score
    low, high, error, metric = score.low, score.high, float(filled.errors[row, pieces[0]]), score.metric
    if len(pieces) > 1 or whole:
        error = float(np.sqrt((filled.errors[row, list(pieces)] ** 2).sum()) / len(pieces))
        ends = span(raw, error, bounded=True)
        low, high = ends.low, ends.high
        metric = whole.metric if whole else Metric("mean of parts", metric.aggregation)
    several = len(entries) > 1
    lacking = next((part for place in pieces if (part := filled.lacking[row][place]) is not None), None)
    if lacking is not None and len(entries) == len(pieces):  # shown, though it takes no part in the order
        raw = normalised = math.fsum(entry.score.estimate for entry in entries) / len(entries)
    return Cell(
        estimate=raw,
        low=low,
        high=high,
        standard_error=error,
        n=whole.n if whole else sum(entry.score.n for entry in entries) if several else score.n,
        errors=sum(entry.score.errors for entry in entries) if several else score.errors,
        normalised=normalised,
        metric=metric,
        provenance=min((entry.provenance for entry in entries), key=trust.__getitem__) if several else first.provenance,
        run=first.run,
        source=first.source,
        created=max(entry.created for entry in entries) if several else first.created,
        settings=", ".join(dict.fromkeys(entry.settings for entry in entries if entry.settings)),
        view=_view(entries) if several else score.view,
        others=sum(filled.others[row][place] for place in pieces),
        lacking=lacking,
        dispute=next((found for place in pieces if (found := filled.disputes[row][place]) is not None), None),
        implied=any((row, place) in filled.implied for place in pieces),
        notes=tuple(dict.fromkeys(note for entry in entries for note in entry.notes)),
    )


def _view(entries: Sequence[Entry]) -> View:
    """What the interval of a mean of several scores is about: the least that any of them is about."""
    views = {entry.score.view for entry in entries}
    return next((view for view in (View.STOPPED, View.BANK) if view in views), View.NEW_QUESTIONS)
