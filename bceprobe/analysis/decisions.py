"""Which samples a classifier decides rightly: uniform accuracy over the threshold, and the confusion matrix.

Both are about one epoch of one split, and labelled for the figures of the same names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.metrics import METRICS, measure
from bceprobe.metrics.accuracy import confusion_matrix, intervals
from bceprobe.metrics.base import PAPER
from bceprobe.snapshot import one_blas_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.metrics.intervals import Intervals
    from bceprobe.store import Run

POINTS = 1000
SCALARS = ("accuracy", "uniform_accuracy", "uniform_threshold")
SHARE = {
    "long_name": "Share of samples that the threshold classifies",
    "units": "share",
    "definition": "paper eq. 43-45, from each threshold on to the next",
    "references": PAPER,
}
THRESHOLD = {"long_name": "Threshold", "units": "score"}
COUNT = {"long_name": "Samples", "units": "1", "definition": "of each label, by their first largest logit"}
ROW_SHARE = {"long_name": "Share of the samples of the label", "units": "share", "definition": COUNT["definition"]}


def uniform_curves(run: Run, epoch: int, split: str = "train", *, points: int = POINTS) -> xr.Dataset:
    """Compute A_uni(t), the share of samples that one threshold t classifies: positive score > t >= negative scores.

    It is a step function, which changes at up to 2 N thresholds. Each share is exact at its threshold; where not all
    thresholds are kept, it is off by at most 2 / (points - 1) before the next one. The steps to both sides of the
    maximum are kept.

    Parameters
    ----------
    run, epoch, split
        A written epoch.
    points
        About how many thresholds are kept, 2 at least: at equal numbers of changes.

    Returns
    -------
    xarray.Dataset
        ``share`` over ``threshold`` (increasing; below the first and from the last on, the share is 0), both in
        float64. Attributes ``run``, ``epoch``, ``split``, ``samples``; ``uniform_accuracy`` (the maximum) and
        ``uniform_threshold``, where it is reached (NaN if no sample has a threshold); ``accuracy``; and
        ``accuracy_without_bias``, the share of samples that have a threshold at all, which bounds the curve.

    Raises
    ------
    UsageError
        The split or epoch is not in the store.
    StoreCorruptError
        It cannot be read.
    """
    snapshot = run.snapshot(epoch, split)
    values = measure(snapshot, [METRICS[name] for name in SCALARS])
    found = intervals(snapshot)
    thresholds = _thresholds(found, float(values["uniform_threshold"]), points)
    where = {"run": run.name, "epoch": epoch, "split": split, "samples": found.samples}
    attributes = where | {name: values[name] for name in SCALARS}
    return xr.Dataset(
        {"share": ("threshold", found.share(thresholds), SHARE)},
        {"threshold": ("threshold", thresholds, THRESHOLD)},
        {**attributes, "accuracy_without_bias": len(found.starts) / found.samples},
    )


def confusion(run: Run, epoch: int, split: str = "train") -> xr.Dataset:
    """Count the samples of each class by what the classifier takes them for.

    Returns
    -------
    xarray.Dataset
        ``count`` and ``share`` over (label, decision): samples, and which part of the samples of the label they are
        (NaN for a class without samples). Attributes ``run``, ``epoch``, ``split``.

    Raises
    ------
    UsageError
        The split or epoch is not in the store.
    StoreCorruptError
        It cannot be read.
    """
    with one_blas_thread():
        counts = confusion_matrix(run.snapshot(epoch, split))
    of_label = counts.sum(axis=1, keepdims=True)
    shares = np.where(of_label > 0, counts / np.maximum(of_label, 1), np.nan)
    dims, classes = ("label", "decision"), np.arange(len(counts))
    variables: dict[str, Any] = {"count": (dims, counts, COUNT), "share": (dims, shares, ROW_SHARE)}
    return xr.Dataset(variables, dict.fromkeys(dims, classes), {"run": run.name, "epoch": epoch, "split": split})


def _thresholds(found: Intervals, best: float, points: int) -> NDArray[np.float64]:
    """Choose thresholds where the share changes, some around the best one, and one before all of them."""
    events = np.sort(np.concatenate([found.starts, found.ends]))
    if not events.size:
        return np.zeros(1)
    kept = np.linspace(0, len(events) - 1, min(points, len(events))).round().astype(np.intp)
    after = int(np.searchsorted(events, best, side="right"))
    peak = [events[after - 1], best, events[after]]
    return np.unique([np.nextafter(events[0], -np.inf), *events[kept], *peak])
