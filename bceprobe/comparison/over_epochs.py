"""What figures over the epochs take: stages of runs, and differences between arms with a band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.analysis import analyze, unique_labels
from bceprobe.analysis.trajectories import trajectories
from bceprobe.comparison.arms import pairing
from bceprobe.comparison.grouping import labels_without, loss_of
from bceprobe.comparison.preparing import metrics
from bceprobe.comparison.varying import LOSS
from bceprobe.figures.tidy import common_epochs
from bceprobe.metrics import METRICS
from bceprobe.stats import difference_band

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.preparing import Data, Progress
    from bceprobe.figures.base import About

    Runs = Mapping[str, xr.Dataset]

BELOW = 0.1
STAGES = ("fitted", "uniform", "collapsed")
COMPARED = ("nc1", "nc2", "nc3", "uniform_accuracy")
BAND = "95 % band for all epochs at once, {runs}"
NO_BAND = "no band, which takes two runs of each arm"


def stages(arms: Sequence[Arm], about: About, epochs: Sequence[int], progress: Progress | None) -> Data:
    """Find the first epoch of each stage of every run, NaN for never, and its last epoch."""
    runs = [run for arm in arms for run in arm.runs]
    chosen = ",".join(map(str, epochs))
    found = analyze(runs, ["nc", "accuracy"], splits=about.split, epochs=chosen, progress=progress)
    # The stages are defined on the training data; of another split the same numbers are read.
    named = found.assign_coords(split=["train"])
    by_run = {record["run"]: record for record in trajectories(named, named, BELOW)}
    names = dict(zip(runs, unique_labels(runs), strict=True))
    return [{names[run]: _stages(by_run[names[run]], epochs[-1]) for run in arm.runs} for arm in arms]


def _stages(record: dict[str, Any], last: int) -> xr.Dataset:
    epochs = {stage: record[f"{stage}_epoch"] for stage in STAGES}
    columns = {stage: np.nan if epoch is None else float(epoch) for stage, epoch in epochs.items()}
    return xr.Dataset({**columns, "last": last}, attrs={"below": BELOW})


def differences(arms: Sequence[Arm], about: About, epochs: Sequence[int], progress: Progress | None) -> Data:
    """Set arms against their references, at each epoch that both have; a reference has no differences."""
    measured = metrics(arms, COMPARED, about.split, epochs, progress)
    found: list[dict[str, xr.Dataset]] = [{} for _ in arms]
    for at, against in references(arms).items():
        found[at] = {"difference": _against((arms[against], measured[against]), (arms[at], measured[at]))}
    return found


def references(arms: Sequence[Arm]) -> dict[int, int]:
    """Find what each arm is set against, by position: the one of the first arm's loss with the same other settings.

    It is the first arm for those that have none like this, as where the loss does not vary.
    """
    losses, others = [loss_of(arm.runs[0]) for arm in arms], labels_without(arms, LOSS)
    first = {other: at for at, other in reversed(list(enumerate(others))) if losses[at] == losses[0]}
    if len(set(losses)) == 1:
        return dict.fromkeys(range(1, len(arms)), 0)
    return {at: first.get(other, 0) for at, other in enumerate(others) if losses[at] != losses[0]}


def _against(reference: tuple[Arm, Runs], arm: tuple[Arm, Runs]) -> xr.Dataset:
    paired, (_, ours), (_, theirs) = list(pairing(reference[0], arm[0]).pairs), reference, arm
    epochs = common_epochs([*ours.values(), *theirs.values()])
    columns: dict[str, Any] = {}
    for name in COMPARED:
        a, b = (_values(runs, name, epochs) for runs in (ours, theirs))
        ratio = METRICS[name].scale == "log"
        for end, values in zip(("", "_low", "_high"), _compared(a, b, paired, ratio=ratio), strict=True):
            columns[name + end] = ("epoch", values, {"ratio": int(ratio)})
    alone = min(len(ours), len(theirs)) == 1
    band = NO_BAND if alone else BAND.format(runs="paired by seed" if paired else "arms unpaired")
    return xr.Dataset(columns, {"epoch": epochs}, {"band": band, "reference": reference[0].label})


def _values(runs: Runs, name: str, epochs: Sequence[int]) -> NDArray[np.float64]:
    return np.stack([run[name].sel(epoch=list(epochs)).values for run in runs.values()])


def _compared(
    a: NDArray[np.float64], b: NDArray[np.float64], paired: list[tuple[int, int]], *, ratio: bool
) -> NDArray[np.float64]:
    """Compare at all epochs, (3, E): the estimate, and the ends of the band; ratios by their logarithms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (np.log(values) for values in (a, b)) if ratio else (a, b)
    if paired:
        one, other = one[[i for i, _ in paired]], other[[j for _, j in paired]]
    band = difference_band(one, other, paired=bool(paired))
    table = np.stack([band.difference, band.ci_low, band.ci_high])
    return np.exp(table) if ratio else table
