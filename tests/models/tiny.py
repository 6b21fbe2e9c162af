"""Tiny tokenizers and randomly initialised models, made in a moment and saved as real model folders."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

CORPUS = [
    "Question: Which city is the capital of France? A. Paris B. Rome C. Bern D. Oslo Answer: A",
    "The following are multiple choice questions (with answers) about capital cities.",
    "It's 12,345 + 678 = 13023; they'll say that's what we've known since 1999.",
    "Die Straße über den Fluß: äöü ÄÖÜ. Ça va? naïve café — “quoted” … 你好,世界。 Привет мир",
    "def f(x):\n    return x  # twice\n\n\tif x:\r\n        pass\n",
]
"""What the tokenizers learn their merges from."""

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Llama 3 splits text."""

QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
"""How Qwen splits text: every digit alone."""

THOUSANDS = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))")
"""Digits in groups of three from the right, as some newer models split them."""

SPLITS = {"gpt2": None, "llama3": LLAMA3, "qwen": QWEN, "thousands": THOUSANDS}


def byte_level(split: str = "gpt2", *, bos: bool = False, nfc: bool = False) -> Tokenizer:
    """A byte-level BPE tokenizer that splits text as a well-known one does; with `bos` every text begins with <s>."""
    tokenizer = Tokenizer(models.BPE())
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    pattern = SPLITS[split]
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    tokenizer.pre_tokenizer = (
        plain
        if pattern is None
        else pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior="isolated"), plain])
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return tokenizer


def metaspace(*, bos: bool = True) -> Tokenizer:
    """A tokenizer as Llama 2 has it: words begin with ▁, and so does every text."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["<s>", "</s>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return tokenizer


def wrap(
    tokenizer: Tokenizer, *, length: int = 256, bos: str | None = "<s>", eos: str | None = "</s>"
) -> PreTrainedTokenizerBase:
    """A tokenizer as transformers has it, for sequences of up to `length` tokens."""
    wrapped: PreTrainedTokenizerBase = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, model_max_length=length
    )
    return wrapped


def added(tokenizer: Tokenizer, text: str, **settings: bool) -> Tokenizer:
    """The same with one more token."""
    tokenizer.add_tokens([AddedToken(text, **settings)])
    return tokenizer


def llama(vocabulary: int = 500, *, positions: int = 256, **settings: Any) -> PreTrainedModel:
    """A Llama shape with weights spread widely enough that every mistake shows."""
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        bos_token_id=0,
        eos_token_id=1,
        **settings,
    )
    return spread(LlamaForCausalLM, config)


def gpt2(vocabulary: int = 500, *, positions: int = 256) -> PreTrainedModel:
    """A GPT-2 shape: its positions are a table that ends."""
    config = GPT2Config(
        vocab_size=vocabulary, n_positions=positions, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=1
    )
    return spread(GPT2LMHeadModel, config)


def spread(kind: type[PreTrainedModel], config: Any) -> PreTrainedModel:
    """A model of this configuration, always with the same weights."""
    torch.manual_seed(0)
    network = kind(config)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.2)
    return network.eval()


def save(folder: Path, network: PreTrainedModel | None, tokenizer: PreTrainedTokenizerBase | None) -> Path:
    """A model folder with what is given."""
    folder.mkdir(parents=True, exist_ok=True)
    if network is not None:
        network.save_pretrained(folder)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    return folder


def characters(*merges: tuple[str, str], bos: bool = False) -> Tokenizer:
    """A token a byte, so that lengths can be counted by hand; and those that are merged here."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["<s>", "</s>", *alphabet, *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return tokenizer
