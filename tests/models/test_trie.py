"""The trie holds every distinct prefix once, in an order that makes subtrees intervals."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderbench.models.trie import Trie, build

Sequences = list[tuple[int, ...]]

sequences = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple), min_size=1, max_size=12)
"""So few tokens that most sequences share beginnings."""


def prefixes(given_: Sequences) -> list[tuple[int, ...]]:
    """Every distinct prefix, in the order of a depth-first walk that takes smaller tokens first."""
    return sorted({sequence[:length] for sequence in given_ for length in range(1, len(sequence) + 1)})


def prefix(trie: Trie, node: int) -> tuple[int, ...]:
    """The sequence that ends at a node."""
    return tuple(trie.tokens[np.append(trie.path(node), node)].tolist())


@given(sequences)
def test_each_distinct_prefix_is_one_node_in_depth_first_order(asked: Sequences) -> None:
    trie = build(asked)
    assert [prefix(trie, node) for node in range(len(trie))] == prefixes(asked)


@given(sequences)
def test_the_path_of_each_sequence_spells_it_in_the_order_given(asked: Sequences) -> None:
    trie = build(asked)
    assert len(trie.paths) == len(asked)
    assert [tuple(trie.tokens[path].tolist()) for path in trie.paths] == asked


@given(sequences)
def test_a_node_knows_its_depth_and_a_sequence_that_runs_through_it(asked: Sequences) -> None:
    trie = build(asked)
    for node, name in enumerate(prefixes(asked)):
        assert trie.depths[node] == len(name) - 1
        assert asked[trie.owners[node]][: len(name)] == name


@given(sequences)
def test_one_node_is_above_another_exactly_where_its_interval_holds_it(asked: Sequences) -> None:
    trie, names = build(asked), prefixes(asked)
    for upper, begin in enumerate(names):
        for lower, whole in enumerate(names):
            assert (upper <= lower < trie.ends[upper]) == (whole[: len(begin)] == begin)


@given(sequences, st.randoms(use_true_random=False))
def test_the_order_of_sequences_changes_nothing_but_the_order_of_paths(asked: Sequences, random: Random) -> None:
    shuffled = list(asked)
    random.shuffle(shuffled)
    one, other = build(asked), build(shuffled)
    assert one.tokens.tolist() == other.tokens.tolist()
    assert one.ends.tolist() == other.ends.tolist()
    ways = {sequence: path.tolist() for sequence, path in zip(asked, one.paths, strict=True)}
    assert [path.tolist() for path in other.paths] == [ways[sequence] for sequence in shuffled]


def test_tokens_sort_by_number_beyond_a_byte() -> None:
    assert build([(70_000,), (255,), (256,), (1,)]).tokens.tolist() == [1, 255, 256, 70_000]


def test_equal_sequences_share_every_node() -> None:
    trie = build([(5, 6), (5, 6), (5,)])
    assert len(trie) == 2
    assert [path.tolist() for path in trie.paths] == [[0, 1], [0, 1], [0]]


def test_no_sequences_give_an_empty_trie() -> None:
    assert len(build([])) == 0


@pytest.mark.parametrize("count", [1, 2, 300])
def test_long_shared_beginnings_are_stored_once(count: int) -> None:
    trunk = tuple(range(1000))
    assert len(build([(*trunk, 1000 + i) for i in range(count)])) == 1000 + count
