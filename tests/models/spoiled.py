"""Changes of a model folder, each as a function of the folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

Spoil = Callable[[Path], object]


def edit(name: str, **changes: object) -> Spoil:
    """Changes keys of one of its JSON files."""

    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")

    return change


def settings(**changes: object) -> Spoil:
    """Changes config.json."""
    return edit("config.json", **changes)


def remove(pattern: str) -> Spoil:
    """Removes files."""

    def spoil(folder: Path) -> None:
        for path in folder.glob(pattern):
            path.unlink()

    return spoil


def write(name: str, data: bytes) -> Spoil:
    """Writes a file."""

    def spoil(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    return spoil


def reweigh(change: Callable[[dict[str, torch.Tensor]], object]) -> Spoil:
    """Changes the weights."""

    def spoil(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    return spoil


def index(places: dict[str, Any] | str) -> Spoil:
    """Moves all weights to the file of that name and lets an index name it, or writes this index."""

    def spoil(folder: Path) -> None:
        chosen = places
        if isinstance(chosen, str):
            weights = load_file(folder / "model.safetensors")
            (folder / chosen).parent.mkdir(parents=True, exist_ok=True)
            save_file(weights, folder / chosen, metadata={"format": "pt"})
            chosen = dict.fromkeys(weights, chosen)
        (folder / "model.safetensors").unlink()
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": chosen}))

    return spoil
