"""The tokenizer of a model is the one that its tokenizer.json describes, whatever class transformers makes of it.

Many classes of transformers build their own normalizer and pre-tokenizer and drop the file's, so that a prompt becomes
other tokens than the model was trained on. Here the loaded tokenizer is compared with the file, part by part, and asked
the same texts. A file comes from strangers: what would fill the memory is refused before it runs, and what panics in
native code ends in a sentence.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.models.contents import LARGEST, read_json, shown
from leaderbench.models.contexts import UNLIMITED
from leaderbench.models.panics import is_panic, reason_of, silent

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

FILE = "tokenizer.json"

LONGEST_CONTENT = 200
"""Characters that a rule may put in; real ones put in one to three."""

MOST_GROWTH = 100
"""How many times longer a text may become by all rules together."""

MOST_RULES = 64
"""Rules of one kind, and special tokens around a text."""

LONGEST_SECONDS = 5.0
"""Time of a processor for a probe of some hundred characters; a real tokenizer takes a thousandth of a second."""

PROBES = (
    "In 2023 he had 12345 apples, it's 3.14 (or 1,000,000).\n\nAnswer: A\r\n\tQ  two   spaces ",
    " the quick brown fox jumps over the lazy dog while aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa sleeps all day long",
    "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 0000000000000000000",
    "  def f(x):\n    return {'a': x ** 2}  # ½ ﬁ Å naïve Straße e\u0301 — “quoted” …\n\n\n",
    "你好，世界。 Привет, мир! ١٢٣ 🙂\u200d🌈",
)
"""What splits, cases, digits, spaces, accents and scripts show in."""


@contextmanager
def refused(name: str) -> Iterator[None]:
    """Turn what a tokenizer raises, and its panics, into a sentence, without what Rust prints of them.

    Raises:
        LeaderbenchError: its class or native code fails.
    """
    with silent():
        try:
            yield
        except LeaderbenchError:
            raise
        except Exception as error:
            words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise LeaderbenchError(
                f"The tokenizer of {name} cannot encode a text ({words}); where its {FILE} is sound, let "
                "tokenizer_config.json name PreTrainedTokenizerFast."
            ) from error
        except BaseException as error:
            if not is_panic(error):
                raise
            raise LeaderbenchError(
                f"The tokenizer of {name} fails inside its library ({reason_of(error)}): its "
                f"{FILE} is damaged, or has a rule that cannot be followed."
            ) from None


def check_file(folder: Path, name: str) -> None:
    """Refuse a tokenizer.json whose rules would fill the memory, before any of them runs.

    Raises:
        LeaderbenchError: it is no JSON object, puts in texts of absurd length, or repeats the text.
    """
    path = folder / FILE
    content = read_json(path, LARGEST[FILE])
    if not isinstance(content, dict):
        raise LeaderbenchError(f"The tokenizer of {name} cannot be loaded: {FILE} is no JSON object, or too long.")
    growth = 1.0
    for kind in ("normalizer", "decoder"):
        rules = list(_rules(content.get(kind)))
        if len(rules) > MOST_RULES:
            raise LeaderbenchError(f"The {kind} of {name}'s {FILE} has {len(rules):,} rules; none needs so many.")
        for rule in rules:
            growth *= _growth(rule)
            if growth > MOST_GROWTH or _longest(rule) > LONGEST_CONTENT:
                raise LeaderbenchError(
                    f"The {kind} of {name}'s {FILE} makes texts {MOST_GROWTH} times longer or more, or puts in more "
                    f"than {LONGEST_CONTENT} characters; no model was trained so."
                )
    for rule in _rules(content.get("post_processor")):
        pieces = rule.get("single", ())
        repeats = sum(isinstance(piece, dict) and "Sequence" in piece for piece in pieces)
        if len(pieces) > MOST_RULES or (pieces and repeats != 1):
            raise LeaderbenchError(f"The post-processor of {name}'s {FILE} does not keep a text as it is, once.")


def _rules(part: object) -> Iterator[Mapping[str, Any]]:
    """The rules of a part of tokenizer.json, those of sequences one by one."""
    waiting = [part]
    while waiting:
        rule = waiting.pop()
        if not isinstance(rule, dict):
            continue
        inner = [rule[key] for key in ("normalizers", "pretokenizers", "processors", "decoders") if key in rule]
        for rules in inner:
            waiting += rules if isinstance(rules, list) else ()
        if not inner:
            yield rule


def _growth(rule: Mapping[str, Any]) -> float:
    """How many times longer a rule makes a text, at most, as far as what it puts in says."""
    content, pattern = rule.get("content"), rule.get("pattern")
    if not isinstance(content, str) or not isinstance(pattern, dict):
        return 1.0
    least = len(pattern["String"]) if isinstance(pattern.get("String"), str) else 1
    return max(1.0, len(content) / max(least, 1))


def _longest(rule: Mapping[str, Any]) -> int:
    """Characters of the longest text that a rule puts in."""
    return max(
        (len(rule[key]) for key in ("content", "prepend", "prefix") if isinstance(rule.get(key), str)), default=0
    )


def honour_file(tokenizer: "PreTrainedTokenizerBase", folder: Path, name: str) -> tuple[str, ...]:
    """Make a loaded tokenizer that of its tokenizer.json, without anything behind the text; what had to be changed.

    Raises:
        LeaderbenchError: it still gives other ids than the file, or panics, or takes far too long.
    """
    from tokenizers import Tokenizer

    changes: list[str] = []
    with refused(name):
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if (folder / FILE).is_file():
            own = Tokenizer.from_file(str(folder / FILE))
            if backend is None:
                raise LeaderbenchError(
                    f"The class {type(tokenizer).__name__} of {name} does not read its {FILE}; let "
                    "tokenizer_config.json name PreTrainedTokenizerFast."
                )
            _as_it_encodes(own)
            _as_it_encodes(backend)
            _check_growth(own, name)
            changes += [f"{part} of {FILE}" for part in _differences(backend, own)]
            own_ids = own.encode(PROBES[0]).ids
            if changes:
                tokenizer._tokenizer = backend = own
                _forget_strangers(tokenizer, own)
            # Some classes put their own around a text whenever they are called.
            if _ids(tokenizer, PROBES[0], special=True) != own_ids:
                raise _other_tokens(tokenizer, name)
        changes += _keep_ends(tokenizer, name)
        if backend is not None:
            _check_ids(tokenizer, backend, name)
    return tuple(changes)


def _as_it_encodes(tokenizer: "Tokenizer") -> None:
    """Without what its file may keep of training: cut and padded texts, merges left out at random."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if getattr(tokenizer.model, "dropout", None):
        tokenizer.model.dropout = None


