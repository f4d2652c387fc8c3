"""The optimum of CE and BCE over one setting, as labelled data, as a figure and as CSV."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.analysis.sweep_panels import draw_sweep
from bceprobe.analysis.sweep_rows import sweep_rows
from bceprobe.analysis.writing import write_files
from bceprobe.errors import UsageError
from bceprobe.figures.files import FORMATS, as_csv, rendered
from bceprobe.metrics.base import PAPER
from bceprobe.theory import LOSSES, default_values, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bceprobe.theory import Problem

__all__ = ["draw_sweep", "sweep_dataset", "write_sweep"]

AXES = {
    "lambda_b": {"long_name": "Decay of the threshold, lambda_b", "units": "1"},
    "classes": {"long_name": "Classes K", "units": "1"},
    "per_class": {"long_name": "Samples per class n", "units": "1"},
}
# Per variable: long_name, units, definition.
VARIABLES = {
    "threshold": ("Threshold b", "score", "CE: 0 (derived); BCE: paper eq. 12, beyond lambda_b* derived"),
    "positive_score": ("Positive score, without bias", "score", "paper eq. 13, beyond lambda_b* derived"),
    "negative_score": ("Negative score, without bias", "score", "paper eq. 14, beyond lambda_b* derived"),
    "objective": ("Objective at its global minimum", "1", "paper eq. 3, its minimum derived"),
    "rho": ("Squared norm of the weight", "1", "||W||_F^2 of paper eq. 3, at the minimum derived"),
    "separated": ("Whether negative score < threshold < positive score", "1", "paper eq. 167, else derived"),
    "lambda_b_star": ("The lambda_b at which BCE leaves the paper's optimum", "1", "derived; CE has none"),
    "regime": ("Regime of the optimum", "1", "derived; rank-one: own"),
}


def sweep_dataset(problem: Problem, over: str, values: Sequence[float] | None = None) -> xr.Dataset:
    """Compute the optimum of both losses for each value of one setting, all else being equal.

    Parameters
    ----------
    problem
        The other settings; its loss does not matter.
    over
        ``"lambda_b"``, ``"classes"`` or ``"per_class"``.
    values
        In any order, each once; evenly spaced on a logarithmic scale if left out.

    Returns
    -------
    xarray.Dataset
        Dimensions (loss, `over`), the latter increasing. Numbers in float64, NaN where unknown or undetermined:
        ``threshold``, ``positive_score``, ``negative_score``, ``objective``, ``rho``, ``separated`` (1 or 0),
        ``lambda_b_star``; and ``regime``, a word. They mean what the fields of `bceprobe.theory.Optimum` do.
        Attributes: ``over`` and the other settings of the problem.

    Raises
    ------
    UsageError
        Nothing of this name can be swept, or no problem has one of these values.
    """
    default = default_values(over)
    places = _places(over, default if values is None else values)
    found = {loss: sweep(replace(problem, loss=loss), over, places.tolist()) for loss in LOSSES}
    columns = {
        name: (
            ("loss", over),
            np.array([[getattr(one, name) for one in row] for row in found.values()]),
            {"long_name": long_name, "units": units, "definition": definition, "references": PAPER},
        )
        for name, (long_name, units, definition) in VARIABLES.items()
    }
    about = {field.name: getattr(problem, field.name) for field in fields(problem)[1:] if field.name != over}
    return xr.Dataset(columns, {"loss": list(LOSSES), over: (over, places, AXES[over])}, {"over": over, **about})


def write_sweep(dataset: xr.Dataset, file: Path) -> list[Path]:
    """Write a sweep as a figure and its numbers as CSV beside it; each file is whole or not there.

    The same sweep gives the same bytes. The CSV has a row for each point in the figure, whose `source` is ``theory``
    (all that the dataset holds), ``forecast`` or ``published``; undefined numbers are empty.

    Parameters
    ----------
    dataset
        What `sweep_dataset` returns.
    file
        Its suffix chooses the format: .svg, .pdf or .png. An older file is replaced.

    Returns
    -------
    list of Path
        The figure and the CSV.

    Raises
    ------
    UsageError
        Another suffix, nothing to draw, or a file that cannot be written.
    """
    if file.suffix.lower() not in FORMATS:
        raise UsageError(f"no figure can be written as {file}", f"Name a file that ends in {', '.join(FORMATS)}")
    drawn, numbers = rendered(draw_sweep(dataset), file.suffix.lower()), as_csv(sweep_rows(dataset))
    return write_files({file: drawn, file.with_suffix(".csv"): numbers})


def _places(over: str, values: Sequence[float]) -> NDArray[Any]:
    """Order the values of a sweep; classes are whole numbers."""
    places = np.unique(np.asarray(values, np.float64))
    if not places.size:
        raise UsageError(f"no values of {over} to sweep over", "Give one at least")
    if over != "classes":
        return places
    if (broken := places[places % 1 != 0]).size:
        raise UsageError(f"classes is {broken[0]:g}; it must be a whole number")
    return places.astype(np.int64)
