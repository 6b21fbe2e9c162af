"""Choosing models: the search language and the filters."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models import search
from leaderbench.models.catalogue import FIELDS, ModelRecord
from leaderbench.models.facts import Commercial, Fact, ModelType, Source
from leaderbench.models.patterns import fold
from leaderbench.models.search import SIZES, Query, choose, highlights, is_mixture, matches, quoted, unreadable


def fact(value: Any) -> Fact[Any]:
    return Fact(value, Source.CARD)


QWEN = ModelRecord(
    "Qwen/Qwen2.5-3B-Instruct",
    organisation=fact("Qwen"),
    architecture=fact("qwen2"),
    parameters=fact(3_000_000_000),
    precision=fact("bfloat16"),
    licence=fact("Qwen-Research"),
    commercial=fact(Commercial.NO),
    type=fact(ModelType.CHAT),
    languages=fact(("en", "zh")),
    base_models=fact(("Qwen/Qwen2.5-3B",)),
    datasets=fact(("my_data",)),
)
PYTHIA = ModelRecord(
    "EleutherAI/pythia-7b",
    architecture=fact("gpt_neox"),
    parameters=fact(6_900_000_000),
    precision=fact("float16"),
    licence=fact("Apache-2.0"),
    commercial=fact(Commercial.YES),
    type=fact(ModelType.PRETRAINED),
    languages=fact(("en",)),
)
MIXED = ModelRecord(
    "someone/llama-merge GPTQ",
    parameters=fact(46_000_000_000),
    active_parameters=fact(13_000_000_000),
    precision=fact("GPTQ 4-bit"),
    licence=fact("Modified-MIT"),
    commercial=fact(Commercial.RESTRICTED),
    type=fact(ModelType.MERGE),
)
UNKNOWN = ModelRecord("nobody/knows")
ALL = [QWEN, PYTHIA, MIXED, UNKNOWN]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        (" ; ;", ALL),
        ("qwen", [QWEN]),
        ("QWEN; pythia", [QWEN, PYTHIA]),
        ("qwen instruct", [QWEN]),
        ("qwen pythia", []),
        ("llama-merge gptq", [MIXED]),
        ('"llama-merge GPTQ"', [MIXED]),
        ('"gptq llama-merge"', []),
        ("@license:apache-2.0", [PYTHIA]),
        ("@licence:Apache", [PYTHIA]),
        ("@license:mit", []),
        ("@architecture:qwen", [QWEN]),
        ("@architecture:gpt-neox", [PYTHIA]),
        ("@arch:GPT_NeoX", [PYTHIA]),
        ("@architecture:/gpt.neo.*/", [PYTHIA]),
        ("@architecture:/gpt_neo./", [PYTHIA]),
        ("@architecture:gpt.neo", []),
        ("@language:zh", [QWEN]),
        ("@language:Chinese", [QWEN]),
        ("@language:e", []),
        ("@precision:float16", [PYTHIA]),
        ("@precision:4-bit", [MIXED]),
        ("@precision:gptq", [MIXED]),
        ("@type:chat; @type:merge", [QWEN, MIXED]),
        ("@commercial:yes", [PYTHIA]),
        ('@base:"Qwen/Qwen2.5"', [QWEN]),
        ("@dataset:my-data", [QWEN]),
        ("@language:en @commercial:yes", [PYTHIA]),
        ("@language: en pythia", [PYTHIA]),
        ("@license:", ALL),
        ("@nonsense:x", []),
        ("/qwen2.5-(1|3)b/", [QWEN]),
        ("/^eleuther/", [PYTHIA]),
        ("/[0-9]b$/", [PYTHIA]),
        (r"/\b7b\b/", [PYTHIA]),
        ("/^qwen/qwen2/", [QWEN]),
        ("/qwen.*3b instruct/; pythia", [PYTHIA]),
        ("/^eleuther/ 7b", [PYTHIA]),
        ("/(unclosed/", []),
        ("qwen2.5-(1|3)b", []),
        ("qwen2.5", [QWEN]),
        ("qwen2-5", []),
        ("qwen2.", [QWEN]),
        ("instruct qwen2.5", [QWEN]),
        ("^eleuther", []),
        ("(unclosed", []),
        ("/qwen2", [QWEN]),
        ("qwen/", [QWEN]),
    ],
)
def test_a_search_finds_what_it_says(query: str, expected: list[ModelRecord]) -> None:
    assert choose(ALL, query) == expected
    assert choose(ALL, Query(query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(types=frozenset({ModelType.CHAT, ModelType.MERGE})), [QWEN, MIXED]),
        (Query(precisions=frozenset({"float16"})), [PYTHIA]),
        (Query(precisions=frozenset({"4-bit", "bfloat16"})), [QWEN, MIXED]),
        (Query(sizes=(SIZES["≤ 3B"],)), [QWEN]),
        (Query(sizes=(SIZES["3-7B"],)), [PYTHIA]),
        (Query(sizes=(SIZES["≤ 3B"], SIZES["7-65B"])), [QWEN, MIXED]),
        (Query(sizes=(SIZES["65B+"],)), []),
        (Query(commercial=frozenset({Commercial.YES, Commercial.RESTRICTED})), [PYTHIA, MIXED]),
        (Query(languages=frozenset({"zh", "de"})), [QWEN]),
        (Query(languages=frozenset({"english"})), [QWEN, PYTHIA]),
        (Query(hide_merges=True), [QWEN, PYTHIA, UNKNOWN]),
        (Query(hide_mixtures=True), [QWEN, PYTHIA, UNKNOWN]),
        (Query("pythia; qwen", commercial=frozenset({Commercial.YES}), sizes=(SIZES["3-7B"],)), [PYTHIA]),
    ],
)
def test_a_filter_keeps_what_is_known_to_fit(query: Query, expected: list[ModelRecord]) -> None:
    assert choose(ALL, query) == expected


def test_every_size_is_in_one_range() -> None:
    for count in (1, 3 * 10**9, 3 * 10**9 + 1, 7 * 10**9, 65 * 10**9, 65 * 10**9 + 1, 10**15):
        record = ModelRecord("m", parameters=fact(count))
        assert sum(matches(record, Query(sizes=(size,))) for size in SIZES.values()) == 1


def test_a_mixture_is_known_by_its_experts_or_its_active_parameters() -> None:
    assert is_mixture(MIXED)
    assert is_mixture(ModelRecord("m", experts=fact(8)))
    assert not is_mixture(QWEN)


TERMS = st.sampled_from(
    [
        "qwen",
        "7b",
        "@license:apache",
        "@type:chat",
        "@language:zh",
        "instruct qwen",
        "/^some/",
        "(",
        '"a;b"',
        "@x:y",
        "/x.*b/",
        "@base:qwen",
    ]
)


@given(st.lists(TERMS, min_size=1, max_size=6), st.randoms())
def test_the_order_of_alternatives_changes_nothing(terms: list[str], random: Any) -> None:
    shuffled = list(terms)
    random.shuffle(shuffled)
    assert choose(ALL, ";".join(terms)) == choose(ALL, " ; ".join(shuffled))


@given(st.lists(TERMS, min_size=1, max_size=5))
def test_an_alternative_more_never_hides_a_model(terms: list[str]) -> None:
    fewer, more = choose(ALL, ";".join(terms[:-1]) or "no such"), choose(ALL, ";".join(terms))
    assert all(record in more for record in fewer)


@given(st.text(max_size=100), st.text(max_size=50), st.text(max_size=50))
def test_a_text_that_occurs_in_a_name_finds_it(text: str, before: str, after: str) -> None:
    assert matches(ModelRecord(before + text + after), text)
    assert matches(ModelRecord(before + text + after), quoted(text))


@given(st.text(alphabet='/ab.*+?()[]{}|\\^$;@:"- licensetyp', max_size=60))
def test_any_text_is_a_search(text: str) -> None:
    for record in ALL:
        assert matches(record, text) in (True, False)
    for begin, end in highlights(QWEN.name, text):
        assert 0 <= begin < end <= len(QWEN.name)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "a;" * 50_000,
        '"' * 10_001,
        "@" * 10_000,
        "(" * 10_000,
        "(a*)*" * 1000,
        "/(a*)*/" * 1000,
        "/" * 10_000,
        "/a" * 5000,
        "\0\ud800",
    ],
)
def test_a_hostile_search_is_cut_and_answered(text: str) -> None:
    assert matches(UNKNOWN, text) in (True, False)


@pytest.mark.parametrize("text", ["x;y", "@license:mit", "a b", "(", "a.b"])
def test_a_quoted_text_is_taken_as_it_is(text: str) -> None:
    assert matches(ModelRecord(f"o/{text}-7b"), quoted(text))
    assert not matches(ModelRecord("o/a-b x y axb mit"), quoted(text))


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("qwen", ["Qwen", "Qwen"]),
        ("/qwen.*3b/; instruct", ["Qwen/Qwen2.5-3B", "Instruct"]),
        ("wen we", ["wen", "wen"]),
        ("@license:qwen", []),
        ("", []),
        ("/x*/", []),
        ("n2.5", ["n2.5"]),
        ("qwen/q wen2", ["Qwen/Qwen2"]),
    ],
)
def test_highlights_are_what_was_found(query: str, parts: list[str]) -> None:
    places = highlights(QWEN.name, query)
    assert [QWEN.name[begin:end] for begin, end in places] == parts
    assert all(one[1] < other[0] for one, other in pairwise(places))


@given(st.text(max_size=30), st.text(max_size=30), st.text(min_size=1, max_size=5))
def test_a_literal_is_highlighted_wherever_letters_grow_when_folded(before: str, after: str, text: str) -> None:
    name = before + text + after
    for begin, end in highlights(name, quoted(text)):
        assert fold(name)[begin:end].strip() or not text.strip()


def test_only_what_stands_between_slashes_can_be_an_unfinished_pattern() -> None:
    assert unreadable("( qwen.* /[ab]/ /(/ @arch:/[/ /half") == ("(", "[")


def test_fields_of_a_search_are_facts_of_a_record() -> None:
    assert set(search.FIELDS.values()) - {"name"} <= set(FIELDS)
