"""Sizes of memory as people write them."""

from __future__ import annotations

import re

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}
SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]*)")


def parse_bytes(text: str) -> int:
    """Read a size such as ``500MB`` or ``1.5GiB``.

    Raises
    ------
    UsageError
        It is no such text.

    Examples
    --------
    >>> parse_bytes("500MB"), parse_bytes("1.5 GiB"), parse_bytes("4096")
    (500000000, 1610612736, 4096)
    """
    from bceprobe.errors import UsageError

    found = SIZE.fullmatch(text.strip().lower())
    size = int(float(found[1]) * UNITS[found[2]]) if found and found[2] in UNITS else 0
    if not size:
        raise UsageError(f"{text!r} is no size of memory", "Write it like 500MB, 4GB or 1.5GiB")
    return size
