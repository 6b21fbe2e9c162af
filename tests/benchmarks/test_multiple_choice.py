from collections.abc import Callable
from typing import Any

import pytest

from leaderbench.benchmarks import registry
from leaderbench.benchmarks.base import Datasets
from leaderbench.benchmarks.hellaswag import preprocess
from leaderbench.benchmarks.truthfulqa import preamble
from leaderbench.errors import LeaderbenchError
from leaderbench.records import Example, LogLikelihoodResponse, Question
from leaderbench.requests import Encoding, LogLikelihood, Request, Truncation

Tables = dict[tuple[str, str], list[dict[str, Any]]]
Make = Callable[[Tables], Datasets]
Answered = Callable[..., LogLikelihoodResponse]


def ask(name: str, datasets: Datasets, shots: int | None = None) -> list[Question]:
    return list(registry.get(name, shots=shots).questions(datasets, ()))


def continuations(request: Request) -> tuple[str, ...]:
    assert isinstance(request, LogLikelihood)
    return request.continuations


def arc_row(number: int, labels: str = "ABCD", key: str = "B") -> dict[str, Any]:
    texts = [f"{label.lower()}{number}" for label in labels]
    return {"question": f"Q{number}?", "choices": {"text": texts, "label": list(labels)}, "answerKey": key}


@pytest.fixture
def arc() -> Tables:
    train = [arc_row(number) for number in range(40)]
    test = [arc_row(100 + number) for number in range(6)]
    return {("ARC-Challenge", "train"): train, ("ARC-Challenge", "test"): test}


@pytest.mark.parametrize("name", ["arc-challenge/open-llm-v1", "arc-challenge/harness"])
def test_arc_asks_for_the_text_of_each_choice_after_25_solved_questions(memory: Make, arc: Tables, name: str) -> None:
    question = ask(name, memory(arc))[0]
    context = question.requests[0].context
    assert len(context.shots) == 25
    assert all(shot.startswith("Question: Q") and shot.endswith("\n\n") for shot in context.shots)
    assert context.question == "Question: Q100?\nAnswer:"
    assert continuations(question.requests[0]) == (" a100", " b100", " c100", " d100")


def test_the_leaderboard_asks_without_special_tokens_and_the_harness_with_them(memory: Make, arc: Tables) -> None:
    for name, special_tokens in (("arc-challenge/open-llm-v1", False), ("arc-challenge/harness", True)):
        request = ask(name, memory(arc))[0].requests[0]
        assert isinstance(request, LogLikelihood)
        assert request.special_tokens == special_tokens
        assert (request.encoding, request.truncation) == (Encoding.JOINT, Truncation.KEEP_END)


@pytest.mark.parametrize(
    ("labels", "key", "target"), [("ABCD", "C", 2), ("1234", "3", 2), ("ABC", "C", 2), ("ABCDE", "E", 4)]
)
def test_arc_finds_the_answer_among_letters_or_numbers(
    memory: Make, arc: Tables, labels: str, key: str, target: int
) -> None:
    arc["ARC-Challenge", "test"] = [arc_row(1, labels, key)]
    for name in ("arc-challenge/open-llm-v1", "arc-challenge/harness"):
        assert ask(name, memory(arc))[0].example.target == target


def test_an_answer_key_that_is_no_choice_is_refused(memory: Make, arc: Tables) -> None:
    arc["ARC-Challenge", "test"] = [arc_row(1, "ABC", "D")]
    for name in ("arc-challenge/open-llm-v1", "arc-challenge/harness"):
        with pytest.raises(LeaderbenchError, match="row 0 has the answer 'D', which is none of A, B, C"):
            ask(name, memory(arc))


@pytest.mark.parametrize("name", ["arc-challenge/harness", "hellaswag/harness", "winogrande/harness"])
def test_fewer_questions_behind_change_no_draw_of_the_harness(
    memory: Make, arc: Tables, hellaswag: Tables, winogrande: Tables, name: str
) -> None:
    tables = arc | hellaswag | winogrande
    every = ask(name, memory(tables))
    split = "test" if name.startswith("arc") else "validation"
    shorter = {key: rows[:2] if key[1] == split else rows for key, rows in tables.items()}
    assert ask(name, memory(shorter)) == every[:2]


