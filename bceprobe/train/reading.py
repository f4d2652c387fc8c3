"""Image files as batches on a device: worker processes decode what is needed next while the model trains.

The workers only carry out lists of files, so their number changes nothing but the speed. They are started by a fork
server, not from this process and its threads, and serve all passes over both splits of a run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader

from bceprobe.datasets.images import Decoder
from bceprobe.errors import BceProbeError, UsageError
from bceprobe.train.distributed import processors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from bceprobe.datasets import ImageFiles

PRELOADED = ["bceprobe.datasets.images", "PIL.Image"]


class FileReader:
    """Reads lists of image files as uint8 batches on a device.

    Parameters
    ----------
    size
        Side of the images in pixels.
    workers
        Processes that decode, at most one for each processor; with 0 this process does.
    device
        Where batches go; to a GPU by way of pinned memory.
    """

    def __init__(self, size: int, workers: int, device: torch.device) -> None:
        self.device = device
        workers = min(workers, processors())
        self._lists: list[list[str]] = []
        self._loader: DataLoader[Any] = DataLoader(
            Decoder(size),
            batch_sampler=self._lists,
            num_workers=workers,
            collate_fn=_as_it_is,
            pin_memory=device.type == "cuda",
            worker_init_fn=_follow,
            multiprocessing_context=_fork_server() if workers else None,
            persistent_workers=workers > 0,
            # The loader draws a seed for each pass; drawn from here, it does not disturb the streams of the training.
            generator=torch.Generator(),
        )

    def read(self, lists: list[list[str]]) -> Iterator[Tensor]:
        """Yield the images of one list of files after the other, (B, 3, size, size).

        Raises
        ------
        UsageError
            A file cannot be decoded.
        BceProbeError
            A worker process died.
        """
        self._lists[:] = lists
        batches = iter(self._loader)
        for _ in lists:
            images = _next(batches)
            if isinstance(images, str):
                raise UsageError(images, "Replace that file or remove it")
            yield images.to(self.device, non_blocking=True).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class FilesOnDevice:
    """Images of a split in files, with the reader that brings them to the device."""

    files: ImageFiles
    reader: FileReader

    def read(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images of one list of rows after the other."""
        return self.reader.read([self.files.paths(rows) for rows in parts])


def _next(batches: Iterator[Any]) -> Any:
    try:
        return next(batches)
    except RuntimeError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        hint = "Look for what ended it, such as lack of memory, or use --set data.workers=0"
        raise BceProbeError(f"a process that reads images failed: {reason}", hint) from error


def _fork_server() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _follow(_worker: int) -> None:
    """Let the main process decide what Ctrl-C means, which reaches all processes of a terminal, and end with it.

    torch's workers watch only the process that forked them: here the fork server, which lives as long as they do.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _as_it_is(batch: Any) -> Any:
    return batch
