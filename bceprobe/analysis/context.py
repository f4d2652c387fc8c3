"""What a run says about its training, for metrics about gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bceprobe.settings import flatten
from bceprobe.snapshot import Training

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.store import Run


class Context:
    """The training of a run, read once.

    It comes from config.toml and history.csv of a run that bceprobe trained. A run that was recorded in another
    training loop may say it in the ``training`` entry of its provenance: the names of `Training`, with the learning
    rate as one number for all epochs. Where neither says it, it is not known.
    """

    def __init__(self, run: Run) -> None:
        self.training = _of_settings(flatten(run.settings), _samples(run.manifest)) or _of_manifest(run.manifest)
        self._rates = run.learning_rates
        self._constant = self.training.learning_rate if self.training else None

    def at(self, epoch: int, previous: int | None) -> Training | None:
        """Return the training as of an epoch, with the learning rates since the previous one summed up."""
        if self.training is None:
            return None
        rate = None if previous is None else self._rate(range(previous + 1, epoch + 1))
        return replace(self.training, learning_rate=rate)

    @property
    def missing(self) -> Iterator[str]:
        """Say what is not known, and which values are undefined for that."""
        if self.training is None:
            yield "its loss and settings are not known: no gradients, amplitudes and alpha"
        elif not self._rates and self._constant is None:
            yield "its learning rates are not known: changes of scores and thresholds are not predicted"

    def _rate(self, epochs: range) -> float | None:
        if self._constant is not None:
            return self._constant * len(epochs)
        rates = [self._rates.get(epoch) for epoch in epochs]
        return sum(rate for rate in rates if rate is not None) if None not in rates else None


def _of_settings(settings: dict[str, Any], samples: int) -> Training | None:
    if "loss.name" not in settings:
        return None
    lambdas = {name: float(settings.get(f"penalty.{name}", 0)) for name in ("lambda_w", "lambda_h", "lambda_b")}
    return Training(
        str(settings["loss.name"]), **lambdas, batch_size=int(settings["optim.batch_size"]), samples=samples
    )


def _of_manifest(manifest: dict[str, Any]) -> Training | None:
    said = manifest.get("provenance", {}).get("training", {})
    known = {name: said[name] for name in Training.__dataclass_fields__ if name in said}
    return Training(**known) if "loss" in known else None


def _samples(manifest: dict[str, Any]) -> int:
    data = manifest.get("provenance", {}).get("data", {})
    return int(data.get("train", {}).get("samples", 0))