def test_the_questions_of_one_benchmark_have_different_shots(memory: Make, arc: Tables) -> None:
    for name in ("arc-challenge/open-llm-v1", "arc-challenge/harness"):
        shots = [question.requests[0].context.shots for question in ask(name, memory(arc))]
        assert len(set(shots)) == len(shots)


def test_a_benchmark_without_shots_needs_no_pool(memory: Make, arc: Tables) -> None:
    del arc["ARC-Challenge", "train"]
    assert ask("arc-challenge/harness", memory(arc), shots=0)[0].requests[0].context.shots == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (" [header] How to do it [title] Begin. ", " How to do it. Begin."),
        ("a  b   c", "a b  c"),
        ("[substeps] Go", " Go"),
        ("plain", "plain"),
    ],
)
def test_hellaswag_texts_lose_their_marks_in_the_order_of_the_harness(written: str, read: str) -> None:
    assert preprocess(written) == read


@pytest.fixture
def hellaswag() -> Tables:
    def row(number: int) -> dict[str, Any]:
        endings = [f"ending {number} {place}." for place in range(4)]
        begun = {"activity_label": "Skating", "ctx_a": f"A man {number}.", "ctx_b": "then HE"}
        return begun | {"endings": endings, "label": str(number % 4), "ind": number}

    train, validation = [row(number) for number in range(15)], [row(100 + number) for number in range(4)]
    return {("default", "train"): train, ("default", "validation"): validation}


def test_hellaswag_writes_the_activity_and_capitalises_the_second_half(memory: Make, hellaswag: Tables) -> None:
    context = ask("hellaswag/open-llm-v1", memory(hellaswag))[1].requests[0].context
    assert context.question == "Skating: A man 101. Then he"
    assert len(context.shots) == 10
    assert all(shot.startswith("Skating: A man ") and shot.endswith(".\n\n") for shot in context.shots)


def test_a_row_that_is_the_question_itself_is_never_a_shot_of_the_harness(memory: Make, hellaswag: Tables) -> None:
    hellaswag["default", "validation"] = [hellaswag["default", "train"][0]] * 10
    for question in ask("hellaswag/harness", memory(hellaswag)):
        assert not any("A man 0." in shot for shot in question.requests[0].context.shots)


@pytest.fixture
def winogrande() -> Tables:
    def row(number: int, answer: str) -> dict[str, Any]:
        sentence = f"Ann saw Bea {number} because _ 's eyes were open ."
        return {"sentence": sentence, "option1": "Ann", "option2": "Bea", "answer": answer}

    train = [row(number, "1") for number in range(12)]
    return {("winogrande_xl", "train"): train, ("winogrande_xl", "validation"): [row(50, "2"), row(51, "1")]}


@pytest.mark.parametrize("name", ["winogrande/open-llm-v1", "winogrande/harness"])
def test_winogrande_asks_for_the_rest_of_the_sentence_after_each_name(
    memory: Make, winogrande: Tables, name: str
) -> None:
    question = ask(name, memory(winogrande))[0]
    one, two = question.requests
    assert one.context.shots == two.context.shots
    assert one.context.shots[0].endswith(" because Ann 's eyes were open .\n\n")
    assert one.context.question == "Ann saw Bea 50 because Ann"
    assert two.context.question == "Ann saw Bea 50 because Bea"
    assert continuations(one) == continuations(two) == (" 's eyes were open .",)
    assert question.example.target == 1


def test_winogrande_compares_the_two_requests(answered: Answered) -> None:
    benchmark = registry.get("winogrande/harness")
    example = Example("winogrande/0", "winogrande", "_ x", ("Ann", "Bea"), 1)
    outcome = benchmark.score(example, [answered(-3.0), answered(-2.5)])
    assert (outcome.prediction, outcome.correct, outcome.margin) == ("B", True, 0.5)


def test_a_sentence_without_a_gap_is_named(memory: Make, winogrande: Tables) -> None:
    winogrande["winogrande_xl", "validation"][1]["sentence"] = "No gap."
    with pytest.raises(LeaderbenchError, match="row 1 has no gap"):
        ask("winogrande/harness", memory(winogrande))


