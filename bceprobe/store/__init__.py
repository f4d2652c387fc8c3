"""The format of a run: numpy in, xarray out. FORMAT.md beside this file is its specification."""

from bceprobe.store.finding import find_runs
from bceprobe.store.run import Run, open_run
from bceprobe.store.writer import StoreWriter

__all__ = ["Run", "StoreWriter", "find_runs", "open_run"]
