"""The page of a benchmark: what is asked, an example in tokens, its implementations, the gap that it can show."""

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from leaderbench.benchmarks import registry
from leaderbench.records import TokenText
from leaderbench.results.store import Store
from leaderbench.results.tokens import AskedTokens, RunTokens
from leaderbench.statistics.comparison import minimum_detectable_effect
from leaderbench.web.live import LiveStore
from leaderbench.web.shown import explanations
from leaderbench.web.values.explanations import ListedExplanation
from tests.web.conftest import SCRIPT, Get, make_run

TEXTS = {
    0: TokenText("<s>", special=True),
    1: TokenText("Shot\n\n"),
    2: TokenText("Which"),
    3: TokenText(" city?"),
    4: TokenText(" A"),
    5: TokenText(SCRIPT),
    6: TokenText("<0xE5>"),
    7: TokenText("<0x9C>"),
    8: TokenText("<0xA8>"),
    9: TokenText("\u202e"),
}
ASKED = AskedTokens((0, 1, 2, 3, 5, 6, 7, 8, 9, 77), 2, ((4,), (2, 3)))


@pytest.fixture
def spoken(store: Store, live: LiveStore) -> str:
    """A run of mmlu/helm that keeps its tokens."""
    run = make_run("org/new", "mmlu/helm", run_id="dddddddddddd")
    store.save(run, RunTokens(TEXTS, "anatomy/0", (ASKED,)))
    live.refresh()
    return run.id


def test_a_benchmark_says_what_its_recipe_is(get: Get) -> None:
    found = get("/benchmark", name="mmlu/helm")
    assert found["dataset"] == "cais/mmlu"
    assert found["subsets"] == 57
    assert found["implementations"] == [item.name for item in registry.find("mmlu")]
    own = found["implementations"].index("mmlu/helm")
    asked = {item["name"]: item["chosen"][own] for item in found["choices"]}
    assert asked["What the model is asked"] == "which one token comes next, of the whole vocabulary"
    assert asked["How subsets are summed up"] == "macro: every subset weighs the same"


def test_what_differs_between_implementations_is_told_from_what_does_not(get: Get) -> None:
    choices = {item["name"]: item["differs"] for item in get("/benchmark", name="mmlu/helm")["choices"]}
    assert choices["What the model is asked"]
    assert not choices["Solved examples in the prompt"]


def test_the_example_is_that_of_a_stored_run_with_every_token(get: Get, spoken: str) -> None:
    example = get("/benchmark", name="mmlu/helm")["example"]
    assert (example["run"], example["example_id"]) == (spoken, "anatomy/0")
    (asked,) = example["requests"]
    assert [token["id"] for token in asked["opening"] + asked["question"]] == list(ASKED.context)
    assert asked["opening"][0] == {"id": 0, "text": "<s>", "special": True}
    assert asked["question"][-1] == {"id": 77, "text": None, "special": False}
    assert [[token["text"] for token in item] for item in asked["continuations"]] == [[" A"], ["Which", " city?"]]
    assert asked["left_out"] == 0


def test_the_page_marks_special_tokens_and_puts_bytes_together(client: TestClient, spoken: str) -> None:
    text = client.get("/en/benchmark?name=mmlu/helm").text
    assert '<span class="token special" title="token 0">&lt;s&gt;</span>' in text
    assert re.search(r'<ruby>在<rt><span class="token" title="token 6 &lt;0xE5&gt;">E5</span>', text)
    assert f'href="/en/runs/{spoken}/samples/0"' in text
    assert '<details class="shots"><summary>Before the question: 2 tokens' in text
    assert '<span class="token" title="token 77">77</span>' in text


def test_tokens_of_strangers_are_texts(client: TestClient, spoken: str) -> None:
    text = client.get("/en/benchmark?name=mmlu/helm").text
    assert SCRIPT not in text
    assert SCRIPT in unescape(text)
    assert "\u202e" not in text


@pytest.mark.parametrize(("before", "question", "shown"), [(9000, 10, (2000, 10)), (100, 9000, (0, 2000))])
def test_very_long_prompts_are_shown_from_behind_and_said_to_be_cut(
    store: Store, live: LiveStore, get: Get, before: int, question: int, shown: tuple[int, int]
) -> None:
    long = AskedTokens((1,) * before + (2,) * question, before, ())
    store.save(make_run("org/long", "mmlu/helm", run_id="eeeeeeeeeeee"), RunTokens(TEXTS, "a", (long,)))
    live.refresh()
    found = get("/benchmark", name="mmlu/helm")["example"]["requests"][0]
    assert (len(found["opening"]), len(found["question"])) == shown
    assert found["left_out"] + sum(shown) == found["tokens"] == before + question


