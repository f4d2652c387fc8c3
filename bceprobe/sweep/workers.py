"""Processes that train points: each carries out one order after the other, and is replaced when it dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, cast

from bceprobe.snapshot.threads import workers
from bceprobe.sweep.orders import FAILED, INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bceprobe.sweep.orders import Order

REASON = 300
CHILD = [sys.executable, "-m", "bceprobe.sweep.child"]


class Worker:
    """A process, started when it is first needed; to start torch takes longer than to train a small model."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = {**os.environ, **(environment or {})}
        self._lock, self._left = threading.Lock(), False
        self._process: _Process | None = None

    def run(self, order: Order) -> tuple[str, str]:
        """Train one point; return its status and the reason."""
        with self._lock:
            if self._left:
                return INTERRUPTED, "not started"
            process = self._process = self._process or _Process(self._environment)
        answer = process.answer(order)
        if answer is None:
            self._process, answer = None, (FAILED, process.end())
        return (INTERRUPTED, answer[1]) if self._left and answer[0] == FAILED else answer

    def leave(self) -> None:
        """Start no more; what runs stops at its next batch."""
        with self._lock:
            self._left = True
            if self._process:
                self._process.terminate()

    def close(self) -> None:
        """Wait for the process to end."""
        self.leave()
        if self._process:
            self._process.end()


class _Process(subprocess.Popen[bytes]):
    """A child that carries out orders; its messages are kept, for the case that it dies."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._errors: IO[bytes] = TemporaryFile()  # noqa: SIM115 - `end` closes it
        super().__init__(CHILD, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)

    def answer(self, order: Order) -> tuple[str, str] | None:
        """Hand over an order and wait for the answer; None if it died."""
        inlet, outlet = cast("tuple[IO[bytes], IO[bytes]]", (self.stdin, self.stdout))
        with suppress(BrokenPipeError):
            inlet.write(order.encoded())
            inlet.flush()
        if not (line := outlet.readline()):
            return None
        found = json.loads(line)
        return found["status"], found["reason"]

    def end(self) -> str:
        """Wait until it has ended, and say how, with the last line of its messages."""
        self.communicate()
        with self._errors as errors:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        how = f"signal {-self.returncode}" if self.returncode < 0 else f"exit code {self.returncode}"
        return f"its process ended with {how}: {last[0][:REASON]}"


def pool(jobs: int) -> list[Worker]:
    """Make so many workers: each sees one GPU, in turn, or has its share of the cores."""
    gpus = visible_gpus()
    if gpus:
        return [Worker({"CUDA_VISIBLE_DEVICES": gpus[slot % len(gpus)]}) for slot in range(jobs)]
    shared = {"OMP_NUM_THREADS": str(max(1, workers() // jobs))} if jobs > 1 else {}
    return [Worker(shared) for _ in range(jobs)]


def visible_gpus() -> list[str]:
    """List the GPUs that this process may use, by the names that CUDA_VISIBLE_DEVICES takes."""
    import torch  # noqa: PLC0415 - takes seconds, and only a sweep that trains needs to know

    given = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return given[: torch.cuda.device_count()] or [str(number) for number in range(torch.cuda.device_count())]
