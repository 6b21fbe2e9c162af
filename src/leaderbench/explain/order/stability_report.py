"""What a reader gets of the stability of an order: the answer first, then ranks, agreement, exchanges and doubts."""

import math

from leaderbench.explain.order import published
from leaderbench.explain.order.stability import Comparison, Order, Stability
from leaderbench.explain.report import charts
from leaderbench.explain.report.values import Bar, Cell, Chart, Report, Section, Table, Text
from leaderbench.explain.report.wording import joined, spoken
from leaderbench.sentences import Sentence, counted

MOST_FLIPS = 60
"""Pairs of models that the page lists with their flip probability, the most probable ones."""


def report(found: Stability) -> Report:
    """The report of a stability."""
    sections: list[Section] = [
        _orders(found),
        _bump_chart(found),
        _agreement(found),
        *_exchanges(found),
        *_tops(found),
        *_churn(found),
        *_details(found),
        *_remarks(found),
        *_runs(found),
    ]
    return Report(
        f"Stability of order: {found.benchmark}", answer(found), tuple(sections), tuple(_facts(found).items())
    )


def answer(found: Stability) -> str:
    """How much of the order the implementation decides, and who is first under which."""
    return joined(" ", [_verdict(found), _how_often(found), _firsts(found)])


def _verdict(found: Stability) -> str:
    if len({order.ranks for order in found.orders}) == 1:
        return _same_order(found)
    worst = max(found.comparisons, key=_severity)
    where = {"a": worst.a, "b": worst.b, "tau": _tau(worst)}
    if worst.exchanges:
        places = _places(worst, found.pairs)
        if len(worst.exchanges) == found.pairs:
            return Sentence(
                "The implementation decides this order: between {a} and {b} {places} ({tau}).", places=places, **where
            )
        return Sentence(
            "The implementation decides part of this order: between {a} and {b} {places} ({tau}).",
            places=places,
            **where,
        )
    if worst.beyond_noise:
        return Sentence(
            "The implementation shuffles this order more than noise does, though no single pair of models really "
            "changes places: between {a} and {b} the agreement is low ({tau}).",
            **where,
        )
    return Sentence(
        "No pair of models really changes places: the orders differ no more than noise would make them, most between "
        "{a} and {b} ({tau}).",
        **where,
    )


def _how_often(found: Stability) -> str:
    """In how many pairs of implementations models really change places, where there are several."""
    count = sum(bool(item.exchanges) for item in found.comparisons)
    if not count or len(found.comparisons) < 2:
        return ""
    return Sentence(
        "Models really change places in {count} of {all} pairs of implementations.",
        count=count,
        all=len(found.comparisons),
    )


def _severity(comparison: Comparison) -> tuple[int, bool, float]:
    shortfall = comparison.ceiling.mean - comparison.agreement.tau
    return len(comparison.exchanges), comparison.beyond_noise, -math.inf if math.isnan(shortfall) else shortfall


def _same_order(found: Stability) -> str:
    which = (
        Sentence("Both implementations")
        if len(found.orders) == 2
        else Sentence("All {n} implementations", n=len(found.orders))
    )
    models = Sentence("the two models") if len(found.models) == 2 else Sentence("the {n} models", n=len(found.models))
    least = min((order.ceiling for order in found.orders), key=lambda item: item.mean)
    if least.mean < 0.9:
        return Sentence(
            "{implementations} put {models} in the same order, though other questions might change it (tau between two "
            "draws of questions: {tau}).",
            implementations=which,
            models=models,
            tau=f"{least.mean:.2f}",
        )
    return Sentence("{implementations} put {models} in the same order.", implementations=which, models=models)


def _places(comparison: Comparison, pairs: int) -> str:
    count = len(comparison.exchanges)
    if pairs == 1:
        return Sentence("the two models really change places")
    if count == pairs:
        return Sentence("all {pairs} pairs of models really change places", pairs=pairs)
    return counted(
        "{n} of {pairs} pairs of models really changes places",
        "{n} of {pairs} pairs of models really change places",
        n=count,
        pairs=pairs,
    )


def _tau(comparison: Comparison) -> str:
    tau, noise = comparison.agreement.tau, comparison.ceiling.mean
    if math.isnan(tau):
        return Sentence("no tau: one of them ties all models")
    if math.isnan(noise):
        return Sentence("tau {tau}", tau=_number(tau))
    return Sentence("tau {tau}, where noise alone would leave {noise}", tau=_number(tau), noise=_number(noise))


