"""Runs beside each other: the page, its choice, and the API."""

from html import unescape

import pytest
from starlette.testclient import TestClient

from leaderbench.web.live import LiveStore
from leaderbench.web.shown import explanations
from leaderbench.web.values.explanations import ListedExplanation
from tests.web.conftest import SCRIPT, Get, make_run

A, B, C = "aaaaaaaaaaa0", "aaaaaaaaaaa1", "aaaaaaaaaaa2"


def test_two_runs_are_compared_question_by_question(get: Get) -> None:
    found = get("/comparisons", run=[A, B])
    (pair,) = found["pairs"]
    assert (pair["a_better"], pair["b_better"], found["n"]) == (8, 0, 40)
    assert pair["difference"] == pytest.approx(0.2)
    assert [item["answers"][0]["number"] for item in found["questions"]["items"]] == list(range(22, 30))
    assert found["causes"]
    assert [item["subset"] for item in found["subsets"]] == ["virology", "anatomy"]


def test_several_runs_have_every_pair_with_its_corrected_p(get: Get) -> None:
    found = get("/comparisons", run=[A, B, C])
    assert [(pair["a"], pair["b"]) for pair in found["pairs"]] == [(0, 1), (0, 2), (1, 2)]
    assert all(pair["adjusted_p"] >= pair["p"] for pair in found["pairs"])
    assert found["flipped"] == 18
    assert (found["causes"], found["subsets"]) == ([], [])
    assert len(found["sentences"]) == 3


@pytest.mark.parametrize(
    ("show", "numbers"),
    [
        ("all", list(range(12, 30))),
        ("right-1", list(range(22, 30))),
        ("wrong-3", list(range(12, 22))),
        ("right-3", []),
        ("near-tie", []),
        ("right-8", []),
    ],
)
def test_questions_are_listed_as_wanted(get: Get, show: str, numbers: list[int]) -> None:
    found = get("/comparisons", run=[A, B, C], show=show)["questions"]
    assert [item["answers"][2]["number"] for item in found["items"]] == numbers
    assert found["total"] == len(numbers)


def test_questions_come_in_pages_with_their_texts(get: Get) -> None:
    found = get("/comparisons", run=[A, B, C], rows=5, page=2)["questions"]
    assert (found["total"], len(found["items"])) == (18, 5)
    assert found["items"][0]["question"] == "Question number 17? Answer:"


def test_every_answer_leads_to_its_sample(client: TestClient) -> None:
    text = client.get(f"/en/compare?run={A}&run={B}&run={C}&show=right-1").text
    assert all(f'href="/en/runs/{run}/samples/22"' in text for run in (A, B, C))


def test_the_page_says_in_words_who_is_ahead_and_what_may_be_noise(client: TestClient, live: LiveStore) -> None:
    live.store.save(make_run("org/poor", "mmlu/harness", run_id="dddddddddddd", right=2))
    live.refresh()
    text = unescape(client.get(f"/en/compare?run={A}&run={B}&run=dddddddddddd").text)
    assert "A is ahead of C by 70.0 ±" in text
    assert "3 of 3 differences are more than noise." in text
    assert "A is ahead of B by 20.0 ±" in text
    assert "B is ahead of C by 50.0 ±" in text


def test_runs_that_are_right_on_the_same_questions_are_said_to_be_so(
    client: TestClient, live: LiveStore, get: Get
) -> None:
    live.store.save(make_run("org/twin", "mmlu/harness", run_id="dddddddddddd", right=30))
    live.refresh()
    assert (
        "A and B are right and wrong on the same questions." in client.get(f"/en/compare?run={A}&run=dddddddddddd").text
    )
    assert get("/comparisons", run=[A, "dddddddddddd"], show="answers")["questions"]["total"] == 0


def test_the_older_words_a_and_b_lead_to_the_same_page(client: TestClient) -> None:
    answer = client.get(f"/zh/compare?a={A}&b={B}", follow_redirects=False)
    assert answer.headers["location"] == f"/zh/compare?run={A}&run={B}"


