"""What figures take by name, beside metrics over the epochs and what they make of snapshots themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.analysis.decisions import confusion, uniform_curves
from bceprobe.comparison.arms import label_of
from bceprobe.comparison.filming import film
from bceprobe.comparison.grouping import loss_of
from bceprobe.comparison.over_epochs import differences, stages
from bceprobe.comparison.preparing import each, metrics, snapshot
from bceprobe.errors import UsageError
from bceprobe.figures.base import Metrics, Snapshots
from bceprobe.figures.tidy import evenly
from bceprobe.metrics import METRICS, measure
from bceprobe.metrics.gradients import known as knows_loss
from bceprobe.metrics.gradients import negative_amplitudes, positive_amplitudes
from bceprobe.stats.correlation import FEWEST, correlate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.preparing import Data, Progress
    from bceprobe.figures.base import About, Plot
    from bceprobe.store import Run

X, YS = "threshold_mean", {"positive": "positive_mean", "negative": "negative_mean"}
# Scores of a class and side that are kept of a run.
KEPT = 2000


def prepare(
    plot: Plot, arms: Sequence[Arm], about: About, epochs: Sequence[int], progress: Progress | None = None
) -> Data:
    """Compute what a figure takes.

    Parameters
    ----------
    plot
        The figure.
    arms, about, epochs
        What is drawn; every run has these epochs.
    progress
        Called with the number of things computed and their total.

    Returns
    -------
    list of mapping
        For each arm, by run.
    """
    takes = plot.takes
    if isinstance(takes, Metrics):
        return metrics(arms, takes.names, about.split, epochs, progress)
    if isinstance(takes, Snapshots):
        function = takes.function
        return each(arms, lambda run: function(snapshot(run, about), about), progress)
    return PREPARED[takes.name](arms, about, epochs, progress)


def _uniform(arms: Sequence[Arm], about: About, epochs: Sequence[int], progress: Progress | None) -> Data:
    return each(arms, lambda run: uniform_curves(run, epochs[-1], about.split), progress)


def _confusion(arms: Sequence[Arm], about: About, epochs: Sequence[int], progress: Progress | None) -> Data:
    return each(arms, lambda run: confusion(run, epochs[-1], about.split), progress)


def _amplitudes(arms: Sequence[Arm], about: About, _: Sequence[int], progress: Progress | None) -> Data:
    return each(arms, lambda run: amplitudes(run, about), progress)


def amplitudes(run: Run, about: About) -> xr.Dataset:
    """Pair scores with their update amplitudes, of each class some evenly over the order of its scores.

    Raises
    ------
    UsageError
        The run does not say that its loss is ce or bce.
    """
    one = snapshot(run, about)
    if not knows_loss(one):
        raise UsageError(f"{run.location}: amplitudes are known of ce and bce alone", "Leave this run out")
    names = [f"{side}_rank_correlation" for side in YS]
    values = measure(one, [METRICS[name] for name in names])
    positive = [_thinned(one.decisions.positive, positive_amplitudes(one))]
    negative = [_thinned(column.negatives, negative_amplitudes(column), one.classes) for column in one.columns()]
    columns: dict[str, Any] = {}
    for side, parts in (("positive", positive), ("negative", negative)):
        score, amplitude = np.concatenate(parts, axis=1)
        columns[f"{side}_score"], columns[f"{side}_amplitude"] = (side, score), (side, amplitude)
    return xr.Dataset(columns, attrs={name: float(values[name]) for name in names})


def _thinned(scores: NDArray[np.float64], pulls: NDArray[np.float64], parts: int = 1) -> NDArray[np.float64]:
    order = np.argsort(scores, kind="stable")
    chosen = order[evenly(len(order), max(2, KEPT // parts))] if len(order) else order
    return np.stack([scores[chosen], pulls[chosen]])


def _relations(arms: Sequence[Arm], about: About, epochs: Sequence[int], progress: Progress | None) -> Data:
    """Correlate thresholds and mean scores: across the classes of all runs of an arm, and across the runs of a loss."""
    measured = metrics(arms, (X, *YS.values()), about.split, epochs, progress)
    found: list[dict[str, xr.Dataset]] = [
        {"label": _related(own, "_by_class", arm.label)} for arm, own in zip(arms, measured, strict=True)
    ]
    losses = [label_of(loss_of(arm.runs[0])) for arm in arms]
    for loss in dict.fromkeys(filter(None, losses)):
        at = [position for position, own in enumerate(losses) if own == loss]
        runs = {name: run for position in at for name, run in measured[position].items()}
        if len(runs) >= FEWEST:
            found[at[0]]["run"] = _related(runs, "", loss)
    return found


def _related(runs: Mapping[str, xr.Dataset], ending: str, name: str) -> xr.Dataset:
    """Collect points of some runs, by class or one each, and correlate them."""
    points = np.concatenate(
        [
            np.stack(
                [np.atleast_1d(run[metric + ending].squeeze("epoch").values) for metric in (X, *YS.values())], axis=1
            )
            for run in runs.values()
        ]
    )
    names = np.concatenate([_names(run_name, run, ending) for run_name, run in runs.items()])
    known = np.isfinite(points).all(axis=1)
    points = points[known]
    attrs: dict[str, Any] = {"name": name}
    for at, side in enumerate(YS, 1):
        one = correlate(points[:, 0], points[:, at])
        attrs |= {f"{side}_r": one.pearson, f"{side}_low": one.pearson_low, f"{side}_high": one.pearson_high}
    columns = {column: ("point", points[:, at]) for at, column in enumerate(("threshold", *YS))}
    return xr.Dataset(columns, {"point": names[known]}, attrs)


def _names(run: str, data: xr.Dataset, ending: str) -> list[str]:
    return [f"{run}, class {label}" for label in range(data.sizes["label"])] if ending else [run]


PREPARED: dict[str, Callable[..., Data]] = {
    "uniform": _uniform,
    "confusion": _confusion,
    "amplitudes": _amplitudes,
    "relations": _relations,
    "stages": stages,
    "differences": differences,
    "film": film,
}
