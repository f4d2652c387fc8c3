"""The stages on the way to collapse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.both_collapse import METRICS
from bceprobe.claims.choosing import needed
from bceprobe.claims.result import Value
from bceprobe.claims.testing import always
from bceprobe.figures.points import Points, draw_columns
from bceprobe.stats.trajectories import STAGES, Trajectory, trajectory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result
    from bceprobe.figures import Drawing

MISSING = "trained runs that fit all training samples, or collapse, at a captured epoch"
# Below it NC1 to NC3 count as collapsed here, as in `bceprobe analyze` (own choice).
COLLAPSED = 0.1
FIELDS = ("fitted_epoch", "uniform_epoch", "collapsed_epoch")


NOTES = (
    f"Collapsed: NC1, NC2 and NC3 below {COLLAPSED:g} (own choice). Judged by the captured epochs alone.",
    "Accuracy is of logits and uniform accuracy of scores without bias, so that neither bounds the other.",
)


@claim("stages-in-order", section="appendix B.2", needs=MISSING, recipes=("fig2", "nc-grid"))
def stages_in_order(cases: Sequence[Case]) -> Result:
    """In training, zero error comes no later than zero uniform error, and that no later than neural collapse."""
    found = {case.label: (case, stages(case)) for case in cases if case.solved is None and case.course("nc1")[0].size}
    reached = {label: both for label, both in found.items() if both[1].ordered is not None}
    chosen = [case for case, _ in needed(list(reached.values()), f"no {MISSING}")]
    values = [_told(name, field, reached) for name, field in zip(STAGES, FIELDS, strict=True)]
    return always(
        chosen,
        lambda case: 1.0 if reached[case.label][1].ordered else -1.0,
        "runs that reach their stages in this order",
        values=tuple(values),
        notes=NOTES,
        drawing=_drawing(reached),
    )


def stages(case: Case) -> Trajectory:
    """Find the stages of a case, by its captured epochs of the train split."""
    epochs, accuracy = case.course("accuracy")
    nc = np.array([case.course(name)[1] for name in METRICS])
    return trajectory(epochs, accuracy, case.course("uniform_accuracy")[1], nc, COLLAPSED)


def _told(name: str, field: str, reached: dict[str, tuple[Case, Trajectory]]) -> Value:
    epochs = [getattr(found, field) for _, found in reached.values()]
    known = [epoch for epoch in epochs if epoch is not None]
    median = f", median epoch {np.median(known):g}" if known else ""
    return Value(f"runs that are {name} at some epoch", f"{len(known)} of {len(epochs)}{median}")


def _drawing(reached: dict[str, tuple[Case, Trajectory]]) -> Drawing:
    groups = []
    for loss in ("ce", "bce"):
        mine = [found for case, found in reached.values() if case.loss == loss]
        points = [(at, getattr(found, field)) for at, field in enumerate(FIELDS) for found in mine]
        known = [(at, epoch) for at, epoch in points if epoch is not None]
        groups += [Points(loss.upper(), loss, [at for at, _ in known], [epoch for _, epoch in known])] if known else []
    return draw_columns(groups, STAGES, "First epoch of each stage", "epoch")
