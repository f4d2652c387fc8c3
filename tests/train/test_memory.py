"""Memory that training on the CPU keeps between batches."""

from __future__ import annotations

import resource
import sys

import pytest
import torch

from bceprobe.train.memory import keep_memory

PAGE, SIZE, TIMES = resource.getpagesize(), 64 * 1024**2, 10


def test_freed_memory_is_used_again() -> None:
    """Ten large tensors after each other take new pages for less than two of them, where the C library is known."""
    if not keep_memory():
        pytest.skip(f"the C library of this {sys.platform} is not glibc")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(TIMES):
        torch.ones(SIZE, dtype=torch.uint8)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * PAGE < 2 * SIZE


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the switches are not known nothing is done."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_memory()
