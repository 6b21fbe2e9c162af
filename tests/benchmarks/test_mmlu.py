import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from leaderbench.benchmarks.base import Datasets
from leaderbench.benchmarks.mmlu import (
    Asked,
    Choices,
    Cleaning,
    Mmlu,
    Shots,
    clean,
    harness,
    harness_2023,
    helm,
    implementations,
    open_llm_v1,
    original,
)
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Aggregation, Candidate, Example, GenerateResponse, LogLikelihoodResponse, Question
from leaderbench.requests import Encoding, Generate, LogLikelihood, Truncation

Tables = dict[tuple[str, str], list[dict[str, Any]]]
Make = Callable[[Tables], Datasets]
Answered = Callable[..., LogLikelihoodResponse]


def on_exam(choices: Choices) -> Mmlu:
    return Mmlu("exam/x", "", choices, "some/exam", ("tiny_things",))


def ask(choices: Choices, datasets: Datasets) -> list[Question]:
    return list(on_exam(choices).questions(datasets, ()))


def text(choices: Choices, datasets: Datasets, place: int = 0) -> str:
    return ask(choices, datasets)[place].requests[0].context.text


def log_likelihood(question: Question) -> LogLikelihood:
    assert isinstance(question.requests[0], LogLikelihood)
    return question.requests[0]


def test_the_original_writes_two_spaces_before_the_subject(memory: Make, exam: Tables) -> None:
    begun = "The following are multiple choice questions (with answers) about  tiny things.\n\nQuestion 0?\nA. a0\n"
    assert text(original, memory(exam)).startswith(begun)


def test_every_template_ends_in_answer_without_a_space(memory: Make, exam: Tables) -> None:
    for choices, _ in implementations.values():
        assert text(choices, memory(exam)).endswith("\nA. w\nB. x\nC. y\nD. z\nAnswer:")


def test_the_harness_of_january_2023_has_no_header_and_answers_with_texts(memory: Make, exam: Tables) -> None:
    prompt = text(harness_2023, memory(exam))
    assert prompt.startswith("Question: Question 1")
    shots = prompt.split("\n\n")[:-1]
    assert len(shots) == 5
    assert all(shot.split("Answer: ")[1] in "wxyz" and "\nChoices:\n" in shot for shot in shots)


def test_shots_can_be_dropped_one_by_one_from_the_end(memory: Make, exam: Tables) -> None:
    context = ask(helm, memory(exam))[0].requests[0].context
    assert len(context.shots) == 5
    assert context.with_shots(0) == context.head + context.question
    assert context.with_shots(2) == text(dataclasses.replace(helm, shots=2), memory(exam))


def test_only_the_newer_harnesses_strip_the_question_and_none_the_choices(memory: Make, exam: Tables) -> None:
    row = exam["tiny_things", "test"][0]
    row["question"], row["choices"] = " padded \n", [" w", "x ", "y", "z"]
    assert text(harness, memory(exam)).endswith("\n\npadded\nA.  w\nB. x \nC. y\nD. z\nAnswer:")
    assert text(original, memory(exam)).endswith("\n\n padded \n\nA.  w\nB. x \nC. y\nD. z\nAnswer:")


def test_the_text_none_reads_nan_in_the_original_only(memory: Make, exam: Tables) -> None:
    exam["tiny_things", "test"][0]["choices"] = ["None", "x", "y", "z"]
    found = {name: "A. nan\n" in text(choices, memory(exam)) for name, (choices, _) in implementations.items()}
    assert found == {name: name == "original" for name in implementations}


@pytest.mark.parametrize(
    ("cell", "cleaning", "read"),
    [
        ("None", Cleaning.PANDAS_MISSING, "nan"),
        ("N/A", Cleaning.PANDAS_MISSING, "nan"),
        ("None of these", Cleaning.PANDAS_MISSING, "None of these"),
        (" None", Cleaning.PANDAS_MISSING, " None"),
        ("a\r\nb\rc", Cleaning.UNIX_NEWLINES, "a\nb\nc"),
        ("a\r\nb", Cleaning.PANDAS_MISSING, "a\r\nb"),
        ("None\r\n", Cleaning.NONE, "None\r\n"),
    ],
)
def test_a_cell_is_read_as_the_implementation_reads_its_files(cell: str, cleaning: Cleaning, read: str) -> None:
    assert clean(cell, cleaning) == read


def test_crlf_becomes_lf_in_helm_shots_and_stays_elsewhere(memory: Make, exam: Tables) -> None:
    exam["tiny_things", "dev"][2]["question"] = "one\r\ntwo"
    assert "one\ntwo" in text(helm, memory(exam))
    assert "one\r\ntwo" in text(harness, memory(exam))


