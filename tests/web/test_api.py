"""The REST API: what it answers, refuses, and remembers."""

import csv
import io
import math
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from leaderbench.boards.stored import board_table
from leaderbench.results.store import Store
from leaderbench.web.live import LiveStore
from tests.web.conftest import FORMULA, SCRIPT, Get, make_run


def test_a_board_says_the_same_numbers_as_the_python_api(get: Get, store: Store) -> None:
    shown = get("/boards/small")
    table = board_table("small", store)
    assert [row["name"] for row in shown["rows"]["items"]] == [row.name for row in table.rows]
    for row, other in zip(shown["rows"]["items"], table.rows, strict=True):
        assert row["score"] == (None if math.isnan(other.score) else other.score)
        assert row["rank"] == (
            None
            if other.static is None
            else {"rank": other.static.rank, "low": other.static.low, "high": other.static.high, "of": other.static.of}
        )
        estimates = [None if cell is None else cell.estimate for cell in other.cells]
        assert [cell and cell["estimate"] for cell in row["cells"]] == estimates


def test_csv_and_json_hold_the_same_rows_in_the_order_of_the_view(client: TestClient, get: Get) -> None:
    words = {"sort": "mmlu/original", "columns": "mmlu/original", "q": "org/"}
    rows = get("/boards/small", **words)["rows"]["items"]
    text = client.get("/api/v1/boards/small/csv", params=words).text
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["model"] for row in table] == [row["model"] for row in rows]
    assert [float(row["mmlu/original"] or "nan") for row in table if row["mmlu/original"]] == [
        row["cells"][0]["estimate"] for row in rows if row["cells"][0]
    ]
    assert "mmlu/harness" not in table[0]


def test_a_name_that_is_a_formula_does_not_run_in_a_spreadsheet(client: TestClient) -> None:
    table = list(csv.DictReader(io.StringIO(client.get("/api/v1/boards/small/csv").text)))
    assert "'" + FORMULA in [row["model"] for row in table]


def test_sorting_goes_both_ways_and_what_has_no_value_is_last(get: Get) -> None:
    up = [row["name"] for row in get("/boards/small", sort="mmlu/original")["rows"]["items"]]
    down = [row["name"] for row in get("/boards/small", sort="-mmlu/original")["rows"]["items"]]
    assert up[-1] == down[-1] == "org/odd"
    assert up[:-1] == down[:-1][::-1]


def test_filters_keep_the_rank_on_the_whole_board_unless_another_is_asked_for(get: Get) -> None:
    (static,) = get("/boards/small", q="fair")["rows"]["items"]
    assert static["rank"]["rank"] == 2
    (filtered,) = get("/boards/small", q="fair", ranks="filtered")["rows"]["items"]
    assert (filtered["rank"]["rank"], filtered["filtered_rank"]["rank"]) == (2, 1)


def test_the_score_of_visible_columns_is_their_mean_and_the_hidden_can_still_be_chosen(get: Get) -> None:
    shown = get("/boards/small", columns="mmlu/harness", average="visible")
    assert [column["key"] for column in shown["columns"]] == ["mmlu/harness"]
    assert len(shown["all_columns"]) == 2
    for row in shown["rows"]["items"]:
        assert row["score"] == pytest.approx(row["cells"][0]["estimate"])


def test_pages_of_a_board_are_its_rows_in_order(get: Get) -> None:
    whole = [row["name"] for row in get("/boards/small")["rows"]["items"]]
    pages = [get("/boards/small", rows=2, page=page)["rows"] for page in (1, 2, 3, 4)]
    assert [row["name"] for page in pages for row in page["items"]] == whole
    assert {page["total"] for page in pages} == {len(whole)}


def test_pinned_rows_come_first_on_every_page(get: Get) -> None:
    found = get("/boards/small", pin="org/odd", rows=2, page=2)["rows"]["items"]
    assert (found[0]["name"], found[0]["pinned"]) == ("org/odd", True)
    assert not any(row["pinned"] for row in found[1:])


