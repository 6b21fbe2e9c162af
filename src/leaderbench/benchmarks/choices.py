"""The choices that recipes are made of, in words: what each one is about, and what was chosen.

Implementations of one benchmark can be laid side by side; what differs between them are the causes of different scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.base import Benchmark
from leaderbench.benchmarks.factors import Mixable
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Json
from leaderbench.sentences import Sentence

names: Mapping[str, str] = {
    "header": Sentence("Text before everything else"),
    "head": Sentence("Text before everything else"),
    "question_prefix": Sentence("Text before each question"),
    "choices_line": Sentence("A line “Choices:” before the choices"),
    "strip_question": Sentence("Spaces around a question removed"),
    "shot_answer": Sentence("Answer of a solved example"),
    "text": Sentence("Template"),
    "target": Sentence("How the right answer is read"),
    "true": Sentence("Which answers count as true"),
    "shots_from": Sentence("Where solved examples come from"),
    "shots": Sentence("Solved examples in the prompt"),
    "draws": Sentence("How solved examples are drawn"),
    "asked": Sentence("What the model is asked"),
    "per_character": Sentence("Log-likelihoods divided by characters"),
    "encoding": Sentence("How prompt and answer become tokens"),
    "leading_space": Sentence("A space belongs to each answer"),
    "special_tokens": Sentence("The tokenizer's own special tokens"),
    "truncation": Sentence("What gives way where a prompt is too long"),
    "cleaning": Sentence("What reading the files did to texts"),
    "aggregation": Sentence("How subsets are summed up"),
    "metrics": Sentence("Metrics, the reported one first"),
}
"""What each choice is about, by its name in manifests."""

meanings: Mapping[tuple[str, str], str] = {
    ("shot_answer", "letter"): Sentence("the letter of the right choice"),
    ("shot_answer", "first-equal-letter"): Sentence("the letter of the first choice that has the right one's text"),
    ("shot_answer", "text"): Sentence("the text of the right choice, no letter"),
    ("shots_from", "dev-in-order"): Sentence("the first rows of dev, in file order"),
    ("shots_from", "dev-by-answer"): Sentence("rows of dev in a seeded order, the same for all questions of a subject"),
    ("shots_from", "validation-per-question"): Sentence("rows of validation, drawn anew for each question"),
    ("draws", "first"): Sentence("the first rows, in file order"),
    ("draws", "shuffled-42"): Sentence("a draw for each question, from one generator seeded 42, questions shuffled"),
    ("draws", "sequential-1234"): Sentence("a draw for each question, from one generator seeded 1234, in file order"),
    ("draws", "sequential-1234-excluding"): Sentence(
        "a draw for each question, from one generator seeded 1234, the question itself left out"
    ),
    ("draws", "fixed"): Sentence("no draw: the prompt always begins with the same text"),
    ("asked", "letters"): Sentence("how likely each letter is"),
    ("asked", "texts"): Sentence("how likely the text of each choice is"),
    ("asked", "next-token"): Sentence("which one token comes next, of the whole vocabulary"),
    ("encoding", "joint"): Sentence("as one text; the answer is what lies behind the prompt"),
    ("encoding", "separate"): Sentence("each by itself, then joined"),
    ("encoding", "last-token"): Sentence("the answer is the last token of its text by itself"),
    ("truncation", "keep-end"): Sentence("the end is kept, tokens at the beginning go"),
    ("truncation", "drop-shots-2048"): Sentence("whole solved examples go until 2,048 tokens hold the rest"),
    ("truncation", "drop-shots-then-cut"): Sentence("whole solved examples go, then the end of the text"),
    ("cleaning", "none"): Sentence("nothing"),
    ("cleaning", "pandas-missing"): Sentence("texts that pandas takes for missing, such as None, read nan"),
    ("cleaning", "unix-newlines"): Sentence("line breaks became those of Unix"),
    ("aggregation", "micro"): Sentence("micro: every question weighs the same"),
    ("aggregation", "macro"): Sentence("macro: every subset weighs the same"),
}
"""What was chosen, where a manifest says it in a code."""

yes, no = Sentence("yes"), Sentence("no")


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice and what each of some implementations chose."""

    factor: str
    """The cause that it belongs to: `template`, `shots`, `encoding`, …"""

    name: str
    """What it is about."""

    values: tuple[Json, ...]
    """What each chose, as its manifest says; None where an implementation has no such choice."""

    said: tuple[str, ...]
    """The same in words; empty where there is none."""

    code: bool
    """Whether the words are text of the prompt itself rather than a description."""

    @property
    def differs(self) -> bool:
        """Whether they did not all choose the same."""
        return any(value != self.values[0] for value in self.values)


def implementations(name: str) -> tuple[Benchmark, ...]:
    """The benchmark of this name and its siblings, in the order of the registry; none where it is unknown."""
    try:
        return tuple(registry.find(name.partition("/")[0])) if name in registry.names() else ()
    except LeaderbenchError:
        return ()


def side_by_side(benchmarks: Sequence[Benchmark]) -> tuple[Choice, ...]:
    """Every choice that these recipes are made of, in the order of telling; what differs and what does not."""
    levels = [_flat(item) for item in benchmarks]
    keys = list(dict.fromkeys(key for level in levels for key in level))
    return tuple(_choice(key, tuple(level.get(key) for level in levels)) for key in _in_order(keys))


def _flat(benchmark: Benchmark) -> dict[tuple[str, str], Json]:
    """The levels of a recipe by factor and field; the fields of a template stand by themselves."""
    found: dict[tuple[str, str], Json] = {}
    for factor, level in (benchmark.levels() if isinstance(benchmark, Mixable) else {}).items():
        for field, value in level.items():
            found |= {
                (factor, key): item for key, item in (value if isinstance(value, dict) else {field: value}).items()
            }
    if not any(field == "metrics" for _, field in found):
        found["scoring", "metrics"] = [str(metric) for metric in benchmark.metrics]
    return found


def _in_order(keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Keys with those of a factor together, factors in the order of their first key."""
    factors = list(dict.fromkeys(factor for factor, _ in keys))
    return sorted(keys, key=lambda key: factors.index(key[0]))


def _choice(key: tuple[str, str], values: tuple[Json, ...]) -> Choice:
    factor, field = key
    said = tuple("" if value is None else in_words(field, value) for value in values)
    plain = all(value is None or (isinstance(value, str) and (field, value) not in meanings) for value in values)
    return Choice(factor, names.get(field, field.replace("_", " ")), values, said, plain)


def in_words(field: str, value: Json) -> str:
    """What was chosen, in words where there are some; a text of the prompt as it is."""
    if isinstance(value, bool):
        return yes if value else no
    if isinstance(value, str):
        return meanings.get((field, value), value)
    if isinstance(value, list):
        parts = {f"part{place}": _metric(str(item)) for place, item in enumerate(value)}
        return Sentence(", ".join(f"{{{part}}}" for part in parts), **parts) if parts else ""
    return str(value)


def _metric(name: str) -> str:
    """The name of a metric with how its values become one number, `acc (micro)`, as a sentence."""
    if name.endswith(" (micro)"):
        return Sentence("{metric} (micro)", metric=name.removesuffix(" (micro)"))
    if name.endswith(" (macro)"):
        return Sentence("{metric} (macro)", metric=name.removesuffix(" (macro)"))
    return name
