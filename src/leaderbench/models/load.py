"""From a name to a model that answers: finding the files, refusing what is unsafe, choosing dtype, device and path."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from logging import CRITICAL
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.models import baselines
from leaderbench.models.contents import Contents, alone, contents_of, digest_of, read_json, shown
from leaderbench.models.contexts import LENGTHS, length_of
from leaderbench.models.headers import Headers, read_headers
from leaderbench.models.refusals import check_configuration, check_counts, check_folder, check_quantisation
from leaderbench.models.sources import find
from leaderbench.records import Json

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from leaderbench.models.base import Model
    from leaderbench.models.local import LocalModel
    from leaderbench.models.tokens import Limits

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
    contents, commit = find_contents(name, revision)
    with quiet_transformers(), alone(contents) as folder:
        config = load_configuration(folder, name)
        tokenizer, changes = load_tokenizer(folder, name)
        network = load_network(folder, name, config, dtype, device)
    check_vocabulary(network, tokenizer, name)
    limits = context_limits(network, tokenizer, max_length)
    path, check = choose(network, Budget(PACK_TOKENS.get(network.device.type, 1024)), name)
    facts: dict[str, Json] = {
        "name": name,
        "revision": commit,
        "weights": digest_of(contents),
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
    if changes:
        facts["tokenizer"] = list(changes)
    step = contents.json("trainer_state.json").get("global_step")
    if isinstance(step, int):  # names a checkpoint; that its weights are others, their digest says
        facts["step"] = step
    return LocalModel(name, identity_of(facts), network, tokenizer, Encoder(tokenizer, limits), path, facts)


def find_contents(name: str, revision: str | None) -> tuple[Contents, str | None]:
    """The files of a model that can be asked as far as their names tell, and their Hub commit; see `sources.find`."""
    folder, commit = find(name, revision)
    check_folder(folder, name)
    return contents_of(folder, name), commit


def identity_of(facts: dict[str, Json]) -> str:
    """Digest of what can change an answer: the files, how numbers are represented, and the libraries that compute.

    `tokenizer` is what was changed of the tokenizer as the library made it; it is absent where that is nothing.
    """
    always = ("weights", "dtype", "device", "backend", "max_length", "versions")
    causes = {key: facts[key] for key in (*always, "tokenizer") if key in always or key in facts}
    return hashlib.sha256(json.dumps(causes, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, Json]:
    """Versions of the libraries that compute answers."""
    from importlib.metadata import version

    return {package: version(package) for package in ("torch", "transformers", "tokenizers")}


def load_tokenizer(folder: Path, name: str) -> tuple["PreTrainedTokenizerBase", tuple[str, ...]]:
    """The tokenizer in a model's folder, and what had to be changed of it: see `honour_file`.

    Raises:
        LeaderbenchError: there is none that can be loaded, or that is safe.
    """
    from transformers import AutoTokenizer

    from leaderbench.models import tokenizer_files

    files = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tekken.json")
    models = [path for path in folder.glob("*.model") if tokenizer_files.is_sentencepiece(path)]
    if (folder / tokenizer_files.FILE).is_file():
        tokenizer_files.check_file(folder, name)
    elif models and find_spec("sentencepiece") is None:
        raise LeaderbenchError(
            f"{name} has a SentencePiece tokenizer ({models[0].name}) and no tokenizer.json: install sentencepiece, or "
            "save a tokenizer.json into the same folder."
        )
    elif not models and not any((folder / file).is_file() for file in files):
        raise LeaderbenchError(f"{name} has no tokenizer (no tokenizer.json); save the tokenizer into the same folder.")
    with tokenizer_files.refused(name):
        try:
            tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
        except Exception as error:
            stated = read_json(folder / "tokenizer_config.json")
            kind = stated.get("tokenizer_class") if isinstance(stated, dict) else None
            by = f" by the class that its tokenizer_config.json names, {shown(kind)}" if kind else ""
            raise LeaderbenchError(
                f"The tokenizer of {name} cannot be loaded{by}: {reason_of(error, folder, name)}"
            ) from error
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    tokenizer_files.check_length(tokenizer, name)
    return tokenizer, tokenizer_files.honour_file(tokenizer, folder, name)


def load_configuration(folder: Path, name: str) -> "PreTrainedConfig":
    """What a model's config.json says.

    Raises:
        LeaderbenchError: it is damaged, of an unknown architecture or one that cannot be asked, or wants remote code.
    """
    from transformers import AutoConfig

    content = read_json(folder / "config.json")
    if isinstance(content, dict):
        check_counts(content, name)
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        if "trust_remote_code" in str(error):
            raise LeaderbenchError(f"{name} wants to run its own code, which leaderbench never does.") from error
        raise LeaderbenchError(
            f"The configuration of {name} cannot be loaded: {reason_of(error, folder, name)}"
        ) from error
    check_configuration(config, name)
    return config


def load_network(folder: Path, name: str, config: "PreTrainedConfig", dtype: str, device: str) -> "PreTrainedModel":
    """The weights, on their device, ready to answer.

    Raises:
        LeaderbenchError: they need remote code, are damaged, don't match their configuration or don't fit in memory.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from leaderbench.models.bounds import bounded, check_memory
    from leaderbench.models.fitting import check_weights

    if dtype not in DTYPES:
        raise LeaderbenchError(f"There is no dtype {dtype!r}; choose one of {', '.join(DTYPES)}.")
    target = choose_device(device)
    chosen = choose_dtype(dtype, getattr(config, "dtype", None), target)
    headers, stated = checked_headers(folder, name), read_json(folder / "config.json")
    check_quantisation(stated, headers, name)
    check_memory(name, headers, chosen, target)
    try:
        with bounded(name, headers, stated):
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                config=config,
                dtype=chosen,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                # They are refused below, by name.
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
        check_weights(loaded[1], loaded[0], name)
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
        if "Unrecognized configuration class" in str(error):
            raise LeaderbenchError(
                f"{name} is of the architecture {config.model_type}, which transformers has no causal language model "
                "of: it has no next-token probabilities."
            ) from error
        # The headers of the weights are sound, so it is rarely they.
        raise LeaderbenchError(
            f"{name} cannot be built from its config.json and weights: {reason_of(error, folder, name)}"
        ) from error
    return network


