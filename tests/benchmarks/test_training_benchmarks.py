"""The benchmarks of training run, and their baseline trains what we train. How fast they are is not tested."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import pytest
from benchmarks import capturing, gpu, sessions, textbook, training

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.tables import Result

TINY = {"optim.batch_size": 8, "threads": 1}


def cells(result: Result, column: str) -> list[str]:
    """The cells of one column of a table."""
    return [row[result.columns.index(column)] for row in result.rows]


def test_textbook_loop_trains_what_ours_trains() -> None:
    """Without augmentation, with all images in one batch, both loops have the same losses in each of three epochs."""
    dataset = sessions.draw(16, 1)
    changes = {"augment.crop": 0, "augment.flip": 0.0, "optim.batch_size": 16, "threads": 1, "optim.lr": 0.01}
    ours, plain = (sessions.make(dataset, changes) for _ in range(2))
    epoch, theirs = sessions.epoch_of(ours), textbook.make_epoch(plain.model, dataset, plain.settings, workers=0)
    losses = [(epoch(), theirs()) for _ in range(3)]
    assert losses[0][0] != pytest.approx(losses[2][0], rel=0.01)
    for one, other in losses:
        assert one == pytest.approx(other, rel=2e-3)


def test_training_is_measured(tmp_path: Path) -> None:
    """The textbook loop, both precisions and the convolutions alone are reported."""
    result = training.run(tmp_path, images=8, repetitions=1, **TINY)
    named = ["textbook", "bceprobe, fp32", "bceprobe, bf16", "its convolutions alone"]
    assert cells(result, "an epoch of") == named
    assert [float(cell) > 0 for cell in cells(result, "images/s")] == [True] * 4


def test_storing_is_measured(tmp_path: Path) -> None:
    """The epoch with stored features has a ratio to the one without."""
    result = capturing.run(tmp_path, train=8, test=8, repetitions=1, **TINY)
    assert cells(result, "ratio")[0] == "-"
    assert float(cells(result, "ratio")[1].split()[0]) > 0


def test_memory_of_captures_is_measured(tmp_path: Path) -> None:
    """Captures of 20000 x 512 features hold less than the epoch does."""
    result = capturing.memory(tmp_path, samples=20_000, batch=512)
    assert 0 <= float(cells(result, "captures hold")[0].split()[0]) < 41


def test_gpu_report_is_made_of_a_run() -> None:
    """On the CPU, with a tiny model, the report has a row per case, rates that fit together, and no made-up peak."""
    cases = (gpu.Case("float32", {}, 1e9), gpu.Case("bf16", {"precision": "bf16"}, 1e-9))
    tiny = {"model.name": "convnet", "model.width": 64, "threads": 1, "optim.batch_size": 16}
    lines = list(gpu.report("cpu", 3, sessions.draw(48, 16), "random", cases, **tiny))
    text = "\n".join(lines)
    assert "3 epochs, extrapolated" in text
    assert text.count("TFLOP/s, peak unknown") == 2
    assert "< 1e+09 min: met" in text
    assert "< 1e-09 min: missed" in text


def test_gpu_times_are_divided() -> None:
    """Training, capture and writing are medians without the first epoch, and 100 epochs are extrapolated from them."""
    clock = gpu.Clock()
    for seconds, rate, busy in ((9.0, 10.0, 5.0), (3.0, 50.0, 6.0), (3.5, 50.0, 7.5)):
        clock.busy = busy
        clock.epoch({"seconds": seconds, "images_per_second": rate})
    found = gpu.divide(clock, 100, flops=2e9, whole=16.0)
    assert (found.train, found.capture, found.write) == (2.0, 1.25, 1.25)
    assert (found.images_per_second, found.flops_per_second) == (50.0, 1e11)
    assert found.total == 16.0 + 97 * 3.25


def test_flops_are_those_of_the_network() -> None:
    """A ResNet-18 for 32 x 32 takes 3 x 0.556 G multiply-adds per image, less the gradient of the image itself."""
    settings = sessions.make(sessions.draw(2, 2), {}).settings
    with mock.patch("bceprobe.train.session.load_data", return_value=sessions.draw(2, 2)):
        assert gpu.flops_per_image(settings) == pytest.approx(3 * 2 * 0.5557e9, rel=0.01)
