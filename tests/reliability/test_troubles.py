"""What goes wrong on real machines gives one clear sentence and an exit code, and loses nothing that was stored."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leaderbench.cli.exits import Exit
from tests.models import tiny
from tests.reliability.conftest import ROOT, Commands, Ending, answers, runs
from tests.reliability.test_kill import SLOW_FAKE

ASK = ("-b", "exam/harness", "--limit", "1", "--no-progress", "--store", "store")
MORE = ("-b", "exam/harness", "--limit", "3", "--no-progress", "--store", "store")


@pytest.fixture(autouse=True)
def _nothing_is_lost(request: pytest.FixtureRequest, store: Path) -> Any:
    """Whatever a test does to it, the run and the answers that were in the store before can be read afterwards."""
    kept, samples = answers(store), runs(store)
    assert kept
    yield
    if "spoilt" not in request.fixturenames:
        after = answers(store)
        assert {key: after.get(key) for key in kept} == kept
        assert {name: runs(store).get(name) for name in samples} == samples


@pytest.fixture
def spoilt(store: Path) -> Path:
    """The store, to be spoiled by hand."""
    return store


def assert_said(ending: Ending, code: Exit, *words: str) -> None:
    """One sentence on stderr, nothing on stdout, and the exit code that stands for whose trouble it is."""
    assert ending.err.count("\n") == 1, ending.err
    assert ending.err.endswith((".\n", "?\n")), ending.err
    assert "Traceback" not in ending.err
    for word in words:
        assert word in ending.err
    assert (ending.code, ending.out) == (code, ""), ending.err


# The store and the disk.


LITTLE_ROOM = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


def test_a_full_disk(command: Commands, model: Path, store: Path) -> None:
    (log,) = store.glob("responses/*/*.jsonl")
    before = LITTLE_ROOM.format(size=log.stat().st_size + 2000)
    assert_said(command("run", "tiny", *MORE, before=before), Exit.MACHINE, "no space left", str(log.parent.name))
    resumed = command("run", "tiny", *MORE, "--quiet")
    assert resumed.code == 0, resumed.err


def test_a_disk_that_fills_up_while_the_run_is_saved(command: Commands, model: Path, store: Path) -> None:
    # All answers fit; the samples of 360 questions with their prompts don't.
    words = ("run", "m", "-b", "exam/harness", "--no-progress", "--store", "store")
    before = SLOW_FAKE.format(seconds=0, between=1.0)
    full = f"""
import os
whole = os.pwrite
def pwrite(descriptor, data, offset):
    if "samples.parquet" in os.readlink(f"/proc/self/fd/{{descriptor}}"):
        raise OSError({errno.ENOSPC}, "No space left on device")
    return whole(descriptor, data, offset)
os.pwrite = pwrite
"""
    assert_said(command(*words, before=before + full), Exit.MACHINE, "no space left")
    assert len(answers(store)) == 360 + 6
    mute = before + "\nFakeModel.answer = None"
    assert command(*words, before=mute).code == 0


IN_A_SMALL_FILE_SYSTEM = """
import ctypes, os, shutil
libc = ctypes.CDLL(None, use_errno=True)
possible = libc.unshare(0x00020000) == 0 or libc.unshare(0x10000000 | 0x00020000) == 0
possible = possible and libc.mount(None, b"/", None, 0x4000 | 0x40000, None) == 0
os.mkdir("small")
possible = possible and libc.mount(b"none", b"small", b"tmpfs", 0, b"size=120k") == 0
if not possible:
    os._exit(77)