def test_helm_writes_the_letter_of_the_first_equal_text_into_a_shot(memory: Make, exam: Tables) -> None:
    exam["tiny_things", "dev"][3] = {"question": "Twice?", "choices": ["p", "same", "q", "same"], "answer": 3}
    assert "Twice?\nA. p\nB. same\nC. q\nD. same\nAnswer: B\n\n" in text(helm, memory(exam))
    assert "Twice?\nA. p\nB. same\nC. q\nD. same\nAnswer: D\n\n" in text(original, memory(exam))


def test_a_validation_row_equal_to_the_question_is_never_its_shot(memory: Make, exam: Tables) -> None:
    tables = dict(exam)
    tables["tiny_things", "validation"] = exam["tiny_things", "validation"][:6]
    tables["tiny_things", "test"] = [exam["tiny_things", "validation"][0]] * 12
    for question in ask(harness_2023, memory(tables)):
        shots = question.requests[0].context.shots
        assert len(shots) == 5
        assert not any(shot.startswith("Question: Question 100?") for shot in shots)


def test_each_implementation_asks_what_the_reference_asks(memory: Make, exam: Tables) -> None:
    datasets = memory(exam)
    bare, spaced = ("A", "B", "C", "D"), (" A", " B", " C", " D")
    cases = [
        (original, bare, Encoding.LAST_TOKEN, True, Truncation.DROP_SHOTS_2048),
        (harness_2023, (" w", " x", " y", " z"), Encoding.SEPARATE, False, Truncation.KEEP_END),
        (open_llm_v1, spaced, Encoding.JOINT, False, Truncation.KEEP_END),
        (harness, spaced, Encoding.JOINT, True, Truncation.KEEP_END),
    ]
    for choices, continuations, encoding, special_tokens, truncation in cases:
        asked = log_likelihood(ask(choices, datasets)[0])
        assert asked.continuations == continuations
        assert (asked.encoding, asked.special_tokens, asked.truncation) == (encoding, special_tokens, truncation)
    generated = ask(helm, datasets)[0].requests[0]
    assert isinstance(generated, Generate)
    assert (generated.max_tokens, generated.truncation) == (1, Truncation.DROP_SHOTS_THEN_CUT)


def test_ids_name_the_subject_and_the_row_in_file_order(memory: Make, exam: Tables) -> None:
    assert [question.example.id for question in ask(harness, memory(exam))][:3] == [
        "tiny_things/0",
        "tiny_things/1",
        "tiny_things/2",
    ]


@pytest.mark.parametrize("choices", [choices for choices, _ in implementations.values()])
def test_the_order_in_which_subjects_are_asked_changes_no_request(memory: Make, exam: Tables, choices: Choices) -> None:
    other = {("other_things", split): rows[::-1] for (_, split), rows in exam.items()}
    benchmark = Mmlu("exam/x", "", choices, "some/exam", ("other_things", "tiny_things"))
    one = {question.example.id: question for question in benchmark.questions(memory(exam | other), ())}
    two = benchmark.questions(memory(exam | other), ("tiny_things", "other_things"))
    assert {question.example.id: question for question in two} == one
    assert len(one) == 24


def test_the_choices_of_implementations_mix_freely(memory: Make, exam: Tables) -> None:
    mixed = dataclasses.replace(
        original,
        template=harness_2023.template,
        shots_from=Shots.DEV_BY_ANSWER,
        asked=Asked.TEXTS,
        leading_space=True,
        encoding=Encoding.JOINT,
        truncation=Truncation.KEEP_END,
        per_character=True,
        aggregation=Aggregation.MACRO,
    )
    asked = log_likelihood(ask(mixed, memory(exam))[0])
    assert asked.context.text.startswith("Question: Question ")
    assert asked.continuations == (" w", " x", " y", " z")
    assert str(on_exam(mixed).metrics[0]) == "acc_norm (macro)"


@pytest.mark.parametrize(
    ("choices", "reported"),
    [
        (original, "acc (micro)"),
        (helm, "exact_match (macro)"),
        (harness_2023, "acc_norm (macro)"),
        (open_llm_v1, "acc (macro)"),
        (harness, "acc (micro)"),
    ],
)
def test_the_reported_metric_comes_first_and_its_other_average_is_there_too(choices: Choices, reported: str) -> None:
    names = [str(metric) for metric in on_exam(choices).metrics]
    assert names[0] == reported
    assert {name for name in names if name.startswith(f"{reported.split()[0]} ")} == {
        f"{reported.split()[0]} (micro)",
        f"{reported.split()[0]} (macro)",
    }
    assert len(set(names)) == len(names)


