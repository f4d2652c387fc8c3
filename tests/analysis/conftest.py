"""Fixtures for tests of the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run

from bceprobe.analysis import computing
from bceprobe.metrics import evaluate

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.snapshot import Snapshot


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of four epochs with a train split."""
    return make_run(tmp_path / "run", epochs=range(1, 5), per_class={"train": 5})


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The topics of the snapshots that were computed, and not taken from a cache, since the list was cleared."""
    topics: list[str] = []

    def counted(snapshot: Snapshot, *chosen: str) -> dict[str, Any]:
        topics.extend(chosen)
        return evaluate(snapshot, *chosen)

    monkeypatch.setattr(computing, "evaluate", counted)
    return topics
