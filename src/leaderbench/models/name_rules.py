"""The words of a model's name, and the small rules that know them; `names.parse` offers each word to each rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leaderbench.models import name_tables as tables
from leaderbench.models.facts import ModelType
from leaderbench.models.languages import NAMES

_SEPARATORS = str.maketrans(dict.fromkeys("-_ +,()[]{}@:~|/\\\"'`=&;<>*!?#%^$", " "))


@dataclass(slots=True)
class Found:
    """What was found so far, each value with its piece of the name."""

    words: Sequence[str]
    starts: Sequence[int]
    """Where in the name each word begins."""

    families: list[tuple[str, str, int]] = field(default_factory=list)
    tunes: list[tuple[str, str]] = field(default_factory=list)
    versions: list[tuple[str, str, int]] = field(default_factory=list)
    parameters: list[tuple[int, str, str]] = field(default_factory=list)
    """With the unit that it is told in: `b`, `m` or `t`."""

    active: list[tuple[int, str]] = field(default_factory=list)
    experts: list[tuple[int, str]] = field(default_factory=list)
    contexts: list[tuple[int, str]] = field(default_factory=list)
    sizes: list[tuple[str, str]] = field(default_factory=list)
    formats: list[tuple[str, str, int]] = field(default_factory=list)
    bits: list[tuple[str, str]] = field(default_factory=list)
    types: list[tuple[ModelType, str]] = field(default_factory=list)
    datasets: list[tuple[str, str]] = field(default_factory=list)
    languages: list[tuple[str, str]] = field(default_factory=list)
    dates: list[tuple[str, str]] = field(default_factory=list)
    distilled: int | None = None
    """Place of the word that says it was distilled."""


def split_words(short: str) -> list[tuple[str, int]]:
    """The words of a name and where each begins: cut at separators, and at points that stand between no two digits.

    An underscore inside a small number counts as its point where hyphens part the words: phi-1_5, stablelm-2-1_6b.
    """
    spaced = "".join(
        "." if character == "_" and _is_point(short, place) else character for place, character in enumerate(short)
    ).translate(_SEPARATORS)
    words: list[tuple[str, int]] = []
    start = 0
    for place, character in enumerate(spaced + " "):
        between = spaced[place - 1 : place].isdigit() and spaced[place + 1 : place + 2].isdigit()
        if character.isspace() or (character == "." and not between):
            if place > start:
                words.append((spaced[start:place], start))
            start = place + 1
    return words


def _is_point(short: str, place: int) -> bool:
    before, after = short[:place], short[place + 1 :]
    digits = before[-1:].isdigit() and after[:1].isdigit()
    alone = not before[-2:-1].isdigit() and before[-2:-1].lower() != "q"
    return digits and alone and "-" in short and (not after[1:2].isalnum() or after[1:2].lower() in "bm")


def _quantised(found: Found, place: int) -> int:
    """`GPTQ`, `fp16`, `4bit`, `4-bit`, `3.5bpw`, `Q4_K_M`."""
    word = found.words[place].lower()
    after = found.words[place + 1].lower() if place + 1 < len(found.words) else ""
    if word in tables.FORMATS:
        found.formats.append((tables.FORMATS[word], found.words[place], place))
        return 1
    if word in tables.WIDTHS:
        found.bits.append((tables.WIDTHS[word], found.words[place]))
        found.formats.append(("", found.words[place], place))
        return 1
    for unit in ("bits", "bit", "bpw"):
        number = word.removesuffix(unit)
        glued = number != word and _is_decimal(number)
        if glued or (_is_decimal(word) and after == unit):
            number = number if glued else word
            found.bits.append((f"{number}-bit", found.words[place] if glued else f"{word}-{after}"))
            found.formats.append(("", found.words[place], place))
            return 1 if glued else 2
    kind = word.removeprefix("i")
    if kind[:1] == "q" and kind[1:].isdecimal() and len(kind) == 2:
        taken = 1
        while place + taken < len(found.words) and found.words[place + taken].lower() in _GGUF_ENDS and taken < 3:
            taken += 1
        piece = "_".join(found.words[place : place + taken])
        if taken > 1 or any(item[0] in {"GGUF", "GGML"} for item in found.formats):
            found.formats.append(("GGUF", piece, place))
            found.bits.append((f"{kind[1:]}-bit", piece))
            return taken
    return 0


_GGUF_ENDS = {"k", "m", "s", "l", "0", "1", "xs", "xxs", "nl"}


def _family(found: Found, place: int) -> int:
    """One to three words that are a family's name, with or without a version behind it."""
    for taken in (3, 2, 1):
        group = found.words[place : place + taken]
        if len(group) < taken:
            continue
        joined = "".join(group).lower()
        if joined in tables.FAMILIES:
            head, version, rest = joined, "", ""
        elif taken == 1:
            head, version, rest = _inside(group[0])
        else:
            continue
        if head in tables.FAMILIES and not (taken == 1 and _is_dataset(found, head)):
            found.families.append((head, "-".join(group), place))
            _note_glued(found, place, version, rest)
            return taken
        if head in tables.TUNES and taken == 1:
            kept = found.datasets if head in tables.DATASETS and found.families else found.tunes
            kept.append((head, group[0]))
            _note_glued(found, place, version, rest)
            return taken
    return 0


