"""What all samples of a run have in common is counted in its manifest and said in sentences."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from leaderbench.records import Flag, Json, Sample
from leaderbench.results.run_notes import counts_of, notes_of

Make = Callable[..., Sample]


def notes(samples: list[Sample]) -> list[str]:
    return [str(note.sentence) for note in notes_of(counts_of(samples))]


def likelihoods(*values: float) -> dict[str, Any]:
    """Changes of a sample: its answers, one token each, with these log-likelihoods."""
    names = "ABCDEFGH"[: len(values)]
    return {
        "continuations": tuple(f" {name}" for name in names),
        "log_likelihoods": values,
        "token_log_probabilities": tuple((value,) for value in values),
    }


def test_a_run_as_it_should_be_has_nothing_to_note(sample: Make) -> None:
    samples = [sample(i) for i in range(12)]
    assert counts_of(samples) == {"questions": 12, "errors": 0, "flags": {"tie": 3}}
    assert notes(samples) == []


def test_ties_everywhere_are_noted(sample: Make) -> None:
    tied = [sample(i, flags=(Flag.TIE,)) for i in range(4)]
    failed = sample(9, error="no", flags=(Flag.ERROR,))
    said = "The best answers to every question are tied: the score says which of them stands first."
    assert notes(tied) == notes([*tied, failed]) == [said]
    assert notes([*tied, sample(4)]) == []
    assert notes(tied[:1]) == []


@pytest.mark.parametrize("value", [0.0, -5.5, -math.inf])
def test_log_likelihoods_that_are_all_the_same_are_noted(sample: Make, value: float) -> None:
    samples = [sample(i, flags=(Flag.TIE,), **likelihoods(value, value)) for i in range(4)]
    said = ["All log-likelihoods are equal: the model tells no answer from another."]
    assert notes(samples) == said
    assert notes([*samples, sample(4, **likelihoods(value, -1.0))]) == []


def test_a_uniform_network_is_noted_though_longer_answers_sum_up_to_less(sample: Make) -> None:
    tokens = ((-4.0, -4.0), (-4.0,))
    samples = [sample(i, token_log_probabilities=tokens, log_likelihoods=(-8.0, -4.0)) for i in range(3)]
    assert notes(samples) == ["All log-likelihoods are equal: the model tells no answer from another."]


def test_log_likelihoods_that_are_no_numbers_or_missing_are_noted(sample: Make) -> None:
    samples = [sample(1), sample(2, **likelihoods(math.nan, -1.0)), sample(3, log_likelihoods=())]
    assert notes(samples) == ["In 2 of 3 questions a log-likelihood is missing or not a number."]


def test_a_written_answer_needs_no_log_likelihood(sample: Make) -> None:
    written = {"continuations": (" 42",), "log_likelihoods": (), "token_log_probabilities": ()}
    assert notes([sample(i, **written) for i in range(3)]) == []


def test_prompts_that_were_cut_are_counted(sample: Make) -> None:
    cut = [sample(i, flags=(Flag.TRUNCATED,)) for i in range(1, 3)]
    assert notes([*cut, sample(3)]) == ["2 of 3 prompts are longer than the model's context and were cut."]


def test_prompts_beyond_the_context_are_counted(sample: Make) -> None:
    (note,) = notes_of(counts_of([sample(1, flags=(Flag.BEYOND_CONTEXT,)), sample(2)]))
    assert note.sentence.startswith("1 of 2 prompts are longer than the model's context and were asked whole")
    assert note.brief == "1 of 2 prompts beyond the context"


def test_examples_left_out_of_every_prompt_are_noted(sample: Make) -> None:
    dropped = [sample(i, flags=(Flag.SHOTS_DROPPED,)) for i in range(1, 4)]
    assert notes(dropped) == ["Every prompt was too long, and solved examples were left out of it."]
    assert notes([*dropped, sample(4)]) == []


def test_a_run_without_any_answer_is_noted(sample: Make) -> None:
    assert notes([sample(1, error="no", flags=(Flag.ERROR,))]) == ["The model could answer none of the questions."]


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"questions": "many", "errors": None, "flags": []},
        {"flags": {"tie": True, "truncated": -3, "shots-dropped": 1.5}},
        {"questions": 0, "errors": 0, "flags": {}},
    ],
)
def test_counts_of_others_that_say_nothing_give_no_note(counts: dict[str, Json]) -> None:
    assert notes_of(counts) == ()


def test_what_older_manifests_count_is_enough_for_ties_and_cuts() -> None:
    older: dict[str, Json] = {"questions": 5, "errors": 1, "flags": {"tie": 4, "truncated": 2, "error": 1}}
    assert [str(note.brief) for note in notes_of(older)] == ["all answers tied", "2 of 5 prompts cut"]
