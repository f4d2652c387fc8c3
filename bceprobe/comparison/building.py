"""Making a comparison: align runs, analyse them, test the arms against the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.analysis import analyze, unique_labels
from bceprobe.analysis.expected import problem
from bceprobe.analysis.optima import QUANTITIES
from bceprobe.comparison.arms import Arm, pairs, read_arms
from bceprobe.comparison.comparable import check_comparable, common_epochs, common_splits, varied_settings
from bceprobe.comparison.frames import gather_frames
from bceprobe.comparison.model import Comparison, Curve, Measure, Quantity, Row
from bceprobe.comparison.optima import arm_optima
from bceprobe.errors import UsageError
from bceprobe.stats import holm, paired_t, welch_t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from bceprobe.comparison.optima import ArmOptimum
    from bceprobe.stats import TestResult
    from bceprobe.store import Run

TRAIN = "train"
# The topics that are analysed on each split, and those that are added where theory expects something of a run.
TOPICS = {TRAIN: ("nc", "accuracy"), "test": ("accuracy",)}
EXPECTED = ("bias", "scores")
# Metric -> the splits it is compared on.
COMPARED = {
    **dict.fromkeys(("nc1", "nc2", "nc3"), (TRAIN,)),
    **dict.fromkeys(("accuracy", "uniform_accuracy"), (TRAIN, "test")),
}
# Not compared, but shown where NC1 comes near it.
FLOOR = "nc1_floor"


def compare(*locations: str | Path, progress: Callable[[int, int], None] | None = None) -> Comparison:
    """Compare training procedures by their runs.

    Parameters
    ----------
    locations
        One per arm: a run, a folder that holds its runs (seeds), or a glob pattern. The first arm is the reference.
    progress
        Called with the number of snapshots analysed and their total, for each split in turn.

    Returns
    -------
    Comparison
        Curves of NC1-3, accuracy and uniform accuracy, and their values at the last common epoch with paired
        t-tests (arms with the same seeds) or Welch's t-tests, corrected by Holm's method.

    Raises
    ------
    UsageError
        Fewer than two arms, arms that cannot be compared (other data, model, captured samples), no common epoch.
    StoreError
        A run cannot be found or read.
    """
    arms = read_arms([str(location) for location in locations])
    check_comparable(arms)
    runs = [run for arm in arms for run in arm.runs]
    splits = common_splits(runs)
    epochs = common_epochs(runs, splits)
    if not epochs:
        raise UsageError("the runs have no epoch in common", "Compare runs that captured the same epochs")
    datasets = _analysed(runs, splits, progress)
    places = [(name, split) for name, wanted in COMPARED.items() for split in wanted if split in datasets]
    measured = [_Measured(arms, name, datasets[split]) for name, split in places]
    floor = _Measured(arms, FLOOR, datasets[TRAIN])
    curves = tuple(curve for one in measured for curve in one.curves())
    rows = _corrected([row for arm in arms[1:] for row in (one.row(arm, epochs[-1]) for one in measured)])
    floors = {arm.label: float(floor.select(arm, epochs[-1:]).max()) for arm in arms}
    measures = tuple(_measures(arms, splits, epochs[-1]))
    optima, frames = _optima(arms, datasets), gather_frames(arms, epochs)
    return Comparison(arms, epochs[-1], curves, rows, varied_settings(arms), measures, floors, optima, frames)


def _analysed(
    runs: Sequence[Run], splits: Sequence[str], progress: Callable[[int, int], None] | None
) -> dict[str, xr.Dataset]:
    """Analyse each split in one pass."""
    added = EXPECTED if any(map(problem, runs)) else ()
    topics = {split: [*TOPICS[split], *(added if split == TRAIN else ())] for split in splits}
    return {split: analyze(runs, topics[split], splits=split, progress=progress) for split in splits}


def _optima(arms: Sequence[Arm], datasets: dict[str, xr.Dataset]) -> tuple[ArmOptimum, ...]:
    if not all(name in datasets[TRAIN] for name in QUANTITIES.values()):
        return ()
    measured = [_Measured(arms, name, datasets[TRAIN]) for name in QUANTITIES.values()]
    return arm_optima(arms, datasets[TRAIN], [curve for one in measured for curve in one.curves()])


def _measures(arms: Sequence[Arm], splits: Sequence[str], epoch: int) -> Iterator[Measure]:
    """Describe every metric at one epoch, over the runs of each arm."""
    runs = [run for arm in arms for run in arm.runs]
    dataset = analyze(runs, "all", splits=splits, epochs=str(epoch)).drop_dims("label", errors="ignore")
    labels = dict(zip(runs, unique_labels(runs), strict=True))
    for name in map(str, dataset.drop_vars("captured").data_vars):
        for split in splits:
            found = dataset[name].sel(split=split, epoch=epoch)
            values = [found.sel(run=[labels[run] for run in arm.runs]).values for arm in arms]
            means, deviations = [one.mean() for one in values], [_std(one) for one in values]
            yield Measure(_quantity(name, split, found.attrs), tuple(map(float, means)), tuple(map(float, deviations)))


def _quantity(name: str, split: str, attributes: dict[str, Any]) -> Quantity:
    direction = attributes.get("higher_is_better")
    texts = {key: attributes[key] for key in ("long_name", "definition", "references", "units", "scale")}
    return Quantity(name, split, **texts, higher_is_better=None if direction is None else bool(direction))


class _Measured:
    """A quantity in all runs, from the analysis of a split."""

    def __init__(self, arms: Sequence[Arm], name: str, dataset: xr.Dataset) -> None:
        self.arms, values = arms, dataset[name].squeeze("split")
        self.quantity = _quantity(name, values["split"].item(), values.attrs)
        runs = [run for arm in arms for run in arm.runs]
        self.values = {run: values.sel(run=label) for run, label in zip(runs, unique_labels(runs), strict=True)}

    def curves(self) -> Iterator[Curve]:
        for arm in self.arms:
            epochs = common_epochs(arm.runs, [self.quantity.split])
            values = self.select(arm, epochs)
            mean, std = values.mean(axis=0), _std(values)
            yield Curve(self.quantity, arm.label, tuple(epochs), tuple(mean.tolist()), tuple(std.tolist()))

    def row(self, arm: Arm, epoch: int) -> Row:
        """Test an arm against the reference; Holm's correction comes later.

        Quantities that decay over orders of magnitude vary by factors between seeds and are tested on logarithms.
        """
        reference = self.arms[0]
        a, b = (self.select(either, [epoch])[:, 0] for either in (reference, arm))
        ratio = self.quantity.scale == "log" and bool((a > 0).all() and (b > 0).all())
        scale = np.log if ratio else np.asarray
        result = _test(scale(a), scale(b), pairs(reference, arm))
        moments = float(a.mean()), float(_std(a)), float(b.mean()), float(_std(b))
        return Row(self.quantity, reference.label, arm.label, *moments, result, ratio, result.p_value)

    def select(self, arm: Arm, epochs: list[int]) -> NDArray[np.float64]:
        """Return the values of an arm at some epochs, (run, epoch)."""
        return np.stack([self.values[run].sel(epoch=epochs).values for run in arm.runs])


def _test(a: NDArray[np.float64], b: NDArray[np.float64], paired: list[tuple[int, int]]) -> TestResult:
    return paired_t(a[[i for i, _ in paired]], b[[j for _, j in paired]]) if paired else welch_t(a, b)


def _std(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sample standard deviation over runs; NaN for one run."""
    return values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)


def _corrected(rows: list[Row]) -> tuple[Row, ...]:
    adjusted = holm([row.p_corrected for row in rows])
    return tuple(replace(row, p_corrected=float(p)) for row, p in zip(rows, adjusted, strict=True))
