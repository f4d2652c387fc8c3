"""From what the runs of arms hold to tidy rows: values over the epochs, and their mean and range over the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from bceprobe.figures.base import Arm, Row


def over_epochs(arms: Sequence[Arm], names: Sequence[str]) -> list[Row]:
    """Describe metrics over the epochs that all runs of an arm have.

    Returns
    -------
    list of dict
        A row per arm, metric and epoch: mean, sample standard deviation (NaN for one run), smallest and largest value
        over the runs; an undefined value of one run makes all of them undefined there.
    """
    return [row for arm in arms for name in names for row in _described(arm, name)]


def common_epochs(datasets: Sequence[xr.Dataset]) -> list[int]:
    """List the epochs that all of some runs have, increasing."""
    return sorted(set.intersection(*(set(data["epoch"].values.tolist()) for data in datasets)))


def stacked(arm: Arm, name: str) -> tuple[list[int], NDArray[np.float64]]:
    """Return the common epochs of the runs of an arm, and a metric at these, (run, epoch)."""
    runs = list(arm.data.values())
    epochs = common_epochs(runs)
    return epochs, np.stack([run[name].sel(epoch=epochs).values for run in runs])


def units_of(arm: Arm, name: str) -> str:
    """Return the units of a metric."""
    return str(next(iter(arm.data.values()))[name].attrs.get("units", "1"))


def picked(rows: Sequence[Row], **where: Any) -> list[Row]:
    """Return the rows with some values."""
    return [row for row in rows if all(row[key] == value for key, value in where.items())]


def column(rows: Sequence[Row], name: str) -> list[Any]:
    """Return one column of rows."""
    return [row[name] for row in rows]


def evenly(count: int, most: int) -> NDArray[np.intp]:
    """Choose evenly spaced positions out of `count`, all if there are no more than `most`; always the same ones.

    Examples
    --------
    >>> evenly(100, 5).tolist()
    [0, 25, 50, 74, 99]
    """
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.intp)


def _described(arm: Arm, name: str) -> Iterator[Row]:
    epochs, values = stacked(arm, name)
    deviations = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(len(epochs), np.nan)
    columns = {"mean": values.mean(axis=0), "std": deviations, "low": values.min(axis=0), "high": values.max(axis=0)}
    about: Row = {"arm": arm.label, "metric": name, "units": units_of(arm, name), "runs": len(values)}
    for at, epoch in enumerate(epochs):
        yield {**about, "epoch": epoch, **{key: float(found[at]) for key, found in columns.items()}}
