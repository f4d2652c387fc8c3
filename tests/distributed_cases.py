"""Runs of several processes: models without batch norm, torchrun, and processes that are started as it starts them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn
from torch.distributed import TCPStore  # type: ignore[attr-defined]  # a public name that torch does not list

from bceprobe.errors import BceProbeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

# 270 samples in batches of 19, as uneven as can be: parts of 9 and 10, and a last batch of 4.
SETTINGS = {
    "optim.epochs": 4,
    "optim.batch_size": 19,
    "optim.milestones": [2, 4],
    "data.limit_per_class": 27,
    "model.name": "distributed_cases:plain",
    "model.width": 16,
    "loss.name": "bce",
    "augment.crop": 1,
    "augment.rotation": 10.0,
    "device": "cpu",
    "threads": 1,
}
WAIT = 120.0


def plain(num_classes: int, width: int, dropout: float = 0.0, log: str = "", trouble: int = -1) -> nn.Module:
    """A network for digits without batch norm: no sample's features depend on which others it is computed with.

    It logs the training images it sees to a file for each process, and fails in the process `trouble` after a while.
    """
    hidden = [nn.Linear(64, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, width), nn.Tanh()]
    model = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(width, num_classes))
    rank, calls = os.environ.get("RANK", "0"), itertools.count()

    def see(_model: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        if log and model.training:
            with Path(f"{log}.{rank}").open("ab") as file:
                file.write(arguments[0].contiguous().numpy().tobytes())
        if str(trouble) == rank and next(calls) == 20:
            raise UsageError("this process is in trouble")

    model.register_forward_pre_hook(see)
    return model


def assignments(**changes: Any) -> list[str]:
    """Options of `bceprobe train` for the settings; `changes` have `__` for the dot of a key."""
    named = SETTINGS | {key.replace("__", "."): value for key, value in changes.items()}
    return [word for key, value in named.items() for word in ("--set", f"{key}={value}")]


class Torchrun:
    """`torchrun -m bceprobe train` with two processes; what they print comes back when it has ended."""

    def __init__(self, *options: str | Path) -> None:
        command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "bceprobe", "train"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([*command, *map(str, options)], env=environment, **pipes)  # type: ignore[call-overload]

    def rank(self, number: int) -> int:
        """The process id of a rank."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        wanted = f"\0RANK={number}\0"
        return next(int(pid) for pid in listed.split() if wanted in Path(f"/proc/{pid}/environ").read_text("utf-8"))

    def wait_for_epochs(self, folder: Path, number: int) -> None:
        """Wait until so many epochs are on disk."""
        until = time.monotonic() + WAIT
        history = folder / "history.csv"
        while not history.exists() or len(history.read_text().splitlines()) <= number:
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < until
            time.sleep(0.01)

    def end(self) -> tuple[int, str, list[str]]:
        """Wait for the end; return the exit code, stdout, and the lines that bceprobe wrote to stderr."""
        try:
            out, err = self.process.communicate(timeout=WAIT)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            raise AssertionError(self.process.communicate()[1]) from None
        return self.process.returncode, out, [line for line in err.splitlines() if line.startswith("bceprobe: ")]


def start(ranks: int, folder: Path, changes: dict[str, Any], *, stuck: float = 25.0) -> list[Any]:
    """Start processes that train one run, in the environment that torchrun gives them; return them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["distributed_cases", "bceprobe.train", "bceprobe.datasets.digits"])
    store = TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    shared = {"WORLD_SIZE": ranks, "LOCAL_WORLD_SIZE": ranks, "MASTER_ADDR": "localhost", "MASTER_PORT": store.port}
    shared |= {"TORCHELASTIC_USE_AGENT_STORE": "True"}
    processes = [
        context.Process(target=_train, args=({**shared, "RANK": rank, "LOCAL_RANK": rank}, folder, changes, stuck))
        for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    processes[0].store = store  # type: ignore[attr-defined]  # lives as long as the processes
    return processes


def codes(processes: Sequence[Any]) -> list[int]:
    """Wait for processes; return their exit codes."""
    for process in processes:
        process.join(WAIT)
        with suppress(ProcessLookupError):
            process.kill()
        process.join()
    return [process.exitcode for process in processes]


def messages(folder: Path, rank: int) -> Path:
    """The file that the stderr of a process goes to."""
    return folder.with_suffix(f".{rank}.err")


def _train(environment: dict[str, Any], folder: Path, changes: dict[str, Any], stuck: float) -> None:
    """Train as one of several processes; exit as the command line does, with what it would print in a file."""
    os.environ |= {name: str(value) for name, value in environment.items()}
    sys.stderr = messages(folder, environment["RANK"]).open("w", encoding="utf-8")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from bceprobe.settings import resolve
    from bceprobe.train import interrupt, train

    interrupt.STUCK = stuck
    named = SETTINGS | {key.replace("__", "."): value for key, value in changes.items()}
    try:
        train(resolve([("test", named)])[0], folder)
    except BceProbeError as error:
        if str(error):
            folder.with_suffix(f".{environment['RANK']}.txt").write_text(str(error), encoding="utf-8")
        sys.exit(error.exit_code)
