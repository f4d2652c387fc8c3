"""Memory of training on the CPU: kept by the process between batches, as a GPU's allocator keeps it.

The C library gives every large tensor back to the system, which then has to clear the pages of the next one: a tenth of
the time of a ResNet-18 in float32. Only glibc is known to have, and to need, the switches; elsewhere nothing is done.
"""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# Bytes. Tensors below the one come from the heap, and the heap is given back only from the other on.
LARGEST, KEPT = 1 << 30, (1 << 31) - 1


def keep_memory() -> bool:
    """Let this process keep the memory of freed tensors for the next ones; return whether it will."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    switches = ((M_MMAP_THRESHOLD, LARGEST), (M_TRIM_THRESHOLD, KEPT))
    return all(library.mallopt(*switch) for switch in switches)  # type: ignore[union-attr]  # it has attributes
