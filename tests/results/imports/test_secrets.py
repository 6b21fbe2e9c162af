"""Credentials are taken out of what others wrote, and nothing else is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.results.imports import import_csv, import_lm_eval
from leaderbench.results.index import Index
from leaderbench.results.runs import manifest_from_json, manifest_to_json
from leaderbench.results.secrets import MARK, marks, redacted, without_secrets, without_tokens
from leaderbench.results.store import Store


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("pretrained=a/b,token=abc,x=1", f"pretrained=a/b,token={MARK},x=1"),
        ("api_key=abc,HF_TOKEN=abc,my-secret=abc", f"api_key={MARK},HF_TOKEN={MARK},my-secret={MARK}"),
        ("--api-key abc --model b", f"--api-key {MARK} --model b"),
        ("password: hunter", f"password: {MARK}"),
        ('{"auth_token": "abc def", "b": 1}', f'{{"auth_token": "{MARK}", "b": 1}}'),
        ("Authorization: Bearer abc123def456", f"Authorization: {MARK}"),
        ("base_url=https://me:pass@host/v1,model=a", f"base_url=https://{MARK}@host/v1,model=a"),
        ("pretrained=https://host/v1?token=abc&b=1", f"pretrained=https://host/v1?token={MARK}&b=1"),
        ("hf_FAKEfakeFAKE12 and sk-FAKE1234567890", f"{MARK} and {MARK}"),
        ("ghp_FAKEfakeFAKEfake AKIAFAKEFAKE1234", f"{MARK} {MARK}"),
        ("Bearer abc123def456", f"Bearer {MARK}"),
        ("https://host/c?sv=1&sig=abc%2Bdef&se=2", f"https://host/c?sv=1&sig={MARK}&se=2"),
        ("https://host/k?X-Amz-Signature=0123abc", f"https://host/k?X-Amz-Signature={MARK}"),
        ("curl -u me:pass https://host", f"curl -u {MARK} https://host"),
        ("redis://:pass@host:6379", f"redis://{MARK}@host:6379"),
    ],
)
def test_a_credential_becomes_a_mark_and_its_key_stays(text: str, cleaned: str) -> None:
    assert without_secrets(text) == cleaned
    assert without_secrets(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "pretrained=a/b,add_bos_token=True,use_auth_token=True,max_length=2048,tokenizer=a/c",
        "author=me,eos_token=</s>,key=question,bos_token=<s>",
        "https://host/v1?a=b git@host:a/b.git a@b.c",
        "sk-learn, hf_transformers and risk-averse monkeys",
        "pretrained=a/sk-learn-7b,revision=0123456789abcdef0123456789abcdef01234567,max_tokens=512",
        "Question: which key opens the door?\nAnswer: the token",
        "{{question}}\nAnswer key: {{key}}",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "value",
    [
        {"clientSecret": "abc"},
        {"accessToken": "abc", "refreshToken": "abc"},
        {"API KEY": "abc"},
        {"aws_access_key_id": "abc"},
        {"auth": {"user": "abc", "pass": "abc"}},
        {"model_args": {"pass": "abc"}},
        {"api_keys": ["abc", "abc"]},
        {"secrets": {"openai": "abc"}},
        {"api_key": {"value": "abc"}},
        {"wandb_args": {"key": "abc0123456789abcdef0123"}},
        {"env": [{"name": "HF_TOKEN", "value": "abc"}]},
        {"argv": ["lm_eval", "--hf_token", "abc"]},
    ],
)
def test_credentials_in_other_shapes_are_taken_out(value: dict[str, Any]) -> None:
    cleaned = redacted(value)
    assert "abc" not in json.dumps(cleaned)
    assert redacted(cleaned) == cleaned


@pytest.mark.parametrize(
    "value",
    [
        {"model_sha": "0123456789abcdef0123456789abcdef01234567", "git_hash": "abc1234", "revision": "abc1234"},
        {
            "tokenizer": "a/b",
            "max_tokens": 512,
            "num_tokens": "512",
            "token_limit": "4096",
            "tokens_per_second": "12.5",
        },
        {
            "fim_token": "<fim>",
            "tool_call_token": "[TOOL]",
            "pad_token": "<pad>",
            "reward_key": "acc",
            "key": "question",
        },
        {"authentic": "yes it is", "author": "me", "passage": "text", "keywords": "a,b", "pass": 57},
        {"list": ["--model", "acme/a", "--tokens", "many words"], "name": "acc", "value": "0.5"},
    ],
)
def test_keys_that_only_look_alike_keep_their_values(value: dict[str, Any]) -> None:
    assert redacted(value) == value


def test_prompts_lose_only_what_has_the_form_of_a_credential() -> None:
    assert without_tokens("My password: abc. Key hf_FAKEfakeFAKE12") == f"My password: abc. Key {MARK}"


def test_values_of_objects_are_taken_out_at_any_depth() -> None:
    value = {
        "config": [{"api_key": "abc", "timeout": 3}],
        "headers": {"X-Anything": "abc", "more": ["abc"]},
        "cookies": ["abc"],
        "password": 12345678,
        "add_bos_token": True,
        "bos_token": "<s>",
    }
    cleaned = redacted(value)
    assert cleaned == {
        "config": [{"api_key": MARK, "timeout": 3}],
        "headers": {"X-Anything": MARK, "more": [MARK]},
        "cookies": [MARK],
        "password": MARK,
        "add_bos_token": True,
        "bos_token": "<s>",
    }
    assert marks(cleaned) == 5
    assert redacted(cleaned) == cleaned


def lm_eval(arguments: Any) -> dict[str, Any]:
    """A results file with these arguments of its model."""
    return {
        "results": {"task": {"acc,none": 0.5, "acc_stderr,none": 0.05}},
        "configs": {"task": {"metadata": {"api_key": "FAKEsecret"}}},
        "config": {"model": "hf", "model_args": arguments},
        "git_hash": "https://me:FAKEsecret@host/a.git",
        "pretty_env_info": "OPENAI_API_KEY=FAKEsecret\nPython version: 3.11 FAKE",
        "model_name": "a/b",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        "pretrained=a/b,token=FAKEsecret,api_key=sk-FAKEsecret123",
        {"pretrained": "a/b", "base_url": "https://me:FAKEsecret@host/v1", "headers": {"X": "FAKEsecret"}},
    ],
)
def test_no_credential_of_a_results_file_reaches_the_store(
    store: Store, file: Callable[[str, Any], Path], arguments: Any
) -> None:
    sample = {"doc_id": 0, "arguments": [["Say hf_FAKEsecret12", {"until": []}]], "resps": [["a"]], "acc": 1.0}
    file("results_2024-01-01T00-00-00.json", lm_eval(arguments))
    file("samples_task_2024-01-01T00-00-00.jsonl", json.dumps(sample) + "\n")
    report = import_lm_eval(store.path.parent, store)
    assert report.imported[0].run
    assert any("look like credentials" in remark for remark in report.remarks)
    files = [path for path in store.path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"FAKEsecret" in path.read_bytes()]
    run = store.run(report.imported[0].run)
    assert MARK in str(run.manifest.model["arguments"])
    assert MARK in run.samples[0].prompt


def test_a_secret_in_a_name_of_a_table_is_not_kept(store: Store, file: Callable[[str, Any], Path]) -> None:
    import_csv(file("t.csv", "model,benchmark,score\nhttps://me:FAKEsecret@host/a,x,0.5\n"), store)
    assert not [p for p in store.path.rglob("*") if p.is_file() and b"FAKEsecret" in p.read_bytes()]


def test_manifests_and_lines_of_older_versions_are_read_without_credentials(store: Store) -> None:
    old = {
        "run_id": "a",
        "model": {"name": "https://me:FAKEsecret@host/a", "arguments": "token=FAKEsecret"},
        "benchmark": {"name": "b/c"},
    }
    assert "FAKEsecret" not in json.dumps(manifest_to_json(manifest_from_json(old)))
    folder = store.path / "imported"
    folder.mkdir(parents=True)
    line = {"model": "m", "benchmark": "b/c", "metric": "acc", "aggregation": "micro", "estimate": 0.5}
    line |= {"source": "https://host/?token=FAKEsecret", "facts": {"api_key": "FAKEsecret"}}
    (folder / "old.jsonl").write_text(json.dumps(line) + "\n")
    with Index(store) as index:
        index.refresh()
        (entry,) = index.entries()
    assert "FAKEsecret" not in repr(entry)
