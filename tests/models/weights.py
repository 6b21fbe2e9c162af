"""Safetensors files with headers of our own making."""

import json
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from leaderbench.models.headers import BITS, Tensor


def write(path: Path, tensors: Mapping[str, tuple[str, Sequence[int]]], **changes: Any) -> Path:
    """A file with these tensors, all zero: name → (type, shape). `changes` replaces entries of the header."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, (dtype, shape) in tensors.items():
        size = prod(shape) * BITS[dtype] // 8
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header | changes).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(place))
    return path


def tensors(shapes: Mapping[str, Sequence[int]], dtype: str = "BF16") -> dict[str, Tensor]:
    """Tensors of these shapes, as headers describe them."""
    return {name: Tensor(dtype, tuple(shape), prod(shape) * BITS[dtype] // 8) for name, shape in shapes.items()}
