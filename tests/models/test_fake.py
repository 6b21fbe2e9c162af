"""The fake model answers at once, the same every time, and fails and dawdles as it is told."""

import time

from leaderbench.models.fake import FakeModel, by_hash
from leaderbench.records import Failure, GenerateResponse, LogLikelihoodResponse
from leaderbench.requests import Generate, LogLikelihood, Prompt, Request


def ask(text: str, *continuations: str) -> LogLikelihood:
    return LogLikelihood(Prompt("", (), text), continuations or (" A", " B"))


REQUESTS: list[Request] = [ask("one"), ask("two", " é"), Generate(Prompt("", (), "three"))]


def test_the_same_request_always_gets_the_same_answer() -> None:
    assert dict(FakeModel().answer(REQUESTS)) == dict(FakeModel("another name").answer(REQUESTS[::-1]))


def test_different_requests_get_different_answers() -> None:
    assert by_hash(ask("one"), " A") != by_hash(ask("two"), " A")
    assert by_hash(ask("one"), " A") != by_hash(ask("one"), " B")
    assert -10 <= by_hash(ask("one"), " A") <= 0


def test_a_judge_decides_what_is_likely() -> None:
    model = FakeModel(judge=lambda request, text: -float(len(text)))
    ((_, response),) = model.answer([ask("one", " A", " long")])
    assert isinstance(response, LogLikelihoodResponse)
    assert [scored.log_likelihood for scored in response.continuations] == [-2.0, -5.0]


def test_it_writes_the_word_that_its_judge_likes_best() -> None:
    model = FakeModel(judge=lambda request, text: 0.0 if text == " C" else -3.0)
    ((_, response),) = model.answer([Generate(Prompt("", (), "one"))])
    assert isinstance(response, GenerateResponse)
    assert response.text == " C"
    values = [candidate.log_probability for candidate in response.candidates]
    assert values == sorted(values, reverse=True)


def test_it_fails_where_it_is_told_to_and_counts_what_it_was_asked() -> None:
    model = FakeModel(fails=lambda request: request.context.text == "one")
    found = dict(model.answer(REQUESTS))
    assert [isinstance(found[request], Failure) for request in REQUESTS] == [True, False, False]
    assert model.asked == 3


def test_a_token_is_a_byte() -> None:
    (encoded,) = FakeModel().encode([ask("é", " A", "")])
    assert (encoded.context, encoded.kept) == (tuple("é".encode()), (2, 2))
    assert encoded.continuations == ((32, 65), ())


def test_answers_have_the_tokens_that_encoding_tells() -> None:
    (encoded,) = FakeModel().encode([REQUESTS[1]])
    ((_, response),) = FakeModel().answer([REQUESTS[1]])
    assert isinstance(response, LogLikelihoodResponse)
    assert tuple(scored.tokens for scored in response.continuations) == encoded.continuations
    assert all(len(scored.tokens) == len(scored.log_probabilities) for scored in response.continuations)


def test_it_is_as_slow_as_it_is_told_to_be_and_answers_one_by_one() -> None:
    answers, began = FakeModel(seconds=0.05).answer(REQUESTS), time.monotonic()
    next(answers)
    assert time.monotonic() - began >= 0.05
    assert len(list(answers)) == 2


def test_fakes_of_other_names_are_other_models() -> None:
    assert FakeModel("a").identity == FakeModel("a", seconds=1).identity != FakeModel("b").identity
