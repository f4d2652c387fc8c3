"""Orders: what a process that trains points is told, and what it answers, each a line of JSON."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bceprobe.errors import BceProbeError, FolderInUseError, TrainingInterruptedError
from bceprobe.settings import read_toml, resolve
from bceprobe.store.manifest import CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bceprobe.sweep.points import Point

# What may become of a point; "kept": it was finished before; "not started": the one it starts from is not finished.
FINISHED, KEPT, FAILED, INTERRUPTED, IN_USE = "finished", "kept", "failed", "interrupted", "in use"
NOT_STARTED = "not started"


@dataclass(frozen=True)
class Order:
    """What is to be trained, and where; everything in it can be sent to another machine that shares the folder.

    `working` is the folder that relative paths in the settings start from.
    """

    folder: str
    config: str
    sources: Mapping[str, str]
    data_dir: str | None = None
    download: bool = False
    command: tuple[str, ...] = ()
    working: str = ""

    def encoded(self) -> bytes:
        """Write it as the line that `decoded` reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


def decoded(line: str) -> Order:
    """Read an order."""
    return Order(**json.loads(line))


def order_of(point: Point, data_dir: Path | None, *, download: bool) -> Order:
    """Write down what a process needs to train a point, with absolute paths."""
    data = None if data_dir is None else str(data_dir.resolve())
    folder, config = str(point.folder.resolve()), point.settings.to_toml()
    return Order(folder, config, point.sources, data, download, tuple(sys.argv), str(Path.cwd()))


def carry_out(order: Order) -> tuple[str, str]:
    """Train a point or go on with it; return its status and, unless it is finished, the reason."""
    from bceprobe.sweep.solving import is_solved, solve_point  # noqa: PLC0415 - scipy takes a second
    from bceprobe.train import train  # noqa: PLC0415 - torch takes seconds; only who trains needs it

    folder = Path(order.folder)
    if Path(order.working).is_dir():
        os.chdir(order.working)
    # What a run's provenance names is the command that a person gave.
    sys.argv = list(order.command) or sys.argv
    try:
        settings, data_dir = resolve([("sweep", read_toml(order.config, "the order"))])[0], order.data_dir
        if is_solved(settings):
            solve_point(settings, folder, order.sources)
            return FINISHED, ""
        train(
            settings,
            folder,
            data_dir=Path(data_dir) if data_dir else None,
            download=order.download,
            resume=(folder / CONFIG).exists(),
            sources=order.sources,
        )
    except FolderInUseError as error:
        return IN_USE, str(error)
    except TrainingInterruptedError as error:
        return INTERRUPTED, str(error)
    except BceProbeError as error:
        return FAILED, str(error)
    return FINISHED, ""
