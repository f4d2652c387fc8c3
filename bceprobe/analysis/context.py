"""What a run says about its training, for metrics about gradients."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bceprobe.errors import StoreCorruptError
from bceprobe.metrics.gradients import LOSSES
from bceprobe.settings import flatten
from bceprobe.snapshot import Training

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.store import Run

TRAINED = "train"
# Settings that mix targets, and all that make another loss of CE and BCE.
MIXES = {"augment.mixup": "mixup", "augment.cutmix": "cutmix"}
ALTERING = {"loss.smoothing": "label smoothing", "loss.class_balanced": "class balance", **MIXES}
NUMBERS = ("lambda_w", "lambda_h", "lambda_b", "batch_size", "samples", "learning_rate")


class Context:
    """The training of a run, read once; its history only where learning rates are asked for.

    It comes from config.toml and history.csv of a run that bceprobe trained. A run that was recorded in another
    training loop may say it in the ``training`` entry of its provenance: the names of `Training`, with the learning
    rate as one number for all epochs; the samples are those of the train split if it does not say. Where neither says
    it, it is not known.

    Raises
    ------
    StoreCorruptError
        The provenance gives something else where a number is needed.
    """

    def __init__(self, run: Run) -> None:
        self.settings = flatten(run.settings)
        self.training = _of_manifest(run) or _of_settings(self.settings, _samples(run))
        self._run = run
        self._constant = self.training.learning_rate if self.training else None

    def at(self, epoch: int, previous: int | None) -> Training | None:
        """Return the training as of an epoch, with the learning rates since the previous one, if any, summed up."""
        if self.training is None:
            return None
        rate = None if previous is None else self._rate(range(previous + 1, epoch + 1))
        return replace(self.training, learning_rate=rate)

    def missing(self, *, change: bool) -> Iterator[str]:
        """Say what is not known, and which values are undefined for that; with `change`, also of learning rates."""
        if self.training is None:
            yield "its loss, settings and learning rates are not known: no gradients, amplitudes and alpha"
        elif self.training.loss not in LOSSES:
            yield f"its loss is {self.training.loss!r}: gradients and amplitudes are for {' and '.join(LOSSES)} alone"
        elif change and not self.rates and self._constant is None:
            yield "its learning rates are not known: changes of scores and thresholds are not predicted"

    @cached_property
    def rates(self) -> dict[int, float]:
        """The learning rate of every epoch that history.csv has one for."""
        return self._run.learning_rates

    @property
    def weight_decay(self) -> float:
        """The optimizer's own decay of all parameters; 0 where none is known."""
        return float(self.settings.get("optim.weight_decay", 0))

    @property
    def initial_threshold(self) -> float | None:
        """The mean threshold before training; None where the run does not say it."""
        mean = self._run.said("provenance").get("initial_bias_mean")
        return -float(mean) if isinstance(mean, int | float) and math.isfinite(mean) else None

    def _rate(self, epochs: range) -> float | None:
        if self._constant is not None:
            return self._constant * len(epochs)
        rates = [self.rates.get(epoch) for epoch in epochs]
        return sum(rate for rate in rates if rate is not None) if None not in rates else None


def _of_settings(settings: dict[str, Any], samples: int) -> Training | None:
    if "loss.name" not in settings:
        return None
    lambdas = {name: float(settings.get(f"penalty.{name}", 0)) for name in ("lambda_w", "lambda_h", "lambda_b")}
    return Training(_loss(settings), **lambdas, batch_size=int(settings.get("optim.batch_size", 0)), samples=samples)


def _loss(settings: dict[str, Any]) -> str:
    """Name the loss; smoothed, mixed or weighed it is another one, whose gradients are not those of (18) to (21)."""
    never = MIXES if not settings.get("augment.mix_probability") else ()
    used = {key: label for key, label in ALTERING.items() if settings.get(key) and key not in never}
    found = [f"{label} {settings[key]:g}" for key, label in used.items()]
    return f"{settings['loss.name']} with {', '.join(found)}" if found else str(settings["loss.name"])


def _of_manifest(run: Run) -> Training | None:
    said = run.said("provenance", "training")
    if "loss" not in said:
        return None
    numbers = {name: _number(run, name, said[name]) for name in NUMBERS if said.get(name) is not None}
    batch_size, samples = (int(numbers.pop(name, 0)) for name in ("batch_size", "samples"))
    if not samples and TRAINED in run.splits:
        samples = len(run.split(TRAINED).target)
    return Training(str(said["loss"]), batch_size=batch_size, samples=samples, **numbers)


def _number(run: Run, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        what = f"{run.location}: its provenance gives training {name} as {value!r}, which is no number from 0 on"
        raise StoreCorruptError(what, "Correct it in run.json")
    return float(value)


def _samples(run: Run) -> int:
    return int(_number(run, "samples", run.said("provenance", "data", "train").get("samples", 0)))
