"""What a reader gets of two runs side by side: the answer first, then causes, gap, flips and subsets."""

import json
import math
from pathlib import PurePath

from leaderbench.explain.difference.causes import QUESTIONS, Cause, Facts, naming
from leaderbench.explain.difference.diff import Answer, Diff, Flipped
from leaderbench.explain.difference.pairing import Side
from leaderbench.explain.report import charts
from leaderbench.explain.report.values import Bar, Cell, Flip, Flips, Report, Section, Table, Text, Version
from leaderbench.records import Json, Sample
from leaderbench.statistics.comparison import Difference

FEW_SUBSETS = 15
"""Up to so many subsets are all listed in the terminal; of more, those that differ and no others."""


def report(found: Diff, limit: int = 200) -> Report:
    """The report of a comparison, with at most `limit` flipped questions listed."""
    a, b = names(found)
    sections: list[Section] = [
        *_remarks(found),
        _causes(found),
        _gap(found, a, b),
        *_kinds(found),
        *_subsets(found),
        *_listed(found, a, b, limit),
    ]
    facts = (
        ("A", _about(found.a)),
        ("B", _about(found.b)),
        ("questions", _questions(found)),
    )
    return Report(f"{a} against {b}", answer(found), tuple(sections), facts)


def names(found: Diff) -> tuple[str, str]:
    """What to call the two runs: by their models or benchmarks, whichever differ, else by their ids."""
    a, b = found.a, found.b
    models = _short(a.model), _short(b.model)
    if models[0] == models[1]:
        models = a.model, b.model
    if a.model != b.model and a.benchmark != b.benchmark:
        return f"{models[0]}, {a.benchmark}", f"{models[1]}, {b.benchmark}"
    if a.model != b.model:
        return models
    if a.benchmark != b.benchmark:
        return a.benchmark, b.benchmark
    return f"run {a.run}", f"run {b.run}"


def _short(model: str) -> str:
    local = model.startswith(("/", ".", "~")) or model.count("/") > 1
    return PurePath(model).name if local else model.removeprefix("bundled:")


def answer(found: Diff) -> str:
    """Is the gap real and how large, what differs, and what flipped."""
    if found.a.run == found.b.run and not found.flips:
        return f"Both are run {found.a.run}: {_points(found.difference.mean_a)} %, and no question flipped."
    return " ".join([_verdict(found), _why(found), _flipped(found)])


def _verdict(found: Diff) -> str:
    """Whether the gap is more than noise, and its size."""
    a, b = names(found)
    gap, asked = found.difference, _count(found.difference.n, "question")
    shown = f"{asked} could have shown one of {_points(gap.minimum_detectable_effect)} points"
    if abs(gap.net) < 1e-12:  # the sum of a macro mean is rounded
        said = f"There is no gap: {a} and {b} both have {_points(gap.mean_a)} % on the {asked} that both answered"
        return f"{said}; {shown}." if found.flips else f"{said}."
    ahead, behind = (a, b) if gap.net > 0 else (b, a)
    most, least = max(gap.mean_a, gap.mean_b), min(gap.mean_a, gap.mean_b)
    numbers = (
        f"{ahead} has {_points(most)} % and {behind} {_points(least)} % on the {asked} that both answered, "
        f"a gap of {_points(abs(gap.net))} points (95 % interval {_interval(gap)}, {_p(gap.p)})"
    )
    if found.real:
        return f"The gap is real: {numbers}."
    return f"The gap may be noise: {numbers}; {shown}."


def _why(found: Diff) -> str:
    differ, unknown = naming(found.causes, True), naming(found.causes, None)
    if differ:
        said = f"They differ in {_spoken(differ)}"
    else:
        said = "Their manifests differ in nothing" + (" that both record" if unknown else "")
    return f"{said}; unknown: {_spoken(unknown)}." if unknown else f"{said}."


def _flipped(found: Diff) -> str:
    if not found.flips:
        return "No question flipped."
    share = f"{100 * len(found.flips) / found.difference.n:.1f} %"
    ties = found.near_ties
    many = "none" if not ties else "all" if ties == len(found.flips) > 1 else f"{ties:,}"
    near = f"{many} of them {'a near tie' if ties < 2 else 'near ties'}"
    return f"{_count(len(found.flips), 'question')} ({share}) flipped, {near}."


