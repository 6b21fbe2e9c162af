"""What tells models of one name apart, and what they are called then."""

import pytest

from leaderbench.results.subjects import (
    Facts,
    Subject,
    arguments_of,
    facts_of,
    precision_of,
    shots_of,
    told_apart,
)


def called(*told: Facts, created: str = "") -> list[str]:
    """What models of one name are called, with what each is made of."""
    return told_apart([Subject("acme/a", str(number) * 12, facts, created) for number, facts in enumerate(told)])


def test_a_name_that_nobody_shares_stands_alone() -> None:
    assert called({"precision": "4bit"}) == ["acme/a"]


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (
            [{"precision": "bfloat16"}, {"precision": "4bit"}, {"precision": "8bit"}],
            ["acme/a (bfloat16)", "acme/a (4bit)", "acme/a (8bit)"],
        ),
        ([{"revision": "1a2b3c4"}, {"revision": "step1000"}], ["acme/a @ 1a2b3c4", "acme/a @ step1000"]),
        ([{"revision": "ab" * 20}, {"revision": "cd" * 20}], ["acme/a @ abababa", "acme/a @ cdcdcdc"]),
        ([{"precision": "bfloat16"}, {"precision": "bfloat16", "load_in_4bit": "True"}],
         ["acme/a", "acme/a (load_in_4bit=True)"]),
        ([{"shots": "5"}, {}], ["acme/a (5 shots)", "acme/a"]),
        (
            [{"revision": r, "precision": p} for r in ("one", "two") for p in ("float32", "float16")],
            ["acme/a @ one (float32)", "acme/a @ one (float16)", "acme/a @ two (float32)", "acme/a @ two (float16)"],
        ),
        ([{"precision": "float32", "step": "100"}, {"precision": "float32", "step": "200"}],
         ["acme/a (step 100)", "acme/a (step 200)"]),
        ([{"system": "mteb"}, {}], ["acme/a (mteb)", "acme/a"]),
    ],
)  # fmt: skip
def test_the_fewest_facts_that_differ_are_said(told: list[Facts], names: list[str]) -> None:
    assert called(*told) == names


def test_a_row_without_the_fact_that_tells_the_others_says_what_a_reader_asks_for_first() -> None:
    assert called({"revision": "step1"}, {"load_in_4bit": "True"}) == ["acme/a @ step1", "acme/a (load_in_4bit=True)"]


def test_weights_that_differ_in_nothing_else_are_told_by_when_they_were_first_asked() -> None:
    subjects = [
        Subject("run", "1", {"weights": "aa", "precision": "float32"}, "2026-01-01T12:00:00+00:00"),
        Subject("run", "2", {"weights": "bb", "precision": "float32"}, "2026-01-01T12:30:00+00:00"),
        Subject("run", "3", {"weights": "bb", "precision": "float16"}, "2026-01-01T12:40:00+00:00"),
    ]
    assert told_apart(subjects[:2]) == ["run (2026-01-01 12:00)", "run (2026-01-01 12:30)"]
    assert told_apart(subjects) == [
        *("run (float32, 2026-01-01 12:00)", "run (float32, 2026-01-01 12:30)", "run (float16, 2026-01-01 12:30)"),
    ]


def test_the_identity_is_the_last_resort() -> None:
    assert called({}, {}) == ["acme/a [00000000]", "acme/a [11111111]"]
    assert told_apart([Subject("a", ""), Subject("a", "12345678")]) == ["a [identity unknown]", "a [12345678]"]


def test_names_are_unique_even_where_a_model_is_called_as_another_is_told_apart() -> None:
    subjects = [
        Subject("a", "1" * 9, {"precision": "4bit"}),
        Subject("a", "2" * 9, {"precision": "8bit"}),
        Subject("a (4bit)", "3" * 9),
    ]
    assert len(set(told_apart(subjects))) == 3


def test_hundreds_of_revisions_with_many_arguments_are_told_apart() -> None:
    told = [{**{f"a{key}": str(number % (key + 2)) for key in range(30)}, "b": str(number)} for number in range(300)]
    assert len(set(called(*told))) == 300


@pytest.mark.parametrize(
    "given",
    ["pretrained=acme/a,dtype=float16,stop=a,b", {"pretrained": "acme/a", "dtype": "float16", "stop": "a,b", "x": {}}],
)
def test_arguments_are_read_from_a_text_or_an_object(given: object) -> None:
    assert arguments_of(given) == {"pretrained": "acme/a", "dtype": "float16", "stop": "a,b"}


def test_a_manifest_says_of_an_imported_model_what_changes_its_answers() -> None:
    model = {
        "name": "acme/a",
        "revision": "c" * 40,
        "dtype": "bfloat16",
        "device": "cuda:1",
        "arguments": "pretrained=acme/a,revision=step1,dtype=bfloat16,parallelize=True,peft=acme/b",
        "versions": {"lm-eval": "0.4.8"},
        "provenance": "imported",
    }
    assert facts_of(model) == {"revision": "step1", "commit": "c" * 40, "precision": "bfloat16", "peft": "acme/b"}


@pytest.mark.parametrize(
    ("facts", "precision"),
    [
        ({"precision": "torch.bfloat16"}, "bfloat16"),
        ({"precision": "4bit"}, "4-bit"),
        ({"precision": "GPTQ 4bit"}, "GPTQ 4-bit"),
        ({"precision": "bfloat16", "load_in_8bit": "True"}, "8-bit"),
        ({}, ""),
    ],
)
def test_a_precision_is_called_as_catalogues_call_it(facts: Facts, precision: str) -> None:
    assert precision_of(facts) == precision


def test_shots_are_found_in_settings() -> None:
    assert [shots_of(text) for text in ("", "limit 10, 5 shots", "0 shots", "only a, 3 shots")] == ["", "5", "0", "3"]
