"""Trajectories of runs, from analyses of the topics nc and accuracy."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.stats.trajectories import Trajectory, trajectory

if TYPE_CHECKING:
    from collections.abc import Iterator

NC = ("nc1", "nc2", "nc3")
ACCURACY = ("accuracy", "uniform_accuracy")
SPLIT = "train"


def trajectories(
    dataset_nc: xr.Dataset, dataset_accuracy: xr.Dataset, nc_threshold: float = 0.1
) -> list[dict[str, Any]]:
    """Find when each run fits its training data, fits it uniformly and collapses, and how it ends.

    Parameters
    ----------
    dataset_nc
        A result of `bceprobe.analysis.analyze` with nc1, nc2, nc3 over (run, split, epoch), and ``captured``.
    dataset_accuracy
        Likewise with accuracy and uniform_accuracy, of the same runs, splits and epochs; may be the same dataset.
    nc_threshold
        A run counts as collapsed where nc1, nc2 and nc3 are all below it.

    Returns
    -------
    list of dict
        One JSON-able record per run with a captured epoch of the train split, judged by its captured epochs alone:
        ``run``, ``split`` ("train"), the fields of `bceprobe.stats.trajectories.Trajectory`, ``nc_threshold``.

    Raises
    ------
    KeyError
        A dataset lacks one of these variables.
    ValueError
        The datasets differ in their runs, splits or epochs.
    """
    parts = dataset_nc[[*NC, "captured"]], dataset_accuracy[[*ACCURACY, "captured"]]
    nc, accuracy = xr.align(*parts, join="exact", copy=False)
    both = xr.merge([nc, accuracy.drop_vars("captured")]).assign(captured=nc["captured"] & accuracy["captured"])
    return [
        {"run": run, "split": SPLIT, **asdict(found), "nc_threshold": nc_threshold}
        for run, found in _found(both.transpose("run", "split", "epoch"), nc_threshold)
    ]


def _found(dataset: xr.Dataset, nc_threshold: float) -> Iterator[tuple[str, Trajectory]]:
    for at, split in np.argwhere(dataset["captured"].any("epoch").values & (dataset["split"].values == SPLIT)):
        run = dataset.isel(run=at, split=split)
        run = run.isel(epoch=run["captured"].values)
        accuracy, uniform_accuracy = (run[name].values for name in ACCURACY)
        nc = np.array([run[name].values for name in NC])
        yield run["run"].item(), trajectory(run["epoch"].values, accuracy, uniform_accuracy, nc, nc_threshold)
