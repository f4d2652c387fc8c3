"""Notes: lines that say which values of an analysis are undefined, or say more about data types than about features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.metrics.base import looks_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from bceprobe.analysis.context import Context

# The topics that need to know how a run was trained.
GRADIENTS = {"bias", "updates"}
# NC1 within this factor of its floor is made of rounding to a considerable part.
NEAR = 10.0


def notes(result: xr.Dataset, topics: Sequence[str], contexts: Mapping[str, Context]) -> list[str]:
    """Collect the notes on a result of some runs, each with what is known of its training."""
    lacks = _lacks(contexts, topics) if GRADIENTS & {*topics} else ()
    return [*_empty(result, contexts), *lacks, *(_floored(result) if "nc1_floor" in result else ())]


def _lacks(contexts: Mapping[str, Context], topics: Sequence[str]) -> Iterator[str]:
    """Say what is not known of each run."""
    change = any(map(looks_back, topics))
    yield from (f"{run}: {what}" for run, context in contexts.items() for what in context.missing(change=change))


def _empty(result: xr.Dataset, runs: Iterable[str]) -> Iterator[str]:
    """Name the runs that have nothing of what was asked for."""
    captured = result["captured"].any(("split", "epoch"))
    splits = " or ".join(result["split"].values.tolist())
    for run in runs:
        if run not in captured["run"] or not captured.sel(run=run):
            yield f"{run}: left out, as no epoch of its {splits} split is captured"


def _floored(result: xr.Dataset) -> Iterator[str]:
    """Say of each run and split where NC1 comes near the value that rounding leaves."""
    for run in result["run"].values.tolist():
        for split in result["split"].values.tolist():
            part = result.sel(run=run, split=split)
            part = part.isel(epoch=part["captured"].values)
            near = part["nc1"].values < NEAR * part["nc1_floor"].values
            if near.any():
                floor = part["nc1_floor"].values[near].max()
                where = _where(part["epoch"].values, near)
                yield f"{run}, {split} split: rounding of the features floors NC1 at about {floor:.1e} {where}"


def _where(epochs: NDArray[np.int64], near: NDArray[np.bool_]) -> str:
    """Name some of the epochs of a run."""
    first, last = epochs[near][[0, -1]]
    if first == last:
        return f"(epoch {first})"
    between = np.count_nonzero((epochs >= first) & (epochs <= last))
    count = np.count_nonzero(near)
    return f"(epochs {first} to {last})" if count == between else f"({count} of the epochs {first} to {last})"