shutil.copytree("store", "small/store")
"""


def test_a_file_system_without_space(command: Commands, model: Path, store: Path) -> None:
    words = ("run", "tiny", "-b", "exam/harness", "--no-progress", "--store", "small/store")
    ending = command(*words, before=IN_A_SMALL_FILE_SYSTEM, after="shutil.copytree('small/store', 'after')")
    if ending.code == 77:
        pytest.skip("this machine lets nobody mount a small file system")
    assert_said(ending, Exit.MACHINE, "no space left", "small/store")
    after = answers(command.folder / "after")
    assert answers(store).items() <= after.items()
    assert runs(store).items() <= runs(command.folder / "after").items()
    ending = command("run", "tiny", "-b", "exam/harness", "--no-progress", "--store", "after", "--quiet")
    assert ending.code == 0, ending.err


WITHOUT_PRIVILEGES = """
import ctypes
header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
ctypes.CDLL(None).capset(header, nothing)
"""


@pytest.mark.parametrize("part", [".", "responses", "runs"])
def test_a_store_that_may_not_be_written(command: Commands, model: Path, store: Path, part: str) -> None:
    closed = [path for path in (store / part, *(store / part).rglob("*")) if path.is_dir()]
    files = [path for folder in closed for path in folder.iterdir() if path.is_file()]
    for path in (*closed, *files):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        ending = command("run", "tiny", *MORE, before=WITHOUT_PRIVILEGES)
    finally:
        for path in (*closed, *files):
            path.chmod(path.stat().st_mode | 0o200)
    assert_said(ending, Exit.MACHINE, "denied", "--store")


def test_a_store_that_may_not_be_made(command: Commands, model: Path) -> None:
    (command.folder / "closed").mkdir(mode=0o555)
    words = (*ASK[:-1], "closed/store")
    assert_said(command("run", "tiny", *words, before=WITHOUT_PRIVILEGES), Exit.MACHINE, "denied", "closed/store")


def test_a_store_that_is_a_file(command: Commands, model: Path) -> None:
    (command.folder / "file").write_text("")
    for place in ("file", "file/store"):
        assert_said(command("run", "tiny", *ASK[:-1], place), Exit.INPUT, "file")


def test_two_writers_on_one_store(command: Commands, store: Path) -> None:
    before = SLOW_FAKE.format(seconds=0.05, between=0.0)
    words = ("run", "m", "-b", "exam/harness", "--limit", "20", "--no-progress", "--store", "store")
    kept = len(answers(store))
    first, until = command.start(*words, before=before), time.monotonic() + 60
    while sum(path.stat().st_size > 0 for path in store.glob("responses/*/*.jsonl")) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert_said(command(*words, before=before), Exit.MACHINE, "is being written by process", str(first.process))
    ending = command.wait(first)
    assert ending.code == 0, ending.err
    assert len(answers(store)) == kept + 120


def test_two_writers_of_different_models_share_a_store(command: Commands, store: Path) -> None:
    before = SLOW_FAKE.format(seconds=0.01, between=0.0)
    words = ("-b", "exam/harness", "-b", "exam/helm", "--limit", "5", "--no-progress", "--quiet", "--store", "store")
    both = [command.start("run", name, *words, before=before) for name in ("one", "other")]
    endings = [command.wait(started) for started in both]
    assert [ending.code for ending in endings] == [0, 0], endings
    saved = {name for ending in endings for name in ending.out.split()}
    assert len(saved) == 4
    assert saved < runs(store).keys()


def test_a_lock_left_by_a_killed_writer_does_not_hold(command: Commands, store: Path) -> None:
    before = SLOW_FAKE.format(seconds=0.05, between=0.0)
    words = ("run", "m", "-b", "exam/harness", "--limit", "2", "--no-progress", "--store", "store")
    first, until = command.start(*words, before=before), time.monotonic() + 60
    while sum(path.stat().st_size > 0 for path in store.glob("responses/*/*.jsonl")) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    os.kill(first.process, signal.SIGKILL)
    command.wait(first)
    assert command(*words, before=before).code == 0


# Damage. What a killed writer leaves behind is no error: the run goes on with a notice, as it promises.


@pytest.mark.parametrize("cut", [1, 7, 300])
def test_a_torn_end_of_the_log_is_noticed_and_the_run_goes_on(
    command: Commands, model: Path, spoilt: Path, cut: int
) -> None:
    kept = answers(spoilt)
    shutil.copytree(spoilt, command.folder / "whole")
    (log,) = spoilt.glob("responses/*/*.jsonl")
    log.write_bytes(log.read_bytes()[:-cut])
    ending = command("run", "tiny", *MORE)
    assert ending.code == 0, ending.err
    assert ending.err.count("\n") == (1 if cut > 1 else 0)
    assert ("An earlier run was stopped while it wrote" in ending.err) == (cut > 1)
    assert command("run", "tiny", *MORE[:-1], "whole").code == 0
    assert answers(spoilt).keys() == answers(command.folder / "whole").keys() > kept.keys()
    assert [sample.prediction for sample in samples_of(spoilt)] == [
        sample.prediction for sample in samples_of(command.folder / "whole")
    ]


def samples_of(store: Path) -> list[Any]:
    return [sample for _, samples in sorted(runs(store).items()) for sample in samples]


def test_damage_in_the_middle_of_the_log_is_noticed_set_aside_and_asked_again(
    command: Commands, model: Path, spoilt: Path
) -> None:
    kept = answers(spoilt)
    (log,) = spoilt.glob("responses/*/*.jsonl")
    lines = log.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:100] + b"\0" * 20 + lines[2][120:]
    log.write_bytes(b"".join(lines))
    ending = command("run", "tiny", *MORE)
    assert ending.code == 0, ending.err
    assert "damaged bytes" in ending.err
    assert "asked again" in ending.err
    assert ending.err.count("\n") == 1
    assert answers(spoilt).keys() > kept.keys()
    (aside,) = spoilt.glob("responses/*/damaged/*.bin")
    assert aside.read_bytes() == lines[2].rstrip()


@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_parquet_file(command: Commands, model: Path, spoilt: Path, damage: str) -> None:
    ((name, samples),) = runs(spoilt).items()
    kept, path = answers(spoilt), spoilt / "runs" / name / "samples.parquet"
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data[:500] + b"?" + data[501:])
    words = f"samples.parquet is damaged: delete the folder store/runs/{name} and run the same command again"
    assert_said(command("export", name, "--store", "store"), Exit.INPUT, words)
    assert_said(command("sample", name, samples[0].example_id, "--store", "store"), Exit.INPUT, words)
    shown = command("show", "--store", "store")
    assert (shown.code, "tiny" in shown.out) == (0, True), shown.err
    assert command("run", "tiny", *ASK).code == 0
    assert runs(spoilt) == {name: samples}
    assert answers(spoilt) == kept


@pytest.mark.parametrize("file", ["manifest.json", "scores.json"])
def test_a_damaged_manifest_or_scores(command: Commands, model: Path, spoilt: Path, file: str) -> None:
    ((name, samples),) = runs(spoilt).items()
    path = spoilt / "runs" / name / file
    path.write_text(path.read_text()[:-40])
    assert_said(command("export", name, "--store", "store"), Exit.INPUT, file, "is damaged")
    ending = command("show", "--store", "store")
    assert "Traceback" not in ending.err
    assert "damaged" in ending.err + ending.out
    assert command("run", "tiny", *ASK).code == 0
    assert runs(spoilt) == {name: samples}


# The model.


def reweigh(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(model / "model.safetensors")
    change(weights)
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})


def test_a_network_whose_numbers_are_all_nan(command: Commands, model: Path, store: Path) -> None:
    reweigh(model, lambda weights: weights["model.norm.weight"].fill_(float("nan")))
    kept = answers(store)
    assert_said(command("run", "tiny", *ASK), Exit.INPUT, "Every number that tiny computes is NaN", "float32")
    assert answers(store) == kept


def test_logits_of_some_tokens_that_are_not_numbers(command: Commands, model: Path, store: Path) -> None:
    colon = json.loads((model / "tokenizer.json").read_text())["model"]["vocab"][":"]
    reweigh(model, lambda weights: weights["model.embed_tokens.weight"][colon].fill_(float("nan")))
    kept = answers(store)
    ending = command("run", "tiny", *ASK, "--quiet")
    assert ending.code == Exit.QUESTIONS
    assert ending.err.count("\n") == 1
    assert "6 of 6 questions of exam/harness could not be answered" in ending.err
    assert "logits are not numbers" in ending.err
    assert answers(store) == kept
    assert {sample.error for sample in runs(store)[ending.out.strip()]} == {
        "the model's logits are not numbers (NaN or infinite)"
    }


def test_a_folder_without_a_tokenizer(command: Commands, model: Path) -> None:
    for path in model.glob("tokenizer*"):
        path.unlink()
    assert_said(command("run", "tiny", *ASK), Exit.INPUT, "tiny has no tokenizer", "save the tokenizer")


def test_a_tokenizer_of_a_foreign_vocabulary(command: Commands, model: Path) -> None:
    tiny.save(model, tiny.llama(300, positions=2048), None)
    assert_said(command("run", "tiny", *ASK), Exit.INPUT, "has 420 tokens and the model only 300")


def test_weights_that_do_not_belong_to_their_configuration(command: Commands, model: Path) -> None:
    settings = json.loads((model / "config.json").read_text()) | {"vocab_size": 600}
    (model / "config.json").write_text(json.dumps(settings))
    assert_said(command("run", "tiny", *ASK), Exit.INPUT, "do not belong to its config.json", "[600, 32]")


def test_weights_only_as_pickles(command: Commands, model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    assert_said(command("run", "tiny", *ASK), Exit.INPUT, "only as pickles", "safetensors")


def test_damaged_weights(command: Commands, model: Path) -> None:
    data = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(data[: len(data) // 2])
    assert_said(command("run", "tiny", *ASK), Exit.INPUT, "weights of tiny cannot be loaded")


def test_a_model_that_wants_to_run_its_own_code(command: Commands, model: Path) -> None:
    settings = json.loads((model / "config.json").read_text())
    settings |= {"model_type": "own", "auto_map": {"AutoConfig": "code.C", "AutoModelForCausalLM": "code.M"}}
    (model / "config.json").write_text(json.dumps(settings))
    (model / "code.py").write_text("open('ran', 'w')")
    assert_said(command("run", "tiny", *ASK), Exit.INPUT, "never does")
    assert not list(command.folder.rglob("ran"))


@pytest.mark.parametrize("name", ["mmlu/original", "mmlu/helm"])
def test_a_table_of_positions_shorter_than_one_question(command: Commands, model: Path, name: str) -> None:
    """Learned positions end: where a recipe does not cut the question, it cannot be asked, and that is said."""
    tiny.save(model, tiny.gpt2(420, positions=24), tiny.wrap(tiny.byte_level("llama3", bos=True), length=2048))

    ending = command("run", "tiny", "-b", name.replace("mmlu", "exam"), *ASK[2:], "--quiet")
    assert ending.code == Exit.QUESTIONS
    assert ending.err.count("\n") == 1
    assert "6 of 6 questions" in ending.err
    assert "does not fit the model's context of 24" in ending.err


def test_a_context_shorter_than_one_question_of_a_recipe_that_cuts(command: Commands, model: Path) -> None:
    """The harness cuts prompts to the context's end: that is its answer, flagged, and said."""
    tiny.save(model, tiny.llama(420, positions=24), None)
    ending = command("run", "tiny", *ASK, "--quiet")
    assert ending.code == 0
    assert ending.err.count("\n") == 1
    assert "6 of 6 prompts of exam/harness are longer than the model's context and were cut" in ending.err
    rows = [json.loads(line) for line in command("export", ending.out.strip(), "--store", "store").out.splitlines()]
    assert {flag for row in rows for flag in row["flags"]} >= {"truncated"}


