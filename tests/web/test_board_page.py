"""The board: filters, orders and looks, the same for its page, its JSON and its file."""

import csv
import io
import re
from dataclasses import replace
from html import unescape

import pytest
from starlette.testclient import TestClient

from leaderbench.boards.arranged import Arranged, Choice
from leaderbench.boards.reading import board
from leaderbench.boards.reading import boards as known_boards
from leaderbench.boards.standing import stand
from leaderbench.boards.stored import entries
from leaderbench.models.catalogue import of_run
from leaderbench.models.search import Query, matches
from leaderbench.results.entries import Provenance
from leaderbench.results.imports import import_csv
from leaderbench.results.store import Store
from leaderbench.web.live import LiveStore
from leaderbench.web.shown import boards, preparing
from leaderbench.web.shown.boards import shown_board
from leaderbench.web.values.boards import ShownBoard, ShownRow
from leaderbench.web.views import BoardView
from tests.web.conftest import SCRIPT, Get, make_run


@pytest.fixture
def busy(live: LiveStore) -> LiveStore:
    """The store with an imported run, a merge, a mixture of experts and a run of part of the questions."""
    foreign = make_run("org/foreign-7b", "mmlu/harness", run_id="eeeeeeeeeeee", right=9)
    model = {**foreign.manifest.model, "provenance": "imported"}
    live.store.save(replace(foreign, manifest=replace(foreign.manifest, model=model)))
    live.store.save(make_run("org/merge-7b", "mmlu/harness", run_id="ffffffffffff"))
    live.store.save(make_run("org/mix-8x7b-GPTQ", "mmlu/harness", run_id="999999999999"))
    live.refresh()
    return live


def names(live: LiveStore, **words: object) -> set[str]:
    return {row.name for row in shown_board(live, "small", BoardView.model_validate(words)).rows.items}


def lines(client: TestClient, address: str) -> list[str]:
    """The rows of the table of a page."""
    text = client.get(address).text
    return re.findall(r'<tr class="[^"]*">.*?</tr>', text, re.DOTALL)


def test_rows_are_kept_by_where_all_their_scores_come_from(busy: LiveStore) -> None:
    whole = names(busy)
    imported = names(busy, provenance=["imported run"])
    assert imported == {"org/foreign-7b"}
    assert names(busy, provenance=["made here"]) == whole - imported
    assert names(busy, provenance=["made here", "imported run"]) == whole


def test_rows_of_which_a_reader_must_know_something_can_be_hidden(busy: LiveStore) -> None:
    assert names(busy) - names(busy, flagged=False) == {"org/foreign-7b"}


def test_merges_and_mixtures_are_hidden_and_a_precision_is_chosen(busy: LiveStore) -> None:
    whole = names(busy)
    assert whole - names(busy, merges=False) == {"org/merge-7b"}
    assert whole - names(busy, mixtures=False) == {"org/mix-8x7b-GPTQ"}
    assert names(busy, precision=["GPTQ"]) == {"org/mix-8x7b-GPTQ"}


@pytest.mark.parametrize(
    "words", [{}, {"q": "org/"}, {"sort": "-mmlu/original", "rows": 2, "page": 2, "pin": "org/odd"}]
)
def test_the_json_of_a_board_is_its_value(client: TestClient, live: LiveStore, words: dict[str, object]) -> None:
    for _ in range(2):  # the second time from rows that were kept
        answer = client.get("/api/v1/boards/small", params=words)  # type: ignore[arg-type]
        assert ShownBoard.model_validate_json(answer.content) == shown_board(
            live, "small", BoardView.model_validate(words | {"pin": [words["pin"]]} if "pin" in words else words)
        )


def test_the_file_has_pinned_rows_first_and_normalised_values_where_the_page_has(client: TestClient, get: Get) -> None:
    words = {"pin": "org/odd", "values": "normalised", "q": "fair"}
    rows = get("/boards/small", **words)["rows"]["items"]
    text = client.get("/api/v1/boards/small/csv", params=words).text
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["model"] for row in table] == [row["model"] for row in rows] == ["org/odd", "org/fair-3b"]
    for row, other in zip(table, rows, strict=True):
        assert float(row["mmlu/harness"]) == other["cells"][0]["normalised"]


def test_no_column_may_be_shown_and_the_score_stays(client: TestClient) -> None:
    (first, *_) = lines(client, "/en/boards/small?columns=-")
    assert first.count("<td") == 2
    assert 'class="score"' in first


@pytest.mark.parametrize(("digits", "text"), [(0, ">75<"), (1, ">75.0<"), (4, ">75.0000<")])
def test_numbers_have_the_decimals_asked_for_and_the_rest_on_demand(client: TestClient, digits: int, text: str) -> None:
    (row,) = lines(client, f"/en/boards/small?q=good&digits={digits}")
    assert text in row
    assert 'title="75.0000 (59.81–85.81) n = 40"' in row


def test_what_a_search_found_is_marked_and_a_hostile_name_stays_text(client: TestClient) -> None:
    (good,) = lines(client, "/en/boards/small?q=/go{2}d/")
    assert "org/<mark>good</mark>-7b</a>" in good
    (script,) = lines(client, "/en/boards/small?q=title")
    shown = script.partition("</th>")[0]
    assert "<mark>title</mark>" in shown
    assert "<script" not in shown
    assert SCRIPT in unescape(shown.replace("<mark>", "").replace("</mark>", ""))


