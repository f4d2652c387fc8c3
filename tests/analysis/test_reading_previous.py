"""The snapshot before the one that is measured: its features leave memory, and its numbers stay right."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from builders import make_run

from bceprobe.analysis.context import Context
from bceprobe.analysis.reading import Reader
from bceprobe.metrics import evaluate
from bceprobe.store import open_run

if TYPE_CHECKING:
    from pathlib import Path


def test_a_previous_snapshot_is_walked_again_from_disk(tmp_path: Path) -> None:
    """If the epoch before was measured for other topics only, what `updates` needs of it comes from its own features.

    By then another epoch has taken over its memory.
    """
    folder = make_run(tmp_path / "run", epochs=range(1, 6))
    (folder / "history.csv").write_text("epoch,lr\n" + "".join(f"{epoch},0.1\n" for epoch in range(1, 6)))
    run = open_run(folder)
    split, context = run.split("train"), Context(run)
    found = {}
    for epoch, snapshot in Reader(split, context, "sample").snapshots([1, 2, 3, 4, 5], change=["updates"]):
        time.sleep(0.05)  # the next epoch is in the memory of the one before
        found[epoch] = evaluate(snapshot, "updates" if epoch in {3, 5} else "nc")
    assert np.isfinite(found[3]["positive_change_slope"])
    for epoch in (3, 5):
        before = split.snapshot(epoch - 1, training=context.at(epoch - 1, epoch - 2))
        alone = split.snapshot(epoch, training=context.at(epoch, epoch - 1), previous=before)
        expected = evaluate(alone, "updates")
        for name, values in expected.items():
            np.testing.assert_allclose(found[epoch][name], values, rtol=1e-12, err_msg=name)
