"""An explanation as a report: which causes make the difference, which flips show it, and what is left to chance."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from leaderbench.explain.report.values import Report, Section, Text
from leaderbench.explain.report.wording import joined, spoken
from leaderbench.explain.split import explanation_of_many as of_many
from leaderbench.explain.split import explanation_of_one as of_one
from leaderbench.explain.split.design import REST
from leaderbench.explain.split.explanation import Explanation, Pair
from leaderbench.results.names import short_names
from leaderbench.sentences import Sentence

CAUSES = {
    "template": Sentence("how the question is written: header, prefixes, choices, how a shot ends"),
    "shots": Sentence("which solved examples stand before it, and in which order"),
    "scoring": Sentence("what is scored: letters, texts or the next token, and whether per character"),
    "encoding": Sentence("special tokens, the space before an answer, context and answer encoded jointly or apart"),
    "truncation": Sentence("what gives way when a prompt is too long"),
    "cleaning": Sentence("what reading the files did to the cells"),
    "aggregation": Sentence("mean over questions or over subsets"),
    REST: Sentence("what else differs and was not named"),
}
"""The factors in words."""


def report(explanation: Explanation) -> Report:
    """The report of an explanation; its first sentence is the answer."""
    pairs = _named(explanation)
    several = len(explanation.models) > 1
    answer = joined(" ", (of_many.answer(pair) if several else of_one.answer(pair.splits[0]) for pair in pairs))
    sections: list[Section] = []
    for pair in pairs:
        title = f"{pair.a} → {pair.b}" if len(pairs) > 1 else ""
        sections += (
            of_many.sections(pair, title, explanation)
            if several
            else of_one.sections(pair.splits[0], title, explanation)
        )
    names = ", ".join(item.model for item in pairs[0].splits)
    title = (
        Sentence("Why do {a} and {b} differ? {models}", a=pairs[0].a, b=pairs[0].b, models=names)
        if len(pairs) == 1
        else Sentence("Why do these scores differ? {models}", models=names)
    )
    return Report(title, answer, (*sections, _glossary(pairs)), tuple(_facts(explanation)))


def _named(explanation: Explanation) -> tuple[Pair, ...]:
    """The pairs with models by their short names."""
    short = short_names(dict.fromkeys(explanation.models))
    return tuple(
        replace(pair, splits=tuple(replace(item, model=short[item.model]) for item in pair.splits))
        for pair in explanation.pairs
    )


def _glossary(pairs: Sequence[Pair]) -> Text:
    """What each factor is, and which ones change nothing here."""
    splits = [item for pair in pairs for item in pair.splits]
    names = dict.fromkeys(name for item in splits for name in item.grid.cause.factors)
    said: list[str] = [
        Sentence("{cause}: {meaning}.", cause=name, meaning=CAUSES[name]) for name in names if name in CAUSES
    ]
    idle = dict.fromkeys(chain.from_iterable(item.grid.cause.fixed for item in splits))
    unused = [name for name in idle if name not in names]
    if unused:
        said.append(
            Sentence(
                "The implementations also differ in {causes}, which changes nothing on these questions.",
                causes=spoken(unused),
            )
        )
    return Text(Sentence("What the causes are"), tuple(said))


def _facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    first = explanation.pairs[0].splits[0].grid
    yield Sentence("models"), ", ".join(explanation.models)
    limits = f" ({first.cause.limits})" if first.cause.limits else ""
    yield Sentence("questions"), f"{len(first.example_ids):,}{limits}"
    yield Sentence("dataset revision"), first.cause.revision
    for pair in explanation.pairs:
        for item in pair.splits:
            cut = item.grid.cause.cut
            if any(cut):
                most = max(cut, default=0)
                yield (
                    Sentence("prompts cut, {model}", model=item.model),
                    Sentence(
                        "{n} under {a}, {m} under {b}, up to {most} under a recipe between them",
                        n=cut[0],
                        a=pair.a,
                        m=cut[-1],
                        b=pair.b,
                        most=most,
                    ),
                )
            if item.grid.cause.errors:
                left_out = f"{item.grid.cause.errors:,}: {item.grid.cause.reason}"
                yield Sentence("left out, {model}", model=item.model), left_out
    if first.cause.bank is not None:
        yield (
            "≈",
            Sentence("estimated for all questions from those drawn; differences are about questions of this kind"),
        )
