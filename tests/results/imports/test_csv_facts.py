"""What published tables say of their models, and what else real tables hold beside scores."""

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.evaluation import catalogue_files
from leaderbench.models.catalogue import FIELDS, ModelRecord
from leaderbench.models.facts import Commercial, Fact, ModelType, Source
from leaderbench.models.licences import licence
from leaderbench.models.search import Query, matches
from leaderbench.results.entries import Entry
from leaderbench.results.imports import Report, import_csv, stored_entries
from leaderbench.results.store import Store

File = Callable[[str, Any], Path]
Told = tuple[list[Entry], Report, Callable[[str], ModelRecord]]

published = (
    "model,Average,IFEval Raw,IFEval,GPQA Raw,GPQA,CO₂ cost (kg),#Params (B),Hub License,Type,Architecture,Precision,"
    "Base Model,Merged,Flagged,Official Providers,MoE,Upload To Hub Date,Model sha,Hub ❤️\n"
    "acme/one-7b,20.0,0.30,30.0,0.325,10.0,1.2,7.242,apache-2.0,🟢 pretrained,MistralForCausalLM,bfloat16,"
    "acme/one-7b,False,False,True,False,2024-05-01,abc,3\n"
    'acme/two,25.0,0.40,40.0,0.325,10.0,-1,3.821,mit,"💬 chat models (RLHF, DPO, IFT, ...)",Phi3ForCausalLM,float16,'
    "acme/base,True,True,False,True,2024-06-02,def,4\n"
)


@pytest.fixture
def read(store: Store, file: File) -> Callable[..., Told]:
    def bring_in(text: str | bytes, name: str = "table.csv", **options: Any) -> Told:
        report = import_csv([file(name, text)], store, **options)
        return list(stored_entries(store)), report, catalogue_files.load(store.path).record

    return bring_in


Read = Callable[..., Told]


def test_what_a_table_says_of_its_models_is_kept_with_its_source(read: Read) -> None:
    _, report, record = read(published, "published.csv")
    one, two = record("acme/one-7b"), record("acme/two")
    assert one.parameters
    assert (one.parameters.value, one.parameters.source) == (7_242_000_000, Source.PUBLISHED)
    assert one.parameters.evidence == "published.csv"
    facts = {name: getattr(two, name).value for name in FIELDS if getattr(two, name)}
    assert facts == {
        "organisation": "acme",
        "architecture": "Phi3ForCausalLM",
        "parameters": 3_821_000_000,
        "precision": "float16",
        "licence": "MIT",
        "commercial": Commercial.YES,
        "type": ModelType.CHAT,
        "base_models": ("acme/base",),
        "revision": "def",
        "date": "2024-06-02",
        "merged": True,
        "mixture": True,
        "flagged": True,
        "official": False,
    }
    assert "Column 'Hub ❤️' is not kept." in report.remarks
    assert report.models == 2


def test_a_declaration_beats_a_table_and_a_table_beats_a_guess(read: Read, store: Store) -> None:
    store.path.mkdir()
    (store.path / "models.toml").write_text('["acme/one-7b"]\nlicence = "gpl-3.0"\n')
    _, _, record = read(published)
    one = record("acme/one-7b")
    assert one.licence
    assert (one.licence.value, one.licence.source) == ("GPL-3.0", Source.DECLARED)
    assert [other.value for other in one.licence.others] == ["Apache-2.0"]
    assert one.type
    assert (one.type.value, one.type.source) == (ModelType.PRETRAINED, Source.PUBLISHED)


def test_filters_go_by_what_the_table_says(read: Read) -> None:
    _, _, record = read(published)
    one, two, unknown = record("acme/one-7b"), record("acme/two"), record("acme/unknown")
    queries = (
        Query(sizes=((3e9, 7e9),)),
        Query(commercial=frozenset({Commercial.YES})),
        Query(commercial=frozenset({Commercial.UNKNOWN})),
        Query(hide_merges=True),
        Query(hide_mixtures=True),
        Query(hide_flagged=True),
        Query(official=True),
    )
    found = [[matches(item, query) for item in (one, two, unknown)] for query in queries]
    assert found == [
        [False, True, False],
        [True, True, False],
        [False, False, True],
        [True, False, True],
        [True, False, True],
        [True, False, True],
        [True, False, False],
    ]


