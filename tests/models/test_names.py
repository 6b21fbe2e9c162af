"""What is guessed from names of public models."""

import unicodedata
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models.facts import Fact, ModelType, Source
from leaderbench.models.names import NameGuess, parse, split_name

CHAT, BASE, TUNED, MERGE, ADAPTER = (
    ModelType.CHAT,
    ModelType.PRETRAINED,
    ModelType.FINE_TUNED,
    ModelType.MERGE,
    ModelType.ADAPTER,
)
B, M = 10**9, 10**6


def guessed(name: str) -> dict[str, Any]:
    """What is guessed, without sources."""
    guess = parse(name)
    return {item.name: fact.value for item in fields(guess) if (fact := getattr(guess, item.name)) is not None}


NAMES: dict[str, dict[str, Any]] = {
    "facebook/bart-large-mnli-finetuned-squad2-english": {
        "organisation": "facebook",
        "architecture": "bart",
        "size": "large",
        "datasets": ("mnli", "squad2"),
        "type": TUNED,
        "languages": ("en",),
    },
    "Qwen/Qwen3-0.6B": {"organisation": "Qwen", "architecture": "qwen3", "version": "3", "parameters": 600 * M},
    "mistralai/Mixtral-8x7B-Instruct-v0.1": {
        "organisation": "mistralai",
        "architecture": "mixtral",
        "version": "v0.1",
        "parameters": 56 * B,
        "experts": 8,
        "type": CHAT,
    },
    "TheBloke/Llama-2-13B-chat-GPTQ": {
        "organisation": "TheBloke",
        "architecture": "llama",
        "version": "2",
        "parameters": 13 * B,
        "precision": "GPTQ",
        "type": CHAT,
        "base_model": "Llama-2-13B-chat",
    },
    "01-ai/Yi-34B-200K": {
        "organisation": "01-ai",
        "architecture": "llama",
        "parameters": 34 * B,
        "context": 200_000,
    },
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": {
        "organisation": "deepseek-ai",
        "architecture": "qwen",
        "version": "r1",
        "parameters": 1500 * M,
        "type": TUNED,
        "base_model": "Qwen",
    },
    "google/gemma-2-2b-it": {
        "organisation": "google",
        "architecture": "gemma2",
        "version": "2",
        "parameters": 2 * B,
        "type": CHAT,
    },
    "Qwen/Qwen3-30B-A3B": {
        "organisation": "Qwen",
        "architecture": "qwen3_moe",
        "version": "3",
        "parameters": 30 * B,
        "active_parameters": 3 * B,
    },
    "Qwen/Qwen2.5-7B-Instruct-1M": {
        "organisation": "Qwen",
        "architecture": "qwen2",
        "version": "2.5",
        "parameters": 7 * B,
        "context": 1_000_000,
        "type": CHAT,
    },
    "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF": {
        "organisation": "bartowski",
        "architecture": "llama",
        "version": "3.1",
        "parameters": 8 * B,
        "precision": "GGUF",
        "type": CHAT,
        "base_model": "Meta-Llama-3.1-8B-Instruct",
    },
}
"""All that is guessed of some names."""


@pytest.mark.parametrize("name", NAMES)
def test_all_that_a_name_says_is_guessed_and_nothing_else(name: str) -> None:
    assert guessed(name) == NAMES[name]