def truthful_example(labels: tuple[int, ...]) -> Example:
    choices = ("yes", "no", *(f"m{place}" for place in range(len(labels))))
    return Example("truthfulqa-mc/0", "truthfulqa-mc", "q", choices, 0, (1, 0, *labels), {"mc1": "2"})


def test_truthfulqa_asks_the_answers_of_mc1_and_then_those_of_mc2(memory: Make) -> None:
    one, many = {"choices": ["yes", "no"], "labels": [1, 0]}, {"choices": ["yes", "aye", "no"], "labels": [1, 1, 0]}
    rows = [{"question": "Is it?", "mc1_targets": one, "mc2_targets": many}]
    question = ask("truthfulqa-mc/harness", memory({("multiple_choice", "validation"): rows}))[0]
    request = question.requests[0]
    assert request.context.text == preamble + "Q: Is it?\nA:"
    assert preamble.count("Q: ") == preamble.count("\nA: ") == 6
    assert continuations(request) == (" yes", " no", " yes", " aye", " no")
    assert question.example.labels == (1, 0, 1, 1, 0)


def test_mc2_of_the_harness_goes_by_the_labels_and_of_the_leaderboard_by_the_first_zero(answered: Answered) -> None:
    example = truthful_example((1, 0, 1))
    response = answered(-1.0, -2.0, -5.0, -5.0, -5.0)
    found = {
        name: registry.get(f"truthfulqa-mc/{name}").score(example, [response]) for name in ("harness", "open-llm-v1")
    }
    assert found["harness"].metrics["mc2"] == pytest.approx(2 / 3)
    assert found["open-llm-v1"].metrics["mc2"] == pytest.approx(1 / 3)
    assert (found["harness"].correct, found["open-llm-v1"].correct) == (True, False)
    assert found["harness"].metrics["mc1"] == 1.0


def test_answers_too_unlikely_for_a_double_score_zero_on_the_leaderboard_only(answered: Answered) -> None:
    example, response = truthful_example((1, 0)), answered(-1.0, -2.0, -900.0, -901.0)
    assert registry.get("truthfulqa-mc/open-llm-v1").score(example, [response]).metrics["mc2"] == 0.0
    assert registry.get("truthfulqa-mc/harness").score(example, [response]).metrics["mc2"] == pytest.approx(
        0.731, abs=1e-3
    )


@pytest.mark.parametrize(
    ("name", "subject", "head", "columns"),
    [
        (
            "cmmlu/harness",
            "agronomy",
            "以下是关于农学的单项选择题，请直接给出正确答案的选项。\n\n",
            ("Question", "Answer"),
        ),
        ("ceval/harness", "law", "以下是中国关于法学的单项选择题，请选出其中的正确答案。\n\n", ("question", "answer")),
    ],
)
def test_chinese_exams_ask_for_a_letter_after_the_first_five_dev_rows(
    memory: Make, name: str, subject: str, head: str, columns: tuple[str, str]
) -> None:
    def row(number: int) -> dict[str, Any]:
        return {columns[0]: f" 问{number} ", "A": "甲", "B": "乙", "C": "丙", "D": "丁", columns[1]: "ABCD"[number % 4]}

    rows = [row(number) for number in range(6)]
    datasets = memory({(subject, "dev"): rows, (subject, "test"): rows, (subject, "val"): rows})
    question = next(iter(registry.get(name).questions(datasets, [subject])))
    context = question.requests[0].context
    assert context.head == head
    assert context.shots[1] == "问1\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案： B\n\n"
    assert len(context.shots) == 5
    assert context.question == "问0\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案："
    assert continuations(question.requests[0]) == (" A", " B", " C", " D")


def test_accuracy_per_character_is_what_arc_and_hellaswag_report(answered: Answered) -> None:
    example = Example("x/0", "x", "q", ("a long answer", "no"), 0)
    for name in ("arc-challenge/harness", "hellaswag/open-llm-v1"):
        outcome = registry.get(name).score(example, [answered(-6.5, -2.0)])
        assert outcome.metrics == {"acc_norm": 1.0, "acc": 0.0}
        assert (outcome.prediction, outcome.margin) == ("A", 0.5)
