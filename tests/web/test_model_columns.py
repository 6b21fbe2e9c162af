"""A board tells what is known of its models beside their scores, counts models alone, and sets them side by side."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderbench.results.imports import import_csv
from leaderbench.results.store import Store
from leaderbench.web.application import application
from leaderbench.web.drawing import on_the_hub
from leaderbench.web.live import LiveStore
from leaderbench.web.notation import short_number
from tests.web.conftest import make_run

TABLE = """model,IFEval,GPQA,#Params (B),Hub License,Upload To Hub Date
acme/big-70b,80,40,70.6,apache-2.0,2025-01-02
acme/mid-9b-psy10k,75,30,,mit,2024-01-02
acme/small,70,35,1.5,,2024-06-07
"""
BOARD = """
title = "Published"
[[columns]]
imported = "ifeval/published"
[[columns]]
imported = "gpqa/published"
"""


@pytest.fixture
def published(tmp_path: Path) -> Iterator[TestClient]:
    store = Store(tmp_path / "published")
    (tmp_path / "table.csv").write_text(TABLE)
    import_csv([tmp_path / "table.csv"], store)
    (store.path / "boards").mkdir()
    (store.path / "boards" / "published.toml").write_text(BOARD)
    live = LiveStore(store)
    live.refresh()
    yield TestClient(application(live))
    live.close()


def rows(client: TestClient, address: str) -> list[list[str]]:
    """The head and the rows of the table of a board, as the texts of their cells."""
    table = client.get(address).text.partition('<table class="board">')[2].partition("</table>")[0]
    lines = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    cell = r"<t[hd].*?</t[hd]>"
    return [
        [unescape(re.sub(r"<.*?>", "", text)).strip() for text in re.findall(cell, line, re.DOTALL)] for line in lines
    ]


def test_facts_stand_under_their_heads_in_whichever_order_they_were_asked_for(published: TestClient) -> None:
    head, first, second, third = rows(
        published, "/en/boards/published?facts=date&facts=licence&facts=parameters&columns=-"
    )
    assert [text.split()[0] for text in head[3:]] == ["Size", "Licence", "Date"]
    assert first[3:] == ["70.6B", "Apache-2.0", "2025-01-02"]
    assert second[3:] == ["9B?", "MIT", "2024-01-02"]  # a guess has a question mark
    assert third[3:] == ["1.5B", "–", "2024-06-07"]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("parameters", ["small", "mid-9b-psy10k", "big-70b"]),
        ("-date", ["big-70b", "small", "mid-9b-psy10k"]),
        ("licence", ["big-70b", "mid-9b-psy10k", "small"]),
        ("-licence", ["mid-9b-psy10k", "big-70b", "small"]),
    ],
)
def test_facts_give_an_order_and_what_is_unknown_comes_last(published: TestClient, sort: str, names: list[str]) -> None:
    found = published.get(f"/api/v1/boards/published?sort={sort}").json()["rows"]["items"]
    assert [row["name"].removeprefix("acme/") for row in found] == names


def test_the_api_gives_the_facts_that_were_asked_for_with_their_source(published: TestClient) -> None:
    first, second, _ = published.get("/api/v1/boards/published?facts=parameters").json()["rows"]["items"]
    assert [(fact["name"], fact["value"]) for fact in first["known"]] == [("parameters", 70_600_000_000)]
    assert second["known"][0]["source"] == "guessed from the name"
    assert published.get("/api/v1/boards/published").json()["rows"]["items"][0]["known"] == []
    assert published.get("/api/v1/boards/published?facts=shoe_size").status_code == 422


def test_that_all_scores_are_imported_is_said_once(published: TestClient, client: TestClient) -> None:
    page = published.get("/en/boards/published").text
    assert page.count("All scores of this board were published elsewhere") == 1
    assert page.count("imported score</span>") == 2  # beside that sentence, and in the menu that filters by it
    assert "published elsewhere" not in client.get("/en/boards/small").text


def test_baselines_are_no_models(store: Store) -> None:
    store.save(make_run("baseline:random", "mmlu/harness", run_id="eeeeeeeeeeee", right=10))
    live = LiveStore(store)
    live.refresh()
    found = TestClient(application(live)).get("/api/v1/boards/small").json()
    live.close()
    assert found["rows"]["total"] == 6
    assert (found["models"], found["models_shown"]) == (5, 5)


def test_models_ticked_on_an_imported_board_stand_side_by_side(published: TestClient) -> None:
    page = published.get("/en/boards/published/compare?row=acme/big-70b&row=acme/small&column=").text
    text = " ".join(unescape(re.sub(r"<.*?>", " ", page)).split())
    assert "ifeval/published 80.0 70.0 +10.0" in text
    assert "gpqa/published 40.0 35.0 +5.0" in text
    assert "Size 70.6B 1.5B" in text
    assert "at least two models" in published.get("/en/boards/published/compare?row=acme/small").text
    too_many = "&".join(f"row=m{place}" for place in range(9))
    assert published.get(f"/en/boards/published/compare?{too_many}").status_code == 409


def test_a_long_table_has_a_way_to_its_last_page_and_to_longer_pages(client: TestClient) -> None:
    page = client.get("/en/boards/small?rows=1&page=2").text
    assert re.search(r'href="/en/boards/small\?page=5&amp;rows=1">5</a>', page)
    assert '<strong aria-current="page">2</strong>' in page


def test_a_card_tells_how_many_models_a_board_has_and_who_may_be_the_best(client: TestClient) -> None:
    client.get("/en/boards/small")  # as the site does before it publishes a state
    card = client.get("/en/").text.partition("Small &lt;b&gt;board")[2].partition("</li>")[0]
    assert "5 models" in card
    assert "<strong>org/good-7b</strong>" in card
    listed = {item["name"]: item for item in client.get("/api/v1/boards").json()}
    assert listed["small"]["models"] == 5
    assert listed["small"]["last"].startswith("2026-01-02")
    assert listed["chinese"]["models"] is None  # nobody has worked it out yet


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("org/good-7b", "https://huggingface.co/org/good-7b"),
        ("bundled:owl-1m", ""),
        ("./a/b", ""),
        ("a/b/c", ""),
        ("../b", ""),
        ("a/..", ""),
        ('a/b"><script>', ""),
        ("gpt2", ""),
    ],
)
def test_a_name_that_can_be_one_of_the_hub_leads_there(name: str, address: str) -> None:
    assert on_the_hub(name) == address


@pytest.mark.parametrize(
    ("value", "text"),
    [(7_242_000_000, "7.24B"), (999_900_000, "1B"), (124_000_000, "124M"), (1200, "1.2K"), (17, "17")],
)
def test_large_numbers_are_short(value: int, text: str) -> None:
    assert short_number(value) == text


WARNED = """fullname,#Params (B),Hub License,Type,Flagged,Official Providers,IFEval,GPQA
acme/best-70b,70.6,apache-2.0,chat,False,False,80,40
acme/warned-7b,6.9,apache-2.0,chat,True,False,79,39
acme/closed-7b,6.8,cc-by-nc-4.0,chat,False,False,78,38
acme/open-7b,6.7,apache-2.0,chat,False,False,77,37
maker/small-2b,2.1,mit,chat,False,True,60,30
acme/unknown,,,,False,False,50,20
"""


@pytest.fixture
def warned(tmp_path: Path) -> Iterator[TestClient]:
    store = Store(tmp_path / "warned")
    (tmp_path / "table.csv").write_text(WARNED)
    import_csv([tmp_path / "table.csv"], store)
    (store.path / "boards").mkdir()
    (store.path / "boards" / "published.toml").write_text(BOARD)
    live = LiveStore(store)
    live.refresh()
    yield TestClient(application(live))
    live.close()


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("commercial=yes", ["best-70b", "warned-7b", "open-7b", "small-2b"]),
        ("size=%E2%89%A4+3B&size=3-7B&commercial=yes", ["warned-7b", "open-7b", "small-2b"]),
        ("size=%E2%89%A4+3B&size=3-7B&commercial=yes&warned=false", ["open-7b", "small-2b"]),
        ("official=true", ["small-2b"]),
        ("commercial=unknown", ["unknown"]),
    ],
)
def test_the_best_of_a_size_that_one_may_use_is_found_at_one_address(
    warned: TestClient, asked: str, names: list[str]
) -> None:
    found = warned.get(f"/api/v1/boards/published?{asked}").json()
    assert [row["name"].partition("/")[2] for row in found["rows"]["items"]] == names
    assert [
        row[1].partition("/")[2].removesuffix("○")
        for row in rows(warned, f"/en/boards/published?{asked}&columns=-")[1:]
    ] == names


def test_the_published_table_answers_which_small_model_one_may_use_is_the_best(shared: Path, tmp_path: Path) -> None:
    table = shared / "cases" / "tables-of-leaderboards" / "open_llm_leaderboard_v2_120rows.csv"
    if not table.exists():
        pytest.skip(f"needs {table}")
    store = Store(tmp_path / "v2")
    import_csv([table], store)
    live = LiveStore(store)
    live.refresh()
    address = "/api/v1/boards/open-llm-v2?size=%E2%89%A4+3B&size=3-7B&commercial=yes"
    found = [row["model"] for row in TestClient(application(live)).get(address).json()["rows"]["items"]]
    live.close()
    with table.open(newline="") as file:
        published = [
            (-float(row["Average ⬆️"]), row["fullname"])
            for row in csv.DictReader(file)
            if row["Hub License"] in ("apache-2.0", "mit") and 0 < float(row["#Params (B)"]) <= 7
        ]
    assert [name for name in found if name in dict(map(reversed, published))] == [name for _, name in sorted(published)]
    assert found[0] == min(published)[1]


def test_boxes_for_what_leaderboards_say_stand_where_they_say_it(warned: TestClient, published: TestClient) -> None:
    page = warned.get("/en/boards/published").text
    assert 'name="warned" value="false"' in page
    assert 'name="official" value="true"' in page
    other = published.get("/en/boards/published").text
    assert 'name="warned"' not in other
    assert 'name="official"' not in other


def test_a_file_of_a_board_has_the_facts_that_its_page_shows(published: TestClient) -> None:
    text = published.get("/api/v1/boards/published/csv?facts=parameters&facts=licence").text
    first, _, third = csv.DictReader(io.StringIO(text))
    assert list(first)[-3:] == ["flags", "parameters", "licence"]
    assert (first["parameters"], first["licence"]) == ("70600000000", "Apache-2.0")
    assert (third["parameters"], third["licence"]) == ("1500000000", "")
    assert "parameters" not in published.get("/api/v1/boards/published/csv").text.splitlines()[0]


def test_what_a_leaderboard_says_of_a_model_is_yes_or_no(warned: TestClient) -> None:
    facts = {item["name"]: item["value"] for item in warned.get("/api/v1/model?name=acme/warned-7b").json()["facts"]}
    assert facts["flagged"] is True
    assert facts["official"] is False
