"""Which values a setting may have, beyond its type."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bceprobe.settings.fields import ModelSettings, Settings


def check_ranges(settings: Settings) -> None:
    """Check every value of some settings.

    Raises
    ------
    UsageError
        A value outside its range; it names the setting, the value and the range.
    """
    for key, (valid, rule) in RANGES.items():
        value = attrgetter(key)(settings)
        if not valid(value):
            raise UsageError(f"setting {key} is {value!r}; it must be {rule}")
    _check_captured(settings)
    _check_first_bias(settings.model)


def _check_captured(settings: Settings) -> None:
    """Refuse captured epochs that are none of the training, or none by which it could stop early."""
    total = settings.optim.epochs
    try:
        captured = settings.captured_epochs or [total]
    except UsageError as error:
        raise UsageError(f"setting capture.epochs: {error.what}", error.hint) from error
    if settings.stop.when == "collapsed" and captured[0] == total > 1:
        what = (
            f"stop.when = collapsed looks at captured epochs, and {settings.capture.epochs!r} has none before the last"
        )
        raise UsageError(what, "Capture more, such as capture.epochs = all")


def _check_first_bias(model: ModelSettings) -> None:
    """Refuse thresholds that start in two ways, or as in weights that are not there."""
    if model.bias_init != "mean" and model.bias_mean:
        sets = "sets the mean of the thresholds" if model.bias_init == "prior" else "keeps the thresholds"
        raise UsageError(f"model.bias_init = {model.bias_init} {sets}", "Leave out model.bias_mean")
    if not model.weights and (model.fresh_classifier or model.bias_init == "keep"):
        key = "fresh_classifier = true" if model.fresh_classifier else "bias_init = keep"
        raise UsageError(f"model.{key} needs pretrained weights", "Give model.weights: a run, a file, or a name")
    if model.fresh_classifier and model.bias_init == "keep":
        raise UsageError("a fresh classifier has no thresholds to keep", "Leave out model.bias_init = keep")


def _positive(value: float) -> bool:
    return 0 < value < math.inf


def _not_negative(value: float) -> bool:
    return 0 <= value < math.inf


def _probability(value: float) -> bool:
    return 0 <= value <= 1


def _increasing(values: Sequence[int]) -> bool:
    return all(first < second for first, second in zip((0, *values), values, strict=False))


RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "seed": (_not_negative, "0 or more"),
    "threads": (_not_negative, "0 (as torch chooses) or more"),
    "loss.smoothing": (lambda value: 0 <= value < 1, "at least 0 and below 1"),
    "loss.class_balanced": (lambda value: 0 <= value < 1, "at least 0 (no weights) and below 1"),
    "model.bias_mean": (math.isfinite, "a finite number"),
    "data.limit_per_class": (_not_negative, "0 (all) or more"),
    "data.imbalance_factor": (
        lambda value: value == 0 or 1 <= value < math.inf,
        "0 (the data set's own), or 1 or more",
    ),
    "data.workers": (_not_negative, "0 (this process) or more"),
    "augment.crop": (_not_negative, "0 (none) or more pixels"),
    "augment.flip": (_probability, "a probability"),
    "augment.rotation": (lambda value: 0 <= value <= 180, "0 (none) to 180 degrees"),  # noqa: PLR2004
    "augment.mixup": (_not_negative, "0 (none) or more"),
    "augment.cutmix": (_not_negative, "0 (none) or more"),
    "augment.mix_probability": (_probability, "a probability"),
    "augment.switch_probability": (_probability, "a probability"),
    "optim.lr": (_positive, "a positive number"),
    "optim.momentum": (lambda value: 0 <= value < 1, "at least 0 and below 1"),
    "optim.weight_decay": (_not_negative, "0 or more"),
    "optim.batch_size": (lambda value: value > 1, "2 or more: batch normalisation cannot train on one sample"),
    "optim.epochs": (_positive, "1 or more"),
    "optim.milestones": (_increasing, "increasing epochs from 1 on"),
    "optim.factor": (_positive, "a positive number"),
    "optim.floor": (_not_negative, "0 or more"),
    "penalty.lambda_w": (_not_negative, "0 or more"),
    "penalty.lambda_h": (_not_negative, "0 or more"),
    "penalty.lambda_b": (_not_negative, "0 or more"),
    "capture.per_class": (_not_negative, "0 (all) or more"),
    "stop.nc_threshold": (_positive, "a positive number"),
}
