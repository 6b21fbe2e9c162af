"""Which files of a folder make a model: listed once, so that what is read is what its identity is made of."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from leaderbench.errors import LeaderbenchError
from leaderbench.files.parsing import json_of
from leaderbench.files.regular import is_regular, read_bytes, read_start

FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
"""What makes a model: weights as safetensors, configuration and tokenizer; never code or pickles."""

TEMPLATES = "additional_chat_templates/*.jinja"
"""Where transformers looks for chat templates beside the first one."""

INDEX = "model.safetensors.index.json"
"""Names the file of each weight, where there are several files."""

_TOKENIZER_CONFIG = "tokenizer_config.json"

_PATH_KEY = re.compile(r".*_files?")
"""Keys of a tokenizer's configuration that name files, anywhere on the disk; those of the folder are found without."""

LARGEST = {
    "config.json": 4_000_000,
    "tokenizer.json": 100_000_000,
    "vocab.json": 50_000_000,
    "merges.txt": 50_000_000,
    "vocab.txt": 50_000_000,
    "tekken.json": 50_000_000,
}
"""Bytes of files that are read whole, by name; Gemma's tokenizer.json has 33 million."""

LARGEST_OTHER = 20_000_000
"""Bytes of any other file that is read whole."""

_READ_WHOLE = re.compile(
    r"(config|generation_config|tokenizer.*|vocab|added_tokens|special_tokens_map|tekken|chat_template|.*\.index)\.json"
    r"|merges\.txt|vocab\.txt|.*\.jinja"
)
"""Names of files that transformers reads; others, such as the protocol of a training, may be of any size."""

