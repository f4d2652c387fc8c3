"""Measure training on a GPU: ResNet-18 on CIFAR-10, the features of all 60000 images captured in every epoch.

    python tests/benchmarks/gpu.py [--epochs 5 | --full] [--data-dir DIR] [--write]

A few epochs are extrapolated to 100; `--full` trains all 100. Without CIFAR-10 in the data folder random images of the
same shape stand in, which take as long. `--write` keeps the table in reports/gpu.md. About 1 GB of temporary files for
5 epochs and 13 GB for 100; TMPDIR says where.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch
from torch.utils.flop_counter import FlopCounterMode

from bceprobe.capture.worker import Worker
from bceprobe.datasets import load
from bceprobe.errors import DataNotFoundError
from bceprobe.settings import PRESETS, resolve
from bceprobe.train import session as sessions
from bceprobe.train import train
from bceprobe.train.loop import Watch
from bceprobe.train.step import take_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bceprobe.datasets import Dataset
    from bceprobe.settings import Settings
    from bceprobe.train.history import Row

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "reports" / "gpu.md"
TRAIN, TEST, EPOCHS, ALL = 50_000, 10_000, 5, 100
COLUMNS = ("training", "images/s", "train", "capture", "write", "FLOP utilisation", "100 epochs", "target")
NOTE = (
    "Seconds of an epoch, median without the first: training, both captures (in float32 unless said otherwise), and "
    "what the background thread does meanwhile (files, metrics, checkpoint). FLOP utilisation: of training, FLOPs by "
    "torch.utils.flop_counter against the device's dense peak in that precision."
)
# Dense peaks in TFLOP/s by NVIDIA's data sheets; the first name that is part of the device's name counts.
PEAKS = {
    "H200": {"fp32": 67.0, "tf32": 494.0, "bf16": 989.0},
    "H100 PCIe": {"fp32": 51.0, "tf32": 378.0, "bf16": 756.0},
    "H100 NVL": {"fp32": 60.0, "tf32": 417.0, "bf16": 835.0},
    "H100": {"fp32": 67.0, "tf32": 494.0, "bf16": 989.0},
    "A100": {"fp32": 19.5, "tf32": 156.0, "bf16": 312.0},
}


@dataclass(frozen=True)
class Case:
    """A way to train, and in how many minutes 100 epochs are to be done (0: no target)."""

    name: str
    changes: dict[str, Any]
    minutes: float = 0


CASES = (
    Case("batch 128, float32", {"optim.batch_size": 128, "precision": "fp32"}, 6),
    Case("batch 128, tf32", {"optim.batch_size": 128, "precision": "tf32"}, 6),
    Case("batch 1024, bf16, compile", {"optim.batch_size": 1024, "precision": "bf16", "compile": True}, 3),
    Case(
        "the same, captures in tf32",
        {"optim.batch_size": 1024, "precision": "bf16", "compile": True, "capture.precision": "tf32"},
        3,
    ),
)


@dataclass
class Clock(Watch):
    """Keeps the rows of history, and the seconds that the background thread was busy until each."""

    rows: list[Row] = field(default_factory=list)
    busy: float = 0.0
    written: list[float] = field(default_factory=list)

    def epoch(self, row: Row) -> None:
        """Keep a row."""
        self.rows.append(dict(row))
        self.written.append(self.busy)

    def timed(self, task: Callable[[], None]) -> Callable[[], None]:
        """Return a task that adds to the busy time."""

        def run() -> None:
            begun = time.perf_counter()
            try:
                task()
            finally:
                self.busy += time.perf_counter() - begun

        return run


@dataclass(frozen=True)
class Measured:
    """Medians over the epochs but the first: seconds, images trained per second; and those of all 100 epochs."""

    train: float
    capture: float
    write: float
    images_per_second: float
    total: float
    flops_per_second: float


def main() -> None:
    """Measure all cases and print the table, or say that there is no device."""
    parser = argparse.ArgumentParser(description="Measure training on a GPU.")
    parser.add_argument("--device", default="cuda")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, default=EPOCHS, help="extrapolated to 100; at least 2")
    length.add_argument("--full", action="store_const", const=ALL, dest="epochs", help="all 100 epochs")
    parser.add_argument("--data-dir", type=Path, default=Path("data"))
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        sys.stdout.write("no CUDA device here: training on a GPU is not measured\n")
        return
    text = "\n".join(report(options.device, options.epochs, *data(options.data_dir))) + "\n"
    sys.stdout.write(text)
    if options.write:
        REPORT.write_text(text, encoding="utf-8")


def data(folder: Path) -> tuple[Dataset, str]:
    """Load CIFAR-10, or draw as many random images; return them with what they are."""
    from benchmarks.sessions import draw

    try:
        return load("cifar10", data_dir=folder), "CIFAR-10"
    except DataNotFoundError:
        return draw(TRAIN, TEST), "random images of CIFAR-10's shape, as CIFAR-10 is not here"


def report(
    device: str, epochs: int, dataset: Dataset, what: str, cases: tuple[Case, ...] = CASES, **changes: Any
) -> Iterator[str]:
    """Yield the lines of the report."""
    from benchmarks import machine
    from benchmarks.tables import Result

    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    rows = []
    for case in cases:
        measured = measure(dataset, epochs, {**case.changes, "device": device, **changes})
        rows.append(row(case, measured, name, extrapolated=epochs < ALL))
    yield "# Training on a GPU"
    yield ""
    yield f"- Made by: `{' '.join(['python', 'tests/benchmarks/gpu.py', *sys.argv[1:]])}`"
    yield f"- Device: {name}"
    yield from (f"- {fact}" for fact in machine.facts())
    yield f"- Data: {what}; ResNet-18, preset setting-3, {epochs} epochs{'' if epochs >= ALL else ', extrapolated'}"
    yield ""
    yield str(Result("ResNet-18 on images of 3 x 32 x 32", COLUMNS, rows, (NOTE,)))


def measure(dataset: Dataset, epochs: int, changes: dict[str, Any]) -> Measured:
    """Train with all features captured, and divide the time."""
    keys = {**PRESETS["setting-3"], "model.name": "resnet18", "optim.epochs": epochs}
    settings = resolve([("benchmark", {**keys, **changes})])[0]
    clock, submit = Clock(), Worker.submit
    with (
        tempfile.TemporaryDirectory(prefix="bceprobe-gpu-") as folder,
        mock.patch.object(sessions, "load_data", return_value=dataset),
        mock.patch.object(Worker, "submit", lambda worker, task: submit(worker, clock.timed(task))),
    ):
        flops = flops_per_image(settings)
        begun = time.perf_counter()
        train(settings, Path(folder) / "run", watch=clock)
        whole = time.perf_counter() - begun
    return divide(clock, len(dataset.train), flops, whole)


def divide(clock: Clock, images: int, flops: float, whole: float) -> Measured:
    """Divide the epochs of a run into training, capture and writing; extrapolate to 100 epochs where it has fewer."""
    seconds = [row["seconds"] for row in clock.rows[1:]]
    trained = [images / row["images_per_second"] for row in clock.rows[1:]]
    writing = [after - before for before, after in zip(clock.written, clock.written[1:], strict=False)]
    missing = ALL - len(clock.rows)
    training = statistics.median(trained)
    return Measured(
        train=training,
        capture=statistics.median(one - other for one, other in zip(seconds, trained, strict=True)),
        write=statistics.median(writing),
        images_per_second=images / training,
        total=whole + missing * statistics.median(seconds),
        flops_per_second=flops * images / training,
    )


def flops_per_image(settings: Settings) -> float:
    """Count the operations of products in one image's forward and backward pass, which no precision changes."""
    session = sessions.make_session(replace(settings, compile=False))
    images, target = session.train.batch(torch.arange(2, device=session.device))
    with FlopCounterMode(display=False) as counter:
        take_step(session, images, target)
    return float(counter.get_total_flops()) / len(target)


