"""What the plots of a board show: the rows of a view by size and by date, and what columns make of their order."""

import math
from collections.abc import Sequence

from leaderbench.boards import plots
from leaderbench.boards.plots import Point, Scatter
from leaderbench.boards.spec import Direction, said
from leaderbench.boards.table import BoardTable
from leaderbench.errors import LeaderbenchError
from leaderbench.explain.order.stability import Stability, stability
from leaderbench.sentences import Sentence
from leaderbench.web.live import AbsentError, LiveStore
from leaderbench.web.shown.boards import board_file
from leaderbench.web.shown.models import records
from leaderbench.web.values.basics import known
from leaderbench.web.values.plots import (
    ModelPlot,
    OrderAgreement,
    PlotCell,
    PlottedModel,
    ShownOrders,
    ShownPlots,
    ShownRank,
)
from leaderbench.web.views import PlotsView

most_answers = 300_000
"""Answers that are read to tell what implementations do to an order from what noise does; it takes some seconds."""


def shown_plots(live: LiveStore, name: str, view: PlotsView, language: str = "en") -> ShownPlots:
    """A view of a board as plots. Raises `AbsentError` for an unknown board or column, `LeaderbenchError` for a wrong
    file.
    """
    table = board_file(live, name, view)
    columns = {column.name: column for column in table.spec.columns}
    if view.of and view.of not in columns:
        shown = ", ".join(columns)[:500]
        raise AbsentError(f"The board {name} shows no column {view.of[:100]!r}; it shows {shown}.")
    found = plots.points(table, view.of, records(live))
    lower = view.of != "" and columns[view.of].direction is Direction.LOWER
    scores = [item.score for item in found]
    titles = {key: said(column.title, language) or key for key, column in columns.items()}
    return ShownPlots(
        board=name,
        title=said(table.spec.title, language),
        of=view.of,
        of_title=titles.get(view.of, ""),
        columns=tuple(titles.items()),
        share=all(0 <= score <= 1 for score in scores) if view.of else table.share,
        lower=lower,
        models=len(found),
        chance=_chance(table, view.of),
        size=_plot(plots.by_size(found, lower=lower)),
        time=_plot(plots.by_date(found, lower=lower)),
        orders=_orders(live, table, titles),
    )


def _chance(table: BoardTable, column: str) -> tuple[tuple[str, float], ...]:
    place = [item.name for item in table.spec.columns].index(column) if column else None
    found = []
    for row in table.rows:
        if row.baseline:
            cell = None if place is None else row.cells[place]
            score = row.score if place is None else math.nan if cell is None or cell.lacking else cell.estimate
            found += [(row.model, score)] if math.isfinite(score) else []
    return tuple(found)


def _plot(found: Scatter) -> ModelPlot:
    return ModelPlot(
        models=tuple(map(_model, found.points)),
        frontier=tuple(item.name for item in found.frontier),
        cells=tuple(
            PlotCell(left=cell.left, right=cell.right, low=cell.low, high=cell.high, count=cell.count)
            for cell in found.cells
        ),
        placed=found.placed,
        missing=found.missing,
        guessed=found.guessed,
    )


def _model(item: Point) -> PlottedModel:
    return PlottedModel(
        name=item.name,
        model=item.model,
        score=known(item.score),
        low=known(item.low),
        high=known(item.high),
        parameters=item.parameters,
        size_guessed=item.size_guessed,
        date=item.date,
        published=item.published,
        type=item.type,
    )


def _orders(live: LiveStore, table: BoardTable, titles: dict[str, str]) -> ShownOrders | None:
    family = plots.implementations(table.spec.columns)
    ranks, models = plots.ranks(table)
    if not family or models < 2:
        return None
    names = list(dict.fromkeys(item.name for item in ranks))
    rows = [row for row in table.rows if row.name in names]
    cells = [cell for row in rows for cell in row.cells if cell is not None]
    runs = tuple(cell.run for cell in cells if cell.run)
    found, remark = None, ""
    if len(runs) < len(cells):
        remark = Sentence("Some of these scores are published numbers, of which no answer is known.")
    elif sum(cell.n for cell in cells) > most_answers:
        remark = Sentence("These are too many answers to be looked at for a page.")
    else:
        found, remark = _stability(live, family, runs)
    return ShownOrders(
        benchmark=family,
        ranks=tuple(
            ShownRank(
                column=item.column,
                title=titles[item.column],
                name=item.name,
                rank=item.rank,
                score=known(item.score),
                low=known(item.low),
                high=known(item.high),
            )
            for item in ranks
        ),
        models=models,
        verdict=found[0] if found else "",
        agreement=found[1] if found else (),
        remark=remark,
    )


def _stability(
    live: LiveStore, family: str, runs: Sequence[str]
) -> tuple[tuple[str, tuple[OrderAgreement, ...]] | None, str]:
    """What `leaderbench stability` says of these runs, or why it says nothing."""
    from leaderbench.explain.order.stability_report import answer

    def made() -> tuple[tuple[str, tuple[OrderAgreement, ...]] | None, str]:
        try:
            found = stability([live.store.run(name) for name in runs], family)
        except LeaderbenchError as error:
            return None, live.told(error)
        return (answer(found), _agreement(found)), ""

    folders = [live.store.path / "runs" / name for name in runs]
    files = [folder / name for folder in folders for name in ("manifest.json", "samples.parquet")]
    return live.keep_of_files(("stability", family, *runs), files, made)


def _agreement(found: Stability) -> tuple[OrderAgreement, ...]:
    return tuple(
        OrderAgreement(
            a=item.a,
            b=item.b,
            tau=known(item.agreement.tau),
            noise=known(item.ceiling.mean),
            largest_move=item.agreement.largest_change,
        )
        for item in found.comparisons
    )