def test_a_broken_board_is_listed_with_its_problem_and_hides_no_other(client: TestClient, get: Get) -> None:
    boards = {item["name"]: item for item in get("/boards")}
    assert "mmlu/harness" in boards["broken"]["problem"]
    assert boards["small"]["problem"] == ""
    answer = client.get("/api/v1/boards/broken")
    assert answer.status_code == 409
    assert "mmlu/harness" in answer.json()["detail"]


def test_models_are_searched_and_paged(get: Get) -> None:
    assert [item["name"] for item in get("/models", q="good")["items"]] == ["org/good-7b"]
    assert [item["name"] for item in get("/models", size="≤ 3B")["items"]] == ["org/fair-3b"]
    first, second = get("/models", rows=3), get("/models", rows=3, page=2)
    assert (len(first["items"]), len(second["items"]), first["total"]) == (3, 2, 5)


def test_a_model_has_its_scores_places_and_guesses(get: Get) -> None:
    found = get("/model", name="org/fair-3b")
    assert {score["benchmark"] for score in found["scores"]} == {"mmlu/harness", "mmlu/original"}
    assert found["places"][-1]["rank"]["rank"] == 2
    facts = {fact["name"]: fact for fact in found["facts"]}
    assert facts["parameters"]["source"] == "guessed from the name"


def test_a_run_has_its_manifest_and_the_command_that_repeats_it(get: Get) -> None:
    found = get("/runs/aaaaaaaaaaa0")
    assert found["command"] == "leaderbench run org/good-7b --benchmark mmlu/harness"
    assert found["manifest"]["benchmark"]["recipe"] == {"shots": 5}
    assert {score["subset"] for score in found["scores"]} == {None, "anatomy", "virology"}
    assert found["samples"] == 40


def test_a_command_quotes_what_a_shell_would_run(get: Get) -> None:
    found = get("/runs/aaaaaaaaaaa2")
    assert found["command"].startswith("leaderbench run '<script>")


@pytest.mark.parametrize(
    ("show", "numbers"),
    [("error", [0]), ("flagged", [0, 2]), ("near-tie", [2]), ("right", [1, 2, 3, 4]), ("wrong", list(range(5, 40)))],
)
def test_samples_are_filtered(get: Get, show: str, numbers: list[int]) -> None:
    found = get("/runs/cccccccccccc/samples", show=show, rows=100)
    assert [item["number"] for item in found["samples"]["items"]] == numbers
    assert found["samples"]["total"] == len(numbers)


def test_samples_are_searched_by_question_and_id_literally(get: Get) -> None:
    assert [i["number"] for i in get("/runs/cccccccccccc/samples", q="PHOTO")["samples"]["items"]] == [1]
    assert [i["number"] for i in get("/runs/cccccccccccc/samples", q="anatomy/17")["samples"]["items"]] == [17]
    assert get("/runs/cccccccccccc/samples", q=".*")["samples"]["total"] == 0


def test_pages_of_samples_are_all_samples_in_order(get: Get) -> None:
    pages = [get("/runs/cccccccccccc/samples", rows=15, page=page)["samples"]["items"] for page in (1, 2, 3, 4)]
    assert [item["number"] for page in pages for item in page] == list(range(40))


