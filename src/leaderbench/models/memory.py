"""Memory while a model answers: how many tokens at once, and what happens to memory that is free again."""

import ctypes
import sys

import torch

from leaderbench.errors import LeaderbenchError

KEPT_BLOCK = 1 << 25
"""Bytes up to which a freed block is kept for the next use: the most that the C library takes as this setting."""

KEPT_TOTAL = 1 << 30
"""Bytes of free memory at the heap's end that are kept, too."""


def keep_freed_memory() -> None:
    """Let the C library keep freed memory, where it is glibc, instead of handing every large block back.

    The values between two layers are blocks of megabytes. By default each is fetched from the system and given back
    around every operation, and the system clears it page by page: a seventh of the time of a pass on a processor.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return
    threshold, trim = -3, -1  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
    library.mallopt(threshold, KEPT_BLOCK)
    library.mallopt(trim, KEPT_TOTAL)


def memory_in_use(network: torch.nn.Module) -> tuple[int, int]:
    """Bytes of a network's weights, and the most that were in use so far: of its device, or of this process."""
    tensors = list(network.parameters())
    weights = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if tensors and tensors[0].device.type == "cuda":
        return weights, int(torch.cuda.max_memory_allocated(tensors[0].device))
    try:
        import resource
    except ImportError:  # where there is no such count
        return weights, weights
    unit = 1 if sys.platform == "darwin" else 1024
    return weights, unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Budget:
    """How many tokens go through the model at once; halves when memory runs out, and stays so."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.halved = 0

    def halve(self, error: Exception) -> None:
        """Take half as many from now on.

        Raises:
            Exception: `error` itself, when it isn't about memory.
            LeaderbenchError: nothing is left to halve.
        """
        if not out_of_memory(error):
            raise error
        if self.tokens < 32:
            raise LeaderbenchError(
                "There is too little memory for even the shortest step of this model: free some, or give a smaller"
                " --dtype or another --device; every answer so far is kept."
            ) from MemoryError(str(error))
        self.tokens //= 2
        self.halved += 1
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, on any device."""
    text = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError) or "out of memory" in text or "can't allocate" in text
    )