def test_too_little_memory(command: Commands, model: Path) -> None:
    before = (
        "import torch\nfrom transformers import LlamaForCausalLM\n"
        "def forward(self, input_ids, **others):\n    raise torch.OutOfMemoryError('out of memory')\n"
        "LlamaForCausalLM.forward = forward\n"
    )
    assert_said(command("run", "tiny", *MORE, before=before), Exit.MACHINE, "too little memory")


# Datasets, benchmarks and the Hub.


def local_copy(folder: Path, rows: list[dict[str, object]]) -> None:
    """`cais/mmlu` with one subject."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    home = folder / "cais" / "mmlu"
    (home / "anatomy").mkdir(parents=True)
    splits = "\n".join(f"  - split: {name}\n    path: anatomy/{name}.parquet" for name in ("test", "validation", "dev"))
    (home / "README.md").write_text(f"---\nconfigs:\n- config_name: anatomy\n  data_files:\n{splits}\n---\n")
    for name in ("test", "validation", "dev"):
        pq.write_table(pa.Table.from_pylist(rows), home / "anatomy" / f"{name}.parquet")


MMLU = ("-b", "mmlu/harness", "--subset", "anatomy", "--datasets", "sets", "--store", "store", "--no-progress")
ROW = {"question": "Which?", "choices": ["a", "b", "c", "d"], "answer": 2}


@pytest.mark.parametrize("column", list(ROW))
def test_a_dataset_with_a_missing_column(command: Commands, model: Path, column: str) -> None:
    row = {name: value for name, value in ROW.items() if name != column}
    local_copy(command.folder / "sets", [row] * 8)
    assert_said(command("run", "tiny", *MMLU), Exit.INPUT, f"has no column '{column}'", "cais/mmlu", "anatomy")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": 7}, "not 0 to 3"),
        ({"choices": ["a", "b", "c"]}, "3 choices, not 4"),
        ({"question": None}, "None in its column 'question'"),
    ],
)
def test_a_dataset_with_an_impossible_row(
    command: Commands, model: Path, changes: dict[str, object], words: str
) -> None:
    local_copy(command.folder / "sets", [ROW | changes] * 8)
    assert_said(command("run", "tiny", *MMLU), Exit.INPUT, words, "row 0")


def test_a_damaged_dataset_file(command: Commands, model: Path) -> None:
    local_copy(command.folder / "sets", [ROW] * 8)
    path = command.folder / "sets/cais/mmlu/anatomy/test.parquet"
    path.write_bytes(path.read_bytes()[:200])
    assert_said(command("run", "tiny", *MMLU), Exit.INPUT, "test.parquet cannot be read")


def test_a_dataset_that_is_not_here_and_no_hub(command: Commands, model: Path) -> None:
    (command.folder / "sets").mkdir()
    assert_said(command("run", "tiny", *MMLU), Exit.INPUT, "cais/mmlu", "LEADERBENCH_DATASETS")


@pytest.mark.parametrize(
    ("typed", "meant"), [("mmlu/hlem", "mmlu/helm"), ("mmul", "mmlu"), ("exam/harnes", "exam/harness")]
)
def test_a_misspelt_benchmark(command: Commands, typed: str, meant: str) -> None:
    ending = command("run", "tiny", "-b", typed, "--store", "store")
    assert_said(ending, Exit.INPUT, f"There is no benchmark '{typed}'; did you mean '{meant}")


HUB = """
import huggingface_hub
from types import SimpleNamespace
from huggingface_hub import errors
def refuse(*given, **named):
    raise errors.{kind}("no", response=SimpleNamespace(headers={{}}, request=None))
