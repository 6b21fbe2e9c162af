"""Attention over a token trie: every token sees its own ancestors and nothing else.

transformers lets a program register an attention function under a name; every architecture that calls through this
interface then hands us queries, keys and values after its own projections and position embeddings. We keep the keys and
values ourselves, one row a depth: row `d` belongs to the node at depth `d` of the path now being walked. Tokens come in
depth-first order, so writing a branch over the rows of its finished sibling is all the bookkeeping there is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from leaderbench.models.trie import Trie

NAME = "leaderbench_tree"
"""The name under which transformers knows this attention."""

Ints = NDArray[np.int64]


class UnsupportedAttentionError(Exception):
    """The architecture asks for something that this attention does not do; another path must answer."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some consecutive tokens of a pack, scored in one attention call."""

    begin: int
    """First token of the group, counted in the pack."""

    end: int
    """Behind the last one."""

    cached: int
    """How many rows stand before it: the depth of its first token."""

    visible: torch.Tensor
    """Which rows each token sees, bool, shape (tokens, cached + tokens)."""

    depths: torch.Tensor
    """Position of each row in its sequence, shape (cached + tokens,); the tokens are the last ones."""

    moved: torch.Tensor | None
    """Rows (depths as written) of tokens on the path to the next token, shape (moved,); None where they lie right."""

    moved_to: slice
    """The depths where those rows belong."""


def groups(trie: Trie, nodes: Ints, following: int, size: int, device: torch.device) -> list[Group]:
    """Cut a pack into groups of about `size` tokens, where possible between branches.

    `nodes` are in depth-first order; `following` is the node asked next (`len(trie)` at the end).
    """
    depths, ends = trie.depths[nodes], trie.ends[nodes]
    result, begin = [], 0
    while begin < len(nodes):
        end = cut(depths, begin, size)
        path = trie.path(int(nodes[begin]))
        members, after = nodes[begin:end], int(nodes[end]) if end < len(nodes) else following
        sees_path = trie.ends[path][None, :] > members[:, None]
        sees_group = (members[None, :] <= members[:, None]) & (ends[begin:end][None, :] > members[:, None])
        kept = np.flatnonzero(ends[begin:end] > after)
        lies_right = np.array_equal(kept, np.arange(len(kept)))
        depth = int(depths[begin + kept[0]]) if len(kept) else 0
        result.append(
            Group(
                begin,
                end,
                len(path),
                torch.from_numpy(np.concatenate([sees_path, sees_group], axis=1)).to(device),
                torch.from_numpy(np.concatenate([trie.depths[path], depths[begin:end]])).to(device),
                None if lies_right else torch.from_numpy(kept + len(path)).to(device),
                slice(depth, depth + len(kept)),
            )
        )
        begin = end
    return result