def row(case: Case, measured: Measured, device: str, *, extrapolated: bool) -> tuple[str, ...]:
    """Write a case as the cells of a row."""
    minutes, target = measured.total / 60, case.minutes
    met = f"< {target:g} min: {'met' if minutes < target else 'missed'}" if target else "-"
    return (
        case.name,
        f"{measured.images_per_second:,.0f}",
        *(f"{seconds:.2f} s" for seconds in (measured.train, measured.capture, measured.write)),
        utilisation(measured.flops_per_second, device, case.changes.get("precision", "fp32")),
        f"{minutes:.1f} min{' (extrapolated)' if extrapolated else ''}",
        met,
    )


def utilisation(flops_per_second: float, device: str, precision: str) -> str:
    """Relate a rate to the peak of a device, or say that its peak is not known.

    Examples
    --------
    >>> utilisation(247e12, "NVIDIA H200", "tf32")
    '50.0 %'
    >>> utilisation(1e12, "cpu", "fp32")
    '1.0 TFLOP/s, peak unknown'
    """
    peak = next((peaks[precision] for name, peaks in PEAKS.items() if name in device), 0.0)
    return f"{flops_per_second / peak / 1e10:.1f} %" if peak else f"{flops_per_second / 1e12:.1f} TFLOP/s, peak unknown"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    main()