def test_a_sample_is_whole_and_its_prompt_exact(get: Get, live: LiveStore) -> None:
    found = get("/runs/aaaaaaaaaaa0/samples/7")
    assert found["shots"] + found["prompt_end"] == live.store.run("aaaaaaaaaaa0").samples[7].prompt
    assert found["shots"] == "Solved example.\nAnswer: B\n\n"
    assert [token["log_probability"] for token in found["continuations"][0]["tokens"]] == [-0.25, -7.0]
    assert [(item["letter"], item["chosen"], item["right"]) for item in found["continuations"]] == [
        ("A", False, False),
        ("B", True, True),
    ]
    assert found["decisions"] == [{"metric": "acc", "answer": "B", "measure": "log-likelihood", "value": -0.1}]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nowhere",
        "/api/v1/boards/absent",
        "/api/v1/boards/small?sort=absent",
        "/api/v1/boards/small?columns=absent",
        "/api/v1/model?name=absent",
        "/api/v1/benchmark?name=absent",
        "/api/v1/runs/absent",
        "/api/v1/runs/aaaa",
        "/api/v1/runs/..%2F..%2Fetc",
        "/api/v1/runs/%2e%2e/samples",
        "/api/v1/runs/aaaaaaaaaaa0/samples/40",
        "/api/v1/runs/aaaaaaaaaaa0/samples?subset=absent",
        "/api/v1/comparisons?run=aaaaaaaaaaa0&run=absent",
        "/static/0000/site.css",
        "/static/..%2f..%2fvalues.py",
    ],
)
def test_what_is_not_there_is_404_with_a_sentence(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/runs?rows=100000",
        "/api/v1/runs?page=0",
        "/api/v1/runs?page=x",
        "/api/v1/runs?unknown=1",
        "/api/v1/boards/small?ranks=odd",
        "/api/v1/models?q=" + "x" * 201,
        "/api/v1/comparisons?run=aaaaaaaaaaa0",
        "/api/v1/runs/aaaaaaaaaaa0/samples/-1",
    ],
)
def test_what_cannot_be_is_422_with_the_word_that_is_wrong(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("This address cannot be answered: ")


def test_nothing_can_be_changed(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for path in ("/api/v1/runs/aaaaaaaaaaa0", "/en/runs"):
            answer = client.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_an_unchanged_store_is_answered_with_304_and_a_changed_one_anew(client: TestClient, live: LiveStore) -> None:
    first = client.get("/api/v1/runs")
    tag = first.headers["etag"]
    again = client.get("/api/v1/runs", headers={"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/api/v1/runs?page=2", headers={"if-none-match": tag}).status_code == 200
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    changed = client.get("/api/v1/runs", headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.json()["total"] == first.json()["total"] + 1


def test_tags_are_compared_as_weak_ones_and_a_star_stands_for_any(client: TestClient) -> None:
    strong = client.get("/api/v1/runs").headers["etag"].removeprefix("W/")
    for asked in (strong, f'"other",{strong}', "*"):
        for _ in range(2):
            again = client.get("/api/v1/runs", headers={"if-none-match": asked})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == f"W/{strong}"


def test_a_star_finds_nothing_where_nothing_is(client: TestClient) -> None:
    answer = client.get("/en/runs/none", headers={"if-none-match": "*"})
    assert answer.status_code == 404
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("deflate, gzip ; q=0.000", False),
        ("*, gzip;q=0", False),
        ("gzip;q=often", False),
        ("br", False),
        ("", False),
    ],
)
def test_an_answer_is_packed_only_for_who_takes_it(client: TestClient, accepted: str, packed: bool) -> None:
    from leaderbench.web import files

    for path in ("/en/runs", files.addresses()["site.css"]):
        for _ in range(2):
            answer = client.get(path, headers={"accept-encoding": accepted})
            assert answer.status_code == 200
            assert (answer.headers.get("content-encoding") == "gzip") is packed
            assert len(answer.content) > 1000


def test_a_changed_board_file_is_shown_after_the_next_look(client: TestClient, live: LiveStore) -> None:
    tag = client.get("/api/v1/boards/small").headers["etag"]
    path = live.store.path / "boards" / "small.toml"
    path.write_text(path.read_text().replace("Small", "Other"))
    live.publish()
    answer = client.get("/api/v1/boards/small", headers={"if-none-match": tag})
    assert answer.json()["title"] == "Other <b>board</b>"


def test_an_answer_that_is_kept_is_not_given_once_the_store_has_changed(client: TestClient, live: LiveStore) -> None:
    before = [client.get("/api/v1/runs").json()["total"] for _ in range(3)]
    live.store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
    live.refresh()
    assert [*before, client.get("/api/v1/runs").json()["total"]] == [9, 9, 9, 10]


def test_a_kept_answer_is_compressed_only_for_those_who_take_it(client: TestClient) -> None:
    for encoding in ("gzip", "identity", "gzip", "identity"):
        answer = client.get("/api/v1/runs", headers={"accept-encoding": encoding})
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert answer.json()["total"] == 9


def test_a_run_that_arrives_while_the_store_is_served_is_picked_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leaderbench.web import live as living
    from leaderbench.web.application import application

    monkeypatch.setattr(living, "pause", 0.05)
    made = LiveStore(store)
    with TestClient(application(made)) as client:
        made.looked.wait(30)
        store.save(make_run("org/new", "mmlu/harness", run_id="dddddddddddd"))
        until = time.monotonic() + 30
        while client.get("/api/v1/runs").json()["total"] < 10:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_head_is_answered_like_get(client: TestClient) -> None:
    answer = client.head("/en/boards/small")
    assert answer.status_code == 200
    assert answer.headers["etag"] == client.get("/en/boards/small").headers["etag"]


def test_long_answers_are_compressed(client: TestClient) -> None:
    assert client.get("/api/v1/runs", headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_every_address_is_described_with_the_type_of_its_answer(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert len(described["paths"]) >= 12
    for path, methods in described["paths"].items():
        assert list(methods) == ["get"], path
        content = methods["get"]["responses"]["200"]["content"]
        assert all(item["schema"] for item in content.values()), path
        assert methods["get"]["summary"]
    assert described["components"]["schemas"]["ShownRow"]["properties"]["filtered_rank"]["description"]


def test_a_damaged_run_says_so_and_takes_nothing_else_down(client: TestClient, live: LiveStore, get: Get) -> None:
    folder = live.store.path / "runs"
    (folder / "aaaaaaaaaaa0" / "samples.parquet").write_bytes(b"rubbish")
    (folder / "bbbbbbbbbbb1" / "manifest.json").write_text("{")
    live.refresh()
    found = get("/runs/aaaaaaaaaaa0")
    assert "damaged" in found["problem"] + found["samples_problem"]
    assert str(live.store.path) not in str(found)
    samples = client.get("/api/v1/runs/aaaaaaaaaaa0/samples")
    assert samples.status_code == 409
    assert "damaged" in samples.json()["detail"]
    assert "damaged" in get("/runs/bbbbbbbbbbb1")["problem"]
    assert get("/boards/small")["rows"]["items"]
    assert get("/runs")["total"] == 9


hostile = st.text(alphabet=st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [SCRIPT, "../../etc/passwd", "\0", "%00", "a;b;@licence:(", "-", "--", "1e999", "{0}", "' or 1=1 --"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(
        [
            "/api/v1/boards/small",
            "/api/v1/models",
            "/api/v1/model",
            "/api/v1/runs",
            "/api/v1/runs/cccccccccccc/samples",
            "/api/v1/comparisons",
            "/en/compare",
            "/en/compare/choose",
            "/en/boards/small/compare",
            "/en/boards/small",
            "/zh/models",
            "/en/runs/cccccccccccc/samples/3",
        ]
    ),
    words=st.dictionaries(
        st.sampled_from(
            [
                "q",
                "sort",
                "columns",
                "page",
                "rows",
                "name",
                "subset",
                "pin",
                "a",
                "b",
                "run",
                "row",
                "column",
                "show",
                "size",
            ]
        ),
        hostile,
    ),
)
def test_no_word_of_an_address_breaks_the_site(client: TestClient, path: str, words: dict[str, str]) -> None:
    plain = {key: value.encode("utf-8", "replace").decode() for key, value in words.items()}
    assert client.get(path, params=plain).status_code in (200, 404, 409, 422)


def test_a_sample_says_what_was_chosen_and_what_is_right_where_they_differ(client: TestClient) -> None:
    row = r'<tr class="chosen"><td><strong>B</strong></td>.*?the model&#39;s answer.*?</tr>'
    text = client.get("/en/runs/aaaaaaaaaaa0/samples/39").text
    assert re.search(row, text, re.DOTALL)
    assert re.search(r"<tr><td><strong>A</strong></td>.*?the right answer", text, re.DOTALL)
    assert "acc: B has the greatest log-likelihood, −0.1000." in text
