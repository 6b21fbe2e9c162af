"""Headers of weights: what they count to, and that no damage does more than to be said."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models.contents import read_json
from leaderbench.models.headers import BITS, Tensor, read_header, read_headers
from leaderbench.models.sizes import Experts, experts_of, sizes
from tests.models import weights
from tests.models.architectures import PLAIN, TREE, make


@pytest.mark.parametrize("name", [*TREE, *PLAIN])
def test_headers_count_to_the_parameters_of_the_model(name: str, tmp_path: Path) -> None:
    network = make(name)
    network.save_pretrained(tmp_path)
    headers = read_headers(tmp_path)
    assert headers is not None
    found = sizes(headers.tensors, read_json(tmp_path / "config.json"))
    assert found.total == sum(parameter.numel() for parameter in network.parameters())
    assert found.precision == "float32"


MIXTURES = [name for name, (_, settings) in TREE.items() if "num_experts" in settings]


@pytest.mark.parametrize("name", MIXTURES)
def test_active_parameters_are_those_of_the_chosen_experts(name: str, tmp_path: Path) -> None:
    network = make(name)
    network.save_pretrained(tmp_path)
    headers = read_headers(tmp_path)
    assert headers is not None
    found = sizes(headers.tensors, read_json(tmp_path / "config.json"))
    # In memory all experts of a layer are stacked along the first dimension.
    expected = sum(
        parameter.numel() * 2 // 4 if ".experts." in key else parameter.numel()
        for key, parameter in network.named_parameters()
    )
    assert found.experts == Experts(4, 2)
    assert found.active == expected < (found.total or 0)


@pytest.mark.parametrize("name", [name for name in [*TREE, *PLAIN] if name not in MIXTURES])
def test_a_dense_model_has_no_active_parameters_of_its_own(name: str, tmp_path: Path) -> None:
    network = make(name)
    network.save_pretrained(tmp_path)
    headers = read_headers(tmp_path)
    assert headers is not None
    assert sizes(headers.tensors, read_json(tmp_path / "config.json")).active is None


def test_weights_in_several_files_count_once(tmp_path: Path) -> None:
    network = make("mixtral")
    network.save_pretrained(tmp_path, max_shard_size="60KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    headers = read_headers(tmp_path)
    assert headers is not None
    assert headers.problem == ""
    assert sizes(headers.tensors, {}).total == sum(parameter.numel() for parameter in network.parameters())


def mixtral() -> dict[str, tuple[int, ...]]:
    """The shapes of Mixtral 8x7B."""
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (32000, 4096),
        "lm_head.weight": (32000, 4096),
        "model.norm.weight": (4096,),
    }
    for layer in range(32):
        start = f"model.layers.{layer}"
        shapes |= {f"{start}.self_attn.{side}_proj.weight": (4096, 4096) for side in "qo"}
        shapes |= {f"{start}.self_attn.{side}_proj.weight": (1024, 4096) for side in "kv"}
        shapes |= {f"{start}.{norm}_layernorm.weight": (4096,) for norm in ("input", "post_attention")}
        shapes[f"{start}.block_sparse_moe.gate.weight"] = (8, 4096)
        for expert in range(8):
            shapes |= {f"{start}.block_sparse_moe.experts.{expert}.w{part}.weight": (14336, 4096) for part in (1, 3)}
            shapes[f"{start}.block_sparse_moe.experts.{expert}.w2.weight"] = (4096, 14336)
    return shapes


def test_mixtral_has_the_published_number_of_parameters() -> None:
    found = sizes(weights.tensors(mixtral()), {"num_local_experts": 8, "num_experts_per_tok": 2})
    # Jiang et al., Mixtral of experts, 2024: 47B, of which 13B are active.
    assert found.total == 46_702_792_704
    assert found.active == 12_879_925_248
    assert (found.precision, found.shares) == ("bfloat16", "100 % bfloat16")


def llama(linear: dict[str, Any]) -> dict[str, Tensor]:
    """Llama 2 of 7B parameters, its linear layers quantised into the tensors of a made-up type each."""
    found = weights.tensors(
        {"model.embed_tokens.weight": (32000, 4096), "lm_head.weight": (32000, 4096), "model.norm.weight": (4096,)},
        "F16",
    )
    for layer in range(32):
        start = f"model.layers.{layer}"
        found |= weights.tensors(
            {f"{start}.{norm}_layernorm.weight": (4096,) for norm in ("input", "post_attention")}, "F16"
        )
        shapes = [(4096, 4096)] * 4 + [(11008, 4096)] * 2 + [(4096, 11008)]
        for place, (rows, columns) in enumerate(shapes):
            for end, (dtype, shape) in {key: made(rows, columns) for key, made in linear.items()}.items():
                found |= weights.tensors({f"{start}.linear{place}.{end}": shape}, dtype)
    return found


QUANTISED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "GPTQ 4-bit": (
        {"quant_method": "gptq", "bits": 4},
        {
            "qweight": lambda rows, columns: ("I32", (columns // 8, rows)),
            "qzeros": lambda rows, columns: ("I32", (columns // 128, rows // 8)),
            "scales": lambda rows, columns: ("F16", (columns // 128, rows)),
            "g_idx": lambda rows, columns: ("I32", (columns,)),
        },
    ),
    "bitsandbytes 4-bit": (
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        {
            "weight": lambda rows, columns: ("U8", (rows * columns // 2, 1)),
            "weight.absmax": lambda rows, columns: ("U8", (rows * columns // 64,)),
            "weight.quant_map": lambda rows, columns: ("F32", (16,)),
            "weight.quant_state.bitsandbytes__nf4": lambda rows, columns: ("U8", (87,)),
        },
    ),
    "bitsandbytes 8-bit": (
        {"quant_method": "bitsandbytes", "load_in_8bit": True},
        {
            "weight": lambda rows, columns: ("I8", (rows, columns)),
            "SCB": lambda rows, columns: ("F32", (rows,)),
        },
    ),
    "FP8": (
        {"quant_method": "fp8", "weight_block_size": [128, 128]},
        {
            "weight": lambda rows, columns: ("F8_E4M3", (rows, columns)),
            "weight_scale_inv": lambda rows, columns: ("F32", (rows // 128, columns // 128)),
        },
    ),
    "compressed-tensors 4-bit": (
        {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 4}}}},
        {
            "weight_packed": lambda rows, columns: ("I32", (rows, columns // 8)),
            "weight_scale": lambda rows, columns: ("F16", (rows, columns // 128)),
            "weight_shape": lambda rows, columns: ("I64", (2,)),
        },
    ),
    "MXFP4": (
        {"quant_method": "mxfp4"},
        {
            "proj_blocks": lambda rows, columns: ("U8", (rows, columns // 32, 16)),
            "proj_scales": lambda rows, columns: ("U8", (rows, columns // 32)),
        },
    ),
}


@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_weights_count_to_the_parameters_of_the_model(name: str) -> None:
    said, linear = QUANTISED[name]
    found = sizes(llama(linear), {"quantization_config": said})
    assert found.total == 6_738_415_616  # Llama 2 of 7B
    assert found.precision == name


def test_packed_weights_of_unknown_width_are_not_counted() -> None:
    _, linear = QUANTISED["GPTQ 4-bit"]
    found = sizes(llama(linear), {"quantization_config": {"quant_method": "gptq"}})
    assert (found.total, found.precision) == (None, "GPTQ")


@pytest.mark.parametrize("output", ["lm_head.weight", "embed_out.weight"])
@pytest.mark.parametrize(("tied", "total"), [(True, 80), (False, 160), (None, 160)])
def test_embeddings_stored_twice_count_once_where_they_are_tied(output: str, tied: bool | None, total: int) -> None:
    made = weights.tensors({"model.embed_tokens.weight": (10, 8), output: (10, 8)})
    assert sizes(made, {} if tied is None else {"tie_word_embeddings": tied}).total == total


def test_masks_tables_and_statistics_are_no_parameters() -> None:
    made = weights.tensors(
        {
            "h.0.attn.bias": (1, 1, 32, 32),
            "h.0.attn.c_attn.bias": (24,),
            "h.0.rotary_emb.inv_freq": (4,),
            "masked_bias": (),
        }
    )
    made |= weights.tensors({"embeddings.position_ids": (1, 512)}, "I64")
    assert sizes(made, {}).total == 24


def test_layers_that_predict_further_tokens_are_not_counted() -> None:
    made = weights.tensors({f"model.layers.{layer}.mlp.weight": (4, 4) for layer in range(3)})
    assert sizes(made, {"num_hidden_layers": 2, "num_nextn_predict_layers": 1}).total == 32


def test_precision_is_that_of_most_bytes() -> None:
    made = weights.tensors({"a": (10, 10)}, "BF16") | weights.tensors({"b": (20,)}, "F32")
    assert (sizes(made, {}).precision, sizes(made, {}).shares) == ("bfloat16", "71 % bfloat16, 29 % float32")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"num_local_experts": 8, "num_experts_per_tok": 2}, Experts(8, 2)),
        ({"text_config": {"num_experts": 128, "num_experts_per_tok": 8}}, Experts(128, 8)),
        ({"ffn_config": {"moe_num_experts": 16, "moe_top_k": 4}}, Experts(16, 4)),
        ({"moe_num_experts": [64, 64], "moe_k": 6}, Experts(64, 6)),
        ({"moe_num_experts": [64, 32], "moe_k": 6}, None),
        ({"num_experts": 8}, None),
        ({"num_experts": 8, "num_experts_per_tok": 9}, None),
        ({"num_experts": True, "num_experts_per_tok": True}, None),
        ({"num_experts": "8", "num_experts_per_tok": 2.0}, None),
        ({"num_experts": 10**400, "num_experts_per_tok": 2}, None),
        ({"num_experts": 1, "num_experts_per_tok": 1}, None),
    ],
)
def test_experts_are_read_where_they_are_stated_soundly(config: dict[str, Any], expected: Experts | None) -> None:
    assert experts_of(config) == expected


def test_a_folder_without_weights_has_no_headers(tmp_path: Path) -> None:
    assert read_headers(tmp_path) is None
    assert read_headers(tmp_path / "none") is None


def test_weights_kept_twice_in_a_repository_count_once(tmp_path: Path) -> None:
    weights.write(tmp_path / "consolidated.safetensors", {"tok_embeddings.weight": ("F16", (4, 4))})
    weights.write(tmp_path / "model-00001-of-00001.safetensors", {"model.embed_tokens.weight": ("F16", (4, 4))})
    headers = read_headers(tmp_path)
    assert headers is not None
    assert list(headers.tensors) == ["model.embed_tokens.weight"]


def test_files_that_the_index_names_and_that_are_missing_are_a_problem(tmp_path: Path) -> None:
    weights.write(tmp_path / "model-00001-of-00002.safetensors", {"a": ("F16", (4, 4))})
    places = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    headers = read_headers(tmp_path)
    assert headers is not None
    assert list(headers.tensors) == ["a"]
    assert headers.problem == "1 of the 2 files of weights are missing: model-00002-of-00002.safetensors."


GOOD = {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "entry",
    [
        GOOD | {"shape": [10**30]},
        GOOD | {"shape": [-2]},
        GOOD | {"shape": [2.0]},
        GOOD | {"shape": [True, 2]},
        GOOD | {"shape": 2},
        GOOD | {"shape": [1] * 1000},
        GOOD | {"data_offsets": [4, 0]},
        GOOD | {"data_offsets": [0]},
        GOOD | {"dtype": 7},
        {},
        [],
        None,
    ],
)
def test_a_header_that_contradicts_itself_counts_to_nothing(entry: object, tmp_path: Path) -> None:
    path = weights.write(tmp_path / "model.safetensors", {"b": ("F16", (2,))}, a=entry)
    with pytest.raises(ValueError, match="damaged header"):
        read_header(path)
    headers = read_headers(tmp_path)
    assert headers is not None
    assert (headers.tensors, headers.problem) == ({}, "model.safetensors has a damaged header.")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is no safetensors file"),
        (b"\x02", "is no safetensors file"),
        (b"\xff" * 8 + b"{}", "is no safetensors file"),
        ((10**6).to_bytes(8, "little") + b"{}", "is no safetensors file"),
        ((2).to_bytes(8, "little") + b"[]", "damaged header"),
        ((200_000).to_bytes(8, "little") + b"[" * 200_000, "damaged header"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "git lfs pull"),
    ],
)
def test_a_file_that_is_no_weights_is_a_problem_said_in_words(data: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(data)
    headers = read_headers(tmp_path)
    assert headers is not None
    assert problem in headers.problem


def test_a_file_cut_short_is_a_problem(tmp_path: Path) -> None:
    path = weights.write(tmp_path / "model.safetensors", {"a": ("F32", (100,))})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="shorter than its header says"):
        read_header(path)


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.tuples(st.sampled_from(sorted(BITS)), st.lists(st.integers(0, 9), max_size=4)),
        max_size=8,
    ),
    st.dictionaries(
        st.sampled_from(["num_experts", "num_experts_per_tok", "tie_word_embeddings", "quantization_config", "bits"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=3)
        | st.dictionaries(st.just("bits"), st.integers()),
    ),
)
def test_any_tensors_and_any_configuration_are_counted(shapes: dict[str, Any], config: dict[str, Any]) -> None:
    made = {
        name: Tensor(dtype, tuple(shape), math.prod(shape) * BITS[dtype] // 8)
        for name, (dtype, shape) in shapes.items()
    }
    found = sizes(made, config)
    assert found.total is None or found.total >= (found.active or 0)


def test_a_quantisation_of_a_name_that_moves_terminals_is_shown_visibly() -> None:
    assert sizes({}, {"quantization_config": {"quant_method": "\x1b[31mred"}}).precision == "␛[31mred"
