"""What is read of a model is what its identity is made of, and nothing of it can run code."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from leaderbench.bundled import model_folders
from leaderbench.errors import LeaderbenchError
from leaderbench.models.contents import alone, contents_of, digest_of
from leaderbench.models.load import load_model
from tests.models.spoiled import Spoil, edit, index, remove, settings, write

DIGESTS = {
    "finch-1m": "bb2cd9c747a1ae95c91f91c0b1305a278e5d47dd5a580bdd6a9dfcc347dd2972",
    "heron-1m": "c0407d303eee1d9b7f49e70e8423cd6af524d67e415f1f2e1c52f6074cb90fe6",
    "owl-1m": "26987cdc737bd14c575d3ba8993255ccb156f0f970fc31e08a00ae48ac06d808",
}


@pytest.fixture
def folder(llama_folder: Path, tmp_path: Path) -> Path:
    """A sound model, to be changed."""
    return Path(shutil.copytree(llama_folder, tmp_path / "model"))


def digest(folder: Path) -> str:
    return digest_of(contents_of(folder, "m"))


def change_weight(path: Path) -> None:
    weights = load_file(path)
    weights["model.norm.weight"] += 1
    save_file(weights, path, metadata={"format": "pt"})


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_model_of_top_level_files_keeps_the_digest_it_always_had(name: str) -> None:
    assert digest(model_folders()[name]) == DIGESTS[name]


@pytest.mark.parametrize("place", ["shards/model.safetensors", "a/b/c.safetensors", "part.safetensors"])
def test_weights_that_an_index_names_are_part_of_the_identity(folder: Path, place: str) -> None:
    index(place)(folder)
    before = load_model(str(folder)).identity
    change_weight(folder / place)
    assert load_model(str(folder)).identity != before


def test_weights_behind_links_are_followed_and_part_of_the_identity(folder: Path, tmp_path: Path) -> None:
    blob = tmp_path / "blobs" / "0123"
    blob.parent.mkdir()
    shutil.move(folder / "model.safetensors", blob)
    plain = digest(shutil.copytree(model_folders()["owl-1m"], tmp_path / "owl"))
    (folder / "model.safetensors").symlink_to(blob)
    before = digest(folder)
    change_weight(blob)
    assert len({plain, before, digest(folder)}) == 3
    assert load_model(str(folder)).name == str(folder)


def test_the_same_weights_under_another_name_are_another_digest(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    index("a/model.safetensors")(folder)
    index("b/model.safetensors")(other)
    assert digest(folder) != digest(other)


@pytest.mark.parametrize("file", ["additional_chat_templates/tool.jinja", "chat_template.jinja", "vocab.json"])
def test_other_files_that_the_library_reads_are_part_of_the_identity(folder: Path, file: str) -> None:
    before = digest(folder)
    write(file, b"{}")(folder)
    assert digest(folder) != before


OUTSIDE = [
    "../elsewhere/model.safetensors",
    "/etc/model.safetensors",
    "a/../../model.safetensors",
    "./model-1.safetensors",
    "a//b.safetensors",
    "C:\\model.safetensors",
    "pytorch_model-00001-of-00001.bin",
    "model.safetensors.bin",
    "weights.pt",
    "model.pth",
    "model.pkl",
    "model\n.safetensors",
    "",
    7,
    None,
    ["model.safetensors"],
]


@pytest.mark.parametrize("place", OUTSIDE, ids=repr)
def test_an_index_that_names_anything_but_safetensors_inside_the_folder_is_refused(folder: Path, place: object) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(folder / "model.safetensors", elsewhere)
    index({"lm_head.weight": place})(folder)
    with pytest.raises(LeaderbenchError, match="safetensors files of this folder only"):
        load_model(str(folder))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"weight_map": []}', b'{"weight_map": {}}', b"[" * 100_000])
def test_an_index_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    index({})(folder)
    write("model.safetensors.index.json", content)(folder)
    with pytest.raises(LeaderbenchError, match=r"model.safetensors.index.json is damaged"):
        load_model(str(folder))


@pytest.mark.parametrize("place", ["../model.safetensors", "adapter_model.bin", "weights.bin", "/x.safetensors", 7, ""])
def test_weights_that_the_configuration_names_outside_the_folder_are_refused(folder: Path, place: object) -> None:
    settings(transformers_weights=place)(folder)
    with pytest.raises(LeaderbenchError, match="which is no safetensors file of this folder"):
        load_model(str(folder))


def test_weights_that_the_configuration_names_are_read_and_part_of_the_identity(folder: Path) -> None:
    shutil.copytree(folder, folder / "other")
    (folder / "other" / "model.safetensors").rename(folder / "other" / "own.safetensors")
    change_weight(folder / "other" / "own.safetensors")
    settings(transformers_weights="other/own.safetensors")(folder)
    model = load_model(str(folder))
    before = model.identity
    assert float(model.network.model.norm.weight.detach()[0]) == pytest.approx(2.0)  # type: ignore[attr-defined]
    change_weight(folder / "other" / "own.safetensors")
    assert load_model(str(folder)).identity != before


class Canary:
    """A pickle that leaves a file where it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


