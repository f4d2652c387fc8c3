"""Relations: how the thresholds go with the mean scores, from an analysis of the topics bias and scores (Fig. 3)."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.stats import holm
from bceprobe.stats.correlation import FEWEST, correlate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr
    from numpy.typing import NDArray

X = "threshold_mean"
YS = ("positive_mean", "negative_mean")
DIMS = ("run", "split", "epoch")


def relations(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Correlate the thresholds b with the mean positive and with the mean negative score.

    x is the threshold of the paper, b = -(the bias of PyTorch's linear layer): a score is compared with it.

    Parameters
    ----------
    dataset
        A result of `bceprobe.analysis.analyze` with ``threshold_mean``, ``positive_mean``, ``negative_mean`` over
        (run, split, epoch), these names and ``_by_class`` over (run, split, epoch, label), and ``captured``.

    Returns
    -------
    list of dict
        JSON-able records, two (one per y) of each kind, told apart by ``across``:

        ``"label"``
            Per run, split and captured epoch: a point per class; classes without value in x or y (without samples,
            say) are left out.
        ``"epoch"``
            Per run and split: a point per captured epoch, means over all classes; ``epoch`` is None. Successive
            epochs depend on each other, so these intervals are too narrow and p-values too small.
        ``"run"``
            Per split that at least three runs have: a point per run, at its last captured epoch; ``run`` and
            ``epoch`` are None.

        Beside ``run``, ``split``, ``epoch``, ``across``, ``x`` and ``y`` each has the fields of
        `bceprobe.stats.correlation.Correlation`, None where undefined.

    Raises
    ------
    KeyError
        The dataset lacks one of these variables.
    """
    names = [name + ending for name in (X, *YS) for ending in ("", "_by_class")]
    ordered = dataset[[*names, "captured"]].transpose(*DIMS, ...).compute()
    return [*_across_labels(ordered), *_across_epochs(ordered), *_across_runs(ordered)]


def corrected(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add Holm's correction: ``pearson_p_holm`` and ``spearman_p_holm``.

    A family is what is looked at together: all runs, splits and mean scores of one kind (``across``) and, across
    classes, of one epoch. Pearson's and Spearman's are families of their own; undefined p-values belong to none and
    stay None.
    """
    found = [dict(record) for record in records]
    families: dict[tuple[str, int | None], list[dict[str, Any]]] = {}
    for record in found:
        families.setdefault((record["across"], record["epoch"]), []).append(record)
    for family in families.values():
        for name in ("pearson_p", "spearman_p"):
            values = [math.nan if record[name] is None else record[name] for record in family]
            for record, p in zip(family, holm(values), strict=True):
                record[f"{name}_holm"] = _json_able(float(p))
    return found


def _across_labels(dataset: xr.Dataset) -> Iterator[dict[str, Any]]:
    for place in map(tuple, np.argwhere(dataset["captured"].values)):
        names = {dim: dataset[dim].values[at].item() for dim, at in zip(DIMS, place, strict=True)}
        for y in YS:
            points = np.array([dataset[f"{name}_by_class"].values[place] for name in (X, y)])
            yield _record({**names, "across": "label"}, y, points[:, ~np.isnan(points).any(axis=0)])


def _across_epochs(dataset: xr.Dataset) -> Iterator[dict[str, Any]]:
    captured = dataset["captured"].values
    for at, split in np.argwhere(captured.any(axis=-1)):
        names = {"run": dataset["run"].values[at].item(), "split": dataset["split"].values[split].item()}
        for y in YS:
            points = np.array([dataset[name].values[at, split][captured[at, split]] for name in (X, y)])
            yield _record({**names, "epoch": None, "across": "epoch"}, y, points)


def _across_runs(dataset: xr.Dataset) -> Iterator[dict[str, Any]]:
    captured = dataset["captured"].values
    for split, name in enumerate(dataset["split"].values.tolist()):
        runs = np.flatnonzero(captured[:, split].any(axis=-1))
        last = captured.shape[-1] - 1 - captured[runs, split, ::-1].argmax(axis=-1)
        for y in YS if runs.size >= FEWEST else ():
            points = np.array([dataset[variable].values[runs, split, last] for variable in (X, y)])
            yield _record({"run": None, "split": name, "epoch": None, "across": "run"}, y, points)


def _record(names: dict[str, Any], y: str, points: NDArray[np.float64]) -> dict[str, Any]:
    """Correlate points, (2, n)."""
    found = asdict(correlate(*points))
    return {**names, "x": X, "y": y} | {field: _json_able(value) for field, value in found.items()}


def _json_able(value: float | str) -> float | str | None:
    return value if isinstance(value, (str, int)) or math.isfinite(value) else None