def test_raw_and_normalised_columns_are_one_benchmark_and_what_a_model_takes_is_no_quality(read: Read) -> None:
    found, report, _ = read(published)
    values = {(e.benchmark, e.score.metric.name): e.score.estimate for e in found if e.model == "acme/one-7b"}
    assert values == {
        ("ifeval/published", "raw"): 0.30,
        ("ifeval/published", "normalised"): 0.30,
        ("gpqa/published", "raw"): 0.325,
        ("gpqa/published", "normalised"): 0.10,
        ("co2-cost-kg/published", "cost"): 1.2,
    }
    assert not any(e.benchmark.startswith("co2") for e in found if e.model == "acme/two")  # -1: not known
    assert not any("not the mean" in said for said in report.remarks)


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("x,60,40,60,80\ny,30,30,50,10\nz,53.3,60,80,20\nw,99,10,20,30\n", "1 of 4 rows"),
        ("x,50,40,60,80\ny,40,30,50,10\nz,70,60,80,20\nw,15,10,20,30\n", ""),  # the mean of the first two
        ("x,0.5,40,60,\ny,0.4,30,50,\n", ""),  # of another scale, and of what is there
    ],
)
def test_an_average_that_is_no_mean_of_columns_is_named(read: Read, rows: str, wrong: str) -> None:
    _, report, _ = read(f"model,Average,a,b,c\n{rows}")
    (said,) = (remark for remark in report.remarks if "'Average'" in remark)
    assert said.partition("; in ")[2].partition(" it is not")[0] == wrong


def test_facts_alone_are_a_table_too(read: Read) -> None:
    found, report, record = read("model,license,params\na/b,llama3.1,8B\n")
    assert (found, report.models, report.skipped) == ([], 1, ())
    known = record("a/b")
    assert known.licence
    assert known.licence.value == "Llama-3.1"
    assert known.parameters
    assert known.parameters.value == 8_000_000_000


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("Parameters (B)", "65", 65 * 10**9),
        ("Parameters", "33.3", 33_300_000_000),
        ("#Params", "125M", 125_000_000),
        ("Model Size", "7B", 7_000_000_000),
        ("Number of Parameters (Million)", "334", 334_000_000),
        ("params", "109482240", 109_482_240),
        ("Model Size (Million Parameters)", "7111", 7_111_000_000),
        ("Size (B)", "33", 33_000_000_000),
        ("#Params (B)", "0", None),
        ("#Params (B)", "-1", None),
    ],
)
def test_parameters_are_a_fact_and_no_score(read: Read, header: str, cell: str, value: int | None) -> None:
    found, _, record = read(f"model,{header},MMLU\nx,{cell},50\n")
    assert [item.benchmark for item in found] == ["mmlu/published"]
    known = record("x").parameters
    assert (known.value if known else None) == value


def test_a_later_import_is_believed_first_and_a_damaged_file_is_named(read: Read, store: Store) -> None:
    read("model,license,x\na,mit,50\n", "one.csv")
    _, _, record = read("model,license,x\na,apache-2.0,50\n", "two.csv")
    known = record("a").licence
    assert known
    assert (known.value, known.evidence) == ("Apache-2.0", "two.csv")
    assert [other.value for other in known.others] == ["MIT"]
    for path in (store.path / "models" / "published").iterdir():
        data = bytearray(path.read_bytes())
        data[60] ^= 1
        path.write_bytes(data)
    catalogue = catalogue_files.load(store.path)
    assert catalogue.record("a").licence is None
    assert len([problem for problem in catalogue.problems if "is damaged" in problem]) == 2


def test_an_interval_and_votes_come_in_and_ranks_do_not(read: Read) -> None:
    found, report, record = read(
        "rank,rank_stylectrl,model,arena_score,95_pct_ci,votes,organization,license,url\n"
        "1,2,Gemini,1317,+9/-8,7681,Google,Proprietary,https://example.org/g\n2,2,Other,1300,±5,10,Acme,Apache 2.0,\n"
    )
    assert [(e.benchmark, e.score.estimate, e.score.low, e.score.high, e.score.n) for e in found] == [
        ("arena-score/published", 1317, 1309, 1326, 7681),
        ("arena-score/published", 1300, 1295, 1305, 10),
    ]
    gemini = record("Gemini")
    assert gemini.organisation
    assert gemini.organisation.value == "Google"
    assert gemini.link
    assert gemini.link.value == "https://example.org/g"
    assert "Columns 'rank' and 'rank_stylectrl' are not kept." in report.remarks


@pytest.mark.parametrize("cell", ["[1290, 1310]", "(1290; 1310)", "1290 – 1310", "1290-1310", "+/-10", "-10/+10"])
def test_intervals_as_people_write_them(read: Read, cell: str) -> None:
    (item,), _, _ = read(f'model,elo,CI\na,1300,"{cell}"\n')
    assert (item.score.low, item.score.high) == (1290, 1310)


