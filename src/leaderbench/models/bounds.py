"""What a model may take while it is built: no more than its files account for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.nn.modules import module as hooks

from leaderbench.errors import LeaderbenchError, MachineError
from leaderbench.models.headers import Headers
from leaderbench.models.sizes import Config, quantisation

FREE_NUMBERS = 1 << 26
"""Numbers that any model may hold beside its weights: tables of positions, masks. 256 MB in float32."""

TIMES = 4
"""How often stored numbers may be built: once more where inputs and outputs are tied, and room for other forms."""

PACKED = 16
"""Most weights that one stored number of a quantised model stands for: 2 bits in 32."""

FREE_MODULES = 10_000
MODULES_PER_TENSOR = 16
"""Parts of a network (layers, norms, activations, lists of them) for one stored tensor, at most."""


@contextmanager
def bounded(name: str, headers: Headers, config: Config) -> Iterator[None]:
    """Stop the building of a network that grows far beyond its weights.

    A network is built without memory first, part by part, from config.json alone; only then are its weights read, and
    what the files lack is made up. So the parts are counted while they are registered.

    Raises:
        LeaderbenchError: more numbers or parts than the headers of the weights account for.
    """
    stored = sum(tensor.elements for tensor in headers.tensors.values()) * (PACKED if quantisation(config) else 1)
    most_numbers = TIMES * stored + FREE_NUMBERS
    most_modules = MODULES_PER_TENSOR * len(headers.tensors) + FREE_MODULES
    numbers = modules = 0

    def check(what: str) -> None:
        if numbers > most_numbers or modules > most_modules:
            raise LeaderbenchError(
                f"The config.json of {name} describes a model far larger than its weights ({what[:100]} goes beyond "
                f"what {len(headers.tensors):,} tensors of {stored:,} numbers can fill); it belongs to another model."
            )

    def count_tensor(module: Any, key: str, tensor: torch.Tensor | None) -> None:
        nonlocal numbers
        numbers += 0 if tensor is None else tensor.numel()
        check(key)

    def count_module(module: Any, key: str, part: Any) -> None:
        nonlocal modules
        modules += 1
        check(key)

    handles = [
        hooks.register_module_parameter_registration_hook(count_tensor),
        hooks.register_module_buffer_registration_hook(count_tensor),
        hooks.register_module_module_registration_hook(count_module),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def weight_bytes(headers: Headers, dtype: torch.dtype) -> int:
    """Memory that the weights take once they are loaded, in bytes."""
    return sum(
        tensor.elements * dtype.itemsize if tensor.dtype.startswith(("F64", "F32", "F16", "BF16")) else tensor.bytes
        for tensor in headers.tensors.values()
    )


def check_memory(name: str, headers: Headers, dtype: torch.dtype, device: torch.device) -> None:
    """Refuse weights that cannot fit, before any is read.

    Raises:
        MachineError: they take more than all the memory of the device.
    """
    needed, there = weight_bytes(headers, dtype), memory_of(device)
    if there is not None and needed > there:
        raise MachineError(
            f"The weights of {name} take {needed / 1e9:,.1f} GB as {str(dtype).removeprefix('torch.')}, and there are "
            f"{there / 1e9:,.1f} GB of memory on {device}: try --dtype bfloat16, or a larger machine."
        )


def memory_of(device: torch.device) -> int | None:
    """All memory of a device in bytes, for a processor that which this process may use; None where nobody says."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    if device.type != "cpu":
        return None
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
    try:
        return min(whole, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        return whole
