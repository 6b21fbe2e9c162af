"""An explanation as a report: which causes make the difference, which flips show it, and what is left to chance."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from leaderbench.explain.report import charts
from leaderbench.explain.report.values import Bar, Chart, Flip, Flips, Report, Section, Table, Text, Version
from leaderbench.explain.split.design import REST
from leaderbench.explain.split.explanation import Explanation, ModelSplit, Pair
from leaderbench.explain.split.flips import Flipped, flipped, flipped_in_all, prompts
from leaderbench.results.names import short_names
from leaderbench.statistics.comparison import holm
from leaderbench.statistics.decomposition import Contribution, Interaction
from leaderbench.statistics.intervals import Interval
from leaderbench.statistics.reordering import Reordering

ALPHA = 0.05
"""A cause is more than noise where its p after Holm's correction stays below."""

LISTED = 40
"""Flipped questions listed for each factor; the others are in the store."""

CAUSES = {
    "template": "how the question is written: header, prefixes, choices, how a shot ends",
    "shots": "which solved examples stand before it, and in which order",
    "scoring": "what is scored: letters, texts or the next token, and whether per character",
    "encoding": "special tokens, the space before an answer, context and answer encoded jointly or apart",
    "truncation": "what gives way when a prompt is too long",
    "cleaning": "what reading the files did to the cells",
    "aggregation": "mean over questions or over subsets",
    REST: "what else differs and was not named",
}
"""The factors in words."""


def report(explanation: Explanation) -> Report:
    """The report of an explanation; its first sentence is the answer."""
    pairs = _named(explanation)
    several = len(explanation.models) > 1
    answer = " ".join(_many(pair) if several else _one(pair.splits[0]) for pair in pairs)
    sections: list[Section] = []
    for pair in pairs:
        title = f"{pair.a} → {pair.b}" if len(pairs) > 1 else ""
        sections += _of_many(pair, title, explanation) if several else _of_one(pair.splits[0], title, explanation)
    names = ", ".join(item.model for item in pairs[0].splits)
    title = f"Why do {pairs[0].a} and {pairs[0].b} differ?" if len(pairs) == 1 else "Why do these scores differ?"
    return Report(f"{title} {names}", answer, (*sections, _glossary(pairs)), tuple(_facts(explanation)))


def _named(explanation: Explanation) -> tuple[Pair, ...]:
    """The pairs with models by their short names."""
    short = short_names(dict.fromkeys(explanation.models))
    return tuple(
        replace(pair, splits=tuple(replace(item, model=short[item.model]) for item in pair.splits))
        for pair in explanation.pairs
    )


def signed(share: float, digits: int = 1) -> str:
    """A difference in percentage points with its sign."""
    text = f"{100 * share:+.{digits}f}".replace("-", "−")
    return text if text.strip("+−0.") else text.lstrip("+−")


def percent(share: float) -> str:
    """A score in percent."""
    return f"{100 * share:.1f} %"


def bar(estimate: float, interval: Interval) -> Bar:
    """A difference in points, which always carries its sign."""
    return Bar(100 * estimate, 100 * interval.low, 100 * interval.high, signed=True)


def counted(n: int, name: str) -> str:
    """`1 question`, `2 questions`."""
    return f"{n:,} {name}{'' if n == 1 else 's'}"


def spread(interval: Interval) -> str:
    """An interval of a difference, in points."""
    return f"{signed(interval.low)} to {signed(interval.high)}"


