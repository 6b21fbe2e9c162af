"""At load, a small sample is scored both ways, and the fastest path that agrees with plain scoring is taken."""

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from leaderbench.models import tree_attention
from leaderbench.models.memory import Budget
from leaderbench.models.paths import Path, PlainPath, TreePath, vocabulary
from leaderbench.models.trie import Trie, build
from leaderbench.records import Json

LENGTHENING_ROPE = ("dynamic", "longrope", "yarn-dynamic")
"""Rotary embeddings that change with the longest position in the batch: packing would change what is measured."""


def choose(network: PreTrainedModel, budget: Budget) -> tuple[Path, dict[str, Json]]:
    """The fastest path that agrees with plain scoring, and what the check saw, for the manifest."""
    own = network.config._attn_implementation
    plain = PlainPath(network, budget, own)
    report: dict[str, Json] = {"plain_attention": own}
    reason = unfit(network)
    if reason is None:
        tree = TreePath(network, budget)
        try:
            difference, allowed = compare(tree, plain, network)
        except (tree_attention.UnsupportedAttentionError, LookupError, RuntimeError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"[:300]
        else:
            report |= {"difference": difference, "allowed": allowed}
            disagrees = None if difference <= allowed else "it disagrees with plain scoring"
            reason = unseen_windows(network, tree) or disagrees
    if not reason:
        return tree, report
    network.set_attn_implementation(own)
    return plain, report | {"not_tree_because": reason}


def unfit(network: PreTrainedModel) -> str | None:
    """Why this architecture cannot take the tree path, as far as its configuration tells."""
    config = network.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}
    kind = rope.get("rope_type") if isinstance(rope, dict) else None
    if kind in LENGTHENING_ROPE:
        return f"{kind} rotary embeddings depend on the longest sequence of a batch"
    kinds = set(getattr(config, "layer_types", None) or ()) - {"full_attention", "sliding_attention"}
    return f"it has layers of kind {', '.join(sorted(kinds))}" if kinds else None


def unseen_windows(network: PreTrainedModel, tree: TreePath) -> str | None:
    """Why the attention was not asked as the configuration says, so that the tree path would measure something else."""
    if not tree.windows:
        return "its attention does not go through the attention interface"
    config = network.config.get_text_config()
    window, kinds = getattr(config, "sliding_window", None), getattr(config, "layer_types", None)
    if window is None or getattr(config, "use_sliding_window", True) is False:
        return None
    expected = kinds.count("sliding_attention") if kinds else len(tree.windows)
    seen = sum(given is not None for given in tree.windows.values())
    return None if seen == expected else f"{expected} layers have a sliding window and {seen} asked for it"


def compare(tree: Path, plain: Path, network: PreTrainedModel) -> tuple[float, float]:
    """Largest difference in log-probability between two paths on branching sequences, and how much is noise."""
    trie = sample(network)
    wanted = np.arange(len(trie))
    ours, theirs = (log_probabilities(path, trie, wanted) for path in (tree, plain))
    difference = float((ours - theirs).abs().max())
    epsilon = torch.finfo(network.dtype).eps
    scale = max(1.0, float(theirs.max() - theirs.min()))
    # NaN compares as false, so a path that yields NaN is not taken.
    return difference, max(1e-4, 32 * epsilon) * scale if difference == difference else -1.0


def sample(network: PreTrainedModel) -> Trie:
    """Sequences of random tokens that branch at several depths."""
    generator = np.random.default_rng(0)
    limit = vocabulary(network)

    def tokens(count: int) -> list[int]:
        return [int(token) for token in generator.integers(0, limit, count)]

    trunk = tokens(24)
    stems = [trunk[: 24 - 4 * i] + tokens(6 + 3 * i) for i in range(4)]
    return build([stem + tokens(1 + length) for stem in stems for length in range(3)])


def log_probabilities(path: Path, trie: Trie, wanted: NDArray[np.int64]) -> torch.Tensor:
    """Log-probabilities at wanted nodes, in their order, shape (nodes, vocabulary)."""
    pieces = [(nodes, logits.float().log_softmax(dim=-1)) for nodes, logits in path.logits(trie, wanted)]
    order = np.argsort(np.concatenate([nodes for nodes, _ in pieces]))
    return torch.cat([rows for _, rows in pieces])[torch.from_numpy(order).to(pieces[0][1].device)]
