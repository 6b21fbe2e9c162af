"""Models that cannot be asked, told from config.json, headers and names of files before anything is built."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaderbench.errors import LeaderbenchError
from leaderbench.models.contents import INDEX, check_file, is_gguf, shown, weights_of
from leaderbench.models.headers import Headers
from leaderbench.models.sizes import is_table, quantisation

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

MOST_PARTS = 100_000
"""Layers, experts, heads or labels that no model has."""

_COUNTED = re.compile(r"(?i)(^n_|_|^)(layers?|blocks?|experts?|heads?|labels|depths?|stages?)(_num)?$")
"""Keys of config.json whose numbers are counted up to when a model is built."""

_OTHER_HEADS = re.compile(r"For\w*(Classification|QuestionAnswering|MultipleChoice|Regression|Reward\w*|Prediction)$")
"""Ends of class names of networks that end in something other than a vocabulary."""

_NUMBERS = {"F64", "F32", "F16", "BF16"}
"""Types of stored weights that are numbers by themselves."""


def check_folder(folder: Path, name: str) -> None:
    """Refuse folders that hold no model, by the names of their files.

    Raises:
        LeaderbenchError: no configuration, an adapter, GGUF, weights only as pickles or under another name, or none.
    """
    weights, problem = weights_of(folder)
    if not weights and not problem and any(folder.glob("*.gguf")):
        raise LeaderbenchError(is_gguf(name))
    if (folder / "adapter_config.json").is_file():
        if weights and (folder / "config.json").is_file():
            raise LeaderbenchError(
                f"{name} holds a model and an adapter to it: merge the adapter into the model and save that, or, where "
                "the model alone is meant, take adapter_config.json out of the folder."
            )
        raise LeaderbenchError(f"{name} is an adapter without its model; merge it into the model and save that.")
    if not (folder / "config.json").is_file():
        raise LeaderbenchError(f"{name} has no config.json, so it is not a transformers model{_inside(folder) or '.'}")
    if weights or problem:
        return
    if others := sorted(folder.glob("*.safetensors")):
        check_file(others[0])
        raise LeaderbenchError(
            f"{name} has neither model.safetensors nor {INDEX}: under the name {shown(others[0].name)} its weights are "
            "not read; rename them, or save the model with save_pretrained."
        )
    if any(any(folder.glob(f"*.{end}")) for end in ("bin", "pt", "pth", "ckpt", "pkl")):
        raise LeaderbenchError(
            f"{name} has its weights only as pickles, which can run code when opened; convert them to safetensors."
        )
    raise LeaderbenchError(f"{name} holds no weights: there is no .safetensors file in it.")


def _inside(folder: Path) -> str:
    """The end of that sentence: which model in this folder may be meant, the last checkpoint of a training first."""
    with suppress(OSError):
        # Those of the second kind lie in a cache of the Hub's.
        inside = [path.parent for kind in ("*", "snapshots/*") for path in folder.glob(f"{kind}/config.json")]
        models = [path.relative_to(folder).as_posix() for path in inside]
        last = max(models, key=lambda name: [int(number[:20]) for number in re.findall("[0-9]+", name)], default="")
        return f"; did you mean its folder {shown(last)}?" if last else ""
    return ""


def check_counts(config: Mapping[str, Any], name: str) -> None:
    """Refuse a config.json by which even its reading would not end.

    Raises:
        LeaderbenchError: it states more layers, experts, heads or labels than any model has.
    """
    for key, value in _integers(config):
        if value > MOST_PARTS and _COUNTED.search(key):
            raise LeaderbenchError(f"The config.json of {name} says {key} is {value}, which no model has.")


def _integers(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """All whole numbers in a configuration with their keys, those in lists with the key of the list."""
    waiting: list[tuple[str, Any]] = list(config.items())
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += ((str(inner), content) for inner, content in value.items())
        elif isinstance(value, list):
            waiting += ((key, content) for content in value)
        elif type(value) is int or (type(value) is float and value == value and abs(value) >= MOST_PARTS):
            yield key, value  # type: ignore[misc]


def check_configuration(config: "PreTrainedConfig", name: str) -> None:
    """Refuse networks that give no probabilities of next tokens, have no layers, or want code of others.

    Raises:
        LeaderbenchError: an encoder-decoder, a classifier or the like, a number of layers that is none, or attention
            by a kernel of the Hub.
    """
    stated = getattr(config, "architectures", None)
    heads = [kind for kind in stated if isinstance(kind, str)] if isinstance(stated, list) else []
    if heads and all(_OTHER_HEADS.search(kind) for kind in heads):
        raise LeaderbenchError(
            f"{name} was saved as {heads[0][:100]}: it has no language model head, so it gives no probabilities of "
            "next tokens."
        )
    text = config.get_text_config()
    if any("/" in str(getattr(level, "_attn_implementation", None)) for level in (config, text)):
        raise LeaderbenchError(f"{name} wants to fetch and run code for its attention, which leaderbench never does.")
    if getattr(config, "is_encoder_decoder", False) or getattr(text, "is_encoder_decoder", False):
        raise LeaderbenchError(
            f"{name} is an encoder-decoder ({config.model_type}, is_encoder_decoder in its config.json); only decoders "
            "can be asked."
        )
    layers = getattr(text, "num_hidden_layers", None)
    if layers is not None and (type(layers) is not int or layers < 1):
        raise LeaderbenchError(f"The config.json of {name} says it has {shown(layers)} layers; a model has 1 or more.")


def check_quantisation(config: Mapping[str, Any], headers: Headers, name: str) -> None:
    """Refuse weights that are no numbers by themselves where nothing known turns them back into numbers.

    Raises:
        LeaderbenchError: config.json states a quantisation that transformers does not know, or weights are stored in
            8 bits or fewer, or as whole numbers, and it states none.
    """
    from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING

    if quantised := quantisation(config):
        method = quantised.get("quant_method")
        in_place = quantised.get("load_in_4bit") is True or quantised.get("load_in_8bit") is True
        if in_place or (isinstance(method, str) and method in AUTO_QUANTIZATION_CONFIG_MAPPING):
            return
        how = f"a way ({shown(method)}) that" if method else "a way that its config.json does not name, so it"
        raise LeaderbenchError(
            f"{name} is quantised in {how} cannot be read here; use its weights before quantisation, or another "
            "quantisation of them."
        )
    for key, tensor in headers.tensors.items():
        ids = tensor.dtype in {"BOOL", "I64"} and len(tensor.shape) < 2
        if tensor.dtype not in _NUMBERS and not ids and not is_table(key, tensor):
            raise LeaderbenchError(
                f"The weights of {name} are stored as {tensor.dtype} ({shown(key)}), and its config.json states no "
                "quantisation that says which numbers these are; use its weights before quantisation."
            )
