"""Rotary embeddings that depend on how long a text is: which lengths are computed alike, and may share a batch."""

from collections.abc import Callable, Iterator

import torch
from transformers import PreTrainedModel

from leaderbench.records import Json

Regime = Callable[[int], int]
"""The regime of a sequence of so many tokens: the same positions are the same in two sequences of one regime only."""

CACHED = "max_seq_len_cached"
"""Where transformers keeps the longest sequence that a rotary embedding has grown to."""


def one_regime(length: int) -> int:
    """Every length is computed alike, as nearly all models do."""
    return 0


def regime_of(network: PreTrainedModel) -> Regime:
    """Which lengths this network computes alike.

    `longrope` (LongRoPE, section 3.3) has one set of frequencies up to the length that the model was first trained with
    and another beyond; `dynamic` (NTK-aware) has beyond it other frequencies for every length. Where kinds of layers
    have rotary embeddings of their own, two lengths are alike if they are so for each of them.
    """
    config = network.config.get_text_config()
    positions = int(getattr(config, "max_position_embeddings", None) or 0)
    borders, growing = set(), set()
    for rope in _ropes(getattr(config, "rope_parameters", None)):
        kind = str(rope.get("rope_type", ""))
        if kind == "longrope" or "long_mscale" in rope:
            own = rope.get("original_max_position_embeddings")
            own = own or getattr(config, "original_max_position_embeddings", None) or positions
            borders.add(int(str(own)))
        if "dynamic" in kind:
            growing.add(positions)
    if not borders | growing:
        return one_regime

    def regime(length: int) -> int:
        if growing and length >= min(growing):
            return len(borders) + length
        return sum(length > border for border in borders)

    return regime


def _ropes(parameters: Json) -> Iterator[dict[str, Json]]:
    """The settings of each rotary embedding; some configurations have them by kind of layer."""
    if isinstance(parameters, dict):
        if "rope_type" in parameters:
            yield parameters
        for value in parameters.values():
            yield from _ropes(value)


def forget_lengths(network: torch.nn.Module) -> None:
    """Put rotary embeddings that grew with a long sequence back to what they were before it.

    transformers keeps the frequencies of the longest sequence seen for later ones that are shorter.
    """
    for module in network.modules():
        for name in [name for name in vars(module) if name.endswith(CACHED)]:
            prefix = name.removesuffix(CACHED)
            setattr(module, name, getattr(module, "original_max_seq_len", getattr(module, name)))
            original, now = (getattr(module, prefix + key, None) for key in ("original_inv_freq", "inv_freq"))
            if isinstance(original, torch.Tensor) and isinstance(now, torch.Tensor):
                setattr(module, f"{prefix}inv_freq", original.to(now.device).clone())
