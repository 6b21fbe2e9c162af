"""Explain pages: what a store keeps of them is listed, explained and linked to samples; damaged files are said."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from leaderbench.explain.split import explanation
from leaderbench.explain.split.grid import file_name, save
from leaderbench.explain.split.stored import FOLDER
from leaderbench.results.store import Store
from leaderbench.web import shown, words
from leaderbench.web.live import LiveStore
from tests.browser import Browser
from tests.explain.split.grids import make_grid
from tests.web.conftest import EXPLANATION, SCRIPT, Get, make_run
from tests.web.serving import served

PAGE = f"/en/explanations/{EXPLANATION}"


def folder(live: LiveStore) -> Path:
    return live.store.path / FOLDER


def test_explanations_are_listed_with_their_models(client: TestClient, get: Get) -> None:
    found = get("/explanations")
    assert [(item["id"], item["a"], item["b"], item["questions"]) for item in found["explanations"]["items"]] == [
        (EXPLANATION, "mmlu/harness", "mmlu/original", 40)
    ]
    assert set(found["explanations"]["items"][0]["models"]) == {"org/good-7b", "org/fair-3b", SCRIPT}
    assert found["problems"] == []
    assert f'href="{PAGE}"' in client.get("/en/explanations").text


def test_an_empty_list_says_which_command_makes_one(tmp_path: Path) -> None:
    from leaderbench.web.application import application

    live = LiveStore(Store(tmp_path))
    live.refresh()
    text = TestClient(application(live)).get("/en/explanations").text
    live.close()
    assert "leaderbench explain MODEL mmlu/original mmlu/harness-2023" in text


def test_several_models_are_explained_together_and_one_by_name(client: TestClient, get: Get) -> None:
    together = unescape(client.get(PAGE).text)
    assert "From mmlu/harness to mmlu/original 3 models move by" in together
    assert "Shift or reorder" in together
    one = unescape(client.get(f"{PAGE}?model=org/good-7b").text)
    assert "org/good-7b scores 50.0 % under mmlu/harness" in one
    for title in ("What each cause contributes", "From one score to the other", "Difference by subset"):
        assert title in one
    found = get(f"/explanations/{EXPLANATION}", model="org/good-7b")
    (split,) = found["splits"]
    parts = {part["factor"]: part for part in split["contributions"]}
    assert sum(part["estimate"] for part in parts.values()) == pytest.approx(split["difference"]["estimate"], abs=1e-12)
    assert parts["scoring"]["estimate"] > parts["template"]["estimate"]
    assert split["idle"] == ["cleaning"]
    assert found["answer"] in one


def test_the_answer_the_api_gives_is_english_and_the_page_has_its_own_language(client: TestClient, get: Get) -> None:
    text = client.get(f"/zh/explanations/{EXPLANATION}?model=org/good-7b").text
    assert get(f"/explanations/{EXPLANATION}", model="org/good-7b")["answer"] not in unescape(text)
    assert words.translated("zh", "What each cause contributes") in text
    for english in ("What each cause", "questions.", "percentage points", "Flipped"):
        assert english not in text


def test_flipped_questions_lead_to_the_samples_of_both_runs(client: TestClient, get: Get) -> None:
    found = get(f"/explanations/{EXPLANATION}", model="org/good-7b", rows=5)
    flips = found["flips"]
    assert flips["total"] >= 12
    for item in flips["items"]:
        assert (item["a_run"], item["b_run"]) == ("aaaaaaaaaaa0", "bbbbbbbbbbb0")
        number = int(item["example_id"].partition("/")[2])
        assert item["a_number"] == item["b_number"] == number
    text = client.get(f"{PAGE}?model=org/good-7b").text
    assert 'href="/en/runs/aaaaaaaaaaa0/samples/1"' in text
    assert 'href="/en/runs/bbbbbbbbbbb0/samples/1"' in text
    assert 'href="/en/compare?run=aaaaaaaaaaa0&amp;run=bbbbbbbbbbb0"' in text
    assert client.get("/en/runs/bbbbbbbbbbb0/samples/1").status_code == 200


def test_one_cause_alone_flips_its_own_questions(get: Get) -> None:
    def flips(**asked: Any) -> Any:
        return get(f"/explanations/{EXPLANATION}", model="org/good-7b", rows=200, **asked)["flips"]

    scoring = flips(cause="scoring")
    assert {item["example_id"] for item in scoring["items"]} == {f"anatomy/{i}" for i in range(12)}
    assert all(item["b_number"] is None for item in scoring["items"])
    assert flips(cause="scoring", show="lost")["total"] == 0
    assert flips(cause="scoring", show="won")["total"] == 12
    near = flips(show="near-tie")
    assert 0 < near["total"] < flips()["total"]
    assert all(item["near_tie"] for item in near["items"])


def test_what_is_not_there_is_said(client: TestClient) -> None:
    for name in ("nowhere", f"{EXPLANATION}?model=org/absent", f"{EXPLANATION}?cause=absent", "..%2f..%2fetc"):
        answer = client.get(f"/en/explanations/{name}")
        assert answer.status_code == 404, name
        assert "<h1>" in answer.text
    assert client.get(f"{PAGE}?show=nothing").status_code == 422


def test_a_new_explanation_appears_and_changes_the_version(live: LiveStore, get: Get) -> None:
    before = live.version()
    save(make_grid("org/new", b="mmlu/helm"), folder(live) / "new.parquet")
    live.refresh()
    assert live.version() != before
    assert get("/explanations")["explanations"]["total"] == 2


def test_damaged_and_foreign_files_are_said_and_hide_no_other(live: LiveStore, client: TestClient, get: Get) -> None:
    (folder(live) / "rubbish.parquet").write_bytes(b"rubbish")
    pq.write_table(pa.table({"x": [1]}), folder(live) / "foreign.parquet")
    (folder(live) / "note.txt").write_text("nothing")
    live.refresh()
    found = get("/explanations")
    assert found["explanations"]["total"] == 1
    assert sorted(found["problems"]) == [
        f"explanations/{name}.parquet is no whole explanation: ask for it again, every answer is kept."
        for name in ("foreign", "rubbish")
    ]
    text = client.get("/zh/explanations").text
    assert "explanations/rubbish.parquet" in text
    assert "is no whole explanation" not in text
    assert str(live.store.path) not in text


def spoil(live: LiveStore, model: str) -> str:
    """Leave of a model's file what is remembered, and none of its numbers; its name."""
    for path in folder(live).glob("*.parquet"):
        table = pq.read_table(path)
        if model.encode() in table.schema.metadata[b"leaderbench"]:
            pq.write_table(table.drop_columns(["value_0"]), path)
            return path.name
    raise AssertionError(model)