def test_where_no_run_keeps_its_tokens_there_is_no_example_and_damage_hides_no_page(
    store: Store, live: LiveStore, client: TestClient, get: Get, spoken: str
) -> None:
    assert get("/benchmark", name="mmlu/harness")["example"] is None
    (store.path / "runs" / spoken / "tokens.json").write_bytes(b"rubbish")
    make = make_run("org/newer", "mmlu/original", run_id="fffffffffff0")
    store.save(make)
    live.refresh()
    assert get("/benchmark", name="mmlu/helm")["example"] is None
    assert client.get("/en/benchmark?name=mmlu/helm").status_code == 200


def test_the_gap_rests_on_the_pairs_of_models_that_ran(get: Get, client: TestClient) -> None:
    found = get("/benchmark", name="mmlu/original")["detectable"]
    # Four models, right on the first 32, 24, 14 and 10 of 40 questions: the median of 8, 18, 22, 10, 14 and 4 is 12.
    assert (found["questions"], found["pairs"], found["churn"]) == (40, 6, pytest.approx(12 / 40))
    assert found["gap"] == pytest.approx(minimum_detectable_effect(40, 12 / 40))
    text = client.get("/en/benchmark?name=mmlu/original").text
    assert "30.0\N{NO-BREAK SPACE}% of the questions: the median of 6 pairs" in text


def test_where_nothing_measures_it_the_gap_is_said_to_be_assumed(
    store: Store, live: LiveStore, get: Get, client: TestClient
) -> None:
    store.save(make_run("org/alone", "mmlu/helm", run_id="abababababab"))
    live.refresh()
    found = get("/benchmark", name="mmlu/helm")["detectable"]
    assert (found["questions"], found["churn"], found["pairs"]) == (40, 0.25, 0)
    listed = {item["name"]: item for item in get("/benchmarks")}
    assert listed["mmlu/original"]["gap"] == pytest.approx(minimum_detectable_effect(40, 0.25))
    assert listed["mmlu/open-llm-v1"]["gap"] is None
    assert "is assumed" in client.get("/en/benchmark?name=mmlu/helm").text


def test_scores_of_each_model_stand_side_by_side(get: Get) -> None:
    found = get("/benchmark/implementations", name="mmlu/original")
    assert found["implementations"] == ["mmlu/original", "mmlu/harness"]
    models = {item["model"]: item["scores"] for item in found["models"]}
    rows = {name: [score and score["score"]["estimate"] for score in scores] for name, scores in models.items()}
    assert rows["org/good-7b"] == [32 / 40, 30 / 40]
    assert rows["org/odd"] == [None, 5 / 40]
    assert [list(models)[place] for place in (0, -1)] == ["org/good-7b", "org/odd"]


def test_pages_of_models_are_all_models_in_order(get: Get) -> None:
    whole = get("/benchmark/implementations", name="mmlu/original")
    parts = [get("/benchmark/implementations", name="mmlu/original", page=page, rows=2) for page in (1, 2, 3)]
    assert [item for part in parts for item in part["models"]] == whole["models"]
    assert {part["total"] for part in parts} == {whole["total"]}


def test_every_run_has_its_score_and_pages_hold_all(get: Get, live: LiveStore) -> None:
    whole = get("/benchmark/scores", name="mmlu/harness")
    parts = [get("/benchmark/scores", name="mmlu/harness", page=page, rows=2)["items"] for page in (1, 2, 3)]
    assert [item for part in parts for item in part] == whole["items"]
    estimates = [item["score"]["estimate"] for item in whole["items"]]
    assert estimates == sorted(estimates, reverse=True)
    assert len(estimates) == 5


def test_a_benchmark_that_nobody_was_asked_says_how_to_ask_it(client: TestClient) -> None:
    text = client.get("/en/benchmark?name=ceval/harness").text
    assert "leaderbench run MODEL --benchmark ceval/harness" in text
    assert "smallest difference" not in text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", registry.names())
def test_every_benchmark_has_a_page_in_every_language(client: TestClient, name: str, language: str) -> None:
    assert client.get(f"/{language}/benchmark", params={"name": name}).status_code == 200


def test_an_unknown_benchmark_is_404(client: TestClient) -> None:
    for path in ("/en/benchmark", "/api/v1/benchmark", "/api/v1/benchmark/implementations", "/api/v1/benchmark/scores"):
        assert client.get(path, params={"name": "mmlu/../x"}).status_code == 404


def test_an_explanation_of_its_scores_is_one_click_away_and_else_the_command_that_makes_one(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = client.get("/en/benchmark?name=mmlu/helm").text
    assert "leaderbench explain MODEL --benchmark mmlu<" in text
    facts = {"id": "0123abcd", "a": "mmlu/helm", "b": "mmlu/harness", "models": ("org/a",), "questions": 9}
    known = ListedExplanation(**facts, limits="", made="2026-01-01T00:00:00+00:00")
    monkeypatch.setattr(explanations, "for_", lambda live, name: (known,) if name == "mmlu/harness" else ())
    assert 'href="/en/explanations/0123abcd"' in client.get("/en/benchmark?name=mmlu/harness").text
    assert "/explanations/0123" not in client.get("/en/benchmark?name=mmlu/original").text
