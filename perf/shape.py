"""The model that speed is measured on: a 25-million-parameter Llama shape with random weights and a 32k vocabulary."""

import json
from pathlib import Path

SUBJECTS = ("abstract_algebra", "college_chemistry", "computer_security", "econometrics", "us_foreign_policy")
"""Five whole MMLU subjects, 514 questions."""

VOCABULARY = 32_000


def make(folder: Path, texts: list[str]) -> None:
    """Write configuration, float32 weights and a byte-level BPE tokenizer with BOS, trained on `texts`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", model_max_length=4096
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=7,
        num_attention_heads=6,
        num_key_value_heads=6,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    network = LlamaForCausalLM(config)
    network.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    (folder / "made.json").write_text(json.dumps({"parameters": sum(p.numel() for p in network.parameters())}))


def ensure(folder: Path, datasets: Path) -> Path:
    """Make the model once; its tokenizer learns from all MMLU questions."""
    if not (folder / "made.json").is_file():
        from leaderbench.benchmarks.datasets import HubDatasets

        rows = HubDatasets(datasets).rows("cais/mmlu", "all", "test")
        make(folder, [f"{row['question']} {' '.join(row['choices'])}" for row in rows])  # type: ignore[arg-type]
    return folder
