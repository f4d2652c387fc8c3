"""Measuring: which metrics are compared on which splits, and their values in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.analysis import analyze, unique_labels
from bceprobe.comparison.comparable import SPLITS, common_epochs
from bceprobe.comparison.model import Curve, Measure, Quantity
from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.metrics import METRICS, topics
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.store import Run

TRAIN = "train"
# Metric -> the splits it is compared on where nothing else is asked for.
COMPARED = {
    **dict.fromkeys(("nc1", "nc2", "nc3"), (TRAIN,)),
    **dict.fromkeys(("accuracy", "uniform_accuracy"), SPLITS),
}
# Collapse is of the features that are trained on.
COLLAPSE = "nc"


def chosen(metrics: Sequence[str]) -> list[tuple[str, str]]:
    """Return the metrics that are compared, each with a split.

    Parameters
    ----------
    metrics
        Names of metrics or topics, each on both splits (those of the topic nc: on train), or on that after an ``@``.
        None for NC1 to NC3, accuracy and uniform accuracy.

    Raises
    ------
    UnknownNameError
        No metric or topic of this name.
    UsageError
        No such split.

    Examples
    --------
    >>> chosen(["nc1", "accuracy@test"])
    [('nc1', 'train'), ('accuracy', 'test')]
    """
    if not metrics:
        return [(name, split) for name, splits in COMPARED.items() for split in splits]
    return list(dict.fromkeys(place for text in metrics for place in _places(text)))


def quantity_of(name: str, split: str) -> Quantity:
    """Describe a registered metric of one split."""
    return _quantity(name, split, METRICS[name].attributes)


def _places(text: str) -> Iterator[tuple[str, str]]:
    name, _, split = text.partition("@")
    if split and split not in SPLITS:
        raise UsageError(f"unknown split {split!r} in {text!r}", f"Splits: {', '.join(SPLITS)}")
    named = [name] if name in METRICS else [one for one in METRICS if METRICS[one].topic == name]
    if not named:
        raise UnknownNameError(f"unknown metric or topic {name!r}", nearest(name, [*METRICS, *topics()]))
    for one in named:
        splits = (split,) if split else (TRAIN,) if METRICS[one].topic == COLLAPSE else SPLITS
        yield from ((one, place) for place in splits)


def measures(arms: Sequence[Arm], splits: Sequence[str], epoch: int, jobs: int = 1) -> Iterator[Measure]:
    """Describe every metric at one epoch, over the runs of each arm; `jobs` are those of `bceprobe.analyze`."""
    runs = [run for arm in arms for run in arm.runs]
    dataset = analyze(runs, "all", splits=splits, epochs=str(epoch), jobs=jobs).drop_dims("label", errors="ignore")
    labels = dict(zip(runs, unique_labels(runs), strict=True))
    for name in map(str, dataset.drop_vars("captured").data_vars):
        for split in splits:
            found = dataset[name].sel(split=split, epoch=epoch)
            values = [found.sel(run=[labels[run] for run in arm.runs]).values for arm in arms]
            means, deviations = [one.mean() for one in values], [spread(one) for one in values]
            yield Measure(_quantity(name, split, found.attrs), tuple(map(float, means)), tuple(map(float, deviations)))


class Measured:
    """A quantity in all runs, from the analysis of a split."""

    def __init__(self, arms: Sequence[Arm], name: str, dataset: xr.Dataset) -> None:
        self.arms, values = arms, dataset[name].squeeze("split")
        self.quantity = _quantity(name, values["split"].item(), values.attrs)
        runs = [run for arm in arms for run in arm.runs]
        self.values = {run: values.sel(run=label) for run, label in zip(runs, unique_labels(runs), strict=True)}

    def curves(self) -> Iterator[Curve]:
        """Follow the mean and standard deviation over the epochs that all runs of an arm have."""
        for arm in self.arms:
            epochs = common_epochs(arm.runs, [self.quantity.split])
            values = self.at(arm.runs, epochs)
            mean, std = values.mean(axis=0), spread(values)
            yield Curve(self.quantity, arm.label, tuple(epochs), tuple(mean.tolist()), tuple(std.tolist()))

    def once(self, runs: Sequence[Run], at: Mapping[Run, int]) -> NDArray[np.float64]:
        """Return the value of each of some runs at an epoch of its own, (run,)."""
        return np.array([float(self.values[run].sel(epoch=at[run])) for run in runs])

    def at(self, runs: Sequence[Run], epochs: Sequence[int]) -> NDArray[np.float64]:
        """Return the values of some runs at some epochs, (run, epoch)."""
        return np.stack([self.values[run].sel(epoch=list(epochs)).values for run in runs])


def spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sample standard deviation over runs; NaN for one run."""
    return values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)


def _quantity(name: str, split: str, attributes: dict[str, Any]) -> Quantity:
    direction = attributes.get("higher_is_better")
    texts = {key: attributes[key] for key in ("long_name", "definition", "references", "units", "scale")}
    return Quantity(name, split, **texts, higher_is_better=None if direction is None else bool(direction))
