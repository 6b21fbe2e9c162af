"""Two runs question by question."""

from typing import Any

from leaderbench.explain.difference.causes import Cause
from leaderbench.explain.difference.diff import Diff, Flipped, Side, diff
from leaderbench.explain.report.html import finite
from leaderbench.web.live import LiveStore
from leaderbench.web.shown.models import shown_score
from leaderbench.web.shown.runs import whole_run
from leaderbench.web.shown.samples import table_of
from leaderbench.web.values.basics import Paged, known
from leaderbench.web.values.comparisons import ComparedSide, Comparison, ShownCause, ShownFlip, SubsetGap
from leaderbench.web.views import ComparisonView, Flips


def compared(live: LiveStore, view: ComparisonView) -> Comparison:
    """Two runs compared, with a page of their flips.

    Raises `AbsentError` for an unknown run, `LeaderbenchError` where they share no question or are damaged.
    """
    runs = whole_run(live, view.a), whole_run(live, view.b)
    found = live.keep(("diff", view.a, view.b), live.version(), lambda: diff(*runs))
    flips = [flip for flip in found.flips if _wanted(flip, view.show)]
    start = (view.page - 1) * view.rows
    part = flips[start : start + view.rows]
    places = [_places(table_of(run), [flip.example_id for flip in part]) for run in runs]
    return Comparison(
        a=_side(found.a),
        b=_side(found.b),
        shared=found.shared,
        n=found.difference.n,
        difference=known(found.difference.net),
        low=known(found.difference.interval.low),
        high=known(found.difference.interval.high),
        p=known(found.difference.p),
        real=found.real,
        detectable=known(found.difference.minimum_detectable_effect),
        agreement=known(found.agreement),
        a_only_right=sum(flip.a.right for flip in found.flips),
        b_only_right=sum(flip.b.right for flip in found.flips),
        near_ties=found.near_ties,
        changed=found.changed,
        causes=tuple(_cause(cause) for cause in found.causes),
        subsets=_subsets(found),
        flips=Paged[ShownFlip](
            items=tuple(_flip(flip, *numbers) for flip, *numbers in zip(part, *places, strict=True)),
            page=view.page,
            size=view.rows,
            total=len(flips),
        ),
    )


def _wanted(flip: Flipped, show: Flips) -> bool:
    if show is Flips.A_RIGHT:
        return flip.a.right
    if show is Flips.B_RIGHT:
        return flip.b.right
    return show is Flips.ALL or flip.near_tie


def _places(table: Any, names: list[str]) -> list[int | None]:
    """Where in a run's samples these examples stand."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(names, pa.string())
    return list(pc.index_in(wanted, value_set=table.column("example_id").combine_chunks()).to_pylist())


def _side(side: Side) -> ComparedSide:
    return ComparedSide(
        run=side.run,
        model=side.model,
        benchmark=side.benchmark,
        score=shown_score(side.score),
        only=side.only,
        unanswered=side.unanswered,
    )


def _cause(cause: Cause) -> ShownCause:
    return ShownCause(name=cause.name, a=finite(cause.a), b=finite(cause.b), differs=cause.differs)


def _subsets(found: Diff) -> tuple[SubsetGap, ...]:
    return tuple(
        SubsetGap(
            subset=item.subset,
            n=item.difference.n,
            difference=known(item.difference.net),
            low=known(item.difference.interval.low),
            high=known(item.difference.interval.high),
            adjusted_p=known(item.adjusted),
        )
        for item in found.subsets
    )


def _flip(flip: Flipped, a_number: int | None, b_number: int | None) -> ShownFlip:
    return ShownFlip(
        example_id=flip.example_id,
        subset=flip.subset,
        target=flip.target,
        a=flip.a.prediction,
        b=flip.b.prediction,
        a_right=flip.a.right,
        near_tie=flip.near_tie,
        cause=str(flip.cause),
        a_number=a_number,
        b_number=b_number,
    )
