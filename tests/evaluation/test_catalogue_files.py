"""Records beside the runs: stored whole, read back, and merged with what the host declares."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.evaluation.catalogue_files import declarations, file_of, from_json, load, read, save, to_json
from leaderbench.models.catalogue import FIELDS, ModelRecord, describe, of_run
from leaderbench.models.facts import Commercial, Fact, ModelType, Source

RECORD = ModelRecord(
    "org/m",
    parameters=Fact(10, Source.HEADERS, "", (Fact(20, Source.CARD, "said"),)),
    type=Fact(ModelType.CHAT, Source.TOKENIZER, "it has a chat template"),
    commercial=Fact(Commercial.NO, Source.CARD, "for research only"),
    licence=Fact("MIT", Source.CARD),
    languages=Fact(("en", "zh"), Source.CARD),
    problems=("config.json is damaged.",),
)


@pytest.mark.parametrize(
    "record", [RECORD, ModelRecord("x"), describe("bundled:owl-1m"), describe("Qwen/Qwen3-30B-A3B")]
)
def test_a_record_is_the_same_after_storing(record: ModelRecord, tmp_path: Path) -> None:
    path = save(tmp_path, record)
    assert path == file_of(tmp_path, record.name)
    assert read(path) == record
    assert load(tmp_path).records == {record.name: record}
    assert load(tmp_path, [record.name, "other"]).records == {record.name: record}


def test_a_newer_record_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    save(tmp_path, ModelRecord("org/m"))
    save(tmp_path, RECORD)
    assert load(tmp_path).records == {"org/m": RECORD}
    assert len(list((tmp_path / "models").iterdir())) == 1


def test_every_name_has_a_file_of_its_own_inside_the_folder(tmp_path: Path) -> None:
    names = ["a/b", "a--b", "A/B", "../../a", "a/b ", "", ".", "..", "a" * 5000, "b" * 5000, "\0", "\ud800", "模型/甲"]
    files = [file_of(tmp_path, name) for name in names]
    assert len({path.name.lower() for path in files}) == len(names)
    for name, path in zip(names, files, strict=True):
        assert path.parent == tmp_path / "models"
        save(tmp_path, ModelRecord(name))
        assert read(path) == ModelRecord(name)


def test_a_store_without_records_is_empty(tmp_path: Path) -> None:
    assert load(tmp_path / "none").records == {}


DAMAGE = [
    "",
    "{",
    "[]",
    "[" * 100_000,
    json.dumps(to_json(RECORD))[:-5],
    json.dumps({**to_json(RECORD), "format": 99}),
    json.dumps({**to_json(RECORD), "name": 7}),
    json.dumps({**to_json(RECORD), "facts": {"parameters": {"value": "many", "source": "config"}}}),
    json.dumps({**to_json(RECORD), "facts": {"parameters": {"value": 1, "source": "hearsay"}}}),
    json.dumps({**to_json(RECORD), "facts": {"type": {"value": "spy", "source": "config"}}}),
    json.dumps({**to_json(RECORD), "facts": {"languages": {"value": [1], "source": "config"}}}),
    " " * 1_000_001,
]


@pytest.mark.parametrize("content", DAMAGE)
def test_a_damaged_record_is_a_problem_and_the_others_still_count(content: str, tmp_path: Path) -> None:
    save(tmp_path, ModelRecord("whole"))
    path = save(tmp_path, RECORD)
    path.write_text(content)
    found = load(tmp_path)
    assert found.records == {"whole": ModelRecord("whole")}
    assert found.problems == (f"{path} is damaged: remove it, and describe the model again.",)


def test_facts_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    path = save(tmp_path, RECORD)
    content = json.loads(path.read_text())
    content["facts"]["colour"] = {"value": "red", "source": "config"}
    path.write_text(json.dumps(content))
    assert read(path) == RECORD


def test_what_the_host_declares_counts_when_records_are_read_and_is_not_stored(tmp_path: Path) -> None:
    path = save(tmp_path, RECORD)
    before = path.read_bytes()
    (tmp_path / "models.toml").write_text(
        '["org/m"]\nlicence = "llama3"\nparameters = 30\nlanguages = ["German"]\ndate = 2024-05-01\n'
    )
    record = load(tmp_path).records["org/m"]
    assert record.licence == Fact("Llama-3", Source.DECLARED, "", (Fact("MIT", Source.CARD),))
    assert record.commercial is not None
    assert (record.commercial.value, record.commercial.source) == (Commercial.RESTRICTED, Source.DECLARED)
    assert record.parameters is not None
    assert record.parameters.value == 10
    assert [other.source for other in record.parameters.others] == [Source.DECLARED, Source.CARD]
    assert (record.languages and record.languages.value, record.date and record.date.value) == (("de",), "2024-05-01")
    assert path.read_bytes() == before


def test_what_is_declared_of_commercial_use_beats_what_follows_from_the_licence(tmp_path: Path) -> None:
    for lines in ('licence = "mit"\ncommercial = "no"\n', 'commercial = "no"\nlicence = "mit"\n'):
        (tmp_path / "models.toml").write_text(f'["m"]\n{lines}')
        assert declarations(tmp_path / "models.toml")["m"]["commercial"].value is Commercial.NO


def test_a_model_without_a_record_is_known_by_run_name_and_declaration(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text('["org/thing-7b"]\nlicence = "mit"\n')
    record = load(tmp_path).record("org/thing-7b", {"parameters": 6_900_000_000})
    assert record.name == "org/thing-7b"
    assert record.licence == Fact("MIT", Source.DECLARED)
    assert record.parameters is not None
    assert (record.parameters.value, record.parameters.source) == (6_900_000_000, Source.RUN)
    assert load(tmp_path).record("unheard") == ModelRecord("unheard")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[m", "cannot be read: it is no TOML"),
        ("licence = 'mit'", "licence stands outside a table"),
        ("[m]\nlicense = 'mit'", "m has no 'license'; a record has organisation, architecture"),
        ("[m]\nparameters = '7B'", "parameters of m has to be a whole number above 0"),
        ("[m]\nparameters = true", "parameters of m has to be a whole number above 0"),
        ("[m]\nparameters = 0", "a whole number above 0"),
        ("[m]\ntype = 'tuned'", 'type of m has to be one of "pretrained"'),
        ("[m]\ncommercial = true", 'has to be one of "yes"'),
        ("[m]\nlanguages = ['xx']", "codes of languages"),
        ("[m]\nlanguages = [1]", "a list of texts"),
        ("[m]\ndate = 'soon'", "a day, month or year"),
        ("[m]\nlicence = ' '", "has to be a text"),
    ],
)
def test_a_wrong_declaration_is_said_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(LeaderbenchError, match=message) as raised:
        declarations(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_wrong_declarations_leave_the_records_and_are_said(tmp_path: Path) -> None:
    save(tmp_path, ModelRecord("org/m", licence=Fact("MIT", Source.CARD)))
    (tmp_path / "models.toml").write_text("[[")
    found = load(tmp_path)
    assert found.record("org/m").licence is not None
    assert "models.toml cannot be read: it is no TOML" in found.problems[0]


def test_a_folder_that_is_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(LeaderbenchError, match="is a file where a folder is needed"):
        save(tmp_path, RECORD)


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "source", "others", "evidence"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_json_is_a_record_or_refused(facts: dict[str, Any]) -> None:
    try:
        record = from_json({"format": 1, "name": "m", "facts": facts, "problems": []})
    except (ValueError, LookupError, TypeError, AttributeError):
        return
    assert from_json(json.loads(json.dumps(to_json(record)))) == record


def test_a_record_with_one_changed_letter_is_named_and_not_believed(tmp_path: Path) -> None:
    path = save(tmp_path, of_run({"name": "org/m-7b"}))
    data = path.read_bytes()
    assert b"7000000000" in data
    path.write_bytes(data.replace(b"7000000000", b"5000000000"))
    assert "is damaged" in load(tmp_path).problems[0]
    path.write_bytes(b'{"crc32":"00000000",'.join([b"", data[20:]]))
    assert load(tmp_path).problems


def test_a_record_of_an_older_version_has_no_checksum_and_is_read(tmp_path: Path) -> None:
    path = save(tmp_path, of_run({"name": "org/m-7b"}))
    path.write_bytes(b"{" + path.read_bytes()[20:])
    assert load(tmp_path).problems == ()
    assert "org/m-7b" in load(tmp_path).records