def _remarks(found: Diff) -> list[Section]:
    """What the reader must know about the comparison itself."""
    a, b, gap = found.a, found.b, found.difference
    said = []
    if a.only or b.only:
        said.append(
            f"Only the {_count(found.shared, 'question')} that both were asked count: "
            f"{a.only:,} of A and {b.only:,} of B are left out."
        )
    if a.unanswered or b.unanswered:
        said.append(
            f"Shared questions without an answer are left out too: {a.unanswered:,} in A, {b.unanswered:,} in B."
        )
    if a.stopped or b.stopped:
        said.append(
            f"{'Both' if a.stopped and b.stopped else 'A' if a.stopped else 'B'} stopped asking because of what the "
            "answers said: p and interval take the number of questions as fixed and are too sure here."
        )
    if a.score.metric.name != b.score.metric.name:
        said.append(
            f"A is scored by {a.score.metric.name}, B by {b.score.metric.name}: "
            "each question counts as the run's own metric has it."
        )
    if a.score.metric.aggregation is not b.score.metric.aggregation:
        said.append(
            f"A reports {a.score.metric} and B {b.score.metric}: here both are plain means over questions, "
            f"{_points(gap.mean_a)} and {_points(gap.mean_b)} %."
        )
    return [Text("What is compared", tuple(said))] if said else []


def _causes(found: Diff) -> Section:
    title = "Causes that differ"
    rows = [_cause_row(cause) for cause in found.causes if cause.differs is not False]
    same = naming(found.causes, False)
    note = f"The same in both: {_spoken(same)}." if same else ""
    if not rows:
        return Text(title, ("None that the manifests record.", note))
    return Table(title, ("cause", "A", "B"), tuple(rows), note)


def _cause_row(cause: Cause) -> tuple[Cell, ...]:
    facts = cause.differing
    name = cause.name if cause.differs else f"{cause.name} (unknown)"
    return name, _facts(cause, cause.a, facts), _facts(cause, cause.b, facts)


def _facts(cause: Cause, said: Facts, names: tuple[str, ...]) -> str:
    """The differing facts of one side in words; a fact with the name of its cause needs none."""
    if not said or not names:
        return "not recorded"
    parts = []
    absent = "–" if cause.name == QUESTIONS else "not recorded"  # a limit that a manifest does not name was not set
    for name in names:
        words = name.replace("_", " ")
        value = _value(said[name]) if name in said else "all" if name == "questions" else absent
        parts.append(value if words == cause.name else f"{words} {value}")
    return "; ".join(parts)


def _value(value: Json) -> str:
    if value is None or value == []:
        return "–" if value is None else "all"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _spoken([str(item) for item in value]) if len(value) <= 3 else f"{len(value)} of them"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    if len(text) >= 32 and text.removeprefix("sha256:").isalnum():  # a digest
        return text.removeprefix("sha256:")[:12]
    plain = text.strip() == text and "\n" not in text and "  " not in text and text
    text = text if plain else repr(text)
    return text if len(text) <= 90 else text[:60] + "…" + text[-25:]


def _gap(found: Diff, a: str, b: str) -> Table:
    gap = found.difference
    rows: list[tuple[Cell, ...]] = [
        (f"A: {a}", f"{_points(gap.mean_a)} %"),
        (f"B: {b}", f"{_points(gap.mean_b)} %"),
        ("A − B", f"{_signed(gap.net)} points, 95 % interval {_interval(gap, signed=True)}"),
        ("p, for no difference", _p(gap.p)),
        (
            "smallest gap that could be shown",
            f"{_points(gap.minimum_detectable_effect)} points" if gap.churn else "unknown",
        ),
        ("A right, B wrong", gap.b),
        ("B right, A wrong", gap.c),
        ("churn: questions that differ", f"{_points(gap.churn)} %"),
        ("another answer, same verdict", found.changed),
        ("same answer", f"{_points(found.agreement)} %"),
    ]
    how = "mean over questions" if found.aggregation.value == "micro" else "mean over subsets of each one's mean"
    if found.drawn and found.aggregation.value == "micro":
        how = "mean over questions drawn at random, every subset weighing as it does among all questions"
    note = f"{how}; paired by question; smallest gap: with 80 % power at the 5 % level, at this churn."
    return Table("The gap", ("", "value"), tuple(rows), note[0].upper() + note[1:])


