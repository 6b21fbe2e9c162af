"""From a name to a model that answers: finding the files, refusing what is unsafe, choosing dtype, device and path."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.models import baselines
from leaderbench.models.sources import digest_of, find, require_files
from leaderbench.records import Json

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from leaderbench.models.base import Model
    from leaderbench.models.local import LocalModel
    from leaderbench.models.tokens import Limits

LENGTHS = ("n_positions", "max_position_embeddings", "n_ctx", "max_seq_len")
"""Names under which configurations keep the context length, in the order that they count."""

DTYPES = ("auto", "float32", "bfloat16", "float16")

PACK_TOKENS = {"cpu": 2048, "cuda": 4096}
"""Tokens in one forward pass to begin with; halved when memory runs out."""


def load_model(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    max_length: int | None = None,
) -> "Model":
    """A model by its name: weights from a local folder, `bundled:NAME` or a Hub repository, or a baseline.

    Args:
        name: Folder, `bundled:NAME`, Hub id, or one of the baselines, `baseline:random` and `baseline:always-a`, which
            know nothing and for which the other arguments mean nothing.
        revision: Commit, branch or tag of the Hub repository.
        dtype: `auto` (bfloat16 where the checkpoint and the hardware have it, else float32), or one of `DTYPES`.
        device: `auto`, or a torch device such as `cpu` or `cuda:1`.
        max_length: Context length in tokens, instead of the model's own.

    Raises:
        LeaderbenchError: the model cannot be found, is unsafe to load, lacks a tokenizer, or does not fit together.
    """
    if baselines.is_baseline(name):
        return baselines.load(name)
    return load_local(name, revision=revision, dtype=dtype, device=device, max_length=max_length)


def load_local(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    max_length: int | None = None,
) -> "LocalModel":
    """Load a causal language model from a local folder, `bundled:NAME`, or a Hub repository; see `load_model`."""
    from leaderbench.models.local import LocalModel
    from leaderbench.models.memory import Budget, keep_freed_memory
    from leaderbench.models.selfcheck import choose
    from leaderbench.models.tokens import Encoder

    keep_freed_memory()
    folder, commit = find(name, revision)
    require_files(folder, name)
    with quiet_transformers():
        config = load_configuration(folder, name)
        tokenizer = load_tokenizer(folder, name)
        network = load_network(folder, name, config, dtype, device)
    check_vocabulary(network, tokenizer, name)
    limits = context_limits(network, tokenizer, max_length)
    path, check = choose(network, Budget(PACK_TOKENS.get(network.device.type, 1024)), name)
    facts: dict[str, Json] = {
        "name": name,
        "revision": commit,
        "weights": digest_of(folder),
        "architecture": type(network).__name__,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "dtype": str(network.dtype).removeprefix("torch."),
        "device": network.device.type,
        "backend": "transformers",
        "max_length": limits.context,
        "bos": tokenizer.bos_token,
        "self_check": check,
        "versions": versions(),
    }
    return LocalModel(name, identity_of(facts), network, tokenizer, Encoder(tokenizer, limits), path, facts)


def identity_of(facts: dict[str, Json]) -> str:
    """Digest of what can change an answer: the files, how numbers are represented, and the libraries that compute."""
    causes = {key: facts[key] for key in ("weights", "dtype", "device", "backend", "max_length", "versions")}
    return hashlib.sha256(json.dumps(causes, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, Json]:
    """Versions of the libraries that compute answers."""
    from importlib.metadata import version

    return {package: version(package) for package in ("torch", "transformers", "tokenizers")}


def load_tokenizer(folder: Path, name: str) -> "PreTrainedTokenizerBase":
    """The tokenizer in a model's folder.

    Raises:
        LeaderbenchError: there is none that can be loaded.
    """
    from transformers import AutoTokenizer

    if not any((folder / file).is_file() for file in ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")):
        raise LeaderbenchError(f"{name} has no tokenizer (no tokenizer.json); save the tokenizer into the same folder.")
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:
        raise LeaderbenchError(f"The tokenizer of {name} cannot be loaded: {one_line(error)}") from error
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return tokenizer


def load_configuration(folder: Path, name: str) -> "PreTrainedConfig":
    """What a model's config.json says.

    Raises:
        LeaderbenchError: it is damaged, of an unknown architecture or asks for remote code.
    """
    from transformers import AutoConfig

    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:
        if "trust_remote_code" in str(error):
            raise LeaderbenchError(f"{name} wants to run its own code, which leaderbench never does.") from error
        raise LeaderbenchError(f"The configuration of {name} cannot be loaded: {one_line(error)}") from error
    return config


def load_network(folder: Path, name: str, config: "PreTrainedConfig", dtype: str, device: str) -> "PreTrainedModel":
    """The weights, on their device, ready to answer.

    Raises:
        LeaderbenchError: they need remote code, are damaged, don't match their configuration or don't fit in memory.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if dtype not in DTYPES:
        raise LeaderbenchError(f"There is no dtype {dtype!r}; choose one of {', '.join(DTYPES)}.")
    target = choose_device(device)
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=choose_dtype(dtype, getattr(config, "dtype", None), target),
            use_safetensors=True,
            trust_remote_code=False,
            # They are refused below, by name.
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
        check_weights(loaded[1], name)
        network: PreTrainedModel = loaded[0].to(target).eval()
    except torch.OutOfMemoryError as error:
        raise LeaderbenchError(
            f"{name} does not fit in the memory of {target}; try --dtype bfloat16 or another device."
        ) from error
    except LeaderbenchError:
        raise
    except Exception as error:
        if "trust_remote_code" in str(error):
            raise LeaderbenchError(f"{name} wants to run its own code, which leaderbench never does.") from error
        raise LeaderbenchError(f"The weights of {name} cannot be loaded: {one_line(error)}") from error
    return network