def spoken(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def real(item: Contribution | Interaction) -> bool:
    """Whether its own interval excludes zero."""
    return item.interval.low > 0 or item.interval.high < 0


def sure(items: Sequence[Contribution | Interaction]) -> list[bool]:
    """Which of several are more than noise, by Holm's correction over all of them."""
    return [p < ALPHA for p in holm([item.p for item in items])]


def shifts(item: Reordering) -> bool:
    """Whether it surely moves everybody one way."""
    return item.shift_interval.low > 0 or item.shift_interval.high < 0


def _one(item: ModelSplit) -> str:
    """The answer for one model and one pair."""
    found, cause = item.split, item.grid.cause
    gap, n = found.difference, len(item.grid.example_ids)
    clear = gap.interval.low > 0 or gap.interval.high < 0
    word = "more" if gap.estimate > 0 else "less"
    mark = "≈ " if cause.bank is not None else ""
    scores = f"{mark}{percent(item.a.estimate)} under {cause.a} and {mark}{percent(item.b.estimate)} under {cause.b}"
    size = f"{abs(100 * gap.estimate):.1f} points {word} (95 %: {spread(gap.interval)})"
    noise = f"a difference within noise (95 %: {spread(gap.interval)})"
    first = f"{item.model} scores {scores}, {size if clear else noise} on {counted(n, 'question')}."
    if cause.errors:
        first += f" {counted(cause.errors, 'more question')} cannot be asked in every recipe between the two and"
        first += f" {'is' if cause.errors == 1 else 'are'} left out: {cause.reason}."
    parts = found.contributions
    moving = [part for part, certain in zip(parts, sure(parts), strict=True) if certain]
    moving.sort(key=lambda part: -abs(part.estimate))
    still = [part.factor for part in parts if part not in moving]
    said = [f"{part.factor} {signed(part.estimate)}" for part in moving]
    second = "What makes it" if clear else "Causes that cancel or are hidden by it"
    if not said:
        return f"{first} No single cause can be told from noise."
    rest = f"; {spoken(still)} cannot be told from noise" if still else ""
    return f"{first} {second}: {spoken(said)} points{rest}."


def _many(pair: Pair) -> str:
    """The answer for several models and one pair."""
    whole = pair.whole
    assert whole is not None
    first = f"From {pair.a} to {pair.b} {len(pair.splits)} models move by {signed(whole.shift)} points on average"
    reordered = whole.reorder_interval.low > 0
    first += f" and drift apart by {100 * whole.reorder:.1f} (τ)" if reordered else ""
    first += ": the order may change." if reordered else ": that they change places is not shown."
    shifting = [f"{part.factor} ({signed(part.shift)})" for part in pair.reorderings if shifts(part)]
    moving = sorted(
        (part for part in pair.reorderings if part.reorder_interval.low > 0), key=lambda part: -part.reorder
    )
    second = f" {spoken(shifting).capitalize()} shifts everybody." if shifting else ""
    if moving:
        second += f" What reorders: {spoken([f'{part.factor} (τ {100 * part.reorder:.1f})' for part in moving])}."
    return first + second


def _of_one(item: ModelSplit, title: str, explanation: Explanation) -> Iterator[Section]:
    """The sections of one model and one pair."""
    prefix = f"{title}: " if title else ""
    yield _contributions(item, f"{prefix}What each cause contributes")
    if item.split.contributions:
        yield _chart(item, prefix)
        yield _flips_table(item, f"{prefix}What each cause does alone")
    pairs = item.split.interactions
    together = [part for part, certain in zip(pairs, sure(pairs), strict=True) if certain]
    if together or item.split.higher_orders:
        yield _interactions([*together, *item.split.higher_orders], f"{prefix}Causes that act together")
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
        yield charts.interactions(drawn, title=f"{prefix}Every pair of causes")
    yield _configurations(item, f"{prefix}Every configuration")
    margins = [min(one.margin_a, one.margin_b) for one in flipped_in_all(item.grid)]
    if margins:
        yield charts.margins(margins, item.grid.cause.noise)
    yield _flips(item, explanation, f"{prefix}Flipped questions")


def _contributions(item: ModelSplit, title: str) -> Table:
    """Causes with their contributions, the remainder and the sum."""
    nan = float("nan")
    nothing = Bar(0.0, nan, nan, signed=True)
    rows = [
        (
            part.factor,
            bar(part.estimate, part.interval) if part.moved else nothing,
            f"{signed(part.smallest)} to {signed(part.largest)}",
            part.moved,
        )
        for part in item.split.contributions
    ]
    rows += [(name, nothing, "", 0) for name in item.grid.cause.fixed]
    gap = item.split.difference
    whole = bar(gap.estimate, gap.interval)
    rows.append(("all together", whole, "", len(flipped_in_all(item.grid))))
    if item.remainder is not None:
        rest = 100 * item.remainder
        rows.append(("not reproduced", Bar(rest, nan, nan, signed=True), "", 0))
    note = (
        "Percentage points, from the first implementation to the second: Shapley values of the full factorial, with "
        "95 % intervals paired by question. “Over all orders”: the least and the most that a cause changes the score "
        "by, depending on which others were switched before it. “Moved”: questions that it changes in any of these; "
        "with none moved there is nothing to be unsure of on these questions, and no interval."
    )
    return Table(title, ("cause", "points", "over all orders", "moved"), tuple(rows), note)


def _chart(item: ModelSplit, prefix: str) -> Chart:
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
        end = (f"{cause.b}, published", end[1] + 100 * rest)
    title = f"{prefix}From one score to the other"
    return charts.contributions(start, steps, end, None if rest is None else 100 * rest, title=title)


def _flips_table(item: ModelSplit, title: str) -> Table:
    rows = tuple(
        (
            flips.factor,
            flips.lost,
            flips.won,
            f"{signed(flips.net)}",
            f"{100 * flips.churn:.1f} %",
            flips.near_ties,
            _p(flips.adjusted),
        )
        for flips in item.flips
    )
    note = (
        f"Starting from {item.grid.cause.a}, one cause switched and everything else left. Lost: right before, wrong "
        "after. Churn: share of questions that flip. Near ties: flips that float noise could make. p: exact McNemar, "
        "corrected by Holm."
    )
    return Table(title, ("cause", "lost", "won", "net", "churn", "near ties", "p"), rows, note)


def _interactions(found: Sequence[Interaction], title: str) -> Table:
    rows = tuple((" × ".join(part.factors), bar(part.estimate, part.interval)) for part in found)
    note = (
        "Points beyond what the causes do one by one; each cause's contribution above holds its equal share of them. "
        "Those that are more than noise, by Holm's correction over all."
    )
    return Table(title, ("causes", "points"), rows, note)


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
    note = f"A: as {item.grid.cause.a} has it. B: as {item.grid.cause.b} has it."
    return Table(title, (*names, "score", "against A"), rows, note, in_terminal=False)


def _flips(item: ModelSplit, explanation: Explanation, title: str, most: int = LISTED) -> Flips:
    """The questions that each cause flips alone, each with both prompts; the largest cause first."""
    grid = item.grid
    sizes = [abs(part.estimate) for part in item.split.contributions]
    order = sorted(range(len(sizes)), key=lambda bit: -sizes[bit])
    groups = [(1 << bit, flipped(grid, bit)) for bit in order]
    listed = [(mask, one) for mask, found in groups for one in found[:most]]
    masks = [0, *(mask for mask, found in groups if found)]
    texts = prompts(item.design, explanation.scope, masks, {one.example_id for _, one in listed})
    flips = tuple(_flip(item, one, texts[one.example_id, 0], texts[one.example_id, mask]) for mask, one in listed)
    total = sum(len(found) for _, found in groups)
    note = f"At most {most} a cause; every question in every configuration is kept in the store."
    return Flips(title, flips, total, note if total > len(flips) else "")


def _flip(item: ModelSplit, one: Flipped, before: str, after: str) -> Flip:
    cause = item.grid.cause
    a = Version(cause.a, before, one.prediction_a or "no answer", one.right_a, one.margin_a)
    b = Version(f"{one.factor} changed", after, one.prediction_b or "no answer", one.right_b, one.margin_b)
    return Flip(one.example_id, one.factor, one.near_tie, one.target, a, b)


def _of_many(pair: Pair, title: str, explanation: Explanation) -> Iterator[Section]:
    """The sections of several models and one pair."""
    prefix = f"{title}: " if title else ""
    yield _models(pair, f"{prefix}The models")
    yield _shift_or_reorder(pair, f"{prefix}Does everybody move, or do places change?")
    if pair.reorderings:
        yield charts.shift_or_reorder([_point(part) for part in pair.reorderings], title=f"{prefix}Shift or reorder")
    yield _by_model(pair, f"{prefix}What each cause contributes, by model")
    for item in pair.splits:
        yield replace(_contributions(item, f"{prefix}{item.model}"), in_terminal=False)
        yield _flips(item, explanation, f"{prefix}{item.model}, flipped questions", LISTED // len(pair.splits))


def _by_model(pair: Pair, title: str) -> Table:
    """Causes by models."""
    names = dict.fromkeys(name for item in pair.splits for name in item.grid.cause.factors)
    rows = []
    for name in names:
        found = [{part.factor: part for part in item.split.contributions}.get(name) for item in pair.splits]
        rows.append((name, *("0" if part is None else _points_with_mark(part) for part in found)))
    note = "Percentage points; * where the 95 % interval excludes 0. What sums to little may still flip many questions."
    return Table(title, ("cause", *(item.model for item in pair.splits)), tuple(rows), note)


def _points_with_mark(part: Contribution) -> str:
    return signed(part.estimate) + ("*" if real(part) else " ")


def _models(pair: Pair, title: str) -> Table:
    rows = []
    for item in sorted(pair.splits, key=lambda one: -one.split.score_a):
        gap = item.split.difference
        rows.append(
            (
                item.model,
                ("≈ " if item.grid.cause.bank else "") + percent(item.a.estimate),
                ("≈ " if item.grid.cause.bank else "") + percent(item.b.estimate),
                bar(gap.estimate, gap.interval),
            )
        )
    return Table(title, ("model", pair.a, pair.b, "points"), tuple(rows), "Ordered by the first implementation.")


def _shift_or_reorder(pair: Pair, title: str) -> Table:
    parts = [*pair.reorderings, *([pair.whole] if pair.whole else [])]
    rows = tuple(
        (
            part.factor if part is not pair.whole else "all together",
            bar(part.shift, part.shift_interval),
            Bar(100 * part.reorder, 100 * part.reorder_interval.low, 100 * part.reorder_interval.high),
        )
        for part in parts
    )
    note = (
        "Shift (μ): how far this cause moves all models on average; scores are then not comparable, ranks are. "
        "Reordering (τ): the standard deviation of its effect between models beyond the noise of the questions; this "
        "changes who wins. Intervals take the models as a sample of models, so with few of them they are wide."
    )
    return Table(title, ("cause", "shift (μ)", "reordering (τ)"), rows, note)


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


def _glossary(pairs: Sequence[Pair]) -> Text:
    """What each factor is, and which ones change nothing here."""
    splits = [item for pair in pairs for item in pair.splits]
    names = dict.fromkeys(name for item in splits for name in item.grid.cause.factors)
    said = [f"{name}: {CAUSES[name]}." for name in names if name in CAUSES]
    idle = dict.fromkeys(chain.from_iterable(item.grid.cause.fixed for item in splits))
    unused = [name for name in idle if name not in names]
    if unused:
        said.append(f"The implementations also differ in {spoken(unused)}, which changes nothing on these questions.")
    return Text("What the causes are", tuple(said))


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    first = explanation.pairs[0].splits[0].grid
    yield "models", ", ".join(explanation.models)
    yield "questions", f"{len(first.example_ids):,}" + (f" ({first.cause.limits})" if first.cause.limits else "")
    yield "dataset revision", first.cause.revision
    for pair in explanation.pairs:
        for item in pair.splits:
            cut = item.grid.cause.cut
            if any(cut):
                most = max(cut, default=0)
                ends = f"{cut[0]:,} under {pair.a}, {cut[-1]:,} under {pair.b}"
                yield f"prompts cut, {item.model}", f"{ends}, up to {most:,} under a recipe between them"
            if item.grid.cause.errors:
                yield f"left out, {item.model}", f"{item.grid.cause.errors:,}: {item.grid.cause.reason}"
    if first.cause.bank is not None:
        yield "≈", "estimated for all questions from those drawn; differences are about questions of this kind"


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"
