"""What can go wrong on a real machine gives one sentence, its exit code, and loses nothing; with a real tiny model."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from leaderbench.results.store import Store

ROOT = Path(__file__).parents[2]
Cli = Callable[..., Any]
ASK = ("-b", "exam/harness", "--limit", "1", "--no-progress")
ENTRY = "from leaderbench.cli.main import main; main()"


def save_tokenizer(folder: Path, characters: int = 256) -> None:
    """A token a byte, or fewer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())[:characters]
    inner = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=4096).save_pretrained(folder)


def save_network(folder: Path, **changes: int) -> None:
    """One layer of a Llama, random but always the same."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"vocab_size": 256, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1}
    shape |= {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 4096}
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**(shape | changes))).save_pretrained(folder)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound model."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_network(folder)
    save_tokenizer(folder)
    return folder


@pytest.fixture
def model(original: Path, tmp_path: Path) -> Path:
    """A copy of the sound model, to be spoiled."""
    return Path(shutil.copytree(original, tmp_path / "tiny"))


def assert_one_sentence(ending: Any, code: Exit, *words: str) -> None:
    assert ending.code == code
    assert ending.out == ""
    assert ending.err.count("\n") == 1, ending.err
    assert "Traceback" not in ending.err
    for word in words:
        assert word in ending.err


def test_a_real_model_runs_and_resumes(cli: Cli, model: Path) -> None:
    first = cli("run", str(model), *ASK, "--json")
    assert first.code == 0, first.err
    assert cli("run", str(model), *ASK, "--json").out == first.out


def test_requests_show_the_tokens_of_a_real_model(cli: Cli, model: Path) -> None:
    words = ("--subset", "opposites", "--limit", "1", "--model", str(model))
    row = json.loads(cli("requests", "exam/harness", *words).out)
    assert len(row["context_token_ids"]) == row["context_tokens"] == len(row["context"].encode())


def test_a_folder_without_a_tokenizer(cli: Cli, model: Path) -> None:
    for file in model.glob("tokenizer*"):
        file.unlink()
    assert_one_sentence(cli("run", str(model), *ASK), Exit.INPUT, "tokenizer")


def test_a_tokenizer_of_another_model(cli: Cli, model: Path) -> None:
    save_network(model, vocab_size=100)
    assert_one_sentence(cli("run", str(model), *ASK), Exit.INPUT, "256", "100")


def test_weights_only_as_pickles(cli: Cli, model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    assert_one_sentence(cli("run", str(model), *ASK), Exit.INPUT, "pickle", "safetensors")


def test_damaged_weights(cli: Cli, model: Path) -> None:
    data = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(data[: len(data) // 2])
    assert_one_sentence(cli("run", str(model), *ASK), Exit.INPUT, "weights")


def test_a_folder_that_is_no_model(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_one_sentence(cli("run", str(tmp_path / "empty"), *ASK), Exit.INPUT, "config.json")


def test_a_folder_that_is_not_there(cli: Cli) -> None:
    assert_one_sentence(cli("run", "./nowhere", *ASK), Exit.INPUT, "nowhere")


def test_an_absent_hub_repository_offline(cli: Cli) -> None:
    assert_one_sentence(cli("run", "nobody/no-such-model", *ASK), Exit.INPUT, "nobody/no-such-model")


def test_an_unknown_dtype(cli: Cli, model: Path) -> None:
    assert_one_sentence(cli("run", str(model), *ASK, "--dtype", "float12"), Exit.INPUT, "float12", "float32")


def test_an_unknown_device(cli: Cli, model: Path) -> None:
    assert_one_sentence(cli("run", str(model), *ASK, "--device", "abacus"), Exit.INPUT, "abacus")


def test_logits_that_are_not_numbers_are_errors_not_wrong_answers(cli: Cli, model: Path) -> None:
    from safetensors.torch import load_file, save_file

    colon = json.loads((model / "tokenizer.json").read_text())["model"]["vocab"][":"]
    weights = load_file(model / "model.safetensors")
    weights["model.embed_tokens.weight"][colon].fill_(float("nan"))
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    ending = cli("run", str(model), *ASK, "--json")
    assert ending.code == Exit.QUESTIONS, ending.err
    score = json.loads(ending.out)["runs"][0]["scores"][0]
    assert (score["n"], score["errors"], score["estimate"]) == (0, 6, None)


def test_a_context_shorter_than_one_question_is_flagged(cli: Cli, model: Path) -> None:
    save_network(model, max_position_embeddings=40)
    ending = cli("run", str(model), *ASK, "--quiet")
    assert ending.code == 0, ending.err
    rows = [json.loads(line) for line in cli("export", ending.out.strip()).out.splitlines()]
    assert all(row["flags"] == ["truncated"] and row["truncated_tokens"] > 0 for row in rows)


def local_dataset(folder: Path, columns: dict[str, list[Any]]) -> None:
    """A local copy of MMLU with one subject."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    home = folder / "cais" / "mmlu"
    (home / "anatomy").mkdir(parents=True)
    splits = "\n".join(f"  - split: {name}\n    path: anatomy/{name}.parquet" for name in ("test", "validation", "dev"))
    (home / "README.md").write_text(f"---\nconfigs:\n- config_name: anatomy\n  data_files:\n{splits}\n---\n")
    for name in ("test", "validation", "dev"):
        pq.write_table(pa.table(columns), home / "anatomy" / f"{name}.parquet")


