"""The first thing that differs between two samples of one question."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.explain.difference.causes import Cause
from leaderbench.explain.difference.first_cause import Kind, Terms, excerpt, first_cause, parting, standing
from leaderbench.records import Sample

HEADER = "Questions about anatomy.\n\n"
SHOT = "What is one?\nA. 1\nB. 2\nAnswer: A\n\n"
QUESTION = "What is two?\nA. 1\nB. 2\nAnswer:"

WRONG = Sample(
    example_id="anatomy/0",
    subset="anatomy",
    prompt=HEADER + SHOT + QUESTION,
    request_digests=("0" * 64,),
    continuations=(" A", " B"),
    continuation_tokens=((5,), (6,)),
    token_log_probabilities=((-1.0,), (-2.0,)),
    log_likelihoods=(-1.0, -2.0),
    characters=(1, 1),
    bytes=(1, 1),
    context_tokens=40,
    truncated_tokens=0,
    shots_dropped=0,
    prediction="A",
    predictions={"acc": "A"},
    target="B",
    correct=False,
    margin=1.0,
    metrics={"acc": 0.0},
    flags=(),
)


def right(**changes: Any) -> Sample:
    """The same question answered right, by log-likelihoods that are far from those of the wrong answer."""
    fields = {"log_likelihoods": (-3.0, -2.0), "prediction": "B", "correct": True, "metrics": {"acc": 1.0}}
    return replace(WRONG, **(fields | changes))


def written(text: str, token: int, value: float, **changes: Any) -> Sample:
    """The same question where the model wrote the answer."""
    fields: dict[str, Any] = {
        "continuations": (text,),
        "continuation_tokens": ((token,),),
        "token_log_probabilities": ((value,),),
        "log_likelihoods": (value,),
        "characters": (1,),
    }
    return right(**(fields | changes))


NAMES = [
    *("model", "dataset revision", "cleaning", "prompt", "few-shot draw", "chat template", "special tokens"),
    *("boundary", "truncation", "scoring", "dtype", "device", "library versions", "hardware", "engine path"),
]


def terms(*differ: str, unknown: tuple[str, ...] = (), **changes: Any) -> Terms:
    """Manifests that differ in these causes."""
    causes = {name: Cause(name, {}, {}, None if name in unknown else name in differ) for name in NAMES}
    found = Terms(causes, ("acc", "acc"), ("acc", "acc"), noise=1e-4, epsilon=2.0**-23)
    return replace(found, **changes)


@pytest.mark.parametrize(
    ("kind", "changes", "differ"),
    [
        (Kind.TARGET, {"target": "A"}, ("dataset revision",)),
        (Kind.TEXT, {"prompt": HEADER + SHOT + QUESTION.replace("1", "nan")}, ("cleaning",)),
        (Kind.TEXT, {"prompt": HEADER + SHOT.replace("1", "nan") + QUESTION}, ("cleaning",)),
        (Kind.SHOTS, {"prompt": HEADER + SHOT.replace("one", "half") + QUESTION}, ("few-shot draw",)),
        (Kind.OPENING, {"prompt": SHOT + QUESTION}, ("prompt",)),
        (Kind.LAYOUT, {"prompt": HEADER + SHOT + "Question: " + QUESTION}, ("prompt",)),
        (Kind.TRUNCATION, {"shots_dropped": 1}, ("truncation",)),
        (Kind.TRUNCATION, {"truncated_tokens": 7}, ("truncation",)),
        (Kind.ASKED, {"continuations": (" one", " two")}, ("scoring",)),
        (Kind.ASKED, {"continuations": ("A", "B")}, ("boundary",)),
        (Kind.ASKED, {"continuations": (" A", " B", " C")}, ("scoring",)),
        (Kind.TOKENS, {"context_tokens": 41}, ("special tokens",)),
        (Kind.TOKENS, {"continuation_tokens": ((5,), (7, 6))}, ("boundary",)),
        (Kind.LOG_LIKELIHOODS, {}, ("dtype",)),
    ],
)
def test_each_kind_of_difference_is_found_with_its_cause(
    kind: Kind, changes: dict[str, Any], differ: tuple[str, ...]
) -> None:
    for a, b in ((WRONG, right(**changes)), (right(**changes), WRONG)):
        found = first_cause(a, b, terms(*differ))
        assert (found.kind, found.behind) == (kind, differ)
        assert found.detail


def test_the_earlier_difference_is_named_before_the_later_one() -> None:
    changes: list[dict[str, Any]] = [
        {"target": "A"},
        {"prompt": SHOT + QUESTION},
        {"shots_dropped": 1},
        {"continuations": ("A", "B")},
        {"context_tokens": 41},
        {"continuation_tokens": ((1,), (2,))},
    ]
    kinds = []
    while changes:
        together: dict[str, Any] = {}
        for change in changes:
            together |= change
        kinds.append(first_cause(WRONG, right(**together), terms("prompt")).kind)
        changes.pop(0)
    assert kinds == [Kind.TARGET, Kind.OPENING, Kind.TRUNCATION, Kind.ASKED, Kind.TOKENS, Kind.TOKENS]


def test_the_place_and_a_short_excerpt_of_both_prompts_are_told() -> None:
    asked = HEADER + SHOT + "Q: " + QUESTION
    place = len(HEADER + SHOT)
    excerpts = f"{excerpt(WRONG.prompt, place)} against {excerpt(asked, place)}"
    found = first_cause(WRONG, right(prompt=asked), terms("prompt"))
    assert found.detail == f"from character {place} on, {excerpts}"
    assert "What is two?" in excerpts
    assert "Q: What" in excerpts


def test_without_a_known_template_a_prompt_is_not_said_to_have_other_shots() -> None:
    sample = right(prompt=HEADER + SHOT.replace("one", "half") + QUESTION)
    assert first_cause(WRONG, sample, terms("few-shot draw", unknown=("prompt",))).kind is Kind.OPENING


def test_continuations_that_differ_in_spaces_only_are_said_to() -> None:
    assert "but for spaces" in first_cause(WRONG, right(continuations=("A", "B")), terms()).detail


def test_a_written_answer_against_compared_ones_is_another_question() -> None:
    found = first_cause(WRONG, written(" B", 6, -0.5), terms("scoring"))
    assert found.kind is Kind.ASKED
    assert "written" in found.detail


def test_two_written_answers_differ_by_the_model_and_not_by_what_was_asked() -> None:
    a, b = written(" A", 5, -0.5, margin=1.0), written(" B", 6, -0.5, margin=1.0)
    found = first_cause(a, b, terms("model"))
    assert (found.kind, found.behind) == (Kind.LOG_LIKELIHOODS, ("model",))


def test_tokens_of_two_models_with_tokenizers_of_their_own_are_no_cause() -> None:
    found = first_cause(WRONG, right(context_tokens=41, continuation_tokens=((5,), (7, 6))), terms("model"))
    assert (found.kind, found.behind) == (Kind.LOG_LIKELIHOODS, ("model",))


def test_tokens_of_two_models_are_a_cause_where_special_tokens_differ_too() -> None:
    found = first_cause(WRONG, right(context_tokens=41), terms("model", "special tokens"))
    assert (found.kind, found.behind) == (Kind.TOKENS, ("model", "special tokens"))


def test_two_written_answers_of_a_near_tie_are_numerics() -> None:
    a, b = written(" A", 5, -0.5, margin=3e-5), written(" B", 6, -0.5, margin=1e-5)
    assert str(first_cause(a, b, terms())) == "numerics only, margin 1e-05"


def test_noise_in_the_log_likelihoods_of_a_near_tie_is_numerics_with_its_margin() -> None:
    a = replace(WRONG, log_likelihoods=(-1.99999, -2.0), margin=1e-5)
    b = right(log_likelihoods=(-2.00002, -2.0), margin=2e-5)
    found = first_cause(a, b, terms("hardware"))
    assert (str(found), found.behind) == ("numerics only, margin 1e-05", ("hardware",))


def test_the_coarser_dtype_decides_what_is_noise() -> None:
    a = replace(WRONG, log_likelihoods=(-1.99, -2.0), margin=0.01)
    b = right(log_likelihoods=(-2.02, -2.0), margin=0.02)
    assert first_cause(a, b, terms("dtype")).kind is Kind.LOG_LIKELIHOODS
    assert first_cause(a, b, terms("dtype", noise=0.125, epsilon=2.0**-7)).kind is Kind.NUMERICS


def test_the_same_answers_under_another_metric_are_scoring() -> None:
    same = replace(WRONG, correct=True, metrics={"acc_norm": 1.0}, margin=0.5)
    found = first_cause(WRONG, same, terms("scoring", metrics=("acc", "acc_norm"), reported=("acc", "acc_norm")))
    assert (found.kind, found.detail, found.behind) == (Kind.SCORING, "acc against acc_norm", ("scoring",))


def test_the_same_answers_with_another_verdict_are_scoring_though_the_metrics_have_one_name() -> None:
    assert first_cause(WRONG, replace(WRONG, correct=True), terms()).kind is Kind.SCORING


def test_a_hidden_difference_between_requests_is_not_put_down_to_the_model() -> None:
    found = first_cause(WRONG, right(request_digests=("1" * 64,)), terms("special tokens"))
    assert (found.kind, found.behind) == (Kind.ASKED, ("special tokens",))


def test_what_an_imported_run_does_not_record_is_passed_over_or_said_to_be_missing() -> None:
    bare = right(
        prompt="", request_digests=(), continuations=(), continuation_tokens=(), log_likelihoods=(), context_tokens=0
    )
    found = first_cause(WRONG, bare, terms("model"))
    assert (found.kind, found.behind) == (Kind.UNKNOWN, ())
    assert "no prompts" in found.detail
    assert first_cause(WRONG, replace(bare, shots_dropped=2), terms()).kind is Kind.TRUNCATION


def test_the_margin_of_the_reported_metric_is_the_samples_own() -> None:
    assert standing(replace(WRONG, margin=0.7), terms(), 0) == (0.7, 1e-4)


def test_the_margin_of_another_metric_comes_from_the_log_likelihoods() -> None:
    sample = replace(WRONG, characters=(4, 2), margin=0.7)
    other = terms(metrics=("acc_norm", "acc"), reported=("acc", "acc_norm"))
    assert standing(sample, other, 0) == pytest.approx((0.75, 5e-5))
    assert standing(sample, other, 1)[0] == 1.0


def test_the_margin_of_a_metric_that_the_sample_does_not_explain_is_unknown() -> None:
    margin, _ = standing(WRONG, terms(metrics=("mc1", "mc1"), reported=("mc2", "mc2")), 0)
    assert margin != margin


def test_noise_grows_with_the_size_of_the_log_likelihood_and_an_infinite_one_adds_none() -> None:
    coarse = terms(noise=0.125, epsilon=2.0**-7)
    assert coarse.rounding(-2.0) == 0.125
    assert coarse.rounding(-256.0) == 2.0
    assert coarse.rounding(float("-inf")) == 0.125


@given(st.text(), st.text(), st.text())
def test_prompts_part_where_their_common_beginning_ends(start: str, a: str, b: str) -> None:
    place = parting(start + a, start + b)
    assert (start + a)[:place] == (start + b)[:place]
    assert place >= len(start)
    assert (start + a)[place : place + 1] != (start + b)[place : place + 1] or start + a == start + b


def test_an_excerpt_is_short_and_shows_where_it_was_cut() -> None:
    assert excerpt("x" * 50 + "here" + "y" * 50, 50) == "…'xxxxxxxxxxhereyyyyyyyyyyyyyyyy'…"
    assert excerpt("here", 0) == "'here'"
