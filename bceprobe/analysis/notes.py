"""Notes: lines that say which values of an analysis are undefined, or say more about data types than about features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr

# The topics that need to know how a run was trained.
GRADIENTS = {"bias", "updates"}
# NC1 within this factor of its floor is made of rounding to a considerable part.
NEAR = 10.0


def notes(result: xr.Dataset, topics: Sequence[str], missing: Mapping[str, Sequence[str]]) -> list[str]:
    """Collect the notes on a result; `missing` says what is not known of each run."""
    found = [f"{run}: {what}" for run, lacks in missing.items() for what in lacks] if GRADIENTS & {*topics} else []
    return [*found, *(_floored(result) if "nc1_floor" in result else ())]


def _floored(result: xr.Dataset) -> Iterator[str]:
    """Say of each run and split where NC1 comes near the value that rounding leaves."""
    for run in result["run"].values.tolist():
        for split in result["split"].values.tolist():
            part = result.sel(run=run, split=split)
            near = np.flatnonzero(part["nc1"].values < NEAR * part["nc1_floor"].values)
            if near.size:
                first, floor = part["epoch"].values[near[0]], part["nc1_floor"].values[near].max()
                yield f"{run}, {split} split: from epoch {first} on NC1 is floored by the rounding of its features, at about {floor:.1e}"
