"""The report of several models: what moves all of them, and what changes who wins."""

from collections.abc import Iterator
from dataclasses import replace

from leaderbench.explain.report import charts
from leaderbench.explain.report.values import Bar, Section, Table
from leaderbench.explain.report.wording import joined, spoken
from leaderbench.explain.split.explanation import Explanation, Pair
from leaderbench.explain.split.explanation_of_one import LISTED, contributions, flips_of
from leaderbench.explain.split.explanation_texts import bar, percent, real, shifts, signed, titled
from leaderbench.sentences import Sentence
from leaderbench.statistics.decomposition import Contribution
from leaderbench.statistics.reordering import Reordering


def answer(pair: Pair) -> str:
    """The answer for several models and one pair."""
    whole = pair.whole
    assert whole is not None
    ends = {"a": pair.a, "b": pair.b, "models": len(pair.splits), "shift": signed(whole.shift)}
    said: list[str] = [
        Sentence(
            "From {a} to {b} {models} models move by {shift} points on average and drift apart by {tau} (τ): the order "
            "may change.",
            tau=f"{100 * whole.reorder:.1f}",
            **ends,
        )
        if whole.reorder_interval.low > 0
        else Sentence(
            "From {a} to {b} {models} models move by {shift} points on average: that they change places is not shown.",
            **ends,
        )
    ]
    shifting = [_with(part.factor, signed(part.shift)) for part in pair.reorderings if shifts(part)]
    moving = sorted(
        (part for part in pair.reorderings if part.reorder_interval.low > 0), key=lambda part: -part.reorder
    )
    if shifting:
        said.append(Sentence("What shifts everybody: {causes}.", causes=spoken(shifting)))
    if moving:
        taus = spoken([_with(part.factor, f"τ {100 * part.reorder:.1f}") for part in moving])
        said.append(Sentence("What reorders: {causes}.", causes=taus))
    return joined(" ", said)


def _with(factor: str, figure: str) -> str:
    return Sentence("{cause} ({figure})", cause=factor, figure=figure)


def sections(pair: Pair, title: str, explanation: Explanation) -> Iterator[Section]:
    """The sections of several models and one pair."""
    yield _models(pair, titled(title, Sentence("The models")))
    yield _shift_or_reorder(pair, titled(title, Sentence("Does everybody move, or do places change?")))
    if pair.reorderings:
        points = [_point(part) for part in pair.reorderings]
        yield charts.shift_or_reorder(points, title=titled(title, Sentence("Shift or reorder")))
    yield _by_model(pair, titled(title, Sentence("What each cause contributes, by model")))
    for item in pair.splits:
        yield replace(contributions(item, titled(title, item.model)), in_terminal=False)
        flips = Sentence("{model}, flipped questions", model=item.model)
        yield flips_of(item, explanation, titled(title, flips), LISTED // len(pair.splits))


def _by_model(pair: Pair, title: str) -> Table:
    """Causes by models."""
    names = dict.fromkeys(name for item in pair.splits for name in item.grid.cause.factors)
    rows = []
    for name in names:
        found = [{part.factor: part for part in item.split.contributions}.get(name) for item in pair.splits]
        rows.append((name, *("0" if part is None else _points_with_mark(part) for part in found)))
    note = Sentence(
        "Percentage points; * where the 95 % interval excludes 0. What sums to little may still flip many questions."
    )
    return Table(title, (Sentence("cause"), *(item.model for item in pair.splits)), tuple(rows), note)


def _points_with_mark(part: Contribution) -> str:
    return signed(part.estimate) + ("*" if real(part) else " ")


def _models(pair: Pair, title: str) -> Table:
    rows = []
    for item in sorted(pair.splits, key=lambda one: -one.split.score_a):
        gap = item.split.difference
        rows.append(
            (
                item.model,
                percent(item.a.estimate, estimated=item.grid.cause.bank is not None),
                percent(item.b.estimate, estimated=item.grid.cause.bank is not None),
                bar(gap.estimate, gap.interval),
            )
        )
    columns = (Sentence("model"), pair.a, pair.b, Sentence("points"))
    return Table(title, columns, tuple(rows), Sentence("Ordered by the first implementation."))


def _shift_or_reorder(pair: Pair, title: str) -> Table:
    parts = [*pair.reorderings, *([pair.whole] if pair.whole else [])]
    rows = tuple(
        (
            part.factor if part is not pair.whole else Sentence("all together"),
            bar(part.shift, part.shift_interval),
            Bar(100 * part.reorder, 100 * part.reorder_interval.low, 100 * part.reorder_interval.high),
        )
        for part in parts
    )
    note = Sentence(
        "Shift (μ): how far this cause moves all models on average; scores are then not comparable, ranks are. "
        "Reordering (τ): the standard deviation of its effect between models beyond the noise of the questions; this "
        "changes who wins. Intervals take the models as a sample of models, so with few of them they are wide."
    )
    return Table(title, (Sentence("cause"), Sentence("shift (μ)"), Sentence("reordering (τ)")), rows, note)


def _point(part: Reordering) -> charts.ShiftAndReordering:
    return charts.ShiftAndReordering(
        part.factor,
        100 * part.shift,
        100 * part.shift_interval.low,
        100 * part.shift_interval.high,
        100 * part.reorder,
        100 * part.reorder_interval.low,
        100 * part.reorder_interval.high,
    )