def test_a_dataset_without_a_column(cli: Cli, model: Path, tmp_path: Path) -> None:
    local_dataset(tmp_path / "sets", {"question": ["Which?"] * 5, "answer": [0] * 5})
    words = ("-b", "mmlu/harness", "--subset", "anatomy", "--datasets", str(tmp_path / "sets"), "--no-progress")
    assert_one_sentence(cli("run", str(model), *words), Exit.INPUT, "choices", "mmlu")


def test_a_dataset_that_is_not_here_offline(cli: Cli, model: Path, tmp_path: Path) -> None:
    words = ("-b", "hellaswag/harness", "--datasets", str(tmp_path), "--no-progress")
    assert_one_sentence(cli("run", str(model), *words), Exit.INPUT, "Rowan/hellaswag")


def test_a_dataset_folder_that_is_not_there(cli: Cli, model: Path) -> None:
    ending = cli("run", str(model), "-b", "mmlu/helm", "--datasets", "nowhere", "--no-progress")
    assert_one_sentence(ending, Exit.INPUT, "nowhere")


def test_a_second_writer_is_told_who_writes(cli: Cli, model: Path) -> None:
    run = cli("run", str(model), *ASK, "--quiet").out.strip()
    manifest = Store("leaderbench-store").run(run).manifest
    more = ("-b", "exam/harness", "--limit", "2", "--no-progress")
    with Store("leaderbench-store").log(str(manifest.model["name"]), str(manifest.model["identity"])):
        assert_one_sentence(cli("run", str(model), *more), Exit.MACHINE, str(os.getpid()))
    assert cli("run", str(model), *more, "--quiet").code == 0


def test_a_store_below_a_file(cli: Cli, model: Path) -> None:
    Path("file").write_text("")
    assert_one_sentence(cli("run", str(model), *ASK, "--store", "file/store"), Exit.INPUT, "file")


def test_a_damaged_end_of_the_log_loses_nothing_before_it(cli: Cli, model: Path) -> None:
    first = cli("run", str(model), *ASK, "--json")
    (log,) = Path("leaderbench-store/responses").glob("*/*.jsonl")
    log.write_bytes(log.read_bytes()[:-7])
    shutil.rmtree("leaderbench-store/runs")
    again = cli("run", str(model), *ASK, "--json")
    assert (again.code, again.out) == (0, first.out)


def test_damaged_samples_are_named_and_the_same_command_mends_them(cli: Cli, model: Path) -> None:
    run = cli("run", str(model), *ASK, "--quiet").out.strip()
    before = cli("export", run).out
    file = Path("leaderbench-store/runs") / run / "samples.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 255
    file.write_bytes(data)
    assert_one_sentence(cli("export", run), Exit.INPUT, run, "samples.parquet")
    assert cli("run", str(model), *ASK, "--quiet").code == 0
    assert cli("export", run).out == before


def test_a_full_disk_is_said_and_what_was_stored_stays(cli: Cli, model: Path) -> None:
    run = cli("run", str(model), *ASK, "--quiet").out.strip()
    before = cli("export", run).out
    words = ["run", str(model), "-b", "exam/harness", "--no-progress"]

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    code = f"import sys; sys.argv[1:] = {words!r}; {ENTRY}"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, preexec_fn=little_room
    )
    assert done.returncode == Exit.MACHINE, done.stderr
    assert "space" in done.stderr
    assert "Traceback" not in done.stderr
    assert cli("export", run).out == before
    assert cli(*words, "--quiet").code == 0
