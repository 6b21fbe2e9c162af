"""What a reader must know of all samples of a run together before reading its score: counted once, said everywhere."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from leaderbench.records import Flag, Json, Sample
from leaderbench.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know, in two lengths."""

    sentence: Sentence
    brief: Sentence
    """A few words, for a row of a board."""

    about: Flag | None = None
    """The flag of the samples that it counts, if there is one."""


def counts_of(samples: Sequence[Sample]) -> dict[str, Json]:
    """What the manifest of a run counts: `questions`, `errors` and samples with each flag (`flags`).

    Where it is so: `without_numbers`, questions whose answers lack a log-likelihood that is a number; and `all_equal`,
    that every log-likelihood of the run is one and the same.
    """
    flags = Counter(flag.value for sample in samples for flag in sample.flags)
    counts: dict[str, Json] = {"questions": len(samples), "errors": flags[Flag.ERROR], "flags": dict(flags)}
    answered = [sample for sample in samples if sample.error is None]
    without = sum(not _has_numbers(sample) for sample in answered)
    return (
        counts | ({"without_numbers": without} if without else {}) | ({"all_equal": True} if _equal(answered) else {})
    )


def _has_numbers(sample: Sample) -> bool:
    values = sample.log_likelihoods
    return bool(values or len(sample.continuations) < 2) and not any(map(math.isnan, values))


def _equal(samples: Sequence[Sample]) -> bool:
    """Whether all log-likelihoods of answers that were compared are one number, or all of their single tokens are."""
    compared = [sample for sample in samples if len(sample.log_likelihoods) > 1]
    tokens = (value for sample in compared for values in sample.token_log_probabilities for value in values)
    return _same(value for sample in compared for value in sample.log_likelihoods) or _same(tokens)


def _same(values: Iterator[float]) -> bool:
    first = next(values, math.nan)
    return all(value == first for value in values) and first == first


def notes_of(counts: Mapping[str, Json]) -> tuple[Note, ...]:
    """What to know of a run with these counts; of an older or foreign one, as far as they tell."""
    flags = counts.get("flags")
    flags = flags if isinstance(flags, dict) else {}
    questions, errors, without = (_number(counts.get(name)) for name in ("questions", "errors", "without_numbers"))
    tied, cut, dropped, beyond = (
        _number(flags.get(flag)) for flag in (Flag.TIE, Flag.TRUNCATED, Flag.SHOTS_DROPPED, Flag.BEYOND_CONTEXT)
    )
    answered = questions - errors
    notes = []
    if errors and not answered:
        notes.append(
            Note(Sentence("The model could answer none of the questions."), Sentence("nothing answered"), Flag.ERROR)
        )
    if counts.get("all_equal") is True:
        sentence = Sentence("All log-likelihoods are equal: the model tells no answer from another.")
        notes.append(Note(sentence, Sentence("all log-likelihoods equal")))
    elif tied == answered > 1:
        sentence = Sentence("The best answers to every question are tied: the score says which of them stands first.")
        notes.append(Note(sentence, Sentence("all answers tied"), Flag.TIE))
    if without:
        sentence = Sentence(
            "In {n} of {all} questions a log-likelihood is missing or not a number.", n=without, all=questions
        )
        brief = Sentence("{n} of {all} questions without log-likelihoods", n=without, all=questions)
        notes.append(Note(sentence, brief))
    if cut:
        sentence = Sentence(
            "{n} of {all} prompts are longer than the model's context and were cut.", n=cut, all=questions
        )
        notes.append(Note(sentence, Sentence("{n} of {all} prompts cut", n=cut, all=questions), Flag.TRUNCATED))
    if dropped == questions > 0:
        sentence = Sentence("Every prompt was too long, and solved examples were left out of it.")
        notes.append(Note(sentence, Sentence("every prompt with fewer examples"), Flag.SHOTS_DROPPED))
    if beyond:
        sentence = Sentence(
            "{n} of {all} prompts are longer than the model's context and were asked whole, as the benchmark's own "
            "program does.",
            n=beyond,
            all=questions,
        )
        brief = Sentence("{n} of {all} prompts beyond the context", n=beyond, all=questions)
        notes.append(Note(sentence, brief, Flag.BEYOND_CONTEXT))
    return tuple(notes)


def _number(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
