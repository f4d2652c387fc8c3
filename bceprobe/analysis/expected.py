"""What theory expects of a run: its layer-peeled problem, the optimum of that, and the forecast of CE's threshold.

Theory knows the minimum of the layer-peeled problem (FORMULAS.md, "Theory"), in which the features are free and the
classes have the same number of samples. A run trained in batches of B samples is described by n = B/K (derived).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, takewhile
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.analysis.context import TRAINED, Context
from bceprobe.errors import StoreCorruptError, UsageError
from bceprobe.theory import LOSSES, Optimum, Problem, forecast_mean, optimum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.store import Run

# How many times larger than the smallest class the largest may be to count as balanced (own choice): MNIST has 1.24.
BALANCED = 1.5


@dataclass(frozen=True)
class Expected:
    """What is expected of a run.

    Parameters
    ----------
    problem
        What it was trained on.
    optimum
        Its minimum; None where `notes` say why there is none.
    forecast
        Mean threshold after each epoch; empty where there is no forecast.
    notes
        Sentences on what is not predicted and why.
    """

    problem: Problem
    optimum: Optimum | None
    forecast: dict[int, float]
    notes: tuple[str, ...]


def problem(run: Run) -> Problem | None:
    """Return the layer-peeled problem that a run was trained on.

    The weight decay of SGD adds to lambda_W and lambda_b. None unless the run says that its loss is ce or bce, its
    batch size, and positive lambda_W and lambda_H.
    """
    return _problem(run, Context(run))


def _problem(run: Run, context: Context) -> Problem | None:
    known = context.training
    if known is None or known.loss not in LOSSES or not known.batch_size:
        return None
    classes, dim = map(int, run.array("classifier", "weight").shape[1:])
    batch, added = min(known.batch_size, known.samples or known.batch_size), _added_decay(context)
    lambdas = {"lambda_w": known.lambda_w + added, "lambda_h": known.lambda_h, "lambda_b": known.lambda_b + added}
    try:
        return Problem(known.loss, classes=classes, dim=dim, per_class=batch / classes, **lambdas)
    except UsageError:
        return None


def expected(run: Run) -> Expected | None:
    """Say what is expected of a run; None where it has no `problem`.

    The theorem is about balanced data: where the largest class has more than 1.5 times (own choice) the samples of the
    smallest, there is no optimum. The forecast takes no data; it is for CE by SGD in runs whose run.json has
    ``initial_bias_mean``, as ``bceprobe train`` records it.
    """
    context = Context(run)
    asked = _problem(run, context)
    if asked is None:
        return None
    notes = list(_obstacles(run, context, asked.classes))
    known = None if notes else optimum(asked)
    try:
        return Expected(asked, known, _forecast(context), tuple(notes))
    except StoreCorruptError as error:
        return Expected(asked, known, {}, (*notes, f"no forecast, as {error.what}"))


def _obstacles(run: Run, context: Context, classes: int) -> Iterator[str]:
    """Say why the theorem does not hold for a run."""
    counts = np.bincount(run.split(TRAINED).target, minlength=classes)
    if counts.max() > BALANCED * counts.min():
        sizes = f"{counts.min()} to {counts.max()} samples"
        yield f"no optimum, as its classes have {sizes}: the theorem is about equal ones (own limit: {BALANCED} times)"
    if context.weight_decay and not _by_sgd(context):
        yield f"no optimum, as the weight decay of {context.settings.get('optim.name')} is no regulariser of (3)"


def _forecast(context: Context) -> dict[int, float]:
    """Forecast CE's mean threshold after each epoch, as far as learning rates are known."""
    known, initial = context.training, context.initial_threshold
    if known is None or known.loss != "ce" or not _by_sgd(context) or initial is None or not known.steps:
        return {}
    rates = [context.rates[epoch] for epoch in takewhile(context.rates.__contains__, count(1))]
    momentum, decay = float(context.settings.get("optim.momentum", 0)), known.lambda_b + context.weight_decay
    return dict(enumerate(forecast_mean(initial, rates, known.steps, momentum=momentum, decay=decay), start=1))


def _added_decay(context: Context) -> float:
    return context.weight_decay if _by_sgd(context) else 0.0


def _by_sgd(context: Context) -> bool:
    return bool(context.settings.get("optim.name") == "sgd")