PICKLES = [
    "pytorch_model.bin",
    "adapter_model.bin",
    "consolidated.00.pth",
    "training_args.bin",
    "model.fp16.bin",
    ".metadata",
    "tokenizer.pkl",
]


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_beside_the_weights_is_never_opened_nor_part_of_the_identity(folder: Path, name: str) -> None:
    before = load_model(str(folder)).identity
    write(name, pickle.dumps(Canary(folder / "ran")))(folder)
    assert load_model(str(folder)).identity == before
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "a/model.safetensors"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_pickle_called_safetensors_is_refused(folder: Path, name: str, packed: bool) -> None:
    if "/" in name:
        index(name)(folder)
    if packed:
        torch.save(Canary(folder / "ran"), folder / name)
    else:
        write(name, pickle.dumps(Canary(folder / "ran")))(folder)
    with pytest.raises(LeaderbenchError, match="is a pickle, which can run code when opened"):
        load_model(str(folder))
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "extra.txt", "a/b.safetensors"])
def test_pipes_and_links_to_nothing_are_refused_at_once(folder: Path, name: str) -> None:
    if "/" in name:
        index(name)(folder)
    path = folder / name
    for make in (os.mkfifo, lambda path: path.symlink_to("/nowhere"), lambda path: path.symlink_to("/dev/zero")):
        path.unlink(missing_ok=True)
        make(path)
        with pytest.raises(LeaderbenchError):
            load_model(str(folder))


def test_what_is_loaded_is_in_a_folder_of_the_listed_files_alone(folder: Path) -> None:
    for name in ("pytorch_model.bin", "notes.md", "model.py", "tokenizer.model.v3", "checkpoint/x.distcp"):
        write(name, b"x")(folder)
    write("old.safetensors", (folder / "model.safetensors").read_bytes())(folder)
    contents = contents_of(folder, "m")
    with alone(contents) as where:
        there = {path.relative_to(where).as_posix() for path in where.rglob("*")}
        assert there == set(contents.read)
        assert "old.safetensors" not in there
        assert (where / "model.safetensors").resolve() == (folder / "model.safetensors").resolve()
    assert not where.exists()


def test_files_that_a_tokenizer_s_configuration_names_elsewhere_are_not_read(folder: Path, tmp_path: Path) -> None:
    expected = load_model(str(folder)).tokenizer("Hello")["input_ids"]  # type: ignore[attr-defined]
    other = tmp_path / "elsewhere.json"
    other.write_text("{}")
    changes = {"vocab_file": str(other), "merges_file": str(other), "fast_tokenizer_files": ["../elsewhere.json"]}
    edit("tokenizer_config.json", tokenizer_file=str(other), **changes)(folder)
    assert load_model(str(folder)).tokenizer("Hello")["input_ids"] == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "refused"), [("tokenizer_config.json", True), ("trainer_state.json", False)])
def test_a_file_that_is_read_whole_has_a_largest_size_and_others_have_none(
    folder: Path, name: str, refused: bool
) -> None:
    write(name, b"{}" + b" " * 20_000_000)(folder)
    if refused:
        with pytest.raises(LeaderbenchError, match="and a file of that name is read up to 20,000,000"):
            contents_of(folder, "m")
    else:
        assert name in contents_of(folder, "m").names


def test_an_index_without_its_metadata_is_told_so(folder: Path) -> None:
    index("a.safetensors")(folder)
    edit("model.safetensors.index.json", metadata=None)(folder)
    with pytest.raises(LeaderbenchError, match=r'no table "metadata", without which'):
        load_model(str(folder))


def trainer(*inside: str) -> Spoil:
    """Moves all into each of these folders."""

    def spoil(folder: Path) -> None:
        files = list(folder.iterdir())
        for name in inside:
            (folder / name).mkdir(parents=True)
            for file in files:
                shutil.copy(file, folder / name)
        for file in files:
            file.unlink()

    return spoil


def instead(name: str, make: Callable[[Path], object]) -> Spoil:
    """Something else in the place of a file."""

    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return spoil


def adapter(folder: Path) -> None:
    write("adapter_config.json", json.dumps({"base_model_name_or_path": "a/b"}).encode())(folder)


MESSAGES: dict[str, tuple[list[Spoil], str]] = {
    "a folder of the Hub's cache": ([trainer("snapshots/0a1b")], 'did you mean its folder "snapshots/0a1b"'),
    "a pipe for weights": ([instead("model.safetensors", os.mkfifo)], "model.safetensors is no regular file"),
    "a folder for weights": ([instead("model.safetensors", Path.mkdir)], "model.safetensors is no regular file"),
    "an adapter with a configuration": (
        [adapter, lambda f: (f / "model.safetensors").rename(f / "adapter_model.safetensors")],
        "is an adapter without its model; merge it into the model",
    ),
    "an adapter beside its model": ([adapter], "holds a model and an adapter to it"),
    "GGUF with a configuration": (
        [lambda f: (f / "model.safetensors").rename(f / "model-q4.gguf")],
        "is a GGUF model, which cannot be asked here; use the safetensors of the same model",
    ),
    "GGUF alone": (
        [remove("*"), write("model-q4.gguf", b"GGUF")],
        "is a GGUF model, which cannot be asked here",
    ),
    "weights under another name": (
        [lambda f: (f / "model.safetensors").rename(f / "consolidated.safetensors")],
        'has neither model.safetensors nor .* under the name "consolidated.safetensors" its weights are not read',
    ),
}


@pytest.mark.parametrize("what", sorted(MESSAGES))
def test_what_is_no_model_is_told_by_the_names_of_its_files(folder: Path, what: str) -> None:
    changes, words = MESSAGES[what]
    for change in changes:
        change(folder)
    with pytest.raises(LeaderbenchError, match=words) as raised:
        load_model(str(folder))
    assert "\n" not in str(raised.value)


def test_the_path_of_a_gguf_file_is_told_to_be_one(tmp_path: Path) -> None:
    write("model-q4.gguf", b"GGUF")(tmp_path)
    with pytest.raises(LeaderbenchError, match=r"model-q4.gguf is a GGUF model, which cannot be asked here"):
        load_model(str(tmp_path / "model-q4.gguf"))
