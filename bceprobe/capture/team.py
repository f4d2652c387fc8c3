"""Several processes that record one run together: what a Recorder needs to know of them and to ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Team(Protocol):
    """The processes of a run, which do the same things in the same order; this one is `rank` of `size`."""

    @property
    def rank(self) -> int:
        """0 for the process that makes the store and says which epochs count."""

    @property
    def size(self) -> int:
        """How many processes there are."""

    def wait(self) -> None:
        """Wait until every process has come here; on the main thread."""

    def sum_written(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add up what every process brings once what it has written is on disk; on the thread that writes."""


class Alone:
    """A process that records a run by itself."""

    rank, size = 0, 1

    def wait(self) -> None:
        """There is no one to wait for."""

    def sum_written(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the values: there is nothing to add."""
        return values
