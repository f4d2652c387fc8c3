"""Several processes that train one model, as torchrun starts them: who they are, and what they tell each other.

All of them do the same things in the same order; each call here is one that every process comes to. What computes goes
over the default process group, on the device; what the main threads and the writing threads agree on goes over groups
of their own, since threads must not take each other's turn.
"""

from __future__ import annotations

import inspect
import itertools
import os
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from bceprobe.capture.team import Alone
from bceprobe.errors import BceProbeError, ToldElsewhereError, UsageError
from bceprobe.snapshot.threads import workers
from bceprobe.store.manifest import CONFIG
from bceprobe.train.interrupt import outliving_sigterm
from bceprobe.train.parts import FEWEST, Part, part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

# A process that died is noticed at once, as its connections close; one that hangs, after this time.
TIMEOUT = timedelta(minutes=10)
# Seconds that a process which stops waits for the others to say that they stop, too.
PATIENCE = 3.0
OWN, LOST = "own", "lost"
# The option of DistributedDataParallel that shares buffers in every step; its name changed after torch 2.14.
_NAMES = ("forward_sync_buffers", "broadcast_buffers")
BUFFERS = next(name for name in _NAMES if name in inspect.signature(DistributedDataParallel).parameters)
_NUMBERS = itertools.count()


class LostError(BceProbeError):
    """Another process of the run does not answer any more; `found` is what the processes said of their end."""

    def __init__(self, what: str, hint: str = "", found: Mapping[int, str] | None = None) -> None:
        super().__init__(what, hint)
        self.found = found or {}