def _kinds(found: Diff) -> list[Section]:
    """Flips by the first thing that differs, and by the causes that can have made it."""
    if not found.flips:
        return []
    groups: dict[tuple[str, str], list[Flipped]] = {}
    for flip in found.flips:
        behind = _spoken(flip.cause.behind) or "nothing that both record"
        groups.setdefault((flip.cause.kind.value, behind), []).append(flip)
    rows = tuple(
        (
            kind,
            behind,
            len(flips),
            sum(flip.a.right for flip in flips),
            sum(flip.b.right for flip in flips),
            sum(flip.near_tie for flip in flips),
        )
        for (kind, behind), flips in sorted(groups.items(), key=lambda item: -len(item[1]))
    )
    columns = ("first difference", "possible cause", "flips", "A right", "B right", "near ties")
    note = "The first thing that differs between the two samples of a question, in bytes, then tokens, then answers."
    first = {flip.cause.kind: flip for flip in reversed(found.flips) if flip.cause.detail}
    examples = tuple(f"{flip.example_id}: {flip.cause}." for flip in reversed(first.values()))
    table = Table("What made questions flip", columns, rows, note)
    return [table, *([Text("First differences, for example", examples)] if examples else []), *_margins(found)]


def _margins(found: Diff) -> list[Section]:
    """How close the answers were: of each question the side nearer to a tie, in units of its noise, as nats."""
    nearness = [
        min(answer.margin / answer.noise * found.noise for answer in (flip.a, flip.b) if answer.margin >= 0)
        for flip in found.flips
        if flip.a.margin >= 0 or flip.b.margin >= 0
    ]
    if not any(map(math.isfinite, nearness)):
        return []
    return [charts.margins(nearness, found.noise)]


def _subsets(found: Diff) -> list[Section]:
    if not found.subsets:
        return []
    columns = ("subset", "n", "A %", "B %", "A − B, points", "p (BH)")
    rows = {
        item.subset: (
            item.subset,
            item.difference.n,
            _points(item.difference.mean_a),
            _points(item.difference.mean_b),
            _bar(item.difference),
            _p(item.adjusted).removeprefix("p ").removeprefix("= "),
        )
        for item in found.subsets
    }
    real = [item.subset for item in found.subsets if item.real]
    note = f"{len(real)} of {len(rows)} differ by more than noise (p below 0.05 after Benjamini and Hochberg)."
    few = len(rows) <= FEW_SUBSETS
    bars = [
        charts.SubsetDifference(name, bar.value, bar.low, bar.high, item.difference.n)
        for name, item in zip(rows, found.subsets, strict=True)
        for bar in [_bar(item.difference)]
    ]
    chart = charts.subsets(bars, title="A − B by subset")
    tables = [Table("By subset", columns, tuple(rows.values()), note, in_terminal=few)]
    if not few:
        shown = tuple(rows[name] for name in real)
        first = Table("Subsets that differ", columns, shown, note) if real else Text("By subset", (note,))
        return [first, chart, *tables]
    return [*tables, chart]


def _bar(difference: Difference) -> Bar:
    interval = difference.interval
    return Bar(100 * difference.net, 100 * interval.low, 100 * interval.high)


def _listed(found: Diff, a: str, b: str, limit: int) -> list[Section]:
    if not found.flips:
        return []
    listed = found.flips[:limit]
    flips = tuple(
        Flip(
            flip.example_id,
            flip.cause.kind.value,
            flip.near_tie,
            flip.target,
            _version(a, flip.a, flip.samples[0]),
            _version(b, flip.b, flip.samples[1]),
        )
        for flip in listed
    )
    note = f"leaderbench sample {found.a.run} {listed[0].example_id} shows one in every detail"
    note += "; leaderbench diff --json lists all." if len(found.flips) > len(listed) else "."
    return [Flips("Questions that flipped", flips, len(found.flips), note)]


def _version(name: str, answer: Answer, sample: Sample) -> Version:
    said = answer.prediction if answer.prediction is not None else "none"
    return Version(name, sample.prompt, said, answer.right, answer.margin)


def _about(side: Side) -> str:
    score = side.score
    interval = f"{_points(score.low)}–{_points(score.high)}"
    return (
        f"run {side.run}: {side.model}, {side.benchmark}; {score.metric} {_points(score.estimate)} % "
        f"({interval}) on {_count(score.n, 'question')}"
    )


def _questions(found: Diff) -> str:
    parts = [f"{found.difference.n:,} answered by both"]
    parts += [f"{side.only:,} only in {name}" for name, side in (("A", found.a), ("B", found.b)) if side.only]
    return ", ".join(parts)


def _interval(gap: Difference, *, signed: bool = False) -> str:
    low, high = gap.interval.low, gap.interval.high
    if signed:
        return f"{_signed(low)} to {_signed(high)}"
    if gap.net < 0:
        low, high = -high, -low
    return f"{_points(low)} to {_points(high)}"


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−").replace("−0.0", "0.0")


def _signed(share: float) -> str:
    said = _points(share)
    return said if said.startswith("−") or said == "0.0" else f"+{said}"


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _spoken(names: tuple[str, ...] | list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
