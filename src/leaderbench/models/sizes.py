"""How many parameters a model has, how many work on a token, and in what precision they are kept: from the headers."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leaderbench.models.headers import BITS, Tensor
from leaderbench.text.visible import one_line

Config = Mapping[str, Any]

_BUFFERS = {
    "inv_freq",
    "masked_bias",
    "position_ids",
    "num_batches_tracked",
    "running_mean",
    "running_var",
    "causal_mask",
    "e_score_correction_bias",
    "rotary_inv_freq",
}
"""Last parts of names under which files keep what is no parameter: tables, masks, running statistics."""

_INPUTS = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "embed_in.weight", "shared.weight")
_OUTPUTS = ("lm_head.weight", "embed_out.weight", "output_projection.weight", "predictions.decoder.weight")

SCALES = (
    ".scales",
    ".biases",
    ".qzeros",
    ".g_idx",
    ".absmax",
    ".quant_map",
    ".nested_absmax",
    ".nested_quant_map",
    ".SCB",
    ".weight_format",
    ".weight_scale",
    ".weight_scale_inv",
    ".weight_scale_2",
    ".weight_shape",
    ".weight_zero_point",
    ".weight_g_idx",
    ".weight_global_scale",
    ".input_scale",
    ".input_global_scale",
    ".output_scale",
    ".k_scale",
    ".v_scale",
    "_scales",
)
"""Ends of names under which quantised weights keep what turns them back into numbers."""

_EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts", "num_moe_experts")
_PER_TOKEN = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "experts_per_token",
    "num_selected_experts",
    "moe_topk",
    "moe_top_k",
    "moe_k",
)

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8",
    "F8_E5M2": "float8",
    "F8_E4M3FNUZ": "float8",
    "F8_E5M2FNUZ": "float8",
    "F6_E2M3": "float6",
    "F6_E3M2": "float6",
    "F4": "float4",
    "I8": "int8",
    "U8": "uint8",
    "I32": "int32",
    "U32": "uint32",
}

_METHODS = {
    "gptq": "GPTQ",
    "awq": "AWQ",
    "bitsandbytes": "bitsandbytes",
    "bitsandbytes_4bit": "bitsandbytes",
    "bitsandbytes_8bit": "bitsandbytes",
    "fp8": "FP8",
    "fbgemm_fp8": "FP8",
    "mxfp4": "MXFP4",
    "nvfp4": "NVFP4",
    "compressed-tensors": "compressed-tensors",
    "exl2": "EXL2",
    "aqlm": "AQLM",
    "hqq": "HQQ",
    "quanto": "Quanto",
    "eetq": "EETQ",
    "torchao": "torchao",
    "bitnet": "BitNet",
    "quark": "Quark",
    "modelopt": "ModelOpt",
    "auto-round": "AutoRound",
    "vptq": "VPTQ",
    "higgs": "HIGGS",
    "spqr": "SpQR",
}


@dataclass(frozen=True, slots=True)
class Experts:
    """Of a mixture: how many experts a layer has, and how many of them work on one token."""

    count: int
    per_token: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the headers count to."""

    total: int | None
    """Parameters, tied embeddings once; None where the packing of quantised weights is not known."""

    active: int | None
    """Parameters that work on one token: all but the experts that are not chosen. None for a dense model."""

    experts: Experts | None
    precision: str
    """The type of most of the weights (by bytes), or the quantisation, e.g. `bfloat16`, `GPTQ 4-bit`; may be empty."""

    shares: str
    """What shares of the bytes have which type, for people."""


