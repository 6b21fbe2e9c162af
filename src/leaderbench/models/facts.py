"""What is known of a model, each value with where it comes from, and what happens where two sources disagree."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Source(StrEnum):
    """Where a value comes from; in this order they are believed."""

    HEADERS = "safetensors headers"
    """Counted from the names, types and shapes of the stored weights."""

    CONFIG = "config"
    """Read from config.json, adapter_config.json or the like: what the program that runs the model reads."""

    HUB = "Hub"
    """The Hub's own record of the repository, such as its commit."""

    TOKENIZER = "tokenizer"
    """Read from the tokenizer's files."""

    RUN = "run"
    """Seen when the model was loaded for a run."""

    DECLARED = "declared"
    """Said by the host of the board in `models.toml`."""

    CARD = "model card"
    """Said by the model's authors in the head of README.md."""

    PUBLISHED = "published"
    """Said by an imported table; the evidence names its file."""

    NAME = "guessed from the name"
    """Read from the model's name; often right, never known."""


class ModelType(StrEnum):
    """What was done to arrive at the model."""

    PRETRAINED = "pretrained"
    CONTINUALLY_PRETRAINED = "continually pretrained"
    """Trained on, on plain text, from another model."""

    FINE_TUNED = "fine-tuned"
    """Trained on, for a task or a domain, from another model."""

    CHAT = "chat"
    """Trained to follow instructions or to talk, by whatever method."""

    MERGE = "merge"
    """Made from the weights of several models."""

    ADAPTER = "adapter"
    """Small weights that need their base model beside them."""


class Commercial(StrEnum):
    """Whether a licence lets a business use the model."""

    YES = "yes"
    RESTRICTED = "restricted"
    """Yes, within conditions on who, how large or what for; read the licence."""

    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value with its source."""

    value: T
    source: Source
    evidence: str = ""
    """What exactly said so: the piece of the name, the key of a file, the reason."""

    others: "tuple[Fact[T], ...]" = ()
    """What other sources say otherwise, the most believed first; a guess is never among them."""

    @property
    def guessed(self) -> bool:
        """Whether it is no more than a guess from the name."""
        return self.source is Source.NAME


believed = tuple(Source)
"""Sources, the most believed first: files that decide what is computed, then the host of the board, who may correct
what the authors' card says, then the card, then tables that others published, then guesses."""

believed_of_judgements = (Source.DECLARED, *(source for source in Source if source is not Source.DECLARED))
"""The same for what no file computes, such as the type: the host's word comes first."""


def combine(facts: Iterable[Fact[T] | None], order: tuple[Source, ...] = believed) -> Fact[T] | None:
    """The most believed of some facts about one thing; those that say otherwise are kept in its `others`.

    Of two facts from one source the first counts.
    """
    flat: list[Fact[T]] = []
    for fact in facts:
        if fact is not None:
            flat += [replace(fact, others=()), *fact.others]
    if not flat:
        return None
    best, *rest = sorted(flat, key=lambda fact: order.index(fact.source))
    others: list[Fact[T]] = []
    for fact in rest:
        known = any(fact.value == other.value and fact.source == other.source for other in others)
        if not fact.guessed and fact.value != best.value and not known:
            others.append(fact)
    return replace(best, others=tuple(others))
