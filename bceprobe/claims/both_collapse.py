"""Collapse at the end of training."""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import collapsing, needed, spread
from bceprobe.claims.drawing import by_run
from bceprobe.claims.printed import trainings
from bceprobe.claims.result import Value
from bceprobe.claims.testing import always

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

METRICS = ("nc1", "nc2", "nc3")
# Below it NC1 to NC3 count as collapsed (own choice, as the paper names no number): its own Figure 2 ends at 0.22.
COLLAPSED = 0.25
OPTIMIZERS = {"sgd": "SGD", "adamw": "AdamW"}


@claim("both-collapse", section="4.1, Figure 2", needs="runs with decay in the loss", recipes=("fig2", "nc-grid"))
def both_collapse(cases: Sequence[Case]) -> Result:
    """Under both losses training ends in neural collapse: NC1, NC2 and NC3 approach zero."""
    chosen = needed(collapsing(cases), "no run with decay in the loss")
    columns = {name.upper(): methodcaller("final", name) for name in METRICS}
    title = "NC1 to NC3 at the last epoch"
    drawing = by_run(chosen, columns, title, "value, train split", scale="log", level=COLLAPSED)
    quantity = f"runs that end with NC1, NC2 and NC3 below {COLLAPSED:g}"
    notes = (f"{COLLAPSED:g} is our own choice: the paper names no number, and its Figure 2 ends at up to 0.22.",)
    return always(chosen, _slack, quantity, values=_values(chosen), notes=notes, drawing=drawing)


def _slack(case: Case) -> float:
    """Return how far the largest of NC1 to NC3 is below the limit, as a share of it; NaN where one is undefined."""
    return 1 - float(np.max([case.final(name) for name in METRICS])) / COLLAPSED


def _values(cases: Sequence[Case]) -> tuple[Value, ...]:
    return tuple(
        Value(
            f"{name.upper()}, {loss.upper()}",
            spread([case.final(name) for case in cases if case.loss == loss]),
            ", ".join(_said(name, loss)),
        )
        for name in METRICS
        for loss in ("ce", "bce")
    )


def _said(metric: str, loss: str) -> Iterator[str]:
    for one in trainings("fig2.final", loss):
        if metric in one.values:
            yield f"{one.values[metric]:g} ({OPTIMIZERS[one.settings['optim.name']]})"