def test_what_is_neither_quality_nor_cost_is_no_score(read: Read) -> None:
    found, _, record = read(
        'Models,Rank,"Memory Usage (GB, fp32)",Embedding Dimensions,Max Tokens,Throughput,Precision,STS,NLI\n'
        "x,1,26.5,4096,32k,25.2,torch.float16,70,60\n"
    )
    values = {(e.benchmark, e.score.metric.name): e.score.estimate for e in found}
    assert values == {
        ("memory-usage-gb-fp32/published", "cost"): 26.5,
        ("sts/published", "score"): 0.7,
        ("nli/published", "score"): 0.6,
    }
    known = record("x")
    assert (known.precision and known.precision.value, known.context and known.context.value) == ("float16", 32000)


def test_what_a_model_takes_may_have_a_unit_in_its_cells(read: Read) -> None:
    found, _, _ = read("model,x,y,CO₂ Cost,Price,Latency\na,50,60,13.00 kg,$1.50,120ms\nb,50,61,3.1 kg,$2,80ms\n")
    costs = {e.benchmark: e.score.estimate for e in found if e.model == "a" and e.score.metric.name == "cost"}
    assert costs == {"co2-cost/published": 13.0, "price/published": 1.5, "latency/published": 120.0}


def test_a_task_and_a_main_score_are_a_long_table_with_parts(read: Read) -> None:
    found, _, _ = read(
        "model,model_revision,task,task_type,split,hf_subset,main_score\n"
        "a,r,T1,X,test,default,0.5\na,r,T2,X,test,en,0.25\na,r,T2,X,test,de,0.75\nb,s,T2,X,test,en,0.1\n"
    )
    values = {(e.model, e.benchmark, e.score.subset): e.score.estimate for e in found}
    assert values == {
        ("a", "t1/published", None): 0.5,
        ("a", "t2/published", None): 0.5,
        ("a", "t2/published", "test/en"): 0.25,
        ("a", "t2/published", "test/de"): 0.75,
        ("b", "t2/published", "test/en"): 0.1,
    }


def test_a_long_table_with_unknown_headers_is_refused_with_what_to_rename(read: Read) -> None:
    found, report, _ = read("model,exam,points_won\na,one,0.5\na,two,0.6\nb,one,0.7\nb,two,0.8\n")
    assert not found
    assert "rename it to benchmark" in report.skipped[0].reason
    assert "'exam'" in report.skipped[0].reason
    assert "'points_won'" in report.skipped[0].reason


def test_a_benchmark_column_makes_the_one_column_of_numbers_the_score(read: Read) -> None:
    found, _, _ = read("model,task,ndcg_at_10\na,one,0.5\na,two,0.6\nb,one,0.7\nb,two,0.8\n")
    assert [(e.benchmark, e.score.estimate) for e in found][:2] == [("one/published", 0.5), ("one/published", 0.7)]


def test_links_become_a_name_and_an_address_and_tell_apart_models_of_one_name(read: Read) -> None:
    found, report, record = read(
        "Model,Parameters (B),MMLU\n[LLaMA](https://h.co/d/llama-65b),65,62.6\n[LLaMA](https://h.co/d/llama-7b),7,35\n"
        "[Flan](https://h.co/g/flan),20,55\n"
    )
    assert [item.model for item in found] == ["LLaMA (llama-65b)", "LLaMA (llama-7b)", "Flan"]
    link, size = record("Flan").link, record("LLaMA (llama-7b)").parameters
    assert link
    assert size
    assert (link.value, size.value) == ("https://h.co/g/flan", 7_000_000_000)
    assert any("'LLaMA' has rows with different links" in said for said in report.remarks)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("model;benchmark;metric;score\na;x;acc;0,652\nb;x;acc;0,701\n", [0.652, 0.701]),
        ("model;benchmark;metric;score\na;x;acc;65,213\nb;x;acc;70,145\n", [0.65213, 0.70145]),
        ("model;benchmark;score\na;x;0,65\nb;x;0,701\n", [0.65, 0.701]),
        ("model;benchmark;score\na;x;65,2\nb;x;70,1\n", [0.652, 0.701]),
        ("model\tbenchmark\tscore\na\tx\t65,2\nb\tx\t70,145\n", [0.652, 0.70145]),
        ("model;elo\na;1.234,5\nb;1.300\n", [1234.5, 1300]),
        ("model;elo\na;1 234,5\nb;1'300,5\n", [1234.5, 1300.5]),
        ('model,elo\na,"1,234"\nb,"1,300"\n', [1234, 1300]),
        ("model;elo\na;1,234.5\nb;1,300\n", [1234.5, 1300]),
        ("sep=;\nmodel;elo\na;1200,5\nb;1300\n", [1200.5, 1300]),
    ],
)
def test_decimal_commas_are_told_by_column(read: Read, table: str, values: list[float]) -> None:
    found, _, _ = read(table)
    assert [item.score.estimate for item in found] == pytest.approx(values)