huggingface_hub.snapshot_download = refuse
"""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("GatedRepoError", "owner/name is gated: accept its terms"),
        ("RepositoryNotFoundError", "no public Hub repository called owner/name"),
    ],
)
def test_a_gated_or_absent_repository(command: Commands, kind: str, words: str) -> None:
    assert_said(command("run", "owner/name", *ASK, before=HUB.format(kind=kind)), Exit.INPUT, words)


def test_a_repository_without_a_network(command: Commands) -> None:
    assert_said(command("run", "owner/name", *ASK), Exit.INPUT, "The Hub cannot be reached", "owner/name")


def test_a_gated_dataset(command: Commands, model: Path) -> None:
    before = """
import datasets, huggingface_hub
from types import SimpleNamespace
from huggingface_hub import errors
def refuse(*given, **named):
    raise errors.GatedRepoError("no", response=SimpleNamespace(headers={}, request=None))
huggingface_hub.HfApi.dataset_info = refuse
datasets.load_dataset = refuse
"""
    words = ("run", "tiny", "-b", "mmlu/harness", "--subset", "anatomy", "--store", "store", "--no-progress")
    assert_said(command(*words, before=before), Exit.INPUT, "cais/mmlu is gated", "hf auth login")


def test_a_process_of_its_own_says_the_same(tmp_path: Path) -> None:
    """The others are forked from one that has everything imported; this one is started as a person starts it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "from leaderbench.cli.main import main; main()", "run", "owner/name", *ASK],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    ending = Ending(done.returncode, done.stdout, done.stderr)
    assert_said(ending, Exit.INPUT, "The Hub cannot be reached", "owner/name")
