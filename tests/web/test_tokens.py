"""The tokens of a sample: their texts beside their log-probabilities, for those who see and those who listen."""

import re

import pytest
from starlette.testclient import TestClient

from leaderbench.records import TokenText
from leaderbench.results.store import Store
from leaderbench.results.tokens import RunTokens
from leaderbench.web.drawing import together, token_text
from leaderbench.web.live import LiveStore
from leaderbench.web.values.benchmarks import ExampleToken
from tests.web.conftest import SCRIPT, Get, make_run

TEXTS = {0: TokenText(" A"), 1: TokenText("<0xE5>"), 2: TokenText("<0x9C><0xA8>"), 3: TokenText("\n")}
RUN = "dddddddddddd"


@pytest.fixture
def spoken(store: Store, live: LiveStore) -> None:
    """A run that keeps the texts of most of its tokens: sample `i` has continuations of tokens (i, 2) and (3,)."""
    store.save(make_run("org/new", "mmlu/helm", run_id=RUN), RunTokens(TEXTS | {4: TokenText(SCRIPT)}))
    live.refresh()


@pytest.mark.usefixtures("spoken")
def test_every_token_of_a_sample_has_its_text(get: Get) -> None:
    tokens = [[token["text"] for token in item["tokens"]] for item in get(f"/runs/{RUN}/samples/0")["continuations"]]
    assert tokens == [[" A", "<0x9C><0xA8>"], ["\n"]]


@pytest.mark.usefixtures("spoken")
def test_a_token_whose_text_is_not_known_has_none(get: Get, client: TestClient) -> None:
    assert get(f"/runs/{RUN}/samples/9")["continuations"][0]["tokens"][0] == {
        "id": 9,
        "text": None,
        "log_probability": -0.25,
    }
    assert re.search(r'<li class="heat0" title="token 9">−0.25</li>', client.get(f"/en/runs/{RUN}/samples/9").text)


@pytest.mark.usefixtures("spoken")
def test_the_strip_says_text_and_log_probability_and_the_id_on_demand(client: TestClient) -> None:
    text = client.get(f"/en/runs/{RUN}/samples/0").text
    said = '<span class="said"><span class="space"> </span>A</span> −0.25'
    assert f'<li class="heat0" title="token 0">{said}</li>' in text


@pytest.mark.usefixtures("spoken")
def test_parts_of_a_character_are_shown_with_it_and_their_bytes_on_demand(client: TestClient) -> None:
    text = client.get(f"/en/runs/{RUN}/samples/1").text
    assert 'title="token 1 &lt;0xE5&gt;"><span class="said">在<sub>1/2</sub></span> −0.25' in text
    assert 'title="token 2 &lt;0x9C&gt;&lt;0xA8&gt;"><span class="said">在<sub>2/2</sub></span> −1.00' in text


@pytest.mark.usefixtures("spoken")
def test_white_space_has_a_name_for_those_who_listen(client: TestClient) -> None:
    assert '<span class="hidden">white space</span>' in client.get(f"/en/runs/{RUN}/samples/0").text
    assert '<span class="hidden">空白</span>' in client.get(f"/zh/runs/{RUN}/samples/0").text


@pytest.mark.usefixtures("spoken")
def test_a_token_of_a_stranger_is_text(client: TestClient) -> None:
    text = client.get(f"/en/runs/{RUN}/samples/4").text
    assert SCRIPT not in text
    assert "&lt;script&gt;document.title" in text


def test_runs_without_texts_show_their_log_probabilities_as_ever(get: Get, client: TestClient) -> None:
    tokens = get("/runs/aaaaaaaaaaa0/samples/3")["continuations"][0]["tokens"]
    assert [token["text"] for token in tokens] == [None, None]
    assert 'title="token 3">−0.25</li>' in client.get("/en/runs/aaaaaaaaaaa0/samples/3").text


@pytest.mark.usefixtures("spoken")
def test_damaged_texts_are_said_and_hide_no_sample(store: Store, live: LiveStore, client: TestClient, get: Get) -> None:
    (store.path / "runs" / RUN / "tokens.json").write_bytes(b"rubbish")
    sample = get(f"/runs/{RUN}/samples/0")
    assert "tokens.json is damaged" in sample["tokens_problem"]
    assert str(store.path) not in sample["tokens_problem"]
    assert sample["continuations"][0]["tokens"][0]["text"] is None
    assert "tokens.json is damaged" in client.get(f"/en/runs/{RUN}/samples/0").text


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        (" A", '<span class="space"> </span>A'),
        ("A  ", 'A<span class="space"> </span><span class="space"> </span>'),
        ("  ", '<span class="space"> </span><span class="space"> </span>'),
        ("a b", "a b"),
        ("a\n\n", 'a<span class="break">\n</span><span class="break">\n</span>'),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("\u202e\x00", "\\u202e␀"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_of_a_token_is_made_visible(text: str, drawn: str) -> None:
    assert str(token_text(text)) == drawn


def test_special_and_unknown_tokens_stand_by_themselves() -> None:
    def token(text: str | None, *, special: bool = False) -> ExampleToken:
        return ExampleToken(id=0, text=text, special=special)

    tokens = [token("<0xE5>"), token(None), token("<0x9C><0xA8>"), token("<s>", special=True), token("<0xE5>")]
    assert [len(part) for _, part in together(tokens)] == [1, 1, 1, 1, 1]
    assert [len(part) for _, part in together([tokens[0], tokens[2], tokens[3]])] == [2, 1]


def test_a_question_begins_behind_the_last_solved_example_also_where_each_has_its_own() -> None:
    from leaderbench.web.shown.samples import _behind_the_last_answer as begin

    shots = "Header.\n\nQuestion: a?\nA. x\nAnswer: x\n\nQuestion: b?\nA. y\nAnswer: y\n\n"
    assert begin(f"{shots}Question: c?\n\nMore.\nA. z\nAnswer:") == len(shots)
    assert begin("No example.\n\nQuestion?\nAnswer:") == 0
    assert begin("One line") == 0
    assert begin("") == 0
