"""By which number was an answer chosen?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leaderbench.benchmarks.letters import best_letter, letter
from leaderbench.metrics.choice import best, per_character
from leaderbench.records import Sample


class Measure(StrEnum):
    """What candidate answers are compared by."""

    LOG_LIKELIHOOD = "log-likelihood"
    PER_CHARACTER = "log-likelihood per character"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one metric chose, and by what."""

    metric: str
    answer: str
    """The letter of the candidate."""

    measure: Measure | None
    """None where neither measure chooses this candidate, as in a run that was imported in part."""

    value: float
    """Of the candidate; NaN where there is no measure."""


def candidates(sample: Sample) -> tuple[str, ...]:
    """The letter of each continuation; empty where it is none of the answers to choose among: a text that was written,
    or one that TruthfulQA asks about again for its mc2.
    """
    names = tuple(letter(place) for place in range(len(sample.continuations)))
    if len(names) < 2 or sample.target not in names:
        return ("",) * len(names)
    again = len(names)
    if "mc2" in sample.predictions:
        texts = sample.continuations
        again = next((place for place, text in enumerate(texts) if text in texts[:place]), again)
    return names[:again] + ("",) * (len(names) - again)


def decisions(sample: Sample) -> tuple[Decision, ...]:
    """What each metric chose among the candidates, the reported one first; empty where there was nothing to choose."""
    count = sum(map(bool, candidates(sample)))
    if not count:
        return ()
    measured = measures(sample, count)
    chosen = [(metric, answer) for metric, answer in sample.predictions.items() if answer is not None]
    chosen.sort(key=lambda item: item[1] != sample.prediction)  # what was reported has the sample's own prediction
    return tuple(_decision(metric, answer, measured) for metric, answer in chosen)


def measures(sample: Sample, count: int) -> dict[Measure, list[float]]:
    """Both measures of the first continuations, as far as they are known of all of them."""
    likelihoods = sample.log_likelihoods[:count]
    if len(likelihoods) < count or len(sample.characters) < count:
        return {}
    texts = [text.removeprefix(" ") for text in sample.continuations[:count]]
    return {
        Measure.LOG_LIKELIHOOD: list(likelihoods),
        Measure.PER_CHARACTER: per_character(likelihoods, texts),
    }


def _decision(metric: str, answer: str, measured: dict[Measure, list[float]]) -> Decision:
    order: Sequence[Measure] = sorted(measured, key=lambda name: (name is Measure.PER_CHARACTER) != ("norm" in metric))
    for measure in order:
        values = measured[measure]
        if best_letter(values) == answer:
            return Decision(metric, answer, measure, values[best(values)])
    return Decision(metric, answer, None, float("nan"))
