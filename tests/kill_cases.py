"""Processes that are killed by SIGKILL at a chosen step of their work on a folder."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}
NEVER = sys.maxsize
PRELOAD = ["store_builders", "bceprobe.store.importing", "bceprobe.store.validate"]


def kill_at(step: int, folder: Path, task: Callable[[Path], object], report: Any = None) -> int:
    """Run a task on a folder in a process of its own that dies just before a step; return its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    process = context.Process(target=_work, args=(step, str(folder), task, report))
    process.start()
    process.join()
    return process.exitcode or 0


def count_steps(folder: Path, task: Callable[[Path], object]) -> int:
    """Count the steps that a task takes when it is not killed: files opened, made, renamed, removed."""
    report = multiprocessing.get_context("forkserver").RawValue("i")
    assert kill_at(NEVER, folder, task, report) == 0
    return int(report.value)


_taken = itertools.count()


def _work(step: int, folder: str, task: Callable[[Path], object], report: Any) -> None:
    from pathlib import Path

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STEPS and folder in str(arguments[0]) and next(_taken) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    # A killed process loses nothing that the kernel has, and syncing takes most of the time.
    with mock.patch.object(os, "fsync"):
        task(Path(folder))
    if report is not None:
        report.value = next(_taken)