_ADAPTERS = re.compile(r"adapter_(config\.json|model.*\.safetensors)")


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of one model."""

    folder: Path
    names: tuple[str, ...]
    """All that its identity is made of, relative to the folder, with `/` between parts, sorted."""

    weights: tuple[str, ...]
    """Those of them that hold the weights which are read; any other safetensors files are not."""

    @property
    def read(self) -> tuple[str, ...]:
        """Those that are read when the model is loaded."""
        others = (name for name in self.names if not name.endswith(".safetensors") and not _ADAPTERS.fullmatch(name))
        return (*others, *self.weights)

    def json(self, name: str) -> Mapping[str, Any]:
        """The object in one of its JSON files; empty where the file is absent or holds none."""
        content = read_json(self.folder / name) if name in self.names else None
        return content if isinstance(content, dict) else {}


def contents_of(folder: Path, name: str) -> Contents:
    """The files of the model in a folder; `name` is what people call it.

    Raises:
        LeaderbenchError: the files of weights are not all there, lie outside the folder or are no safetensors; or a
            file is a pipe, a device, a link to nothing, or a pointer to a file that was not fetched.
    """
    weights, problem = weights_of(folder)
    if problem:
        raise LeaderbenchError(f"The weights of {name} cannot be loaded: {problem}")
    listed = {path.name for pattern in FILES for path in folder.glob(pattern) if not path.is_dir()}
    listed |= {path.relative_to(folder).as_posix() for path in folder.glob(TEMPLATES)}
    names = tuple(sorted(listed | set(weights)))
    for file in names:
        check_file(folder / file)
    return Contents(folder, names, tuple(weights))


def check_file(path: Path) -> None:
    """Raise `LeaderbenchError` for what is no regular file, no file but a pointer to one, or far too long a text."""
    if not is_regular(path):
        raise LeaderbenchError(f"{path} is no regular file (nor a link to one); remove it, or put the file there.")
    size, is_weights = path.stat().st_size, path.suffix == ".safetensors"
    if size < 1024 and read_start(path, 64).startswith(b"version https://git-lfs"):
        what = "the weights" if is_weights else "its content"
        raise LeaderbenchError(f"{path} only points to {what}; fetch them with `git lfs pull`.")
    largest = LARGEST.get(path.name, LARGEST_OTHER)
    if _READ_WHOLE.fullmatch(path.name) and size > largest:
        raise LeaderbenchError(f"{path} has {size:,} bytes, and a file of that name is read up to {largest:,}.")


def weights_of(folder: Path) -> tuple[list[str], str]:
    """The files that hold a model's weights, as transformers chooses them, and what is wrong with them in one sentence.

    These are the file that config.json names under `transformers_weights`, else `model.safetensors`, else those that
    `model.safetensors.index.json` names. Files that are missing or must not be read are left out and said.
    """
    config = read_json(folder / "config.json")
    stated = config.get("transformers_weights") if isinstance(config, dict) else None
    if stated is not None and not _is_inside(stated, (".safetensors", ".safetensors.index.json")):
        return [], f"config.json names {shown(stated)} as its weights, which is no safetensors file of this folder."
    first = stated or ("model.safetensors" if is_regular(folder / "model.safetensors") else INDEX)
    if not first.endswith(".index.json"):
        there = is_regular(folder / first)
        return ([first], "") if there else ([], f"{first}, which config.json names, is missing.")
    return _indexed(folder, first) if is_regular(folder / first) else ([], "")


def _indexed(folder: Path, index: str) -> tuple[list[str], str]:
    """The files that an index names."""
    content = read_json(folder / index)
    places = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(places, dict) or not places:
        return [], f"{index} is damaged."
    if not isinstance(content.get("metadata"), dict):
        return (
            [],
            f'{index} has no table "metadata", without which transformers reads none; an empty one, {{}}, will do.',
        )
    parent = PurePosixPath(index).parent
    for place in places.values():
        if not _is_inside(place, (".safetensors",)):
            return [], f"{index} names {shown(place)}, and weights are read from safetensors files of this folder only."
    named = sorted({(parent / place).as_posix() for place in places.values()})
    missing = [name for name in named if not is_regular(folder / name)]
    problem = f"{len(missing)} of the {len(named)} files of weights are missing: {missing[0]}" if missing else ""
    problem += f" and {len(missing) - 1} more." if len(missing) > 1 else "." if missing else ""
    return [name for name in named if name not in missing], problem


def _is_inside(name: object, ends: tuple[str, ...]) -> bool:
    """Whether a name out of a file is one of a file inside the folder that it stands in, of a kind with such an end."""
    if not isinstance(name, str) or not name.endswith(ends) or not name.isprintable() or "\\" in name or ":" in name:
        return False
    parts = name.split("/")
    return not any(part in ("", ".", "..") for part in parts) and len(name) < 1000


def is_gguf(name: str) -> str:
    """What is said of a GGUF model."""
    return f"{name} is a GGUF model, which cannot be asked here; use the safetensors of the same model."


def shown(value: object) -> str:
    """A value out of a file as a sentence can hold it."""
    return json.dumps(value)[:100]


def read_json(path: Path, longest: int = LARGEST_OTHER) -> Any:
    """The content of a JSON file; None where it is absent, damaged, no regular file or longer than so many bytes."""
    try:
        return json_of(read_bytes(path, longest))
    except (OSError, ValueError):
        return None


def digest_of(contents: Contents) -> str:
    """SHA-256 over the names and contents of a model's weights, configuration and tokenizer."""
    total = hashlib.sha256()
    for name in contents.names:
        total.update(f"{name}\0".encode())
        with (contents.folder / name).open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


@contextmanager
def alone(contents: Contents) -> Iterator[Path]:
    """A folder, for as long as this lasts, that holds what is read of a model and nothing else, as links.

    transformers reads more than anyone lists: pickles, adapters, checkpoints of training in folders, files that a
    configuration names anywhere on the disk. Here it finds none of them.
    """
    with TemporaryDirectory(prefix="leaderbench-") as where:
        for name in contents.read:
            link = Path(where, name)
            link.parent.mkdir(parents=True, exist_ok=True)
            if name == _TOKENIZER_CONFIG and (content := contents.json(name)):
                kept = {key: value for key, value in content.items() if not _PATH_KEY.fullmatch(key)}
                link.write_text(json.dumps(kept), "utf-8")
            else:
                link.symlink_to((contents.folder / name).absolute())
        yield Path(where)
