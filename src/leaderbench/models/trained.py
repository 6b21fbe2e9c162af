"""What was done to arrive at a model. No file computes that: these are rules, each with the evidence that it goes by.

The first rule that applies decides:

1. adapter_config.json, or the card's `base_model_relation: adapter` or library `peft`: an **adapter**.
2. A file of mergekit, or the card's relation `merge`, tag `merge` or `mergekit`, or several base models without a
   relation: a **merge**.
3. The name says adapter, merge, or that a chat model was made; or the card has the tag `chat`, `conversational`,
   `instruct` or `rlhf` …: as they say. (The name comes before the tokenizer: `-base` models of several families carry
   a chat template.)
4. The name says pretrained (`-base`, `-pt`): **pretrained**.
5. The tokenizer has a chat template: **chat**.
6. The card's tags or the name say that pretraining went on: **continually pretrained**.
7. The card names a base model, unless its relation is `quantized`; or the name says fine-tuned: **fine-tuned**.
8. A card with a head names no base model: **pretrained**.

Otherwise it is unknown.
"""

from collections.abc import Iterator

from leaderbench.models.cards import Card
from leaderbench.models.facts import Fact, ModelType, Source
from leaderbench.models.names import NameGuess
from leaderbench.sentences import Sentence

_CHAT_TAGS = ("chat", "conversational", "instruct", "instruction-tuned", "assistant", "rlhf")
_CONTINUED_TAGS = (
    "continued-pretraining",
    "continual-pretraining",
    "continuous-pretraining",
    "continued pretraining",
    "continual pretraining",
    "cpt",
)
_TUNED_TAGS = ("finetuned", "fine-tuned", "finetune", "generated_from_trainer", "sft", "dpo", "trl", "autotrain")


def type_of(
    guess: NameGuess, card: Card, *, adapter: bool = False, merged: bool = False, template: bool = False
) -> Fact[ModelType] | None:
    """The type of a model by the rules above.

    Args:
        guess: What its name says.
        card: What its card says.
        adapter: Whether it has an adapter_config.json.
        merged: Whether it has a file of mergekit.
        template: Whether its tokenizer has a chat template.
    """
    return next(_rules(guess, card, adapter, merged, template), None)


def _rules(guess: NameGuess, card: Card, adapter: bool, merged: bool, template: bool) -> Iterator[Fact[ModelType]]:
    yield from _made_of_others(card, adapter, merged)
    named = guess.type
    if named and named.value in {ModelType.ADAPTER, ModelType.MERGE, ModelType.CHAT}:
        yield named
    yield from _tagged(card, _CHAT_TAGS, ModelType.CHAT)
    if named and named.value is ModelType.PRETRAINED:
        yield named
    if template:
        yield Fact(ModelType.CHAT, Source.TOKENIZER, Sentence("it has a chat template"))
    yield from _tagged(card, _CONTINUED_TAGS, ModelType.CONTINUALLY_PRETRAINED)
    if named and named.value is ModelType.CONTINUALLY_PRETRAINED:
        yield named
    if card.base_models and card.relation != "quantized":
        yield Fact(ModelType.FINE_TUNED, Source.CARD, f"its base model is {card.base_models[0]}")
    yield from _tagged(card, _TUNED_TAGS, ModelType.FINE_TUNED)
    if named:
        yield named
    if card.has_head and not card.base_models:
        yield Fact(ModelType.PRETRAINED, Source.CARD, Sentence("it names no base model"))


def _made_of_others(card: Card, adapter: bool, merged: bool) -> Iterator[Fact[ModelType]]:
    if adapter:
        yield Fact(ModelType.ADAPTER, Source.CONFIG, "adapter_config.json")
    if card.relation == "adapter" or card.library.lower() in {"peft", "adapter-transformers"}:
        yield Fact(ModelType.ADAPTER, Source.CARD, card.relation or card.library)
    if merged:
        yield Fact(ModelType.MERGE, Source.CONFIG, Sentence("a configuration of mergekit"))
    if card.relation == "merge":
        yield Fact(ModelType.MERGE, Source.CARD, "base_model_relation")
    yield from _tagged(card, ("merge", "mergekit"), ModelType.MERGE)
    if len(card.base_models) > 1 and not card.relation:
        yield Fact(ModelType.MERGE, Source.CARD, f"it names {len(card.base_models)} base models")


def _tagged(card: Card, tags: tuple[str, ...], kind: ModelType) -> Iterator[Fact[ModelType]]:
    for tag in tags:
        if tag in card.tags:
            yield Fact(kind, Source.CARD, f"tag {tag}")