def test_fewer_than_two_runs_lead_to_a_choice_that_keeps_the_one(client: TestClient) -> None:
    assert client.get("/en/compare").url.path == "/en/compare/choose"
    text = client.get(f"/en/compare?run={C}").text
    assert SCRIPT in unescape(text)
    assert text.count(" checked") == 1


def test_the_choice_is_searched_and_leads_to_the_comparison(client: TestClient) -> None:
    text = client.get(f"/en/compare/choose?run={A}&q=fair&benchmark=mmlu").text
    assert text.count('name="run"') == 3
    made = client.get(f"/en/compare/choose?run={A}&run={B}&go=true", follow_redirects=False)
    assert made.headers["location"] == f"/en/compare?run={A}&run={B}"
    assert "Choose at least two runs." in client.get(f"/en/compare/choose?run={A}&go=true").text


def test_rows_ticked_on_a_board_are_compared_on_the_column_chosen(client: TestClient) -> None:
    words = {"column": "mmlu/original", "row": ["org/good-7b", "org/fair-3b", SCRIPT]}
    answer = client.get("/en/boards/small/compare", params=words, follow_redirects=False)
    assert answer.headers["location"] == "/en/compare?run=bbbbbbbbbbb0&run=bbbbbbbbbbb1&run=bbbbbbbbbbb2"
    text = client.get("/en/boards/small").text
    assert text.count('form="compare" name="row"') == 5


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["org/odd"], "org/odd has no run in the column mmlu/original, so its answers cannot be compared."),
        (["org/odd", "org/good-7b"], "org/odd has no run in the column mmlu/original"),
        (["org/odd", "org/good-7b", "org/fair-3b"], "org/odd has no run in the column mmlu/original"),
        ([], ""),
    ],
)
def test_rows_ticked_without_a_run_in_the_column_are_named_and_the_others_stay_chosen(
    client: TestClient, rows: list[str], said: str
) -> None:
    answer = client.get("/en/boards/small/compare", params={"column": "mmlu/original", "row": rows})
    assert answer.status_code == 200
    assert said in answer.text
    assert answer.text.count(" checked") == len(set(rows) - {"org/odd"})
    assert ("Choose at least two runs." in answer.text) is (len(set(rows) - {"org/odd"}) < 2)


def test_more_rows_than_can_be_compared_are_refused_in_a_sentence(client: TestClient) -> None:
    words = {"column": "mmlu/original", "row": [str(i) for i in range(9)]}
    answer = client.get("/en/boards/small/compare", params=words)
    assert answer.status_code == 409
    assert "9 models are too many to compare: choose up to 8." in answer.text


def test_a_page_in_chinese_says_it_in_chinese(client: TestClient) -> None:
    assert "领先" in client.get(f"/zh/compare?run={A}&run={C}").text


def test_implementations_of_one_model_lead_to_the_command_that_explains_them(
    client: TestClient, live: LiveStore, get: Get
) -> None:
    live.store.save(make_run("org/a new", "mmlu/harness", run_id="dddddddddddd"))
    live.store.save(make_run("org/a new", "mmlu/original", run_id="eeeeeeeeeeee"))
    live.refresh()
    command = get("/comparisons", run=["dddddddddddd", "eeeeeeeeeeee"])["command"]
    assert command == "leaderbench explain 'org/a new' mmlu/harness mmlu/original"
    assert command in unescape(client.get("/en/compare?run=dddddddddddd&run=eeeeeeeeeeee").text)
    assert get("/comparisons", run=[A, B])["command"] == ""


def test_an_explanation_that_the_store_keeps_is_linked_from_the_runs_that_it_is_about(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ListedExplanation(
        id="cafe", a="mmlu/original", b="mmlu/harness", models=("org/good-7b",), questions=40, limits="", made=""
    )
    other = found.model_copy(update={"id": "beef", "b": "mmlu/helm"})
    monkeypatch.setattr(explanations, "for_", lambda live, model: (found, other) if model == "org/good-7b" else ())
    text = client.get(f"/en/compare?run={A}&run=bbbbbbbbbbb0").text
    assert "/en/explanations/cafe" in text
    assert "/en/explanations/beef" not in text
    assert "/en/explanations/cafe" not in client.get(f"/en/compare?run={A}&run={B}").text
