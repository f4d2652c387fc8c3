"""Making a comparison: find its arms, align their runs, analyse them, test the arms against their references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.analysis import analyze
from bceprobe.analysis.expected import problem
from bceprobe.analysis.optima import QUANTITIES
from bceprobe.comparison.comparable import check_comparable, common_epochs, common_splits, like_first, varied_settings
from bceprobe.comparison.courses import follow
from bceprobe.comparison.design import read_design
from bceprobe.comparison.frames import gather_frames
from bceprobe.comparison.margins import read_margins
from bceprobe.comparison.measuring import TRAIN, Measured, chosen, measures
from bceprobe.comparison.model import Comparison
from bceprobe.comparison.moments import read_moment
from bceprobe.comparison.optima import arm_optima
from bceprobe.comparison.samples import compare_models
from bceprobe.comparison.testing import tested_overall, tested_rows
from bceprobe.errors import UsageError
from bceprobe.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import xarray as xr

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.optima import ArmOptimum
    from bceprobe.stats.correction import Method
    from bceprobe.store import Run

# Analysed on the train split whatever is compared, for the floor of NC1; and where theory expects something of a run.
ALWAYS = "nc"
EXPECTED = ("bias", "scores")
# Not compared, but shown where NC1 comes near it.
FLOOR = "nc1_floor"


def compare(
    *locations: str | Path,
    factor: str = "",
    reference: str = "",
    allow_different: Sequence[str] = (),
    metrics: Sequence[str] = (),
    margins: Sequence[str] = (),
    correction: Method = "holm",
    epoch: str = "last",
    progress: Callable[[int, int], None] | None = None,
    jobs: int = 1,
) -> Comparison:
    """Compare training procedures by their runs.

    Parameters
    ----------
    locations
        Several: one per arm, a run, a folder that holds its runs (seeds), or a glob pattern; the first is the
        reference. One: all runs of a design, whose arms and cells are read from their settings.
    factor
        The setting that is compared in such a design, by dotted key (``loss.name`` if it varies); the settings that
        vary beside it and the seed make cells, and arms are compared within each.
    reference
        The value of the factor that others are compared with; CE, the smallest or the first one if left out.
    allow_different
        Settings that may differ although they should be equal, by dotted key; also ``classes``, ``features``,
        ``train.target``, ``train.index`` and the like, and ``provenance.data.train.sha256``, which are measured.
    metrics
        Metrics or topics to compare, such as ``"scores"`` or ``"nc1@test"``; all of them are one family of tests.
    margins
        Differences that do not matter, for tests of equivalence, such as ``"accuracy=0.5pp"`` or ``"1.1x"``.
    correction
        For testing many hypotheses at once.
    epoch
        ``"last"`` (that every run has), ``"selected"`` (of each run, by its setting ``select``), or a number.
    progress
        Called with the number of snapshots analysed and their total, for each split in turn.
    jobs
        Processes that analyse; 0 for one per core (see `bceprobe.analysis.analyze`).

    Returns
    -------
    Comparison
        Curves of NC1-3, accuracy and uniform accuracy (or the metrics given), and their values at that epoch
        with paired t-tests (arms with common seeds) or Welch's t-tests; over the cells of a design, a mixed model.

    Raises
    ------
    UsageError
        Fewer than two arms, arms that cannot be compared (other data, model, captured samples), no common epoch.
    StoreError
        A run cannot be found or read.
    """
    places = chosen(metrics)
    limits = read_margins(margins, [METRICS[name] for name, _ in places])
    design = read_design([str(location) for location in locations], factor, reference, allow_different)
    allowed = check_comparable(design, allow_different)
    runs = [run for arm in design.arms for run in arm.runs]
    splits = common_splits(runs)
    epochs = common_epochs(runs, splits)
    if not epochs:
        raise UsageError("the runs have no epoch in common", "Compare runs that captured the same epochs")
    moment = read_moment(str(epoch), runs, splits, epochs)
    datasets = _analysed(runs, splits, places, progress, jobs)
    measured = [Measured(design.arms, name, datasets[split]) for name, split in places if split in datasets]
    floor = Measured(design.arms, FLOOR, datasets[TRAIN])
    rows = tested_rows(design, measured, moment.of, correction, limits)
    return Comparison(
        design,
        moment,
        tuple(curve for one in measured for curve in one.curves()),
        rows,
        tested_overall(design, rows, correction),
        correction,
        varied_settings(design.arms),
        allowed,
        tuple(measures(design.arms, splits, moment.epoch, jobs)),
        {arm.label: float(floor.at(arm.runs, [moment.epoch]).max()) for arm in design.arms},
        _optima(design.arms, datasets),
        follow(design.contrasts, measured, correction),
        () if design.factorial else tuple(compare_models(design.contrasts, moment.of, correction)),
        gather_frames(like_first(design.cells[0].arms), epochs),
    )


def _analysed(
    runs: Sequence[Run],
    splits: Sequence[str],
    places: Sequence[tuple[str, str]],
    progress: Callable[[int, int], None] | None,
    jobs: int,
) -> dict[str, xr.Dataset]:
    """Analyse each split in one pass."""
    added = {ALWAYS, *(EXPECTED if any(map(problem, runs)) else ())}
    found = {}
    for split in splits:
        wanted = {METRICS[name].topic for name, place in places if place == split} | (
            added if split == TRAIN else set()
        )
        if wanted:
            found[split] = analyze(runs, sorted(wanted), splits=split, progress=progress, jobs=jobs)
    return found


def _optima(arms: Sequence[Arm], datasets: dict[str, xr.Dataset]) -> tuple[ArmOptimum, ...]:
    if not all(name in datasets[TRAIN] for name in QUANTITIES.values()):
        return ()
    measured = [Measured(arms, name, datasets[TRAIN]) for name in QUANTITIES.values()]
    return arm_optima(arms, datasets[TRAIN], [curve for one in measured for curve in one.curves()])
