"""How many tokens a model takes, as `load.context_limits` finds it, from its files alone."""

from leaderbench.models.facts import Fact, Source
from leaderbench.models.sizes import Config, levels

LENGTHS = ("n_positions", "max_position_embeddings", "n_ctx", "max_seq_len")
"""Names under which configurations keep the context length, in the order that they count."""

UNLIMITED = 10**9
"""Tokenizers without a limit state a huge number; from this on it means none."""

_OTHER_NAMES = {"rwkv": "context_length"}
"""Architectures whose configurations keep the length under a name of their own."""


def length_of(stated: object) -> int | None:
    """A length in tokens as a file states it; None for what is none: not positive, not whole, or beyond all models."""
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not 0 < stated < UNLIMITED:
        return None
    return int(stated) if stated == int(stated) else None


def context_of(config: Config, tokenizer: Config) -> Fact[int] | None:
    """The context length that the configuration states, else that its class has, else that the tokenizer states.

    None where all are silent: then the model takes any length, or nobody knows.
    """
    inner = _language_model(config)
    kind = inner.get("model_type")
    own = (_OTHER_NAMES[kind],) if isinstance(kind, str) and kind in _OTHER_NAMES else ()
    for key in (*LENGTHS, *own):
        if (length := length_of(inner.get(key))) is not None:
            return Fact(length, Source.CONFIG, key)
    if isinstance(kind, str) and (default := _class_default(kind)) is not None:
        return Fact(default, Source.CONFIG, f"what {kind} has where config.json gives none")
    if (length := length_of(tokenizer.get("model_max_length"))) is not None:
        return Fact(length, Source.TOKENIZER, "model_max_length")
    return None


def _language_model(config: Config) -> Config:
    """The configuration itself, or the one inside it that describes its language model."""
    inner = (level for level in levels(config) if level is not config and any(key in level for key in LENGTHS))
    return next(inner, config)


def _class_default(kind: str) -> int | None:
    """The length of an architecture whose file states none; only then is transformers imported."""
    from transformers import CONFIG_MAPPING

    try:
        config = CONFIG_MAPPING[kind]().get_text_config()
        stated = [value for key in LENGTHS if (value := getattr(config, key, None)) is not None]
    except Exception:
        # An architecture that transformers does not know, or one that cannot be made from nothing.
        return None
    return length_of(stated[0]) if stated else None
