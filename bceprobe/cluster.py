"""An existing Dask cluster, whose workers see the same folders: connecting to it, and what became of its tasks."""

from __future__ import annotations

from typing import Any

from bceprobe.errors import BceProbeError, UsageError

CONNECTING = "15s"
# Seconds between two looks at what is done.
POLL = 0.5


def connect(address: str) -> Any:
    """Connect to the scheduler of a cluster; who calls closes the `distributed.Client`.

    Raises
    ------
    UsageError
        No scheduler answers at that address, or dask.distributed is not installed.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra, which few need
    except ImportError as error:
        raise UsageError("--scheduler needs dask.distributed", "Install it: pip install 'bceprobe[cluster]'") from error
    connected: Any = Client
    try:
        return connected(address, timeout=CONNECTING)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}", "Start one: dask scheduler") from error


def error_of(future: Any) -> BaseException | None:
    """Return why a task that is done has no result: its own error, too many dead workers, or it was taken back."""
    if future.status == "finished":
        return None
    found: BaseException | None = future.exception() if future.status == "error" else None
    return found or BceProbeError("taken back by the cluster")
