import csv
import errno
import io
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.errors import LeaderbenchError
from leaderbench.records import Sample
from leaderbench.results import export

MakeSample = Callable[..., Sample]
needed = {"example_id", "subset", "prediction", "target", "correct", "log_likelihoods", "margin", "flags", "error"}


def written(samples: list[Sample], form: str, *, prompts: bool = False) -> bytes:
    stream = io.BytesIO()
    export.write(samples, stream, form, prompts=prompts)
    return stream.getvalue()


def csv_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.fixture
def samples(sample: MakeSample) -> list[Sample]:
    return [sample(i) for i in range(5)]


def test_json_lines_hold_one_object_a_sample(samples: list[Sample]) -> None:
    rows = [json.loads(line) for line in written(samples, "jsonl").splitlines()]
    assert [row["example_id"] for row in rows] == [f"anatomy/{i}" for i in range(5)]
    assert needed <= rows[0].keys()
    assert rows[1]["log_likelihoods"] == list(samples[1].log_likelihoods)
    assert rows[0]["flags"] == ["tie"]
    assert rows[1]["tokens"] == [2, 1]
    assert rows[1]["predictions"] == {"acc": "B", "acc_norm": None}


def test_all_forms_have_the_same_columns_with_and_without_the_prompt(samples: list[Sample]) -> None:
    for prompts in (False, True):
        names = list(export.column_names(prompts=prompts))
        assert ("prompt" in names) == prompts
        assert list(json.loads(written(samples, "jsonl", prompts=prompts).splitlines()[0])) == names
        assert list(csv_rows(written(samples, "csv", prompts=prompts))[0]) == names
        assert pq.read_table(io.BytesIO(written(samples, "parquet", prompts=prompts))).column_names == names


def test_csv_holds_several_values_as_json_and_numbers_exactly(samples: list[Sample]) -> None:
    row = csv_rows(written(samples, "csv"))[1]
    assert json.loads(row["log_likelihoods"]) == list(samples[1].log_likelihoods)
    assert float(row["margin"]) == samples[1].margin
    assert row["correct"] == "false"
    assert row["error"] == ""


def test_parquet_keeps_types(samples: list[Sample]) -> None:
    (row,) = pq.read_table(io.BytesIO(written(samples[1:2], "parquet"))).to_pylist()
    assert row["log_likelihoods"] == list(samples[1].log_likelihoods)
    assert dict(row["metrics"]) == samples[1].metrics
    assert row["tokens"] == [2, 1]


def test_what_is_no_number_is_null_in_json_and_empty_in_csv(sample: MakeSample) -> None:
    odd = [sample(1, margin=math.nan, log_likelihoods=(-math.inf, -1.0), metrics={"acc": math.nan})]
    text = written(odd, "jsonl").decode()
    assert "NaN" not in text
    assert "Infinity" not in text
    row = json.loads(text)
    assert (row["margin"], row["log_likelihoods"], row["metrics"]) == (None, [None, -1.0], {"acc": None})
    (cells,) = csv_rows(written(odd, "csv"))
    assert (cells["margin"], cells["log_likelihoods"]) == ("", "[null, -1.0]")


def test_csv_disarms_formulas_in_texts_but_leaves_numbers(sample: MakeSample) -> None:
    row = csv_rows(written([sample(1, prediction="=1+1", target="-5", margin=-0.5)], "csv"))[0]
    assert (row["prediction"], row["target"], row["margin"]) == ("'=1+1", "'-5", "-0.5")


@given(text=st.text(st.characters(codec="utf-8")))
def test_every_text_comes_back_from_csv_by_removing_one_leading_apostrophe(text: str) -> None:
    odd = Sample("x", "s", text, (), (), (), (), (), (), (), 0, 0, 0, None, {}, "A", False, 0.0, {}, ())
    cell = csv_rows(written([odd], "csv", prompts=True))[0]["prompt"]
    assert cell.removeprefix("'") == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(("form", "expected"), [("jsonl", b""), ("csv", b"example_id,subset,prediction,target")])
def test_no_samples_give_no_rows(form: str, expected: bytes) -> None:
    assert written([], form).startswith(expected)
    assert written([], form).count(b"\n") == (form == "csv")


def test_no_samples_give_an_empty_parquet_table() -> None:
    assert pq.read_table(io.BytesIO(written([], "parquet"))).num_rows == 0


def test_an_unknown_form_is_said_with_those_there_are() -> None:
    with pytest.raises(LeaderbenchError, match="'xml' is unknown: choose one of jsonl, csv, parquet"):
        written([], "xml")


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path, samples: list[Sample]) -> None:
    path = tmp_path / "rows.jsonl"
    export.write_file(samples, path, "jsonl")
    assert path.read_bytes() == written(samples, "jsonl")

    def broken() -> object:
        yield samples[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        export.write_file(broken(), path, "jsonl")  # type: ignore[arg-type]
    assert path.read_bytes() == written(samples, "jsonl")
    assert [item.name for item in tmp_path.iterdir()] == ["rows.jsonl"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LeaderbenchError, match="is a folder: give a file name"):
        export.write_file([], tmp_path, "csv")
    with pytest.raises(LeaderbenchError, match="does not exist: create it"):
        export.write_file([], tmp_path / "no" / "rows.csv", "csv")

    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(LeaderbenchError, match=r"no space left to write .* give another --output"):
        export.write_file([], tmp_path / "rows.csv", "csv")
    assert list(tmp_path.iterdir()) == []
