"""The fast path scores like plain one-by-one scoring on every architecture, or is not taken."""

import numpy as np
import pytest
import torch

from leaderbench.models import memory, selfcheck
from leaderbench.models.trie import build
from tests.models.architectures import PLAIN, TREE, make

TOLERANCE = 1e-5


def branching() -> list[list[int]]:
    """Sequences of up to 60 tokens that share beginnings of several lengths."""
    generator = np.random.default_rng(7)

    def tokens(count: int) -> list[int]:
        return [int(token) for token in generator.integers(3, 61, count)]

    trunk = tokens(30)
    stems = [trunk[: 30 - 5 * i] + tokens(3 + 7 * i) for i in range(5)]
    return [stem + tokens(count) for stem in stems for count in (1, 4, 9)] + [tokens(5)]


def one_by_one(network: torch.nn.Module, sequences: list[list[int]]) -> list[torch.Tensor]:
    """Log-probabilities after every token, each sequence alone."""
    with torch.inference_mode():
        return [network(torch.tensor([sequence])).logits[0].log_softmax(-1) for sequence in sequences]


@pytest.mark.parametrize("budget", [13, 64, 100_000])
@pytest.mark.parametrize("name", [*TREE, *PLAIN])
def test_the_chosen_path_agrees_with_one_by_one_scoring(name: str, budget: int) -> None:
    network, sequences = make(name), branching()
    expected = one_by_one(network, sequences)
    path, _ = selfcheck.choose(network, memory.Budget(budget))
    trie = build(sequences)
    found = dict(zip(range(len(trie)), selfcheck.log_probabilities(path, trie, np.arange(len(trie))), strict=True))
    for nodes, values in zip(trie.paths, expected, strict=True):
        ours = torch.stack([found[node] for node in nodes.tolist()])
        assert (ours - values).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", list(TREE))
def test_the_tree_path_is_taken(name: str) -> None:
    path, report = selfcheck.choose(make(name), memory.Budget(1024))
    assert path.name == "tree", report


@pytest.mark.parametrize("name", list(PLAIN))
def test_a_fallback_is_taken_and_says_why(name: str) -> None:
    path, report = selfcheck.choose(make(name), memory.Budget(1024))
    assert path.name != "tree"
    assert report["not_tree_because"]
