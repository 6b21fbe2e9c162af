"""Tiny randomly initialised models of many architectures."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

LLAMA: dict[str, Any] = {
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GPT2 = {
    "vocab_size": 61,
    "n_positions": 256,
    "n_embd": 32,
    "n_layer": 3,
    "n_head": 4,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
OPT: dict[str, Any] = {
    "vocab_size": 61,
    "hidden_size": 32,
    "ffn_dim": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "word_embed_proj_dim": 32,
    "dropout": 0.0,
    "pad_token_id": 0,
}
EXPERTS = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
SLIDING = {"sliding_window": 7}
GEMMA = {"head_dim": 8, "query_pre_attn_scalar": 8}

TREE: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", LLAMA),
    "llama-three-rope": (
        "llama",
        LLAMA
        | {
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 10000.0,
                "factor": 4.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            }
        },
    ),
    "mistral-sliding": ("mistral", LLAMA | SLIDING),
    "mixtral": ("mixtral", LLAMA | EXPERTS),
    "qwen2": ("qwen2", LLAMA),
    "qwen2-sliding": ("qwen2", LLAMA | SLIDING | {"use_sliding_window": True, "max_window_layers": 1}),
    "qwen3": ("qwen3", LLAMA | {"head_dim": 8}),
    "qwen3-moe": ("qwen3_moe", LLAMA | EXPERTS | {"head_dim": 8}),
    "gemma": ("gemma", LLAMA | {"head_dim": 8}),
    "gemma2-sliding": ("gemma2", LLAMA | SLIDING | GEMMA),
    "gemma3-sliding": ("gemma3_text", LLAMA | SLIDING | GEMMA | {"sliding_window_pattern": 2}),
    "gpt-oss-sliding": ("gpt_oss", LLAMA | SLIDING | EXPERTS | {"head_dim": 8}),
    "gpt2": ("gpt2", GPT2),
    "gpt-bigcode": ("gpt_bigcode", GPT2),
    "gpt-neox": ("gpt_neox", LLAMA | {"rotary_pct": 0.25}),
    "opt": ("opt", OPT),
    "phi": ("phi", LLAMA | {"partial_rotary_factor": 0.5}),
    "phi3": ("phi3", LLAMA),
    "olmo": ("olmo", LLAMA),
    "olmo2": ("olmo2", LLAMA),
    "stablelm": ("stablelm", LLAMA),
    "starcoder2-sliding": ("starcoder2", LLAMA | SLIDING),
    "cohere": ("cohere", LLAMA),
    "cohere2-sliding": ("cohere2", LLAMA | SLIDING),
    "granite": ("granite", LLAMA | {"logits_scaling": 2.0, "residual_multiplier": 0.5}),
    "nemotron": ("nemotron", LLAMA),
    "smollm3": ("smollm3", LLAMA),
    "deepseek-v3": (
        "deepseek_v3",
        LLAMA
        | EXPERTS
        | {
            "num_key_value_heads": 4,
            "q_lora_rank": 16,
            "kv_lora_rank": 16,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 8,
            "v_head_dim": 8,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "first_k_dense_replace": 1,
        },
    ),
}
"""Architectures that the tree path takes: name → (model type, configuration)."""

PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "bloom-alibi": ("bloom", {"vocab_size": 61, "hidden_size": 32, "n_layer": 3, "n_head": 4}),
    "mpt-alibi": ("mpt", {"vocab_size": 61, "d_model": 32, "n_layers": 3, "n_heads": 4, "max_seq_len": 256}),
    "falcon": ("falcon", LLAMA | {"num_kv_heads": 2, "new_decoder_architecture": True}),
    "falcon-alibi": ("falcon", LLAMA | {"alibi": True}),
    "gptj": ("gptj", GPT2 | {"rotary_dim": 4}),
    "codegen": ("codegen", GPT2 | {"rotary_dim": 4}),
    "gpt-neo-local": (
        "gpt_neo",
        {
            "vocab_size": 61,
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 7,
            "max_position_embeddings": 256,
        },
    ),
    "llama-dynamic-rope": (
        "llama",
        LLAMA | {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}},
    ),
    "mamba": ("mamba", {"vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 8}),
    "mamba2": (
        "mamba2",
        {
            "vocab_size": 61,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "state_size": 8,
            "num_heads": 4,
            "head_dim": 16,
            "n_groups": 2,
            "chunk_size": 16,
        },
    ),
    "xglm": (
        "xglm",
        {
            "vocab_size": 61,
            "d_model": 32,
            "ffn_dim": 48,
            "num_layers": 3,
            "attention_heads": 4,
            "max_position_embeddings": 256,
            "dropout": 0.0,
        },
    ),
    "rwkv": ("rwkv", {"vocab_size": 61, "hidden_size": 32, "num_hidden_layers": 2, "context_length": 256}),
}
"""Architectures that get a fallback."""


def make(name: str, *, spread: float = 0.2) -> PreTrainedModel:
    """A model of this architecture with weights spread widely enough that every mistake shows."""
    kind, settings = (TREE | PLAIN)[name]
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **settings)
    network: PreTrainedModel = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
        config, dtype=torch.float32
    )
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, spread)
    network.eval()  # type: ignore[no-untyped-call]
    return network
