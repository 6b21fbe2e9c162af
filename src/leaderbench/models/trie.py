"""All token sequences of a job laid in one trie, so that each distinct prefix is computed once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trie:
    """Distinct prefixes as nodes, numbered depth first.

    Because the numbering is depth first, the subtree of node `u` is the interval `[u, ends[u])`, so "a is an ancestor
    of b" is `a < b < ends[a]`; and what an interval of nodes `[s, e)` needs from outside itself is the path to `s`.
    """

    tokens: Ints
    """Token id of each node, shape (nodes,)."""

    depths: Ints
    """Position of each node's token in its sequence, shape (nodes,)."""

    ends: Ints
    """End of each node's subtree, exclusive, shape (nodes,)."""

    owners: Ints
    """Index of a sequence that runs through each node, shape (nodes,)."""

    paths: tuple[Ints, ...]
    """For each sequence given, in that order, its nodes from first token to last."""

    def __len__(self) -> int:
        return len(self.tokens)

    def path(self, node: int) -> Ints:
        """The proper ancestors of `node`, from the first token down."""
        owner: Ints = self.paths[self.owners[node]]
        return owner[: self.depths[node]]


def build(sequences: Sequence[Sequence[int] | Ints], kinds: Sequence[int] | None = None) -> Trie:
    """Lay sequences of token ids (each non-empty) in one trie; those of different `kinds` share no node."""
    arrays = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
    kinds = kinds or [0] * len(arrays)
    # Big-endian bytes sort as the numbers do, and bytes compare at memory speed.
    keys = [(kind, array.astype(">u4").tobytes()) for kind, array in zip(kinds, arrays, strict=True)]
    order = sorted(range(len(arrays)), key=keys.__getitem__)
    longest = max((len(array) for array in arrays), default=0)
    total = sum(len(array) for array in arrays)
    tokens, depths, ends, owners = (np.zeros(total, dtype=np.int64) for _ in range(4))
    current = np.zeros(longest, dtype=np.int64)
    paths: list[Ints] = [current] * len(arrays)
    count, previous, kind = 0, np.zeros(0, dtype=np.int64), 0
    for index in order:
        array = arrays[index]
        shared = _common_prefix(previous, array) if kinds[index] == kind else 0
        ends[current[shared : len(previous)]] = count
        fresh = len(array) - shared
        nodes = np.arange(count, count + fresh)
        tokens[nodes], depths[nodes] = array[shared:], np.arange(shared, len(array))
        owners[nodes] = index
        current[shared : len(array)] = nodes
        # A sequence that is a prefix of the one before it cannot occur: shorter ones sort first.
        paths[index] = current[: len(array)].copy()
        count, previous, kind = count + fresh, array, kinds[index]
    ends[current[: len(previous)]] = count
    return Trie(tokens[:count], depths[:count], ends[:count], owners[:count], tuple(paths))


def _common_prefix(a: Ints, b: Ints) -> int:
    """How many leading tokens two sequences share."""
    length = min(len(a), len(b))
    differs = a[:length] != b[:length]
    return int(differs.argmax()) if differs.any() else length
