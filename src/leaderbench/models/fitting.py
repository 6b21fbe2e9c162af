"""Whether the weights that were read are those of the network: none missing, none left over that belongs to it."""

import re
from collections.abc import Collection
from logging import getLogger
from typing import TYPE_CHECKING, Any

from torch.nn import ModuleList

from leaderbench.errors import LeaderbenchError
from leaderbench.models.headers import Tensor
from leaderbench.models.sizes import SCALES, is_table

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_ADAPTERS = re.compile(r"(^|[._])(lora|ia3|hada|lokr|oft|boft|vera_lambda|magnitude_vector)([._]|$)")
"""Parts of names under which adapters keep weights that change others."""


def check_weights(report: dict[str, Any], network: "PreTrainedModel", name: str) -> None:
    """Refuse weights that are not all that the configuration needs, or more for the same parts; say of other ones.

    Args:
        report: What transformers says of loading them: keys that are missing, unexpected, or of another shape.
        network: The network that they were loaded into.
        name: What people call the model.

    Raises:
        LeaderbenchError: some are missing or of another shape, or belong to parts of the network that do without them.
    """
    if mismatched := sorted(report["mismatched_keys"]):
        key, found, wanted = mismatched[0]
        raise LeaderbenchError(
            f"The weights of {name} do not belong to its config.json: {key} is {list(found)} in the file and "
            f"{list(wanted)} by the configuration."
        )
    unused = sorted(report["unexpected_keys"])
    if missing := sorted(report["missing_keys"]):
        other = next((key for key in unused if key.endswith(f".{missing[-1]}")), None)
        if other:
            raise LeaderbenchError(
                f"The weights of {name} go by other names than those of its architecture: {missing[-1]} is called "
                f"{other} in its files; save the model itself with save_pretrained."
            )
        head = network.get_output_embeddings()  # type: ignore[no-untyped-call]
        alone = head is not None and all(network.get_submodule(key.rpartition(".")[0]) is head for key in missing)
        why = " It was saved without its language model head, as one for other uses." if alone else ""
        raise LeaderbenchError(f"The weights of {name} are incomplete: {missing[0]}{and_more(missing)} missing.{why}")
    own = {key for key, _ in network.named_parameters()}
    if within := [key for key in unused if is_within(key, network, own)]:
        raise LeaderbenchError(
            f"The configuration of {name} has no use for weights of parts that it has: {within[0]}{and_more(within)} "
            "not loaded. They are scales, an adapter, more layers or another architecture: without them the model is "
            "another."
        )
    if unused:
        getLogger(__name__).warning(
            f"The configuration of {name} leaves weights of its files unused: {unused[0]}{and_more(unused)} not loaded."
        )


def is_within(key: str, network: "PreTrainedModel", own: Collection[str]) -> bool:
    """Whether an unused weight changes others, or belongs to a layer or a part with weights that the network has.

    A layer behind the last one belongs to it as well, unless the configuration says that it predicts further tokens.
    `own` are the names of the network's weights.
    """
    if is_table(key, Tensor("", (), 0)):
        return False
    parts = key.split(".")
    if key.endswith(SCALES) or _ADAPTERS.search(key) or _is_further_layer(parts, network):
        return True
    # Adapters and wrapped models keep the names of the network behind some of their own.
    return any(
        _is_of_a_part(parts[begin:], network, layers_only=begin > 0)
        for begin in range(len(parts) - 1)
        if ".".join(parts[begin:]) not in own
    )


def _is_of_a_part(parts: list[str], network: "PreTrainedModel", *, layers_only: bool) -> bool:
    """Whether a name begins with that of a layer, or of a part that has weights itself."""
    for end in range(len(parts) - 1, 0, -1):
        try:
            part = network.get_submodule(".".join(parts[:end]))
        except AttributeError:
            continue
        in_layer = any(piece.isdecimal() for piece in parts[:end])
        return in_layer or (not layers_only and any(True for _ in part.parameters(recurse=False)))
    return False


def _is_further_layer(parts: list[str], network: "PreTrainedModel") -> bool:
    """Whether a name is of a layer behind the last one of a list of layers."""
    further = getattr(network.config.get_text_config(), "num_nextn_predict_layers", None)
    for place, piece in enumerate(parts):
        if place and piece.isdecimal():
            try:
                layers = network.get_submodule(".".join(parts[:place]))
            except AttributeError:
                return False
            behind = int(piece) - len(layers) if isinstance(layers, ModuleList) else -1
            return behind >= (further if isinstance(further, int) else 0)
    return False


def and_more(names: list[str]) -> str:
    """How a sentence goes on behind the first of some names."""
    return " is" if len(names) == 1 else f" and {len(names) - 1} more are"
