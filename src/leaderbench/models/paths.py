"""The ways to get next-token logits at chosen nodes of a trie: the tree path, and plain batches for any model."""

import inspect
from collections.abc import Iterator
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from leaderbench.models import tree_attention
from leaderbench.models.memory import Budget
from leaderbench.models.rope import Regime, forget_lengths, one_regime, regime_of
from leaderbench.models.trie import Trie

Ints = NDArray[np.int64]


class Path(Protocol):
    """One way to run a model over a trie."""

    name: str
    budget: Budget
    regime: Regime
    """Which lengths of sequences are computed alike; a job keeps others apart."""

    computed: int
    """Tokens that went through the model so far, padding left out."""

    def logits(self, trie: Trie, wanted: Ints) -> Iterator[tuple[Ints, torch.Tensor]]:
        """Next-token logits at the `wanted` nodes (sorted, distinct), in pieces: nodes (n,), logits (n, vocabulary)."""


class TreePath:
    """Each distinct prefix once: packs of trie nodes in depth-first order, with tree attention."""

    name = "tree"

    def __init__(self, model: PreTrainedModel, budget: Budget) -> None:
        self.model, self.budget, self.computed = model, budget, 0
        self.regime: Regime = one_regime
        self.keeps_logits = accepts(model, "logits_to_keep")
        # Small groups compute less that the mask then hides; large ones take fewer calls, which counts on a GPU.
        self.group = 128 if model.device.type == "cpu" else 1024
        self.windows: dict[torch.nn.Module, int | None] = {}
        tree_attention.register()

    @torch.inference_mode()
    def logits(self, trie: Trie, wanted: Ints) -> Iterator[tuple[Ints, torch.Tensor]]:
        rows = self._rows(trie)
        begin, lost = 0, trie.path(0)
        while begin < len(trie):
            again = lost[: self.budget.tokens]
            if len(again):
                # An error took the rows of the path to the next pack; they are computed again first.
                nodes, asked, following = again, wanted[:0], int(np.append(lost, begin)[len(again)])
            else:
                nodes = np.arange(begin, tree_attention.cut(trie.depths, begin, self.budget.tokens))
                following = int(nodes[-1]) + 1
                asked = wanted[np.searchsorted(wanted, begin) : np.searchsorted(wanted, following)]
            try:
                result = self._forward(trie, nodes, np.searchsorted(nodes, asked), following, rows)
            except Exception as error:
                self.budget.halve(error)
                rows, lost = self._rows(trie), trie.path(begin)
                continue
            self.computed += len(nodes)
            lost, begin = lost[len(again) :], begin if len(again) else following
            if len(asked):
                yield asked, result

    def _rows(self, trie: Trie) -> tree_attention.Rows:
        return tree_attention.Rows(int(trie.depths.max()) + 1 + min(self.group, len(trie)), windows=self.windows)

    def _forward(self, trie: Trie, nodes: Ints, asked: Ints, following: int, rows: tree_attention.Rows) -> torch.Tensor:
        device = self.model.device
        self.model.set_attn_implementation(tree_attention.NAME)
        pack = tree_attention.groups(trie, nodes, following, self.group, device)
        rows_asked = torch.from_numpy(asked if len(asked) else np.zeros(1, dtype=np.int64)).to(device)
        extra = {"logits_to_keep": rows_asked} if self.keeps_logits else {}
        with tree_attention.walking(rows, pack):
            output = self.model(
                input_ids=torch.from_numpy(trie.tokens[nodes])[None].to(device),
                position_ids=torch.from_numpy(trie.depths[nodes])[None].to(device),
                use_cache=False,
                **extra,
            )
        logits: torch.Tensor = output.logits[0]
        return logits if self.keeps_logits else logits[rows_asked]


class PlainPath:
    """Whole sequences, padded on the right, in batches: slower, and right for every causal model."""

    name = "plain"

    def __init__(self, model: PreTrainedModel, budget: Budget, attention: str) -> None:
        self.model, self.budget, self.computed, self.attention = model, budget, 0, attention
        self.regime = regime_of(model)
        self.keeps_logits = accepts(model, "logits_to_keep")

    @torch.inference_mode()
    def logits(self, trie: Trie, wanted: Ints) -> Iterator[tuple[Ints, torch.Tensor]]:
        rows = self._rows(trie, wanted)
        begin = 0
        while begin < len(rows):
            most = begin + max(1, self.budget.tokens // len(rows[begin][0]))
            regimes = [self.regime(len(path)) for path, _ in rows[begin:most]]
            end = begin + regimes.count(regimes[0])
            try:
                result = self._forward(trie, rows[begin:end])
            except Exception as error:
                self.budget.halve(error)
                continue
            self.computed += sum(len(path) for path, _ in rows[begin:end])
            yield np.concatenate([read for _, read in rows[begin:end]]), result
            begin = end

    def _rows(self, trie: Trie, wanted: Ints) -> list[tuple[Ints, Ints]]:
        """Sequences to compute, longest first in each regime, and the wanted nodes to read off each.

        A node is read off one sequence through it: of the lowest regime, and there off the longest, which serves most.
        """
        left = np.zeros(len(trie), dtype=bool)
        left[wanted] = True
        rows: list[tuple[Ints, Ints]] = []
        for path in sorted(trie.paths, key=lambda path: (self.regime(len(path)), -len(path))):
            read = path[left[path]]
            if len(read):
                left[read] = False
                rows.append((path, read))
        return rows

    def _forward(self, trie: Trie, rows: list[tuple[Ints, Ints]]) -> torch.Tensor:
        device, longest = self.model.device, max(len(path) for path, _ in rows)
        if self.regime is not one_regime:
            forget_lengths(self.model)
        self.model.set_attn_implementation(self.attention)
        tokens = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, (path, _) in enumerate(rows):
            tokens[row, : len(path)], mask[row, : len(path)] = trie.tokens[path], 1
        places = np.unique(np.concatenate([trie.depths[read] for _, read in rows]))
        extra = {"logits_to_keep": torch.from_numpy(places).to(device)} if self.keeps_logits else {}
        logits = self.model(
            input_ids=torch.from_numpy(tokens).to(device),
            attention_mask=torch.from_numpy(mask).to(device),
            use_cache=False,
            **extra,
        ).logits
        index = np.concatenate([np.full(len(read), row) for row, (_, read) in enumerate(rows)])
        depths = np.concatenate([trie.depths[read] for _, read in rows])
        column = np.searchsorted(places, depths) if self.keeps_logits else depths
        picked: torch.Tensor = logits[torch.from_numpy(index).to(device), torch.from_numpy(column).to(device)]
        return picked


def accepts(model: PreTrainedModel, argument: str) -> bool:
    """Whether a model's forward pass takes this argument by name."""
    return argument in inspect.signature(model.forward).parameters


def vocabulary(network: PreTrainedModel) -> int:
    """How many token ids a network knows."""
    return len(cast("torch.nn.Embedding", network.get_input_embeddings()).weight)
