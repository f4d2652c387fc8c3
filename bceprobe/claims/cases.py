"""Cases: runs as claims see them, with all metrics of all captured epochs, read once."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.analysis import analyze, unique_labels
from bceprobe.analysis.context import Context
from bceprobe.analysis.expected import Expected, expected
from bceprobe.comparison.arms import find_arm, place
from bceprobe.comparison.grouping import known
from bceprobe.errors import UsageError
from bceprobe.report import printable
from bceprobe.theory import LOSSES, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from bceprobe.store import Run

TRAIN, TEST = "train", "test"
SEED, LOSS, FINISHED = "seed", "loss.name", "finished"


@dataclass(frozen=True, eq=False)
class Case:
    """One run.

    Parameters
    ----------
    label
        Tells it from the others.
    settings
        What is known of its training, by dotted key, without the seed (`bceprobe.comparison.grouping.known`).
    seed
        None where it is not known.
    data
        Every metric over (split, epoch), of captured epochs; NaN where undefined.
    initial_threshold
        Mean threshold b before training; None where the run does not say it.
    expected
        What theory expects of it (`bceprobe.analysis.expected`), or None.
    solved
        The problem that it is a numerical solution of; None for a trained network.
    """

    label: str
    settings: dict[str, Any]
    seed: int | None
    data: xr.Dataset
    initial_threshold: float | None = None
    expected: Expected | None = None
    solved: Problem | None = None

    @property
    def loss(self) -> str:
        """The name of its loss: ``"ce"`` or ``"bce"``."""
        return str(self.settings.get(LOSS, ""))

    def number(self, key: str) -> float:
        """Return a setting as a number; 0 where there is none."""
        value = self.settings.get(key, 0)
        return float(value) if isinstance(value, int | float) else math.nan

    def final(self, metric: str, split: str = TRAIN) -> float:
        """Return a metric at the last captured epoch of a split; NaN without one."""
        values = self.course(metric, split)[1]
        return float(values[-1]) if values.size else math.nan

    def course(self, metric: str, split: str = TRAIN) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the captured epochs of a split, (E,), and a metric at each, (E,)."""
        if split not in self.data["split"].values:
            return self.data["epoch"].values[:0], self.data["epoch"].values[:0].astype(float)
        chosen = self.data.sel(split=split)
        chosen = chosen.isel(epoch=chosen["captured"].values)
        return chosen["epoch"].values, chosen[metric].values


def read_cases(
    locations: Sequence[str], progress: Callable[[int, int], None] | None = None, jobs: int = 1
) -> tuple[list[Case], list[str]]:
    """Open every run of some locations and compute what claims look at.

    Parameters
    ----------
    locations
        Runs, folders that hold runs at any depth, or glob patterns.
    progress
        Called with the number of runs that are read, and their total.
    jobs
        Processes to measure each run in, as `bceprobe.analysis.analyze` takes them.

    Returns
    -------
    cases : list of Case
        The runs of CE and BCE that are finished.
    left : list of str
        Sentences on the others.

    Raises
    ------
    UsageError
        No run of CE or BCE is finished.
    StoreError
        There are no runs, or one cannot be read.
    """
    runs = list({place(run): run for location in locations for run in find_arm(location)}.values())
    left = {place(run): why for run in runs if (why := _unfit(run))}
    chosen = [run for run in runs if place(run) not in left]
    if not chosen:
        raise UsageError(
            f"no run of {' or '.join(locations)} can be used", f"They are: {'; '.join(sorted(set(left.values())))}"
        )
    found = []
    for done, (run, label) in enumerate(zip(chosen, unique_labels(chosen), strict=True), start=1):
        found.append(_case(run, printable(label), jobs))
        if progress:
            progress(done, len(chosen))
    counts = Counter(left.values())
    return found, [f"{many} {'run is' if many == 1 else 'runs are'} left out: {why}." for why, many in counts.items()]


def _unfit(run: Run) -> str:
    """Say why claims cannot be tested on a run; nothing if they can."""
    if (status := run.manifest.get("status", FINISHED)) != FINISHED:
        return f"not finished ({printable(str(status))})"
    if known(run).get(LOSS) not in LOSSES:
        return f"a loss that is neither {' nor '.join(LOSSES)}"
    return "" if any(run.epochs(split) for split in run.splits) else "nothing captured"


def _case(run: Run, label: str, jobs: int) -> Case:
    return Case(
        label=label,
        settings=known(run),
        seed=run.settings.get(SEED),
        data=_data(run, jobs),
        initial_threshold=Context(run).initial_threshold,
        expected=expected(run),
        solved=_solved(run),
    )


def _data(run: Run, jobs: int) -> xr.Dataset:
    """Return the metrics of a run over (split, epoch), without those by class."""
    found = analyze(run, "all", jobs=jobs).isel(run=0, drop=True)
    return found.drop_dims("label", errors="ignore")


def _solved(run: Run) -> Problem | None:
    """Return the problem that a run is a solution of, as `bceprobe theory --solve --out` says it."""
    said = run.said("provenance", "solution", "problem")
    return Problem(**said) if said else None
