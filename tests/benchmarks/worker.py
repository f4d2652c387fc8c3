"""What is measured in a process of its own, because of its memory: read, analyse or capture a run.

python tests/benchmarks/worker.py read|analyze RUN [MEMORY [JOBS]]
python tests/benchmarks/worker.py capture RUN SAMPLES LENGTH BATCH
"""

from __future__ import annotations

import json
import resource
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


def forget(run: Path) -> None:
    """Remove what was computed of a run."""
    shutil.rmtree(run / "metrics.zarr", ignore_errors=True)


def analyze(run: Path, memory: int | None = None, topic: str = "all", jobs: int = 1) -> xr.Dataset:
    """Compute a topic, or every one; `memory` in bytes, the default of the program if left out."""
    from bceprobe.analysis import analyze

    return analyze(run, topic, memory=memory, jobs=jobs)


def main(task: str, run: Path, memory: str = "", jobs: str = "1") -> None:
    """Run a task and print, as JSON, the peak of memory before and after it, and the numbers that it found.

    To the peak belongs, for each process that it starts, what the largest of them took beyond what there was before.
    """
    from benchmarks.harness import peak_memory

    from bceprobe.metrics import METRICS

    METRICS.values()
    before, numbers = peak_memory(), {}
    if task == "analyze":
        forget(run)
        dataset = analyze(run, int(memory) if memory else None, jobs=int(jobs))
        numbers = {str(name): dataset[name].values.tolist() for name in dataset.data_vars}
    else:
        read(run)
    largest = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    peak = peak_memory() + int(jobs) * max(largest - before, 0)
    sys.stdout.write(json.dumps({"before": before, "peak": peak, "numbers": numbers}))


def capture(run: Path, samples: int, length: int, batch: int) -> None:
    """Capture two epochs of features that a layer makes of noise; print the peak of memory before and after."""
    import torch
    from benchmarks.harness import peak_memory
    from torch import nn

    from bceprobe import Recorder
    from bceprobe.capture.forward import evaluation

    torch.set_num_threads(1)
    classifier = nn.Linear(length, 10)
    model = nn.Sequential(nn.Linear(8, length), nn.ReLU(), classifier)
    loader = [(torch.randn(len(rows), 8), rows % 10) for rows in torch.split(torch.arange(samples), batch)]
    for _ in range(2):
        with evaluation(model):
            for inputs, _target in loader:
                model(inputs)
    with Recorder(run / "small", classifier=classifier, epochs=1) as recorder:
        recorder.capture(model, [(inputs[:64], target[:64]) for inputs, target in loader], split="train", epoch=1)
    before = peak_memory()
    with Recorder(run / "large", classifier=classifier, epochs=2) as recorder:
        for epoch in (1, 2):
            recorder.capture(model, loader, split="train", epoch=epoch)
    sys.stdout.write(json.dumps({"before": before, "peak": peak_memory()}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    if sys.argv[1] == "capture":
        capture(Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
