"""At load, a small sample shows whether a network can be scored at all, and which way of scoring is the fastest that
agrees with plain scoring.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from leaderbench.errors import LeaderbenchError
from leaderbench.models import tree_attention
from leaderbench.models.memory import Budget
from leaderbench.models.paths import Path, PlainPath, TreePath, vocabulary
from leaderbench.models.rope import Regime, one_regime
from leaderbench.models.trie import Trie, build
from leaderbench.records import Json

SMALL_PACK = 16
"""Tokens in a pack of the second walk, so that the sample goes from pack to pack, and in them from group to group."""


def choose(network: PreTrainedModel, budget: Budget, name: str = "The model") -> tuple[Path, dict[str, Json]]:
    """The fastest path that agrees with plain scoring, and what the check saw, for the manifest.

    Raises:
        LeaderbenchError: `examine` finds that the network, called `name`, cannot be scored.
    """
    own = network.config._attn_implementation
    plain = PlainPath(network, budget, own)
    report: dict[str, Json] = {"plain_attention": own}
    trie = sample(network, plain.regime)
    expected = examine(plain, trie, name)
    reason = unfit(network, plain)
    if reason is None:
        tree, small = TreePath(network, budget), TreePath(network, Budget(SMALL_PACK))
        small.group = SMALL_PACK // 2
        allowed = noise(expected, network.dtype)
        try:
            walks = [log_probabilities(path, trie) for path in (tree, small)]
        except (tree_attention.UnsupportedAttentionError, LookupError, RuntimeError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"[:300]
        else:
            difference = max(apart(values, expected) for values in walks)
            report |= {"difference": difference, "allowed": allowed}
            agrees = difference <= allowed and not any(values.isnan().any() for values in walks)
            disagrees = None if agrees else "it disagrees with plain scoring"
            reason = unseen_windows(network, tree) or disagrees
    network.set_attn_implementation(own)
    return (plain, report | {"not_tree_because": reason}) if reason else (tree, report)


def examine(plain: PlainPath, trie: Trie, name: str) -> torch.Tensor:
    """Log-probabilities of the sample by plain scoring, shape (nodes, vocabulary), after a look at that itself.

    What comes later may not change what stands before it; and a text may not be scored otherwise alone than as the
    beginning of a longer one or in a batch. It holds for any architecture, whatever it is called.

    Raises:
        LeaderbenchError: one of these does not hold, the network cannot compute, or every number it computes is NaN.
    """
    whole, changed = trie.paths[0], trie.paths[8]
    shared = int((whole[: len(changed)] == changed[: len(whole)]).sum())
    try:
        together = log_probabilities(plain, trie)
        first, second, beginning = (alone(plain, trie, path) for path in (whole, changed, whole[:shared]))
    except LeaderbenchError:
        raise
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise LeaderbenchError(f"{name} cannot compute a text of {len(whole)} tokens: {words}") from error
    dtype = plain.model.dtype
    if together.isnan().all():
        raise LeaderbenchError(
            f"Every number that {name} computes is NaN: its weights or its config.json are damaged, or its numbers too "
            f"large for {str(dtype).removeprefix('torch.')}."
        )
    allowed = noise(together, dtype)
    # Two passes of one shape differ by nothing, or by the order in which experts add up; in half precision that order
    # may send a token to another expert.
    leak = apart(first[:shared], second[:shared])
    if len(whole) == len(changed) and leak > allowed / (10 if dtype == torch.float32 else 4):
        raise LeaderbenchError(
            f"{name} reads text in both directions (a later token moves a log-probability before it by {leak:.2g}): it "
            "has no next-token probabilities, so it cannot be scored as a language model."
        )
    comparisons = [(together[whole], "in a batch with others")]
    if plain.regime(shared) == plain.regime(len(whole)):
        comparisons.append((beginning, "as the beginning of a longer one"))
    for other, where in comparisons:
        moved = apart(first[: len(other)], other)
        if moved > allowed:
            raise LeaderbenchError(
                f"{name} scores a text otherwise alone than {where} (by {moved:.2g}): its answer to one question would "
                "depend on what else is asked."
            )
    return together


def unfit(network: PreTrainedModel, plain: PlainPath) -> str | None:
    """Why this architecture cannot take the tree path, as far as its configuration tells."""
    if plain.regime is not one_regime:
        return "its rotary embeddings depend on the length of the sequence"
    config = network.config.get_text_config()
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


def noise(values: torch.Tensor, dtype: torch.dtype) -> float:
    """How far apart log-probabilities like these may be where only the order of additions differs."""
    finite = values[values.isfinite()]
    scale = max(1.0, float(finite.max() - finite.min())) if len(finite) else 1.0
    return max(1e-4, 32 * torch.finfo(dtype).eps) * scale


def apart(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference between two sets of numbers, where both are numbers."""
    gaps = (ours - theirs).abs().masked_fill(ours == theirs, 0)
    gaps = gaps[~gaps.isnan()]
    return float(gaps.max()) if len(gaps) else 0.0


def sample(network: PreTrainedModel, regime: Regime = one_regime) -> Trie:
    """Sequences of random tokens that branch at several depths, none longer than the network's positions."""
    generator = np.random.default_rng(0)
    limit = vocabulary(network)
    config = network.config.get_text_config()
    stated = [getattr(config, key, None) for key in ("n_positions", "max_position_embeddings")]
    longest = min((length for length in stated if isinstance(length, int) and length > 0), default=None)

    def tokens(count: int) -> list[int]:
        return [int(token) for token in generator.integers(0, limit, count)]

    trunk = tokens(24)
    stems = [trunk[: 24 - 4 * i] + tokens(6 + 3 * i) for i in range(4)]
    sequences = [(stem + tokens(1 + length))[:longest] for stem in stems for length in range(3)]
    return build(sequences, [regime(len(sequence)) for sequence in sequences])


def alone(path: Path, trie: Trie, nodes: NDArray[np.int64]) -> torch.Tensor:
    """Log-probabilities of one sequence of a trie by itself, shape (tokens, vocabulary)."""
    return log_probabilities(path, build([trie.tokens[nodes]]))


def log_probabilities(path: Path, trie: Trie, wanted: NDArray[np.int64] | None = None) -> torch.Tensor:
    """Log-probabilities at wanted nodes, or at all, in their order, shape (nodes, vocabulary)."""
    wanted = np.arange(len(trie)) if wanted is None else wanted
    pieces = [(nodes, logits.float().log_softmax(dim=-1)) for nodes, logits in path.logits(trie, wanted)]
    order = np.argsort(np.concatenate([nodes for nodes, _ in pieces]))
    return torch.cat([rows for _, rows in pieces])[torch.from_numpy(order).to(pieces[0][1].device)]