def _firsts(found: Stability) -> str:
    """Who is first under which implementation."""
    where: dict[tuple[str, ...], list[str]] = {}
    for order in found.orders:
        where.setdefault(_best(found, order), []).append(order.implementation)
    if len(where) == 1:
        (best,) = where
        everywhere = Sentence("both") if len(found.orders) == 2 else Sentence("all of them")
        if len(best) > 1:
            return Sentence("{models} are first tied under {all}.", models=spoken(best), all=everywhere)
        return Sentence("{model} is first under {all}.", model=best[0], all=everywhere)
    parts = [
        Sentence("{models} under {implementations}", models=spoken(best), implementations=spoken(names))
        for best, names in where.items()
    ]
    return Sentence("First: {list}.", list=joined("; ", parts))


def _best(found: Stability, order: Order) -> tuple[str, ...]:
    """The models that are first, more than one where they tie."""
    return tuple(model for model, rank in zip(found.models, order.ranks, strict=True) if rank == 1)


def _orders(found: Stability) -> Table:
    rows = []
    for place in _by_rank(found):
        cells = (f"{order.ranks[place]}  ({100 * order.scores[place]:.1f} %)" for order in found.orders)
        rows.append((found.models[place], *cells))
    metrics = dict.fromkeys(order.metric for order in found.orders)
    by_name = (f"{order.implementation} {order.metric}" for order in found.orders)
    reported = f"All report {next(iter(metrics))}." if len(metrics) == 1 else f"Metrics: {', '.join(by_name)}."
    return Table(
        "Ranks and scores",
        ("model", *(order.implementation for order in found.orders)),
        tuple(rows),
        f"{reported} Ties share the better place.",
    )


def _by_rank(found: Stability) -> list[int]:
    """Places of the models, the best over all implementations first."""
    return sorted(range(len(found.models)), key=lambda place: sum(order.ranks[place] for order in found.orders))


def _bump_chart(found: Stability) -> Chart:
    order_of_lines = _by_rank(found)
    ranks = [
        charts.Rank(
            found.models[place],
            order.implementation,
            order.ranks[place],
            100 * order.scores[place],
            100 * order.standard_errors[place],
        )
        for order in found.orders
        for place in order_of_lines
    ]
    return charts.ranks(ranks, title="Ranks under each implementation")


def _agreement(found: Stability) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{item.a} / {item.b}",
            _number(item.agreement.tau),
            _number(item.ceiling.mean),
            _range(item.ceiling.low, item.ceiling.high),
            item.agreement.largest_change,
            f"{len(item.exchanges):,} of {found.pairs:,}",
        )
        for item in sorted(found.comparisons, key=_severity, reverse=True)
    ]
    return Table(
        "Agreement of orders",
        ("implementations", "tau", "noise alone", "95 % of draws", "largest move", "real exchanges"),
        tuple(rows),
        (
            "Kendall's tau-b: 1 the same order, 0 unrelated, -1 reversed. Noise alone: tau between two draws of "
            "questions under one of the two; only the shortfall is the implementation's. Largest move: in ranks."
        ),
    )


def _exchanges(found: Stability) -> list[Section]:
    """Pairs of models that change places, each once, with every implementation that says so."""
    ahead: dict[tuple[str, str], dict[str, float]] = {}
    for item in found.comparisons:
        for pair in item.exchanges:
            known = (pair.behind, pair.ahead) in ahead
            key = (pair.behind, pair.ahead) if known else (pair.ahead, pair.behind)
            sign = -1 if known else 1
            ahead.setdefault(key, {}).update({item.a: sign * pair.gap_a, item.b: sign * pair.gap_b})
    if not ahead:
        return []
    rows: list[tuple[Cell, ...]] = [
        (one, other, _gaps(gaps, above=True), _gaps(gaps, above=False)) for (one, other), gaps in ahead.items()
    ]
    how = "Paired by question" if found.paired else "z tests of scores"
    note = (
        f"Points by which the first is ahead or behind. {how}; p below 0.05 on both sides after Holm's correction over "
        "all pairs of models and all implementations."
    )
    return [
        Table("Models that really change places", ("first", "second", "ahead under", "behind under"), tuple(rows), note)
    ]


def _gaps(gaps: dict[str, float], *, above: bool) -> str:
    parts = (f"{name} " + f"{100 * gap:+.1f}".replace("-", "−") for name, gap in gaps.items() if (gap > 0) == above)
    return ", ".join(parts)