def _differences(loaded: "Tokenizer", own: "Tokenizer") -> Iterator[str]:
    """The parts in which a loaded tokenizer is another than the file's own."""
    for part in ("normalizer", "pre_tokenizer", "model", "post_processor", "decoder"):
        if _state(getattr(loaded, part)) != _state(getattr(own, part)):
            yield part.replace("_", "-")
    if _added(loaded) != _added(own):
        yield "added tokens"


def _state(part: Any) -> bytes | None:
    return None if part is None else bytes(part.__getstate__())


def _added(tokenizer: "Tokenizer") -> dict[int, tuple[object, ...]]:
    flags = ("content", "single_word", "lstrip", "rstrip", "normalized", "special")
    decoder = tokenizer.get_added_tokens_decoder()
    return {number: tuple(getattr(token, flag) for flag in flags) for number, token in decoder.items()}


def _forget_strangers(tokenizer: "PreTrainedTokenizerBase", own: "Tokenizer") -> None:
    """No special token that the file does not have: its number would be that of another, or of none."""
    for key in tokenizer.SPECIAL_TOKENS_ATTRIBUTES:
        token = getattr(tokenizer, key, None)
        if isinstance(token, str) and own.token_to_id(token) is None:
            setattr(tokenizer, key, None)


def _check_growth(tokenizer: "Tokenizer", name: str) -> None:
    """Refuse a normalizer that makes a short text long by matching nothing at every place."""
    if tokenizer.normalizer is None:
        return
    for probe in ("e", "The end 1 "):
        if len(tokenizer.normalizer.normalize_str(probe)) > MOST_GROWTH * len(probe) + LONGEST_CONTENT:
            raise LeaderbenchError(
                f"The normalizer of {name}'s {FILE} makes texts more than {MOST_GROWTH} times longer."
            )


