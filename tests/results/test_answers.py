import json

from hypothesis import given
from hypothesis import strategies as st

from leaderbench.records import Answer, Candidate, GenerateResponse, LogLikelihoodResponse, ScoredContinuation
from leaderbench.results import answers

counts = st.integers(0, 10**6)
floats = st.floats(allow_nan=False)
continuations = st.builds(
    ScoredContinuation, st.lists(counts).map(tuple), st.lists(floats).map(tuple), greedy=st.booleans()
)
log_likelihoods = st.builds(LogLikelihoodResponse, st.lists(continuations).map(tuple), counts, counts, counts)
generations = st.builds(
    GenerateResponse,
    st.text(),
    st.lists(counts).map(tuple),
    st.lists(floats).map(tuple),
    st.lists(st.builds(Candidate, counts, st.text(), floats)).map(tuple),
    counts,
    counts,
    counts,
)


@given(st.one_of(log_likelihoods, generations))
def test_an_answer_reads_back_as_it_was_to_the_last_bit(answer: Answer) -> None:
    assert answers.from_json(answers.to_json(answer)) == answer


@given(st.one_of(log_likelihoods, generations))
def test_an_answer_is_one_line_of_standard_json(answer: Answer) -> None:
    text = answers.to_json(answer)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    assert text.isascii()
    assert "\n" not in text
    json.loads(text, parse_constant=refuse)


def test_not_a_number_reads_back_as_not_a_number() -> None:
    answer = LogLikelihoodResponse((ScoredContinuation((1,), (float("nan"),), greedy=False),), 3)
    read = answers.from_json(answers.to_json(answer))
    assert isinstance(read, LogLikelihoodResponse)
    value = read.continuations[0].log_probabilities[0]
    assert value != value
