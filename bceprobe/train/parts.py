"""How the processes of a run share a batch: each takes consecutive samples of it."""

from __future__ import annotations

from dataclasses import dataclass

# A process has at least so many samples of a batch: batch norm takes no statistics of one.
FEWEST = 2


@dataclass(frozen=True)
class Part:
    """The samples of a batch that a process has: those from `start` to `stop` of `total`.

    `share` is the weight of their loss in that of the batch; the shares of all processes add up to 1.
    """

    start: int
    stop: int
    total: int
    share: float = 1.0

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def scale(self) -> float:
        """What a sum over these samples is multiplied by to stand for the sum over the batch."""
        return self.total / len(self)


def part(total: int, rank: int = 0, size: int = 1) -> Part:
    """Cut a batch of `total` samples for the process `rank` of `size`.

    A batch that is too small to be shared, such as the last one of an epoch, is computed by all processes alike.

    Examples
    --------
    >>> part(7, rank=1, size=2)
    Part(start=3, stop=7, total=7, share=0.5714285714285714)
    >>> part(3, rank=1, size=2)
    Part(start=0, stop=3, total=3, share=0.5)
    """
    if total < FEWEST * size:
        return Part(0, total, total, 1 / size)
    start, stop = (total * place // size for place in (rank, rank + 1))
    return Part(start, stop, total, (stop - start) / total)
