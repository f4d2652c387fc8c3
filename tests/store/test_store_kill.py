"""Processes that write a store or import a file may be killed at any moment."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from kill_cases import count_steps, kill_at
from store_builders import example, files

from bceprobe.errors import StoreNotFoundError
from bceprobe.store import find_runs, open_run
from bceprobe.store.importing import import_npz
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KILLS = 20


def write(folder: Path) -> None:
    """Write the example from the start, or go on with it."""
    example().write(folder)


def write_after_discarding(folder: Path) -> None:
    """Take the later epochs of the example back and write them again."""
    writer = example().writer(folder)
    writer.discard_after(1)
    example().write(folder, writer)


def import_run(folder: Path) -> None:
    """Import the file beside a folder into a run in the folder."""
    import_npz(folder.with_name("features.npz"), folder / "run")


def moments(steps: int) -> list[int]:
    """Choose random steps, one from each of equal parts of the work, so that all of it is met."""
    source = random.Random(0)  # noqa: S311 - not for secrets
    return [source.randrange(part * steps // KILLS, (part + 1) * steps // KILLS) for part in range(KILLS)]


@pytest.mark.parametrize("task", [write, write_after_discarding])
def test_a_killed_writer_leaves_a_valid_store_that_can_be_completed(
    tmp_path: Path, task: Callable[[Path], None]
) -> None:
    """SIGKILL at random steps: what is left is valid, and completed it equals an undisturbed store byte for byte."""
    write(tmp_path / "whole")
    again = task is write_after_discarding
    if again:
        write(tmp_path / "counted")
    for step in moments(count_steps(tmp_path / "counted", task)):
        folder = tmp_path / f"run-{step}"
        if again:
            write(folder)
        assert kill_at(step, folder, task) == -9
        if (folder / "store.zarr" / "zarr.json").exists():
            assert validate(folder) == []
            assert_right(folder)
        write(folder)
        assert files(folder) == files(tmp_path / "whole")


def assert_right(folder: Path) -> None:
    """Check that what counts is what was written."""
    run, stored = open_run(folder), example()
    for split in run.splits:
        for epoch in run.epochs(split):
            expected = stored.splits[split].features[stored.epochs.index(epoch)]
            np.testing.assert_array_equal(run.snapshot(epoch, split).features[:], expected)


def test_a_killed_import_is_no_run(tmp_path: Path) -> None:
    """SIGKILL at random steps of an import: there is the whole run or none, and the import can be done again."""
    features = np.arange(48, dtype=np.float32).reshape(2, 6, 4)
    np.savez(tmp_path / "features.npz", features=features, target=np.arange(6) % 3, weight=np.eye(3, 4))
    import_run(tmp_path / "whole")
    for step in moments(count_steps(tmp_path / "counted", import_run)):
        folder = tmp_path / f"at-{step}"
        assert kill_at(step, folder, import_run) == -9
        if not (folder / "run").exists():
            with pytest.raises(StoreNotFoundError):
                find_runs(folder)
            import_run(folder)
        assert [entry.name for entry in folder.iterdir()] == ["run"]
        assert files(folder / "run") == files(tmp_path / "whole" / "run")