def check_weights(report: dict[str, Any], name: str) -> None:
    """Refuse weights that are not all that the configuration needs; say where there are more.

    Raises:
        LeaderbenchError: some are missing or of another shape.
    """
    if mismatched := sorted(report["mismatched_keys"]):
        key, found, wanted = mismatched[0]
        raise LeaderbenchError(
            f"The weights of {name} do not belong to its config.json: {key} is {list(found)} in the file and "
            f"{list(wanted)} by the configuration."
        )
    if missing := sorted(report["missing_keys"]):
        raise LeaderbenchError(f"The weights of {name} are incomplete: {missing[0]}{and_more(missing)} missing.")
    if unused := sorted(report["unexpected_keys"]):
        getLogger(__name__).warning(
            f"The configuration of {name} leaves weights of its files unused: {unused[0]}{and_more(unused)} not loaded."
        )


def and_more(names: list[str]) -> str:
    """How a sentence goes on behind the first of some names."""
    return " is" if len(names) == 1 else f" and {len(names) - 1} more are"


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars and warnings of the library's own while a model is loaded; what matters is said once, by us."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(before)


def one_line(error: Exception) -> str:
    """An error's own words on one line, whole sentences where they are many."""
    text = " ".join(str(error).split()) or type(error).__name__
    if len(text) > 300:
        text = text[: text.rfind(". ", 0, 300) + 1] or text[:300]
    return text.removesuffix(".") + "."


def choose_device(device: str) -> "torch.device":
    """The device asked for, or the best one here.

    Raises:
        LeaderbenchError: there is no such device.
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        target = torch.device(device)
        torch.zeros(1, device=target).item()
    except (RuntimeError, AssertionError) as error:
        raise LeaderbenchError(
            f"There is no device {device!r} here; `leaderbench doctor` lists what there is."
        ) from error
    return target


def choose_dtype(dtype: str, checkpoint: Any, device: "torch.device") -> "torch.dtype":
    """The float type to compute in: the checkpoint's where the device computes in it at speed, else float32."""
    import torch

    if dtype != "auto":
        chosen: torch.dtype = getattr(torch, dtype)
        return chosen
    if device.type == "cuda" and checkpoint == torch.bfloat16 and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    if device.type == "cuda" and checkpoint == torch.float16:
        return torch.float16
    return torch.float32


def check_vocabulary(network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", name: str) -> None:
    """Refuse a tokenizer that belongs to another model.

    Raises:
        LeaderbenchError: the tokenizer's own vocabulary is larger than the embedding.
    """
    from leaderbench.models.paths import vocabulary

    rows = vocabulary(network)
    if tokenizer.vocab_size > rows:
        raise LeaderbenchError(
            f"The tokenizer of {name} has {tokenizer.vocab_size} tokens and the model only {rows}: they do not belong "
            "together."
        )


def context_limits(
    network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", max_length: int | None
) -> "Limits":
    """How long a sequence may be, by configuration, tokenizer, or 2,048 where neither says.

    Raises:
        LeaderbenchError: the length asked for is not positive, or beyond a table of learned positions.
    """
    import torch

    from leaderbench.models.tokens import UNLIMITED, Limits

    config = network.config.get_text_config()
    stated = [int(value) for key in LENGTHS if (value := getattr(config, key, None)) is not None]
    own = stated[0] if stated else min(int(tokenizer.model_max_length), UNLIMITED)
    context = own if own < UNLIMITED else 2048
    # A table of positions ends where it ends; most rotary and relative positions go on.
    tables = {"wpe", "embed_positions", "position_embeddings", "wpe_embeddings", "embed_position"}
    named = [key for key, module in network.named_modules() if isinstance(module, torch.nn.Embedding)]
    named += [key for key, _ in network.named_buffers()]
    ends = config.model_type == "mpt" or any(key.rsplit(".", 1)[-1] in tables for key in named)
    if max_length is not None:
        if max_length < 1 or (ends and max_length > context):
            raise LeaderbenchError(f"A context of {max_length} tokens is not possible; this model has {context}.")
        context = max_length
    return Limits(context, context if ends else None)
