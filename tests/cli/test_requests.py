"""`leaderbench requests`: what would be asked, asking nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.requests import encoding_columns, request_rows
from leaderbench.models.base import Encoded
from leaderbench.models.fake import FakeModel
from leaderbench.records import Example, Question
from leaderbench.requests import Generate, LogLikelihood, Prompt

Cli = Callable[..., Any]


def rows(ending: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ending.out.splitlines()]


def test_a_row_has_what_is_asked_and_the_target(cli: Cli) -> None:
    (row,) = rows(cli("requests", "exam/harness", "--subset", "opposites", "--limit", "1"))
    assert row["example_id"] == "opposites/0"
    assert row["subset"] == "opposites"
    assert row["context"].endswith("Answer:")
    assert row["continuations"] == [" A", " B", " C", " D"]
    assert row["target"] in "ABCD"


def test_rows_come_in_dataset_order(cli: Cli) -> None:
    ids = [row["example_id"] for row in rows(cli("requests", "exam/helm", "--subset", "opposites"))]
    assert ids == [f"opposites/{number}" for number in range(60)]


def test_the_target_is_the_one_that_export_has(cli: Cli, fakes: object) -> None:
    for name in ("exam/original", "exam/helm", "exam/harness-2023", "exam/open-llm-v1", "exam/harness"):
        run = cli("run", "m", "-b", name, "--limit", "3", "--quiet").out.strip()
        exported = {row["example_id"]: row["target"] for row in rows(cli("export", run))}
        assert {row["example_id"]: row["target"] for row in rows(cli("requests", name, "--limit", "3"))} == exported


def test_nothing_is_asked(cli: Cli, fakes: dict[str, FakeModel]) -> None:
    cli("requests", "exam/helm", "--model", "m", "--limit", "2")
    assert fakes["m"].asked == 0
    assert not Path("leaderbench-store").exists()


def test_with_a_model_rows_have_its_token_ids(cli: Cli, fakes: object) -> None:
    (row,) = rows(cli("requests", "exam/harness", "--model", "m", "--subset", "opposites", "--limit", "1"))
    assert bytes(row["context_token_ids"]).decode() == row["context"]
    assert [bytes(tokens).decode() for tokens in row["continuation_token_ids"]] == row["continuations"]
    assert row["flags"] == []
    assert row["truncated_tokens"] == row["shots_dropped"] == 0


def test_a_generation_has_no_continuations(cli: Cli) -> None:
    (row,) = rows(cli("requests", "exam/helm", "--subset", "opposites", "--limit", "1"))
    assert (row["type"], row["continuations"], row["max_tokens"]) == ("generate", [], 1)


def test_cut_tokens_are_left_out_and_flagged() -> None:
    request = LogLikelihood(Prompt("", ("s1 ", "s2 "), "q"), (" A", " BB"))
    encoded = Encoded((1, 2, 3, 4), ((5,), (6, 7)), (3, 2), context_tokens=4, truncated=2)
    row = encoding_columns(request, encoded)
    assert row["context_token_ids"] == [2, 3, 4]
    assert row["context_tokens_kept"] == [3, 2]
    assert (row["flags"], row["truncated_tokens"], row["context_tokens"]) == (["truncated"], 2, 4)
    assert row["context"] == "s1 s2 q"


def test_dropped_shots_are_left_out_of_the_text_and_flagged() -> None:
    request = Generate(Prompt("h ", ("s1 ", "s2 "), "q"))
    row = encoding_columns(request, Encoded((1, 2), (), (2,), context_tokens=9, shots_dropped=1))
    assert row["context"] == "h s1 q"
    assert (row["flags"], row["shots_dropped"]) == (["shots-dropped"], 1)


class TwoRequests:
    """A benchmark that asks two things about a question."""

    def target(self, example: Example) -> str:
        return "2"


def test_a_question_with_several_requests_has_a_numbered_row_for_each() -> None:
    requests = tuple(LogLikelihood(Prompt("", (), f"option {n}"), (" rest",)) for n in (1, 2))
    question = Question(Example("x/0", "x", "", ("1", "2"), 1), requests)
    found = list(request_rows(TwoRequests(), [question]))
    assert [(row["request"], row["context"], row["target"]) for row in found] == [
        (0, "option 1", "2"),
        (1, "option 2", "2"),
    ]


def test_a_family_is_refused_and_its_members_named(cli: Cli) -> None:
    ending = cli("requests", "exam")
    assert ending.code == 2
    assert "exam/helm" in ending.err


@pytest.mark.parametrize(("name", "per_question"), [("winogrande/harness", 2), ("truthfulqa-mc/harness", 1)])
def test_real_benchmarks_number_requests_only_where_there_are_several(
    cli: Cli, shared: Path, name: str, per_question: int
) -> None:
    found = rows(cli("requests", name, "--limit", "2", "--datasets", str(shared / "hub")))
    assert len(found) == 2 * per_question
    assert ("request" in found[0]) == (per_question > 1)
