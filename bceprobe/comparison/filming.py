"""Following the features of a few classes through the epochs, all in the plane of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bceprobe.comparison.preparing import metrics, snapshot
from bceprobe.figures.classes import chosen_classes, chosen_samples
from bceprobe.figures.planes import MOST_IN_PLANE, Plane, root_mean_square, through_means
from bceprobe.snapshot import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.preparing import Data, Progress
    from bceprobe.figures.base import About
    from bceprobe.snapshot import Snapshot
    from bceprobe.store import Run

# Samples of a run that are followed.
FOLLOWED = 150


def film(arms: Sequence[Arm], about: About, epochs: Sequence[int], progress: Progress | None) -> Data:
    """Film the runs of arms; NC1 of each epoch is shown beside."""
    nc1 = metrics(arms, ("nc1",), about.split, epochs, None)
    total, done, found = len(epochs) * sum(len(arm.runs) for arm in arms), 0, []

    def moved() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    for arm, known in zip(arms, nc1, strict=True):
        own = {}
        for run, (name, values) in zip(arm.runs, known.items(), strict=True):
            with one_blas_thread():
                own[name] = followed(run, about, epochs, moved).assign(nc1=values["nc1"])
        found.append(own)
    return found


def followed(run: Run, about: About, epochs: Sequence[int], moved: Callable[[], None]) -> xr.Dataset:
    """Follow samples, class means and weight rows of two or three classes.

    Returns
    -------
    xarray.Dataset
        ``points`` over (epoch, sample, axis), ``label`` of each sample, ``means`` and ``weight`` over (epoch, class,
        axis): orthogonal projections onto the plane through the class means of the last epoch, where these have a
        root mean square distance of 1 from their centre; likewise the weight rows relative to their mean.
    """
    last = snapshot(run, about, epochs[-1])
    labels = chosen_classes(about.classes, last.class_counts, MOST_IN_PLANE)
    places = chosen_samples(last.target, labels, FOLLOWED)
    plane = through_means(last.class_means[labels], last.rows(places).astype(np.float64))
    length = root_mean_square(_weight(last, labels, plane)) or 1.0
    frames = []
    for epoch in epochs:
        one = snapshot(run, about, epoch)
        rows = one.rows(places).astype(np.float64)
        frames.append((plane.of(rows), plane.of(one.class_means[labels]), _weight(one, labels, plane) / length))
        moved()
    points, means, weight = (np.stack(part) for part in zip(*frames, strict=True))
    return xr.Dataset(
        {
            "points": (("epoch", "sample", "axis"), points),
            "means": (("epoch", "class", "axis"), means),
            "weight": (("epoch", "class", "axis"), weight),
        },
        {"epoch": list(epochs), "class": labels, "label": ("sample", last.target[places])},
    )


def _weight(one: Snapshot, labels: Sequence[int], plane: Plane) -> NDArray[np.float64]:
    rows = one.weight64[list(labels)]
    projected: NDArray[np.float64] = (rows - rows.mean(axis=0)) @ plane.directions.T
    return projected
