"""Fixtures of the store's tests."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out fsync in this process, which takes most of the time and changes nothing that a process can see."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