PARTS: list[tuple[str, dict[str, Any]]] = [
    # sizes
    ("bigscience/bloom-7b1", {"architecture": "bloom", "parameters": 7100 * M}),
    ("bigscience/bloomz-1b7", {"architecture": "bloom", "parameters": 1700 * M}),
    ("EleutherAI/gpt-neox-20b", {"architecture": "gpt_neox", "parameters": 20 * B}),
    ("EleutherAI/gpt-j-6b", {"architecture": "gptj", "parameters": 6 * B}),
    ("EleutherAI/gpt-neo-1.3B", {"architecture": "gpt_neo", "parameters": 1300 * M}),
    ("EleutherAI/pythia-160m-deduped", {"architecture": "gpt_neox", "parameters": 160 * M}),
    ("roneneldan/TinyStories-33M", {"parameters": 33 * M, "datasets": ("tinystories",)}),
    ("cerebras/Cerebras-GPT-111M", {"architecture": "gpt2", "parameters": 111 * M}),
    ("tiiuae/falcon-180B-chat", {"architecture": "falcon", "parameters": 180 * B, "type": CHAT}),
    ("stabilityai/stablelm-2-1_6b-chat", {"architecture": "stablelm", "version": "2", "parameters": 1600 * M}),
    ("upstage/SOLAR-10.7B-Instruct-v1.0", {"parameters": 10_700 * M, "version": "v1.0", "type": CHAT}),
    ("HuggingFaceTB/SmolLM2-135M-Instruct", {"architecture": "llama", "parameters": 135 * M, "type": CHAT}),
    ("google/flan-t5-xxl", {"architecture": "t5", "size": "xxl"}),
    ("openai-community/gpt2-xl", {"architecture": "gpt2", "size": "xl"}),
    ("someone/llama7b", {"architecture": "llama", "parameters": 7 * B}),
    # contexts are no sizes
    ("microsoft/Phi-3-mini-4k-instruct", {"architecture": "phi3", "context": 4096, "size": "mini", "type": CHAT}),
    ("microsoft/Phi-3-medium-128k-instruct", {"context": 131_072, "size": "medium"}),
    ("lmsys/vicuna-7b-v1.5-16k", {"architecture": "llama", "context": 16_384, "parameters": 7 * B, "type": CHAT}),
    ("gradientai/Llama-3-8B-Instruct-Gradient-1048k", {"context": 1_048_000, "parameters": 8 * B}),
    ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", {"architecture": "llama", "parameters": 1100 * M}),
    # mixtures
    ("meta-llama/Llama-4-Scout-17B-16E-Instruct", {"architecture": "llama4", "experts": 16, "type": CHAT}),
    ("Qwen/Qwen1.5-MoE-A2.7B-Chat", {"architecture": "qwen2_moe", "active_parameters": 2700 * M, "type": CHAT}),
    ("mistralai/Mixtral-8x22B-v0.1", {"architecture": "mixtral", "experts": 8}),
    ("mlabonne/Beyonder-4x7B-v2", {"experts": 4, "type": MERGE}),
    # versions, dates
    ("microsoft/phi-1_5", {"architecture": "phi", "version": "1.5"}),
    ("internlm/internlm2_5-7b-chat", {"architecture": "internlm2", "version": "2.5", "type": CHAT}),
    ("mistralai/Mistral-Large-Instruct-2407", {"architecture": "mistral", "date": "2024-07", "size": "large"}),
    ("CohereForAI/c4ai-command-r-plus-08-2024", {"architecture": "cohere", "date": "2024-08"}),
    ("allenai/OLMo-2-1124-7B-Instruct", {"architecture": "olmo2", "date": "2024-11", "parameters": 7 * B}),
    ("Qwen/Qwen3-235B-A22B-Thinking-2507", {"date": "2025-07", "active_parameters": 22 * B, "type": CHAT}),
    ("deepseek-ai/DeepSeek-V3-0324", {"architecture": "deepseek_v3", "version": "v3"}),
    ("deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct", {"architecture": "deepseek_v2", "type": CHAT}),
    # kinds of training
    ("google/gemma-3-1b-pt", {"architecture": "gemma3", "type": BASE}),
    ("baichuan-inc/Baichuan2-7B-Base", {"architecture": "baichuan", "type": BASE}),
    (
        "google-bert/bert-base-multilingual-cased",
        {"architecture": "bert", "size": "base", "languages": ("multilingual",)},
    ),
    ("FacebookAI/xlm-roberta-base", {"architecture": "xlm_roberta", "size": "base"}),
    ("distilbert/distilbert-base-uncased-finetuned-sst-2-english", {"datasets": ("sst2",), "type": TUNED}),
    ("HuggingFaceH4/zephyr-7b-beta", {"architecture": "mistral", "type": CHAT}),
    ("teknium/OpenHermes-2.5-Mistral-7B", {"architecture": "mistral", "version": "2.5", "type": CHAT}),
    ("NousResearch/Nous-Hermes-2-Mixtral-8x7B-DPO", {"architecture": "mixtral", "type": CHAT}),
    ("cognitivecomputations/dolphin-2.9-llama3-8b", {"architecture": "llama", "parameters": 8 * B, "type": CHAT}),
    ("mlabonne/Marcoro14-7B-slerp", {"type": MERGE, "parameters": 7 * B}),
    ("someone/llama-7b-ties-merge", {"type": MERGE}),
    ("someone/Mistral-7B-Instruct-v0.2-dare-model_stock", {"type": MERGE}),
    ("tloen/alpaca-lora-7b", {"architecture": "llama", "type": ADAPTER}),
    ("someone/Qwen2.5-7B-Instruct-qlora-adapter", {"type": ADAPTER}),
    ("someone/Llama-3-8B-continued-pretraining-de", {"type": ModelType.CONTINUALLY_PRETRAINED, "languages": ("de",)}),
    ("openbmb/MiniCPM-2B-sft-bf16", {"architecture": "minicpm", "type": TUNED, "precision": "bfloat16"}),
    ("databricks/dolly-v2-12b", {"architecture": "gpt_neox", "version": "v2", "type": CHAT}),
    # precisions
    (
        "Qwen/Qwen2.5-Coder-32B-Instruct-GPTQ-Int4",
        {"precision": "GPTQ 4-bit", "base_model": "Qwen2.5-Coder-32B-Instruct"},
    ),
    ("mlx-community/Qwen3-0.6B-4bit", {"precision": "4-bit", "base_model": "Qwen3-0.6B"}),
    ("unsloth/llama-3-8b-bnb-4bit", {"precision": "bitsandbytes 4-bit", "version": "3", "base_model": "llama-3-8b"}),
    ("turboderp/Mixtral-8x7B-instruct-exl2-3.5bpw", {"precision": "EXL2 3.5-bit"}),
    ("someone/model-7b-Q4_K_M.gguf", {"precision": "GGUF 4-bit", "parameters": 7 * B}),
    ("meta-llama/Meta-Llama-3.1-405B-Instruct-FP8", {"precision": "FP8", "parameters": 405 * B}),
    # languages
    ("elyza/ELYZA-japanese-Llama-2-7b-instruct", {"architecture": "llama", "languages": ("ja",), "type": CHAT}),
    ("shenzhi-wang/Llama3-8B-Chinese-Chat", {"architecture": "llama", "languages": ("zh",), "parameters": 8 * B}),
    ("Helsinki-NLP/opus-mt-en-it", {"architecture": "marian", "languages": ("en", "it")}),
    # folders
    ("bundled:owl-1m", {"parameters": M}),
    ("./checkpoints/Qwen2.5-7B-sft", {"architecture": "qwen2", "parameters": 7 * B, "type": TUNED}),
    ("someone/stories15M", {"parameters": 15 * M}),
    ("zelk12/recoilme-gemma-2-psy10k-mental_healt-9B-v0.1", {"parameters": 9 * B}),
    ("someone/Q2.5-Instruct-1M_Harmony", {"context": M}),
    ("someone/opt1.3b", {"parameters": 1300 * M}),
    ("allenai/OLMoE-1B-7B-0924", {"architecture": "olmoe", "parameters": 7 * B, "active_parameters": B}),
    ("someone/llama-100M-tokens-7B", {"parameters": 7 * B}),
    ("someone/LLaMA-1M-context", {"context": M}),
    ("someone/tiny-3T-1.1B", {"parameters": 1100 * M}),
    ("someone/sft-500k-rows-2B", {"parameters": 2 * B}),
    ("C:\\models\\gemma-2-9b", {"architecture": "gemma2", "parameters": 9 * B}),
]