def test_a_number_that_may_be_read_in_two_ways_is_left_out_of_a_mixed_column(read: Read) -> None:
    found, report, _ = read('model,benchmark,score\na,x,"0,65"\nb,x,0.701\nc,x,"1,234"\n')
    assert [(item.model, item.score.estimate) for item in found] == [("a", 0.65), ("b", 0.701)]
    assert "line 4" in report.skipped[0].reason


@pytest.mark.parametrize(("metric", "cell"), [("acc", "652"), ("exact_match", "-0.2"), ("accuracy", "101")])
def test_a_share_that_is_none_on_any_scale_is_left_out_and_said(read: Read, metric: str, cell: str) -> None:
    found, report, _ = read(f"model,benchmark,metric,score\na,x,{metric},{cell}\nb,x,{metric},0.7\n")
    assert [(item.model, item.score.estimate) for item in found] == [("b", 0.7)]
    assert "no share of right answers is that on any scale" in report.skipped[0].reason


def test_letters_are_never_guessed(read: Read) -> None:
    text = "model,benchmark,score\nMüller,x,0.5\n"
    found, report, _ = read(text.encode("cp1252"), "old.csv")
    assert not found
    assert "line 2" in report.skipped[0].reason
    assert "--encoding" in report.skipped[0].reason
    (item,), _, _ = read(text.encode("cp1252"), "old.csv", encoding="cp1252")
    assert item.model == "Müller"


def test_a_name_whose_letters_were_lost_does_not_come_in(read: Read) -> None:
    found, report, record = read("model,license,x\nM\ufffdller,mit,50\nM\ufffdller,mit,60\nb,mit,50\n")
    assert [item.model for item in found] == ["b"]
    assert sum("were lost" in item.reason for item in report.skipped) == 1
    assert record("M\ufffdller").licence is None


def test_names_that_differ_after_what_is_kept_stay_two(read: Read) -> None:
    found, _, _ = read(f"model,x\n{'A' * 300}b,50\n{'A' * 300}c,60\n")
    assert len({item.model for item in found}) == 2
    assert all(len(item.model) == 200 for item in found)


@pytest.mark.parametrize(
    "text",
    ["model," + "x," * 200_000 + "\n" + ("m," + "1," * 200_000 + "\n") * 3, "model,x\n" + "," * 5_000_000]
    + [
        "\0" * 1000,
        "model,x\n\0a\0,1\n",
        'model,x\n"' + "a" * 1_000_000,
        "model,benchmark,score\n" + "a,b\n" * 200_000,
    ],
)
def test_odd_tables_end_in_a_sentence(read: Read, text: str) -> None:
    found, report, _ = read(text)
    assert report.skipped or [item.model for item in found] == ["a"]
    assert all(len(item.reason) < 600 for item in report.skipped)


def _case(shared: Path, name: str) -> Path:
    path = shared / "cases" / "tables-of-leaderboards" / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    return path


def test_every_fact_of_a_published_table_is_the_files(shared: Path, store: Store) -> None:
    path = _case(shared, "open_llm_leaderboard_v2_120rows.csv")
    import_csv([path], store)
    record = catalogue_files.load(store.path).record
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 120
    for row in rows:
        known = record(row["fullname"])
        size = known.parameters
        assert size
        assert size.source is Source.PUBLISHED
        assert math.isclose(size.value, 1e9 * float(row["#Params (B)"]))
        told = licence(row["Hub License"])
        assert (known.licence.value if known.licence else "") == (told.name if told else row["Hub License"])
        assert known.commercial == (told and Fact(told.commercial, Source.PUBLISHED, told.reason))
        told_class = known.architecture.value if known.architecture else ""
        assert told_class == row["Architecture"] or row["Architecture"] in ("", "?")
        assert known.precision
        assert known.precision.value == row["Precision"]
        for field, header in (("merged", "Merged"), ("mixture", "MoE"), ("flagged", "Flagged")):
            assert str(getattr(known, field).value) == row[header]
        assert str(known.official.value if known.official else "") == row["Official Providers"]
        assert (known.date.value if known.date else "") == row["Upload To Hub Date"]
        base = known.base_models
        assert (base.value[0] if base else "Removed") == row["Base Model"]
        assert known.revision
        assert known.revision.value == row["Model sha"]


def test_a_long_table_of_mteb_has_its_tasks(shared: Path, store: Store) -> None:
    import_csv([_case(shared, "mteb_long.csv")], store)
    found = list(stored_entries(store))
    assert len({item.benchmark for item in found}) == 41
    assert all(item.score.subset is None for item in found)