def _tops(found: Stability) -> list[Section]:
    """How few questions decide who is first, where answers are known."""
    if not found.paired:
        return []
    rows: list[tuple[Cell, ...]] = []
    for order in found.orders:
        if order.top is None:
            rows.append((order.implementation, spoken(_best(found, order)), None, "none"))
        else:
            rows.append((order.implementation, order.top.first, order.top.rival, f"{len(order.top.removed):,}"))
    return [
        Table(
            "How few questions decide who is first",
            ("implementation", "first", "would be first", "questions to remove"),
            tuple(rows),
            f"Of {found.questions:,}. None: whatever is removed, no other model gets ahead.",
        )
    ]


def _churn(found: Stability) -> list[Section]:
    """How often two implementations judge the same model's same question differently."""
    if not found.paired:
        return []
    names = [order.implementation for order in found.orders]
    share = {frozenset((item.a, item.b)): item.churn for item in found.comparisons}
    matrix = [[0.0 if one == other else share[frozenset((one, other))] for other in names] for one in names]
    return [charts.churn(names, matrix, title="Questions with another outcome, in percent, over all models")]


def _details(found: Stability) -> list[Section]:
    """Every measure of agreement, and how probable each pair of models is to flip; for the page."""
    tops = [k for k, _ in found.comparisons[0].agreement.top]
    measures: list[tuple[Cell, ...]] = [
        (
            f"{item.a} / {item.b}",
            _number(item.agreement.tau),
            _percent(item.place),
            _number(item.agreement.rho),
            _number(item.agreement.weighted_tau),
            _number(item.agreement.weighted_tau_a),
            _number(item.agreement.weighted_tau_b),
            f"{item.agreement.mean_change:.1f}",
            *(_percent(share) for _, share in item.agreement.top),
        )
        for item in sorted(found.comparisons, key=_severity, reverse=True)
    ]
    flips = sorted(
        ((item, pair) for item in found.comparisons for pair in item.flip_probabilities),
        key=lambda both: -both[1].probability,
    )
    rows: list[tuple[Cell, ...]] = [
        (pair.one, pair.other, f"{item.a} / {item.b}", Bar(100 * pair.probability, math.nan, math.nan, 0))
        for item, pair in flips[:MOST_FLIPS]
        if pair.probability >= 0.005
    ]
    sections: list[Section] = [
        Table(
            "All measures of agreement",
            (
                "implementations",
                "tau",
                "draws no better",
                "rho",
                "top-weighted",
                "by first",
                "by second",
                "mean move",
                *(f"top {k}" for k in tops),
            ),
            tuple(measures),
            (
                "Draws no better: the share of draws of questions under one implementation that agree no better. Rho: "
                "Spearman's. Top-weighted: a tau in which an exchange near the top counts more, by 1/rank (Vigna "
                "2015); by first, by second: the top is that of the first or second order, before the mean of both. "
                "Mean move: in ranks. Top: the share of the best models of one that is among the best of the other."
            ),
            in_terminal=False,
        )
    ]
    if rows:
        same = "the same draw under both" if found.paired else "a draw of its own for each"
        sections.append(
            Table(
                "Pairs of models most likely to stand in another order",
                ("first", "second", "implementations", "probability, percent"),
                tuple(rows),
                f"Over {found.draws:,} draws of questions, {same}. At most {MOST_FLIPS} are listed.",
                in_terminal=False,
            )
        )
    return sections


def _remarks(found: Stability) -> list[Section]:
    return [Text("What to know", found.notes)] if found.notes else []


def _runs(found: Stability) -> list[Section]:
    """Which runs these are; for the page."""
    if not found.paired:
        return []
    rows = tuple((model, *(order.runs[place] for order in found.orders)) for place, model in enumerate(found.models))
    columns = ("model", *(order.implementation for order in found.orders))
    note = "`leaderbench diff` says of any two of them why they differ."
    return [Table("Runs", columns, rows, note, in_terminal=False)]


def _facts(found: Stability) -> dict[str, str]:
    facts = {
        "benchmark": found.benchmark,
        "models": f"{len(found.models):,}",
        "implementations": spoken([order.implementation for order in found.orders]),
        "questions": f"{found.questions:,}",
    }
    if found.table is not None:
        table = published.get(found.table)
        facts["published"] = f"{table.publisher}, “{table.title}”, {table.date}, {table.source}"
        facts["code"] = "; ".join(f"{item.name}: {item.code}" for item in table.implementations)
    return facts | {"noise": f"{found.draws:,} draws of questions, seed {found.seed}"}


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"


def _range(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{_number(low)} to {_number(high)}"