def checked_headers(folder: Path, name: str) -> Headers:
    """The headers of a model's weights. Raises `LeaderbenchError` where they are damaged."""
    headers = read_headers(folder)
    if headers is None or headers.problem:
        problem = headers.problem if headers else "there are none."
        raise LeaderbenchError(f"The weights of {name} cannot be loaded: {problem}")
    return headers


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars and warnings of the library's own while a model is loaded; what matters is said once, by us."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity(CRITICAL)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(before)


def reason_of(error: Exception, folder: Path, name: str) -> str:
    """An error's own words on one line, whole sentences where they are many; the folder goes by its model's name."""
    text = " ".join(str(error).split()).replace(str(folder), name) or type(error).__name__
    if isinstance(error, KeyError):
        text = f"{text} is missing, or known to nobody"
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

    from leaderbench.models.tokens import Limits

    config = network.config.get_text_config()
    stated = [length_of(getattr(config, key, None)) for key in LENGTHS]
    context = next(filter(None, (*stated, length_of(tokenizer.model_max_length))), 2048)
    # A table of positions ends where it ends; most rotary and relative positions go on.
    tables = {"wpe", "embed_positions", "position_embeddings", "wpe_embeddings", "embed_position", "positions_embed"}
    embeddings = dict(kind for kind in network.named_modules() if isinstance(kind[1], torch.nn.Embedding))
    named = [*embeddings, *(key for key, _ in network.named_buffers())]
    ended = [key for key in named if key.rsplit(".", 1)[-1] in tables]
    ends = config.model_type in ("mpt", "ctrl") or bool(ended)
    # RoBERTa and its kin count positions from behind the one of padding.
    padded = [embeddings[key] for key in ended if key in embeddings and embeddings[key].padding_idx is not None]
    context = min(context, *(len(table.weight) - int(table.padding_idx) - 1 for table in padded), context)
    if max_length is not None:
        if max_length < 1 or (ends and max_length > context):
            raise LeaderbenchError(f"A context of {max_length} tokens is not possible; this model has {context}.")
        context = max_length
    return Limits(context, context if ends else None)
