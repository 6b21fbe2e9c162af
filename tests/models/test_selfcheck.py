"""A fast path that would measure something else is refused, and the manifest says why."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from leaderbench.errors import LeaderbenchError
from leaderbench.models import selfcheck, tree_attention
from leaderbench.models.memory import Budget
from tests.models import tiny
from tests.models.architectures import LLAMA, make

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


BOTH_WAYS: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {},
    "xlnet": {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 48},
    "gemma3_text": {"use_bidirectional_attention": True},
    "llama": {"is_causal": False},
}


def network_of(kind: str, **settings: Any) -> PreTrainedModel:
    """A tiny network of this kind, as transformers initialises it."""
    torch.manual_seed(0)
    shape = {} if kind == "xlnet" else LLAMA | {"head_dim": 8}
    config = AutoConfig.for_model(kind, **shape | settings | {"vocab_size": 61})
    network: PreTrainedModel = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
        config, dtype=torch.float32
    )
    network.eval()  # type: ignore[no-untyped-call]
    return network


@pytest.mark.parametrize("kind", list(BOTH_WAYS))
def test_a_network_that_sees_what_follows_is_refused(kind: str) -> None:
    with pytest.raises(LeaderbenchError, match="M reads text in both directions"):
        selfcheck.choose(network_of(kind, **BOTH_WAYS[kind]), Budget(64), "M")


def test_an_encoder_turned_into_a_decoder_is_scored() -> None:
    path, _ = selfcheck.choose(network_of("bert", is_decoder=True), Budget(64))
    assert path.name == "tree"


def changed(network: PreTrainedModel, change: Callable[[torch.Tensor], torch.Tensor]) -> PreTrainedModel:
    """The network with its embeddings, shape (texts, tokens, width), changed before the first layer."""
    network.get_input_embeddings().register_forward_hook(lambda module, given, values: change(values))
    return network


def test_a_network_whose_answer_depends_on_its_batch_is_refused() -> None:
    network = changed(tiny.llama(), lambda values: values * (1 + 0.1 * (len(values) - 1)))
    with pytest.raises(LeaderbenchError, match="M scores a text otherwise alone than in a batch with others"):
        selfcheck.choose(network, Budget(2048), "M")


def test_a_network_whose_answer_depends_on_the_length_is_refused() -> None:
    network = changed(tiny.llama(), lambda values: values * (1 + 0.01 * values.shape[1]))
    with pytest.raises(LeaderbenchError, match="M scores a text otherwise alone than"):
        selfcheck.choose(network, Budget(2048), "M")


def test_a_network_that_cannot_compute_is_refused_with_its_own_words() -> None:
    def fail(values: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("shapes do not match")

    with pytest.raises(LeaderbenchError, match="M cannot compute a text of 31 tokens: RuntimeError: shapes do not"):
        selfcheck.choose(changed(tiny.llama(), fail), Budget(64), "M")


def test_a_network_that_computes_nothing_but_nan_is_refused() -> None:
    with pytest.raises(LeaderbenchError, match="Every number that M computes is NaN"):
        selfcheck.choose(changed(tiny.llama(), lambda values: values * torch.nan), Budget(64), "M")


def test_a_layer_that_calls_attention_twice_is_scored_plainly() -> None:
    path, report = selfcheck.choose(network_of("diffllama"), Budget(2048))
    assert path.name == "plain"
    assert "DiffLlamaAttention calls attention twice in one pass" in str(report["not_tree_because"])


def test_a_layer_that_is_used_twice_is_scored_plainly() -> None:
    network = make("llama")
    layers: Any = network.model.layers
    layers[1] = layers[0]
    path, report = selfcheck.choose(network, Budget(2048))
    assert path.name == "plain"
    assert "LlamaAttention calls attention twice in one pass" in str(report["not_tree_because"])


def test_rows_that_are_lost_between_packs_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tree_attention.Rows.of

    def forgetful(rows: tree_attention.Rows, layer: torch.nn.Module, *given: torch.Tensor) -> Any:
        rows.keys.pop(layer, None)
        return whole(rows, layer, *given)

    monkeypatch.setattr(tree_attention.Rows, "of", forgetful)
    path, report = selfcheck.choose(tiny.llama(), Budget(2048))
    assert path.name == "plain"
    assert report["not_tree_because"] == "it disagrees with plain scoring"


def test_a_network_of_few_positions_is_examined_within_them() -> None:
    path, _ = selfcheck.choose(tiny.gpt2(positions=20), Budget(64))
    assert path.name == "tree"


def test_the_examination_of_a_network_that_was_chosen_before_is_the_same() -> None:
    network = tiny.llama()
    first, second = (selfcheck.choose(network, Budget(64)) for _ in range(2))
    assert first[0].name == second[0].name == "tree"
    assert first[1] == second[1]
