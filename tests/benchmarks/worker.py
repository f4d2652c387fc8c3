"""What is measured in a process of its own, because of its memory: read or analyse a run.

python tests/benchmarks/worker.py read|analyze RUN [MEMORY]
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

if TYPE_CHECKING:
    import xarray as xr


def read(run: Path) -> None:
    """Read the features of every epoch as plain zarr does, and forget them."""
    features: Any = zarr.open_group(run / "store.zarr", mode="r")["train/features"]
    for epoch in range(features.shape[0]):
        _ = features[epoch]


def read_directly(run: Path) -> None:
    """Read and check the features of every epoch as an analysis does, one after the other on one core."""
    from bceprobe.store import Run
    from bceprobe.store.direct import read_into

    split = Run(str(run)).split("train")
    first = split.features(split.epochs[0])
    memory = np.empty(first.shape, first.dtype)
    for epoch in split.epochs:
        read_into(split.features(epoch), memory)


def analyze(run: Path, memory: int | None = None, topic: str = "all") -> xr.Dataset:
    """Compute a topic, or every one, without a cache; `memory` in bytes, the default of the program if left out."""
    from bceprobe.analysis import analyze

    shutil.rmtree(run / "metrics.zarr", ignore_errors=True)
    options: dict[str, Any] = {} if memory is None else {"memory": memory}
    return analyze(run, topic, **options)


def main(task: str, run: Path, memory: str = "") -> None:
    """Run a task and print, as JSON, the peak of memory before and after it, and the numbers that it found."""
    from benchmarks.harness import peak_memory

    from bceprobe.metrics import METRICS

    METRICS.values()
    before, numbers = peak_memory(), {}
    if task == "analyze":
        dataset = analyze(run, int(memory) if memory else None)
        numbers = {str(name): dataset[name].values.tolist() for name in dataset.data_vars}
    else:
        read(run)
    sys.stdout.write(json.dumps({"before": before, "peak": peak_memory(), "numbers": numbers}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
