"""What stands behind the progress bar."""

import pytest

from leaderbench.cli.progress import describe, rate, saved, time_left
from leaderbench.evaluation.progress import Progress


def at(done: int, **changes: float) -> Progress:
    fields: dict[str, float] = {"total": 100, "done": done, "stored": 0, "errors": 0}
    fields |= {"tokens_asked": 1000, "tokens_computed": 250, "seconds": 2.0}
    return Progress("exam/helm", **(fields | changes))


def test_stored_answers_do_not_count_as_speed() -> None:
    assert rate(at(50, stored=40)) == 5


def test_the_speed_is_zero_before_anything_is_asked() -> None:
    assert rate(at(0, seconds=0.0)) == 0
    assert rate(at(40, stored=40)) == 0


def test_saved_tokens_are_a_share_of_those_asked_about() -> None:
    assert saved(at(1)) == 0.75
    assert saved(at(0, tokens_asked=0, tokens_computed=0)) == 0


def test_time_left_follows_the_speed() -> None:
    assert time_left(at(50)) == "0:02"
    assert time_left(at(10, seconds=100.0)) == "15:00"
    assert time_left(at(1, seconds=100.0)) == "2:45:00"


def test_time_left_is_unknown_at_first_and_nought_at_last() -> None:
    assert time_left(at(0)) == "-:--"
    assert time_left(at(100, stored=100)) == "0:00"


def test_a_run_that_was_complete_before_says_so() -> None:
    assert describe(at(100, stored=100)) == "all answered before; nothing to ask"


@pytest.mark.parametrize("seconds", [0.0, 45.0])
def test_a_run_without_an_answer_yet_says_what_it_does_and_no_rate_of_0(seconds: float) -> None:
    assert describe(at(0, seconds=seconds)) == "working on the first questions, which say how long it takes"
    assert describe(at(8, stored=8, seconds=seconds)).endswith(", resumed from 8")


def test_slow_models_have_a_decimal() -> None:
    assert describe(at(5, seconds=10.0)).startswith("0.5/s")


def test_errors_and_resumption_are_mentioned_only_where_there_are_any() -> None:
    assert describe(at(50)) == "25/s, 75 % of tokens saved, 0:02 left"
    assert describe(at(50, errors=1, stored=30)) == "10/s, 75 % of tokens saved, 0:05 left, 1 error, resumed from 30"