def launched() -> bool:
    """Tell whether this is one of several processes that torchrun started."""
    names = {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"}
    return names <= os.environ.keys() and int(os.environ["WORLD_SIZE"]) > 1


def is_first() -> bool:
    """Tell whether this process speaks for all of them."""
    return not launched() or os.environ["RANK"] == "0"


def processors() -> int:
    """Count the cores that this process may use, of those that it shares with others of its run."""
    return max(1, workers() // int(os.environ["LOCAL_WORLD_SIZE"])) if launched() else workers()


def again(folder: Path) -> str:
    """Write the command that goes on with a run."""
    started = f"torchrun --nproc-per-node {os.environ['LOCAL_WORLD_SIZE']} -m " if launched() else ""
    return f"{started}bceprobe train --resume --out {folder}"


def own_device(name: str) -> str:
    """Give every process of a machine its own GPU: ``cuda:LOCAL_RANK`` for ``auto`` and ``cuda``.

    Raises
    ------
    UsageError
        There are fewer GPUs than processes, or all of them were to use the same.
    """
    if not launched() or name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return name
    rank, devices = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if name not in {"auto", "cuda"}:
        raise UsageError(f"device {name!r} is one for all processes", "Use --device cuda: each takes a GPU of its own")
    if torch.cuda.is_available() and rank >= devices:
        raise UsageError(f"process {rank} of this machine finds {devices} GPUs", f"Use --nproc-per-node {devices}")
    return f"cuda:{rank}"


class Single(Alone):
    """A process that trains by itself: everything is its own, and nothing needs to be told."""

    def part(self, total: int) -> Part:
        """Return the whole batch."""
        return part(total)

    def any(self, flag: bool) -> bool:  # noqa: FBT001 - as the builtin
        """Return the flag."""
        return flag

    def add(self, value: Tensor) -> Tensor:
        """Return the value."""
        return value

    def mean(self, value: Tensor, share: float) -> Tensor:
        """Return the value, without its history; its share is 1."""
        _ = share
        return value.detach()

    def weighed(self, loss: Tensor, share: float) -> Tensor:
        """Return the loss; its share is 1."""
        _ = share
        return loss

    def stream(self, purpose: str) -> str:
        """Name the random stream of a purpose."""
        return purpose

    def parallel(self, model: nn.Module) -> nn.Module:
        """Return the model."""
        return model

    def synchronised(self, model: nn.Module) -> nn.Module:
        """Return the model."""
        return model

    def share_buffers(self, model: nn.Module) -> None:
        """Leave the model as it is."""

    def describe(self, device: torch.device) -> dict[str, Any]:
        """Return nothing: `run.json` need not say that there is one."""
        _ = device
        return {}


class Processes:
    """Several processes that train one model."""

    def __init__(self, store: Any) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._main, self._writing = (_group() for _ in range(2))
        self._store = PrefixStore(f"bceprobe/{next(_NUMBERS)}", store)

    def part(self, total: int) -> Part:
        """Return this process's part of a batch."""
        return part(total, self.rank, self.size)

    def wait(self) -> None:
        """Wait until every process has come here."""
        self.any(False)  # noqa: FBT003 - as the builtin

    def any(self, flag: bool) -> bool:  # noqa: FBT001 - as the builtin
        """Tell whether the flag of any process is set."""
        raised = torch.tensor([int(flag)])
        dist.all_reduce(raised, group=self._main)
        return bool(raised)

    def add(self, value: Tensor) -> Tensor:
        """Add up a tensor over all processes, on its device."""
        total = value.detach().clone()
        dist.all_reduce(total)
        return total

    def mean(self, value: Tensor, share: float) -> Tensor:
        """Average a value over all processes by their shares, on its device."""
        return self.add(value.detach() * share)

    def weighed(self, loss: Tensor, share: float) -> Tensor:
        """Weigh a loss so that the plain mean of all gradients, which is taken, is that by shares."""
        return loss * (share * self.size)

    def stream(self, purpose: str) -> str:
        """Name the random stream of a purpose: not the same for different samples in different processes."""
        return f"{purpose} {self.rank}" if self.rank else purpose

    def sum_written(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add up what every process brings once what it has written is on disk."""
        total = torch.from_numpy(np.array(values, np.int64))
        dist.all_reduce(total, group=self._writing)
        return total.numpy()

    def parallel(self, model: nn.Module) -> nn.Module:
        """Make all processes start with the weights of the first and step with the mean of their gradients."""
        options: dict[str, Any] = {BUFFERS: False, "gradient_as_bucket_view": True}
        return DistributedDataParallel(model, **options)

    def synchronised(self, model: nn.Module) -> nn.Module:
        """Let batch norm take its statistics from the whole batch, where the device can: gloo has no way to."""
        convert: Callable[[nn.Module], nn.Module] = nn.SyncBatchNorm.convert_sync_batchnorm
        return convert(model) if next(model.parameters()).is_cuda else model

    def share_buffers(self, model: nn.Module) -> None:
        """Give all processes the buffers of the first, such as the running statistics of batch norm."""
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)

    def describe(self, device: torch.device) -> dict[str, Any]:
        """Describe the processes for `run.json`."""
        backend, statistics = ("nccl", "batch") if device.type == "cuda" else ("gloo", "part of each process")
        return {"processes": {"number": self.size, "backend": backend, "batch_norm_statistics": statistics}}

    def report(self, word: str, ranks: int) -> Mapping[int, str]:
        """Say how this process ends, and return what the first `ranks` ones say within a moment."""
        found: dict[int, str] = {}
        asked, until = range(ranks), time.monotonic() + PATIENCE
        try:
            self._store.set(str(self.rank), word)
            while len(found) < len(asked) and time.monotonic() < until:
                time.sleep(0.05)
                there = [rank for rank in asked if rank not in found and self._store.check([str(rank)])]
                found |= {rank: self._store.get(str(rank)).decode() for rank in there}
        except RuntimeError:
            return found | {self.rank: word}
        return found | {self.rank: word}


Team: TypeAlias = Single | Processes


@contextmanager
def team() -> Iterator[Team]:
    """Form a team with the other processes that torchrun started, if it did, and part when the block ends.

    Where several fail, one of them raises what happened and the others a `ToldElsewhereError`: first those that failed
    by themselves, then those that lost another process.
    """
    if not launched():
        yield Single()
        return
    store, rank, size = next(rendezvous("env://", timeout=TIMEOUT))
    mine = not dist.is_initialized()
    if mine:
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=TIMEOUT)
    processes = Processes(store)
    with outliving_sigterm():
        try:
            yield processes
        except BaseException as error:
            _leave_telling_to_one(processes, error)
            raise
        finally:
            if mine:
                dist.destroy_process_group()


@contextmanager
def naming_the_lost(team: Team, folder: Path) -> Iterator[None]:
    """Turn what a broken connection raises into an error that names the process at its other end.

    Raises
    ------
    LostError
        Another process died, or did not answer in time.
    """
    try:
        yield
    except Exception as error:
        if isinstance(team, Single) or not _is_of_a_connection(error):
            raise
        found = team.report(LOST, team.size)
        failed = [rank for rank in range(team.size) if found.get(rank, OWN) == OWN]
        what = f"rank {', '.join(map(str, failed))} of {team.size} has ended or does not answer: all stop"
        hint = f"Go on: {again(folder)}" if (folder / CONFIG).exists() else "Start it again"
        raise LostError(what, hint, found) from error


def check_batch_size(batch_size: int, team: Team) -> None:
    """Refuse batches that cannot be shared.

    Raises
    ------
    UsageError
        There are fewer than two samples for each process.
    """
    if team.size > 1 and batch_size < FEWEST * team.size:
        what = f"batches of {batch_size} samples are too small for {team.size} processes, which need {FEWEST} each"
        raise UsageError(what, f"Use --batch-size {FEWEST * team.size} or more, or fewer processes")


@contextmanager
def in_turn(team: Team) -> Iterator[None]:
    """Let the first process do something before the others, such as a download."""
    if team.rank:
        team.wait()
    yield
    if not team.rank:
        team.wait()


@contextmanager
def told_by_first() -> Iterator[None]:
    """Let the first process alone tell an error that all of them meet, before they form a team."""
    try:
        yield
    except BceProbeError as error:
        if is_first():
            raise
        time.sleep(1.0)
        raise ToldElsewhereError.ending_with(error.exit_code) from error


def _group() -> dist.ProcessGroup:
    """Make a group of all processes for what is not on a GPU."""
    group = dist.new_group(backend="gloo", timeout=TIMEOUT)
    if not isinstance(group, dist.ProcessGroup):
        raise TypeError("this process is not in its own group")
    return group


def _is_of_a_connection(error: Exception) -> bool:
    """Tell whether an error is one of communication; gloo's have no class of their own."""
    known = isinstance(error, RuntimeError) and any(name in str(error) for name in ("gloo", "NCCL"))
    return known or isinstance(error, dist.DistError)


def _leave_telling_to_one(processes: Processes, error: BaseException) -> None:
    """Return in the process that is to tell of its error; raise in the others."""
    found = error.found if isinstance(error, LostError) else processes.report(OWN, processes.rank)
    first = min(rank for rank, word in found.items() if word == OWN or OWN not in found.values())
    if first != processes.rank:
        # torchrun ends all when the first one ends: the one that tells needs a moment.
        time.sleep(0.5)
        raise ToldElsewhereError.ending_with(getattr(error, "exit_code", 1)) from error