def _note_glued(found: Found, place: int, version: str, rest: str) -> None:
    if version:
        found.versions.append((version, found.words[place], place))
    if rest and (size := _with_unit(rest)) and size[1] != "k":
        found.parameters.append((size[0], found.words[place], size[1]))


def _is_dataset(found: Found, head: str) -> bool:
    return head in tables.DATASETS and bool(found.families)


def _inside(word: str) -> tuple[str, str, str]:
    """The family inside a word such as `Qwen2.5`, `TinyLlama` or `llama7b`, its version, and a size glued behind it."""
    lower = word.lower()
    head = lower.rstrip("0123456789.")
    version = lower[len(head) :].strip(".")
    known = tables.FAMILIES.keys() | tables.TUNES.keys()
    for whole in (lower, head, head.removesuffix("v")):
        if whole in known:
            return whole, "" if whole == lower else version, ""
    # The longest family of at least four letters at the end, then at the beginning.
    for size in range(len(head) - 1, 3, -1):
        if head[-size:] in tables.FAMILIES:
            return head[-size:], version, ""
    for size in range(len(lower) - 1, 3, -1):
        if lower[:size] in known and (_with_unit(lower[size:]) or not lower[size].isdigit()):
            return lower[:size], "", lower[size:]
    return "", "", ""


def _size(found: Found, place: int) -> int:
    """`7B`, `0.6B`, `7b1`, `8x7B`, `A3B`, `16E`, `200K`, and what is glued behind a word: `stories15M`.

    Thousands are a context or a number of rows, never a size; and glued behind a word that is no family's, a number
    with a point is a version: `Ice0.34b`.
    """
    word = found.words[place].lower()
    piece = found.words[place]
    before, after = (found.words[i].lower() if 0 <= i < len(found.words) else "" for i in (place - 1, place + 1))
    if (before in _PROGRESS or after in _COUNTED) and _with_unit(word):
        return 1  # steps or rows of training
    count, times, rest = word.partition("x")
    if times and count.isdecimal() and (each := _with_unit(rest)):
        number = _limited(count)
        found.experts.append((number, piece))
        found.parameters.append((number * each[0], f"{piece}, at most", each[1]))
    elif word[:1] == "a" and (active := _with_unit(word[1:])) and active[1] in "bm":
        found.active.append((active[0], piece))
    elif word.endswith("e") and word[:-1].isdecimal() and found.parameters:
        found.experts.append((_limited(word[:-1]), piece))
    elif plain := _with_unit(word):
        if plain[1] == "k" or (plain[1] == "m" and {before, after} & _CONTEXTS):
            found.contexts.append((plain[0], piece))
        else:
            found.parameters.append((plain[0], piece, plain[1]))
    elif glued := _with_unit(word.lstrip(_LETTERS)):
        if word[:1] in "0123456789e" or len(word.rstrip("bmk").rstrip("0123456789.")) < 3:
            return 0
        if glued[1] != "k" and ("." not in word or word.rstrip("bm").rstrip("0123456789.") in tables.FAMILIES):
            found.parameters.append((glued[0], piece, glued[1]))
    else:
        return 0
    return 1