def test_rows_drawn_once_are_drawn_for_each_language_and_look(client: TestClient) -> None:
    for _ in range(2):
        assert "/en/runs/aaaaaaaaaaa0" in lines(client, "/en/boards/small?q=/go{2}d/")[0]
        assert "/zh/runs/aaaaaaaaaaa0" in lines(client, "/zh/boards/small?q=/go{2}d/")[0]
        assert ">80.0<" in lines(client, "/en/boards/small?q=good&columns=mmlu/original")[0]
        assert "/runs/aaaaaaaaaaa0" not in lines(client, "/en/boards/small?q=good&columns=mmlu/original")[0]


def test_kept_rows_are_those_of_the_state_that_is_shown(client: TestClient, live: LiveStore) -> None:
    assert len(lines(client, "/en/boards/small?q=org/")) == 3
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    assert len(lines(client, "/en/boards/small?q=org/")) == 3
    live.refresh()
    assert len(lines(client, "/en/boards/small?q=org/")) == 4


def test_ranks_among_the_rows_shown_are_those_of_a_board_of_them_alone(live: LiveStore) -> None:
    query = Query("org/")
    spec = board("small", live.store.path).spec
    assert spec is not None
    table = stand(
        spec, entries(live.store, spec)[0], None, lambda row: matches(of_run({"name": row.model}), query), name="small"
    )
    shown = shown_board(live, "small", BoardView(q="org/", ranks="filtered"))  # type: ignore[arg-type]
    wanted = {row.name: row.filtered and row.filtered.rank for row in table.rows}
    assert {row.name: row.filtered_rank and row.filtered_rank.rank for row in shown.rows.items} == wanted


def test_boards_wanted_before_are_ready_when_a_new_state_is_published(live: LiveStore) -> None:
    live.warm = preparing.prepare
    view = BoardView(intervals="marginal")  # type: ignore[arg-type]
    shown_board(live, "small", view)
    assert boards.is_ready(live, "small", view)
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    assert boards.is_ready(live, "small", view)
    assert boards.is_ready(live, "small", BoardView())
    assert not boards.is_ready(live, "small", BoardView(average="visible", columns=["mmlu/harness"]))  # type: ignore[arg-type]


def test_an_order_keeps_rows_without_a_value_last(store: Store, live: LiveStore) -> None:
    table = stand(board("small", store.path).spec, live.index.entries())  # type: ignore[arg-type]
    arranged = Arranged(table, lambda name: of_run({"name": name}))
    for sort in ("mmlu/original", "-mmlu/original", "score", "-score"):
        assert table.rows[arranged.chosen(Choice(sort=sort))[-1]].name == "org/odd"
    with pytest.raises(LookupError):
        arranged.chosen(Choice(sort="absent"))
    assert len(arranged.chosen(Choice(provenance=frozenset({Provenance.IMPORTED_SCORE})))) == 0


def test_a_page_says_which_name_of_its_board_the_store_does_not_have(live: LiveStore, client: TestClient) -> None:
    place = live.store.path / "boards" / "misspelt.toml"
    place.parent.mkdir(exist_ok=True)
    place.write_text('version = 1\ntitle = "x"\n[[columns]]\nimported = "MMLU/harnes"\n')
    live.refresh()
    assert "did you mean 'mmlu/harness'?" in unescape(client.get("/en/boards/misspelt").text)
    assert "您是否指“mmlu/harness”" in unescape(client.get("/zh/boards/misspelt").text)


def test_a_page_says_that_several_scores_were_published(live: LiveStore, client: TestClient) -> None:
    table = live.store.path / "twice.csv"
    table.write_text("model,Dup1,Dup2\nd/x,71,21\nd/x,70,20\nd/y,50,50\n")
    import_csv(table, live.store)
    place = live.store.path / "boards" / "twice.toml"
    place.parent.mkdir(exist_ok=True)
    columns = "".join(f'[[columns]]\nimported = "dup{n}/published"\n' for n in (1, 2))
    place.write_text(f'version = 1\ntitle = "x"\n{columns}')
    live.refresh()
    text = unescape(client.get("/en/boards/twice").text)
    assert "2 different scores published; the later one is shown" in text
    found = {row.name: [cell and cell.estimate for cell in row.cells] for row in shown(live, "twice")}
    assert found["d/x"] == [0.7, 0.2]


def shown(live: LiveStore, name: str) -> tuple[ShownRow, ...]:
    return shown_board(live, name, BoardView()).rows.items


def test_every_shipped_board_is_shown_where_nothing_fills_it(client: TestClient) -> None:
    shipped = [found.name for found in known_boards() if found.spec is not None]
    assert "open-llm-v2" in shipped
    for name in shipped:
        assert client.get(f"/en/boards/{name}").status_code == 200, name
        for column in client.get(f"/api/v1/boards/{name}").json()["all_columns"]:
            for words in ({"columns": column["key"]}, {"sort": column["key"]}):
                assert client.get(f"/api/v1/boards/{name}", params=words).status_code in (200, 404), (name, words)
