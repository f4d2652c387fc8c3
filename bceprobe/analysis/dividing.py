"""Analysing in processes of this machine: the epochs of all runs are divided among them, in whole stretches.

Epochs that follow each other stay together, as changes need the scores of the epoch before.
"""

from __future__ import annotations

from contextlib import closing
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from bceprobe.analysis.processes import can_fork, side_by_side
from bceprobe.analysis.reading import WORKSPACE, half_of_memory, snapshot_bytes
from bceprobe.snapshot import cores
from bceprobe.store.location import local_path

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from bceprobe.analysis.computing import Task
    from bceprobe.analysis.labelled import Row

# Snapshots of a process below which starting it, and measuring the epoch before its first, would not pay.
FEWEST = 4


class Piece(NamedTuple):
    """Epochs of a task, by its number, with the topics that each lacks."""

    number: int
    lacking: dict[int, list[str]]


def work_side_by_side(tasks: Sequence[Task], jobs: int, memory: int | None) -> Generator[int, None, None]:
    """Do the tasks, in up to `jobs` processes, 0 for one per core, yielding the number of snapshots that are done.

    Where processes would not pay, their snapshots do not fit side by side, or this system has no forks, it is done in
    this process.
    """
    if (count := _processes(tasks, jobs, memory)) == 1:
        yield from _one_by_one(tasks, memory)
        return
    pieces = [Piece(number, task.lacking()) for number, task in enumerate(tasks)]
    open_epochs = {piece.number: len(piece.lacking) for piece in pieces}
    yield sum(len(task.epochs) for task in tasks) - sum(open_epochs.values())
    own = (half_of_memory() if memory is None else memory) // count

    def measured(share: Sequence[Piece]) -> Iterator[tuple[int, int, Row]]:
        for number, lacking in share:
            for epoch, row in tasks[number].measured(lacking, own, ahead=False):
                yield number, epoch, row

    try:
        with closing(side_by_side(measured, divided(pieces, count))) as found:
            for number, epoch, row in found:
                tasks[number].enter(epoch, pieces[number].lacking[epoch], row)
                open_epochs[number] -= 1
                if not open_epochs[number]:
                    tasks[number].keep()
                yield 1
    finally:
        for task in tasks:
            task.keep()


def divided(pieces: Sequence[Piece], count: int) -> list[list[Piece]]:
    """Divide pieces into as many shares of about as many snapshots; of none, there is no share.

    Examples
    --------
    >>> for share in divided([Piece(0, {1: ["nc"], 2: ["nc"], 3: ["nc"]}), Piece(1, {1: ["nc"]})], 2):
    ...     print([tuple(piece) for piece in share])
    [(0, {1: ['nc'], 2: ['nc']})]
    [(0, {3: ['nc']}), (1, {1: ['nc']})]
    """
    every = [(number, epoch, topics) for number, lacking in pieces for epoch, topics in sorted(lacking.items())]
    bounds = [len(every) * at // count for at in range(count + 1)]
    return [_gathered(every[start:stop]) for start, stop in pairwise(bounds) if stop > start]


def _gathered(epochs: Sequence[tuple[int, int, list[str]]]) -> list[Piece]:
    """Make pieces of epochs, each with the number of its task before and its topics after it."""
    tasks = groupby(epochs, key=lambda one: one[0])
    return [Piece(number, {epoch: topics for _, epoch, topics in own}) for number, own in tasks]


def _one_by_one(tasks: Sequence[Task], memory: int | None) -> Iterator[int]:
    for task in tasks:
        # Closed at once, also by an error or an interruption, so that what was computed is cached.
        with closing(task.run(memory)) as finished:
            yield from (1 for _ in finished)


def _processes(tasks: Sequence[Task], jobs: int, memory: int | None) -> int:
    """Count the processes that pay, each with a snapshot and its workspace in memory."""
    local = all(local_path(task.split.run.location) for task in tasks)
    if jobs == 1 or not (can_fork() and local):
        return 1
    bound = half_of_memory() if memory is None else memory
    largest = max((snapshot_bytes(task.split) for task in tasks if task.epochs), default=1)
    fit = bound // (largest + WORKSPACE // 2)
    pay = sum(len(task.epochs) for task in tasks) // FEWEST
    return max(1, min(jobs or cores(), fit, pay))
