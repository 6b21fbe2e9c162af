"""Models that cannot be asked are refused by name, and absurd ones before anything is built for them."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from leaderbench.errors import LeaderbenchError, MachineError
from leaderbench.models.load import load_model
from tests.models import weights as headers
from tests.models.spoiled import Spoil, reweigh, settings, write

Weights = dict[str, torch.Tensor]


@pytest.fixture
def folder(llama_folder: Path, tmp_path: Path) -> Path:
    """A sound model, to be spoiled."""
    return Path(shutil.copytree(llama_folder, tmp_path / "model"))


PROJECTION = "model.layers.0.self_attn.q_proj"


def add(*names: str) -> Spoil:
    """Weights that the configuration has no use for."""
    return reweigh(lambda weights: weights.update({name: torch.ones(3) for name in names}))


def renamed(prefix: str) -> Spoil:
    """All weights under names that begin so."""

    def change(weights: Weights) -> None:
        for name in list(weights):
            weights[prefix + name] = weights.pop(name)

    return reweigh(change)


def scaled(dtype: torch.dtype, ending: str) -> Spoil:
    """Projections of few bits, each with its scale."""

    def change(weights: Weights) -> None:
        for name in [name for name in weights if name.endswith("proj.weight")]:
            scale = weights[name].abs().max() / 100
            weights[name] = (weights[name] / scale).to(dtype)
            weights[name.removesuffix(".weight") + ending] = scale.clone()

    return reweigh(change)


def quantised(**stated: Any) -> Spoil:
    return settings(quantization_config=stated)


def both(*spoils: Spoil) -> Spoil:
    return lambda folder: [spoil(folder) for spoil in spoils]


UNUSABLE: dict[str, tuple[Spoil, str]] = {
    "a method of later": (quantised(quant_method="modelopt", quant_algo="FP8"), r"quantised in a way \(\"modelopt\"\)"),
    "a method of nobody": (quantised(quant_method="abacus-3"), r"quantised in a way \(\"abacus-3\"\) that cannot be"),
    "a method that is none": (quantised(quant_method=7), "quantised in a way"),
    "no method": (quantised(bits=4, group_size=64), "in a way that its config.json does not name"),
    "MLX": (settings(quantization={"bits": 4, "group_size": 64}), "in a way that its config.json does not name"),
    "nested": (
        settings(text_config={"quantization_config": {"quant_method": "modelopt"}}),
        r"quantised in a way \(\"modelopt\"\)",
    ),
    "scaled and a method": (
        both(scaled(torch.float8_e4m3fn, ".weight_scale"), quantised(quant_method="modelopt")),
        "modelopt",
    ),
    "8-bit floats and no word": (
        scaled(torch.float8_e4m3fn, ".weight_scale"),
        "are stored as F8_E4M3 .*states no quantis",
    ),
    "8-bit integers and no word": (scaled(torch.int8, ".scales"), "are stored as I8 .*states no quantisation"),
    "whole numbers and no word": (scaled(torch.int32, ".qzeros"), "are stored as I32 .*states no quantisation"),
    "8-bit floats alone": (
        reweigh(lambda weights: weights.update({f"{PROJECTION}.weight": torch.ones(32, 32).to(torch.float8_e5m2)})),
        "are stored as F8_E5M2",
    ),
    **{
        f"unused {name}": (add(name), "has no use for weights of parts that it has: .* is not loaded")
        for name in (
            f"{PROJECTION}.weight_scale",
            f"{PROJECTION}.input_scale",
            f"{PROJECTION}.zero_point",
            f"{PROJECTION}.lora_A.weight",
            f"{PROJECTION}.lora_A.default.weight",
            f"{PROJECTION}.magnitude",
            f"{PROJECTION}.bias",
            "model.layers.1.self_attn.q_norm.weight",
            "model.layers.1.adapter.down.weight",
            "model.norm.scale",
            "lm_head.weight_scale",
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
            "wrapped.model.layers.1.mlp.up_proj.delta",
            "lora_B.default.weight",
            "other.part.qzeros",
            "model.layers.2.mlp.up_proj.weight",
        )
    },
    **{
        f"names that begin with {prefix}": (
            renamed(prefix),
            f"go by other names than those .*: model.norm.weight is called {prefix}model.norm.weight",
        )
        for prefix in ("module.", "_orig_mod.", "base_model.model.")
    },
    "no head": (
        reweigh(lambda weights: weights.pop("lm_head.weight")),
        "lm_head.weight is missing. It was saved without its language model head",
    ),
    "a classifier": (
        settings(architectures=["LlamaForSequenceClassification"]),
        "was saved as LlamaForSequenceClass.*no lang",
    ),
    "a tagger": (settings(architectures=["LlamaForTokenClassification"]), "has no language model head"),
    "an answerer": (settings(architectures=["LlamaForQuestionAnswering"]), "has no language model head"),
    "a reward model": (settings(architectures=["LlamaForRewardModel"]), "has no language model head"),
    "BART": (
        settings(model_type="bart", is_encoder_decoder=True),
        "is an encoder-decoder .*only decoders can be asked",
    ),
    "mBART": (settings(model_type="mbart"), "is an encoder-decoder .*only decoders can be asked"),
    "Pegasus": (settings(model_type="pegasus"), "is an encoder-decoder"),
    "DistilBERT": (settings(model_type="distilbert"), "transformers has no causal language model of"),
    "attention from the Hub": (settings(_attn_implementation="owner/kernel"), "wants to fetch and run code for its"),
    "attention from the Hub by part": (
        settings(attn_implementation={"": "a/b"}),
        "wants to fetch and run code for its",
    ),
    "an unknown kind of positions": (
        settings(rope_parameters={"rope_type": "abacus"}),
        "'abacus' is missing, or known",
    ),
    "no layers": (settings(num_hidden_layers=0), "says it has 0 layers; a model has 1 or more"),
    "fewer layers than none": (settings(num_hidden_layers=-1), "says it has -1 layers; a model has 1 or more"),
}


@pytest.mark.parametrize("what", sorted(UNUSABLE))
def test_a_model_that_gives_no_probabilities_of_its_own_is_refused_by_name(
    folder: Path, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil, words = UNUSABLE[what]
    spoil(folder)
    with pytest.raises(LeaderbenchError, match=words) as raised:
        load_model(str(folder))
    assert "\n" not in str(raised.value)
    assert str(folder) in str(raised.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "name",
    [
        "model.layers.0.self_attn.rotary_emb.inv_freq",
        "vision.patch.weight",
        "vision.logit_scale",
        "talker.model.layers.0.mlp.up_proj.weight",
        "model.layers.2.mlp.up_proj.weight",
    ],
)
def test_tables_other_parts_and_layers_for_further_tokens_may_be_left_unused(folder: Path, name: str) -> None:
    add(name)(folder)
    settings(num_nextn_predict_layers=1)(folder)
    load_model(str(folder))


@pytest.mark.parametrize("architectures", [["LlamaForCausalLM"], [], None, 7, True, {}, ["LlamaModel"]])
def test_other_names_of_classes_say_nothing(folder: Path, architectures: object) -> None:
    settings(architectures=architectures)(folder)
    load_model(str(folder))


GPT2 = {"model_type": "gpt2", "n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 500}

ABSURD: dict[str, dict[str, Any]] = {
    "layers": {"num_hidden_layers": 1_000_000},
    "layers that are many": {"num_hidden_layers": 99_999},
    "layers beyond counting": {"num_hidden_layers": 10**15},
    "layers in decimals": {"num_hidden_layers": 1e9},
    "vocabulary": {"vocab_size": 10**9},
    "vocabulary beyond counting": {"vocab_size": 10**18},
    "hidden size": {"hidden_size": 4_000_000},
    "inner size": {"intermediate_size": 10**9},
    "heads": {"num_attention_heads": 10**6, "num_key_value_heads": 10**6, "head_dim": 8},
    "width of a head": {"head_dim": 10**8},
    "labels": {"num_labels": 10**9},
    "positions": GPT2 | {"max_position_embeddings": 10**9},
    "layers of GPT-2": GPT2 | {"n_layer": 5_000_000},
    "experts": {"model_type": "mixtral", "num_local_experts": 90_000},
    "more experts": {"model_type": "qwen3_moe", "num_experts": 10**7},
    "kinds of layers": {"model_type": "qwen3", "layer_types": ["full_attention"] * 1_000_000},
}


@pytest.mark.parametrize("what", sorted(ABSURD))
def test_absurd_sizes_are_refused_before_anything_is_allocated(folder: Path, what: str) -> None:
    settings(**ABSURD[what])(folder)
    before = memory()
    with pytest.raises(LeaderbenchError) as raised:
        load_model(str(folder))
    assert "\n" not in str(raised.value)
    assert memory() - before < 500e6


def memory() -> float:
    """The most memory that this process ever had, in bytes."""
    import resource

    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_weights_beyond_the_memory_are_refused_from_their_headers(folder: Path) -> None:
    size = 8 * 10**12
    entry = {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}
    text = json.dumps({"lm_head.weight": entry}).encode()
    path = folder / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with path.open("r+b") as file:
        file.truncate(8 + len(text) + size)
    began = time.monotonic()
    with pytest.raises(MachineError, match=r"take 8,000.0 GB as float32, and there are .* GB of memory on cpu"):
        load_model(str(folder))
    assert time.monotonic() - began < 60


def test_headers_of_absurd_length_are_refused(folder: Path) -> None:
    write("model.safetensors", (10**12).to_bytes(8, "little") + b"{}")(folder)
    with pytest.raises(LeaderbenchError, match="is no safetensors file"):
        load_model(str(folder))


def test_headers_that_claim_more_than_the_file_holds_are_refused(folder: Path) -> None:
    content = load_file(folder / "model.safetensors")
    headers.write(folder / "model.safetensors", {name: ("F32", list(weight.shape)) for name, weight in content.items()})
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate((folder / "model.safetensors").stat().st_size // 2)
    with pytest.raises(LeaderbenchError, match="is shorter than its header says"):
        load_model(str(folder))
