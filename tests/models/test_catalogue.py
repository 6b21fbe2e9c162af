"""A model's record: what is computed, what is said, what is guessed, and what happens where they disagree."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderbench.bundled import model_folders
from leaderbench.errors import LeaderbenchError
from leaderbench.models.catalogue import FIELDS, ModelRecord, describe, merge, of_run
from leaderbench.models.facts import Commercial, Fact, ModelType, Source, combine
from leaderbench.models.load import context_limits, load_model
from tests.models import tiny, weights
from tests.models.architectures import PLAIN, TREE, make


def folder(
    path: Path,
    *,
    config: object = None,
    card: str | None = None,
    tokenizer: object = None,
    shapes: dict[str, tuple[str, tuple[int, ...]]] | None = None,
    **files: object,
) -> Path:
    """A model folder with these files."""
    path.mkdir(parents=True, exist_ok=True)
    for name, content in {"config": config, "tokenizer_config": tokenizer, **files}.items():
        if content is not None:
            (path / f"{name}.json").write_text(json.dumps(content))
    if card is not None:
        (path / "README.md").write_text(f"---\n{card}\n---\n# Model\n")
    if shapes is not None:
        weights.write(path / "model.safetensors", shapes)
    return path


def value(record: ModelRecord, name: str) -> Any:
    fact = getattr(record, name)
    return None if fact is None else fact.value


@pytest.mark.parametrize("name", sorted(model_folders()))
def test_a_bundled_model_is_known_from_its_files(name: str) -> None:
    record = describe(f"bundled:{name}")
    known = {item: (fact.value, fact.source) for item in FIELDS if (fact := getattr(record, item)) is not None}
    assert known == {
        "architecture": ("llama", Source.CONFIG),
        "parameters": (918_656, Source.HEADERS),
        "precision": ("float16", Source.HEADERS),
        "context": (1024, Source.CONFIG),
        "vocabulary": (2048, Source.CONFIG),
        "licence": ("Apache-2.0", Source.CARD),
        "commercial": (Commercial.YES, Source.CARD),
        "type": (ModelType.PRETRAINED, Source.CARD),
        "languages": (("en",), Source.CARD),
    }
    assert record.problems == ()


@pytest.mark.parametrize(
    ("name", "architecture", "parameters", "context"),
    [("stories260K", "llama", 260_032, 512), ("gpt2like", "gpt2", 72_128, 2048)],
)
def test_a_real_folder_is_known_from_its_files(
    shared: Path, name: str, architecture: str, parameters: int, context: int
) -> None:
    record = describe(str(shared / "models" / name))
    assert (value(record, "architecture"), value(record, "parameters")) == (architecture, parameters)
    assert (value(record, "context"), value(record, "precision")) == (context, "float32")


def test_a_record_agrees_with_what_is_loaded(llama_folder: Path) -> None:
    record, facts = describe(str(llama_folder)), load_model(str(llama_folder)).describe()
    assert value(record, "parameters") == facts["parameters"]
    assert value(record, "context") == facts["max_length"]
    assert record.architecture is not None
    assert record.architecture.evidence == facts["architecture"]


@pytest.mark.parametrize("limit", [10**30, 512])
@pytest.mark.parametrize("name", [*TREE, *PLAIN])
def test_the_context_length_is_the_one_that_a_loaded_model_has(name: str, limit: int, tmp_path: Path) -> None:
    network = make(name)
    network.config.save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": limit}))
    loaded = context_limits(network, SimpleNamespace(model_max_length=limit), None).context
    # Where configuration and tokenizer are silent, loading takes 2,048; that is no fact about the model.
    assert (value(describe(str(tmp_path)), "context") or 2048) == loaded


def test_a_context_length_that_only_the_class_has_is_said_to_be_that(tmp_path: Path) -> None:
    fact = describe(str(folder(tmp_path, config={"model_type": "falcon"}))).context
    assert fact == Fact(2048, Source.CONFIG, "what falcon has where config.json gives none")


def test_describing_reads_no_weights_and_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom leaderbench.models.catalogue import describe\nr = describe('bundled:owl-1m')\n"
        "print(r.parameters.value, [name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split("\n")[0] == "918656 []"
    # The numbers behind the header may be anything, as long as the file is there in full.
    path = weights.write(tmp_path / "model.safetensors", {"a": ("F32", (10,))})
    path.write_bytes(path.read_bytes()[:-40] + os.urandom(40))
    assert value(describe(str(tmp_path)), "parameters") == 10


def test_an_adapter_is_known_with_its_base(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        adapter_config={"base_model_name_or_path": "Qwen/Qwen2.5-0.5B", "peft_type": "LORA"},
        card="base_model: Qwen/Qwen2.5-7B",
    )
    weights.write(made / "adapter_model.safetensors", {"lora_A.weight": ("F32", (4, 8))})
    record = describe(str(made))
    assert value(record, "type") is ModelType.ADAPTER
    assert record.base_models is not None
    assert (record.base_models.value, record.base_models.source) == (("Qwen/Qwen2.5-0.5B",), Source.CONFIG)
    assert [other.value for other in record.base_models.others] == [("Qwen/Qwen2.5-7B",)]
    assert record.parameters == Fact(32, Source.HEADERS, "of the adapter alone")


CASES: list[tuple[str, str, bool, ModelType | None, Source | None]] = [
    ("m", "base_model: [a/b, c/d]", False, ModelType.MERGE, Source.CARD),
    ("m", "base_model: [a/b, c/d]\nbase_model_relation: finetune", False, ModelType.FINE_TUNED, Source.CARD),
    ("m", "tags: [mergekit]\nbase_model: a/b", True, ModelType.MERGE, Source.CARD),
    ("m", "base_model_relation: adapter\nbase_model: a/b", False, ModelType.ADAPTER, Source.CARD),
    ("m", "library_name: peft", False, ModelType.ADAPTER, Source.CARD),
    ("m", "base_model: a/b", False, ModelType.FINE_TUNED, Source.CARD),
    ("m", "base_model: a/b\ntags: [continual-pretraining]", False, ModelType.CONTINUALLY_PRETRAINED, Source.CARD),
    ("m", "tags: [conversational]\nbase_model: a/b", False, ModelType.CHAT, Source.CARD),
    ("m", "base_model: a/b", True, ModelType.CHAT, Source.TOKENIZER),
    ("Qwen3-0.6B-Base", "license: mit", True, ModelType.PRETRAINED, Source.NAME),
    ("m-chat", "license: mit", True, ModelType.CHAT, Source.NAME),
    ("m-instruct-slerp", "license: mit", True, ModelType.MERGE, Source.NAME),
    ("m-GPTQ", "base_model: a/b\nbase_model_relation: quantized", False, None, None),
    ("m", "license: mit", False, ModelType.PRETRAINED, Source.CARD),
]


@pytest.mark.parametrize(("name", "card", "template", "expected", "source"), CASES)
def test_the_type_follows_the_documented_rules(
    name: str, card: str, template: bool, expected: ModelType | None, source: Source | None, tmp_path: Path
) -> None:
    tokenizer = {"chat_template": "{{ messages }}"} if template else {}
    record = describe(str(folder(tmp_path / name, card=card, tokenizer=tokenizer)))
    assert (record.type and record.type.value, record.type and record.type.source) == (expected, source)


def test_without_a_card_a_plain_name_has_no_type(tmp_path: Path) -> None:
    assert describe(str(folder(tmp_path / "m", config={"model_type": "llama"}))).type is None


def test_a_chat_template_in_a_file_of_its_own_counts(tmp_path: Path) -> None:
    made = folder(tmp_path / "m")
    (made / "chat_template.jinja").write_text("{{ messages }}")
    assert value(describe(str(made)), "type") is ModelType.CHAT


def test_a_file_of_mergekit_makes_a_merge(tmp_path: Path) -> None:
    made = folder(tmp_path / "m", card="base_model: a/b")
    (made / "mergekit_config.yml").write_text("merge_method: slerp")
    assert value(describe(str(made)), "type") is ModelType.MERGE


def test_padding_of_the_embedding_is_shown_beside_the_vocabulary(tmp_path: Path) -> None:
    made = folder(tmp_path, config={"vocab_size": 100}, shapes={"model.embed_tokens.weight": ("BF16", (128, 4))})
    fact = describe(str(made)).vocabulary
    assert fact == Fact(100, Source.CONFIG, "vocab_size", (Fact(128, Source.HEADERS, "rows of the embedding"),))


def test_missing_files_leave_the_size_to_the_name_and_are_a_problem(tmp_path: Path) -> None:
    made = folder(tmp_path / "llama-7b")
    weights.write(made / "model-00001-of-00002.safetensors", {"a": ("F16", (2,))})
    places = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (made / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    record = describe(str(made))
    assert record.parameters == Fact(7 * 10**9, Source.NAME, "7b")
    assert record.problems == ("1 of the 2 files of weights are missing: model-00002-of-00002.safetensors.",)


@pytest.mark.parametrize("content", ["{", "[]", "null", "[" * 100_000, '{"a": NaN'])
def test_a_damaged_configuration_is_a_problem_and_no_error(content: str, tmp_path: Path) -> None:
    made = folder(tmp_path / "m", shapes={"a": ("F32", (10,))})
    (made / "config.json").write_text(content)
    record = describe(str(made))
    assert record.problems == ("config.json is damaged.",)
    assert value(record, "parameters") == 10


HOSTILE: list[Any] = [
    None, True, -1, 0, 1.5, float("nan"), 10**400, "", "<b>", "\x1b[31m", [], {}, [[]], [None], {"a": {}}, "x" * 10_000,
]  # fmt: skip
KEYS = [
    "model_type", "architectures", "vocab_size", "max_position_embeddings", "n_positions", "dtype", "torch_dtype",
    "num_experts", "num_experts_per_tok", "num_hidden_layers", "num_nextn_predict_layers", "tie_word_embeddings",
    "quantization_config", "text_config", "config_groups", "quant_method", "bits", "chat_template", "model_max_length",
    "base_model_name_or_path",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(KEYS),
        st.sampled_from(HOSTILE) | st.dictionaries(st.sampled_from(KEYS), st.sampled_from(HOSTILE)),
    )
)
def test_files_with_anything_in_them_give_a_record(tmp_path: Path, content: dict[str, Any]) -> None:
    made = folder(
        tmp_path / "m",
        config=content,
        tokenizer=content,
        adapter_config=content,
        shapes={"embed_tokens.weight": ("I32", (4, 4)), "experts.0.w": ("BF16", (8,))},
    )
    record = describe(str(made))
    for number in (record.parameters, record.active_parameters, record.context, record.vocabulary, record.experts):
        assert number is None or (type(number.value) is int and 0 < number.value < 10**12)
    for text in (record.architecture, record.precision, record.base_models):
        shown = "" if text is None else str(text.value) + text.evidence
        assert shown.isprintable()
        assert len(shown) < 1000


@pytest.mark.parametrize(
    "file", ["config.json", "README.md", "tokenizer_config.json", "model.safetensors", "adapter_config.json"]
)
def test_a_pipe_or_a_folder_in_the_place_of_a_file_is_passed_over(file: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    os.mkfifo(tmp_path / "one" / file)
    (tmp_path / "two" / file).mkdir(parents=True)
    assert describe(str(tmp_path / "one")).parameters is describe(str(tmp_path / "two")).parameters is None


@pytest.mark.parametrize("name", ["baseline:random", "baseline:always-a"])
def test_of_a_baseline_nothing_is_to_be_known(name: str) -> None:
    assert describe(name) == of_run({"name": name}) == ModelRecord(name)


@pytest.mark.parametrize("name", ["Qwen/Qwen3-0.6B", "gpt2"])
def test_a_repository_that_is_not_here_is_guessed_from_its_name_and_says_so(name: str) -> None:
    record = describe(name)
    assert all(fact is None or fact.guessed for fact in (getattr(record, item) for item in FIELDS))
    assert record.problems == ("None of its files are here: all that is said of it is a guess.",)


def test_a_repository_in_the_cache_is_read_there_and_has_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--org--thing-7b"
    folder(
        repository / "snapshots" / commit,
        config={"model_type": "llama"},
        card="license: mit",
        shapes={"a": ("F32", (10,))},
    )
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    record = describe("org/thing-7b")
    assert record.revision == Fact(commit, Source.HUB, "commit of its files")
    assert record.parameters == Fact(10, Source.HEADERS)
    assert record.organisation == Fact("org", Source.NAME, "org")


@pytest.mark.parametrize(
    "name", ["", "./none", "/none", "bundled:none", "a/b/c", "~/none", "a b/c d", "x" * 5000, "\0"]
)
def test_a_model_that_cannot_be_is_said_in_one_sentence(name: str) -> None:
    with pytest.raises(LeaderbenchError) as raised:
        describe(name)
    assert "\n" not in str(raised.value)


def test_a_folder_called_like_a_repository_has_no_organisation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path / "runs" / "llama-7b", config={"model_type": "llama"})
    monkeypatch.chdir(tmp_path)
    assert describe("runs/llama-7b").organisation is None


def test_the_host_corrects_a_card_and_both_are_kept() -> None:
    record = ModelRecord("m", date=Fact("2023", Source.CARD), languages=Fact(("en",), Source.NAME, "en"))
    said: dict[str, Fact[Any]] = {"date": Fact("2024", Source.DECLARED), "languages": Fact(("zh",), Source.DECLARED)}
    merged = merge(record, said)
    assert merged.date == Fact("2024", Source.DECLARED, "", (Fact("2023", Source.CARD),))
    assert merged.languages == Fact(("zh",), Source.DECLARED)  # a guess that is wrong is not worth a word


def test_the_host_cannot_overrule_the_files_and_both_are_kept() -> None:
    record = ModelRecord("m", parameters=Fact(10, Source.HEADERS), context=Fact(512, Source.CONFIG))
    merged = merge(record, {"parameters": Fact(20, Source.DECLARED), "context": Fact(512, Source.DECLARED)})
    assert merged.parameters == Fact(10, Source.HEADERS, "", (Fact(20, Source.DECLARED),))
    assert merged.context == Fact(512, Source.CONFIG)


def test_of_the_type_the_host_has_the_first_word() -> None:
    record = ModelRecord("m", type=Fact(ModelType.CHAT, Source.TOKENIZER, "it has a chat template"))
    merged = merge(record, {"type": Fact(ModelType.PRETRAINED, Source.DECLARED)})
    assert value(merged, "type") is ModelType.PRETRAINED
    assert merged.type is not None
    assert [other.source for other in merged.type.others] == [Source.TOKENIZER]


FACTS = st.builds(Fact, st.integers(0, 3), st.sampled_from(list(Source)))


@given(st.lists(st.none() | FACTS, max_size=6), st.randoms())
def test_the_order_in_which_sources_are_asked_does_not_matter(facts: list[Fact[int] | None], random: Any) -> None:
    one_each = {fact.source: fact for fact in facts if fact is not None}
    shuffled = list(one_each.values())
    random.shuffle(shuffled)
    assert combine(one_each.values()) == combine(shuffled)


@given(st.lists(FACTS, min_size=1, max_size=6))
def test_combining_again_changes_nothing(facts: list[Fact[int]]) -> None:
    once = combine(facts)
    assert once is not None
    assert combine([once]) == once
    assert once.source == min((fact.source for fact in facts), key=list(Source).index)
    assert all(not other.guessed and other.value != once.value and not other.others for other in once.others)


def test_a_model_of_a_run_is_known_by_what_the_run_saw_and_by_its_name() -> None:
    seen = {
        "name": "org/thing-7b-chat",
        "parameters": 6_700_000_000,
        "architecture": "LlamaForCausalLM",
        "max_length": 4096,
    }
    record = of_run(seen | {"revision": "abc"})
    assert record.parameters == Fact(6_700_000_000, Source.RUN, "of the loaded model")
    assert value(record, "context") == 4096
    assert value(record, "architecture") == "LlamaForCausalLM"
    assert value(record, "type") is ModelType.CHAT
    assert record.revision == Fact("abc", Source.RUN)


@given(
    st.dictionaries(
        st.sampled_from(["name", "parameters", "max_length", "revision", "architecture"]), st.sampled_from(HOSTILE)
    )
)
def test_a_manifest_with_anything_in_it_gives_a_record(seen: dict[str, Any]) -> None:
    record = of_run(seen)
    assert replace(record, name="") is not None


def test_a_saved_model_with_its_tokenizer_is_described(tmp_path: Path) -> None:
    made = tiny.save(tmp_path / "tiny-chat", tiny.llama(), tiny.wrap(tiny.byte_level()))
    record = describe(str(made))
    assert (value(record, "vocabulary"), value(record, "context")) == (500, 256)
    assert value(record, "parameters") == sum(parameter.numel() for parameter in tiny.llama().parameters())
