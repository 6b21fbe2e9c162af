"""A fast path that would measure something else is refused, and the manifest says why."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from leaderbench.models import selfcheck, tree_attention
from leaderbench.models.memory import Budget
from tests.models import tiny
from tests.models.architectures import make

Attention = Callable[..., tuple[torch.Tensor, None]]


def test_an_attention_that_agrees_is_taken_and_the_difference_recorded() -> None:
    path, report = selfcheck.choose(tiny.llama(), Budget(64))
    assert path.name == "tree"
    assert 0 <= float(str(report["difference"])) <= 1e-5 < float(str(report["allowed"]))
    assert "not_tree_because" not in report


def scaled(whole: Attention) -> Attention:
    return lambda *given, **named: (whole(*given, **named)[0] * 1.01, None)


def blind_to_branches(whole: Attention) -> Attention:
    """Sees every token before it, its siblings too."""

    def attention(*given: Any, **named: Any) -> tuple[torch.Tensor, None]:
        for group in tree_attention._current.get().groups:
            group.visible[:] = torch.ones_like(group.visible).tril(group.cached)
        return whole(*given, **named)

    return attention


def not_a_number(whole: Attention) -> Attention:
    return lambda *given, **named: (whole(*given, **named)[0] * torch.nan, None)


@pytest.mark.parametrize("spoil", [scaled, blind_to_branches, not_a_number])
def test_an_attention_that_disagrees_is_refused(
    spoil: Callable[[Attention], Attention], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_attention, "attention", spoil(tree_attention.attention))
    path, report = selfcheck.choose(tiny.llama(), Budget(64))
    assert path.name == "plain"
    assert report["not_tree_because"] == "it disagrees with plain scoring"


@pytest.mark.parametrize(
    "error", [RuntimeError("shapes"), TypeError("an argument"), tree_attention.UnsupportedAttentionError("a mask")]
)
def test_an_attention_that_breaks_is_refused_and_its_words_kept(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any, **named: Any) -> None:
        raise error

    monkeypatch.setattr(tree_attention, "attention", broken)
    path, report = selfcheck.choose(tiny.llama(), Budget(64))
    assert path.name == "plain"
    assert str(error) in str(report["not_tree_because"])


def test_after_a_refusal_the_network_has_its_own_attention_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network = tiny.llama()
    before = network(torch.tensor([[5, 6, 7]])).logits
    monkeypatch.setattr(tree_attention, "attention", scaled(tree_attention.attention))
    selfcheck.choose(network, Budget(64))
    torch.testing.assert_close(network(torch.tensor([[5, 6, 7]])).logits, before)


def test_a_sliding_window_that_never_reaches_the_attention_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, network = tree_attention.attention, make("mistral-sliding")

    def forgetful(*given: Any, sliding_window: int | None = None, **named: Any) -> tuple[torch.Tensor, None]:
        return whole(*given, **named)

    monkeypatch.setattr(tree_attention, "attention", forgetful)
    # Longer than the sample: the numbers alone cannot tell.
    network.config.sliding_window = 200
    path, report = selfcheck.choose(network, Budget(64))
    assert path.name == "plain"
    assert report["not_tree_because"] == "3 layers have a sliding window and 0 asked for it"


def test_the_sample_branches_at_several_depths() -> None:
    trie = selfcheck.sample(tiny.llama())
    after = [set(trie.tokens[trie.depths == depth].tolist()) for depth in range(max(trie.depths) + 1)]
    assert len(trie.paths) == 12
    assert sum(len(tokens) > 1 for tokens in after) > 4
    assert max(trie.tokens) < 500


def test_the_check_does_not_change_random_numbers_of_others() -> None:
    network = tiny.gpt2()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    selfcheck.choose(network, Budget(64))
    assert torch.equal(torch.rand(3), expected)
