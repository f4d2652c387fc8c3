"""What storing every epoch's features costs: time beside the same epoch with nothing stored, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import sessions
from benchmarks.harness import SPREAD, Timing, in_process, interleaved, shown
from benchmarks.tables import Result, verdict

from bceprobe import Recorder
from bceprobe.capture.forward import evaluation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bceprobe.train.session import Session

TRAIN, TEST, REPETITIONS = 256, 128, 3
EPOCHS = 100
COST = 1.03
MEGA = 1e6
# Of the captures whose memory is measured: two of these batches, and a chunk, are far less than the epoch.
SAMPLES, LENGTH, BATCH = 60_000, 512, 8192
# Bytes: a chunk three times, and three times a label of each sample: of the first epoch, of this one, and its place.
BUFFER, LABELS = 3 * 8 * 1024**2, 3 * 8
# Bytes that Python's own objects may take, whatever the sizes.
OBJECTS = 1_000_000


def run(folder: Path, train: int = TRAIN, test: int = TEST, repetitions: int = REPETITIONS, **changes: Any) -> Result:
    """Measure an epoch with captures of both splits, and one with the same passes and nothing stored."""
    session = sessions.make(sessions.draw(train, test), changes)
    train_epoch = sessions.epoch_of(session)
    with Recorder(folder / "run", classifier=session.classifier, epochs=EPOCHS) as recorder:

        def thing(passes: Callable[[], None]) -> Callable[[], None]:
            def epoch() -> None:
                train_epoch()
                passes()

            return epoch

        nothing, stored = interleaved(
            repetitions, nothing=thing(lambda: _pass(session)), stored=thing(_storing(session, recorder))
        )
    return _table(train, test, nothing, stored)


def _pass(session: Session) -> None:
    """Run the model over both splits in eval mode."""
    with evaluation(session.model):
        for ordered in session.captured.values():
            for images, _ in ordered:
                session.model(images)


def _storing(session: Session, recorder: Recorder) -> Callable[[], None]:
    """Return a function that captures both splits as the next epoch, and waits until it is on disk."""
    epochs = iter(recorder.epochs)

    def capture() -> None:
        epoch = next(epochs)
        for split, ordered in session.captured.items():
            recorder.capture(session.model, ordered, split=split, epoch=epoch, index=ordered.index)
        recorder.flush()

    return capture


def _table(train: int, test: int, nothing: Timing, stored: Timing) -> Result:
    ratio = stored.best / nothing.best
    rows = [
        ("the same passes, nothing stored", str(nothing), "-", "-"),
        ("features stored", str(stored), f"{ratio:.3f} x", verdict(ratio, at_most=COST)),
    ]
    cost = shown(max(stored.best - nothing.best, 0))
    note = (
        f"{SPREAD} ResNet-18, float32, {train} images to train, {test} to test; an epoch ends when its features are on "
        f"disk. The difference, {cost}, is files and folders rather than bytes, and grows less than the epoch does."
    )
    return Result("Storing every epoch's features", ("an epoch with", "time", "ratio", "target"), rows, (note,))


def memory(folder: Path, samples: int = SAMPLES, length: int = LENGTH, batch: int = BATCH) -> Result:
    """Measure the memory that captures take beyond the model's own passes."""
    arguments = samples, length, batch
    exact = in_process("capture", folder / "exact", *arguments, MALLOC_MMAP_THRESHOLD_="65536")
    usual = in_process("capture", folder / "usual", *arguments)
    used, reserve = (report["peak"] - report["before"] for report in (exact, usual))
    parts = {
        "two batches": 2 * 4 * batch * length,
        "write buffer": BUFFER,
        "labels": LABELS * samples,
        "objects": OBJECTS,
    }
    bound = sum(parts.values())
    row = (
        f"{used / MEGA:.1f} MB",
        f"{bound / MEGA:.1f} MB",
        verdict(used / MEGA, at_most=round(bound / MEGA, 1)),
        f"{4 * samples * length / MEGA:.0f} MB",
        f"{reserve / MEGA:.0f} MB",
    )
    bounds = ", ".join(f"{name} {size / MEGA:.1f} MB" for name, size in parts.items())
    note = (
        f"The bound: {bounds}. The write buffer is a chunk and the two copies of it that Zarr makes to add a checksum. "
        "Memory: peak of a process of its own in two captured epochs, less its peak in the same passes before. It is "
        "measured with a C library that gives back at once what is freed; the last column is with one that does not."
    )
    title = f"Memory of capturing {samples:,} x {length} features in batches of {batch:,}"
    columns = ("captures hold", "bound", "target", "an epoch", "with glibc's reserve")
    return Result(title, columns, [row], (note,))
