"""How much useful arithmetic a run needs, and how fast this machine multiplies matrices of those shapes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from leaderbench.models.local import LocalModel
from leaderbench.models.trie import Trie


@dataclass(slots=True)
class Work:
    """Useful floating-point operations, by the shape of the matrix product: (rows of a pack, inner, columns)."""

    shapes: dict[tuple[int, int, int], float] = field(default_factory=dict)

    @property
    def gflop(self) -> float:
        """Total, in 10^9 operations; a multiply-add counts two."""
        return sum(self.shapes.values()) / 1e9

    def add(self, rows: int, inner: int, columns: int, times: float) -> None:
        """`times` rows go through an (inner, columns) matrix, in products of `rows` rows."""
        key = (rows, inner, columns)
        self.shapes[key] = self.shapes.get(key, 0.0) + 2.0 * inner * columns * times

    def ideal_seconds(self) -> float:
        """Time that torch's matrix product alone takes for this work at these shapes."""
        return sum(flop / rate(*shape) for shape, flop in self.shapes.items())


def rate(rows: int, inner: int, columns: int) -> float:
    """Operations a second that torch's float32 matrix product sustains at one shape: repeated for a third of a second.

    The best single repetition would be a burst that no long computation keeps up.
    """
    left, right = torch.randn(rows, inner), torch.randn(columns, inner)
    torch.mm(left, right.T)
    count, began = 0, time.perf_counter()
    while (seconds := time.perf_counter() - began) < 1 / 3:
        torch.mm(left, right.T)
        count += 1
    return 2.0 * rows * inner * columns * count / seconds


@contextmanager
def counted(model: LocalModel, work: Work) -> Iterator[None]:
    """Count the useful work of everything that the model's path is asked inside this block (Llama shapes)."""
    config = model.network.config
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    head = hidden // config.num_attention_heads
    keys = head * config.num_key_value_heads
    plain = model.path.logits
    pack, group = model.path.budget.tokens, getattr(model.path, "group", 1)

    def logits(trie: Trie, wanted: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], torch.Tensor]]:
        tokens = len(trie)
        work.add(pack, hidden, hidden, tokens * layers * 2)
        work.add(pack, hidden, keys, tokens * layers * 2)
        work.add(pack, hidden, inner, tokens * layers * 2)
        work.add(pack, inner, hidden, tokens * layers)
        work.add(128, hidden, config.vocab_size, len(wanted))
        # Every token attends to its ancestors and itself: a product with the keys and one with the values.
        ancestors = float((trie.depths + 1).sum())
        work.add(group, head, 768, ancestors / 768 * config.num_attention_heads * layers)
        work.add(group, 768, head, ancestors / 768 * config.num_attention_heads * layers)
        return plain(trie, wanted)

    model.path.logits = logits  # type: ignore[method-assign]
    try:
        yield
    finally:
        model.path.logits = plain  # type: ignore[method-assign]