@pytest.mark.parametrize(("name", "expected"), PARTS)
def test_a_public_naming_pattern_is_read(name: str, expected: dict[str, Any]) -> None:
    found = guessed(name)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("01-ai/Yi-34B-200K", "version"),
        ("deepseek-ai/DeepSeek-V3-0324", "date"),
        ("deepseek-ai/DeepSeek-V3-0324", "parameters"),
        ("microsoft/Phi-3-mini-4k-instruct", "parameters"),
        ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", "context"),
        ("Qwen/Qwen3-0.6B", "type"),
        ("google/gemma-3n-E4B-it", "parameters"),
        ("./checkpoints/Qwen2.5-7B-sft", "organisation"),
        ("/data/models/stories260K", "organisation"),
        ("gpt2", "organisation"),
        ("/data/models/stories260K", "parameters"),
        ("someone/CrashCourse12K", "parameters"),
        ("someone/Ice0.34b-14.11-RP", "parameters"),
        ("someone/Q2.5-Instruct-1M_Harmony", "parameters"),
        ("someone/LLaMA-1M-context", "parameters"),
        ("someone/sft-100k", "parameters"),
    ],
)
def test_what_a_name_does_not_say_is_not_guessed(name: str, absent: str) -> None:
    assert getattr(parse(name), absent) is None


