"""Where rotary embeddings depend on the length of a text, its answer is that of its own, whatever else is asked."""

from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from leaderbench.models import selfcheck
from leaderbench.models.base import Encoded
from leaderbench.models.memory import Budget
from leaderbench.models.rope import one_regime, regime_of
from leaderbench.models.scoring import Scores, lay
from leaderbench.models.trie import build
from tests.models.architectures import LLAMA

BORDER = 40

TOLERANCE = 1e-4
"""Nats; positions of another length move a log-probability by whole ones."""

LONG = {
    "rope_type": "longrope",
    "rope_theta": 1e4,
    "factor": 4.0,
    "original_max_position_embeddings": BORDER,
    "short_factor": [1.0] * 4,
    "long_factor": [3.0] * 4,
}
PLAIN = {"rope_type": "default", "rope_theta": 1e4}
NESTED = {
    "query_pre_attn_scalar": 8,
    "head_dim": 8,
    "sliding_window": 200,
    "layer_types": ["sliding_attention", "full_attention", "full_attention"],
    "rope_parameters": {"sliding_attention": PLAIN, "full_attention": LONG},
}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "phi3": ("phi3", {"rope_parameters": LONG, "original_max_position_embeddings": BORDER}),
    "llama": ("llama", {"rope_parameters": LONG}),
    "gemma3": ("gemma3_text", NESTED),
    "dynamic": (
        "llama",
        {
            "rope_parameters": PLAIN | {"rope_type": "dynamic", "factor": 4.0},
            "max_position_embeddings": BORDER,
        },
    ),
}


def make(name: str) -> PreTrainedModel:
    """A tiny network whose positions change beyond the border."""
    kind, settings = KINDS[name]
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, **LLAMA | settings, initializer_range=0.3)
    network: PreTrainedModel = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
        config, dtype=torch.float32
    )
    network.eval()  # type: ignore[no-untyped-call]
    return network


def tokens(count: int, seed: int) -> list[int]:
    return [int(token) for token in np.random.default_rng(seed).integers(3, 61, count)]


def by_itself(name: str, sequence: list[int]) -> torch.Tensor:
    """Log-probabilities of a network that has seen nothing else."""
    with torch.inference_mode():
        logits: torch.Tensor = make(name)(torch.tensor([sequence])).logits[0]
    return logits.log_softmax(-1)


@pytest.mark.parametrize("name", list(KINDS))
def test_a_text_is_scored_alone_as_in_company(name: str) -> None:
    path, report = selfcheck.choose(make(name), Budget(2048))
    assert path.name == "plain", report
    sequences = [tokens(length, length) for length in (70, 20, BORDER, BORDER + 1, 55, BORDER - 1)]
    trie = build(sequences, [path.regime(len(sequence)) for sequence in sequences])
    values = selfcheck.log_probabilities(path, trie)
    for sequence, nodes in zip(sequences, trie.paths, strict=True):
        assert (values[nodes] - by_itself(name, sequence)).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", list(KINDS))
def test_a_beginning_is_not_read_off_a_longer_text_of_other_positions(name: str) -> None:
    path, _ = selfcheck.choose(make(name), Budget(2048))
    whole = tokens(70, 0)
    trie = build([whole[:30], whole])
    values = selfcheck.log_probabilities(path, trie)
    assert (values[trie.paths[0]] - by_itself(name, whole[:30])).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", list(KINDS))
def test_each_answer_is_that_of_one_pass_over_its_own_context_and_continuation(name: str) -> None:
    network = make(name)
    path, _ = selfcheck.choose(network, Budget(2048))
    context = tuple(tokens(BORDER - 2, 3))
    # They end before the border, on it and beyond.
    continuations = tuple(tuple(tokens(length, 40 + length)) for length in (1, 2, 3, 4, 9))
    count = len(continuations)
    job = lay([Encoded(context, continuations, (len(context),) * count, len(context))], path.regime)
    scores = Scores(job)
    for nodes, logits in path.logits(job.trie, job.wanted):
        scores.read(nodes, logits)
    begin = 0
    for continuation in continuations:
        rows = by_itself(name, [*context, *continuation[:-1]])[len(context) - 1 :]
        expected = rows[range(len(continuation)), list(continuation)]
        ours = scores.log_probabilities[begin : begin + len(continuation)]
        assert np.abs(ours - expected.numpy()).max() < TOLERANCE
        begin += len(continuation)


def test_lengths_on_one_side_of_the_border_are_of_one_regime() -> None:
    regime = regime_of(make("gemma3"))
    assert [regime(length) for length in (1, BORDER, BORDER + 1, 200)] == [0, 0, 1, 1]
    growing = regime_of(make("dynamic"))
    assert growing(1) == growing(BORDER - 1)
    assert len({growing(length) for length in range(BORDER - 1, 90)}) == 91 - BORDER


def test_other_networks_have_one_regime() -> None:
    config = AutoConfig.for_model("llama", **LLAMA)
    assert regime_of(AutoModelForCausalLM.from_config(config)) is one_regime  # type: ignore[no-untyped-call]