example = Example("s/0", "s", "q", ("wide choice", "x", "y", "z"), 0)


def test_letters_are_scored_by_the_largest_log_likelihood(answered: Answered) -> None:
    outcome = on_exam(harness).score(example, [answered(-1.0, -3.0, -4.5, -9.0)])
    assert (outcome.prediction, outcome.target, outcome.correct, outcome.margin) == ("A", "A", True, 2.0)
    assert outcome.metrics == {"acc": 1.0}


def test_an_exact_tie_goes_to_the_first_letter_and_has_no_margin(answered: Answered) -> None:
    outcome = on_exam(original).score(example, [answered(-2.0, -1.0, -1.0, -3.0)])
    assert (outcome.prediction, outcome.correct, outcome.margin) == ("B", False, 0.0)


def test_full_texts_are_scored_per_character_and_as_they_are(answered: Answered) -> None:
    outcome = on_exam(harness_2023).score(example, [answered(-11.0, -2.0, -3.0, -4.0)])
    assert outcome.predictions == {"acc_norm": "A", "acc": "B"}
    assert outcome.metrics == {"acc_norm": 1.0, "acc": 0.0}
    assert (outcome.prediction, outcome.correct, outcome.margin) == ("A", True, 1.0)


@pytest.mark.parametrize(
    ("written", "prediction", "correct"),
    [(" A", "A", True), ("B", "B", False), ("overnment", "overnment", False), ("\n", "", False), ("a", "a", False)],
)
def test_a_generated_token_is_right_only_as_the_right_letter(written: str, prediction: str, correct: bool) -> None:
    candidates = (Candidate(5, written, -0.25), Candidate(6, "?", -1.0))
    outcome = on_exam(helm).score(example, [GenerateResponse(written, (5,), (-0.25,), candidates, 10)])
    assert (outcome.prediction, outcome.correct, outcome.margin) == (prediction, correct, 0.75)
    assert outcome.metrics == {"exact_match": float(correct)}


def test_two_letters_with_the_right_text_are_both_right_for_helm() -> None:
    twice = Example("s/0", "s", "q", ("same", "x", "same", "z"), 2)
    response = GenerateResponse("A", (5,), (-0.25,), (Candidate(5, "A", -0.25),), 10)
    assert on_exam(helm).score(twice, [response]).correct


@pytest.mark.parametrize("choices", [choices for choices, _ in implementations.values()])
def test_a_recipe_is_json_and_lists_every_choice(choices: Choices) -> None:
    recipe = on_exam(choices).recipe()
    assert json.loads(json.dumps(recipe)) == recipe
    assert {field.name for field in dataclasses.fields(Choices)} <= set(recipe)


def test_too_few_solved_examples_say_how_many_there_are(memory: Make, exam: Tables) -> None:
    tables = exam | {("tiny_things", "dev"): exam["tiny_things", "dev"][:3]}
    with pytest.raises(LeaderbenchError, match=r"tiny_things/dev has 3 rows, but 5 are needed"):
        ask(harness, memory(tables))
    assert len(ask(dataclasses.replace(harness, shots=3), memory(tables))) == 12


def test_a_missing_column_is_named_with_its_place(memory: Make, exam: Tables) -> None:
    del exam["tiny_things", "test"][2]["choices"]
    with pytest.raises(LeaderbenchError, match=r"some/exam, tiny_things/test, row 2 has no column 'choices'"):
        ask(harness, memory(exam))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("answer", 4, "has 4 in its column 'answer', not 0 to 3"),
        ("answer", "E", "has 'E' in its column 'answer', not 0 to 3 or A to D"),
        ("answer", "4", "has '4' in its column 'answer', not 0 to 3 or A to D"),
        ("answer", "first", "has 'first' in its column 'answer', not 0 to 3 or A to D"),
        ("answer", 1.0, "has 1.0 in its column 'answer', not a whole number or a letter"),
        ("question", None, "has None in its column 'question', not a text"),
        ("choices", ["one", "two", "three"], "has 3 choices, not 4"),
        ("choices", ["one", "two", "three", 4], "something other than texts"),
    ],
)
def test_a_cell_of_the_wrong_kind_is_named(
    memory: Make, exam: Tables, column: str, value: object, message: str
) -> None:
    exam["tiny_things", "test"][0][column] = value
    with pytest.raises(LeaderbenchError, match=message):
        ask(harness, memory(exam))


def test_an_unknown_subject_is_answered_with_the_nearest(memory: Make, exam: Tables) -> None:
    with pytest.raises(LeaderbenchError, match="no subset 'tiny_thing'; did you mean 'tiny_things'"):
        list(on_exam(harness).questions(memory(exam), ["tiny_thing"]))
