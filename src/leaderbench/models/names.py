"""What a model's name says: `facebook/bart-large-mnli-finetuned-squad2-english` is by facebook, a bart, large, …

A name is cut into words, and each place is offered to a few small rules in turn; the first that knows the word takes
it. Everything found is a guess and says which piece of the name it comes from.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from leaderbench.models import name_tables as tables
from leaderbench.models.facts import Fact, ModelType, Source
from leaderbench.models.name_rules import RULES, Found, split_words

T = TypeVar("T")

longest = 256
"""Characters of a name that are read; the Hub allows 96 on each side of the slash."""


@dataclass(frozen=True, slots=True)
class NameGuess:
    """What can be guessed from a name; None where it says nothing."""

    organisation: Fact[str] | None = None
    """Who published it: what stands before the slash."""

    architecture: Fact[str] | None = None
    """The `model_type` of transformers that the family has, e.g. `llama`, `gpt_neox`."""

    version: Fact[str] | None = None
    """The family's version or the model's, e.g. `2.5`, `v0.1`."""

    parameters: Fact[int] | None = None
    """All parameters; of a mixture named by its experts (8x7B) an upper bound, since experts share the rest."""

    active_parameters: Fact[int] | None = None
    """Parameters that work on one token (A3B)."""

    experts: Fact[int] | None = None
    size: Fact[str] | None = None
    """A size in words, e.g. `large`."""

    context: Fact[int] | None = None
    """Context length in tokens: 4k, 8k, … 128k are powers of two, others thousands."""

    precision: Fact[str] | None = None
    """The format of the weights, e.g. `GPTQ 4-bit`, `GGUF`, `float16`."""

    type: Fact[ModelType] | None = None
    base_model: Fact[str] | None = None
    """What it was made from: the family behind `Distill`, or the name before the words for quantisation."""

    datasets: Fact[tuple[str, ...]] | None = None
    languages: Fact[tuple[str, ...]] | None = None
    date: Fact[str] | None = None
    """A month or day, ISO 8601."""


def parse(name: str) -> NameGuess:
    """Guess what a name says; any text is a name, and one that says nothing gives an empty guess."""
    owner, short = split_name(name)
    cut = split_words(short)
    words = [word for word, _ in cut]
    found = Found(words, [start for _, start in cut])
    place = 0
    while place < len(words):
        place += next((taken for rule in RULES if (taken := rule(found, place))), 1)
    _settle_sizes(found)
    return NameGuess(
        organisation=_fact(owner, owner) if owner else None,
        architecture=_architecture(found),
        version=_version_of(found),
        parameters=_first([item[:2] for item in found.parameters]),
        active_parameters=_first(found.active),
        experts=_first(found.experts),
        size=_first(found.sizes),
        context=_first(found.contexts),
        precision=_precision(found),
        type=_type(found),
        base_model=_base(found, short),
        datasets=_all(found.datasets),
        languages=_all(found.languages),
        date=_first(found.dates),
    )


def split_name(name: str) -> tuple[str, str]:
    """Owner and name of a Hub id; of a folder no owner and its last part. Control characters and marks that turn the
    reading direction are left out.
    """
    shown = "".join(
        " " if unicodedata.category(character) == "Cc" else character
        for character in name[:longest]
        if unicodedata.category(character) not in {"Cf", "Cs", "Co"}
    ).strip()
    if shown.startswith("bundled:"):
        return "", shown.removeprefix("bundled:")
    parts = [part for part in shown.replace("\\", "/").split("/") if part.strip(" .~")]
    folder = shown.startswith((".", "/", "~", "\\")) or len(parts) != 2 or "\\" in shown
    if not parts:
        return "", ""
    return ("", parts[-1].strip()) if folder else (parts[0].strip(), parts[1].strip())


def _settle_sizes(found: Found) -> None:
    """What is told in billions is the size, else what is told in millions; tokens of training are told in more.

    A few millions are a context beside billions, or where a model chats: Qwen2.5-7B-Instruct-1M. A mixture tells the
    parameters that work on a token beside all of them: OLMoE-1B-7B.
    """
    chats = any(kind is ModelType.CHAT for kind, _ in found.types)
    large = any(unit == "b" for _, _, unit in found.parameters)
    for item in list(found.parameters):
        if item[2] == "m" and item[0] <= 10**7 and (large or chats):
            found.parameters.remove(item)
            found.contexts.append(item[:2])
    found.parameters.sort(key=lambda item: "bmt".index(item[2]))
    billions = [item for item in found.parameters if item[2] == "b"]
    if len(billions) == 2 and not found.active and any("moe" in word.lower() for word in found.words):
        smaller, larger = sorted(billions)
        found.parameters, found.active = [larger], [smaller[:2]]


def _fact(value: T, piece: str) -> Fact[T]:
    return Fact(value, Source.NAME, piece)


def _first(items: Sequence[tuple[T, str]]) -> Fact[T] | None:
    return _fact(*items[0]) if items else None


def _all(items: Sequence[tuple[T, str]]) -> Fact[tuple[T, ...]] | None:
    if not items:
        return None
    pieces = ", ".join(dict.fromkeys(piece for _, piece in items))
    return _fact(tuple(dict.fromkeys(value for value, _ in items)), pieces)


def _own_family(found: Found) -> tuple[str, str, int] | None:
    """The family that the model itself is of: of a distilled model the one that it was distilled into."""
    into = [item for item in found.families if found.distilled is not None and item[2] > found.distilled]
    return next(iter(into or found.families), None)


def _version_of(found: Found) -> Fact[str] | None:
    family = _own_family(found)
    near = [item for item in found.versions if family and item[2] >= family[2]]
    chosen = next(iter(near or found.versions), None)
    return _fact(chosen[0], chosen[1]) if chosen else None


def _architecture(found: Found) -> Fact[str] | None:
    dense = _dense_architecture(found)
    mixed = found.active or found.experts or any(word.lower() == "moe" for word in found.words)
    if dense and mixed and dense.value in tables.MIXTURES:
        return _fact(tables.MIXTURES[dense.value], dense.evidence)
    return dense


def _dense_architecture(found: Found) -> Fact[str] | None:
    if family := _own_family(found):
        head, piece, place = family
        for version, _, where in found.versions:
            number = version.removeprefix("v")
            for beginning in (number, number.partition(".")[0]):
                if where >= place and (head, beginning) in tables.GENERATIONS:
                    return _fact(tables.GENERATIONS[head, beginning], f"{piece} {version}" if where > place else piece)
            if where >= place:
                break
        return _fact(tables.FAMILIES[head], piece)
    return next((_fact(tables.TUNES[head], piece) for head, piece in found.tunes if tables.TUNES[head]), None)


def _precision(found: Found) -> Fact[str] | None:
    named = [item for item in found.formats if item[0]]
    named.sort(key=lambda item: item[0] in tables.UNQUANTISED)
    bits = found.bits[0] if found.bits else None
    if not named:
        return _fact(*bits) if bits else None
    name, piece, _ = named[0]
    if bits and "-bit" not in name and name not in {"FP8", "MXFP4", "NVFP4", "FP4"} | tables.UNQUANTISED:
        return _fact(f"{name} {bits[0]}", piece if piece == bits[1] else f"{piece}, {bits[1]}")
    return _fact(name, piece)


def _type(found: Found) -> Fact[ModelType] | None:
    said = list(found.types)
    said += [(ModelType.CHAT, piece) for _, piece in found.tunes]
    # Experts put together from finished models; Mixtral and its kin were trained as one.
    families = {item[0] for item in found.families}
    mixed = [piece for count, piece in found.experts if "x" in piece.lower() and count < 8]
    if mixed and families <= {"llama", "mistral"}:
        said.append((ModelType.MERGE, mixed[0]))
    chosen = min(said, key=lambda item: tables.STRONGEST.index(item[0]), default=None)
    return _fact(*chosen) if chosen else None


def _base(found: Found, short: str) -> Fact[str] | None:
    family = _own_family(found)
    if found.distilled is not None and family and family[2] > found.distilled:
        return _fact(family[1], f"{found.words[found.distilled]}-{family[1]}")
    packed = [item for item in found.formats if item[0] not in tables.UNQUANTISED]
    if packed:
        before = short[: found.starts[min(item[2] for item in packed)]].rstrip("-_. ")
        if before:
            return _fact(before, packed[0][1])
    return None