def sizes(tensors: Mapping[str, Tensor], config: Config) -> Sizes:
    """Parameters and precision of a model whose tensors and config.json are these."""
    quantised = quantisation(config)
    counts = _parameters(tensors, config, quantised)
    experts = experts_of(config)
    chosen = Counter[str]()
    for name in counts or {}:
        chosen[_DTYPES.get(tensors[name].dtype, tensors[name].dtype)] += tensors[name].bytes
    whole = sum(chosen.values())
    shares = ", ".join(f"{100 * size / whole:.0f} % {name}" for name, size in chosen.most_common() if size)
    precision = _named(quantised) or (chosen.most_common(1)[0][0] if whole else "")
    if not counts:
        return Sizes(None, None, experts, precision, shares)
    total = sum(counts.values())
    routed = sum(count for name, count in counts.items() if experts and _of_expert(name, tensors[name], experts))
    if experts is None or not routed:
        return Sizes(total, None, None, precision, shares)
    return Sizes(total, total - routed + routed * experts.per_token // experts.count, experts, precision, shares)


def embedding_rows(tensors: Mapping[str, Tensor]) -> int | None:
    """Rows of the table that turns tokens into vectors; None where no tensor has the name of one."""
    tables = [tensor.shape for name, tensor in tensors.items() if name.endswith(_INPUTS)]
    return max((shape[0] for shape in tables if len(shape) == 2), default=None)


def levels(config: Config) -> Iterator[Config]:
    """A configuration and those nested in it that describe its language model."""
    yield config
    for name in ("text_config", "llm_config", "language_config", "ffn_config", "decoder"):
        if isinstance(inner := config.get(name), dict):
            yield inner


def experts_of(config: Config) -> Experts | None:
    """The experts that a config.json states; None for a dense model, or where it does not say how many work."""
    for level in levels(config):
        count = next(filter(None, (_count(level.get(key)) for key in _EXPERTS)), None)
        chosen = next(filter(None, (_count(level.get(key)) for key in _PER_TOKEN)), None)
        if count and chosen and 1 < count <= 100_000 and chosen <= count:
            return Experts(count, chosen)
    return None


def quantisation(config: Config) -> Config:
    """What a config.json says of quantisation; empty where it says nothing."""
    for level in levels(config):
        for key in ("quantization_config", "compression_config", "quantization"):
            if isinstance(found := level.get(key), dict) and found:
                return found
    return {}


def _named(quantised: Config) -> str:
    """A quantisation as people call it."""
    if not quantised:
        return ""
    method = quantised.get("quant_method")
    name = _METHODS.get(method, one_line(method[:30])) if isinstance(method, str) and method else "MLX"
    bits = _bits(quantised)
    return f"{name} {bits}-bit" if bits and name not in {"FP8", "MXFP4", "NVFP4"} else name


def _bits(quantised: Config) -> int | None:
    """Bits of one quantised weight."""
    if quantised.get("load_in_4bit") is True or quantised.get("_load_in_4bit") is True:
        return 4
    if quantised.get("load_in_8bit") is True or quantised.get("_load_in_8bit") is True:
        return 8
    groups = quantised.get("config_groups")
    groups = groups if isinstance(groups, dict) else {}
    inner = [group.get("weights") for group in groups.values() if isinstance(group, dict)]
    for place in (quantised, *(item for item in inner if isinstance(item, dict))):
        for key in ("bits", "w_bit", "num_bits", "nbits"):
            if bits := _count(place.get(key)):
                return bits if bits <= 64 else None
    return None


def _count(value: object) -> int | None:
    """A positive whole number; of a list the one that all its items are."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        value = value[0]
    return value if type(value) is int and value > 0 else None


def _parameters(tensors: Mapping[str, Tensor], config: Config, quantised: Config) -> dict[str, int] | None:
    """Parameters that each tensor holds, without buffers and second copies; None where that cannot be known."""
    counts: dict[str, int] = {}
    twice = _copies(tensors, config)
    beyond = _unused_layers(config)
    for name, tensor in tensors.items():
        if name in twice or _is_buffer(name, tensor) or any(f".{layer}." in name for layer in beyond):
            continue
        factor = _packed(name, tensor, quantised)
        if factor is None:
            return None
        if factor:
            counts[name] = math.floor(tensor.elements * factor)
    return counts


def is_table(name: str, tensor: Tensor) -> bool:
    """Whether a tensor is, by its name, a table, a mask or a running statistic."""
    last = name.rsplit(".", 1)[-1]
    # GPT-2 and its kin kept the causal mask under the name of a bias.
    return last in _BUFFERS or (last == "bias" and len(tensor.shape) == 4 and tensor.shape[:2] == (1, 1))


def _is_buffer(name: str, tensor: Tensor) -> bool:
    return is_table(name, tensor) or tensor.dtype not in BITS or tensor.dtype in {"BOOL", "I64"}


def _unused_layers(config: Config) -> tuple[str, ...]:
    """Layers behind the last one, by which some models learn to predict several tokens; nothing here runs them."""
    extra, layers = _count(config.get("num_nextn_predict_layers")), _count(config.get("num_hidden_layers"))
    return tuple(f"layers.{layers + place}" for place in range(min(extra, 64))) if extra and layers else ()


def _packed(name: str, tensor: Tensor, quantised: Config) -> float | None:
    """How many parameters one element stands for: 0 where it only helps to unpack others, None where unknown."""
    if not quantised:
        return 0 if tensor.dtype.startswith(("I", "U")) and tensor.dtype != "I8" else 1
    if name.endswith(SCALES) or ".quant_state." in name:
        return 0
    bits = _bits(quantised)
    if name.endswith("_blocks") and tensor.dtype == "U8":
        return 2
    if tensor.dtype in {"I32", "U32"}:
        return BITS[tensor.dtype] / bits if bits else None
    if tensor.dtype == "U8":
        return 8 / bits if bits else None
    return 0 if tensor.dtype in {"I16", "U16", "U64"} else 1


def _copies(tensors: Mapping[str, Tensor], config: Config) -> set[str]:
    """Tensors that are stored again under another name: outputs tied to inputs, inputs tied to a shared table."""
    inputs = [name for name in tensors if name.endswith(_INPUTS)]
    shared = [name for name in inputs if name.endswith("shared.weight")]
    # Encoders and decoders that name a shared table have no other.
    found = {
        name for name in inputs if shared and name not in shared and tensors[name].shape == tensors[shared[0]].shape
    }
    if any(level.get("tie_word_embeddings") is True for level in levels(config)):
        shapes = {tensors[name].shape for name in inputs}
        found |= {name for name in tensors if name.endswith(_OUTPUTS) and tensors[name].shape in shapes}
    return found


def _of_expert(name: str, tensor: Tensor, experts: Experts) -> bool:
    """Whether a tensor belongs to experts of which a token uses some: one of them, or all of them stacked."""
    parts = name.split(".")
    stacked = len(tensor.shape) == 3 and tensor.shape[0] == experts.count and any("moe" in part for part in parts)
    return "experts" in parts or stacked