def test_every_value_is_a_guess_and_names_its_piece() -> None:
    for name in [*NAMES, *(name for name, _ in PARTS)]:
        guess = parse(name)
        facts = [fact for item in fields(guess) if (fact := getattr(guess, item.name)) is not None]
        assert all(fact.source is Source.NAME and fact.guessed and fact.evidence for fact in facts)
    assert parse("Qwen/Qwen3-30B-A3B").active_parameters == Fact(3 * B, Source.NAME, "A3B")


def test_a_mixture_named_by_its_experts_says_that_its_size_is_an_upper_bound() -> None:
    fact = parse("mistralai/Mixtral-8x7B-v0.1").parameters
    assert fact is not None
    assert fact.evidence == "8x7B, at most"


@pytest.mark.parametrize("name", ["", " ", "/", "../..", "~", "\\", "\0", "a" * 10_000, "-" * 10_000, "9" * 10_000])
def test_a_name_that_says_nothing_gives_no_size_and_no_type(name: str) -> None:
    guess = parse(name)
    assert (guess.parameters, guess.type, guess.architecture) == (None, None, None)


@pytest.mark.parametrize(
    "name",
    [
        "a/" * 5000 + "llama-7b",
        "org/" + "llama-7b-" * 1000,
        "1" * 400 + "B",
        "9" * 8 + "x" + "9" * 8 + "B",
        "..\\..\\etc\\passwd",
        "<script>alert(1)</script>/llama-7b",
        "🦙/llama-🦙-7b",
        "org/٣b",
        "org/²b-½k",
    ],
)
def test_a_hostile_name_is_read_without_an_error(name: str) -> None:
    assert isinstance(parse(name), NameGuess)


def test_control_characters_and_direction_marks_reach_no_guess() -> None:
    guess = parse("\u202eorg\u200f\x1b[31m/Qwen3-\u20660.6B\x07")
    assert guess.parameters is not None
    assert guess.parameters.value == 600 * M
    assert guess.organisation is not None
    assert all(unicodedata.category(character) not in {"Cc", "Cf"} for character in guess.organisation.value)


@given(st.text(max_size=300))
def test_any_text_is_a_name(name: str) -> None:
    guess = parse(name)
    for number in (guess.parameters, guess.active_parameters, guess.experts, guess.context):
        assert number is None or number.value >= 0
    assert all(unicodedata.category(character) != "Cc" for part in split_name(name) for character in part)


WORDS = st.sampled_from(
    ["Llama", "qwen", "2", "7B", "8x7B", "A3B", "4k", "chat", "base", "GPTQ", "2407", "v0.1", "en", "sft"]
)


@given(st.lists(WORDS, max_size=8), st.sampled_from("-_ "))
def test_words_in_any_order_are_names_and_case_does_not_matter(words: list[str], separator: str) -> None:
    name = separator.join(words)
    plain, loud = parse(f"o/{name.lower()}"), parse(f"o/{name.upper()}")
    for item in fields(plain):
        one, other = getattr(plain, item.name), getattr(loud, item.name)
        assert (one is None) == (other is None)
        if one is not None and item.name != "base_model":
            assert one.value == other.value
