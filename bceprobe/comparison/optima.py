"""Optima of arms: what theory expects of them, beside the curves of what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.analysis import unique_labels
from bceprobe.analysis.optima import QUANTITIES, optima

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.model import Curve

UNKNOWN = "no optimum, as it was not trained with ce or bce, batches of known size, and lambda_W and lambda_H above 0"
DIFFERENT = "no optimum, as its runs were trained on different problems"
Records = list[dict[str, Any]]


@dataclass(frozen=True)
class Approach:
    """A quantity of an arm over the epochs, beside what theory expects of it.

    Parameters
    ----------
    curve
        What was measured.
    optimum
        NaN where it is not known or not determined.
    forecast
        Its value at every epoch of the curve, as the mean over the runs; empty where there is none.
    """

    curve: Curve
    optimum: float
    forecast: tuple[float, ...]

    @property
    def expected(self) -> bool:
        """Whether theory expects anything of it."""
        return bool(self.forecast) or bool(np.isfinite(self.optimum))

    def distance(self, epoch: int) -> float:
        """Return the measured mean minus the optimum, at an epoch of the curve."""
        return self.curve.mean[self.curve.epoch.index(epoch)] - self.optimum


@dataclass(frozen=True)
class ArmOptimum:
    """What theory expects of an arm.

    Parameters
    ----------
    arm
        Its label.
    problem
        The layer-peeled problem that all its runs were trained on; empty where there is none.
    regime, statement
        Of the `bceprobe.theory.Optimum`; empty where `notes` say why there is none.
    notes
        Sentences on what is not predicted and why.
    approaches
        For the threshold and the mean positive and negative scores.
    """

    arm: str
    problem: dict[str, Any]
    regime: str
    statement: str
    notes: tuple[str, ...]
    approaches: tuple[Approach, ...]

    @property
    def undetermined(self) -> bool:
        """Whether any threshold will do at its optimum."""
        return self.regime in {"etf", "zero"} and not np.isfinite(self.approaches[0].optimum)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is known of it: the statement on its optimum, and the notes."""
        return (*([self.statement] if self.statement else []), *(f"{line}." for line in self.notes))


def arm_optima(arms: Sequence[Arm], dataset: xr.Dataset, curves: Sequence[Curve]) -> tuple[ArmOptimum, ...]:
    """Set each arm beside its optimum; nothing if theory expects nothing of any.

    Parameters
    ----------
    arms
        Of a comparison.
    dataset
        The analysis of their runs, in this order.
    curves
        Of the metrics in `bceprobe.analysis.optima.QUANTITIES`, for every arm.
    """
    runs = [run for arm in arms for run in arm.runs]
    labels, records = dict(zip(runs, unique_labels(runs), strict=True)), optima(dataset, runs)
    found = []
    for arm in arms:
        mine = {labels[run] for run in arm.runs}
        own = [curve for curve in curves if curve.arm == arm.label]
        found.append(_of_arm(arm.label, [record for record in records if record["run"] in mine], own))
    return tuple(found) if any(one.expected for arm in found for one in arm.approaches) else ()


def _of_arm(label: str, records: Records, curves: Sequence[Curve]) -> ArmOptimum:
    """Take what the records of its runs agree on."""
    problems = [record["problem"] for record in records]
    if not problems or problems.count(problems[0]) < len(problems):
        notes = (DIFFERENT if problems else UNKNOWN,)
        return ArmOptimum(label, {}, "", "", notes, tuple(_approaches([], curves)))
    notes = tuple(dict.fromkeys(line for record in records for line in record["notes"]))
    first = records[0] if all(record["regime"] for record in records) else {}
    regime, statement = (first.get(name) or "" for name in ("regime", "statement"))
    return ArmOptimum(label, problems[0], regime, statement, notes, tuple(_approaches(records, curves)))


def _approaches(records: Records, curves: Sequence[Curve]) -> Iterator[Approach]:
    names = {metric: name for name, metric in QUANTITIES.items()}
    for curve in curves:
        name = names[curve.quantity.name]
        values = {record[f"predicted_{name}"] for record in records}
        optimum = values.pop() if len(values) == 1 else None
        forecast = _forecast(records, curve.epoch) if name == "threshold" else ()
        yield Approach(curve, np.nan if optimum is None else optimum, forecast)


def _forecast(records: Records, epochs: Sequence[int]) -> tuple[float, ...]:
    """Average the forecasts of the runs; nothing unless each has one at every epoch."""
    values = [[record["forecast_threshold"] for record in records if record["epoch"] == epoch] for epoch in epochs]
    known = records and all(None not in each for each in values)
    return tuple(float(np.mean(each)) for each in values) if known else ()
