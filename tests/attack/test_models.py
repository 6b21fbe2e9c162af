"""Model folders made to harm: configurations, indexes, weights and tokenizers, each refused in one sentence, or loaded.

They are loaded in this process, so that many take little time; no code of theirs may run and nothing be printed.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest

from leaderbench.errors import LeaderbenchError
from leaderbench.models import selfcheck
from leaderbench.models.load import load_local
from leaderbench.models.paths import PlainPath
from tests.models.conftest import llama_folder
from tests.models.spoiled import Spoil, edit, index, settings, write

__all__ = ["llama_folder"]

TOKENIZER, NAMED = "tokenizer.json", "tokenizer_config.json"


def rule(pattern: str) -> Spoil:
    """A pre-tokenizer that splits by this expression."""
    return edit(
        TOKENIZER,
        pre_tokenizer={"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
    )


def each(what: str, *spoils: Spoil) -> dict[str, Spoil]:
    return {f"{what} {place}": spoil for place, spoil in enumerate(spoils)}


CODE = {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M", "AutoTokenizer": ["evil.T", None]}
CHANGES: list[dict[str, Any]] = [
    {"model_type": "evil", "auto_map": CODE},
    {"model_type": "\x1b[31mred\u202e\n"},
    {"architectures": ["\x1b[31mForSequenceClassification"]},
    {"_attn_implementation": "evil/kernel"},
    {"attn_implementation": {"": "evil/kernel@main"}},
    {"num_hidden_layers": 10**12},
    {"vocab_size": -5},
    {"vocab_size": "x" * 10_000},
    {"head_dim": 0},
    {"hidden_act": "__import__('os')"},
    {"rope_parameters": {"rope_type": "evil"}},
    {"rope_parameters": {"rope_type": "linear"}},
    {"rope_parameters": {"rope_type": "dynamic", "factor": "4"}},
    {"rope_parameters": [1, 2]},
    {"max_position_embeddings": "512"},
    {"use_return_dict": False},
    {"quantization_config": {"quant_method": "\x1b[31m"}},
    {"quantization_config": {"quant_method": "GPTQ"}},
    {"quantization_config": "int4"},
    {"compression_config": {"sparsity_config": {}}},
    {"transformers_weights": "/etc/passwd"},
    {"transformers_weights": "../x.safetensors"},
]
PLACES: list[Any] = [
    "pytorch_model.BIN",
    "model.SAFETENSORS",
    "/dev/zero",
    "\x1b.safetensors",
    "a/../b.safetensors",
    "%2e%2e/x.safetensors",
    7,
]
NO_LENGTHS: list[Any] = ["x", [], {}, True]
NO_CLASSES: list[Any] = ["T5Tokenizer", "ByT5Tokenizer", 7, []]
REFUSED = {
    **each("configuration", *(settings(**changes) for changes in CHANGES)),
    **each(
        "configuration file",
        *(write("config.json", text) for text in (b"", b"[]", b"{}", b"\xff\xfe{", b"[" * 100_000, b'{"a":' * 3_000)),
        write("config.json", b'{"model_type": "llama", "x": ' + b"9" * 5_000 + b"}"),
    ),
    **each("index", *(index({"lm_head.weight": place}) for place in PLACES)),
    **each(
        "weights",
        *(
            write("model.safetensors", data)
            for data in (
                b"",
                b"\x80\x04.",
                b"PK\x03\x04" * 9,
                b"<html>",
                b"\xff" * 64,
                (2).to_bytes(8, "little") + b"[]",
            )
        ),
    ),
    **each("expression", rule("(a+)+$"), rule("(.*)*x(.*)*y"), rule("(unclosed"), rule("((a|[a-z ])+)+#")),
    **each("tokenizer", *(write(TOKENIZER, text) for text in (b"", b"[]", b"{}", b"[" * 100_000))),
    **each(
        "tokenizer part",
        edit(TOKENIZER, normalizer={"type": "Evil"}),
        edit(TOKENIZER, normalizer={"type": "Prepend", "prepend": "x" * 1_000_000}),
        edit(TOKENIZER, normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
        edit(TOKENIZER, post_processor={"type": "Evil"}),
    ),
    **each("length", *(edit(NAMED, model_max_length=value) for value in NO_LENGTHS)),
    **each("class", *(edit(NAMED, tokenizer_class=name) for name in NO_CLASSES)),
}
LOADED = {
    **each("length", *(edit(NAMED, model_max_length=value) for value in (-1, 0, 2.5, 1e30, 10**400))),
    **each("path", *(edit(NAMED, **{key: "/dev/zero"}) for key in ("vocab_file", "merges_file", "tokenizer_file"))),
    **each("code", settings(auto_map=CODE), edit(NAMED, auto_map=CODE), write("modeling_evil.py", b"1/0")),
    **each("template", *(write("chat_template.jinja", text) for text in (b"{{ 10**9 * x }}", b"{% for"))),
    **each("card", write("README.md", b"---\nlicense: " + b"[" * 50_000), write("README.md", b"---\n" * 100_000)),
    **each("padding", edit(TOKENIZER, padding={"strategy": {"Fixed": 2 * 10**9}, "direction": "Left", "pad_id": 0,
        "pad_to_multiple_of": None, "pad_type_id": 0, "pad_token": "x"})),
    **each("pickle", write("pytorch_model.bin", b"\x80\x04."), write("training_args.bin", b"\x80\x04.")),
}  # fmt: skip


@pytest.fixture
def folder(llama_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound model; what the exam of paths sees is not asked here."""
    monkeypatch.setattr(selfcheck, "choose", lambda network, budget, *_: (PlainPath(network, budget, "sdpa"), {}))
    return Path(shutil.copytree(llama_folder, tmp_path / "model"))


@pytest.mark.parametrize("attack", sorted(REFUSED))
def test_a_model_made_to_harm_is_refused_in_one_sentence(
    attack: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    REFUSED[attack](folder)
    with pytest.raises(LeaderbenchError) as raised:
        load_local(str(folder))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 1_000
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("attack", sorted(LOADED))
def test_what_is_not_read_of_a_model_harms_nobody(attack: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    LOADED[attack](folder)
    load_local(str(folder))
    assert capfd.readouterr() == ("", "")
