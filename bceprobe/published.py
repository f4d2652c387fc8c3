"""The numbers that the paper and its poster publish, as data: what a reader compares with."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def published() -> dict[str, Any]:
    """Return the tables of published.toml; it says where each was read.

    Examples
    --------
    >>> published()["fig3"]["bias_decay"]["lambda_b"][-1]
    5e-06
    """
    return tomllib.loads((files("bceprobe") / "published.toml").read_text(encoding="utf-8"))