def _keep_ends(tokenizer: "PreTrainedTokenizerBase", name: str) -> list[str]:
    """Take off what a tokenizer puts behind every text (an end of text, a separator): the answer stands there."""
    from tokenizers import processors

    plain, whole = (_ids(tokenizer, "word", special) for special in (False, True))
    before = _before(plain, whole)
    if before is None or len(whole) > len(plain) + MOST_RULES:
        raise LeaderbenchError(f"The tokenizer of {name} does not keep a text as it is among its special tokens.")
    if before + plain == whole:
        return []
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise LeaderbenchError(
            f"The tokenizer of {name} puts {shown(tokenizer.decode(whole[len(before) + len(plain) :]))} behind every "
            "text, where the answer stands; set add_eos_token to false in its tokenizer_config.json."
        )
    names = [f"before{place}" for place in range(len(before))]
    backend.post_processor = processors.TemplateProcessing(
        single=[*names, "$A"], special_tokens=list(zip(names, before, strict=True))
    )
    return ["nothing behind the text"]


def _before(plain: list[int], whole: list[int]) -> list[int] | None:
    """What stands before a text in its encoding with special tokens; None where the text is not in it."""
    places = (place for place in range(len(whole) - len(plain) + 1) if whole[place : place + len(plain)] == plain)
    return None if (place := next(places, None)) is None else whole[:place]


def _check_ids(tokenizer: "PreTrainedTokenizerBase", backend: "Tokenizer", name: str) -> None:
    """Refuse a tokenizer that does not give the ids of its backend for every probe, or is slow without end."""
    tokens = [token.content for token in backend.get_added_tokens_decoder().values()][:3]
    for probe in (*PROBES, " ".join(["a", *tokens, "b"])):
        began = time.thread_time()
        expected = backend.encode(probe, add_special_tokens=False).ids
        if time.thread_time() - began > LONGEST_SECONDS:
            raise LeaderbenchError(
                f"The tokenizer of {name} takes more than {LONGEST_SECONDS:.0f} seconds for {len(probe)} characters: a "
                f"rule in its {FILE} tries too many ways."
            )
        if _ids(tokenizer, probe, special=False) != expected:
            raise _other_tokens(tokenizer, name)


def _other_tokens(tokenizer: "PreTrainedTokenizerBase", name: str) -> LeaderbenchError:
    return LeaderbenchError(
        f"The class {type(tokenizer).__name__} of {name} gives other tokens than its {FILE}; let tokenizer_config.json "
        "name PreTrainedTokenizerFast."
    )


def _ids(tokenizer: "PreTrainedTokenizerBase", text: str, special: bool) -> list[int]:
    with suppress(AttributeError):
        tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return list(tokenizer(text, add_special_tokens=special, return_attention_mask=False, verbose=False)["input_ids"])


def check_length(tokenizer: "PreTrainedTokenizerBase", name: str) -> None:
    """Let a tokenizer's own length be a positive whole number, or none.

    Raises:
        LeaderbenchError: it states something that is no number.
    """
    stated: object = tokenizer.model_max_length
    if isinstance(stated, bool) or not isinstance(stated, int | float) or stated != stated:
        raise LeaderbenchError(
            f"The tokenizer of {name} says model_max_length is {shown(stated)}; it must be a number of tokens, or left "
            "out of tokenizer_config.json."
        )
    if stated <= 0 or stated >= UNLIMITED or stated != int(stated):
        tokenizer.model_max_length = int(1e30)


def is_sentencepiece(path: Path) -> bool:
    """Whether a `.model` file is one of SentencePiece (a protobuf, which begins with its first field)."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"\n"
    except OSError:
        return False