def test_a_model_whose_numbers_are_damaged_is_left_out_and_said(live: LiveStore, client: TestClient) -> None:
    name = spoil(live, "org/fair-3b")
    live.refresh()
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert f"explanations/{name} is no whole explanation" in answer.text
    assert "2 models move by" in answer.text
    answer = client.get(f"{PAGE}?model=org/fair-3b")
    assert answer.status_code == 409
    assert "no whole explanation" in answer.text


def test_many_models_are_explained_some_at_a_time(live: LiveStore, client: TestClient, get: Get) -> None:
    for seed in range(8):
        grid = make_grid(f"org/m{seed}", seed=seed)
        save(grid, folder(live) / file_name(grid))
    live.refresh()
    found = get(f"/explanations/{EXPLANATION}")
    assert len(found["models"]) == 11
    assert len(found["splits"]) == shown.explanations.most_models
    assert "The first 6 of 11 models are shown" in client.get(PAGE).text


def test_other_pages_find_the_explanations_of_their_implementations(live: LiveStore) -> None:
    def ids(*names: str, model: str = "") -> list[str]:
        return [item.id for item in shown.explanations.for_(live, *names, model=model)]

    assert ids("mmlu/harness") == ids("mmlu/original", "mmlu/harness") == [EXPLANATION]
    assert ids("mmlu/harness", model="org/good-7b") == [EXPLANATION]
    assert ids("mmlu/helm") == ids("mmlu/harness", "mmlu/helm") == ids("mmlu/harness", model="org/odd") == []


def test_a_hostile_name_of_a_model_stays_a_text(client: TestClient) -> None:
    for address in (PAGE, "/en/explanations", f"/zh/explanations/{EXPLANATION}"):
        text = client.get(address).text
        assert SCRIPT not in text
        assert SCRIPT in unescape(text)


@pytest.mark.browser
def test_a_reader_goes_from_the_list_to_the_sample_that_flipped(browser: Browser, store: Store) -> None:
    with served(store) as site:
        browser.resize(1200, 900)
        browser.open(f"{site}/en/")
        next(item for item in browser.all("nav a") if item.text == "Explain").click()
        browser.one("tbody a").click()
        browser.wait("document.documentElement.dataset.ready === 'yes'")
        next(item for item in browser.all("nav.chips a") if item.text == "org/good-7b").click()
        browser.wait("document.documentElement.dataset.ready === 'yes'")
        assert len(browser.all("figure[data-drawn=yes]")) == 5
        browser.one("#flips select[name=cause] option[value=scoring]").click()
        browser.wait("location.search.includes('cause=scoring')")
        assert "12 flipped questions" in browser.one("#flips .count").text
        browser.run("document.querySelector('#flips tbody td a').click()")  # the page still scrolls to the questions
        browser.wait("location.pathname.includes('/samples/')")
        assert re.search(r"/runs/aaaaaaaaaaa0/samples/\d+$", browser.driver.current_url)
        assert browser.run("return document.title") != "taken"
        assert browser.problems == []
        assert all(url.startswith(site) for url in browser.requests)


def test_another_run_lets_no_explanation_be_worked_out_again_and_a_changed_file_does(
    client: TestClient, live: LiveStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out = []

    def explained(grids: Any) -> Any:
        worked_out.append(1)
        return explanation.explained(grids)

    monkeypatch.setattr(shown.explanations, "explained", explained)
    assert client.get(PAGE).status_code == 200
    before = len(worked_out)
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    assert client.get(PAGE).status_code == 200
    assert len(worked_out) == before == 1
    grid = make_grid("org/good-7b", seed=9, better=4)
    save(grid, folder(live) / file_name(grid))
    live.publish()
    assert client.get(PAGE).status_code == 200
    assert len(worked_out) == 2
