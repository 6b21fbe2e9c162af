"""The headers of safetensors files: names, types and shapes of all weights, without reading a weight.

A file begins with 8 bytes, the length of a JSON text (little-endian), then that text:
`{name: {"dtype": "BF16", "shape": [...], "data_offsets": [begin, end]}}` (huggingface/safetensors, README).
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leaderbench.files.parsing import json_of
from leaderbench.files.regular import open_regular
from leaderbench.models.contents import weights_of

longest_header = 32_000_000
"""Bytes; 200,000 tensors take 20 million. (The safetensors library would read 100 million.)"""

BITS = {
    "F64": 64,
    "F32": 32,
    "F16": 16,
    "BF16": 16,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "F8_E8M0": 8,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "F4": 4,
    "I64": 64,
    "I32": 32,
    "I16": 16,
    "I8": 8,
    "U64": 64,
    "U32": 32,
    "U16": 16,
    "U8": 8,
    "BOOL": 8,
    "C64": 64,
}
"""Bits of one element, by the name that safetensors has for its type."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One stored tensor, as its header describes it."""

    dtype: str
    """The name of its type in safetensors, e.g. `BF16`."""

    shape: tuple[int, ...]
    bytes: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Headers:
    """All tensors of a model."""

    tensors: Mapping[str, Tensor]
    problem: str = ""
    """What is missing or damaged, in one sentence; the tensors are then not all there are."""


def read_headers(folder: Path) -> Headers | None:
    """The headers of the weights in a folder, through their index where they are in several files; None without any."""
    try:
        names, problem = _files(folder)
    except OSError as error:
        return Headers({}, f"The folder of weights cannot be read ({error.strerror or type(error).__name__}).")
    if not names:
        return Headers({}, problem) if problem else None
    tensors: dict[str, Tensor] = {}
    for name in names:
        try:
            tensors |= read_header(folder / name)
        except OSError as error:
            problem = problem or f"{name} cannot be read ({error.strerror or type(error).__name__})."
        except ValueError as error:
            problem = problem or f"{name} {error}."
    return Headers(tensors, problem)


def _files(folder: Path) -> tuple[list[str], str]:
    """The files that hold the weights, and what is wrong with them."""
    names, problem = weights_of(folder)
    if names or problem:
        return names, problem
    # None that transformers would read; what others left is counted, not asked. Some repositories hold the same weights
    # twice, once in their authors' own form.
    present = sorted(path.name for path in folder.glob("*.safetensors") if path.is_file())
    usual = [name for name in present if not name.startswith("consolidated")]
    return usual or present, ""


def read_header(path: Path) -> dict[str, Tensor]:
    """The tensors of one file. Raises `OSError`, and `ValueError` whose message goes on behind the file's name."""
    with open_regular(path) as file:
        start = file.read(8)
        size = os.fstat(file.fileno()).st_size
        if start == b"version ":
            raise ValueError("only points to the weights; fetch them with `git lfs pull`")
        length = int.from_bytes(start, "little")
        if len(start) < 8 or not 2 <= length <= min(longest_header, size - 8):
            if start.startswith((b"\x80", b"PK\x03\x04")):
                raise ValueError("is a pickle, which can run code when opened; convert it to safetensors")
            raise ValueError("is no safetensors file, or only the beginning of one")
        data = file.read(length)
    try:
        content = json_of(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("has a damaged header") from error
    if not isinstance(content, dict):
        raise ValueError("has a damaged header")
    found = {name: _tensor(item) for name, item in content.items() if name != "__metadata__"}
    if sum(tensor.bytes for tensor in found.values()) > size - 8 - length:
        raise ValueError("is shorter than its header says; fetch it again")
    return found


def _tensor(content: object) -> Tensor:
    """One entry of a header, checked against itself, so that no shape can claim more than the file holds."""
    try:
        dtype, shape, (begin, end) = content["dtype"], content["shape"], content["data_offsets"]  # type: ignore[index]
        whole = all(type(size) is int and size >= 0 for size in (*shape, begin, end))
        if not isinstance(dtype, str) or not whole or end < begin or len(shape) > 32:
            raise ValueError
        tensor = Tensor(dtype, tuple(shape), end - begin)
        if dtype in BITS and (tensor.elements * BITS[dtype] + 7) // 8 != tensor.bytes:
            raise ValueError
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError("has a damaged header") from error
    return tensor
