"""The report of one model: what each cause contributes to its difference, and which questions it flips."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from leaderbench.explain.report import charts
from leaderbench.explain.report.values import Bar, Cell, Chart, Flip, Flips, Section, Table, Version
from leaderbench.explain.report.wording import joined, spoken
from leaderbench.explain.split.explanation import Explanation, ModelSplit, by_subset
from leaderbench.explain.split.explanation_texts import bar, percent, signed, spread, sure, titled
from leaderbench.explain.split.flips import RIGHT, Flipped, flipped, flipped_in_all, prompts
from leaderbench.sentences import Sentence, counted
from leaderbench.statistics.decomposition import Interaction

LISTED = 40
"""Flipped questions listed for each factor; the others are in the store."""


def answer(item: ModelSplit) -> str:
    """The answer for one model and one pair."""
    found, cause = item.split, item.grid.cause
    gap, n = found.difference, len(item.grid.example_ids)
    clear = gap.interval.low > 0 or gap.interval.high < 0
    estimated = cause.bank is not None
    size = {"points": f"{abs(100 * gap.estimate):.1f}", "interval": spread(gap.interval)}
    if not clear:
        gap_said = Sentence("a difference within noise (95 %: {interval})", interval=spread(gap.interval))
    elif gap.estimate > 0:
        gap_said = Sentence("{points} points more (95 %: {interval})", **size)
    else:
        gap_said = Sentence("{points} points less (95 %: {interval})", **size)
    said: list[str] = [
        counted(
            "{model} scores {score_a} under {a} and {score_b} under {b}, {gap} on {n} question.",
            "{model} scores {score_a} under {a} and {score_b} under {b}, {gap} on {n} questions.",
            n=n,
            model=item.model,
            score_a=percent(item.a.estimate, estimated=estimated),
            score_b=percent(item.b.estimate, estimated=estimated),
            a=cause.a,
            b=cause.b,
            gap=gap_said,
        )
    ]
    if cause.errors:
        said.append(
            counted(
                "{n} more question cannot be asked in every recipe between the two and is left out: {reason}.",
                "{n} more questions cannot be asked in every recipe between the two and are left out: {reason}.",
                n=cause.errors,
                reason=cause.reason,
            )
        )
    parts = found.contributions
    moving = [part for part, certain in zip(parts, sure(parts), strict=True) if certain]
    moving.sort(key=lambda part: -abs(part.estimate))
    still = [part.factor for part in parts if part not in moving]
    if not moving:
        return joined(" ", [*said, Sentence("No single cause can be told from noise.")])
    causes = spoken([Sentence("{what} {figure}", what=part.factor, figure=signed(part.estimate)) for part in moving])
    second = (
        Sentence("What makes it: {causes} points", causes=causes)
        if clear
        else Sentence("Causes that cancel or are hidden by it: {causes} points", causes=causes)
    )
    rest = Sentence("{causes} cannot be told from noise", causes=spoken(still)) if still else ""
    return joined(" ", [*said, Sentence("{causes}.", causes=joined("; ", [second, rest]))])


def sections(item: ModelSplit, title: str, explanation: Explanation) -> Iterator[Section]:
    """The sections of one model and one pair."""
    yield contributions(item, titled(title, Sentence("What each cause contributes")))
    if item.split.contributions:
        yield _chart(item, title)
        yield _flips_table(item, titled(title, Sentence("What each cause does alone")))
        yield _churn(item, titled(title, Sentence("Questions with another outcome")))
    pairs = item.split.interactions
    together = [part for part, certain in zip(pairs, sure(pairs), strict=True) if certain]
    if together or item.split.higher_orders:
        found = [*together, *item.split.higher_orders]
        yield _interactions(found, titled(title, Sentence("Causes that act together")))
    if item.split.interactions:
        drawn = [
            charts.Interaction(
                part.factors[0],
                part.factors[1],
                100 * part.estimate,
                100 * part.interval.low,
                100 * part.interval.high,
            )
            for part in item.split.interactions
        ]
        yield charts.interactions(drawn, title=titled(title, Sentence("Every pair of causes")))
    yield _configurations(item, titled(title, Sentence("Every configuration")))
    yield from _subsets(item, titled(title, Sentence("Difference by subset")))
    margins = [min(one.margin_a, one.margin_b) for one in flipped_in_all(item.grid)]
    if margins:
        yield charts.margins(margins, item.grid.cause.noise)
    yield flips_of(item, explanation, titled(title, Sentence("Flipped questions")))


def contributions(item: ModelSplit, title: str) -> Table:
    """Causes with their contributions, the remainder and the sum."""
    nan = float("nan")
    nothing = Bar(0.0, nan, nan, signed=True)
    rows: list[tuple[Cell, ...]] = [
        (
            part.factor,
            bar(part.estimate, part.interval),
            Sentence("{low} to {high}", low=signed(part.smallest), high=signed(part.largest)),
            part.moved,
        )
        for part in item.split.contributions
    ]
    rows += [(name, nothing, "", 0) for name in item.grid.cause.fixed]
    gap = item.split.difference
    whole = bar(gap.estimate, gap.interval)
    rows.append((Sentence("all together"), whole, "", len(flipped_in_all(item.grid))))
    if item.remainder is not None:
        rest = 100 * item.remainder
        rows.append((Sentence("not reproduced"), Bar(rest, nan, nan, signed=True), "", 0))
    note = Sentence(
        "Percentage points, from the first implementation to the second: Shapley values of the full factorial, with "
        "95 % intervals paired by question. “Over all orders”: the least and the most that a cause changes the score "
        "by, depending on which others were switched before it. “Moved”: questions that it changes in any of these; "
        "with none moved the interval is what so many questions leave open. A cause without an interval can move none."
    )
    columns = (Sentence("cause"), Sentence("points"), Sentence("over all orders"), Sentence("moved"))
    return Table(title, columns, tuple(rows), note)


def _chart(item: ModelSplit, pair: str) -> Chart:
    steps = [
        charts.Contribution(
            part.factor,
            100 * part.estimate,
            100 * part.interval.low,
            100 * part.interval.high,
            100 * part.smallest,
            100 * part.largest,
        )
        for part in item.split.contributions
    ]
    cause = item.grid.cause
    start, end = (cause.a, 100 * item.split.score_a), (cause.b, 100 * item.split.score_b)
    rest = item.remainder
    if rest is not None:
        end = (Sentence("{implementation}, published", implementation=cause.b), end[1] + 100 * rest)
    title = titled(pair, Sentence("From one score to the other"))
    return charts.contributions(start, steps, end, None if rest is None else 100 * rest, title=title)


def _churn(item: ModelSplit, title: str) -> Chart:
    """How often two of A, B and A with one cause switched judge a question differently."""
    grid, cause = item.grid, item.grid.cause
    names = [cause.a, *cause.factors, *([cause.b] if len(cause.factors) > 1 else [])]
    masks = [0, *(1 << bit for bit in range(len(cause.factors))), grid.values.shape[1] - 1][: len(names)]
    right = grid.values[:, masks] > RIGHT
    shares = [
        [float((right[:, one] != right[:, other]).mean()) for other in range(len(names))] for one in range(len(names))
    ]
    found = charts.churn(names, shares, title=title)
    note = Sentence("A cause stands for {a} with this cause alone switched.", a=cause.a)
    return replace(found, note=joined(" ", [found.note, note]))


def _subsets(item: ModelSplit, title: str) -> Iterator[Chart]:
    found = [
        charts.SubsetDifference(subset, 100 * gap.net, 100 * gap.interval.low, 100 * gap.interval.high, gap.n)
        for subset, gap in by_subset(item.grid)
    ]
    if len(found) > 1:
        yield charts.subsets(found, title=title)


def _flips_table(item: ModelSplit, title: str) -> Table:
    rows = tuple(
        (
            flips.factor,
            flips.lost,
            flips.won,
            f"{signed(flips.net)}",
            percent(flips.churn),
            flips.near_ties,
            _p(flips.adjusted),
        )
        for flips in item.flips
    )
    note = Sentence(
        "Starting from {a}, one cause switched and everything else left. Lost: right before, wrong after. Churn: share "
        "of questions that flip. Near ties: flips that float noise could make. p: exact McNemar, corrected by Holm.",
        a=item.grid.cause.a,
    )
    names = (Sentence("cause"), Sentence("lost"), Sentence("won"), Sentence("net"), Sentence("churn"))
    return Table(title, (*names, Sentence("near ties"), "p"), rows, note)


def _interactions(found: Sequence[Interaction], title: str) -> Table:
    rows = tuple((joined(" × ", part.factors), bar(part.estimate, part.interval)) for part in found)
    note = Sentence(
        "Points beyond what the causes do one by one; each cause's contribution above holds its equal share of them. "
        "Those that are more than noise, by Holm's correction over all."
    )
    return Table(title, (Sentence("causes"), Sentence("points")), rows, note)


def _configurations(item: ModelSplit, title: str) -> Table:
    """The score of all 2^k recipes."""
    names, scores = item.grid.cause.factors, item.split.scores
    rows = tuple(
        (
            *("B" if mask >> bit & 1 else "A" for bit in range(len(names))),
            percent(scores[mask]),
            signed(scores[mask] - scores[0]),
        )
        for mask in range(len(scores))
    )
    note = Sentence("A: as {a} has it. B: as {b} has it.", a=item.grid.cause.a, b=item.grid.cause.b)
    return Table(title, (*names, Sentence("score"), Sentence("against A")), rows, note, in_terminal=False)


def flips_of(item: ModelSplit, explanation: Explanation, title: str, most: int = LISTED) -> Flips:
    """The questions that each cause flips alone, each with both prompts; the largest cause first."""
    grid = item.grid
    sizes = [abs(part.estimate) for part in item.split.contributions]
    order = sorted(range(len(sizes)), key=lambda bit: -sizes[bit])
    groups = [(1 << bit, flipped(grid, bit)) for bit in order]
    listed = [(mask, one) for mask, found in groups for one in found[:most]]
    masks = [0, *(mask for mask, found in groups if found)]
    texts: dict[tuple[str, int], str] = {}
    if item.design is not None and explanation.scope is not None:
        texts = prompts(item.design, explanation.scope, masks, {one.example_id for _, one in listed})
    flips = tuple(
        _flip(item, one, texts.get((one.example_id, 0), ""), texts.get((one.example_id, mask), ""))
        for mask, one in listed
    )
    total = sum(len(found) for _, found in groups)
    note = Sentence("At most {n} a cause; every question in every configuration is kept in the store.", n=most)
    return Flips(title, flips, total, note if total > len(flips) else "")


def _flip(item: ModelSplit, one: Flipped, before: str, after: str) -> Flip:
    cause = item.grid.cause
    a = Version(cause.a, before, one.prediction_a or "no answer", one.right_a, one.margin_a)
    b = Version(f"{one.factor} changed", after, one.prediction_b or "no answer", one.right_b, one.margin_b)
    return Flip(one.example_id, one.factor, one.near_tie, one.target, a, b)


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"