def cut(depths: Ints, begin: int, size: int) -> int:
    """Where a piece of at most `size` tokens from `begin` on should end: in its last third, as shallow as possible."""
    end = begin + size
    if end >= len(depths):
        return len(depths)
    earliest = begin + max(1, size - size // 3)
    window = depths[earliest : end + 1]
    # The last shallowest place: the largest piece that ends between branches.
    return earliest + len(window) - 1 - int(np.argmin(window[::-1]))


@dataclass(slots=True)
class Rows:
    """Keys and values of the path being walked, for every attention layer of one model."""

    capacity: int
    """Rows kept a layer: the greatest depth plus one."""

    keys: dict[torch.nn.Module, torch.Tensor] = field(default_factory=dict)
    values: dict[torch.nn.Module, torch.Tensor] = field(default_factory=dict)
    windows: dict[torch.nn.Module, int | None] = field(default_factory=dict)
    """The sliding window that each layer asked for, so that a loader can check it against the configuration."""

    def of(self, layer: torch.nn.Module, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The layer's row buffers, shape (heads, capacity, head size), made on first use."""
        if layer not in self.keys:
            self.keys[layer] = key.new_zeros(key.shape[1], self.capacity, key.shape[3])
            self.values[layer] = value.new_zeros(value.shape[1], self.capacity, value.shape[3])
        return self.keys[layer], self.values[layer]


@dataclass(slots=True)
class Pass:
    """One forward pass over one pack."""

    rows: Rows
    groups: Sequence[Group]
    masks: dict[tuple[int | None, torch.dtype], list[torch.Tensor]] = field(default_factory=dict)
    called: set[torch.nn.Module] = field(default_factory=set)
    """Layers that have had their call: rows are kept by layer, so a second call would overwrite those of the first."""

    def mask(self, window: int | None, dtype: torch.dtype) -> list[torch.Tensor]:
        """Additive masks, one a group: 0 where a token sees a row, minus infinity elsewhere."""
        if (window, dtype) not in self.masks:
            self.masks[window, dtype] = [additive(group, window, dtype) for group in self.groups]
        return self.masks[window, dtype]


def additive(group: Group, window: int | None, dtype: torch.dtype) -> torch.Tensor:
    """The mask of one group, shape (tokens, rows); a window counts the token itself and what lies less far back."""
    visible = group.visible
    if window is not None:
        positions = group.depths[group.cached :, None]
        visible = visible & (positions - group.depths[None, :] < window)
    return torch.zeros_like(visible, dtype=dtype).masked_fill_(~visible, -torch.inf)


_current: ContextVar[Pass] = ContextVar("leaderbench_tree_pass")


@contextmanager
def walking(rows: Rows, pack: Sequence[Group]) -> Iterator[None]:
    """Inside this block every attention layer works on this pack."""
    token = _current.set(Pass(rows, pack))
    try:
        yield
    finally:
        _current.reset(token)


def register() -> None:
    """Make this attention known to transformers."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attention)


_known = {"dropout", "scaling", "is_causal", "sliding_window", "softcap", "s_aux", "position_ids", "use_cache"}


def attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **others: object,
) -> tuple[torch.Tensor, None]:
    """Attention as transformers calls it: query (1, heads, tokens, head size), key and value (1, key heads, tokens, …).

    `softcap` bounds the scores as Gemma 2 does (section 2 of its report), `s_aux` are gpt-oss's learned sinks.

    Raises:
        UnsupportedAttentionError: the layer brings a mask or a bias of its own, or calls twice in one pass.
    """
    unknown = [name for name, given in others.items() if given is not None and name not in _known and "bias" in name]
    if attention_mask is not None or unknown or query.shape[0] != 1:
        raise UnsupportedAttentionError(f"{type(module).__name__} brings its own mask: {unknown or 'attention_mask'}")
    now = _current.get()
    if module in now.called:
        raise UnsupportedAttentionError(f"{type(module).__name__} calls attention twice in one pass")
    now.called.add(module)
    now.rows.windows[module] = sliding_window
    keys, values = now.rows.of(module, key, value)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    output = query.new_empty(query.shape[2], query.shape[1], value.shape[3])
    for group, mask in zip(now.groups, now.mask(sliding_window, query.dtype), strict=True):
        span, depth = slice(group.begin, group.end), group.cached
        rows = slice(depth, depth + group.end - group.begin)
        keys[:, rows], values[:, rows] = key[0, :, span], value[0, :, span]
        seen = slice(0, rows.stop)
        output[span] = _attend(query[0, :, span], keys[:, seen], values[:, seen], mask, scale, softcap, s_aux)
        if group.moved is not None:
            keys[:, group.moved_to], values[:, group.moved_to] = keys[:, group.moved], values[:, group.moved]
    return output[None], None


def _attend(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    scale: float,
    softcap: float | None,
    sinks: torch.Tensor | None,
) -> torch.Tensor:
    """One group's attention; returns (tokens, heads, head size)."""
    heads, tokens, _ = query.shape
    shared = heads // keys.shape[0]
    if softcap is None and sinks is None:
        if shared > 1:
            keys, values = (rows.repeat_interleave(shared, dim=0) for rows in (keys, values))
        attended = torch.nn.functional.scaled_dot_product_attention(
            query[None], keys[None], values[None], attn_mask=mask[None, None], scale=scale
        )
        return attended[0].transpose(0, 1)
    keys, values = (rows.repeat_interleave(shared, dim=0) for rows in (keys, values))
    scores = query @ keys.transpose(1, 2) * scale
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    scores = scores + mask
    if sinks is not None:
        scores = torch.cat([scores, sinks.reshape(heads, 1, 1).expand(heads, tokens, 1).to(scores.dtype)], dim=-1)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    return (weights[..., : keys.shape[1]] @ values).transpose(0, 1)