_PROGRESS = {"step", "steps", "epoch", "epochs", "ckpt", "checkpoint", "samples"}
_COUNTED = {
    "token",
    "tokens",
    "row",
    "rows",
    "sample",
    "samples",
    "example",
    "examples",
    "pair",
    "pairs",
    "step",
    "steps",
}
_CONTEXTS = {"context", "ctx", "window", "long", "longcontext"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _with_unit(word: str) -> tuple[int, str] | None:
    """`1.5b` as (1500000000, "b"); `7b1` means 7.1b."""
    unit = next((unit for unit in "kmbt" if unit in word), "")
    whole, _, part = word.partition(unit) if unit else ("", "", "")
    if not unit or not _is_decimal(whole) or (part and not (part.isdecimal() and len(part) == 1 and unit in "bm")):
        return None
    if part and "." in whole:
        return None
    number = float(f"{whole}.{part}" if part else whole)
    if unit == "k":
        binary = number >= 4 and number.is_integer() and int(number) & (int(number) - 1) == 0
        return round(number * (1024 if binary else 1000)), unit
    return round(number * {"m": 10**6, "b": 10**9, "t": 10**12}[unit]), unit


def _is_decimal(word: str) -> bool:
    """Whether a word is a number of ordinary length such as `7` or `0.6`."""
    whole, point, part = word.partition(".")
    plain = whole.isascii() and whole.isdecimal() and (not point or (part.isascii() and part.isdecimal()))
    return plain and len(word) <= 8


def _limited(word: str) -> int:
    return int(word[:6])


def _date(found: Found, place: int) -> int:
    """`2407` (year, month), `08-2024`, `2024-08`, `20240115`; and `1124` where the family dates so (month, year)."""
    words, word = found.words, found.words[place]
    after = words[place + 1] if place + 1 < len(words) else ""
    if not (word.isascii() and word.isdecimal()):
        return 0
    if len(word) == 8 and _is_year(word[:4]) and _is_month(word[4:6]) and 1 <= int(word[6:]) <= 31:
        found.dates.append((f"{word[:4]}-{word[4:6]}-{word[6:]}", word))
        return 1
    for year, month in ((word, after), (after, word)):
        if _is_year(year) and _is_month(month):
            found.dates.append((f"{year}-{month}", f"{word}-{after}"))
            return 2
    if len(word) != 4:
        return 0
    if _is_short_year(word[:2]) and _is_month(word[2:]):
        found.dates.append((f"20{word[:2]}-{word[2:]}", word))
    elif _is_month(word[:2]) and _is_short_year(word[2:]) and any(item[0] == "olmo" for item in found.families):
        found.dates.append((f"20{word[2:]}-{word[:2]}", word))
    elif _is_month(word[:2]) and 1 <= int(word[2:]) <= 31:
        found.versions.append((word, word, place))  # a day of some year, which nothing tells
    else:
        return 0
    return 1


def _is_year(word: str) -> bool:
    return len(word) == 4 and word.isascii() and word.isdecimal() and 2018 <= int(word) <= 2039


def _is_short_year(word: str) -> bool:
    return word.isdecimal() and 22 <= int(word) <= 39


def _is_month(word: str) -> bool:
    return len(word) == 2 and word.isascii() and word.isdecimal() and 1 <= int(word) <= 12


def _version(found: Found, place: int) -> int:
    """`v0.1`, and a small number behind a family or a tune."""
    word = found.words[place].lower()
    if word[:1] in "vr" and _is_decimal(word[1:].replace(".", "", 1)) and len(word) < 8:
        found.versions.append((word, found.words[place], place))
        return 1
    if place and _is_decimal(word) and float(word) < 100 and (found.families or found.tunes):
        found.versions.append((word, found.words[place], place))
        return 1
    return 0


def _dataset(found: Found, place: int) -> int:
    for taken in (3, 2, 1):
        group = found.words[place : place + taken]
        joined = "".join(group).lower()
        if len(group) == taken and joined in tables.DATASETS:
            found.datasets.append((tables.DATASETS[joined], "-".join(group)))
            return taken
    return 0


def _language(found: Found, place: int) -> int:
    word = found.words[place].lower()
    translation = any(item[0] == "opus" for item in found.families)
    if word in NAMES:
        code = NAMES[word]
    elif word == "multilingual":
        code = word
    elif word in tables.SAFE_CODES or (translation and len(word) == 2 and word.isalpha() and word != "mt"):
        code = tables.OTHER_CODES.get(word, word)
    else:
        return 0
    found.languages.append((code, found.words[place]))
    return 1


def _kind(found: Found, place: int) -> int:
    for taken in (2, 1):
        group = found.words[place : place + taken]
        joined = "".join(group).lower()
        piece = "-".join(group)
        if len(group) < taken:
            continue
        if joined in tables.TYPES and not (joined == "it" and "opus" in {item[0] for item in found.families}):
            found.types.append((tables.TYPES[joined], piece))
            if joined in {"distill", "distilled"}:
                found.distilled = place
            return taken
        families = {item[0] for item in found.families}
        if joined == "pt" and families & {"gemma", "gemma3n"}:
            found.types.append((ModelType.PRETRAINED, piece))
            return taken
        if joined == "base":
            encoder = any(tables.FAMILIES[head] in tables.ENCODERS for head in families)
            if encoder:
                found.sizes.append(("base", piece))
            else:
                found.types.append((ModelType.PRETRAINED, piece))
            return taken
    return 0


def _size_word(found: Found, place: int) -> int:
    word = found.words[place].lower()
    if word in tables.SIZE_WORDS:
        found.sizes.append((word, found.words[place]))
        return 1
    return 0


RULES: tuple[Callable[[Found, int], int], ...] = (
    _quantised,
    _date,
    _kind,
    _family,
    _size,
    _dataset,
    _language,
    _version,
    _size_word,
)
"""Each looks at the words from a place on and returns how many it took."""
