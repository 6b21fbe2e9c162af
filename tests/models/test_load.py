"""From a name to a model: what is read, how a model is told from another, and what is refused in which words."""

import errno
import json
import logging
import os
import shutil
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from transformers import AutoConfig, AutoModelForCausalLM

from leaderbench.errors import LeaderbenchError
from leaderbench.models.catalogue import describe
from leaderbench.models.load import choose_dtype, context_limits, load_local, load_model
from leaderbench.models.local import LocalModel
from leaderbench.models.sources import find
from leaderbench.requests import LogLikelihood, Prompt
from tests.models import tiny
from tests.models.architectures import make
from tests.models.spoiled import Spoil, remove, reweigh, settings, write


@pytest.fixture
def folder(llama_folder: Path, tmp_path: Path) -> Path:
    """A sound model, to be spoiled."""
    return Path(shutil.copytree(llama_folder, tmp_path / "model"))


def halve(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def lose_a_shard(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    places = {
        "lm_head.weight": "model-00001-of-00002.safetensors",
        "model.norm.weight": "model-00002-of-00002.safetensors",
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def pickles(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def adapter(folder: Path) -> None:
    (folder / "config.json").rename(folder / "adapter_config.json")


def checkpoints(folder: Path) -> None:
    for step in (50, 200, 1000):
        (folder / f"checkpoint-{step}").mkdir()
        shutil.copy(folder / "config.json", folder / f"checkpoint-{step}")
    (folder / "config.json").unlink()


REFUSED: dict[str, tuple[Spoil, str]] = {
    "the folder of a training": (checkpoints, 'no config.json, .*; did you mean its folder "checkpoint-1000"'),
    "no configuration": (remove("config.json"), "has no config.json"),
    "a damaged configuration": (
        write("config.json", b"{"),
        "configuration of .* cannot be loaded: .* not a valid JSON",
    ),
    "a configuration of no kind": (write("config.json", b"{}"), "configuration of .* cannot be loaded: .*model_type"),
    "an unknown architecture": (settings(model_type="abacus"), "configuration of .* cannot be loaded: .*`abacus`"),
    "impossible heads": (settings(num_attention_heads=5), "configuration of .* cannot be loaded: .*5"),
    "code of its own": (
        settings(model_type="abacus", auto_map={"AutoConfig": "code.C", "AutoModelForCausalLM": "code.M"}),
        "wants to run its own code, which leaderbench never does",
    ),
    "an architecture that writes no text": (
        settings(model_type="t5"),
        "is an encoder-decoder .*only decoders can be asked",
    ),
    "an adapter alone": (adapter, "is an adapter without its model"),
    "no weights": (remove("*.safetensors"), "holds no weights"),
    "pickles": (pickles, "only as pickles, .*convert them to safetensors"),
    "damaged weights": (halve, "weights of .* cannot be loaded"),
    "empty weights": (write("model.safetensors", b""), "weights of .* cannot be loaded"),
    "a pointer to weights": (
        write("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n"),
        "only points to the weights; fetch them with `git lfs pull`",
    ),
    "a lost shard": (lose_a_shard, "weights of .* cannot be loaded: .*model-00002-of-00002.safetensors"),
    "weights of another size": (
        settings(hidden_size=64),
        r"do not belong to its config.json: lm_head.weight is \[500, 32\] in the file and \[500, 64\] by the config",
    ),
    "weights of another vocabulary": (settings(vocab_size=600), r"do not belong to its config.json: .*\[600, 32\]"),
    "one weight missing": (
        reweigh(lambda weights: weights.pop("model.norm.weight")),
        "weights of .* are incomplete: model.norm.weight is missing",
    ),
    "a layer missing": (settings(num_hidden_layers=3), "are incomplete: model.layers.2.* and 8 more are missing"),
    "no tokenizer": (remove("tokenizer*"), "has no tokenizer"),
    "a damaged tokenizer": (write("tokenizer.json", b'{"model": '), "tokenizer of .* cannot be loaded"),
    "a tokenizer of another model": (
        reweigh(
            lambda weights: weights.update(
                {key: weights[key][:300].clone() for key in ("lm_head.weight", "model.embed_tokens.weight")}
            )
        ),
        "has 420 tokens and the model only 300: they do not belong together",
    ),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_a_folder_that_does_not_make_a_model_is_refused_in_one_sentence(
    folder: Path, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil, words = REFUSED[what]
    spoil(folder)
    if what == "a tokenizer of another model":
        settings(vocab_size=300)(folder)
    with pytest.raises(LeaderbenchError, match=words) as raised:
        load_model(str(folder))
    assert "\n" not in str(raised.value)
    assert str(folder) in str(raised.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["", "./nowhere", "/nowhere/at/all", "a/b/c", "~nobody/model", "x" * 300])
def test_a_name_that_is_no_folder_and_no_repository_is_refused(name: str) -> None:
    with pytest.raises(LeaderbenchError, match="There is no model folder at"):
        load_model(name)


def test_a_file_in_place_of_a_folder_is_refused(folder: Path) -> None:
    with pytest.raises(LeaderbenchError, match=r"config.json is a file, and a model is a folder"):
        load_model(str(folder / "config.json"))


@pytest.mark.parametrize("name", ["two words", "dots..dots", "-dash"])
def test_a_name_that_no_repository_can_have_is_refused(name: str) -> None:
    with pytest.raises(LeaderbenchError, match="neither a folder nor the id of a Hub repository"):
        load_model(name)


def test_an_unknown_bundled_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(LeaderbenchError, match="There is no bundled model 'eagle'; there are:"):
        load_model("bundled:eagle")


def refusal(kind: type[HfHubHTTPError]) -> HfHubHTTPError:
    """An error as the Hub's library raises it."""
    return kind("no", response=SimpleNamespace(headers={}, request=None))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refusal(GatedRepoError), "owner/name at revision v9 is gated: accept its terms on its page, then log in"),
        (
            refusal(RepositoryNotFoundError),
            "no public Hub repository called owner/name; check the spelling",
        ),
        (refusal(RevisionNotFoundError), "owner/name has no revision v9"),
        (refusal(HfHubHTTPError), "The Hub cannot be reached and owner/name at revision v9"),
        (
            ConnectionError("network"),
            "The Hub cannot be reached and owner/name at revision v9 is not in the local cache",
        ),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            "cannot be kept in the Hugging Face cache .*free some space",
        ),
    ],
)
def test_what_the_hub_refuses_is_said_in_one_sentence(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **named: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(LeaderbenchError, match=words) as raised:
        load_model("owner/name", revision="v9")
    assert "\n" not in str(raised.value)


def test_offline_a_repository_that_was_never_fetched_is_said_to_be_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(LeaderbenchError, match="The Hub cannot be reached and owner/name is not in the local cache"):
        load_model("owner/name")


def test_from_the_hub_only_safe_files_are_fetched_and_the_commit_is_recorded(
    llama_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def download(name: str, **named: Any) -> str:
        asked.update(named, name=name)
        return str(shutil.copytree(llama_folder, tmp_path / ("c" * 40)))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    facts = load_model("owner/name", revision="main").describe()
    assert (asked["name"], asked["revision"]) == ("owner/name", "main")
    assert not any(pattern.endswith((".py", ".bin", ".pt", "*")) for pattern in asked["allow_patterns"])
    assert (facts["name"], facts["revision"]) == ("owner/name", "c" * 40)


def test_the_model_card_comes_with_the_files_so_that_what_it_says_is_known(
    llama_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(name: str, *, allow_patterns: list[str], **named: Any) -> str:
        folder = shutil.copytree(llama_folder, tmp_path / name)
        if any(fnmatch("README.md", pattern) for pattern in allow_patterns):
            (folder / "README.md").write_text("---\nlicense: apache-2.0\nbase_model: org/base\n---\n")
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    record = describe(str(find("owner/name", None)[0]))
    assert record.licence
    assert record.base_models
    assert (record.licence.value, record.base_models.value) == ("Apache-2.0", ("org/base",))


def identity(folder: Path, **named: Any) -> str:
    return load_model(str(folder), **named).identity


def test_the_identity_is_that_of_the_files_wherever_they_lie(folder: Path, llama_folder: Path) -> None:
    (folder / "README.md").write_text("Read me.")
    assert identity(folder) == identity(llama_folder)


@pytest.mark.parametrize(
    "change",
    [
        reweigh(lambda weights: weights["model.norm.weight"][3].add_(1e-3)),
        settings(rms_norm_eps=1e-4),
        lambda folder: tiny.wrap(tiny.byte_level("qwen", bos=True)).save_pretrained(folder),
        lambda folder: tiny.wrap(tiny.byte_level("llama3", bos=True), length=99).save_pretrained(folder),
    ],
    ids=["weights", "configuration", "tokenizer", "length of the tokenizer"],
)
def test_the_identity_changes_with_every_file_that_can_change_an_answer(folder: Path, change: Spoil) -> None:
    before = identity(folder)
    change(folder)
    assert identity(folder) != before


def test_the_identity_changes_with_dtype_and_length_and_not_with_the_size_of_packs(folder: Path) -> None:
    model = load_local(str(folder))
    before = model.identity
    model.path.budget.tokens //= 2
    assert model.identity == before
    assert len({before, identity(folder, dtype="bfloat16"), identity(folder, max_length=100)}) == 3
    assert identity(folder, dtype="float32", device="cpu", max_length=256) == before


def test_the_identity_changes_with_the_library_that_computes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity(folder)
    monkeypatch.setattr("importlib.metadata.version", lambda package: "0.0.1")
    assert identity(folder) != before


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_dtype_asked_for_is_computed_in_and_recorded(folder: Path, dtype: str) -> None:
    model = load_local(str(folder), dtype=dtype)
    assert model.network.dtype == getattr(torch, dtype)
    assert model.describe()["dtype"] == dtype
    ((_, answer),) = model.answer([LogLikelihood(Prompt("", (), "What?"), (" A",))])
    assert hasattr(answer, "continuations")


def test_by_itself_a_processor_computes_in_float32(folder: Path) -> None:
    settings(dtype="bfloat16")(folder)
    assert load_model(str(folder)).describe()["dtype"] == "float32"


@pytest.mark.parametrize(
    ("asked", "checkpoint", "device", "chosen"),
    [
        ("auto", torch.bfloat16, "cpu", torch.float32),
        ("auto", torch.bfloat16, "cuda", torch.bfloat16),
        ("auto", torch.float16, "cuda", torch.float16),
        ("auto", torch.float32, "cuda", torch.float32),
        ("auto", None, "cuda", torch.float32),
        ("float16", torch.bfloat16, "cpu", torch.float16),
    ],
)
def test_the_dtype_follows_checkpoint_and_hardware(
    asked: str, checkpoint: torch.dtype | None, device: str, chosen: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *given: True)
    assert choose_dtype(asked, checkpoint, torch.device(device)) == chosen


@pytest.mark.parametrize("device", ["abacus", "cuda:77", "meta"])
def test_a_device_that_is_not_here_is_refused(folder: Path, device: str) -> None:
    with pytest.raises(LeaderbenchError, match=f"There is no device '{device}' here"):
        load_model(str(folder), device=device)


def test_an_unknown_dtype_is_answered_with_those_there_are(folder: Path) -> None:
    with pytest.raises(LeaderbenchError, match="There is no dtype 'int4'; choose one of auto, float32"):
        load_model(str(folder), dtype="int4")


@pytest.mark.parametrize("length", [0, -5])
def test_a_context_of_nothing_is_refused(folder: Path, length: int) -> None:
    with pytest.raises(LeaderbenchError, match="this model has 256"):
        load_model(str(folder), max_length=length)


def test_a_context_may_be_longer_where_positions_go_on_and_not_where_their_table_ends(
    folder: Path, gpt2_folder: Path
) -> None:
    assert load_model(str(folder), max_length=300).describe()["max_length"] == 300
    with pytest.raises(LeaderbenchError, match="A context of 300 tokens is not possible; this model has 256"):
        load_model(str(gpt2_folder), max_length=300)


@pytest.mark.parametrize("name", ["gpt2", "opt", "gptj", "codegen", "gpt-neo-local", "mpt-alibi"])
def test_architectures_with_a_table_of_positions_are_never_asked_beyond_it(name: str, tmp_path: Path) -> None:
    from leaderbench.requests import Encoding, Truncation

    tokenizer = tiny.wrap(tiny.characters(), length=10**30)
    network = make(name)
    network.resize_token_embeddings(300)
    model = load_model(str(tiny.save(tmp_path / "m", network, tokenizer)))
    last, drop = Encoding.LAST_TOKEN, Truncation.DROP_SHOTS_2048
    requests = [LogLikelihood(Prompt("", (), "a" * length), (" A",), last, truncation=drop) for length in (256, 257)]
    problems = [encoded.problem for encoded in model.encode(requests)]
    assert problems == [None, "a question of 257 tokens does not fit the model's context of 256"]
    assert len(list(model.answer(requests))) == 2


@pytest.mark.parametrize(
    ("kind", "settings", "length"),
    [
        ("roberta", {"max_position_embeddings": 66, "is_decoder": True, "pad_token_id": 1}, 64),
        ("bert", {"max_position_embeddings": 64, "is_decoder": True}, 64),
        ("openai-gpt", {"n_positions": 64}, 64),
        ("ctrl", {"n_positions": 64, "dff": 48}, 64),
    ],
)
def test_the_last_position_that_there_is_can_be_computed(kind: str, settings: dict[str, Any], length: int) -> None:
    sizes = {"num_hidden_layers": 1, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 48}
    config = AutoConfig.for_model(kind, vocab_size=300, **sizes, **settings)
    network = AutoModelForCausalLM.from_config(config).eval()
    limits = context_limits(network, tiny.wrap(tiny.characters(), length=10**30), None)
    assert (limits.context, limits.hard) == (length, length)
    assert network(torch.full((1, length), 7)).logits.shape == (1, length, 300)


@pytest.mark.parametrize(
    ("shape", "length", "context"), [("llama", 200, 256), ("mamba", 200, 200), ("mamba", 10**30, 2048)]
)
def test_the_context_is_the_configuration_s_else_the_tokenizer_s_else_2048(
    shape: str, length: int, context: int
) -> None:
    limits = context_limits(make(shape), tiny.wrap(tiny.characters(), length=length), None)
    assert (limits.context, limits.hard) == (context, None)


def test_weights_that_the_configuration_leaves_unused_are_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    reweigh(lambda weights: weights.update({f"vision.{name}": torch.ones(3) for name in "abc"}))(folder)
    with caplog.at_level(logging.WARNING):
        load_model(str(folder))
    (said,) = [record.getMessage() for record in caplog.records if record.name.startswith("leaderbench")]
    assert "vision.a and 2 more are not loaded" in said


def test_the_manifest_records_what_was_loaded(llama_folder: Path) -> None:
    model = load_model(str(llama_folder))
    assert isinstance(model, LocalModel)
    facts = model.describe()
    assert facts["name"] == str(llama_folder)
    assert facts["architecture"] == "LlamaForCausalLM"
    assert facts["parameters"] == sum(parameter.numel() for parameter in model.network.parameters())
    assert (facts["device"], facts["path"], facts["bos"], facts["max_length"]) == ("cpu", "tree", "<s>", 256)
    assert json.loads(json.dumps(facts)) == facts


def test_a_checkpoint_is_known_by_its_training_step(llama_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(llama_folder, tmp_path / "checkpoint"))
    (folder / "trainer_state.json").write_text('{"global_step": 500}')
    assert load_model(str(folder)).describe()["step"] == 500
    (folder / "trainer_state.json").write_text('{"global_step": "many"}')
    assert "step" not in load_model(str(folder)).describe()
