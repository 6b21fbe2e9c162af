"""The one function that turns logits into token log-probabilities, and who asked for which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from leaderbench.models.base import Encoded
from leaderbench.models.rope import Regime, one_regime
from leaderbench.models.trie import Trie, build

Ints = NDArray[np.int64]

CANDIDATES = 5
"""How many of the likeliest first tokens a generation records."""


def token_log_probabilities(
    logits: torch.Tensor, rows: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability of target tokens, and whether each was the first choice.

    Args:
        logits: Next-token logits, shape (n, vocabulary), any float type; the softmax is taken in float32.
        rows: Which row predicts each target, shape (q,).
        targets: Token ids, shape (q,).

    Returns:
        Natural-log probabilities float32 (q,) and greedy bool (q,). NaN where the model gave no finite distribution.
    """
    # Row blocks keep the intermediate values in the processor's cache.
    block = max(1, (1 << 19) // logits.shape[-1]) if logits.device.type == "cpu" else len(logits)
    largest, sums = [], []
    for part in torch.split(logits, block):
        values = part.float()
        largest.append(values.amax(dim=-1))
        sums.append((values - largest[-1][:, None]).exp_().sum(dim=-1).log_())
    best, normaliser, target = torch.cat(largest)[rows], torch.cat(sums)[rows], logits[rows, targets].float()
    # The largest logit goes first: what it is added to would lose its last digits.
    values = torch.where(torch.isfinite(normaliser), (target - best) - normaliser, torch.nan)
    return values, target >= best


@dataclass(frozen=True, slots=True)
class Job:
    """Encoded requests laid in one trie, with every (node, target token) that they ask for, sorted by node."""

    trie: Trie
    wanted: Ints
    """Nodes whose next-token logits are read, sorted, distinct."""

    nodes: Ints
    """The node that predicts each target, sorted, shape (queries,)."""

    targets: Ints
    """Target token ids; -1 asks for the likeliest tokens instead, shape (queries,)."""

    slots: Ints
    """Where each query's answer belongs in request order, shape (queries,)."""

    requests: Ints
    """Index of the request that each query belongs to, shape (queries,)."""

    spans: tuple[tuple[int, int], ...]
    """Each request's slots, as [begin, end)."""

    asked: int
    """Tokens that one forward pass for each (context, continuation) would take."""


def lay(encoded: Sequence[Encoded], regime: Regime = one_regime) -> Job:
    """Lay requests in one trie. Every request must be free of problems.

    Sequences whose lengths are of different regimes share no node: each answer is that of its own sequence.
    """
    contexts: dict[tuple[int, ...], Ints] = {}  # an array each; several requests may share one
    sequences: dict[tuple[int, int, tuple[int, ...]], Ints] = {}  # distinct ones, by context, length kept and rest
    predicting: list[tuple[tuple[int, int, tuple[int, ...]], int, int]] = []  # sequence, first position, targets
    targets: list[int] = []
    requests: list[int] = []
    spans: list[tuple[int, int]] = []
    for number, request in enumerate(encoded):
        begin = len(targets)
        if request.context not in contexts:
            contexts[request.context] = np.asarray(request.context, dtype=np.int64)
        whole = contexts[request.context]
        for kept, continuation in zip(request.kept, request.continuations or ((-1,),), strict=True):
            key = (id(whole), kept, continuation[:-1])
            if key not in sequences:
                context = whole[len(whole) - kept :]
                sequences[key] = np.append(context, key[2]) if key[2] else context
            predicting.append((key, kept - 1, len(continuation)))
            targets.extend(continuation)
        requests.extend([number] * (len(targets) - begin))
        spans.append((begin, len(targets)))
    trie = build(list(sequences.values()), [regime(len(sequence)) for sequence in sequences.values()])
    paths = dict(zip(sequences, trie.paths, strict=True))
    nodes = np.concatenate([paths[key][first : first + count] for key, first, count in predicting])
    order = np.argsort(nodes, kind="stable")
    return Job(
        trie,
        np.unique(nodes),
        nodes[order],
        np.asarray(targets, dtype=np.int64)[order],
        order,
        np.asarray(requests, dtype=np.int64)[order],
        tuple(spans),
        sum(first + count for _, first, count in predicting),
    )


class Scores:
    """The answers of one job, filled in as logits arrive."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.log_probabilities = np.full(len(job.slots), np.nan, dtype=np.float32)
        self.greedy = np.zeros(len(job.slots), dtype=bool)
        self.candidates: dict[int, list[tuple[int, float]]] = {}
        self.open = np.bincount(job.requests, minlength=len(job.spans))

    def read(self, nodes: Ints, logits: torch.Tensor) -> list[int]:
        """Take in logits (n, vocabulary) at `nodes` (n,); returns the requests that are now complete."""
        job, device = self.job, logits.device
        begins, ends = np.searchsorted(job.nodes, nodes, "left"), np.searchsorted(job.nodes, nodes, "right")
        counts = ends - begins
        rows = np.repeat(np.arange(len(nodes)), counts)
        queries = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begins, counts)
        targets = job.targets[queries]
        on_device = torch.from_numpy(np.stack([rows, np.maximum(targets, 0)])).to(device)
        values, greedy = token_log_probabilities(logits, on_device[0], on_device[1])
        both = torch.stack([values, greedy.float()]).cpu().numpy()
        slots = job.slots[queries]
        self.log_probabilities[slots], self.greedy[slots] = both[0], both[1] > 0
        asked = np.flatnonzero(targets < 0)
        if len(asked):
            self._read_candidates(logits[on_device[0][torch.from_numpy(asked).to(device)]], slots[asked])
        owners = job.requests[queries]
        np.subtract.at(self.open, owners, 1)
        return [int(owner) for owner in np.unique(owners) if self.open[owner] == 0]

    def _read_candidates(self, logits: torch.Tensor, slots: Ints) -> None:
        """The likeliest tokens of each row (n, vocabulary), best first; the lower id first where two are equal."""
        values = logits.float().log_softmax(dim=-1)
        best, tokens = (part.cpu().numpy() for part in values.topk(min(CANDIDATES, values.shape[-1]), dim=-1))
        for slot, scores, ids in zip(slots, best, tokens, strict=True):
            ranked = sorted(zip(ids.tolist(), scores.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
            self.candidates[int(slot)] = ranked
